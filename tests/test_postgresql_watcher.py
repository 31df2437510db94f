"""Watching who leads an archive in PostgreSQL, and deposing a leader without a heartbeat."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from leading_writers import OLD_SERVICE, Lead, disconnect, leave
from postgresql import Server, lacks
from postgresql_archives import execute
from real import lacking
from waiting import wait_until

from chatsvc.cli import check
from chatsvc.store.archive import ArchiveFailed
from chatsvc.store.leading import Deposed, Leader
from chatsvc.store.location import Database

if TYPE_CHECKING:
    from chatsvc.store.postgresql.leadership import Watcher

OTHER = "::1"  # this machine, but not its address over a UNIX socket
BOUND = 3.5  # seconds in which a watcher knows that the server does not answer


def found_by(watcher: Watcher) -> Leader:
    found = watcher.look()
    assert found is not None
    return found


def silence(database: Database) -> None:
    """Make the last heartbeat an hour old."""
    execute(database, "UPDATE leader SET seen = clock_timestamp() - interval '1 hour'")


@pytest.fixture
def short_lease(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a lease end soon; the server has been up for longer."""
    from chatsvc.store.postgresql import leadership

    monkeypatch.setattr(leadership, "LEASE", 0.2)
    query = "SELECT pg_postmaster_start_time() < clock_timestamp() - interval '0.2 s'"
    wait_until(lambda: execute(database, query) == [(True,)], "the server")


# Looking


def test_a_program_that_announces_nothing_is_present_without_a_name(
    database: Database, lead: Lead, watcher: Watcher
) -> None:
    from chatsvc.store.postgresql.connection import connect

    leave(database, lead("ann"))
    with connect(database) as copy:
        copy.execute(OLD_SERVICE.encode())
        found = found_by(watcher)
        assert (found.epoch, found.node, found.address, found.present) == (1, "", "", True)
    wait_until(lambda: not found_by(watcher).present, "its end")


def test_the_heartbeat_is_as_old_as_the_server_says(
    database: Database, lead: Lead, watcher: Watcher
) -> None:
    ann = lead("ann")
    silence(database)
    assert 3600 <= found_by(watcher).age < 3700
    ann.renew()
    assert found_by(watcher).age < 60


def test_a_newer_archive_has_a_leader_too(database: Database, lead: Lead, watcher: Watcher) -> None:
    lead("ann")
    execute(database, "UPDATE chatsvc SET version = 99", "ALTER TABLE leader ADD COLUMN x text")
    assert found_by(watcher).node == "ann"


def test_over_a_unix_socket_the_own_address_is_this_machine(watcher: Watcher) -> None:
    assert watcher.own_address() == "127.0.0.1"


def test_over_tcp_the_own_address_is_the_one_that_the_server_sees() -> None:
    if reason := lacks():
        lacking(reason)
    from chatsvc.store.postgresql.leadership import Watcher

    with socket.create_server((OTHER, 0), family=socket.AF_INET6) as free:
        port = free.getsockname()[1]
    server = Server(listen_addresses=OTHER, port=str(port))
    with closing(Watcher(Database(f"postgresql://chat@[{OTHER}]:{port}/postgres"))) as watcher:
        assert watcher.own_address() == OTHER
    server.remove()


def test_a_server_that_is_away_or_hangs_is_noticed_soon(server: Server) -> None:
    from chatsvc.store.postgresql.leadership import Watcher

    watcher = Watcher(Database(server.uri()))

    def notices() -> str:
        begun = time.monotonic()
        with pytest.raises(ArchiveFailed) as failed:
            watcher.look()
        assert time.monotonic() - begun < BOUND
        return str(failed.value)

    assert watcher.look() is None
    with server.hanging():
        assert "the server does not answer" in notices()
        assert "Cannot connect to the archive" in notices()
    assert watcher.look() is None
    server.stop()
    assert "Cannot use the archive" in notices()
    assert "Check the address, and that the server is running." in notices()
    server.start()
    assert watcher.look() is None
    watcher.close()


