"""Which names, room names, texts and durations are valid: no state, no permissions."""

from __future__ import annotations

import math
import re
import unicodedata
from contextlib import suppress
from datetime import datetime
from itertools import dropwhile

from precis_i18n import get_profile

from chatsvc.model.characters import clean as clean  # the space for it in a client's command
from chatsvc.model.characters import clean_lines as clean_lines
from chatsvc.model.characters import is_unseen, looks_empty
from chatsvc.model.requests import Refused

LONGEST_TEXT = 4096  # bytes of UTF-8
MOST_LINES = 100  # of a text
LONGEST_LINE = 16384  # bytes, commands and JSON included
LONGEST_NAME = 32  # characters
LONGEST_WORDS = 400  # characters: topics, reasons, parting words
SERVICES = ("NickServ", "ChanServ")  # as which IRC clients know some commands
IRC_SERVER = "irc.chatsvc"  # as which they know the server, which has a dot in its name
LONGEST_DURATION = 3650 * 86400.0  # seconds

_IN_NAMES = frozenset("_-.'[]{}|\\^`")
_USERNAMES = get_profile("UsernameCaseMapped")  # RFC 8265, 3.3
_RESERVED = {
    "all": '"all" means everybody in the room.',
    **dict.fromkeys(
        map(str.lower, (*SERVICES, IRC_SERVER)), "IRC clients use that name for the server."
    ),
}
_UNITS = {"w": 7 * 86400, "d": 86400, "h": 3600, "m(?:in)?": 60, "s": 1}
_DURATION = re.compile("".join(f"(?:([0-9]+){unit})?" for unit in _UNITS))


def key(name: str) -> str:
    """Return what all spellings of a name have in common."""
    if name.isascii():
        # Mostly no copy, because many keys are kept.
        return name if name.islower() else name.lower()
    return unicodedata.normalize("NFKC", name).casefold()


def check_text(text: str) -> None:
    """Refuse a text that is empty, too long, or has too many lines."""
    if not "!" <= text[:1] <= "~" and looks_empty(text):  # a call less for nearly every message
        raise Refused("empty", "The message is empty.")
    if len(text) * 4 > LONGEST_TEXT and (size := len(text.encode())) > LONGEST_TEXT:
        raise Refused(
            "too-long",
            f"Not sent: the message has {size} bytes, and the maximum is {LONGEST_TEXT}.",
        )
    if "\n" in text and (lines := text.count("\n") + 1) > MOST_LINES:
        raise Refused(
            "too-long", f"Not sent: the message has {lines} lines, and the maximum is {MOST_LINES}."
        )


def check_words(text: str) -> None:
    """Refuse a topic, a reason or parting words that are too long."""
    if len(text) > LONGEST_WORDS:
        raise Refused("too-long", f"That is too long. Use at most {LONGEST_WORDS} characters.")


def check_name(name: str) -> None:
    """Refuse an invalid name, and suggest a valid one."""
    if fault := _fault(name):
        raise Refused("bad-name", fault, likely_name(name))


def likely_name(name: str) -> str | None:
    """Return a valid name close to `name`, if there is one."""
    name = name.strip()[: 4 * LONGEST_NAME].replace(" ", "_")  # it may be a whole line
    likely = _fitting(name)
    if _fault(likely) is None:
        return likely
    plain = "".join(filter(_is_of_usernames, unicodedata.normalize("NFKC", name)))
    small = unicodedata.normalize("NFC", plain.lower())
    nearest = (plain, small, _left_to_right(plain), _right_to_left(plain))
    return max((n for n in map(_fitting, nearest) if _fault(n) is None), key=len, default=None)


def room_name(name: str) -> str:
    """Return a room's name as written, with its `#`; refuse an invalid one."""
    name = name if name.startswith("#") else f"#{name}"
    if not 2 <= len(name) <= LONGEST_NAME or not all(map(_fits_names, name[1:])):
        raise Refused(
            "bad-room",
            f"A room name is # and one word of at most {LONGEST_NAME} characters, such as #tea.",
        )
    return name


def moment(text: str) -> float:
    """Return the time in `text`, which is written as in RFC 3339."""
    for fraction in (".%f", ""):
        with suppress(ValueError):
            return datetime.strptime(text, f"%Y-%m-%dT%H:%M:%S{fraction}%z").timestamp()
    raise Refused("bad-argument", "Not a time. Use the form 2026-11-21T14:02:00.000Z.")


