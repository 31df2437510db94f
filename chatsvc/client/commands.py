"""The server's commands as a client knows them: their names, and which must not be sent twice."""

from __future__ import annotations

from chatsvc.model.command_facts import FACTS, facts_of
from chatsvc.model.events import Event
from chatsvc.model.server_events import Command, Help


class Commands:
    """The commands that the user may give, as reported by the server."""

    def __init__(self) -> None:
        self.listed: tuple[Command, ...] = ()
        self._facts = {name: set(facts.names) for name, facts in FACTS.items()}
        # Known before the server reports them: a command with a password is never sent as text,
        # and a private message is never sent twice.
        self._names = {name: name for name, facts in FACTS.items() if facts.secret}
        for name, facts in FACTS.items():
            self._names.update(dict.fromkeys(facts.aliases, name))

    def learn(self, help: Event | None) -> None:
        """Learn the server's commands and their aliases."""
        if not isinstance(help, Help):
            return
        self.listed = tuple(command for command in help.commands if name_of(command))
        for command in self.listed:
            name = name_of(command)
            self._names.update(dict.fromkeys((name, *aliases_of(command)), name))
            self._facts.setdefault(name, set()).update(command.facts)

    def name(self, written: str) -> str:
        """Return the name of the command that is written this way."""
        return self._names.get(written.lower(), written)

    def goes_once(self, name: str) -> bool:
        """Return whether the server would carry out the command twice if it were sent again."""
        return "once" in self._facts.get(name, ())

    def is_speech(self, name: str) -> bool:
        """Return whether the command sends a message to people."""
        return "speech" in self._facts.get(name, ())

    def leads(self, name: str) -> bool:
        """Return whether the answer may lead elsewhere: what is typed meanwhile goes there."""
        return facts_of(name).leads

    def proves(self, name: str) -> bool:
        """Return whether an argument is the account's password after this command."""
        return facts_of(name).proves is not None

    def __contains__(self, written: str) -> bool:
        return written.lower() in self._names


def name_of(command: Command) -> str:
    """Return the name of a command without the leading slash."""
    return command.usage.strip().partition(" ")[0].lstrip("/")


def aliases_of(command: Command) -> tuple[str, ...]:
    """Return the aliases of a command."""
    return tuple(alias.lstrip("/") for alias in command.aliases)
