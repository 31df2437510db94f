"""Who leads an archive in PostgreSQL: one program at a time, and no former leader writes."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from itertools import count, groupby
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from conftest import at_once, no_turn, start
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keeper import Keeper, line, now
from leading_writers import OLD_SERVICE, Lead, disconnect, leave, writer_of
from postgresql import Server, lacks
from postgresql_archives import Open, execute
from real import lacking
from waiting import LIMIT, wait_until

from chatsvc.model.records import Fact
from chatsvc.store.archive import ArchiveFailed, Workers
from chatsvc.store.leading import Announcement, Deposed, InUse, Leader
from chatsvc.store.location import Database
from chatsvc.store.postgresql.opening import postgresql_archive

if TYPE_CHECKING:
    from chatsvc.store.postgresql.leadership import Watcher
    from chatsvc.store.postgresql.writer import Writer

RECONNECT = "This server no longer leads the chat. Reconnect."
STORED = "SELECT number, text FROM said ORDER BY number"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail whenever the archive would wait; without PostgreSQL, skip the test."""
    if reason := lacks():
        lacking(reason)
    from chatsvc.store.postgresql import connection, leadership, writer

    def sleep(seconds: float) -> None:
        assert not seconds

    for module in (connection, leadership, writer):
        clock = SimpleNamespace(sleep=sleep, monotonic=time.monotonic)
        monkeypatch.setattr(module, "time", clock)


def add_first_step(database: Database) -> None:
    """Create the tables as the first version did."""
    from chatsvc.store.postgresql.migrations import steps

    execute(database, steps()[0], "UPDATE chatsvc SET version = 1")


def version(database: Database) -> int:
    ((found,),) = execute(database, "SELECT version FROM chatsvc")
    return int(found)


# Before it leads


def test_tables_are_not_changed_while_an_older_server_uses_them(
    database: Database, lead: Lead, watcher: Watcher
) -> None:
    from chatsvc.store.postgresql.connection import connect
    from chatsvc.store.postgresql.offline import Ledger

    add_first_step(database)
    with connect(database) as older:
        older.execute(OLD_SERVICE.encode())
        with pytest.raises(InUse, match="another chatsvc is using it"):
            lead("ann")
        with pytest.raises(ArchiveFailed, match="A server of an older chatsvc uses"):
            Ledger(database)
        assert watcher.look() == Leader(present=True)
        assert version(database) == 1
    lead("ann")
    assert version(database) == 2
    with Ledger(database) as ledger:
        ledger.put(Fact("lockdown", "on"))


def test_an_archive_of_the_first_version_is_kept(database: Database, open_database: Open) -> None:
    add_first_step(database)
    execute(
        database,
        "SELECT keep_v1(ARRAY['#tea'], ARRAY[1, 1], ARRAY[1, 2], ARRAY[1, 2], ARRAY['ann', 'bob'],"
        " ARRAY['one', 'two'], ARRAY[0, 0]::smallint[], ARRAY['a', 'b'], ARRAY['c', 'd'],"
        " ARRAY['', ''], ARRAY[false, false], ARRAY['', ''])",
    )
    keeper = open_database().keep(line("three"))
    assert keeper.read() == ["one", "two", "three"]
    assert keeper.numbers() == [3]


def test_a_node_does_not_wait_for_the_leader(lead: Lead, impatient: None) -> None:
    lead("ann")
    with pytest.raises(InUse):
        lead("bob")


def test_each_leader_announces_itself_under_a_new_epoch(
    database: Database, lead: Lead, watcher: Watcher
) -> None:
    assert watcher.look() is None
    for epoch, name in enumerate(("ann", "bob", "ann"), 1):
        writer = lead(name)
        found = watcher.look()
        assert found is not None
        assert 0 <= found.age < LIMIT
        said = name, f"{name}:1", f"print of {name}", f"key of {name}"
        assert found == Leader(epoch, *said, age=found.age, present=True)
        assert "key of" not in repr(found) + repr(Announcement(*said))
        leave(database, writer)
        last = watcher.look()
        assert last is not None
        assert (last.epoch, last.node, last.present) == (epoch, name, False)


# When its connection breaks


def test_a_leader_goes_on_if_nobody_else_has_led(
    database: Database, lead: Lead, watcher: Watcher
) -> None:
    ann = lead("ann")
    ann.commit([line("one")])
    disconnect(database)
    before = watcher.look()
    assert ann.commit([line("two")]).said["#tea"][0].number == 2
    ann.renew()
    found = watcher.look()
    assert before is not None
    assert found is not None
    assert (before.epoch, before.present) == (1, False)
    assert (found.epoch, found.node, found.present) == (1, "ann", True)


