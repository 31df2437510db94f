"""Bringing a database's tables up to date: the numbered steps of `schema/`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import Field, fields
from functools import cache
from importlib import resources
from operator import attrgetter
from typing import Any, get_args

import psycopg

from chatsvc.model.records import Record
from chatsvc.store.archive import ArchiveFailed
from chatsvc.store.location import Database
from chatsvc.store.postgresql.connection import Link
from chatsvc.store.postgresql.text import original

OLDEST_SERVER = 15  # the major version of PostgreSQL
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('chatsvc'), hashtext(current_schema()))"
_NEWER = (
    "The archive {place} was written by a newer chatsvc (schema version {found}, this one supports"
    " up to {newest}). Install the newer chatsvc, or choose another database."
)
_ABOUT = """SELECT current_setting('server_encoding'), current_schema(),
                   current_setting('search_path'), current_user"""
_NO_SCHEMA = (
    "The database {place} has no schema that the user can use (search_path: {path}). As the owner"
    " of the database, create one: CREATE SCHEMA NAME AUTHORIZATION {user}"
)
_EMPTY = "The database {place} contains no chat. A service creates the archive at its first start."
_UNFINISHED = (
    "{place} is an unfinished copy of another archive. To finish it, run the same"
    " chatsvc archive copy again."
)
_OTHER = (
    "The database {place} contains tables of another program. Choose another database, or another"
    " schema: ?options=-csearch_path%3DNAME"
)


def check_server(link: Link, database: Database) -> None:
    """Raise `ArchiveFailed` unless the server and the database can store an archive."""
    major = link.info.server_version // 10_000
    if major < OLDEST_SERVER:
        raise ArchiveFailed(
            f"The server of {database} is PostgreSQL {major}. chatsvc requires"
            f" PostgreSQL {OLDEST_SERVER} or newer."
        )
    encoding, schema, path, user = link.execute(_ABOUT).fetchone() or ("", None, "", "")
    if encoding != "UTF8":
        raise ArchiveFailed(
            f"The database {database} has the encoding {encoding}. Create one with UTF8:"
            " createdb --encoding UTF8 --template template0 --owner USER NAME"
        )
    if schema is None:
        raise ArchiveFailed(_NO_SCHEMA.format(place=database, path=path, user=user))


def check_writable(link: Link) -> None:
    """Raise an error that may pass unless the connection can write."""
    if link.execute("SHOW transaction_read_only").fetchone() != ("off",):
        raise psycopg.errors.ReadOnlySqlTransaction


def check_archive(link: Link, database: Database) -> None:
    """Raise `ArchiveFailed` unless the database contains an archive."""
    if not version(link, database):
        raise ArchiveFailed(_EMPTY.format(place=database))


def bring_up_to_date(link: Link, database: Database) -> None:
    """Apply the steps that the database has not seen, all or none; one program at a time."""
    with link.transaction():
        link.execute(_LOCK)
        found = version(link, database)
        for step in steps()[found:]:
            try:
                link.execute(step.encode(), prepare=False)
            except (psycopg.errors.DuplicateTable, psycopg.errors.DuplicateFunction):
                raise ArchiveFailed(_OTHER.format(place=database)) from None
        if found < newest():
            link.execute("UPDATE chatsvc SET version = %s", (newest(),))
        for kind, field in list(missing_columns(link)):
            link.execute(
                f'ALTER TABLE {kind.TABLE} ADD COLUMN "{field.name}" {_type(field.default)}'
            )


def version(link: Link, database: Database) -> int:
    """Return how many steps the database has seen; refuse what this chatsvc cannot use."""
    if origin_of_copy(link) is not None:
        raise ArchiveFailed(_UNFINISHED.format(place=database))
    found = stored_version(link)
    if found > newest():
        raise ArchiveFailed(_NEWER.format(place=database, found=found, newest=newest()))
    return found


def stored_version(link: Link) -> int:
    """Return how many steps the database has seen, even if there are more than are known here."""
    (table,) = link.execute("SELECT to_regclass('chatsvc')").fetchone() or (None,)
    if table is None:
        return 0
    (found,) = link.execute("SELECT version FROM chatsvc").fetchone() or (0,)
    return int(found)


def origin_of_copy(link: Link) -> str | None:
    """Return what this is an unfinished copy of, or None if it is none."""
    (table,) = link.execute("SELECT to_regclass('copying')").fetchone() or (None,)
    if table is None:
        return None
    (origin,) = link.execute("SELECT origin FROM copying").fetchone() or ("",)
    return original(origin)


def newest() -> int:
    """Return the version of the databases that this chatsvc writes."""
    return len(steps())


@cache
def steps() -> tuple[str, ...]:
    """Return the migrations in order; a step never changes once an archive may have seen it."""
    files = (resources.files("chatsvc.store.postgresql") / "schema").iterdir()
    named = sorted((file for file in files if file.name[:3].isdigit()), key=attrgetter("name"))
    return tuple(step.read_text(encoding="utf-8") for step in named)


def missing_columns(link: Link) -> Iterator[tuple[type[Any], Field[Any]]]:
    """Yield the fields that have no column yet, with their kinds of records."""
    rows = link.execute(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = current_schema()"
    )
    present = set(rows)
    for kind in get_args(Record):
        for field in fields(kind):
            if (kind.TABLE, field.name) not in present:
                yield kind, field


def _type(default: object) -> str:
    """Return the type of a new column, with the field's default."""
    match default:
        case bool():
            return f"boolean NOT NULL DEFAULT {default}"
        case int():
            return f"bigint NOT NULL DEFAULT {default}"
        case float():
            return f"double precision NOT NULL DEFAULT {default}"
        case str():
            return f'text COLLATE "C" NOT NULL DEFAULT {_quoted(default)}'
        case tuple():
            return f'text COLLATE "C" NOT NULL DEFAULT {_quoted(json.dumps(default))}'
        case None:
            return 'text COLLATE "C"'
    raise TypeError(f"a new field needs a default value of a simple type, not {default!r}")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
