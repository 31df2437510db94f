"""Real nodes, with PostgreSQL and TLS: people at the one that relays, by every way to connect."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from postgresql import server
from real import LIMIT, Person, Program, Service
from real_connections import trusting
from websockets.asyncio.client import connect

from chatsvc.transports.selfsigned import make

pytestmark = [pytest.mark.real, pytest.mark.slow]

PLACES = re.compile(r"chatsvc join \S+:(\d+)\n")
LISTENS = ("tcp:0:interface=127.0.0.1", "haproxy:tcp:0:interface=127.0.0.1", "unix:chat.sock")


class Nodes:
    """The node a, which leads, and the node b, which relays."""

    def __init__(self, a: Service, b: Service, directory: Path) -> None:
        self.a, self.b = a, b
        self.port, self.proxied = (int(port) for port in PLACES.findall(b.log)[:2])
        self.file = directory / "chat.sock"
        self.open = contextlib.ExitStack()

    def connected(self, port: int | None = None) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", port or self.port), LIMIT)
        return self.open.enter_context(contextlib.closing(connection))

    def secure(self, trust: ssl.SSLContext | None = None) -> ssl.SSLSocket:
        inside = (trust or trusting()).wrap_socket(self.connected(), server_hostname="localhost")
        return self.open.enter_context(contextlib.closing(inside))

    def program(self, name: str, connection: socket.socket | None = None) -> Program:
        program = Program(connection or self.connected())
        program.ask("hello", version=1, name=name)
        program.ask("join", room="#lobby")
        return program


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    place, other = tmp_path_factory.mktemp("a"), tmp_path_factory.mktemp("b")
    server().execute("DROP SCHEMA IF EXISTS links CASCADE", "CREATE SCHEMA links")
    common = ("--node-address", "127.0.0.1:0", "--show-history", "0")
    shared = ("--archive", server().uri("links"), *common)
    listens = [word for listen in LISTENS for word in ("--listen", listen)]
    with (
        Service(place, *shared, "--node", "a") as a,
        Service(other, *shared, "--node", "b", *listens) as b,
    ):
        a.wait_for("The node b has joined")
        b.wait_for("The node b relays to a")
        yield Nodes(a, b, other)


@pytest.fixture
def nodes(both: Nodes) -> Iterator[Nodes]:
    with both.open:
        yield both
    both.a.everybody_leaves()


def test_people_talk_over_tls_and_without_at_both_nodes(nodes: Nodes) -> None:
    people = [nodes.program("ann", nodes.secure()), nodes.program("bob"), nodes.a.program("cem")]
    for number, person in enumerate(people):
        person.request("say", text=f"message {number}")
        assert {one.event("said")["text"] for one in people} == {f"message {number}"}


def test_the_leading_node_knows_certificates_of_clients(nodes: Nodes, tmp_path: Path) -> None:
    own = tmp_path / "own.pem"
    own.write_bytes(make())
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(own)
    zoe = Person(nodes.secure(context))
    zoe.come_in("zoe")
    zoe.send("/register a-good-long-password")
    zoe.until("egistered")
    zoe.send("/certificate")
    certificate = x509.load_pem_x509_certificate(own.read_bytes())
    assert certificate.fingerprint(SHA256()).hex() in zoe.until("This connection uses")


@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_browsers_chat(nodes: Nodes, scheme: str) -> None:
    reader = nodes.program("reader")
    asyncio.run(_say_from_a_page(f"{scheme}://localhost:{nodes.port}/", reader))


async def _say_from_a_page(address: str, reader: Program) -> None:
    # Not with threads, of which Python 3.11 lets two break a TLS connection that they share.
    trust = trusting() if address.startswith("wss") else None
    async with connect(address, ssl=trust, proxy=None) as page:
        await page.send('{"do":"hello","version":1,"name":"page"}\n')
        await page.send('{"do":"join","room":"#lobby"}\n')
        await page.send('{"do":"say","text":"from a page"}\n')
        said = await asyncio.to_thread(reader.event, "said")
        assert said["text"] == "from a page"


def test_pages_and_their_files_arrive_complete(nodes: Nodes) -> None:
    answers = [_files(port) for port in (nodes.port, nodes.a.port)]
    assert answers[0] == answers[1]
    assert len(answers[0]) > 5
    assert max(map(len, answers[0].values())) > 65_536


def _files(port: int) -> dict[str, bytes]:
    """Return the page, and the files that it names, by their paths."""
    connection = HTTPConnection("127.0.0.1", port, timeout=LIMIT)
    found: dict[str, bytes] = {}
    with contextlib.closing(connection):
        waiting = ["/"]
        while waiting:
            path = waiting.pop()
            connection.request("GET", path, headers={"Host": "localhost", "Accept": "text/html"})
            answer = connection.getresponse()
            found[path] = answer.read()
            assert answer.status == 200
            named = re.findall(rb'(?:src|href)="(/[^"/][^"]*)"', found[path]) if path == "/" else []
            waiting += [each.decode() for each in named]
    return found


def test_limits_of_addresses_see_the_client_behind_a_proxy(nodes: Nodes) -> None:
    def come(address: str) -> Person:
        person = Person(nodes.connected(nodes.proxied))
        person.send_bytes(f"PROXY TCP4 {address} 192.0.2.254 1000 13531\r\n".encode())
        return person

    for number in range(16):
        come("203.0.113.5").come_in(f"p{number}")
    refused = come("203.0.113.5")
    refused.send("p16")
    assert "203.0.113.5 already has 16 connections" in refused.rest()[-1]
    come("203.0.113.6").come_in("p17")


@pytest.mark.parametrize("secure", [False, True])
def test_leaving_ends_cleanly(nodes: Nodes, secure: bool) -> None:
    connection = nodes.secure() if secure else nodes.connected()
    ann = Person(connection)
    ann.come_in("ann")
    ann.send("/quit", *["after that"] * 1000)
    received = b""
    while data := connection.recv(65_536):  # a reset would raise an exception
        received += data
    assert received.decode().splitlines()[-1] == "* Goodbye, ann."


def test_a_long_history_arrives_complete(nodes: Nodes) -> None:
    ann = nodes.program("ann")
    first = ann.ask("say", text="0 " + "w" * 4000)["number"]
    for number in range(1, 300):
        ann.ask("say", text=f"{number} " + "w" * 4000)
    reader = Program(nodes.secure())
    reader.ask("hello", version=1, name="reader")
    reader.request("join", room="#lobby", after=first - 1)
    assert [reader.event("said")["number"] for _ in range(300)] == [*range(first, first + 300)]


def test_a_slow_reader_gets_everything(nodes: Nodes) -> None:
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", nodes.port))
    slow, ann = nodes.program("slow", nodes.open.enter_context(connection)), nodes.program("ann")
    numbers = [ann.ask("say", text=f"{number} " + "v" * 4000)["number"] for number in range(500)]
    assert [slow.event("said")["number"] for _ in numbers] == numbers


@pytest.mark.parametrize("way", ["tcp", "tls", "unix"])
def test_what_a_file_says_is_read_to_its_end(nodes: Nodes, way: str) -> None:
    reader = nodes.a.program("reader")
    if way == "unix":
        connection = nodes.open.enter_context(socket.socket(socket.AF_UNIX))
        connection.connect(str(nodes.file))
    else:
        connection = nodes.secure() if way == "tls" else nodes.connected()
    lines = [f"line {number} " + "u" * 1000 for number in range(200)]
    connection.sendall("\n".join(["file", *lines, ""]).encode())
    if isinstance(connection, ssl.SSLSocket):
        with contextlib.suppress(ssl.SSLError):  # data arrives before the farewell is answered
            connection.unwrap()
    else:
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while data := connection.recv(65_536):
            received += data
        assert received.decode().splitlines()[-1] == "* Goodbye, file."
    assert [reader.event("said")["text"] for _ in lines] == lines


def test_an_answer_arrives_although_much_more_was_sent(nodes: Nodes) -> None:
    connection = nodes.connected()
    connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500000\r\n\r\n")
    connection.sendall(b"x" * 500_000)
    received = b""
    while data := connection.recv(65_536):
        received += data
    assert received.startswith(b"HTTP/1.1 4")
    assert b"\r\n\r\n" in received


def test_a_silent_person_is_greeted(nodes: Nodes) -> None:
    assert "What is your name?" in Person(nodes.connected()).until("Welcome")


def test_a_node_that_stops_says_goodbye_to_its_people(both: Nodes) -> None:
    with both.open:
        ann, bob = both.program("ann", both.secure()), both.a.program("bob")
        both.b.process.terminate()
        assert "another" in ann.event("goodbye")["text"]
        assert ann.rest() == []
        ann.close()  # TLS waits for its farewell
        assert bob.event("left")["names"] == ["ann"]
        assert both.b.ended() == 0
        both.a.wait_for("The node b is gone, with 0 connections")
