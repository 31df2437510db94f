"""One person and one connection's seat: what the hub remembers of each.  No rules, no bytes."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from hashlib import blake2b
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from chatsvc.auth.scram import Exchange
from chatsvc.auth.throttle import Source
from chatsvc.model.batch import Batch, Shared
from chatsvc.model.events import Event, Found, History, Part, Refused, Request, Said
from chatsvc.model.records import Account
from chatsvc.model.text_rules import key
from chatsvc.store.search_query import Spot

if TYPE_CHECKING:
    from chatsvc.core.room import Room


class Wire(Protocol):
    """What the hub sees of a connection."""

    address: str
    """The peer's IP address; empty where there is none."""

    secure: bool
    """What is said cannot be read on the way."""

    fingerprint: str
    """SHA-256 of the peer's certificate, in small hexadecimal digits; empty where there is none."""

    full: bool
    """Nothing more can be sent for now, because the reader is slow."""

    def show(self, batch: Batch, elsewhere: bool) -> None:
        """Send all lines of `batch`; `elsewhere` says that it is not the room talked to."""

    def show_personally(self, batch: Batch, elsewhere: bool, session: Session) -> None:
        """Send `batch` as `session` sees it: some lines are its own, some are hidden from it."""

    def tell(self, event: Event, here: str | None, tag: str | None) -> None:
        """Send an event other than a line."""

    def tell_part(
        self, event: History | Found, here: str | None, tag: str | None, part: Part
    ) -> None:
        """Send a part of a long answer; whatever else is sent meanwhile comes after its end."""

    async def ready(self, read: int = 0) -> None:
        """Charge for lines read from the archive, and return when more can be sent.

        Then everything was taken and is paid for, or the connection is closed.
        """

    def announce(self, event: Shared, here: str | None) -> None:
        """Send an event that many are told."""

    def hold(self, held: bool) -> None:
        """Read nothing more from this connection, or (False) go on."""

    def run(self, request: Request) -> None:
        """Do what was asked, and go on reading."""

    def close(self) -> None:
        """Close once everything is sent."""

    def fail(self, error: Exception) -> None:
        """Log what went wrong for this connection and close it, soon but not at once."""


class User:
    """Somebody who is here, under a name; with an account perhaps over several connections."""

    __slots__ = (
        "account", "active", "aliases", "away", "bot", "ignores", "key", "name", "realname",
        "sessions", "since",
    )  # fmt: skip

    def __init__(self, name: str, now: float, account: Account | None = None) -> None:
        self.name = name
        self.key = key(name)
        self.since = now
        self.active = 0.0  # when they last did something, by the clock
        self.sessions: list[Session] = []
        self.account: Account | None = account
        self.away: str | None = None
        self.realname = ""
        self.bot = False
        self.ignores: dict[str, str] | None = None  # names as written, by key
        self.aliases: dict[str, str] = {}  # those of them that others took later: what for
        if account is not None:
            self.away = account.away
            self.ignores = {key(name): name for name in account.ignores}

    @property
    def operator(self) -> bool:
        return self.account is not None and self.account.operator

    def rooms(self) -> list[Room]:
        """Those in which any connection is."""
        found = {room.key: room for session in self.sessions for room in session.rooms.values()}
        return list(found.values())

    def ignores_user(self, other: User) -> bool:
        """Whether this one hears nothing of `other`, under any name."""
        if not self.ignores:
            return False
        account = other.account
        return other.key in self.ignores or (
            account is not None and key(account.name) in self.ignores
        )


def marks(name: str, account: Account | None, client: str | None) -> frozenset[str]:
    """What a ban can know somebody by, besides their address."""
    found = {f"name={key(name)}", f"client={client}"}
    if account is not None:
        found |= {f"account={account.id}", f"name={key(account.name)}"}
    return frozenset(found)


class Mark(NamedTuple):
    """Up to which line somebody has read a room, and the time of that line; 0 is none yet."""

    number: int = 0
    time: float = 0.0


class LastSearch(NamedTuple):
    """What somebody has looked for, and the last line that they were shown, if there are older."""

    query: str
    older: Spot | None


class Proof(NamedTuple):
    """A proof that is under way or complete: whose account it is about, and since when."""

    account: Account | None  # as it was then
    since: float  # seconds
    exchange: Exchange | None = None


_connections = count(1)
_salt = secrets.token_bytes(16)


def _digest(password: str) -> bytes:
    return blake2b(password.strip().encode(), key=_salt).digest()


