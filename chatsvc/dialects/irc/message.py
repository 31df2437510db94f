"""IRC messages: parsing and writing, without their meaning.

The Modern IRC Client Protocol, "Message Format"; IRCv3 "Message Tags".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from chatsvc.model.characters import before_code
from chatsvc.model.text_rules import LONGEST_WORDS

LONGEST = 512  # bytes with CRLF, without tags
LONGEST_TAGS = 4096  # maximum bytes of a client's tags, from @ to the space
_BEFORE_COMMANDS = ("@", ":", " ")  # tags, a source, spaces
_LONGEST_COMMAND = 32  # characters of a command that a refusal repeats

_WORDS = {  # how many parameters are words of the protocol, never text
    **dict.fromkeys(
        ("ACCOUNT", "AUTHENTICATE", "BATCH", "CHATHISTORY", "CHGHOST", "MARKREAD", "MODE",
         "TAGMSG", "004", "221", "324", "329", "333", "341", "346", "348", "367",
         "770", "771", "772", "775"), 99
    ),
    "JOIN": 1,
    "PART": 1,
    "REDACT": 2,
}  # fmt: skip
_ESCAPED = str.maketrans({";": "\\:", " ": "\\s", "\\": "\\\\", "\r": "\\r", "\n": "\\n"})
_SPECIAL = re.compile(r"[; \\\r\n]")
_NEVER = {ord("\0"): None, ord("\r"): None}  # which some programs take for the end
_MEANT = {":": ";", "s": " ", "\\": "\\", "r": "\r", "n": "\n"}


class TooLong(Exception):
    """The message has more bytes than allowed."""


class Message(NamedTuple):
    """A command in capital letters, its parameters and tags; a client's source is ignored."""

    command: str
    params: Sequence[str] = ()
    tags: Mapping[str, str] = {}


def parse(line: str) -> Message | None:
    """Parse a line; return None if it is empty; raise `TooLong` if it is too long."""
    if not line.isprintable():
        line = line.translate(_NEVER)
    tags: Mapping[str, str] = {}
    if line[:1] in _BEFORE_COMMANDS:
        tags, line = _tags(line)
        if longer(line, LONGEST - 2):
            raise TooLong
        line = f" {_without_source(line)}"
    elif longer(line, LONGEST - 2):
        raise TooLong
    middle, colon, trailing = line.partition(" :")
    words = [word for word in middle.split(" ") if word]
    if not words:
        return None
    if colon:
        words.append(trailing)
    return Message(words[0].upper(), words[1:], tags)


def beginning(line: str) -> Message:
    """Return the command and tags of a refused line, as far as they can be read."""
    try:
        tags, line = _tags(line)
    except TooLong:
        return Message("*")
    command = _without_source(line).partition(" ")[0].upper()
    known = command.isascii() and command.isalnum() and len(command) <= _LONGEST_COMMAND
    return Message(command if known else "*", (), tags)


def _tags(line: str) -> tuple[Mapping[str, str], str]:
    """Split a line into its tags and the rest."""
    if not line.startswith("@"):
        return {}, line
    written, _, line = line[1:].partition(" ")
    if longer(written, LONGEST_TAGS - 2):
        raise TooLong
    return tags_of(written), line


def tags_of(written: str) -> dict[str, str]:
    """Return tags by name; of several with the same name, the last one."""
    return dict(map(_tag, filter(None, written.split(";"))))


def _without_source(line: str) -> str:
    line = line.lstrip(" ")
    return line.partition(" ")[2].lstrip(" ") if line.startswith(":") else line


def longer(text: str, size: int) -> bool:
    """Return whether `text` has more bytes than that; a character has at most four."""
    return len(text) * 4 > size and len(text.encode()) > size


def _tag(written: str) -> tuple[str, str]:
    key, _, value = written.partition("=")
    return key, _unescaped(value)


def _unescaped(value: str) -> str:
    if "\\" not in value:
        return value
    found, rest = [], iter(value)
    for c in rest:
        if c == "\\":
            c = next(rest, "")
            c = _MEANT.get(c, c)
        found.append(c)
    return "".join(found)


def write(
    command: str, *params: str, source: str = "", tags: Mapping[str, str | None] | None = None
) -> str:
    """Write a message with CRLF; its last parameter may contain spaces, or be empty.

    Text follows " :" even if it is one word: small clients and bots look for it only there.
    """
    head = f":{source} " if source else ""
    if tags:
        head = f"@{_written(tags)} {head}"
    *middle, last = (command, *params)
    text = len(params) > _WORDS.get(command, 0)
    if text or (params and (not last or last[0] == ":" or " " in last)):
        last = f":{last}"
    return f"{head}{' '.join([*middle, last])}\r\n"


def _written(tags: Mapping[str, str | None]) -> str:
    return ";".join(
        key if value is None else f"{key}={_escaped(value)}" for key, value in tags.items()
    )


def tagged(line: str, tags: Mapping[str, str | None]) -> str:
    """Add tags, which come first, to a written message."""
    return f"@{_written(tags)}{f';{line[1:]}' if line.startswith('@') else f' {line}'}"


def _escaped(value: str) -> str:
    return value if _SPECIAL.search(value) is None else value.translate(_ESCAPED)


def short(line: str) -> str:
    """Truncate a written message without tags to the maximum length."""
    if not longer(line, LONGEST):
        return line
    return line.encode()[: LONGEST - 2].decode(errors="ignore").rstrip(" ") + "\r\n"


def reason(text: str) -> str:
    """Return a topic or a reason, cut to the length that ISUPPORT states, as servers do."""
    return text[:LONGEST_WORDS]


def told_address(address: str) -> str:
    """Return an address as a parameter; a leading colon would start the last one."""
    return f"0{address}" if address.startswith(":") else address


def pieces(text: str, room: int) -> list[str]:
    """Split `text` into pieces of at most `room` bytes, after spaces if possible."""
    found = []
    while longer(text, room):
        cut = len(text.encode()[:room].decode(errors="ignore"))
        blank = text.rfind(" ", 0, cut) + 1
        end = blank if blank > cut // 2 else before_code(text, cut) or cut
        found.append(text[:end])
        text = text[end:]
    return [*found, text]