def duration(text: str) -> float:
    """Return the seconds in `text`, such as 90s, 1h30m or 2d; none for `forever` and `off`."""
    text = text.lower()
    if text in ("forever", "off"):
        return 0.0
    if text.isascii() and text.isdecimal():
        raise _bad_duration("A duration needs a unit: s, m, h, d or w, such as 30m.")
    parts = _DURATION.fullmatch(text)
    if not text or parts is None:
        raise _bad_duration("Not a duration. Use 90s, 30m, 1h30m, 2d, 1w or forever.")
    numbers = zip(parts.groups(), _UNITS.values(), strict=True)
    seconds = sum(float(number or 0) * unit for number, unit in numbers)
    if not seconds:
        raise _bad_duration("A duration must be longer than zero, such as 90s or 1h30m.")
    if seconds > LONGEST_DURATION:
        raise _bad_duration("A duration can be at most 10 years (3650d). For longer, use forever.")
    return seconds


def looks_like_duration(word: str) -> bool:
    """Return whether `word` was meant as a duration, valid or not."""
    return "0" <= word[:1] <= "9" or word.lower() == "forever"


def counted(count: float, one: str, many: str | None = None) -> str:
    """Return a number with its noun: 1 line, 2 lines; `many` is an irregular plural."""
    number = f"{count:g}" if isinstance(count, float) else f"{count:,}"
    return f"{number} {one if count == 1 else many or f'{one}s'}"


def span(seconds: float) -> str:
    """Return a time in words that follow `for` or `in`, such as 1 h 30 min; rounded up."""
    whole = max(1, math.ceil(round(seconds, 3)))  # the difference of two times is not exact
    if whole < 120 and whole != 60:
        return f"{whole} s"
    if whole >= 3600:
        whole = math.ceil(whole / 60) * 60
    days, rest = divmod(whole, 86400)
    numbers = (days, rest // 3600, rest // 60 % 60, rest % 60)
    units = ("day" if days == 1 else "days", "h", "min", "s")
    words = zip(numbers, units, strict=True)
    return " ".join(f"{number} {unit}" for number, unit in words if number)


def in_bytes(count: int) -> str:
    """Return a size as people read it, such as 1.5 MiB."""
    size = float(count)
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.4g} {unit}"
        size /= 1024
    return f"{size:,.1f} GiB"


def _bad_duration(text: str) -> Refused:
    return Refused("bad-duration", text)


def _fault(name: str) -> str | None:
    """Return what is wrong with `name`, in a sentence."""
    if len(name) > LONGEST_NAME:
        return f"A name can have at most {LONGEST_NAME} characters."
    if (reserved := _RESERVED.get(key(name))) is not None:
        return reserved
    if not name or not all(map(_fits_names, name)) or not _begins_names(name[0]):
        return "A name must be one word of letters, digits and _-.'[]{}|\\^`"
    try:
        mapped = _USERNAMES.enforce(name)
    except UnicodeEncodeError as error:
        return _fault_of_usernames(error)
    # Names that are equal under RFC 8265 must be equal here: some Greek capitals would differ.
    return None if key(mapped) == key(name) else "Write that name in lower case."


def _fault_of_usernames(error: UnicodeEncodeError) -> str:
    if error.reason.endswith("/bidi_rule"):
        return (
            "A right-to-left name cannot mix directions. Begin with a"
            " letter, end with a letter or digit, and use one kind of digits."
        )
    character = error.object[error.start : error.end]
    return f'"{character}" cannot be in a name. Use letters and digits of any script.'


def _is_of_usernames(c: str) -> bool:
    try:
        return bool(_USERNAMES.base.enforce(c))
    except UnicodeEncodeError:
        return False


def _fitting(name: str) -> str:
    """Return `name` without the characters that no name may contain."""
    fitting = [c for c in name if _fits_names(c)]
    likely = "".join(dropwhile(lambda c: not _begins_names(c), fitting))[:LONGEST_NAME]
    return f"{likely}_" if key(likely) == "all" else likely


def _left_to_right(name: str) -> str:
    return "".join(c for c in name if unicodedata.bidirectional(c) not in ("R", "AL", "AN"))


def _right_to_left(name: str) -> str:
    return "".join(c for c in name if unicodedata.bidirectional(c) in ("R", "AL", "NSM"))


def are_of_names(characters: str) -> bool:
    """Return whether names may contain these characters, of which there is at least one."""
    return bool(characters) and all(map(_fits_names, characters))


def _begins_names(c: str) -> bool:
    return c.isalnum() or c in "_[]{}|^`"


def _fits_names(c: str) -> bool:
    if is_unseen(c):
        return False
    return c.isalnum() or c in _IN_NAMES or unicodedata.category(c) in ("Mn", "Mc")
