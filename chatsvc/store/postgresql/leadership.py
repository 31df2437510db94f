"""Leading a chat: one program holds the lock of the archive, and has an epoch of its own.

The connection that writes holds the lock, so nothing can be written without it.  A leader whose
connection breaks may take the lock again, unless another node has led meanwhile: then the epoch
has increased, and what the former leader has in memory is out of date.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

from chatsvc.store.leading import LEASE, Announcement, Deposed, Leader
from chatsvc.store.location import Database
from chatsvc.store.postgresql.connection import Link, connect
from chatsvc.store.postgresql.errors import failed, unreachable
from chatsvc.store.postgresql.migrations import check_server, check_writable, stored_version

T = TypeVar("T")

RELEASED = 3.0  # seconds for the server to notice that a killed program is gone

_SINCE = 2  # the version of the tables that have a leader
_CONNECTING = 2  # seconds for a watcher's connection
_ANSWER = 1.0  # seconds for each answer to a watcher
_TERMINATED = 500  # milliseconds for the end of a deposed leader's backend

_TAKE = """SELECT pg_try_advisory_lock(
               hashtext('a service of chatsvc'), hashtext(current_schema()))"""
_HOLDER = """SELECT pid FROM pg_locks
             WHERE locktype = 'advisory' AND granted AND objsubid = 2
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                   AND classid = (hashtext('a service of chatsvc')::bigint & 4294967295)::oid
                   AND objid = (hashtext(current_schema())::bigint & 4294967295)::oid"""
_LEAD = """UPDATE leader SET epoch = epoch + 1, node = %s, address = %s, fingerprint = %s,
                             secret = %s, backend = pg_backend_pid(), seen = clock_timestamp()
           RETURNING epoch"""
_CONTINUE = """UPDATE leader SET backend = pg_backend_pid(), seen = clock_timestamp()
               WHERE epoch = %s RETURNING epoch"""
_RENEW = "UPDATE leader SET seen = clock_timestamp() WHERE epoch = %s"
_STOP = "UPDATE leader SET secret = '' WHERE epoch = %s"
_LOOK = f"""SELECT epoch, node, address, fingerprint, secret,
                   greatest(0, extract(epoch FROM clock_timestamp() - seen))::double precision,
                   backend, ({_HOLDER})
            FROM leader"""
# The row is locked first, so that a heartbeat that is under way counts.
_DEPOSE = f"""WITH silent AS (
                  SELECT backend FROM leader
                  WHERE epoch = %s
                        AND seen < clock_timestamp() - make_interval(secs => %s)
                        AND pg_postmaster_start_time()
                            < clock_timestamp() - make_interval(secs => %s)
                  FOR UPDATE
              )
              SELECT pg_terminate_backend(backend, %s) FROM silent WHERE backend = ({_HOLDER})"""


class Held(psycopg.OperationalError):
    """Another program holds the lock of this archive; it may release it soon."""


class Leadership:
    """The lock and the epoch of the program that writes an archive."""

    def __init__(self, announcement: Announcement) -> None:
        self._announcement = announcement
        self.epoch = 0  # until it leads

    def take_lock(self, link: Link) -> None:
        """Take the lock for as long as the connection exists; raise `Held` or `Deposed`."""
        is_taken = try_lock(link)
        if self.epoch and _epoch(link) != self.epoch:
            raise Deposed
        if not is_taken:
            raise Held("another chatsvc is using it. Stop that one, or use another database")

    def announce(self, link: Link) -> None:
        """Begin to lead, or go on after the connection has broken; the tables are up to date."""
        if self.epoch:
            self._expect(link.execute(_CONTINUE, (self.epoch,)))
            return
        said = self._announcement
        values = said.node, said.address, said.fingerprint, said.secret
        (self.epoch,) = link.execute(_LEAD, values).fetchone() or (0,)

    def renew(self, link: Link) -> None:
        """Note that this program still runs."""
        self._expect(link.execute(_RENEW, (self.epoch,)))

    def stop(self, link: Link) -> None:
        """Note that this program stops, so that another node may lead at once."""
        link.execute(_STOP, (self.epoch,))

    def _expect(self, changed: psycopg.Cursor[Any]) -> None:
        if not changed.rowcount:
            raise Deposed


def try_lock(link: Link) -> bool:
    """Take the lock of an archive, unless another program holds it."""
    return link.execute(_TAKE).fetchone() == (True,)


def lock_soon(link: Link) -> bool:
    """Take the lock; give the server a moment to notice that a killed program is gone."""
    end = time.monotonic() + RELEASED
    while not try_lock(link):
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def is_held(link: Link) -> bool:
    """Return whether a program holds the lock of an archive."""
    return link.execute(_HOLDER).fetchone() is not None


def leader(link: Link) -> Leader | None:
    """Return who leads or has led last, or None if nobody has and nobody does."""
    if stored_version(link) < _SINCE:
        return Leader(present=True) if is_held(link) else None
    row = link.execute(_LOOK).fetchone()
    if row is None:
        return None
    epoch, node, address, fingerprint, secret, age, backend, holder = row
    if holder not in (None, backend):
        return Leader(epoch, age=age, present=True)
    found = Leader(epoch, node, address, fingerprint, secret, age, present=holder is not None)
    return found if epoch else None


def _epoch(link: Link) -> int:
    (epoch,) = link.execute("SELECT epoch FROM leader").fetchone() or (0,)
    return int(epoch)


class Watcher:
    """Watches who leads, for a node that does not; for use by one thread at a time.

    Everything ends within about 3 seconds, and raises `ArchiveFailed` if the server does not
    answer.  The next call connects again.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._link: Link | None = None

    def look(self) -> Leader | None:
        """Return who leads or has led last; None if the database has no leader yet.

        The tables may be those of another version, newer or older.
        """
        return self._run(leader)

    def depose(self, leader: Leader) -> bool:
        """Take the lock away from a leader whose heartbeat has stopped; return whether it is gone.

        A server that has started recently may have kept the heartbeat from being stored.
        """
        values = leader.epoch, LEASE, LEASE, _TERMINATED
        return self._run(lambda link: link.execute(_DEPOSE, values).fetchone()) == (True,)

    def own_address(self) -> str:
        """Return the IP address from which the server sees this node."""
        query = "SELECT coalesce(host(inet_client_addr()), '127.0.0.1')"
        (address,) = self._run(lambda link: link.execute(query).fetchone()) or ("",)
        return str(address)

    def close(self) -> None:
        """Disconnect."""
        if self._link is not None:
            with suppress(psycopg.Error):
                self._link.close()
            self._link = None

    def _run(self, work: Callable[[Link], T]) -> T:
        try:
            link = self._connected()
        except psycopg.Error as error:
            raise unreachable(self._database, error) from error
        try:
            return work(link)
        except psycopg.Error as error:
            self.close()
            raise failed(self._database, error) from error

    def _connected(self) -> Link:
        if self._link is None:
            link = connect(self._database, _ImpatientLink, connect_timeout=_CONNECTING)
            try:
                check_server(link, self._database)
                check_writable(link)
            except BaseException:
                link.close()
                raise
            self._link = link
        return self._link


class _ImpatientLink(psycopg.Connection[tuple[Any, ...]]):
    """A connection that breaks when an answer is late, as that of a stopped process is."""

    def wait(self, gen: PQGen[T], *args: Any, **kwargs: Any) -> T:
        """Wait for an answer, but not for long."""
        return super().wait(self._limited(gen), *args, **kwargs)

    def _limited(self, gen: PQGen[T]) -> Generator[Any, Any, T]:
        end = time.monotonic() + _ANSWER
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() > end:
                    self.close()
                    raise psycopg.OperationalError("the server does not answer")
                wanted = gen.send(ready)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
