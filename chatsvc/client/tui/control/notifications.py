"""Notifications outside the window: the terminal's title, its bell, desktop notifications."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chatsvc.client.settings import ClientSettings
from chatsvc.client.tui.model.buffers import Buffer
from chatsvc.client.tui.model.items import Spoken
from chatsvc.client.tui.model.state import State
from chatsvc.model.text_rules import clean

PAUSE = 2.0  # seconds between notifications, so that missed messages do not come as a flood
LONGEST = 200

# XTerm's control sequences: a stack of titles
KEEP_TITLE, TITLE_BACK = "\x1b[22;2t", "\x1b[23;2t"


class Notices:
    """Writes notifications to the terminal."""

    def __init__(
        self,
        write: Callable[[str], object],
        environment: Mapping[str, str],
        now: Callable[[], float],
    ) -> None:
        self.settings = ClientSettings()
        self._write = write
        self._environment = environment
        self._now = now
        self._title = ""
        self._last = 0.0

    def entitle(self, state: State) -> None:
        """Set the title to the current room and the number of unread messages."""
        unread = sum(pane.unread for pane in state.panes.values())
        title = f"{f'({unread}) ' if unread else ''}{state.here or state.chat or 'chatsvc'}"
        if title != self._title:
            self._write(f"\x1b]2;{clean(title)}\x07" if self._title else
                        f"{KEEP_TITLE}\x1b]2;{clean(title)}\x07")  # fmt: skip
            self._title = title

    @property
    def farewell(self) -> str:
        """Return the sequence that restores the terminal's title."""
        return TITLE_BACK if self._title else ""

    def tell(self, pane: Buffer, line: Spoken) -> None:
        """Notify the user about a line that they have not seen, if the settings say so."""
        wanted = {"off": False, "mentions": line.mention, "all": True}[self.settings.notify]
        if not wanted or self._now() - self._last < PAUSE:
            return
        self._last = self._now()
        where = "" if pane.private else f"{pane.name} "
        text = clean(f"{where}{line.sender}: {line.text.splitlines()[0] if line.text else ''}")
        self._write(notification(text[:LONGEST], self._environment))
        if self.settings.bell:
            self._write("\x07")


def notification(text: str, environment: Mapping[str, str]) -> str:
    """Return a desktop notification in the sequence that the terminal supports.

    OSC 9 is iTerm2's, which most others adopted; OSC 777 is that of rxvt and foot.  tmux passes on
    what is wrapped for it, if it is allowed to (`allow-passthrough`).
    """
    if environment.get("TERM", "").startswith(("rxvt", "foot")):
        sequence = f"\x1b]777;notify;chatsvc;{text}\x07"
    else:
        sequence = f"\x1b]9;{text}\x07"
    if "TMUX" not in environment:
        return sequence
    doubled = sequence.replace("\x1b", "\x1b\x1b")
    return f"\x1bPtmux;{doubled}\x1b\\"