@pytest.mark.parametrize("stop", [Server.stop, Server.kill])
@pytest.mark.slow
def test_a_leader_goes_on_after_a_restart_of_the_server(
    server: Server, stop: Callable[[Server], None]
) -> None:
    schema = f"restart_{stop.__name__}"
    server.execute(f"CREATE SCHEMA {schema}")
    database = Database(server.uri(schema))
    ann = writer_of(database, "ann")
    ann.open()
    ann.commit([line("one")])
    stop(server)
    server.start()
    assert ann.commit([line("two")]).said["#tea"][0].number == 2
    assert execute(database, "SELECT epoch FROM leader") == [(1,)]
    ann.close()


def test_a_leader_waits_for_the_end_of_its_own_former_connection(
    database: Database, lead: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chatsvc.store.postgresql.connection import connect

    ann = lead("ann")
    disconnect(database)
    former = connect(database)
    former.execute(OLD_SERVICE.encode())
    monkeypatch.setattr(time, "sleep", lambda seconds: former.close())
    assert ann.commit([line("one")]).said["#tea"][0].number == 1
    assert former.closed


@pytest.mark.parametrize("leads", [True, False])
def test_a_former_leader_writes_nothing_and_says_so_at_once(
    database: Database,
    lead: Lead,
    impatient: None,
    leads: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from chatsvc.store.postgresql import connection

    ann = lead("ann")
    ann.commit([line("one")])
    disconnect(database)
    bob = lead("bob")
    bob.commit([line("two")])
    if not leads:
        leave(database, bob)
    uses: list[Callable[[], object]] = [
        lambda: ann.commit([line("three")]),
        ann.renew,
        lambda: ann.set_topic("#tea", "Assam", "ann", 1.0),
        lambda: ann.put((Fact("lockdown", "on"),)),
        ann.changed,
    ]
    for use in uses:
        with pytest.raises(Deposed) as deposed:
            use()
        assert deposed.value.for_users == RECONNECT
        monkeypatch.setattr(connection, "connect", None)  # it does not ask the server again
    monkeypatch.undo()
    assert execute(database, STORED) == [(1, "one"), (2, "two")]
    assert execute(database, "SELECT topic FROM room") == [("",)]
    assert execute(database, "SELECT FROM fact") == []


def test_a_former_leader_is_deposed_even_if_a_newer_version_has_led(
    database: Database, lead: Lead
) -> None:
    ann = lead("ann")
    disconnect(database)
    execute(database, "UPDATE chatsvc SET version = 99", "UPDATE leader SET epoch = epoch + 1")
    with pytest.raises(Deposed):
        ann.commit([line("one")])


def test_a_leader_with_the_lock_is_deposed_if_the_epoch_is_not_its_own(
    database: Database, lead: Lead
) -> None:
    ann = lead("ann")
    execute(database, "UPDATE leader SET epoch = epoch + 1")  # as a restored table may have
    with pytest.raises(Deposed):
        ann.renew()
    lead("bob")


def test_people_are_told_to_reconnect(database: Database, lead: Lead) -> None:
    workers = Workers(*[at_once] * 5)
    told: list[str] = []

    class Remembering(Keeper):
        def not_kept(self, lines: object, failed: ArchiveFailed) -> None:
            told.append(failed.for_users)

    archive = postgresql_archive(database, workers, no_turn, start, announcement=Announcement())
    keeper = Remembering(archive).keep(line("one"))
    now(archive.renew())
    disconnect(database)
    lead("bob")
    keeper.keep(line("two"))
    assert (keeper.numbers(), told) == ([1], [RECONNECT])
    with pytest.raises(Deposed):
        now(archive.renew())
    now(archive.close())


# Whatever happens, in any order


NAMES = ("ann", "bob", "cat")
STEP = st.tuples(st.sampled_from(["open", "commit", "kill", "close"]), st.sampled_from(NAMES))


class Model:
    """Who leads, who holds the lock, and what is stored."""

    def __init__(self, database: Database, watcher: Watcher) -> None:
        self._database = database
        self._watcher = watcher
        self.writers: dict[str, Writer] = {}
        self._leader: str | None = None  # the last one that has begun to lead
        self._holder: str | None = None
        self.stored: list[tuple[int, str]] = []

    def run(self, step: str, name: str) -> None:
        """Take a step; return when the server has released what it releases."""
        getattr(self, step)(name)
        wait_until(self._is_settled, "the end of a connection")

    def _is_settled(self) -> bool:
        found = self._watcher.look()
        return (found is not None and found.present) == (self._holder is not None)

    def open(self, name: str) -> None:
        if name in self.writers:
            return
        writer = writer_of(self._database, name)
        if self._holder is not None:
            with pytest.raises(InUse):
                writer.open()
            return
        last = [room.last for room in writer.open()]
        assert last == ([len(self.stored)] if self.stored else [])
        self._leader = self._holder = name
        self.writers[name] = writer

    def commit(self, name: str) -> None:
        if name not in self.writers:
            return
        text = f"{name} {len(self.stored)}"
        if name != self._leader:
            with pytest.raises(Deposed):
                self.writers[name].commit([line(text)])
            return
        ((said,),) = self.writers[name].commit([line(text)]).said.values()
        self._holder = name
        self.stored.append((said.number, text))

    def kill(self, _: str) -> None:
        disconnect(self._database)
        self._holder = None

    def close(self, name: str) -> None:
        if name in self.writers:
            self.writers.pop(name).close()
            self._leader = None if name == self._leader else self._leader
            self._holder = None if name == self._holder else self._holder


@given(st.lists(STEP, min_size=15, max_size=30))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@pytest.mark.slow
def test_only_the_last_who_began_to_lead_can_write(
    database: Database, watcher: Watcher, impatient: None, steps: list[tuple[str, str]]
) -> None:
    schema = database.address.rpartition("%3D")[2]
    execute(database, f"DROP SCHEMA {schema} CASCADE", f"CREATE SCHEMA {schema}")
    model = Model(database, watcher)
    try:
        for step, name in [("open", "ann"), *steps]:
            model.run(step, name)
        assert execute(database, STORED) == model.stored
        assert [number for number, _ in model.stored] == list(range(1, len(model.stored) + 1))
    finally:
        for name in NAMES:
            model.run("close", name)


LEAST = 150  # lines that are stored while everything goes wrong, by so many leaders
LEADERS = 6


class Racer:
    """A node that leads whenever it can, and stores lines until it is deposed."""

    numbers = count()

    def __init__(self, database: Database, stored: list[tuple[int, str]]) -> None:
        self._database = database
        self._stored = stored
        self.fault: BaseException | None = None

    def run(self) -> None:
        try:
            while not self._is_over:
                self._lead()
        except BaseException as fault:
            self.fault = fault

    @property
    def _is_over(self) -> bool:
        return len(self._stored) >= LEAST and len(set(map(_teller, self._stored))) >= LEADERS

    def _lead(self) -> None:
        name = f"node {next(self.numbers)}"
        writer = writer_of(self._database, name)
        try:
            last = sum(room.last for room in writer.open())
        except ArchiveFailed:  # another leads, or its connection was ended
            writer.close()
            threading.Event().wait(0.001)
            return
        try:
            self._write(writer, name, last)
        except Deposed:
            pass
        finally:
            writer.close()

    def _write(self, writer: Writer, name: str, last: int) -> None:
        """Store lines, each with the number after the last that this writer has seen."""
        while not self._is_over:
            ((said,),) = writer.commit([line(f"{name} {last}")]).said.values()
            assert said.number == last + 1
            last = said.number
            self._stored.append((said.number, said.text))


@pytest.mark.slow
def test_nodes_that_race_for_the_lead_store_everything_once_and_in_order(
    database: Database,
) -> None:
    stored: list[tuple[int, str]] = []
    racers = [Racer(database, stored) for _ in range(4)]
    threads = [threading.Thread(target=racer.run, daemon=True) for racer in racers]
    for thread in threads:
        thread.start()
    chance = random.Random(1)
    while any(thread.is_alive() for thread in threads):
        threads[0].join(chance.uniform(0, 0.03))
        _kill_the_leader(database)
    assert [racer.fault for racer in racers] == [None] * len(racers)
    kept = execute(database, STORED)
    assert [number for number, _ in kept] == list(range(1, len(kept) + 1))
    assert set(stored) <= set(kept)
    leaders = [name for name, _ in groupby(map(_teller, kept))]
    assert len(leaders) == len(set(leaders)) >= LEADERS  # nobody writes after another has led


def _teller(stored: tuple[int, str]) -> str:
    return stored[1].rpartition(" ")[0]


def _kill_the_leader(database: Database) -> None:
    tables = execute(database, "SELECT to_regclass('leader')")
    if tables != [(None,)]:
        execute(database, "SELECT pg_terminate_backend(backend) FROM leader WHERE backend > 0")
