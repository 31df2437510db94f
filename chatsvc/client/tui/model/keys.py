"""The key bindings in one table, which bindings, help, hints and documentation are made from."""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple

from textual.binding import Binding, BindingType

_NAMES = {"escape": "Esc", "pageup": "PageUp", "pagedown": "PageDown", "underscore": "_"}


class Where(Enum):
    """The part of the screen that must be visible or focused for a shortcut to apply."""

    APP = auto()
    INPUT = auto()
    RESULTS = auto()
    CONNECT_PAGE = auto()
    QUESTION = auto()
    CONFIRMATION = auto()
    KEYS_BOX = auto()
    JUMP = auto()
    PASTE = auto()


class Shortcut(NamedTuple):
    """Keys with the same effect, as Textual names them; hints show the first."""

    where: Where
    keys: str
    action: str = ""  # if empty, Textual or the widget handles the keys
    priority: bool = False  # also when the focused widget has its own keys

    @property
    def each(self) -> tuple[str, ...]:
        """Textual's names of the keys."""
        return tuple(self.keys.split(","))

    def __format__(self, spec: str) -> str:
        """Write the first key for users; with `all`, all of them."""
        return ", ".join(map(label, self.each if spec == "all" else self.each[:1]))


KEYS = {
    "leave": Shortcut(Where.APP, "ctrl+q", "leave", priority=True),
    "interrupt": Shortcut(Where.APP, "ctrl+c", "interrupt", priority=True),
    "end": Shortcut(Where.APP, "ctrl+d", "end", priority=True),
    "keys": Shortcut(Where.APP, "f1", "keys", priority=True),
    "rooms": Shortcut(Where.APP, "f3", "toggle_list('places')", priority=True),
    "people": Shortcut(Where.APP, "f4", "toggle_list('people')", priority=True),
    "next": Shortcut(Where.APP, "alt+down,ctrl+n", "go(1)"),
    "previous": Shortcut(Where.APP, "alt+up", "go(-1)"),
    "jump": Shortcut(Where.APP, "ctrl+k", "jump", priority=True),
    "palette": Shortcut(Where.APP, "ctrl+p"),
    "present": Shortcut(Where.APP, "escape", "present"),
    "last_line": Shortcut(Where.APP, "ctrl+end", "present"),
    "page_up": Shortcut(Where.APP, "pageup", "page(-1)", priority=True),
    "page_down": Shortcut(Where.APP, "pagedown", "page(1)", priority=True),
    # The input's actions are its methods.  The keys are those of shells, except Ctrl-K, which jumps
    # to a room, as in other chats, so Alt-K deletes to the end of the line.
    "send": Shortcut(Where.INPUT, "enter", "send"),
    "new_line": Shortcut(Where.INPUT, "ctrl+j,shift+enter,alt+enter", "new_line"),
    "older": Shortcut(Where.INPUT, "up", "up"),
    "newer": Shortcut(Where.INPUT, "down", "down"),
    "complete": Shortcut(Where.INPUT, "tab", "tab"),
    "complete_back": Shortcut(Where.INPUT, "shift+tab", "back_tab"),
    "put_away": Shortcut(Where.INPUT, "escape", "put_away"),
    "kill_before": Shortcut(Where.INPUT, "ctrl+u", "kill_before"),
    "kill_word": Shortcut(Where.INPUT, "ctrl+w", "kill_word"),
    "kill_after": Shortcut(Where.INPUT, "alt+k", "kill_after"),
    "yank": Shortcut(Where.INPUT, "ctrl+y", "yank"),
    "undo": Shortcut(Where.INPUT, "ctrl+z,ctrl+underscore", "undo_it"),
    "redo": Shortcut(Where.INPUT, "alt+z", "redo_it"),
    "see_result": Shortcut(Where.RESULTS, "enter"),
    "close_results": Shortcut(Where.RESULTS, "escape"),
    "connect": Shortcut(Where.CONNECT_PAGE, "enter"),
    "connect_again": Shortcut(Where.CONNECT_PAGE, "f5", "connect"),
    "next_field": Shortcut(Where.CONNECT_PAGE, "tab"),
    "give_up": Shortcut(Where.CONNECT_PAGE, "escape", "give_up"),
    "answer": Shortcut(Where.QUESTION, "enter"),
    "decline": Shortcut(Where.QUESTION, "escape", "answer('')"),
    "back": Shortcut(Where.QUESTION, "f2", "back"),
    "confirm": Shortcut(Where.CONFIRMATION, "enter", "answer(True)", priority=True),
    "cancel": Shortcut(Where.CONFIRMATION, "escape", "answer(False)"),
    "close_keys": Shortcut(Where.KEYS_BOX, "escape,f1,q,enter", "dismiss"),
    "stay": Shortcut(Where.JUMP, "escape,ctrl+k", "dismiss(None)"),
    "higher": Shortcut(Where.JUMP, "up", "move(-1)"),
    "lower": Shortcut(Where.JUMP, "down,tab", "move(1)"),
    "go": Shortcut(Where.JUMP, "enter"),
    "discard": Shortcut(Where.PASTE, "escape", "dismiss('leave')"),
}

