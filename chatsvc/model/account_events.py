"""Events about accounts, authentication and connections.  No behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias


@dataclass(frozen=True, slots=True)
class You:
    """Who one is now; `how` is what made it so: register, login, logout, unregister, claim."""

    WIRE: ClassVar[str] = "you"

    name: str
    account: str | None
    operator: bool
    how: str


@dataclass(frozen=True, slots=True)
class Proved:
    """One has proved whose account one comes with."""

    WIRE: ClassVar[str] = "proved"

    account: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """What one's next step must answer, in a proof that takes several."""

    WIRE: ClassVar[str] = "challenge"

    data: str


@dataclass(frozen=True, slots=True)
class Certificates:
    """The SHA-256 fingerprints of the certificates that prove one's account.

    `own` is that of the certificate with which one has come, if there is one.
    """

    WIRE: ClassVar[str] = "certificates"

    fingerprints: tuple[str, ...]
    own: str = ""


@dataclass(frozen=True, slots=True)
class Identified:
    """Somebody is known to have an account from now on, or (None) to have none any more."""

    WIRE: ClassVar[str] = "identified"

    name: str
    account: str | None


@dataclass(frozen=True, slots=True)
class Operating:
    """One is an operator, as one has asked to be."""

    WIRE: ClassVar[str] = "operating"

    name: str


@dataclass(frozen=True, slots=True)
class Seat:
    """One of one's own connections, counted from 1; `own` is the one that asks."""

    number: int
    since: float
    address: str
    rooms: tuple[str, ...]
    own: bool


@dataclass(frozen=True, slots=True)
class Sessions:
    """The connections of an account."""

    WIRE: ClassVar[str] = "sessions"
    sessions: tuple[Seat, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """A code with which one person may register."""

    WIRE: ClassVar[str] = "code"

    code: str


AccountEvent: TypeAlias = (
    You | Proved | Challenge | Certificates | Identified | Operating | Sessions | Code
)  # fmt: skip
