"""Errors of PostgreSQL in words, and which of them pass if you try again."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import psycopg

from chatsvc.store.archive import AWAY, BROKEN, ArchiveFailed
from chatsvc.store.location import Database

# The SQLSTATEs of a server that stops, starts or becomes a standby, and of deadlocks.
_PASSING = {"57P01", "57P02", "57P03", "57P05", "25006", "40001", "40P01"}
_CONNECTION = "08"  # the class of broken connections

_SENTENCES = {
    "42501": "{said}. Let the user of {place} own the database or its schema.",
    "25006": "The database {place} is read-only. If its server is a standby, name the primary."
    " Otherwise, its owner has set default_transaction_read_only: ALTER DATABASE NAME RESET"
    " default_transaction_read_only",
    "53100": "The disk of the PostgreSQL server is full. Free some space there to continue.",
    "57014": "PostgreSQL has cancelled the work on {place}.",
}
_HINTS = {  # by what libpq says in English; other languages get its words alone
    "root certificate file": "Name the certificate of the server's authority in the address:"
    " sslrootcert=FILE",
    "does not support SSL": "Set ssl = on in postgresql.conf, or use sslmode=prefer in a network"
    " that you trust.",
    "pg_hba.conf": "Let the user connect to the database: add a line to pg_hba.conf, and reload"
    " PostgreSQL.",
    "too many clients": "Raise max_connections in postgresql.conf.",
    "connection slots": "Raise max_connections in postgresql.conf.",
    "no password supplied": "Put the password into ~/.pgpass (mode 600), as"
    " HOST:PORT:DATABASE:USER:PASSWORD, or into the variable PGPASSWORD.",
    "password authentication failed": "Correct the password in ~/.pgpass, or in the variable"
    " PGPASSWORD.",
    "Peer authentication failed": "Give the PostgreSQL user the name of the user who runs chatsvc,"
    " or use a password over TCP: postgresql://USER@localhost/NAME",
    'FATAL: role "': "Create the user first (createuser --pwprompt USER), or name another one in"
    " the address.",
    'FATAL: database "': "Create the database first: createdb --encoding UTF8 --template template0"
    " --owner USER NAME",
    "Connection refused": "Check the address, and that the server is running.",
    "No such file or directory": "Check the address, and that the server is running.",
    "resolve host": "Check the address.",
    "timeout expired": "Check the address, listen_addresses in postgresql.conf, and the firewall.",
}
_NOISE = re.compile(r"^connection (?:failed|is bad): | Is the server running[^?]*\?")


class Unreachable(ArchiveFailed):
    """No connection to the server could be made."""


@contextlib.contextmanager
def sentences(database: Database) -> Iterator[None]:
    """Turn errors of PostgreSQL into messages that users can act on."""
    try:
        yield
    except psycopg.Error as error:
        raise failed(database, error) from error


def failed(database: Database, error: psycopg.Error) -> ArchiveFailed:
    """Return what is wrong as a sentence for users."""
    said = _said(error)
    known = _SENTENCES.get(error.sqlstate or "", "Cannot use the archive {place}: {said}.")
    return ArchiveFailed(
        known.format(place=database, said=said), AWAY if is_passing(error) else BROKEN
    )


def unreachable(database: Database, error: psycopg.Error) -> Unreachable:
    """Return why there is no connection that can be used, and what to do."""
    if error.sqlstate in _SENTENCES:
        return Unreachable(str(failed(database, error)), AWAY)
    said = _said(error)
    hint = next((f" {hint}" for words, hint in _HINTS.items() if words in said), "")
    return Unreachable(f"Cannot connect to the archive {database}: {said}.{hint}", AWAY)


def _said(error: psycopg.Error) -> str:
    """Return the server's or libpq's words in one line."""
    words = " ".join((error.diag.message_primary or str(error)).split())
    return _NOISE.sub("", words).rstrip(".")


def is_passing(error: psycopg.Error) -> bool:
    """Return whether to try again, because the connection is broken or the server restarts."""
    state = error.sqlstate or ""
    if state in _PASSING or state.startswith(_CONNECTION):
        return True
    return not state and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
