"""Events about accounts, authentication and connections.  No behaviour."""

from __future__ import annotations

from typing import ClassVar, TypeAlias

from chatsvc.model.value import value


@value
class You:
    """Your identity has changed; `how` says why: register, login, logout, unregister, claim."""

    WIRE: ClassVar[str] = "you"

    name: str
    account: str | None
    operator: bool
    how: str


@value
class Proved:
    """You have authenticated with this account."""

    WIRE: ClassVar[str] = "proved"

    account: str


@value
class Challenge:
    """What your next step must answer, in an authentication of several steps."""

    WIRE: ClassVar[str] = "challenge"

    data: str


@value
class Certificates:
    """The SHA-256 fingerprints of the certificates that log in to your account.

    `own` is that of this connection's certificate, if it has one.
    """

    WIRE: ClassVar[str] = "certificates"

    fingerprints: tuple[str, ...]
    own: str = ""


@value
class Identified:
    """A user is known to have an account from now on, or (None) to have none any more."""

    WIRE: ClassVar[str] = "identified"

    name: str
    account: str | None


@value
class Operating:
    """You are now an operator, as you requested, because you are logged in to this account."""

    WIRE: ClassVar[str] = "operating"

    name: str
    account: str = ""


@value
class Seat:
    """One of your own connections, counted from 1; `own` is this one."""

    number: int
    since: float
    address: str
    rooms: tuple[str, ...]
    own: bool


@value
class TokenInfo:
    """One of your tokens, without its secret; `own` is the one this connection logged in with."""

    number: int
    label: str
    since: float
    used: float
    own: bool


@value
class Sessions:
    """The connections of an account, and its tokens."""

    WIRE: ClassVar[str] = "sessions"
    sessions: tuple[Seat, ...]
    tokens: tuple[TokenInfo, ...] = ()


@value
class Token:
    """The secret of a new token of your account, which nobody is told again."""

    WIRE: ClassVar[str] = "token"

    token: str
    number: int
    label: str


@value
class Code:
    """A code with which one user may register."""

    WIRE: ClassVar[str] = "code"

    code: str


AccountEvent: TypeAlias = (
    You | Proved | Challenge | Certificates | Identified | Operating | Sessions | Token | Code
)  # fmt: skip
