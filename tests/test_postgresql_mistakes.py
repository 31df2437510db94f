"""Each mistake in reaching PostgreSQL is explained by a fix of its own."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import psycopg
import pytest

from chatsvc.store.location import Database
from chatsvc.store.postgresql.errors import unreachable

NO_TLS, TLS = b"N", b"S"
ROOM = "Let the user connect to the database: add a line to pg_hba.conf"
FULL = "Raise max_connections in postgresql.conf."

Answering = Callable[[bytes], str]


def error(code: str, words: str) -> bytes:
    """Return an ErrorResponse of PostgreSQL's protocol, version 3."""
    fields = f"SFATAL\0VFATAL\0C{code}\0M{words}\0\0".encode()
    return b"E" + (len(fields) + 4).to_bytes(4, "big") + fields


@pytest.fixture
def answering() -> Iterator[Answering]:
    """Return what starts a server that answers one connection like this, and its address."""
    with contextlib.ExitStack() as servers:

        def start(answer: bytes) -> str:
            server = servers.enter_context(socket.create_server(("127.0.0.1", 0)))
            threading.Thread(target=answer_one, args=(server, answer), daemon=True).start()
            return f"postgresql://chat@127.0.0.1:{server.getsockname()[1]}/chat"

        yield start


def answer_one(server: socket.socket, answer: bytes) -> None:
    """Answer a client, and wait until it is gone."""
    client, _ = server.accept()
    with client, contextlib.suppress(ConnectionError):
        client.recv(1024)
        client.sendall(answer)
        client.recv(1024)


def explained(address: str) -> str:
    """Return why nothing can be stored at this address."""
    with pytest.raises(psycopg.OperationalError) as raised:
        psycopg.connect(address, connect_timeout=2)
    return str(unreachable(Database(address), raised.value))


@pytest.mark.parametrize(
    ("answer", "options", "fix"),
    [
        (NO_TLS, "sslmode=require", "Set ssl = on in postgresql.conf"),
        (TLS, "sslmode=verify-full&sslrootcert=/no/such/file", "sslrootcert=FILE"),
        (TLS, "sslmode=verify-full&sslrootcert=/dev/null", "sslrootcert=FILE"),
        (error("28000", 'no pg_hba.conf entry for host "10.0.0.11"'), "sslmode=disable", ROOM),
        (error("28000", "pg_hba.conf rejects connection"), "sslmode=disable", ROOM),
        (error("53300", "sorry, too many clients already"), "sslmode=disable", FULL),
        (
            error("53300", "remaining connection slots are reserved for superusers"),
            "sslmode=disable",
            FULL,
        ),
        (error("3D000", 'database "chat" does not exist'), "sslmode=disable", "createdb"),
        (error("28000", 'role "chat" does not exist'), "sslmode=disable", "createuser"),
    ],
)
def test_a_mistake_is_explained(
    answering: Answering, answer: bytes, options: str, fix: str
) -> None:
    said = explained(f"{answering(answer)}?{options}&gssencmode=disable")
    assert fix in said
    assert ("createdb" in said) is (fix == "createdb")


def test_an_unknown_host_is_explained() -> None:
    assert "Check the address." in explained("postgresql://chat@nowhere.invalid/chat")


def test_a_host_that_does_not_answer_is_explained() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        said = explained(f"postgresql://chat@127.0.0.1:{silent.getsockname()[1]}/chat")
    assert "and the firewall." in said
