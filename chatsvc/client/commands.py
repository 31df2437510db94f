"""The commands of a server, as a client knows them: by which names, and which go out only once."""

from __future__ import annotations

from chatsvc.client.passwords import SECRET
from chatsvc.model.events import Command, Event, Help

# Commands that a server would obey twice, were they sent again.
ONCE = ("msg", "reply", "announce", "report", "claim", "unregister")
# Known before the server tells of them: what holds a password is never taken for talk, and what
# is private never sent twice.
_ALWAYS = {**dict.fromkeys(("w", "whisper", "private", "tell"), "msg"), "r": "reply"}


class Commands:
    """What one may do, as the server has told."""

    def __init__(self) -> None:
        self.listed: tuple[Command, ...] = ()
        self._names = {**_ALWAYS, **dict(zip(SECRET, SECRET, strict=True))}

    def learn(self, help: Event | None) -> None:
        """Take in which commands the server knows, and under which names."""
        if not isinstance(help, Help):
            return
        self.listed = tuple(command for command in help.commands if name_of(command))
        for command in self.listed:
            name = name_of(command)
            self._names.update(dict.fromkeys((name, *aliases_of(command)), name))

    def name(self, written: str) -> str:
        """What a command is called that is written so."""
        return self._names.get(written.lower(), written)

    def __contains__(self, written: str) -> bool:
        return written.lower() in self._names


def name_of(command: Command) -> str:
    """What a command is called, without its stroke."""
    return command.usage.strip().partition(" ")[0].lstrip("/")


def aliases_of(command: Command) -> tuple[str, ...]:
    """What else it is called."""
    return tuple(alias.lstrip("/") for alias in command.aliases)
