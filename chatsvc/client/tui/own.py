"""Commands that the client obeys itself: what one has chosen, and conversations as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatsvc.client.connection import Connection
from chatsvc.client.failures import NotConnected
from chatsvc.client.scripts import NotDone
from chatsvc.client.settings import SETTINGS
from chatsvc.client.tui.preferences import Preferences
from chatsvc.client.tui.state import SERVER, State
from chatsvc.events import Refused

FORCE = "--force"


class Own:
    """Obeys them; `doing` is told what takes a while, and `chosen` that something was set."""

    COMMANDS = (
        ("/set [name] [value]", "lists your settings, or changes one"),
        ("/save file", "writes this conversation into a .txt, .json or .html file"),
        ("/export file", "does that, too"),
    )

    def __init__(
        self,
        connection: Connection,
        state: State,
        preferences: Preferences,
        doing: Callable[[str], object],
        chosen: Callable[[], object],
    ) -> None:
        self._connection = connection
        self._state = state
        self._preferences = preferences
        self._doing = doing
        self._chosen = chosen

    def obey(self, name: str, rest: str, pane: object = None) -> bool:
        """Do what `/name rest` says; False when the server is to be asked, too."""
        if name in ("save", "export"):
            self._save(rest.strip())
            return True
        if name == "set":
            return self._set(rest.strip())
        return False

    def _set(self, words: str) -> bool:
        """Set what is ours; the rules of a room are the server's."""
        if not words:
            self._state.note("Your settings, /set name value changes one:")
            for row in self._preferences.listed():
                self._state.note(row)
            return self._state.here == SERVER
        if words.split()[0].lower().replace("_", "-") not in SETTINGS:
            return False
        try:
            self._state.note(self._preferences.set(words))
        except Refused as refused:
            self._state.note(refused.text, wrong=True)
        self._chosen()
        return True

    # Saving

    def _save(self, words: str) -> None:
        force = FORCE in words.split()
        file = words.replace(FORCE, "", 1).strip() if force else words
        room = self._state.here
        if not file or room == SERVER:
            text = "/save FILE writes the conversation you look at: .txt, .json or .html."
            self._state.note(text, wrong=True)
            return
        saving = Deferred.fromCoroutine(self._written(room, Path(file).expanduser(), force))
        saving.addBoth(self._saved)

    async def _written(self, room: str, path: Path, force: bool) -> str:
        from chatsvc.client.export import FORMATS  # which only who saves something needs
        from chatsvc.client.exporting import counted, format_of, opened, write_history

        def progress(lines: int, share: float | None) -> None:
            percent = "" if share is None else f", {share:.0%}"
            self._doing(f"saving {room}: {counted(lines)}{percent}")

        self._doing(f"saving {room}")
        format = FORMATS[format_of(path)](room)
        with opened(path, force) as sink:
            lines = await write_history(self._connection, room, None, None, format, sink, progress)
        return f"{counted(lines)} of {room} in {path}."

    def _saved(self, result: str | Failure) -> None:
        self._doing("")
        if isinstance(result, Failure):
            result.trap(NotDone, Refused, NotConnected)
            self._state.note(f"Not saved: {result.value}", wrong=True)
        else:
            self._state.note(result)
