"""A database that cannot be used, or has settings of its own: each is a sentence, or works."""

from __future__ import annotations

import sys
from urllib.parse import quote

import pytest
from conftest import at_once, no_turn, start
from keeper import Keeper
from postgresql import lacks
from postgresql_archives import execute
from real import lacking

from chatsvc.store.archive import ArchiveFailed, Workers
from chatsvc.store.location import Database
from chatsvc.store.postgresql.opening import postgresql_archive

# Without a server


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("postgresql://ann:secret@127.0.0.1:9/chat", "Check the address, and that the server"),
        ("postgresql://ann:secret@/chat?host=/nowhere", "Check the address, and that the server"),
        ("postgresql://ann:sec/ret@host/chat", "write special characters with %"),
        ("postgresql://ann:sec@ret@host/chat", "write special characters with %"),
        ("postgresql://ann:secret@host/chat?nonsense=1", "write special characters with %"),
        ("service=nowhere", 'definition of service "nowhere" not found'),
    ],
)
def test_an_archive_that_cannot_be_reached_is_a_sentence_without_the_password(
    address: str, sentence: str
) -> None:
    if lacks():
        lacking(lacks())
    archive = postgresql_archive(Database(address), Workers(*[at_once] * 5), no_turn, start)
    with pytest.raises(ArchiveFailed) as failed:
        Keeper(archive)
    assert sentence in str(failed.value)
    assert "postgresql" not in failed.value.for_users
    assert "sec" not in str(failed.value)
    assert "ret@" not in str(failed.value)


def with_setting(database: Database, setting: str) -> Database:
    """Return the database as it is if its owner has changed a setting."""
    return Database(f"{database.address}%20-c{quote(setting)}")


@pytest.mark.parametrize(
    "name",
    [
        "statement_timeout",
        "lock_timeout",
        "idle_in_transaction_session_timeout",
        "idle_session_timeout",
    ],
)
def test_timeouts_of_the_database_do_not_apply(database: Database, name: str) -> None:
    assert execute(with_setting(database, f"{name}=9s"), f"SHOW {name}") == [("0",)]


def test_a_read_only_database_is_refused_and_says_how_to_change_that(database: Database) -> None:
    read_only = with_setting(database, "default_transaction_read_only=on")
    archive = postgresql_archive(read_only, Workers(*[at_once] * 5), no_turn, start)
    with pytest.raises(ArchiveFailed, match="RESET default_transaction_read_only"):
        Keeper(archive)


def test_a_server_that_accepts_connections_and_no_changes_is_not_asked_without_a_pause(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg

    from chatsvc.store.postgresql import connection

    monkeypatch.setattr(connection, "PATIENCE", 0.5)
    attempts: list[connection.Link] = []

    def refuse(link: connection.Link) -> None:
        attempts.append(link)
        raise psycopg.errors.ReadOnlySqlTransaction

    with pytest.raises(ArchiveFailed, match="is read-only"):
        connection.Connection(database).run(refuse)
    assert 2 <= len(attempts) <= 0.5 / connection.PAUSE + 3


def test_a_search_path_without_a_schema_is_refused_and_says_what_to_create(
    database: Database,
) -> None:
    lost = with_setting(database, "search_path=nowhere")
    archive = postgresql_archive(lost, Workers(*[at_once] * 5), no_turn, start)
    with pytest.raises(ArchiveFailed, match=r"\(search_path: nowhere\).*CREATE SCHEMA NAME AUTH"):
        Keeper(archive)


def test_without_psycopg_an_archive_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ArchiveFailed, match=r"pip install 'chatsvc\[postgres\]'"):
        postgresql_archive(Database("service=x"), Workers(*[at_once] * 5), no_turn, start)
