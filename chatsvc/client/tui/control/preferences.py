"""The settings in effect, and their file."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from chatsvc.client import settings
from chatsvc.client.net.address import Server, server
from chatsvc.client.settings import ClientSettings
from chatsvc.client.settings_file import InvalidSettings, SettingsFile
from chatsvc.client.tui.model.themes import check


@dataclass(frozen=True, slots=True)
class RecentServers:
    """A server joined before, and the name used there."""

    server: Server
    name: str


class Preferences:
    """The settings, stored in a file if there is one."""

    def __init__(self, file: SettingsFile | None = None) -> None:
        self.complaint: str | None = None  # what is wrong with the file
        self.settings = ClientSettings()
        self._file = file
        if file is not None:
            self.settings, self.complaint = file.load()

    def set(self, words: str) -> str:
        """Change a setting, such as `theme nord`; return a sentence, or raise `Refused`."""
        wrong = self._change(lambda before: settings.set(before, words, check))
        name = settings.setting_name(words.split()[0])
        said = f"{name} is now {settings.written(self.settings, name)}."
        return " ".join(filter(None, (said, wrong)))

    def listed(self) -> list[str]:
        """Return every setting, one per line."""
        rows = list(settings.listed(self.settings))
        width = max(len(f"{name} {value}") for name, value, _ in rows)
        return [f"{f'{name} {value}'.ljust(width)}  {help}" for name, value, help in rows]

    def recent(self) -> list[RecentServers]:
        """Return the servers joined before, the last one first."""
        found = []
        for address, known in settings.recent_servers(self.settings):
            with suppress(ValueError):  # the file may contain anything
                found.append(RecentServers(server(address)._replace(tls=known.tls), known.name))
        return found

    def name_at(self, to: Server) -> str:
        """Return the name last used on a server."""
        known = self.settings.servers.get(to.address)
        return "" if known is None else known.name

    def remember(self, to: Server, name: str, rooms: tuple[str, ...], now: float) -> str:
        """Remember a server and the name used there; return what went wrong, if anything."""
        return self._change(
            lambda before: settings.remember_server(
                before, to.address, name, now, tls=to.tls, rooms=rooms
            )
        )

    def _change(self, how: Callable[[ClientSettings], ClientSettings]) -> str:
        """Change the settings in effect and those in the file, which others may have changed."""
        self.settings = how(self.settings)
        if self._file is None:
            return ""
        try:
            self._file.save(how(self._file.load().settings))
        except InvalidSettings as error:
            return f"Not saved: {error}"
        except OSError as error:
            return f"Not saved to {self._file.path}: {error.strerror}."
        return ""
