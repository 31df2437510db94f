"""Problems of an archive in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from chatsvc.checks.problem import Problem
from chatsvc.model.text_rules import in_bytes
from chatsvc.store.archive import ArchiveFailed
from chatsvc.store.leading import Leader
from chatsvc.store.location import Database
from chatsvc.store.postgresql.opening import require_psycopg

if TYPE_CHECKING:
    from chatsvc.store.postgresql.connection import Link

_OTHERWISE = "See Troubleshooting in docs/postgresql.md."
_STANDBY = "the server is a standby, which cannot store anything."
_READ_ONLY = "the database is read-only: default_transaction_read_only is on."
_PRIMARY = "Name the primary. With several hosts: ?target_session_attrs=read-write"
_UNSAFE = "fsync is off, so a power failure can damage the archive."
_NO_SCHEMA = "the user {user} cannot create tables in the schema {schema}."
_NO_TABLES = "the user {user} does not own the tables {tables}."

_ABOUT = """SELECT current_user, current_schema(), pg_is_in_recovery(), current_setting('fsync'),
                   has_schema_privilege(current_schema(), 'CREATE'), current_database(),
                   current_setting('default_transaction_read_only')"""
_FOREIGN = """SELECT relname FROM pg_class
              WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
                    AND NOT pg_has_role(relowner, 'USAGE')
              ORDER BY relname"""
_SIZE = """SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class
           WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'"""


class Seen(NamedTuple):
    """What was found out about a database."""

    problems: list[Problem]
    about: str = ""  # a sentence for people, if it can be used
    leader: Leader | None = None  # of the chat in it, or the last one


def look_at(database: Database) -> Seen:
    """Connect to a database, and find out whether a service can use it; change nothing."""
    try:
        require_psycopg()
        return _looked_at(database)
    except ArchiveFailed as failed:
        return Seen([_problem(database, str(failed))])


def _looked_at(database: Database) -> Seen:
    import psycopg

    from chatsvc.store.postgresql.connection import connect
    from chatsvc.store.postgresql.errors import sentences, unreachable
    from chatsvc.store.postgresql.leadership import leader
    from chatsvc.store.postgresql.migrations import check_server, version

    try:
        link = connect(database)
    except psycopg.Error as error:
        raise unreachable(database, error) from error
    with link, sentences(database):
        check_server(link, database)
        found = version(link, database)
        (size,) = link.execute(_SIZE).fetchone() or (0,)
        leads = leader(link) if found else None
        about = (
            f"{database}: PostgreSQL {link.info.server_version // 10_000},"
            f" {f'archive version {found}' if found else 'no archive yet'}, {in_bytes(int(size))}"
        )
        return Seen(list(_rights(link, database)), about, leads)


def _rights(link: Link, database: Database) -> Iterator[Problem]:
    row = link.execute(_ABOUT).fetchone()
    assert row is not None
    user, schema, standby, fsync, may_create, name, read_only = row
    if standby:
        yield Problem(str(database), _STANDBY, _PRIMARY)
    if read_only == "on":
        fix = f"As its owner: ALTER DATABASE {name} RESET default_transaction_read_only;"
        yield Problem(str(database), _READ_ONLY, fix)
    if fsync == "off":
        yield Problem(str(database), _UNSAFE, "Set fsync = on in postgresql.conf, and reload it.")
    if not may_create:
        what = _NO_SCHEMA.format(user=user, schema=schema)
        yield Problem(str(database), what, f"As its owner: GRANT ALL ON SCHEMA {schema} TO {user};")
    if foreign := [name for (name,) in link.execute(_FOREIGN)]:
        what = _NO_TABLES.format(user=user, tables=", ".join(foreign))
        fix = " ".join(f"ALTER TABLE {schema}.{name} OWNER TO {user};" for name in foreign)
        yield Problem(str(database), what, f"As their owner: {fix}")


def _problem(database: Database, said: str) -> Problem:
    """Return a sentence, and what follows it as its remedy."""
    what, _, fix = said.partition(". ")
    return Problem(str(database), f"{what.rstrip('.')}.", fix or _OTHERWISE)
