"""Who leads a chat that several nodes serve from one archive."""

from __future__ import annotations

from dataclasses import dataclass, field

from chatsvc.store.archive import ArchiveFailed

LEASE = 10.0  # seconds without a heartbeat after which another node may lead


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a node that leads tells the others, so that they reach it."""

    node: str = ""
    address: str = ""
    fingerprint: str = ""
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Leader:
    """The node that leads, or the last one that did, if it is not `present`.

    A leader that is present without a name has announced nothing yet, or is a program that lets
    nobody join: an older version, or a copy of the archive.
    """

    epoch: int = 0
    node: str = ""
    address: str = ""
    fingerprint: str = ""
    secret: str = field(default="", repr=False)
    age: float = 0.0  # seconds since its last heartbeat, by the database's clock
    present: bool = False  # it holds the lock of the archive at the moment


class InUse(ArchiveFailed):
    """Another program leads the chat, or copies its archive."""


class Deposed(ArchiveFailed):
    """Another node has led since; this one must not write any more."""

    def __init__(self) -> None:
        super().__init__(
            "Another node leads the chat now, so this one has stopped writing.",
            "This server no longer leads the chat. Reconnect.",
        )
