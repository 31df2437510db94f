"""Commands that the client carries out itself: settings, and saving conversations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatsvc.client.net.connection import Connection
from chatsvc.client.net.failures import NotConnected
from chatsvc.client.scripts import NotDone
from chatsvc.client.settings import SETTINGS
from chatsvc.client.tui.control.input_handler import InputHandler
from chatsvc.client.tui.control.local_command import local_command
from chatsvc.client.tui.control.preferences import Preferences
from chatsvc.client.tui.model.buffers import SERVER, Buffer
from chatsvc.client.tui.model.state import State
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import counted

FORCE = "--force"


class LocalCommands:
    """The commands; calls `doing` with the progress of slow ones, and `chosen` after a setting."""

    def __init__(
        self,
        connection: Connection,
        state: State,
        saying: InputHandler,
        preferences: Preferences,
        doing: Callable[[str], object],
        chosen: Callable[[], object],
    ) -> None:
        self._connection = connection
        self._state = state
        self._saying = saying
        self._preferences = preferences
        self._doing = doing
        self._chosen = chosen
        saying.add(self)

    @local_command("set [name] [value]", "lists your settings and the room's rules, or changes one")
    def _set(self, words: str, pane: Buffer) -> None:
        """Set a client setting; pass the rules of a room on to the server."""
        if not words.strip():
            self._state.note("Your settings (to change one: /set name value):", where=pane.name)
            for row in self._preferences.listed():
                self._state.note(row, where=pane.name)
        elif words.split()[0].lower().replace("_", "-") in SETTINGS:
            self._state.note(self._preferences.set(words), where=pane.name)
            self._chosen()
            return
        if pane.name != SERVER:
            self._saying.ask("set", words.strip(), pane)

    # Saving

    @local_command("save file", "saves this conversation to a .txt, .json or .html file", "export")
    def _save(self, words: str, pane: Buffer) -> None:
        words = words.strip()
        force = FORCE in words.split()
        file = words.replace(FORCE, "", 1).strip() if force else words
        if not file or pane.name == SERVER:
            raise Refused("usage", "Usage, in a conversation: /save FILE.html")
        try:
            path = Path(file).expanduser()
        except RuntimeError:
            raise Refused("usage", f"No such user on this machine: {Path(file).parts[0]}") from None
        writing = self._written(pane.name, path, force)
        Deferred.fromCoroutine(writing).addBoth(self._saved)

    async def _written(self, room: str, path: Path, force: bool) -> str:
        from chatsvc.client.export import FORMATS  # imported here: only saving needs it
        from chatsvc.client.export_job import format_of, opened, write_history

        def progress(lines: int, share: float | None) -> None:
            percent = "" if share is None else f", {share:.0%}"
            self._doing(f"saving {room}: {counted(lines, 'message')}{percent}")

        self._doing(f"saving {room}")
        format = FORMATS[format_of(path)](room)
        with opened(path, force) as sink:
            lines = await write_history(self._connection, room, None, None, format, sink, progress)
        return f"Saved {counted(lines, 'message')} of {room} to {path}."

    def _saved(self, result: str | Failure) -> None:
        self._doing("")
        if isinstance(result, Failure):
            result.trap(NotDone, Refused, NotConnected)
            self._state.note(f"Not saved: {result.value}", wrong=True)
        else:
            self._state.note(result)
