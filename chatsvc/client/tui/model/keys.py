"""The key bindings of the whole screen, and a description of all keys."""

from __future__ import annotations

from textual.binding import Binding, BindingType

BINDINGS: list[BindingType] = [
    Binding("ctrl+q", "leave", show=False, priority=True),
    Binding("ctrl+c", "interrupt", show=False, priority=True),
    Binding("ctrl+d", "end", show=False, priority=True),
    Binding("f1", "keys", show=False, priority=True),
    Binding("f3", "toggle_list('places')", show=False, priority=True),
    Binding("f4", "toggle_list('people')", show=False, priority=True),
    # These are handled in the order of typing, so that no message goes to another room.
    Binding("ctrl+n,alt+down", "go(1)", show=False),
    Binding("alt+up", "go(-1)", show=False),
    Binding("ctrl+k", "jump", show=False, priority=True),
    Binding("escape,ctrl+end", "present", show=False),
    Binding("pageup", "page(-1)", show=False, priority=True),
    Binding("pagedown", "page(1)", show=False, priority=True),
]

KEYS = (
    ("Enter", "send the message"),
    ("Ctrl-J, Shift-Enter", "start a new line; also Alt-Enter"),
    ("Up, Down", "previous and next message that you sent"),
    ("Tab", "complete /commands, names, #rooms and :emoji:; again for the next match"),
    ("Esc", "clear the input (Up restores it); when empty, go to the latest message"),
    ("Ctrl-U, Ctrl-W, Alt-K", "delete to the start, a word, to the end; Ctrl-Y pastes it"),
    ("Ctrl-Z, Alt-Z", "undo, redo"),
    ("Alt-Down, Alt-Up", "next, previous room or conversation"),
    ("Ctrl-K", "jump to a room or person by a few letters, unread first"),
    ("Ctrl-P", "find rooms, commands and settings by a few letters"),
    ("PageUp, PageDown", "earlier and later messages; older ones load as you scroll"),
    ("Ctrl-End", "back to the latest message"),
    ("F3, F4", "show or hide the list of rooms, of people"),
    ("Mouse", "click a room to open it; drag to select text"),
    ("Ctrl-C", "copy the selection, or clear the input; twice to leave"),
    ("Ctrl-D, Ctrl-Q", "leave: Ctrl-D when the input is empty, Ctrl-Q always"),
    ("/help", "list the commands"),
    ("/set", "list your settings and the room's rules, or change one"),
    ("/save FILE", "save the conversation to a .txt, .json or .html file"),
    ("F1, /keys", "show this list"),
)
