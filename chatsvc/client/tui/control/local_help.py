"""`/help` in the full-screen client: the commands of the server and of this program."""

from __future__ import annotations

from collections.abc import Iterable

from chatsvc.client.commands import aliases_of, name_of
from chatsvc.client.tui.control.input_handler import InputHandler
from chatsvc.client.tui.control.local_command import local_command
from chatsvc.client.tui.model.buffers import Buffer
from chatsvc.client.tui.model.completion_source import Knowing
from chatsvc.client.tui.model.keys import named
from chatsvc.client.tui.model.state import State
from chatsvc.model.requests import Refused
from chatsvc.model.server_events import Command

MORE = named("For details: /help command.  Keyboard shortcuts: {keys}")


class Helping:
    """Answers `/help` from what the server has sent, in rows that the conversation wraps."""

    def __init__(self, state: State, saying: InputHandler, knowing: Knowing) -> None:
        self._state = state
        self._knowing = knowing
        saying.add(self)

    @local_command("help [command]", "lists the commands, or explains one")
    def _help(self, words: str, pane: Buffer) -> None:
        name = words.strip().lstrip("/").lower()
        rows = self._about(name) if name else listed(self._knowing.all_commands())
        for row in rows:
            self._state.note(row, where=pane.name)

    def _about(self, name: str) -> list[str]:
        for command in self._knowing.all_commands():
            if name in (name_of(command), *aliases_of(command)):
                return described(command)
        raise Refused("unknown", f"Unknown command /{name}. To list commands: /help")


def listed(commands: Iterable[Command]) -> list[str]:
    """Return one row for each command, sorted by name."""
    rows = [f"{one.usage}  {one.help}" for one in sorted(commands, key=name_of)]
    return [*rows, MORE]


def described(command: Command) -> list[str]:
    """Return everything known about a command."""
    rows = [f"{command.usage}  {command.help}"]
    if command.aliases:
        rows.append(f"Also: {', '.join(f'/{alias}' for alias in aliases_of(command))}")
    if command.example:
        rows.append(f"For example: {command.example}")
    return rows
