"""The file that stores the client's settings: TOML 1.0, which users may edit too.

Comments are preserved.  A file that cannot be parsed is never overwritten.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from platformdirs import user_config_path

from chatsvc.client.atomic_write import replacing
from chatsvc.client.settings import (
    SETTINGS,
    CheckTheme,
    ClientSettings,
    ServerSettings,
    any_theme,
    current,
    recent_servers,
    with_value,
)
from chatsvc.model.requests import Refused

SERVERS = "servers"
EPOCH = datetime.fromtimestamp(0, UTC)

_WHERE = re.compile(r" \(at line (\d+), column \d+\)$")


class Loaded(NamedTuple):
    """Settings, and what is wrong with their file, in a sentence."""

    settings: ClientSettings
    complaint: str | None = None


class InvalidSettings(Exception):
    """A setting in the file is invalid: the reason and the line."""

    def __init__(self, path: Path, line: int | None, why: str) -> None:
        where = "" if line is None else f"line {line} of "
        super().__init__(f"Invalid setting in {where}{path}: {why}")


def settings_path() -> Path:
    """Return the path of the current user's settings."""
    return user_config_path("chatsvc") / "client.toml"


class SettingsFile:
    """One user's settings; `check_theme` knows the themes."""

    def __init__(self, path: Path, check_theme: CheckTheme = any_theme) -> None:
        self.path = path
        self._check_theme = check_theme

    def load(self) -> Loaded:
        """Return the file's settings; a missing or invalid one has its default."""
        try:
            settings, wrong = self._settings(self._text())
        except InvalidSettings as error:
            settings, wrong = ClientSettings(), error
        if wrong is None:
            return Loaded(settings)
        return Loaded(settings, f"{wrong} Using the default. The file is unchanged.")

    def save(self, settings: ClientSettings) -> None:
        """Write the changes; raise `OSError`, or `InvalidSettings` to keep the user's mistakes."""
        import tomlkit  # imported here: it is slow, and only changes need it

        text = self._text()
        kept, wrong = self._settings(text)
        if wrong is not None:
            raise wrong
        document = tomlkit.parse(text)
        for name in SETTINGS:
            if (value := current(settings, name)) != current(kept, name):
                document[name] = _plain(value)
        if settings.servers != kept.servers:
            _put_servers(document, kept.servers, settings)
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with replacing(self.path, force=True, mode=0o600) as file:
            file.write(tomlkit.dumps(document))

    def _text(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            return ""
        except UnicodeDecodeError:
            raise InvalidSettings(self.path, None, "invalid UTF-8.") from None
        except OSError as error:
            raise InvalidSettings(self.path, None, f"{error.strerror}.") from None

    def _settings(self, text: str) -> tuple[ClientSettings, InvalidSettings | None]:
        """Return the valid settings, and the first error."""
        settings, wrong = ClientSettings(), None
        for name, value in self._parsed(text).items():
            try:
                settings = self._with(settings, name, value)
            except Refused as refused:
                wrong = wrong or InvalidSettings(self.path, _line_of(text, name), refused.text)
        return settings, wrong

    def _parsed(self, text: str) -> dict[str, Any]:
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            where = _WHERE.search(str(error))
            line = int(where[1]) if where else text.count("\n") + 1  # at the end of the document
            why = str(error).partition(" (at ")[0]
            raise InvalidSettings(self.path, line, f"{why}.") from None

    def _with(self, settings: ClientSettings, name: str, value: object) -> ClientSettings:
        if name == SERVERS:
            return replace(settings, servers=dict(_servers(value)))
        if name not in SETTINGS:
            raise Refused("no-such-setting", f"no setting {name!r}.")
        return with_value(settings, name, _as_typed(value), self._check_theme)


# Reading


def _as_typed(value: object) -> str:
    """Return a TOML value as a user would type it after /set."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return " ".join(map(str, value)) or "off"
    return str(value) or "off"


def _servers(tables: object) -> Iterator[tuple[str, ServerSettings]]:
    for server, table in tables.items() if isinstance(tables, Mapping) else [("servers", None)]:
        found = _server(table)
        if found is None:
            raise Refused("bad-setting", f"{server} may have only name, tls, rooms and last-used.")
        yield server, found


def _server(table: object) -> ServerSettings | None:
    if not isinstance(table, Mapping):
        return None
    match {"name": "", "tls": False, "rooms": [], "last-used": EPOCH, **table}:
        case {"name": str(name), "tls": bool(tls), "rooms": list(rooms), "last-used": datetime()}:
            used = table.get("last-used", EPOCH).timestamp()
            return ServerSettings(name, tls, tuple(map(str, rooms)), used)
    return None


def _line_of(text: str, name: str) -> int | None:
    """Return the line where a name is assigned a value, or a table begins."""
    quoted = rf"[\"']?{re.escape(name)}[\"']?"
    found = re.search(rf"^\s*\[?\s*{quoted}\s*[]=.]", text, re.MULTILINE)
    return None if found is None else text.count("\n", 0, found.end()) + 1


# Writing


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    return value or "off" if isinstance(value, str) else value


def _put_servers(
    document: Any, kept: Mapping[str, ServerSettings], settings: ClientSettings
) -> None:
    tables = document.setdefault(SERVERS, {})
    for server in kept:
        if server not in settings.servers:
            del tables[server]
    for server, wanted in recent_servers(settings):
        if wanted != kept.get(server):
            tables.setdefault(server, {}).update(
                {
                    "name": wanted.name,
                    "tls": wanted.tls,
                    "rooms": list(wanted.rooms),
                    "last-used": datetime.fromtimestamp(wanted.last_used, UTC),
                }
            )