_HELP = (
    ("{send}", "send the message"),
    ("{new_line:all}", "start a new line"),
    ("{older}, {newer}", "previous and next message that you sent"),
    (
        "{complete}",
        "complete /commands, names, #rooms and :emoji:; again for the next match,"
        " {complete_back} for the previous one",
    ),
    ("{put_away}", "clear the input ({older} restores it); when empty, go to the latest message"),
    (
        "{kill_before}, {kill_word}, {kill_after}",
        "delete to the start, a word, to the end; {yank} pastes it",
    ),
    ("{undo}, {redo}", "undo, redo"),
    ("{next}, {previous}", "next, previous room or conversation"),
    ("{jump}", "jump to a room or person by a few letters, unread first"),
    ("{palette}", "find rooms, commands and settings by a few letters"),
    ("{page_up}, {page_down}", "earlier and later messages; older ones load as you scroll"),
    ("{last_line}", "back to the latest message"),
    ("{rooms}, {people}", "show or hide the list of rooms, of people"),
    ("Mouse", "click a room to open it; drag to select text"),
    ("{interrupt}", "copy the selection, or clear the input; twice to leave"),
    ("{end}, {leave}", "leave: {end} when the input is empty, {leave} always"),
    ("/help", "list the commands"),
    ("/set", "list your settings and the room's rules, or change one"),
    ("/save FILE", "save the conversation to a .txt, .json or .html file"),
    ("{keys}, /keys", "show this list"),
)


def label(key: str) -> str:
    """Return a key as users know it: `Ctrl-Q` for `ctrl+q`."""
    return "-".join(_NAMES.get(part, part.capitalize()) for part in key.split("+"))


def named(text: str) -> str:
    """Replace names of shortcuts in `text` by their keys: `{leave}` by `Ctrl-Q`."""
    return text.format_map(KEYS)


def bindings(where: Where) -> list[BindingType]:
    """Return the bindings of the app, a screen or a widget."""
    shortcuts = [one for one in KEYS.values() if one.where is where and one.action]
    return [Binding(one.keys, one.action, show=False, priority=one.priority) for one in shortcuts]


def actions(where: Where) -> dict[str, str]:
    """Return the action of each key, for a widget that handles its keys itself."""
    shortcuts = [one for one in KEYS.values() if one.where is where]
    return {key: one.action for one in shortcuts for key in one.each}


def keys_of(*names: str) -> tuple[str, ...]:
    """Return Textual's names of the keys of these shortcuts."""
    return tuple(key for name in names for key in KEYS[name].each)


HELP = tuple((named(keys), named(does)) for keys, does in _HELP)
