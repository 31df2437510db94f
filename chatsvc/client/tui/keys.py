"""The keys: what is bound to the whole screen, and all that a person can press, in words."""

from __future__ import annotations

from textual.binding import Binding, BindingType

BINDINGS: list[BindingType] = [
    Binding("ctrl+q", "leave", show=False, priority=True),
    Binding("ctrl+c", "interrupt", show=False, priority=True),
    Binding("ctrl+d", "end", show=False, priority=True),
    Binding("f1", "keys", show=False, priority=True),
    Binding("f3", "toggle_list('places')", show=False, priority=True),
    Binding("f4", "toggle_list('people')", show=False, priority=True),
    Binding("ctrl+n,alt+down", "go(1)", show=False),
    Binding("alt+up", "go(-1)", show=False),
    Binding("ctrl+k", "jump", show=False, priority=True),
    Binding("escape,ctrl+end", "present", show=False),
    Binding("pageup", "page(-1)", show=False, priority=True),
    Binding("pagedown", "page(1)", show=False, priority=True),
]

KEYS = (
    ("Enter", "sends what is typed"),
    ("Ctrl-J, Alt-Enter", "begins another line"),
    ("Up, Down", "what was sent before"),
    ("Tab", "completes /commands, names, #rooms and :emoji:"),
    ("Ctrl-N, Alt-Up", "the next room or conversation, the one before"),
    ("Ctrl-K, Ctrl-P", "jumps to a room; offers everything one can do"),
    ("PageUp, PageDown", "earlier and later lines; further up come those of the archive"),
    ("Esc, Ctrl-End", "back to the last line"),
    ("F3, F4", "shows and hides the list of rooms, of people"),
    ("Mouse", "a room in the list looks at it; dragging selects text"),
    ("Ctrl-C", "copies what is selected; else empties the input; twice leaves"),
    ("Ctrl-D, Ctrl-Q", "leaves: Ctrl-D when nothing is typed, Ctrl-Q always"),
    ("/help", "the commands of the chat"),
    ("/set", "lists your settings and the room's rules, or sets one"),
    ("/save FILE", "writes the conversation into a .txt, .json or .html file"),
    ("F1, /keys", "shows this"),
)