class Session:
    """One connection's seat: its user, its rooms, what is on its way."""

    __slots__ = (
        "_connection", "_typed", "choices", "client", "confirmed", "conversations", "door",
        "exchange", "here", "in_flight", "knocks", "leaving", "left", "let_past", "missed",
        "proved", "question", "read_to", "rooms", "searched", "since", "suggestion", "target",
        "user", "waited_for", "when_settled", "whispered", "wire",
    )  # fmt: skip

    def __init__(self, wire: Wire, now: float) -> None:
        self.wire = wire
        self.since = now
        self._connection = str(next(_connections))
        self._typed = b""  # a digest of the password that was typed last, until something else is
        self.user: User | None = None
        self.client = ""
        self.rooms: dict[str, Room] = {}
        self.conversations: dict[str, Room] = {}
        self.read_to: dict[str, Mark] = {}  # by the keys of rooms; of who has no account
        self.here: Room | None = None  # the room talked to
        self.target: User | Account | None = None  # the person talked to instead
        self.question: str | None = "name"  # what the next plain line answers
        self.choices: tuple[str, ...] = ()  # the numbered answers, if there are any
        self.suggestion: str | None = None  # the name that an empty line accepts
        self.door: str | None = None  # the name given before a password was asked for
        self.proved: Proof | None = None  # complete, before the name
        self.exchange: Proof | None = None  # under way
        self.confirmed: Proof | None = None  # complete, once the client takes the server's proof
        self.let_past = False  # gave the password of the whole chat
        self.knocks = 0
        self.in_flight = 0
        self.leaving = False
        self.when_settled: Callable[[], object] | None = None
        self.missed = False
        self.waited_for = ""  # of whom was said that they are not here, or away
        self.left: dict[str, int] = {}  # the last lines shown in rooms that one has left
        self.whispered: User | Account | None = None  # who whispered last
        self.searched: LastSearch | None = None  # what was looked for last

    @property
    def name(self) -> str:
        return self.person.name

    @property
    def person(self) -> User:
        """The user, of a session that has one."""
        assert self.user is not None
        return self.user

    @property
    def source(self) -> Source:
        """Where this session's guesses at secrets come from."""
        return self.source_of(self.client)

    def source_of(self, client: str | None) -> Source:
        """The same before the session has a client."""
        return Source(self.wire.address, self._connection, client or "")

    def note_password(self, password: str) -> None:
        """Remember what was typed at a password prompt, which is nothing but a password."""
        self._typed = _digest(password)

    def check_no_password(self, text: str) -> None:
        """Refuse a password that is typed again when nobody asks for it any more."""
        if not self._typed:
            return
        if _digest(text) == self._typed:
            raise Refused("not-allowed", "Not sent: that is your password.")
        self._typed = b""

    @property
    def marks(self) -> frozenset[str]:
        """What a ban can know this session by, besides its address."""
        return marks(self.person.name, self.person.account, self.client)

    def owns(self, line: Said) -> bool:
        """Whether a line was said here, or by the same account since there is one."""
        if line.client == self.client:
            return True
        account = self.user.account if self.user else None
        return account is not None and account.name == line.account and line.time >= account.since

    def hides(self, line: Said) -> bool:
        """Whether a line is by somebody ignored, or of somebody quietly muted; never one's own."""
        ignores = self.user.ignores if self.user else None
        if not (ignores or line.quiet):
            return False
        ignored = ignores and (key(line.sender) in ignores or key(line.account) in ignores)
        return bool(ignored or line.quiet) and not self.owns(line)

    def tell(self, event: Event, tag: str | None = None) -> None:
        """Tell this session what it asked for, or must know."""
        try:
            self.wire.tell(event, self.here.name if self.here else None, tag)
        except Exception as error:
            self.wire.fail(error)

    def tell_part(self, event: History | Found, tag: str | None, part: Part) -> None:
        """Tell a part of a long answer."""
        self.safely(self.wire.tell_part, event, self.here.name if self.here else None, tag, part)

    def announce(self, event: Shared) -> None:
        """Tell what a slow reader can do without, and is told to have missed."""
        if self.wire.full:
            self.missed = True
            return
        try:
            self.wire.announce(event, self.here.name if self.here else None)
        except Exception as error:
            self.wire.fail(error)

    def hold(self, held: bool) -> None:
        """Read nothing more from this connection, or (False) go on."""
        self.safely(self.wire.hold, held)

    def close(self) -> None:
        """Close the connection once everything is sent."""
        self.safely(self.wire.close)

    def safely(self, act: Callable[..., object], *arguments: Any) -> None:
        """Do something for this session alone; only its own connection suffers if it fails."""
        try:
            act(*arguments)
        except Exception as error:
            self.wire.fail(error)

    def settle(self, count: int = 1) -> None:
        """Some of this session's lines are kept, or refused."""
        self.in_flight = max(0, self.in_flight - count)
        if self.in_flight == 0:
            if self.when_settled:
                call, self.when_settled = self.when_settled, None
                self.safely(call)
            else:
                self.hold(False)

    def once_settled(self, call: Callable[[], object]) -> None:
        """Call when none of this session's lines is on its way any more."""
        if self.in_flight:
            self.when_settled = call
        else:
            self.safely(call)
