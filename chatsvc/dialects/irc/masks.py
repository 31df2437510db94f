"""Masks of people, such as `eve!*@*`, as the chat's own ways to say whom one means, and back."""

from __future__ import annotations

from collections.abc import Iterator

_PEOPLE = "people/"  # what hosts begin with, before the name


def label(mask: str) -> str:
    """Whom a mask means: an account, a person and all that is known of them, a name, an address."""
    if mask.startswith("$a:"):
        return f"account={mask[3:]}"
    name, exclaims, rest = mask.partition("!")
    host = (rest if exclaims else name).rpartition("@")[2]
    if not exclaims and "@" not in mask:
        return mask
    if host.startswith(_PEOPLE):
        return host.removeprefix(_PEOPLE)
    if name.strip("*") and exclaims:
        return f"name={name}"
    return f"ip={host}"


def masks(label: str) -> Iterator[str]:
    """A label as masks, one for each that it names."""
    for word in label.split():
        kind, equals, value = word.partition("=")
        if not equals:
            yield f"*!*@{_PEOPLE}{word}"
        else:
            yield {"account": f"$a:{value}", "ip": f"*!*@{value}"}.get(kind, f"{value}!*@*")
