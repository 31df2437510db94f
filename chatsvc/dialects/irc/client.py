"""The state of one IRC client: its identity, requests and output.  No rules of the chat."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from chatsvc.dialects.irc import message as wire
from chatsvc.dialects.irc.capabilities import OF_EVENTS, OF_LINES, understood
from chatsvc.dialects.irc.composition import Piece
from chatsvc.dialects.irc.labeled import Labeled, WrittenLine
from chatsvc.dialects.irc.numerics import NUMERICS
from chatsvc.dialects.irc.privmsg import (
    NO_TAGS,
    Mask,
    Tags,
    msgid,
    said,
    said_with,
    told,
    who_tags,
)
from chatsvc.dialects.irc.registration_state import Registration, Stage
from chatsvc.dialects.jsonl import timestamp
from chatsvc.model.happened import Happened
from chatsvc.model.message_events import Said, Told
from chatsvc.model.origins import mask_of
from chatsvc.model.presence_events import Person
from chatsvc.model.requests import Request
from chatsvc.model.roll import Roll
from chatsvc.model.room_events import Rule, Unread
from chatsvc.model.server_events import Welcome
from chatsvc.model.stamps import Stamp
from chatsvc.model.text_rules import IRC_SERVER, LONGEST_WORDS, key

_END_OF_BATCH = re.compile(r"(?:@\S+ )?BATCH -\S+\r\n")  # which no text begins with
_CRLF = re.compile(r".*?\r\n", re.DOTALL)  # some formatting codes are line ends for `splitlines`
MOST_ASKED = 300  # pending answers: one message can ask for 252 channels


class Pending(NamedTuple):
    """What a client requested, for when the answer arrives."""

    command: str
    params: Sequence[str] = ()
    labeled: Labeled | None = None
    service: str = ""  # the service that answers, if it was addressed by name

    def param(self, position: int) -> str:
        """Return a parameter, or `*` if there are fewer."""
        return self.params[position] if position < len(self.params) else "*"

    @property
    def first(self) -> str:
        return self.param(0)


LATER = "LATER"  # the command of replies that wait for earlier answers
NOTHING = Pending("")  # the subject of events that answer no message


@dataclass(slots=True)
class Sasl:
    """A SASL authentication in progress."""

    mechanism: str
    said: str = ""  # of the client's response so far
    begun: bool = False  # the chat has received the first one


@dataclass(slots=True)
class Collected:
    """A multiline batch that a client is sending; `about` is what its answer belongs to."""

    reference: str
    target: str
    about: Pending
    signs: dict[str, str]  # client tags
    pieces: list[Piece] = field(default_factory=list)
    lines: int = 0
    size: int = 0  # bytes
    failed: bool = False

    def drop(self) -> None:
        """Forget the lines: the batch can no longer be sent."""
        self.failed = True
        self.pieces.clear()

    def add(self, text: str, goes_on: bool) -> None:
        """Append a line, or continue the last one."""
        goes_on = goes_on and self.lines > 0
        self.size += len(text.encode()) + (self.lines > 0 and not goes_on)
        self.pieces.append(Piece(text, goes_on))
        self.lines += not goes_on

    @property
    def text(self) -> str:
        """The whole message."""
        lines = (piece.text if piece.goes_on else f"\n{piece.text}" for piece in self.pieces)
        return "".join(lines).removeprefix("\n")


def _one_word(param: str) -> str:
    """Return text as a parameter that need not come last: a client may have sent anything."""
    return param.split(" ")[0].lstrip(":") or "*"


def reason(text: str) -> str:
    """Return a topic or a reason, cut to the length that ISUPPORT states, as servers do."""
    return text[:LONGEST_WORDS]


def told_address(address: str) -> str:
    """Return an address as a parameter; a leading colon would start the last one."""
    return f"0{address}" if address.startswith(":") else address


def _no_standing(name: str) -> tuple[str, bool]:
    return "", False


def _no_roll(room: str, nick: str) -> None:
    return None


class Client:
    """The state of one connection; whoever sends its output calls `taken`."""

    __slots__ = (
        "_asked", "_batch", "_inside", "_labeled", "_numbers", "_replies", "_requests", "about",
        "account", "account_of", "bot", "capabilities", "changed", "collected", "earlier",
        "happened", "latest", "mask", "needs_email", "nick", "now", "opened", "operator", "quit",
        "realname", "registers_early", "registration", "roll", "rooms", "sasl", "secure", "server",
        "speaker", "standing", "sts", "telling", "unread", "version", "wallops", "welcome",
        "write_said",
    )  # fmt: skip

    def __init__(
        self,
        mask: Mask = mask_of,
        account_of: Callable[[str], str] = str,
        now: Callable[[], float] = float,
        standing: Callable[[str], tuple[str, bool]] = _no_standing,
        roll: Callable[[str, str], tuple[Roll, Sequence[Person]] | None] = _no_roll,
    ) -> None:
        self.server = IRC_SERVER
        self.mask, self.account_of, self.now = mask, account_of, now
        self.standing = standing  # the account and whether a user is a bot
        self.roll = roll  # who is in a crowded room
        self.nick = "*"
        self.registration = Registration()
        self.welcome: Welcome | None = None  # what the chat has reported about itself
        self.choose(frozenset())
        self.realname = ""
        self.account: str | None = None
        self.bot = False
        self.operator = False
        self.wallops = False
        self.unread: dict[str, Unread] = {}  # unread rooms that the client has not rejoined
        self.rooms: dict[str, str] = {}  # spellings of channels, by their common form
        self.earlier: dict[str, int] = {}  # the last line of each room before the client joined
        self.collected: Collected | None = None  # the batch that the client is sending
        self.changed: list[Rule] = []  # rules changed by one request, of which more follow
        self.quit = ""  # who left last; others are told once per room
        self.version = 301  # of capability negotiation
        self.secure = False  # the connection uses TLS
        self.sts: tuple[int, int] | None = None  # duration and port of the policy
        self.registers_early = False  # accounts before registration is complete
        self.needs_email = False  # to register an account
        self.sasl: Sasl | None = None
        self.speaker = ""  # the source of text answers; by default the server
        self.happened: list[Happened] = []  # what is left to write of a page of history
        self.opened = ""  # the batch of a long answer
        self.telling = NOTHING  # the message that it answers
        self.latest = NOTHING  # the message being read
        self._replies: list[str] = []
        self._requests: list[Request] = []
        self.about: object = NOTHING  # the subject of events without a tag
        self._asked: dict[str, Pending] = {}
        self._labeled: Labeled | None = None  # to whose answer everything belongs at the moment
        self._inside = False
        self._batch: dict[str, str | None] = {}  # the tag of the batch around all output
        self._numbers = count(1)

    def choose(self, capabilities: frozenset[str]) -> None:
        """Use these capabilities from now on."""
        self.capabilities = capabilities
        # Clients with the same capabilities share a way of writing lines.
        self.write_said = said_with(capabilities & OF_LINES, self.mask)

    @property
    def registered(self) -> bool:
        """Whether registration is complete."""
        return self.registration.stage is Stage.REGISTERED

    @property
    def wanted_nick(self) -> str:
        """The nickname, or the one to be registered."""
        return self.nick if self.registered else self.registration.name

    @property
    def modes(self) -> str:
        """The user modes; people are found only by name or in rooms shared with them."""
        found = (("B", self.bot), ("i", True), ("o", self.operator), ("w", self.wallops))
        return "".join(letter for letter, is_set in found if is_set)

    # Output

    def send(
        self,
        command: str,
        *params: str,
        source: str = "",
        by: str = "",
        stamp: Stamp | None = None,
        tags: Tags = NO_TAGS,
    ) -> None:
        """Send a message, with those of its tags that the client understands.

        That of a user (`by`) has a time, and their account (IRCv3 "account-tag").
        """
        if by:
            source = source or self.mask(by)
            if self.capabilities & OF_EVENTS:
                tags = {**self._tags_of(by, stamp), **tags}
        known = understood({**self._batch, **tags}, self.capabilities)
        *middle, last = (command, *params)
        line = wire.write(*map(_one_word, middle), last, source=source or self.server)
        self._add(wire.tagged(wire.short(line), known) if known else wire.short(line))

    def _tags_of(self, by: str, stamp: Stamp | None) -> dict[str, str | None]:
        """Return the tags of an event that a user causes now, or has caused."""
        account, bot = self.standing(by) if stamp is None else stamp[2:]
        tags: dict[str, str | None] = {"time": timestamp(stamp.time if stamp else self.now())}
        if stamp is not None:
            tags["msgid"] = msgid("", stamp.id)
        return tags | who_tags(account, bot)

    def reply(self, name: str, *params: str) -> None:
        """Send a numeric reply; its text, if it has any, comes last."""
        number, words = NUMERICS[name]
        self.send(number, self.nick, *params, *([words] if words is not None else []))

    def reply_later(self, name: str, *params: str) -> None:
        """Send a numeric reply after the answers to what was requested before."""
        self.ask("settle", Pending(LATER, (name, *params)))

    def replies(self, name: str, *params: str, items: Sequence[str], by: str = " ") -> None:
        """Send as many replies as the items need.

        Items come last, or before the fixed text.
        """
        for row in self.rows(name, *params, items=items, by=by):
            self.reply(name, *params, row)

    def rows(self, name: str, *params: str, items: Sequence[str], by: str = " ") -> list[str]:
        """Return as many items in each row as fit into a reply."""
        number, words = NUMERICS[name]
        after = (" ",) if words is None else ("*", words)
        head = len(wire.write(number, self.nick, *params, *after, source=self.server).encode()) - 1
        rows, room = [""], wire.LONGEST - head
        for item in items:
            row = f"{rows[-1]}{by}{item}" if rows[-1] else item
            if len(row.encode()) <= room:
                rows[-1] = row
            else:
                rows.append(item)
        return rows if items else []

    def targets(self, param: str, most: int) -> list[str]:
        """Split the targets of a message, and answer those beyond the maximum with 407."""
        targets = [target for target in param.split(",") if target]
        for target in targets[most:]:
            self.reply("TOOMANYTARGETS", target, f"Not done: at most {most} targets at once")
        return targets[:most]

    def fail(self, command: str, code: str, *params: str) -> None:
        """Send a FAIL: the command, a code for programs, the context, and the text."""
        self.send("FAIL", command, code, *params)

    def error(self, text: str) -> None:
        """Send ERROR, the last message."""
        self._add(wire.short(wire.write("ERROR", text)))

    def notice(self, text: str, source: str = "", to: str = "", tags: Tags = NO_TAGS) -> None:
        """Send as many notices as the text needs."""
        source, to = source or self.speaker or self.server, to or self.nick
        head = len(wire.write("NOTICE", to, " ", source=source).encode()) - 1
        for piece in wire.pieces(text, wire.LONGEST - head):
            self.send("NOTICE", to, piece, source=source, tags=tags)

    def line(self, line: Said, target: str, earlier: bool = False) -> None:
        """Send a line, new or from the history."""
        self._raw(said(line, target, self.capabilities, self.mask, self._batch, earlier))

    def private_line(self, line: Told) -> None:
        self._raw(told(line, self.room_in_ids(line.room), self.capabilities, self.mask))

    def room_in_ids(self, room: str) -> str:
        """Return what the ids of a room's lines begin with, the same for both in a conversation."""
        if room.startswith("#") or self.account is None:
            return room
        return "@" + ",".join(sorted((self.account, room.removeprefix("@"))))

    def _raw(self, data: bytes) -> None:
        lines = _CRLF.findall(data.decode())
        one = bool(lines) and _END_OF_BATCH.fullmatch(lines[-1]) is not None
        for position, line in enumerate(lines):
            self._add(line, inside=one and position > 0)

    def _add(self, text: str, inside: bool = False) -> None:
        if self._labeled is None:
            self._replies.append(text)
        else:
            self._labeled.lines.append(WrittenLine(text, inside or bool(self._batch)))

    @contextmanager
    def batch(self, kind: str, *params: str) -> Iterator[None]:
        """Send everything in the block as one batch, to clients that support batches."""
        if "batch" not in self.capabilities or self._inside:
            yield
            return
        reference = self._new_batch()
        self.send("BATCH", f"+{reference}", kind, *params)
        before, self._batch = self._batch, {"batch": reference}
        try:
            yield
        finally:
            self._batch = before
            self._add(wire.write("BATCH", f"-{reference}", source=self.server), inside=True)

    def begin_batch(self, label: str, kind: str, *params: str) -> str:
        """Open a batch that is sent in several parts; it answers the labeled message."""
        reference = self._new_batch()
        tags = {"label": label} if label else {}
        self._add(
            wire.write("BATCH", f"+{reference}", kind, *params, source=self.server, tags=tags)
        )
        return reference

    def end_batch(self, reference: str) -> None:
        """Close the batch that was sent in several parts, if there is one."""
        if reference:
            self._add(wire.write("BATCH", f"-{reference}", source=self.server))

    @contextmanager
    def inside(self, reference: str) -> Iterator[None]:
        """Continue a batch, if there is one, with everything in the block, and open no other."""
        before = self._batch, self._inside
        self._batch, self._inside = {"batch": reference} if reference else {}, True
        try:
            yield
        finally:
            self._batch, self._inside = before

    def taken(self) -> bytes:
        """Return and clear the output."""
        if not self._replies:
            return b""
        replies, self._replies = self._replies, []
        return "".join(replies).encode()

    def _new_batch(self) -> str:
        """Return a reference for a new batch."""
        return f"b{next(self._numbers)}"

    @contextmanager
    def answering(self, labeled: Labeled | None) -> Iterator[None]:
        """Let everything in the block belong to the answer to one message."""
        before, self._labeled = self._labeled, labeled
        try:
            yield
        finally:
            self._labeled = before
            if labeled is not None:
                labeled.waiting -= 1
                if not labeled.waiting:
                    self._replies += labeled.written(self.server, self._new_batch())

    @contextmanager
    def adding_to(self, labeled: Labeled | None) -> Iterator[None]:
        """Let everything in the block belong to an answer that is not complete."""
        before, self._labeled = self._labeled, labeled
        try:
            yield
        finally:
            self._labeled = before

    def forget(self, room: str) -> None:
        """Note that the client has left a room."""
        self.rooms.pop(key(room), None)
        self.earlier.pop(room, None)

    # Requests

    def ask(self, do: str, about: Pending | None = None, /, **args: object) -> None:
        """Send the chat a request; its answer is sent in the context of `about`."""
        tag = self._expect(about or self.latest)
        self._requests.append(Request(do, None, args, tag, None, NOTHING))

    def ask_in_context(self, do: str, about: Pending | None = None, /, **args: object) -> None:
        """Send a request of which `about` is the context of other events too."""
        tag = self._expect(about or self.latest)
        self._requests.append(Request(do, None, args, tag, None, self._asked[tag]))

    def _expect(self, about: Pending) -> str:
        """Return a tag that identifies the answer."""
        labeled = self._labeled
        if labeled is not None:
            labeled.waiting += 1
        tag = f"irc-{next(self._numbers)}"
        self._asked[tag] = about._replace(labeled=labeled)
        while len(self._asked) > MOST_ASKED:
            del self._asked[next(iter(self._asked))]
        return tag

    def say(self, do: str, about: Pending | None = None, /, **args: object) -> None:
        """Send a request that is answered by showing the line; `about` is for a refusal."""
        wanted = self._labeled is not None or about is not None
        tag = self._expect(about or self.latest) if wanted else None
        context = NOTHING if wanted else self.latest
        self._requests.append(Request(do, None, args, tag, None, context))

    def type(self, name: str, rest: str, about: Pending | None = None) -> None:
        """Request a command of the chat, written as people write it."""
        tag = self._expect(about or self.latest)
        self._requests.append(Request(name, rest, {}, tag, None, NOTHING))

    def requests(self) -> Sequence[Request]:
        """Return the next requests to the chat, in order; each is returned once."""
        requests, self._requests = self._requests, []
        return requests

    def asked(self, tag: str | None) -> Pending:
        """Return what an answer is about."""
        if tag is not None:
            return self._asked.pop(tag, NOTHING)
        return self.about if isinstance(self.about, Pending) else NOTHING

    # Lines

    @contextmanager
    def telling_earlier_lines(self) -> Iterator[None]:
        """Write lines in the block as history from before the client joined."""
        before = self.write_said
        self.write_said = said_with(self.capabilities & OF_LINES, self.mask, earlier=True)
        try:
            yield
        finally:
            self.write_said = before

    def write_own(self, line: Said) -> bytes:
        """Echo the client's own line if it wants that, or confirm that a labeled one is stored."""
        echo = self.write_said(line) if "echo-message" in self.capabilities else b""
        asked = self._asked.pop(line.tag, None) if line.tag is not None else None
        if asked is None or asked.labeled is None:
            return echo
        with self.answering(asked.labeled):
            self._raw(echo)
        return self.taken()
