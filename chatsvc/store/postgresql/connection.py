"""Connections to PostgreSQL that are opened again when they break.

Whatever is to be done waits up to 15 seconds for a server that restarts.  It is then done again
from its start, so it must be right to do it twice, even if the first time was completed unnoticed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Condition
from typing import Any, TypeAlias, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict

from chatsvc.store.archive import BROKEN, ArchiveFailed
from chatsvc.store.leading import Deposed
from chatsvc.store.location import Database
from chatsvc.store.postgresql.errors import failed, is_passing, unreachable

T = TypeVar("T")
Link: TypeAlias = psycopg.Connection[tuple[Any, ...]]

PATIENCE = 15.0  # seconds to wait for a server that restarts
PAUSE = 0.2  # between attempts to connect

_DEFAULTS = {  # of libpq, where the address says nothing else: notice a lost server soon
    "application_name": "chatsvc",
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
# A commit is on the disk even if the server's default is otherwise.  The server notices soon if
# this machine is lost, and releases the lock of its service.
_SETTINGS = """
    SET statement_timeout = 0;
    SET lock_timeout = 0;
    SET idle_in_transaction_session_timeout = 0;
    SET idle_session_timeout = 0;
    SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') = 'off';
    SET default_transaction_isolation = 'read committed';
    SET tcp_keepalives_idle = 5;
    SET tcp_keepalives_interval = 2;
    SET tcp_keepalives_count = 3;
    SET tcp_user_timeout = 10000
"""
_MISREAD = (
    "The address {place} cannot be read. In its user name and password, write special characters"
    " with %, such as %40 for @, %2F for / and %3A for a colon."
)
_CLOSED = "Cannot use the archive {place}: it is closed."


def connect(database: Database, kind: type[Link] = psycopg.Connection, **settings: Any) -> Link:
    """Return a new connection, which commits each statement outside a transaction."""
    try:
        read = conninfo_to_dict(database.address)
    except psycopg.Error as error:
        # What libpq says may contain parts of the password.
        raise (
            ArchiveFailed(_MISREAD.format(place=database))
            if database.has_password
            else unreachable(database, error)
        ) from None
    if database.is_misread(read):
        raise ArchiveFailed(_MISREAD.format(place=database))
    chosen: dict[str, Any] = {name: value for name, value in _DEFAULTS.items() if name not in read}
    chosen |= settings
    link = kind.connect(database.address, autocommit=True, client_encoding="UTF8", **chosen)
    try:
        link.execute(_SETTINGS, prepare=False)
    except BaseException:
        link.close()
        raise
    link.prepare_threshold = 0
    return link


def nothing(link: Link) -> None:
    """Prepare nothing."""


class Connection:
    """One connection, for use by one thread at a time.

    When `prepare` or the work raises `Deposed`, it is closed, and every further use raises that.
    `prepares` says whether psycopg lets the server prepare the statements that it executes.
    """

    def __init__(
        self,
        database: Database,
        prepare: Callable[[Link], object] = nothing,
        prepares: bool = True,
    ) -> None:
        self._database = database
        self._prepare = prepare
        self._prepares = prepares
        self._link: Link | None = None
        self._is_down = 0.0  # since when, if the last attempt to connect has failed
        self._is_closed = False
        self._is_deposed = False

    def open(self) -> None:
        """Connect now, without waiting for the server."""
        try:
            self._connected()
        except psycopg.Error as error:
            raise unreachable(self._database, error) from error

    def close(self, last: Callable[[Link], object] = nothing) -> None:
        """Disconnect for good; if there is a connection, do some last work."""
        self._is_closed = True
        if self._link is not None:
            with suppress(psycopg.Error):
                last(self._link)
        self._drop()

    def run(self, work: Callable[[Link], T]) -> T:
        """Do work; do it again if the connection breaks, unless the server stays away too long."""
        begun = self._is_down or time.monotonic()
        pause = 0.0  # a broken connection is replaced at once
        while True:
            try:
                return work(self._connected())
            except Deposed:
                self._is_deposed = True
                self._drop()
                raise
            except psycopg.Error as error:
                if not is_passing(error):
                    raise failed(self._database, error) from error
                is_connecting = self._link is None
                self._drop()
                if time.monotonic() > begun + PATIENCE:
                    self._is_down = begun
                    raise (unreachable if is_connecting else failed)(
                        self._database, error
                    ) from error
            time.sleep(PAUSE if is_connecting else pause)
            pause = PAUSE

    def _connected(self) -> Link:
        """Return the connection; connect first if there is none."""
        if self._is_deposed:
            raise Deposed
        if self._is_closed:
            raise ArchiveFailed(_CLOSED.format(place=self._database), BROKEN)
        if self._link is None:
            try:
                self._link = self._prepared()
            except Deposed:
                raise
            except ArchiveFailed as failed:  # it may name the address
                raise ArchiveFailed(str(failed), BROKEN) from None
            self._is_down = 0.0
        return self._link

    def _prepared(self) -> Link:
        link = connect(self._database)
        if not self._prepares:
            link.prepare_threshold = None
        try:
            self._prepare(link)
        except BaseException:
            link.close()
            raise
        return link

    def _drop(self) -> None:
        if self._link is not None:
            with suppress(psycopg.Error):
                self._link.close()
            self._link = None


class Connections:
    """Connections for any number of threads, each opened when all others are in use."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._idle: list[Connection] = []
        self._used = 0
        self._is_closed = False
        self._changed = Condition()

    def run(self, work: Callable[[Link], T]) -> T:
        """Do work with a connection of its own."""
        connection = self._take()
        try:
            return connection.run(work)
        finally:
            with self._changed:
                self._idle.append(connection)
                self._used -= 1
                self._changed.notify_all()

    def _take(self) -> Connection:
        with self._changed:
            if self._is_closed:
                raise ArchiveFailed(_CLOSED.format(place=self._database), BROKEN)
            self._used += 1
            return self._idle.pop() if self._idle else Connection(self._database)

    def close(self) -> None:
        """Disconnect all, once none of them is in use any more."""
        with self._changed:
            self._is_closed = True
            self._changed.wait_for(lambda: not self._used)
            for connection in self._idle:
                connection.close()
