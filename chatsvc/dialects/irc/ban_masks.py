"""Masks of people, such as `eve!*@*`: the chat reads them itself, and here they are written."""

from __future__ import annotations

from collections.abc import Iterator

_PEOPLE = "people/"  # what hosts begin with, before the name


def named(mask: str) -> str:
    """The name in a mask that can only be about one person, such as an invitation's."""
    if mask.startswith("$a:"):
        return mask[3:]
    name, exclaims, rest = mask.partition("!")
    host = (rest if exclaims else name).rpartition("@")[2]
    if host.startswith(_PEOPLE):
        return host.removeprefix(_PEOPLE)
    return name


def masks(label: str) -> Iterator[str]:
    """A label as masks, one for each that it names."""
    for word in label.split():
        kind, equals, value = word.partition("=")
        if not equals:
            yield f"*!*@{_PEOPLE}{word}"
        else:
            yield {"account": f"$a:{value}", "ip": f"*!*@{value}"}.get(kind, f"{value}!*@*")
