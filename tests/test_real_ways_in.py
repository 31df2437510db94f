"""One port for everybody: real programs, each in its own language, with and without encryption."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from beginnings import BEGINNINGS, GREETING
from real import LIMIT, Deadline, Person, Program, Service, needs
from test_real_limits import BEHIND_PROXY, connections, memory, proxied
from test_real_service import fails_with

from chatsvc.transports.certificate import make

IN_MEMORY = ("--archive", "memory:")


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path, *IN_MEMORY) as service:
        yield service


@cache
def trusting(pem: bytes | None = None) -> ssl.SSLContext:
    """A client that knows one certificate, or takes any."""
    if pem is not None:
        return ssl.create_default_context(cadata=pem[pem.index(b"-----BEGIN CERT") :].decode())
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def connected(chat: Service) -> socket.socket:
    return socket.create_connection(("127.0.0.1", chat.port), LIMIT)


def secure(chat: Service, trust: ssl.SSLContext | None = None) -> ssl.SSLSocket:
    """A connection over TLS."""
    return (trust or trusting()).wrap_socket(connected(chat), server_hostname="localhost")


def run(*command: str, text: str = "") -> str:
    """What a program prints that is given this to read."""
    path = needs(command[0])
    done = subprocess.run(
        [path, *command[1:]], input=text.encode(), capture_output=True, timeout=LIMIT
    )
    return done.stdout.decode()


# Each in its own language


def test_the_first_bytes_of_every_language_come_one_by_one(chat: Service) -> None:
    pulse = chat.program("pulse", room=None)
    answers = {"json": b'{"event":"pong"}', "irc": b":chatsvc CAP * LS ", "http": b"HTTP/1.1 "}
    for name, several in BEGINNINGS.items():
        if name == "tls":
            continue
        peer = connected(chat)
        with contextlib.closing(peer):
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in several[0]:
                peer.sendall(bytes([byte]))
                pulse.ask("ping")  # so the service has read it
            heard = peer.recv(4096).removeprefix(GREETING)
            assert heard.startswith(answers.get(name, b"* Welcome, ann."))


def test_a_handshake_comes_byte_by_byte(chat: Service) -> None:
    pulse = chat.program("pulse", room=None)
    received, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = trusting().wrap_bio(received, sent, server_hostname="localhost")
    with contextlib.closing(connected(chat)) as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def send_all() -> None:
            for byte in sent.read():
                peer.sendall(bytes([byte]))
                pulse.ask("ping")

        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                send_all()
                received.write(peer.recv(65536))
        for byte in b'{"do":"ping"}\n':
            tls.write(bytes([byte]))
            send_all()
        heard = b""
        while b"\n" not in heard:
            try:
                heard += tls.read(4096)
            except ssl.SSLWantReadError:
                received.write(peer.recv(65536))
        assert heard == b'{"event":"pong"}\n'


def test_somebody_at_openssl_talks_with_somebody_at_netcat(chat: Service) -> None:
    bob = chat.terminal(needs("nc"), "localhost", str(chat.port))
    bob.type("bob\r")
    bob.until(r"Welcome, bob\.")
    ann = chat.terminal(
        needs("openssl"), "s_client", "-quiet", "-connect", f"localhost:{chat.port}"
    )
    ann.until(r"Welcome to chatsvc\. What is your name\?\n")
    ann.type("ann\r")
    ann.until(r"\* Welcome, ann\. You are in #lobby with bob")
    bob.until(r"\* ann came in\.\n")
    ann.type("yes, three it is\r")
    bob.until(r"<ann> yes, three it is\n")
    bob.type("fine\r")
    ann.until(r"<bob> fine\n")
    ann.type("/quit\r")
    ann.until(r"Goodbye, ann\.")
    ann.ended()
    bob.until(r"\* ann left\.\n")


def test_a_pipe_through_openssl_is_heard(chat: Service) -> None:
    bob = chat.person("bob")
    where = f"localhost:{chat.port}"
    text = "".join(f"{word}\n" for word in ("eve", "one", "two", "/quit"))
    said = run("openssl", "s_client", "-quiet", "-connect", where, text=text)
    assert said.endswith("* Goodbye, eve. Thank you for coming.\r\n")
    heard = bob.lines_until("* eve left.")
    assert [line.partition("> ")[2] for line in heard if "<eve>" in line] == ["one", "two"]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_curl_is_shown_how_to_join(chat: Service, scheme: str) -> None:
    where = f"{scheme}://localhost:{chat.port}/"
    shown = run("curl", "-sSik", where)
    assert shown.startswith("HTTP/1.1 200 OK\r\n")
    for command in (
        f"chatsvc join localhost:{chat.port}",
        f"telnet localhost {chat.port}",
        f"nc localhost {chat.port}",
        f"openssl s_client -quiet -connect localhost:{chat.port}",
    ):
        assert f"\n{command}\n" in shown
    assert "content-security-policy: default-src 'none';" in shown.lower()
    head = run("curl", "-sSIk", where)
    assert head.startswith("HTTP/1.1 200 OK\r\n")
    assert "<html" not in head
    evil = run("curl", "-sSk", where, "-H", "Host: <script>alert(1)</script>")
    assert "script" not in evil
    assert f"telnet HOST {chat.port}" in evil


def test_an_irc_client_meets_people_at_telnet(chat: Service) -> None:
    bob, client = chat.person("bob"), chat.person()
    client.send("CAP LS 302", "CAP REQ :server-time", "NICK ann", "USER ann 0 * :Ann", "CAP END")
    client.until(" 001 ann ")
    client.send("JOIN #lobby", "PRIVMSG #lobby :hi bob")
    bob.until("<ann> hi bob")
    bob.send("hi ann")
    assert client.until(":hi ann").startswith("@time=")
    client.send("QUIT")
    assert client.rest()[-1] == "ERROR :Goodbye, ann. Thank you for coming."


# Refusing


def test_what_is_not_spoken_is_refused(tmp_path: Path) -> None:
    with Service(tmp_path, *IN_MEMORY, "--speaks", "json,text") as chat:
        assert "openssl" not in chat.log
        assert "TLS" not in chat.log
        assert list(tmp_path.iterdir()) == []
        with pytest.raises(ssl.SSLError, match=r"(?i)access.denied"):
            secure(chat)
        assert run("curl", "-sSi", f"http://localhost:{chat.port}").startswith("HTTP/1.1 403 ")
        assert "ann" in chat.person().come_in("ann")


def test_where_tls_is_required_only_this_machine_is_let_in_without(tmp_path: Path) -> None:
    listen = ("--listen", "unix:chat.sock", *BEHIND_PROXY)
    with Service(tmp_path, "--require-tls", *listen) as chat:
        far = proxied(chat, Person, "192.0.2.7")
        far.send("ann")
        (words,) = far.rest()
        assert words == (
            "* This chat is joined over TLS only: openssl s_client -quiet -connect HOST:13531"
        )
        program = proxied(chat, Program, "192.0.2.7")
        program.request("hello", name="ann")
        assert program.event("refused")["code"] == "tls-needed"
        assert program.rest() == []
        proxied(chat, Person, "127.0.0.1").come_in("near")
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(tmp_path / "chat.sock"))
            Person(connection).come_in("nearer")
        outside = connected(chat)
        outside.sendall(b"PROXY TCP4 192.0.2.7 192.0.2.254 1000 13531\r\n")
        with trusting().wrap_socket(outside, server_hostname="localhost") as inside:
            assert "with near" in Person(inside).come_in("ann")


def test_behind_a_proxy_hundreds_of_tls_connections_of_one_address_are_refused(
    tmp_path: Path,
) -> None:
    with Service(tmp_path, *IN_MEMORY, *BEHIND_PROXY) as chat:
        bob = proxied(chat, Program, "198.51.100.1")
        bob.ask("hello", name="bob")
        denied, inside = 0, []
        for _ in range(60):
            outside = connected(chat)
            outside.sendall(b"PROXY TCP4 192.0.2.7 192.0.2.254 1000 13531\r\n")
            try:
                inside.append(trusting().wrap_socket(outside))
            except ssl.SSLError:
                denied += 1
                outside.close()
            bob.ask("ping")
        assert (len(inside), denied) == (16, 44)
        for number, peer in enumerate(inside):
            Person(peer).come_in(f"guest{number}")
            peer.close()


# Attacks


def test_half_a_handshake_is_closed_in_time_and_disturbs_nobody(tmp_path: Path) -> None:
    with Service(tmp_path, *IN_MEMORY, "--name-within", "1") as chat:
        ann = chat.person("ann")
        hello = BEGINNINGS["tls"][0]
        peers = [connected(chat) for _ in range(4)]
        for peer, size in zip(peers, (1, 2, len(hello) - 1, len(hello)), strict=True):
            peer.sendall(hello[:size])
        for peer in peers:
            heard = b"".join(iter(lambda peer=peer: received(peer), b""))
            assert heard[:2] in (b"", b"\x16\x03")
            peer.close()
        assert ann.hears_nothing_but_answers()


def received(peer: socket.socket) -> bytes:
    try:
        return peer.recv(65536)
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x00\x07garbage",
        b"\x16\x03" + b"\xff" * 100_000,
        b"\x16\x03\x01\x00\x00" * 1000,
        bytes.fromhex("15030300020228"),
        BEGINNINGS["tls"][0] + bytes.fromhex("15030300020228"),
        BEGINNINGS["tls"][0] * 2,
    ],
    ids=["garbage", "much garbage", "empty records", "an alert", "an alert later", "two at once"],
)
def test_broken_handshakes_end_and_disturb_nobody(chat: Service, data: bytes) -> None:
    ann = chat.person("ann")
    with contextlib.closing(connected(chat)) as peer:
        with contextlib.suppress(OSError):  # it may be closed before all is sent
            peer.sendall(data)
            peer.shutdown(socket.SHUT_WR)
        b"".join(iter(lambda: received(peer), b""))
    assert ann.hears_nothing_but_answers()
    assert not re.search("Traceback|Unhandled", chat.log)


def test_nobody_negotiates_again_and_again(chat: Service) -> None:
    bob = chat.person("bob")
    again = chat.terminal(
        needs("openssl"), "s_client", "-tls1_2", "-connect", f"localhost:{chat.port}"
    )
    again.until("Welcome to chatsvc")
    again.type("R\r")
    again.until("RENEGOTIATING")
    again.until("no renegotiation|handshake failure|unexpected message")
    again.ended()
    assert bob.hears_nothing_but_answers()


def test_who_says_farewell_in_tls_has_left(chat: Service) -> None:
    bob = chat.person("bob")
    with secure(chat) as peer:
        Person(peer).come_in("ann")
        bob.until("* ann came in.")
        peer.sendall(b"last words\n")
        with contextlib.closing(peer.unwrap()) as plain:
            assert received(plain) == b""
    bob.until("<ann> last words")
    bob.until("* ann left.")


# Many, and slow


def test_two_hundred_talk_over_tls_at_once(chat: Service) -> None:
    before, began = memory(chat), time.monotonic()
    people = [Person(secure(chat)) for _ in range(200)]
    shaken = time.monotonic() - began
    for number, person in enumerate(people):
        person.come_in(f"guest{number}")
    each = (memory(chat) - before) / len(people)
    print(f"{shaken * 5:.1f} ms a handshake, {each / 1024:.0f} KiB each")
    people[0].send("hello")
    for person in people[1:]:
        person.until("<guest0> hello")
    assert each < 400_000
    for person in people:
        person.close()
    observer = chat.program("observer", room=None)
    deadline = Deadline(LIMIT)
    while connections(chat) > 8:
        deadline.left("200 closed connections")
        observer.ask("ping")


def test_slow_readers_over_tls_cost_little_and_read_on(tmp_path: Path) -> None:
    with Service(tmp_path) as chat:
        sender = chat.program("sender")
        slow = [Person(secure(chat)) for _ in range(5)]
        for number, person in enumerate(slow):
            person.come_in(f"slow{number}")
        before, lines = memory(chat), 8000
        for start in range(0, lines, 500):
            for number in range(start, start + 500):
                sender.request("say", text=f"{number} " + "x" * 2000, tag=str(number))
            sender.until(lambda event, last=str(start + 499): event.get("tag") == last)
        growth = memory(chat) - before
        print(f"{growth / 1e6:.1f} MB for {lines * 2 / 1000:.0f} MB unread by each of {len(slow)}")
        assert growth < 25_000_000
        heard = slow[0].lines_until(f"<sender> {lines - 1} ")
        numbers = [int(n) for n in re.findall(r"<sender> (\d+) ", "\n".join(heard))]
        assert numbers == list(range(lines))
        for person in slow:
            person.close()


# Certificates


def test_the_certificate_made_at_the_first_start_stays_the_same(tmp_path: Path) -> None:
    found = []
    for _ in range(2):
        with Service(tmp_path) as chat:
            found.append(chat.wait_for(r"SHA-256 ([0-9A-F:]{95})\n")[1])
            command = f"openssl s_client -quiet -connect localhost:{chat.port}"
            assert f"    {command}\n" in chat.log
            pem = tmp_path / "chat.db.pem"
            assert pem.stat().st_mode & 0o777 == 0o600
            with secure(chat, trusting(pem.read_bytes())) as peer:
                Person(peer).come_in("ann")
    assert found[0] == found[1]
    written = run("openssl", "x509", "-in", str(pem), "-noout", "-fingerprint", "-sha256")
    assert written.partition("=")[2].strip() == found[0]


def test_a_certificate_is_given_and_renewed_while_people_talk(tmp_path: Path) -> None:
    old, new = make(), make()
    for file in ("cert.pem", "key.pem"):
        (tmp_path / file).write_bytes(old)
    given = ("--cert", "cert.pem", "--key", "key.pem")
    with Service(tmp_path, *given) as chat:
        assert "SHA-256" not in chat.log
        assert not (tmp_path / "chat.db.pem").exists()
        with secure(chat, trusting(old)) as peer:
            ann = Person(peer)
            ann.come_in("ann")
            (tmp_path / "cert.pem").write_bytes(b"half a certificate")
            deadline = Deadline(LIMIT)
            while "The certificate from before stays in use." not in chat.log:
                deadline.left("a word about the broken file")
                secure(chat, trusting(old)).close()
            for file in ("cert.pem", "key.pem"):
                (tmp_path / file).write_bytes(new)
            while not shows(chat, new):
                deadline.left("the new certificate")
            assert ann.hears_nothing_but_answers()
        assert chat.log.count("stays in use") == 1
        assert chat.log.count("is in use now.") == 1


def shows(chat: Service, pem: bytes) -> bool:
    try:
        secure(chat, trusting(pem)).close()
    except ssl.SSLCertVerificationError:
        return False
    return True


@pytest.mark.parametrize(
    ("files", "options", "sentence"),
    [
        ({}, "--cert a.pem --key b.pem", "a.pem cannot be read: No such file or directory."),
        ({"a.pem": b"", "b.pem": b""}, "--cert a.pem --key b.pem", "no certificate in PEM"),
        ({"chat.db.pem": b""}, "", "If it is moved away, another one is made."),
        ({}, "--cert a.pem", "Give --cert and --key, both or none."),
        ({}, "--require-tls --speaks text", "--require-tls needs tls among what --speaks lists."),
        ({}, "--speaks text,latin", "--speaks lists some of tls, json, irc, http, text"),
    ],
)
def test_a_certificate_that_cannot_be_used_is_a_sentence(
    tmp_path: Path, files: dict[str, bytes], options: str, sentence: str
) -> None:
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    assert sentence in fails_with(tmp_path, "--port", "0", *options.split())


def test_people_come_in_by_every_endpoint_with_tls_and_without(tmp_path: Path) -> None:
    listen = ("--listen", "unix:chat.sock", "--listen", "tcp:0:interface=127.0.0.1")
    with Service(tmp_path, *IN_MEMORY, *listen) as chat, secure(chat) as peer:
        Person(peer).come_in("ann")
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(tmp_path / "chat.sock"))
            with trusting().wrap_socket(connection) as inside:
                assert "with ann" in Person(inside).come_in("bob")
