"""The commands of a server, as a client knows them: by which names, and which go out only once."""

from __future__ import annotations

from chatsvc.model.command_facts import FACTS, facts_of
from chatsvc.model.events import Event
from chatsvc.model.server_events import Command, Help


class Commands:
    """What one may do, as the server has told."""

    def __init__(self) -> None:
        self.listed: tuple[Command, ...] = ()
        self._facts = {name: set(facts.names) for name, facts in FACTS.items()}
        # Known before the server tells of them: what holds a password is never taken for talk,
        # and what is private is never sent twice.
        self._names = {name: name for name, facts in FACTS.items() if facts.secret}
        for name, facts in FACTS.items():
            self._names.update(dict.fromkeys(facts.aliases, name))

    def learn(self, help: Event | None) -> None:
        """Take in which commands the server knows, and under which names."""
        if not isinstance(help, Help):
            return
        self.listed = tuple(command for command in help.commands if name_of(command))
        for command in self.listed:
            name = name_of(command)
            self._names.update(dict.fromkeys((name, *aliases_of(command)), name))
            self._facts.setdefault(name, set()).update(command.facts)

    def name(self, written: str) -> str:
        """What a command is called that is written so."""
        return self._names.get(written.lower(), written)

    def goes_once(self, name: str) -> bool:
        """Return whether the server would obey a command twice if it were sent again."""
        return "once" in self._facts.get(name, ())

    def is_speech(self, name: str) -> bool:
        """Return whether a command says something to people."""
        return "speech" in self._facts.get(name, ())

    def proves(self, name: str) -> bool:
        """Return whether one of its arguments is the account's password from then on."""
        return facts_of(name).proves is not None

    def __contains__(self, written: str) -> bool:
        return written.lower() in self._names


def name_of(command: Command) -> str:
    """What a command is called, without its stroke."""
    return command.usage.strip().partition(" ")[0].lstrip("/")


def aliases_of(command: Command) -> tuple[str, ...]:
    """What else it is called."""
    return tuple(alias.lstrip("/") for alias in command.aliases)
