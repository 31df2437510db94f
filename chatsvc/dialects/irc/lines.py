"""What people say, as PRIVMSG; the same bytes for all clients with the same capabilities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from chatsvc.dialects.irc import message as wire
from chatsvc.dialects.irc.supported import understood
from chatsvc.dialects.jsonl import timestamp
from chatsvc.events import Said, Told


def mask(name: str) -> str:
    """Who somebody is to IRC; where they are is nobody's business."""
    return f"{name}!chat@people/{name}"


def msgid(line: Said) -> str:
    return f"{line.room}-{line.number}"


@lru_cache(maxsize=64)
def said_with(capabilities: frozenset[str]) -> Callable[[Said], bytes]:
    """A way of writing lines, the same one for the same capabilities."""

    def write(line: Said) -> bytes:
        return said(line, line.room, capabilities)

    return write


def said(
    line: Said, target: str, capabilities: frozenset[str], more: Mapping[str, str | None] = {}
) -> bytes:
    """A line as PRIVMSG, in pieces if it is too long for one."""
    tags = understood({**more, **_tags(line)}, capabilities) if capabilities else {}
    text = f"(deleted by {line.deleted})" if line.deleted else line.text
    return privmsg(mask(line.sender), target, text, line.action, tags, verb(line))


def _tags(line: Said) -> dict[str, str | None]:
    account = {"account": line.account} if line.account else {}
    return {"time": timestamp(line.time), "msgid": msgid(line), **account}


def verb(line: Said | Told) -> str:
    return "NOTICE" if line.notice else "PRIVMSG"


def privmsg(
    source: str,
    target: str,
    text: str,
    action: bool,
    tags: Mapping[str, str | None],
    command: str = "PRIVMSG",
) -> bytes:
    """Words as PRIVMSG or NOTICE; the pieces of a long text follow each other."""
    head = len(f":{source} {command} {target} :\r\n".encode()) + (9 if action else 0)
    lines = []
    for piece in wire.pieces(text, wire.LONGEST - head):
        words = f"\x01ACTION {piece}\x01" if action else piece
        lines.append(wire.write(command, target, words, source=source, tags=tags))
    return "".join(lines).encode()
