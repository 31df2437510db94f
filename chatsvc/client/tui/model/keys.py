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
    # These come in the order they are typed in, lest a line is said elsewhere.
    Binding("ctrl+n,alt+down", "go(1)", show=False),
    Binding("alt+up", "go(-1)", show=False),
    Binding("ctrl+k", "jump", show=False, priority=True),
    Binding("escape,ctrl+end", "present", show=False),
    Binding("pageup", "page(-1)", show=False, priority=True),
    Binding("pagedown", "page(1)", show=False, priority=True),
]

KEYS = (
    ("Enter", "sends what is typed"),
    ("Ctrl-J, Shift-Enter", "begins another line; so does Alt-Enter"),
    ("Up, Down", "what was sent before"),
    ("Tab", "completes /commands, names, #rooms and :emoji:; again takes the next one"),
    ("Esc", "empties the input, which Up brings back; an empty one goes to the last line"),
    ("Ctrl-U, Ctrl-W, Alt-K", "deletes to the beginning, a word, to the end; Ctrl-Y puts it back"),
    ("Ctrl-Z, Alt-Z", "undoes, and does again"),
    ("Alt-Down, Alt-Up", "the next room or conversation, the one before"),
    ("Ctrl-K", "jumps to a room or person by a few letters, what is new first"),
    ("Ctrl-P", "finds rooms, commands and settings by a few letters"),
    ("PageUp, PageDown", "earlier and later lines; further up come those of the archive"),
    ("Ctrl-End", "back to the last line"),
    ("F3, F4", "shows and hides the list of rooms, of people"),
    ("Mouse", "a room in the list looks at it; dragging selects text"),
    ("Ctrl-C", "copies what is selected; else empties the input; twice leaves"),
    ("Ctrl-D, Ctrl-Q", "leaves: Ctrl-D when nothing is typed, Ctrl-Q always"),
    ("/help", "the commands of the chat"),
    ("/set", "lists your settings and the room's rules, or sets one"),
    ("/save FILE", "writes the conversation into a .txt, .json or .html file"),
    ("F1, /keys", "shows this"),
)
