"""One port for every protocol: real programs, with and without encryption."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from beginnings import BEGINNINGS, GREETING
from real import LIMIT, Deadline, Person, Program, Service, needs
from real_connections import (
    BEHIND_PROXY,
    IN_MEMORY,
    connected,
    connections,
    memory,
    proxied,
    run,
    secure,
    trusting,
)


@pytest.fixture(scope="module")
def shared_chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("chat"), *IN_MEMORY, "--show-history", "0") as service:
        yield service


@pytest.fixture
def chat(shared_chat: Service) -> Iterator[Service]:
    """Return the service, in which nobody is left of the test before."""
    yield shared_chat
    shared_chat.everybody_leaves()


# Each in its own protocol


@pytest.mark.parametrize("encrypted", [False, True])
def test_the_first_bytes_of_every_language_come_one_by_one(chat: Service, encrypted: bool) -> None:
    pulse = chat.program("pulse", room=None)
    answers = {"json": b'{"event":"pong"}', "irc": b":irc.chatsvc CAP * LS ", "http": b"HTTP/1.1 "}
    for name, several in BEGINNINGS.items():
        if name == "tls":
            continue
        with contextlib.closing(secure(chat) if encrypted else connected(chat)) as peer:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in several[0]:
                peer.sendall(bytes([byte]))
                pulse.ask("ping")  # so the service has read it
            heard = b""
            while not heard.removeprefix(GREETING):
                heard += peer.recv(4096)
            wanted = answers.get(name, b"* Welcome, ann.")
            assert heard.removeprefix(GREETING).startswith(wanted)


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
    bob.until(r"\* ann joined\.\n")
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
    assert said.endswith("* Goodbye, eve.\r\n")
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
    assert client.rest()[-1] == "ERROR :Closing Link: irc.chatsvc (Quit)"


@pytest.fixture
def secured(chat: Service) -> Iterator[ssl.SSLSocket]:
    with secure(chat) as connection:
        yield connection


def test_all_kinds_meet_on_one_running_service(chat: Service, secured: ssl.SSLSocket) -> None:
    where = ("localhost", str(chat.port))
    at = {
        "tess": chat.terminal(needs("telnet"), *where),
        "nick": chat.terminal(needs("nc"), *where),
        "olga": chat.terminal(needs("openssl"), "s_client", "-quiet", "-connect", ":".join(where)),
    }
    for name, terminal in at.items():
        terminal.until(r"What is your name\?")
        terminal.type(f"{name}\r")
        terminal.until(f"Welcome, {name}")
    program = chat.program("jo")
    irc = {"ivy": chat.person(), "isa": Person(secured)}
    for name, client in irc.items():
        client.send(f"NICK {name}", f"USER {name} 0 * :{name}", "JOIN #lobby")
        client.until(f" 366 {name} #lobby ")

    def everybody_hears(sender: str, words: str) -> None:
        for name in at.keys() - {sender}:
            at[name].until(f"<{sender}> {words}\n")
        for name in irc.keys() - {sender}:
            heard = irc[name].until(f" PRIVMSG #lobby :{words}")
            assert heard.startswith(f":{sender}!")
        if sender != "jo":
            program.until(lambda event: (event.get("from"), event.get("text")) == (sender, words))

    for name in at:
        at[name].type(f"hello from {name}\r")
        everybody_hears(name, f"hello from {name}")
    for name in irc:
        irc[name].send(f"PRIVMSG #lobby :hello from {name}")
        everybody_hears(name, f"hello from {name}")
    program.ask("say", text="hello from jo")
    everybody_hears("jo", "hello from jo")
    for scheme in ("http", "https"):
        assert f"telnet localhost {chat.port}" in run(
            "curl", "-sk", f"{scheme}://{':'.join(where)}/"
        )
    requests = (
        '{"do":"hello","name":"sue"}',
        '{"do":"join","room":"#lobby"}',
        '{"do":"say","text":"from a script"}',
    )
    script = "".join(f"{request}\n" for request in requests)
    assert '"text":"from a script"' in run("nc", "-N", *where, text=script)
    everybody_hears("sue", "from a script")
    for client in irc.values():
        client.send("QUIT")
        assert client.rest()[-1] == "ERROR :Closing Link: irc.chatsvc (Quit)"


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
        assert words == ("* This chat requires TLS: openssl s_client -quiet -connect HOST:13531")
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
        inside = []
        for _ in range(60):
            outside = connected(chat)
            outside.sendall(b"PROXY TCP4 192.0.2.7 192.0.2.254 1000 13531\r\n")
            inside.append(Person(trusting().wrap_socket(outside)))
            bob.ask("ping")
        for person in inside[16:]:
            person.send("eve")
            assert "192.0.2.7 already has 16 connections" in person.rest()[0]
        for number, person in enumerate(inside[:16]):
            person.come_in(f"guest{number}")
        for person in inside:
            person.close()


# Attacks


def test_half_a_handshake_is_closed_in_time_and_disturbs_nobody(tmp_path: Path) -> None:
    with Service(tmp_path, *IN_MEMORY, "--name-within", "1") as chat:
        ann = chat.person("ann")
        hello = BEGINNINGS["tls"][0]
        peers = [connected(chat) for _ in range(4)]
        for peer, size in zip(peers, (1, 2, len(hello) - 1, len(hello)), strict=True):
            peer.sendall(hello[:size])
        for peer in peers:
            heard = b"".join(iter(partial(received, peer), b""))
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
        bob.until("* ann joined.")
        peer.sendall(b"last words\n")
        with contextlib.closing(peer.unwrap()) as plain:
            assert received(plain) == b""
    bob.until("<ann> last words")
    bob.until("* ann left.")


# Many, and slow


@pytest.mark.load
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


def is_tagged(tag: str, event: dict[str, Any]) -> bool:
    return event.get("tag") == tag


@pytest.mark.load
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
            sender.until(partial(is_tagged, str(start + 499)))
        growth = memory(chat) - before
        print(f"{growth / 1e6:.1f} MB for {lines * 2 / 1000:.0f} MB unread by each of {len(slow)}")
        assert growth < 25_000_000
        heard = slow[0].lines_until(f"<sender> {lines - 1} ")
        numbers = [int(n) for n in re.findall(r"<sender> (\d+) ", "\n".join(heard))]
        assert numbers == list(range(lines))
        for person in slow:
            person.close()
