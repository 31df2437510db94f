"""The words of a text, as a search compares them: case, accents and width do not matter.

A word is a run of letters and digits with their marks, so vowel signs belong to the letters that
they are written on.  In scripts without spaces between words, and in Korean, whose words carry
particles, each letter (with its marks) is a word, and so is each emoji.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import groupby
from typing import NamedTuple

from chatsvc.model.characters import plain

UNICODE = unicodedata.unidata_version  # of the rules for splitting and spelling

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf\ua9e0-\ua9ff\uaa60-\uaadf"
    "\U00011700-\U0001174f"  # Thai, Lao, Burmese, Khmer, Tai
    "\u3005-\u3007\u3040-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003fffd\U0001b000-\U0001b16f"  # Chinese, Japanese
    "\ua000-\ua4cf\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff"  # Yi, Korean
)
_FLAG = "[\U0001f1e6-\U0001f1ff]"
_EMOJI = (
    "\u2194-\u2199\u21a9\u21aa\u231a-\u23ff\u25aa-\u25fe\u2600-\u27bf\u2934\u2935\u2b05-\u2b55"
    "\U0001f000-\U0001faff"
)
_BREAKS = re.compile("[\u200b\u2028\u2029]")
# Accents of Latin, Greek, Cyrillic, Hebrew and Arabic; variation selectors; skin tones.
_IGNORED_MARKS = (
    "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8"
    "\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u180b-\u180d\u180f\ufe00-\ufe0f\ufe20-\ufe2f"
    "\U000e0100-\U000e01ef\U0001f3fb-\U0001f3ff"
)
_ASSIGNED = [*range(0x80, 0x1F000), *range(0xE0000, 0xE0200)]  # with marks and invisible ones
_ASCII_WORD = re.compile("[a-z0-9]+")


def words_of(text: str) -> list[str]:
    """Return the words in `text`, spelled so that equal words are equal strings."""
    text = plain(text)
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    patterns = _patterns()
    decomposed = unicodedata.normalize("NFKD", _BREAKS.sub(" ", text).casefold())
    bare = patterns.ignored.sub("", decomposed)
    spelled = unicodedata.normalize("NFKC", bare).casefold()
    return patterns.word.findall(patterns.alone.sub(r" \g<0> ", spelled))


class _Patterns(NamedTuple):
    ignored: re.Pattern[str]
    alone: re.Pattern[str]  # a word whatever is next to it
    word: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    mark = f"(?:{_class(_of_category('Mn', 'Mc', 'Me'))})"
    emoji = f"{_FLAG}{{2}}|[{_EMOJI}]"
    return _Patterns(
        re.compile(f"[{_IGNORED_MARKS}]|{_class(_of_category('Cf'))}"),
        re.compile(f"{emoji}|[{_UNSPACED}]{mark}*"),
        re.compile(rf"{emoji}|[^\W_](?:[^\W_]|{mark})*"),
    )


def _of_category(*categories: str) -> list[int]:
    return [code for code in _ASSIGNED if unicodedata.category(chr(code)) in categories]


def _class(codes: list[int]) -> str:
    """Return a pattern for many characters; `re` is fast only for those of one plane."""
    basic = "".join(re.escape(chr(code)) for code in codes if code < 0x10000)
    return f"[{basic}]|(?=[\U00010000-\U0010ffff])[{_ranges([c for c in codes if c >= 0x10000])}]"


def _ranges(codes: list[int]) -> str:
    groups = groupby(enumerate(codes), lambda pair: pair[1] - pair[0])
    runs = ([code for _, code in group] for _, group in groups)
    return "".join(f"{chr(run[0])}-{chr(run[-1])}" for run in runs)
