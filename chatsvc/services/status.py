"""What the administrator asks about the running service: its state, and who is online."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from chatsvc import __version__
from chatsvc.auth.accounts import Accounts
from chatsvc.core.chat import Room, Session, User
from chatsvc.core.directory import Directory
from chatsvc.core.timer import Timer
from chatsvc.model.administration_events import NodeStatus, ServiceStatus
from chatsvc.model.control import Answer
from chatsvc.model.room_events import Setting
from chatsvc.policy.lockdown import LockdownSwitch
from chatsvc.services.reports import Inbox
from chatsvc.store.archive import Monitored


class Nodes(NamedTuple):
    """The nodes that serve this chat, the leading one first; none if only one process can."""

    nodes: tuple[NodeStatus, ...] = ()
    epoch: int | None = None
    heartbeat: float | None = None


class Status:
    """Reads the state of the service; changes nothing."""

    def __init__(
        self,
        directory: Directory,
        accounts: Accounts,
        lockdown: LockdownSwitch,
        reports: Inbox,
        store: Monitored,
        clock: Timer,
        now: Callable[[], float],
    ) -> None:
        self._directory = directory
        self._accounts = accounts
        self._lockdown = lockdown
        self._reports = reports
        self._store = store
        self._clock = clock
        self._now = now
        self._begun = clock.seconds()
        self.connections: Callable[[], int] = lambda: len(directory.sessions)
        self.nodes: Callable[[], Nodes] = Nodes
        self.settings: tuple[Setting, ...] = ()  # those that can change while the service runs

    @property
    def since(self) -> float:
        """Return when the service started, in seconds since 1970 by the current time of day."""
        return self._now() - (self._clock.seconds() - self._begun)

    def summary(self) -> ServiceStatus:
        """Return the figures of `chatsvc status`."""
        pace, sizes = self._store.commits.pace(), self._store.file_sizes()
        return ServiceStatus(
            version=__version__,
            since=round(self.since, 3),
            people=len(self._directory.users),
            peak=self._directory.peak,
            connections=self.connections(),
            rooms=len(self._directory.rooms),
            accounts=sum(1 for _ in self._accounts),
            reports=len(self._reports),
            lockdown=self._lockdown.on,
            messages_per_second=round(pace.lines_per_second, 2),
            commit_ms=round(pace.mean * 1000, 3),
            longest_commit_ms=round(pace.longest * 1000, 3),
            waiting=self._store.waiting,
            archive_bytes=sizes.get("archive", 0) + sizes.get("log", 0),
            index_bytes=sizes.get("index", 0),
            **self.nodes()._asdict(),
        )

    def people(self) -> list[Answer]:
        """Return everybody online, in the order of their names."""
        return [self._person(user) for _, user in sorted(self._directory.users.items())]

    def _person(self, user: User) -> Answer:
        return {
            "name": user.name,
            "account": user.account_name or None,
            "operator": user.operator,
            "since": round(min(each.since for each in user.sessions), 3),
            "idle": round(self._clock.seconds() - user.active, 1),
            "away": user.away,
            "rooms": sorted(room.name for room in user.rooms()),
            "connections": [_connection(each) for each in user.sessions],
        }

    def rooms(self) -> list[Answer]:
        """Return every room, in the order of their names."""
        return [self._room(room) for _, room in sorted(self._directory.rooms.items())]

    def _room(self, room: Room) -> Answer:
        founders = (id for id, one in room.roster.items() if one.role == "founder")
        return {
            "name": room.name,
            "people": len(room.people),
            "last": room.last,
            "time": round(room.time, 3) or None,
            "founder": next((self._accounts.name_of(id) for id in founders), None),
            "hidden": room.rules.hidden,
            "keep": room.rules.keep,
        }


def _connection(session: Session) -> Answer:
    wire = session.wire
    place = {"node": wire.node} if wire.node else {}
    return {"address": wire.address, "tls": wire.secure, "since": session.since, **place}
