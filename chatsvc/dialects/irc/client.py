"""One IRC client: who it is, what it has asked, which capabilities it has.  No rule of the chat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import count
from typing import NamedTuple

from chatsvc.dialects.irc import message as wire
from chatsvc.dialects.irc.message import Message
from chatsvc.dialects.irc.numerics import NUMERICS
from chatsvc.dialects.jsonl import timestamp
from chatsvc.events import Request, Said, Welcome

CAPABILITIES = {
    "account-tag": "",
    "away-notify": "",
    "batch": "",
    "cap-notify": "",
    "draft/chathistory": "",
    "echo-message": "",
    "message-tags": "",
    "multi-prefix": "",
    "sasl": "PLAIN",
    "server-time": "",
    "userhost-in-names": "",
}
_OF_LINES = frozenset(("account-tag", "message-tags", "server-time"))
MOST_ASKED = 200  # answers that are waited for


class Asked(NamedTuple):
    """What a client wanted to know, for when the answer comes."""

    command: str
    params: tuple[str, ...] = ()


class Client:
    """What is remembered of one connection; its answers are `taken` by who sends them."""

    def __init__(self) -> None:
        self.server = "chatsvc"
        self.nick = "*"
        self.welcome: Welcome | None = None
        self.capabilities: frozenset[str] = frozenset()
        self.latest = Asked("")  # what was read last; a refusal without a tag is about that
        self._replies: list[str] = []
        self._requests: list[Request] = []
        self._asked: dict[str, Asked] = {}
        self._numbers = count(1)

    # What is sent

    def send(self, command: str, *params: str, source: str = "", **tags: str | None) -> None:
        """A message, with those of its tags that the client understands."""
        if "message-tags" not in self.capabilities:
            tags = {}
        self._replies.append(wire.write(command, *params, source=source or self.server, tags=tags))

    def reply(self, name: str, *params: str) -> None:
        """A numeric reply; its own words, if it has any, come last."""
        number, words = NUMERICS[name]
        self.send(number, self.nick, *params, *([words] if words is not None else []))

    def notice(self, text: str) -> None:
        self.send("NOTICE", self.nick, text)

    def raw(self, data: bytes) -> None:
        """Lines that are written already."""
        self._replies.append(data.decode())

    def taken(self) -> bytes:
        """What is to be sent now."""
        replies, self._replies = self._replies, []
        return "".join(replies).encode()

    # What is asked

    def ask(self, do: str, about: Asked | None = None, /, **args: object) -> None:
        """Ask the chat for something; the answer is told in the words of `about`."""
        about = about or self.latest
        tag = f"irc-{next(self._numbers)}"
        self._asked[tag] = about
        while len(self._asked) > MOST_ASKED:
            del self._asked[next(iter(self._asked))]
        self._requests.append(Request(do, None, args, tag))

    def say(self, do: str, **args: object) -> None:
        """Ask for what answers itself by being shown."""
        self._requests.append(Request(do, None, args))

    def type(self, name: str, rest: str) -> None:
        """Give a command of the chat's, as people write it."""
        self.ask(name)
        request = self._requests.pop()
        self._requests.append(request._replace(rest=rest))

    def next_request(self) -> Request | None:
        return self._requests.pop(0) if self._requests else None

    def about(self, tag: str | None) -> Asked:
        """What an answer is about."""
        return self.latest if tag is None else self._asked.get(tag, Asked(""))

    # Lines

    @property
    def write_said(self) -> Callable[[Said], bytes]:
        """How lines are written for all clients with these capabilities."""
        return said_with(self.capabilities & _OF_LINES)

    def write_own(self, line: Said) -> bytes:
        return self.write_said(line) if "echo-message" in self.capabilities else b""


def mask(name: str, account: str = "") -> str:
    """Who somebody is to IRC; where they are is nobody's business."""
    return f"{name}!chat@{f'user/{account}' if account else 'guest'}"


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
    tags: dict[str, str | None] = dict(more)
    if "server-time" in capabilities:
        tags["time"] = timestamp(line.time)
    if "message-tags" in capabilities:
        tags["msgid"] = f"{line.room}-{line.number}"
    if "account-tag" in capabilities and line.account:
        tags["account"] = line.account
    text = f"(deleted by {line.deleted})" if line.deleted else line.text
    return privmsg(mask(line.sender, line.account), target, text, line.action, tags)


def privmsg(
    source: str, target: str, text: str, action: bool, tags: Mapping[str, str | None]
) -> bytes:
    """Words as PRIVMSG; the pieces of a long text follow each other."""
    head = len(f":{source} PRIVMSG {target} :\r\n".encode()) + (9 if action else 0)
    lines = []
    whole = filter(None, text.split("\n"))
    for piece in (piece for line in whole for piece in wire.pieces(line, wire.LONGEST - head)):
        words = f"\x01ACTION {piece}\x01" if action else piece
        lines.append(wire.write("PRIVMSG", target, words, source=source, tags=tags))
    return "".join(lines).encode()


def parsed(client: Client, line: str) -> Message | None:
    """The message in a line; one that is too long is refused at once."""
    try:
        return wire.parse(line)
    except wire.TooLong:
        client.reply("INPUTTOOLONG")
        return None
