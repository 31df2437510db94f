"""What is sent to one IRC client: messages, lines, and the batches and answers around them.

Nothing about what the client requests, and no words: who calls this knows what to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count

from chatsvc.dialects.irc import message as wire
from chatsvc.dialects.irc.capabilities import OF_EVENTS, OF_LINES, understood
from chatsvc.dialects.irc.labeled import Labeled, WrittenLine
from chatsvc.dialects.irc.numerics import NUMERICS
from chatsvc.dialects.irc.privmsg import (
    NO_TAGS,
    Mask,
    Tags,
    msgid,
    said,
    told,
    ways_with,
    who_tags,
)
from chatsvc.dialects.jsonl import timestamp
from chatsvc.model.message_events import Said, Told
from chatsvc.model.origins import mask_of
from chatsvc.model.stamps import Stamp
from chatsvc.model.text_rules import IRC_SERVER

_END_OF_BATCH = re.compile(r"(?:@\S+ )?BATCH -\S+\r\n")  # which no text begins with
_CRLF = re.compile(r".*?\r\n", re.DOTALL)  # some formatting codes are line ends for `splitlines`


def no_standing(name: str) -> tuple[str, bool]:
    """Return that nothing is known of anybody: no account, and no bot."""
    return "", False


class ClientOutput:
    """Writes to one client in its form; whoever sends that calls `taken`."""

    __slots__ = (
        "_batch", "_inside", "_labeled", "_numbers", "_replies", "account", "capabilities", "mask",
        "nick", "now", "said", "server", "speaker", "standing",
    )  # fmt: skip

    def __init__(
        self,
        mask: Mask = mask_of,
        now: Callable[[], float] = float,
        standing: Callable[[str], tuple[str, bool]] = no_standing,
    ) -> None:
        self.server = IRC_SERVER
        self.mask, self.now = mask, now
        self.standing = standing  # the account and whether a user is a bot
        self.nick = "*"
        self.account: str | None = None
        self.speaker = ""  # the source of text answers; by default the server
        self.choose(frozenset())
        self._replies: list[str] = []
        self._labeled: Labeled | None = None  # to whose answer everything belongs at the moment
        self._inside = False
        self._batch: dict[str, str | None] = {}  # the tag of the batch around all output
        self._numbers = count(1)

    def choose(self, capabilities: frozenset[str]) -> None:
        """Use these capabilities from now on."""
        self.capabilities = capabilities
        # Clients with the same capabilities share a way of writing lines.
        self.said = ways_with(capabilities & OF_LINES, self.mask)

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

    def fail(self, command: str, code: str, *params: str) -> None:
        """Send a FAIL: the command, a code for programs, the context, and the text."""
        self.send("FAIL", command, code, *params)

    def error(self, text: str) -> None:
        """Send ERROR, the last message, in the form that clients know."""
        self._add(wire.short(wire.write("ERROR", f"Closing Link: {self.server} ({text})")))

    def notice(self, text: str, source: str = "", to: str = "", tags: Tags = NO_TAGS) -> None:
        """Send as many notices as the text needs."""
        source, to = source or self.speaker or self.server, to or self.nick
        head = len(wire.write("NOTICE", to, " ", source=source).encode()) - 1
        for piece in wire.pieces(text, wire.LONGEST - head):
            self.send("NOTICE", to, piece, source=source, tags=tags)

    # Lines

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

    @contextmanager
    def telling_earlier_lines(self) -> Iterator[None]:
        """Write lines in the block as history from before the client joined."""
        before = self.said
        self.said = ways_with(self.capabilities & OF_LINES, self.mask, earlier=True)
        try:
            yield
        finally:
            self.said = before

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

    # Batches

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

    def _new_batch(self) -> str:
        """Return a reference for a new batch."""
        return f"b{next(self._numbers)}"

    # Answers

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

    def taken(self) -> bytes:
        """Return and clear the output."""
        if not self._replies:
            return b""
        replies, self._replies = self._replies, []
        return "".join(replies).encode()


def _one_word(param: str) -> str:
    """Return text as a parameter that need not come last: a client may have sent anything."""
    return param.split(" ")[0].lstrip(":") or "*"
