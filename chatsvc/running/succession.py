"""Who led last, and when another node may lead: the leader has ended, or its lease is over."""

from __future__ import annotations

import time
from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

from chatsvc.store.archive import ArchiveFailed
from chatsvc.store.leading import LEASE, Leader

SILENT = 5.0  # seconds for which it must be late, while the database answers and there is a link
NAMESAKE, AGAIN = 3.0, 0.2  # seconds for the heartbeat of a leader of the same name, and a look

NAME_TAKEN = (
    "The node that leads the chat is called {node}, too, and runs at {address}. Give each node a"
    " name of its own with --node."
)
MAY_RUN = (
    "The node {node}, which led last, may still run. Another one leads when it has stored no"
    " heartbeat for ten seconds."
)


def last_leader(look: Callable[[], Leader | None], name: str) -> Leader | None:
    """Return who leads or has led last.

    Raise `ArchiveFailed` if that is a node of this name that runs: its heartbeat goes on.
    """
    before = look()
    end = time.monotonic() + NAMESAKE
    while before is not None and before.present and before.node == name:
        time.sleep(AGAIN)
        now = look()
        if now is not None and now.epoch == before.epoch and now.age < before.age:
            raise ArchiveFailed(NAME_TAKEN.format(node=name, address=now.address))
        before = now
        if time.monotonic() > end:
            break
    return before


class Succession:
    """What this node knows about the end of the node that leads."""

    def __init__(self, node: str, clock: IReactorTime) -> None:
        self._node = node
        self.host = ""  # at which other nodes reach this one
        self._clock = clock
        self._stopping = ""  # the secret of a leader that has said goodbye
        self._ended = ""  # the secret of a leader that has closed its link
        self._late_since: float | None = None

    def stops(self, leader: Leader) -> None:
        """Note that a leader stops."""
        self._stopping = leader.secret

    def ended(self, leader: Leader) -> None:
        """Note that a leader has closed its link: the system does so when a process is killed."""
        self._ended = leader.secret

    def begins(self) -> None:
        """Note that there is a link to the leader, or that this node leads."""
        self._ended = ""
        self._late_since = None

    def is_stopping(self, leader: Leader) -> bool:
        """Return whether a leader is about to release the lock."""
        return leader.secret in ("", self._stopping)

    def is_late(self, leader: Leader | None) -> bool:
        """Return whether a leader to which there is a link has stored no heartbeat for long.

        If the database was away, the leader needs a moment to notice that it is back.
        """
        now = self._clock.seconds()
        if leader is not None and leader.age <= LEASE:
            self._late_since = None
        elif self._late_since is None:
            self._late_since = now
        return self._late_since is not None and now - self._late_since > SILENT

    def obstacle(self, leader: Leader | None) -> str:
        """Return why this node may not lead although nobody holds the lock, or an empty text.

        The last leader may have lost the database, and still answer people.  A secret that is
        removed says that it has stopped, and a node of this name on this host is this node itself.
        """
        if leader is None or leader.age > LEASE or leader.secret in ("", self._ended):
            return ""
        was_this = leader.node == self._node and leader.address.rpartition(":")[0] == self.host
        return "" if was_this else MAY_RUN.format(node=leader.node)
