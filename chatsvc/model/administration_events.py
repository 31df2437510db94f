"""Events about the service as a whole, for operators.  No behaviour."""

from __future__ import annotations

from typing import ClassVar, TypeAlias

from chatsvc.model.room_events import Setting
from chatsvc.model.value import value


@value
class NodeStatus:
    """A node of several that serve a chat.

    It has led or relayed since this time; `lag_ms` is the round trip of its link.
    """

    name: str
    leads: bool
    connections: int
    since: float
    version: str
    lag_ms: float | None = None  # None for the one that leads


@value
class ServiceStatus:
    """The figures of the running service; `chatsvc status` shows the same.

    The rate and the commit times are those of the last minute.  A chat in PostgreSQL has `nodes`,
    the leading one first.
    """

    WIRE: ClassVar[str] = "status"

    version: str
    since: float
    people: int
    peak: int
    connections: int
    rooms: int
    accounts: int
    reports: int  # open
    lockdown: bool
    messages_per_second: float
    commit_ms: float
    longest_commit_ms: float
    waiting: int  # messages that are not stored yet
    archive_bytes: int
    index_bytes: int
    nodes: tuple[NodeStatus, ...] = ()
    epoch: int | None = None  # increases whenever a node begins to lead
    heartbeat: float | None = None  # seconds since the leading node stored it last


OF_NODES = ("nodes", "epoch", "heartbeat")


@value
class AccountInfo:
    """A registered name as operators see it; `used` is the last sign-in."""

    name: str
    since: float
    used: float | None
    sessions: int
    operator: bool
    disabled: bool


@value
class AccountList:
    """Accounts in the order of their names; `count` is how many match, `more` that some follow."""

    WIRE: ClassVar[str] = "accounts"
    ENTRIES: ClassVar[str] = "accounts"

    accounts: tuple[AccountInfo, ...]
    count: int
    more: bool = False


@value
class Settings:
    """The administrator's settings that can change while the service runs."""

    WIRE: ClassVar[str] = "settings"

    settings: tuple[Setting, ...]


AdministrationEvent: TypeAlias = ServiceStatus | AccountList | Settings
