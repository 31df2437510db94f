"""Messages as PRIVMSG or NOTICE; the same bytes for clients with the same capabilities."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from chatsvc.dialects.irc import message as wire
from chatsvc.dialects.irc.capabilities import CONCAT, MULTILINE, understood
from chatsvc.dialects.irc.composition import LATEST, Piece
from chatsvc.dialects.jsonl import timestamp
from chatsvc.dialects.sentences import clock
from chatsvc.model.message_events import FIRST_PASSING, Said, Told

Tags = Mapping[str, "str | None"]
NO_TAGS: Tags = MappingProxyType({})
Mask = Callable[[str], str]  # of a user's name, as `nick!user@host`


class _LineText(NamedTuple):
    """Sender, target and text; `number` is that of the line, if it has one."""

    source: str
    target: str
    text: str
    action: bool
    number: int
    command: str


def msgid(room: str, number: int) -> str:
    """Return the id of a line in a room, or (@ann,bob) in the conversation of two accounts.

    That of a message that is not stored does not depend on the room.
    """
    return f"{room}-{number}" if number < FIRST_PASSING else f"~{number}"


@lru_cache(maxsize=64)
def ways_with(
    capabilities: frozenset[str], mask: Mask, earlier: bool = False
) -> tuple[Callable[[Said], bytes], Callable[[Said], bytes]]:
    """Return how lines are written for these capabilities, in the current room and in others.

    It is the same value each time, so that a line is encoded once, and all readers use one tuple.
    """

    def write(line: Said) -> bytes:
        return said(line, line.room, capabilities, mask, earlier=earlier)

    return write, write


def said(
    line: Said,
    target: str,
    capabilities: frozenset[str],
    mask: Mask,
    more: Mapping[str, str | None] = {},
    earlier: bool = False,
) -> bytes:
    """Write a line of a room or conversation, new or from the history."""
    tags = {**more, **_tags(line)} if capabilities else NO_TAGS
    text = f"(deleted by {line.deleted})" if line.deleted else line.text
    if earlier:
        text = dated(text, line.time, capabilities)
    source = mask(line.sender)
    if not (tags or line.action or line.notice or LATEST.short or "\n" in text):  # nearly always
        whole = f":{source} PRIVMSG {target} :{text}\r\n".encode()
        if len(whole) <= wire.LONGEST:
            return whole
    command = "NOTICE" if line.notice else "PRIVMSG"
    words = _LineText(source, target, text, line.action, line.number, command)
    return _privmsg(words, capabilities, tags)


def dated(text: str, time: float, capabilities: frozenset[str]) -> str:
    """Prefix earlier text with its time, for clients that would take it for new.

    Bots obey what they take for new, so a command must not come first.
    """
    return text if "server-time" in capabilities else f"[{clock(time)}] {text}"


def _tags(line: Said) -> Tags:
    named = {"time": timestamp(line.time), "msgid": msgid(line.room, line.number)}
    return {**named, **who_tags(line.account, line.bot), **sign_tags(line.signs)}


def who_tags(account: str, bot: bool) -> dict[str, str | None]:
    """Return the tags of a sender: IRCv3 "account-tag", and "bot" (IRCv3 "Bot Mode")."""
    tags: dict[str, str | None] = {"account": account} if account else {}
    return {**tags, "bot": None} if bot else tags


def sign_tags(signs: Mapping[str, str] | None) -> dict[str, str | None]:
    """Return client tags as IRC tags."""
    return {f"+{sign}": value or None for sign, value in signs.items()} if signs else {}


def told(line: Told, room: str, capabilities: frozenset[str], mask: Mask) -> bytes:
    """Write a private message; `room` is its conversation in ids, if it is stored."""
    tags: dict[str, str | None] = {"time": timestamp(line.time)}
    if line.number is not None:
        tags["msgid"] = msgid(room, line.number)
    elif line.id is not None:
        tags["msgid"] = msgid(room, line.id)
    # Client tags come last, so that a client can cut off only its own.
    tags |= {**who_tags(line.account, line.bot), **sign_tags(line.signs)}
    number = line.number or line.id or 0
    text = dated(line.text, line.time, capabilities) if line.late else line.text
    command = "NOTICE" if line.notice else "PRIVMSG"
    words = _LineText(mask(line.sender), line.to, text, line.action, number, command)
    return _privmsg(words, capabilities, tags)


def _privmsg(words: _LineText, capabilities: frozenset[str], tags: Tags) -> bytes:
    """Write as many messages as necessary for several lines or a long one."""
    known = understood(tags, capabilities) if tags else NO_TAGS
    text = words.text
    if "\n" not in text and not (LATEST.short and text in LATEST.short):
        whole = _message(words, text, NO_TAGS)
        if not wire.longer(whole, wire.LONGEST):  # as nearly all
            return (wire.tagged(whole, known) if known else whole).encode()
    return _in_pieces(words, capabilities, known)


def _in_pieces(words: _LineText, capabilities: frozenset[str], known: Tags) -> bytes:
    pieces = list(_pieces(words))
    if capabilities >= MULTILINE and words.command == "PRIVMSG" and not words.action:
        return "".join(_multiline(words, pieces, known)).encode()
    first, *others = (piece.text for piece in pieces if piece.text.strip())
    same = {tag: value for tag, value in known.items() if tag != "msgid"}
    return "".join(
        [_message(words, first, known), *(_message(words, text, same) for text in others)]
    ).encode()


def _pieces(words: _LineText) -> Iterator[Piece]:
    """Yield the pieces of a text, as its sender split it or else as long as possible."""
    room = wire.LONGEST - len(_message(words, "", {}).encode())
    composed = LATEST.of(words.text, room)
    if composed:
        yield from composed
        return
    for line in words.text.split("\n"):
        for position, text in enumerate(wire.pieces(line, room)):
            yield Piece(text, position > 0)


def _message(words: _LineText, text: str, tags: Tags) -> str:
    source, target, _, action, _, command = words
    text = f"\x01ACTION {text}\x01" if action else text
    line = f":{source} {command} {target} :{text}\r\n"
    return wire.tagged(line, tags) if tags else line


def _multiline(words: _LineText, pieces: list[Piece], tags: Tags) -> Iterator[str]:
    """Write an IRCv3 "draft/multiline" batch, which has the tags; nothing else comes between."""
    reference, outer = f"m{words.number}", {tag: tags[tag] for tag in tags if tag == "batch"}
    begin = ("BATCH", f"+{reference}", "draft/multiline", words.target)
    yield wire.write(*begin, source=words.source, tags=tags)
    for piece in pieces:
        concat = {CONCAT: None} if piece.goes_on else {}
        yield _message(words, piece.text, {"batch": reference, **concat})
    yield wire.write("BATCH", f"-{reference}", tags=outer)
