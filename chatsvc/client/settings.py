"""The client's settings as values, and as users read and write them.

`SETTINGS` lists them all; `client/settings_file.py` stores them.  No input or output.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from chatsvc.model.requests import Refused

RECENT = 20  # servers that are remembered
MOST_WORDS = 100

_DIRECTIVES = re.compile(r"(?:[^%\x00-\x1f\x7f]|%[aAbBdHIjmMpSyYZ%])+")  # of strftime, as in C89


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """A server joined before: name, TLS, rooms, and when it was last used."""

    name: str = ""
    tls: bool = False
    rooms: tuple[str, ...] = ()
    last_used: float = 0.0


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """The chosen settings; all others have their defaults."""

    theme: str = "default"
    notify: str = "mentions"
    bell: bool = False
    highlights: tuple[str, ...] = ()
    timestamps: str = "%H:%M"
    fold_joins: bool = True
    people: bool = True
    places: bool = True
    emoji: bool = True
    typing: bool = True
    servers: Mapping[str, ServerSettings] = field(default_factory=dict)  # by HOST:PORT


CheckTheme = Callable[[str], object]  # raises `Refused` for an unknown theme


def any_theme(name: str) -> None:
    """Accept any name."""


@dataclass(frozen=True, slots=True)
class Preference:
    """How a setting is read and written, and what it is for."""

    field: str
    values: str
    read: Callable[[str, str], Any]
    help: str


def _switch(name: str, value: str) -> bool:
    if value.lower() not in ("on", "off", "yes", "no", "true", "false"):
        raise _bad(f"{name} must be on or off.")
    return value.lower() in ("on", "yes", "true")


def _word(name: str, value: str) -> str:
    if not value.isprintable() or len(value.split()) != 1 or len(value) > 64:
        raise _bad(f"{name} must be one word.")
    return value


def _notify(name: str, value: str) -> str:
    if value.lower() not in ("off", "mentions", "all"):
        raise _bad(f"{name} must be off, mentions or all.")
    return value.lower()


def _words(name: str, value: str) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(value.replace(",", " ").split()))
    if [word.lower() for word in words] in ([], ["off"]):
        return ()
    if len(words) > MOST_WORDS or not "".join(words).isprintable():
        raise _bad(f"{name} must be at most {MOST_WORDS} words, or off.")
    return words


def _timestamps(name: str, value: str) -> str:
    if value.lower() == "off":
        return ""
    if "%" not in value or len(value) > 32 or not _DIRECTIVES.fullmatch(value):
        raise _bad(f"{name} must be a time format such as %H:%M or %d.%m. %H:%M:%S, or off.")
    return value


def _bad(text: str) -> Refused:
    return Refused("bad-setting", text)


ON_OFF = "on, off"

SETTINGS = {
    "theme": Preference("theme", "a name", _word, "colours of the screen"),
    "notify": Preference(
        "notify", "off, mentions, all", _notify,
        "which messages cause a desktop notification: none, mentions and private messages, or all",
    ),
    "bell": Preference("bell", ON_OFF, _switch, "ring the terminal's bell on every notification"),
    "highlights": Preference(
        "highlights", "words, off", _words, "words that count as a mention, besides your name"
    ),
    "timestamps": Preference(
        "timestamps", "%H:%M, off", _timestamps, "time format, as for strftime"
    ),
    "fold-joins": Preference(
        "fold_joins", ON_OFF, _switch, "fold joins and leaves into one line: 5 joined, 3 left"
    ),
    "people": Preference("people", ON_OFF, _switch, "show the list of people in the room"),
    "places": Preference("places", ON_OFF, _switch, "show the list of rooms and conversations"),
    "emoji": Preference("emoji", ON_OFF, _switch, "replace :tea: with the emoji as you type"),
    "typing": Preference("typing", ON_OFF, _switch, "let others see that you are typing"),
}  # fmt: skip


def set(
    settings: ClientSettings, words: str, check_theme: CheckTheme = any_theme
) -> ClientSettings:
    """Return the settings after input such as `notify mentions`; refuse invalid input."""
    name, _, value = words.strip().partition(" ")
    name = setting_name(name)
    if not value.strip():
        raise _bad(f"{name} is {written(settings, name)}. Values: {SETTINGS[name].values}.")
    return with_value(settings, name, value.strip(), check_theme)


def setting_name(name: str) -> str:
    """Return a setting's name as listed; refuse an unknown one."""
    listed = name.lower().replace("_", "-")
    if listed not in SETTINGS:
        there = ", ".join(SETTINGS)
        raise Refused("no-such-setting", f"No setting {name[:32]!r}. Settings: {there}.")
    return listed


def with_value(
    settings: ClientSettings, name: str, value: str, check_theme: CheckTheme = any_theme
) -> ClientSettings:
    """Return `settings` with a new value for one of them, in the user's format."""
    read = SETTINGS[name].read(name, value)
    if name == "theme":
        check_theme(read)
    return replace(settings, **{SETTINGS[name].field: read})


def current(settings: ClientSettings, name: str) -> Any:
    """Return the value of a setting."""
    return getattr(settings, SETTINGS[name].field)


def written(settings: ClientSettings, name: str) -> str:
    """Return the value of a setting in the user's format."""
    value = current(settings, name)
    if isinstance(value, bool):
        return "on" if value else "off"
    return (" ".join(value) if isinstance(value, tuple) else value) or "off"


def listed(settings: ClientSettings) -> Iterator[tuple[str, str, str]]:
    """Yield each setting's name, value and purpose."""
    for name, setting in SETTINGS.items():
        yield name, written(settings, name), setting.help


def remember_server(
    settings: ClientSettings,
    server: str,
    name: str,
    now: float,
    *,
    tls: bool = False,
    rooms: tuple[str, ...] = (),
) -> ClientSettings:
    """Return `settings` with a server just joined (HOST:PORT); of too many, forget the oldest."""
    servers = {**settings.servers, server: ServerSettings(name, tls, rooms, now // 1)}
    return replace(settings, servers=dict(_latest_first(servers)[:RECENT]))


def recent_servers(settings: ClientSettings) -> list[tuple[str, ServerSettings]]:
    """Return the servers joined before, the last one first."""
    return _latest_first(settings.servers)


def _latest_first(servers: Mapping[str, ServerSettings]) -> list[tuple[str, ServerSettings]]:
    return sorted(servers.items(), key=lambda item: item[1].last_used, reverse=True)