# Deposing


def test_a_leader_without_a_heartbeat_is_deposed(
    database: Database, lead: Lead, watcher: Watcher, short_lease: None
) -> None:
    ann = lead("ann")
    silence(database)
    assert watcher.depose(found_by(watcher))
    wait_until(lambda: not found_by(watcher).present, "the end of its connection")
    lead("bob")
    with pytest.raises(Deposed):
        ann.renew()


def test_a_deposed_leader_goes_on_if_nobody_has_led_since(
    database: Database, lead: Lead, watcher: Watcher, short_lease: None
) -> None:
    ann = lead("ann")
    silence(database)
    assert watcher.depose(found_by(watcher))
    ann.renew()
    assert found_by(watcher).present


def test_a_leader_with_a_heartbeat_is_not_deposed(
    database: Database, lead: Lead, watcher: Watcher, short_lease: None
) -> None:
    lead("ann")
    execute(database, "UPDATE leader SET seen = clock_timestamp() + interval '1 hour'")
    assert not watcher.depose(found_by(watcher))
    assert found_by(watcher).present


def test_nobody_is_deposed_soon_after_the_server_has_started(
    database: Database, lead: Lead, watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chatsvc.store.postgresql import leadership

    lead("ann")
    execute(database, "UPDATE leader SET seen = pg_postmaster_start_time() - interval '2 days'")
    monkeypatch.setattr(leadership, "LEASE", 86_400.0)  # the tests' server runs for less
    assert not watcher.depose(found_by(watcher))
    assert found_by(watcher).present


def test_a_leader_that_has_followed_another_is_not_deposed(
    database: Database, lead: Lead, watcher: Watcher, short_lease: None
) -> None:
    lead("ann")
    seen = found_by(watcher)
    disconnect(database)
    lead("bob")
    silence(database)
    assert not watcher.depose(seen)
    assert found_by(watcher).present


def test_only_the_connection_with_the_lock_is_ended(
    database: Database, lead: Lead, watcher: Watcher, short_lease: None
) -> None:
    from chatsvc.store.postgresql.connection import connect

    lead("ann")
    with connect(database) as other:
        pid = other.info.backend_pid
        execute(database, f"UPDATE leader SET backend = {pid}")
        silence(database)
        assert not watcher.depose(found_by(watcher))
        assert other.execute("SELECT 1").fetchone() == (1,)


def test_a_heartbeat_that_is_under_way_counts(
    database: Database, lead: Lead, watcher: Watcher, short_lease: None
) -> None:
    from chatsvc.store.postgresql.connection import connect

    lead("ann")
    silence(database)
    leader = found_by(watcher)
    outcome: list[bool] = []
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with connect(database) as heartbeat:
        with heartbeat.transaction():
            heartbeat.execute("UPDATE leader SET seen = clock_timestamp() + interval '1 hour'")
            deposing = Thread(target=lambda: outcome.append(watcher.depose(leader)))
            deposing.start()
            wait_until(lambda: execute(database, waits) == [(1,)], "the row")
        deposing.join()
    assert outcome == [False]
    assert found_by(watcher).present


# `chatsvc check`


@pytest.fixture
def config(database: Database, tmp_path: Path) -> str:
    path = tmp_path / "chatsvc.toml"
    path.write_text(f'archive = "{database.address}"\ndata = "."\nport = 0\n')
    path.chmod(0o600)
    tmp_path.chmod(0o700)
    return str(path)


def test_check_names_the_node_that_leads(
    database: Database, lead: Lead, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from chatsvc.store.postgresql.connection import connect

    def checked() -> str:
        check.main(["--config", config])
        return capsys.readouterr().out

    ann = lead("ann")
    assert "\nThe node ann leads the chat (at " in checked()
    leave(database, ann)
    assert "leads the chat" not in checked()
    with connect(database) as copy:
        copy.execute(OLD_SERVICE.encode())
        assert "\nA program that lets no other node join uses the archive." in checked()
