"""What a name, a room's name and a line of text may be: pure functions, no state, no rights."""

from __future__ import annotations

import re
import unicodedata
from itertools import dropwhile

from chatsvc.events import Refused

LONGEST_TEXT = 4096  # bytes of UTF-8
LONGEST_LINE = 16384  # bytes, commands and JSON included
LONGEST_NAME = 32  # characters
LONGEST_WORDS = 400  # characters: topics, reasons, parting words

_ESCAPE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor movements (ECMA-48, 5.4)
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # OSC, DCS …: titles, links, clipboards
    r"|\x1b[ -/]*[0-~]"
)
_DIRECTION = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_GAP = re.compile("[\t\r\n\v\f\x85\u2028\u2029]+")
_IN_NAMES = frozenset("_-.'[]{}|^`")
# Letters and marks that are not seen (Unicode's Default_Ignorable_Code_Point).
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def key(name: str) -> str:
    """What two spellings of one name have in common."""
    return unicodedata.normalize("NFKC", name).casefold()


def clean(text: str) -> str:
    """`text` without anything that could colour, move or reorder a reader's screen."""
    if text.isprintable():
        return text
    text = _GAP.sub(" ", _ESCAPE.sub("", text))
    text = _DIRECTION.sub("", text)
    return "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cs"))


def check_text(text: str) -> None:
    """Refuse a line that is empty or too long."""
    if not text or text.isspace():
        raise Refused("empty", "There is nothing in that line.")
    if len(text) * 4 > LONGEST_TEXT and (size := len(text.encode())) > LONGEST_TEXT:
        raise Refused(
            "too-long",
            f"That line has {size} bytes; {LONGEST_TEXT} is the most. It was not sent.",
        )


def check_words(text: str) -> None:
    """Refuse a topic, a reason, parting words that are too long."""
    if len(text) > LONGEST_WORDS:
        raise Refused("too-long", f"Please say that in at most {LONGEST_WORDS} characters.")


def check_name(name: str) -> None:
    """Refuse what cannot be anybody's name, suggesting one that could."""
    if len(name) > LONGEST_NAME:
        text = f"A name has at most {LONGEST_NAME} characters."
        raise Refused("bad-name", text, likely_name(name))
    if key(name) == "all":
        raise Refused("bad-name", '"all" means everybody here.', likely_name(name))
    if not name or not all(map(_fits_names, name)) or not _begins_names(name[0]):
        text = "A name is one word of letters, digits and _-.'[]{}|^`"
        raise Refused("bad-name", text, likely_name(name))


def likely_name(name: str) -> str | None:
    """The nearest thing to `name` that is a name, if there is any."""
    fitting = [c for c in name.strip().replace(" ", "_") if _fits_names(c)]
    likely = "".join(dropwhile(lambda c: not _begins_names(c), fitting))[:LONGEST_NAME]
    return f"{likely}_" if key(likely) == "all" else likely or None


def room_name(name: str) -> str:
    """A room's name as it is written, with its `#`; refused when it cannot be one."""
    name = name if name.startswith("#") else f"#{name}"
    if not 2 <= len(name) <= LONGEST_NAME or not all(map(_fits_names, name[1:])):
        raise Refused(
            "bad-room",
            f"A room's name is # and one word, at most {LONGEST_NAME} characters, such as #tea.",
        )
    return name


def _begins_names(c: str) -> bool:
    return c.isalnum() or c in "_[]{}|^`"


def _fits_names(c: str) -> bool:
    if _INVISIBLE.match(c):
        return False
    return c.isalnum() or c in _IN_NAMES or unicodedata.category(c) in ("Mn", "Mc")
