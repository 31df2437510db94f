"""Invisible and formatting characters: one table for names, texts and filters."""

from __future__ import annotations

import re
from collections.abc import Callable

# Unicode's Default_Ignorable_Code_Point, annotations, and two letters that are drawn as spaces.
UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
PRIVATE = "\ue000-\uf8ff\U000f0000-\U0010ffff"  # their appearance depends on the reader's font
_SELECTORS = "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # Unicode's Bidi_Control
_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(
    f"{chr(p + 0xFFFE)}{chr(p + 0xFFFF)}" for p in range(0, 0x110000, 0x10000)
)
_HIDING = f"{_BIDI}\u206a-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff{_NONCHARACTERS}"
_TAGS = "\U000e0000-\U000e007f"

# mIRC's codes, as modern.ircdocs.horse/formatting lists them; colours with their digits.
_FORMATTING = re.compile(
    r"\x03(?:[0-9]{1,2}(?:,[0-9]{1,2})?)?"
    r"|\x04(?:[0-9a-fA-F]{6}(?:,[0-9a-fA-F]{6})?)?"
    r"|[\x02\x0f\x11\x16\x1d-\x1f]"
)
_BEGINS_COLOUR = re.compile(r"\x03[0-9,]{0,5}\Z|\x04[0-9a-fA-F,]{0,13}\Z")
_ESCAPE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor movements (ECMA-48, 5.4)
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # OSC, DCS …: titles, links, clipboards
    r"|\x1b[ -/]*[0-~]"
)
_CONTROLS = "\x00\x01\x05-\x08\x0e\x10\x12-\x15\x17-\x1c\x7f-\x9f"  # except formatting and spaces
_LINE_ENDS = re.compile("[\r\n\v\f\x85\u2028\u2029]+")
_BLANKS = re.compile("[\t\r\n\v\f\x85\u2028\u2029]+")
_SUSPECT = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029{_HIDING}{_TAGS}{_SELECTORS}]")
# The flags of England, Scotland and Wales are written with tags (UTS #51, ED-14a).
_HIDDEN = re.compile(
    f"(\U0001f3f4[\U000e0020-\U000e007e]{{1,16}}\U000e007f)|[{_CONTROLS}{_HIDING}{_TAGS}]"
)
# Some formatting codes are whitespace to `\s`.
_STRAY_SELECTORS = re.compile(rf"(?:^|(?<=[{_SELECTORS}])|(?<=[^\S\x1c-\x1f]))[{_SELECTORS}]+")
_SEEN = re.compile(rf"[^\s{UNSEEN}]")
_UNSEEN = re.compile(f"[{UNSEEN}{PRIVATE}]")


def is_unseen(c: str) -> bool:
    """Return whether a character is invisible, or looks different for each reader."""
    return _UNSEEN.match(c) is not None


def looks_empty(text: str) -> bool:
    """Return whether `text` shows nothing."""
    if "!" <= text[:1] <= "~":  # the common case: codes do not begin so
        return False
    return _SEEN.search(plain(text)) is None


def plain(text: str) -> str:
    """Return `text` without IRC's formatting, as everybody but IRC clients reads it."""
    return text if text.isprintable() else _FORMATTING.sub("", text)


def formatting_in(text: str) -> list[tuple[int, int]]:
    """Return where IRC's formatting codes begin and end in `text`."""
    return [] if text.isprintable() else [code.span() for code in _FORMATTING.finditer(text)]


def before_code(text: str, cut: int) -> int:
    """Return the last position up to `cut` that does not split a formatting code."""
    begun = _BEGINS_COLOUR.search(text, max(0, cut - 14), cut)
    if begun is None:
        return cut
    code = _FORMATTING.match(text, begun.start())
    return begun.start() if code is not None and code.end() > cut else cut


def clean(text: str) -> str:
    """Return `text` as one line, without anything that could colour, move or reorder a screen."""
    if not _is_suspect(text):
        return text
    return _clean_line(_BLANKS.sub(" ", _ESCAPE.sub("", text)))


def clean_lines(text: str) -> str:
    """Return `text` as `clean` does, but with its lines and tabs; trim blank lines at both ends."""
    return _in_lines(text, _clean_line) if _is_suspect(text) else text


def clean_formatted(text: str) -> str:
    """Return `text` as `clean` does, but with its tabs and IRC's formatting."""
    return _without_stray_selectors(_without_hidden(text)) if _is_suspect(text) else text


def clean_message(text: str) -> str:
    """Return `text` as `clean_lines` does, but with IRC's formatting."""
    return _in_lines(text, clean_formatted) if _is_suspect(text) else text


def _is_suspect(text: str) -> bool:
    """Return whether there may be something to remove, which is rare."""
    if text.isascii() and text.isprintable():
        return False
    return _SUSPECT.search(text) is not None


def _in_lines(text: str, clean_one: Callable[[str], str]) -> str:
    lines = list(map(clean_one, text.replace("\r\n", "\n").split("\n")))
    full = [position for position, line in enumerate(lines) if not looks_empty(line)]
    return "\n".join(lines[full[0] : full[-1] + 1]) if full else ""


def _clean_line(text: str) -> str:
    return _without_stray_selectors(plain(_without_hidden(text)))


def _without_hidden(text: str) -> str:
    text = _LINE_ENDS.sub(" ", _ESCAPE.sub("", text))
    return _HIDDEN.sub(lambda found: found[1] or "", text)


def _without_stray_selectors(text: str) -> str:
    return _STRAY_SELECTORS.sub("", text)
