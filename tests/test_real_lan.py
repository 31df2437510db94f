"""A class behind one address, what the log says about refusals, and the start message."""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from real import LIMIT, Person, Service

from chatsvc.transports.machine import outer_addresses

PROXIED = ("--listen", "haproxy:tcp:0:interface=127.0.0.1")
ROUTER, PUBLIC = "192.168.1.7", "203.0.113.7"
PUPILS = 25


@contextmanager
def people(chat: Service, address: str, count: int = PUPILS) -> Iterator[list[Person]]:
    """Return users who all come from one address."""
    with ExitStack() as leaving:
        yield [leaving.enter_context(person(chat, address)) for _ in range(count)]


@contextmanager
def person(chat: Service, address: str) -> Iterator[Person]:
    with closing(Person(socket.create_connection(("127.0.0.1", chat.port), LIMIT))) as peer:
        peer.send_bytes(f"PROXY TCP4 {address} {address} 1234 13531\r\n".encode())
        yield peer


def joined(peers: list[Person]) -> int:
    """Return how many of them can join."""
    for number, peer in enumerate(peers):
        peer.send(f"pupil{number:02}")
    words = ("You are in", "the maximum", "Too many")
    return sum("You are in" in one_of(peer, words) for peer in peers)


def one_of(peer: Person, words: tuple[str, ...]) -> str:
    while (line := peer.raw_line("an answer")) is not None:
        if any(word.encode() in line for word in words):
            return line.decode()
    return ""


@pytest.mark.parametrize("program", [None, ("-n", "--pidfile=")], ids=["serve", "twistd"])
def test_a_class_behind_one_address_joins_and_registers(
    tmp_path: Path, program: tuple[str, ...] | None
) -> None:
    with (
        Service(tmp_path, "--lan", *PROXIED, twistd=program) as chat,
        people(chat, ROUTER) as pupils,
    ):
        assert joined(pupils) == PUPILS
        for number, pupil in enumerate(pupils):
            pupil.send(f"/register secret-horse-{number}")
            pupil.until("is now registered to you")
            pupil.send("/login wrong")
        for number, pupil in enumerate(pupils[:8]):
            pupil.send(f"/passwd wrong-horse secret-horse-{number}")
            pupil.until("Wrong password")
        pupils[9].send("/passwd secret-horse-9 another-horse-9")
        pupils[9].until("assword changed")
        assert "Refused" not in chat.log


def test_without_lan_the_log_names_the_option_once(tmp_path: Path) -> None:
    with Service(tmp_path, *PROXIED, twistd=None) as chat, people(chat, ROUTER) as pupils:
        assert joined(pupils) == 16
        line = "Refused a connection from a busy address (--per-address). For many users behind"
        chat.wait_for(re.escape(line))
        assert chat.log.count("Refused ") == 1
        assert ROUTER not in chat.log


def test_with_lan_a_public_address_is_limited_as_before(tmp_path: Path) -> None:
    with Service(tmp_path, "--lan", *PROXIED, twistd=None) as chat, people(chat, PUBLIC) as many:
        assert joined(many) == 16
        chat.wait_for(r"\(--per-address\)")


@pytest.mark.parametrize(
    ("options", "lines", "option"),
    [
        ("--max-clients 1 --per-address 1", ["ann"], "--max-clients"),
        ("--speaks json", ["ann"], "--speaks"),
        ("--require-tls", ["ann"], "--require-tls"),
        ("--accounts closed", ["ann", "/register correct-horse"], "--accounts"),
        ("--accounts invite", ["ann", "/register correct-horse"], "--accounts"),
        ("--email-required", ["ann", "/register correct-horse"], "--email-required"),
        ("--password tea", ["ann", ""], "--password"),
        ("--new-rooms 1/60", ["ann", "/join one", "/join two"], "--new-rooms"),
        ("--name-within 1", [], "--name-within"),
        (
            "--login-attempts 1/60 --password tea",
            ["ann", "milk", "milk"],
            "--login-attempts",
        ),
        ("", ["GET / HTTP/1.1", "Host: evil.example.com", ""], "--web-host"),
        (
            "",
            [
                "GET / HTTP/1.1", "Host: localhost", "Origin: https://evil.example.com",
                "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "",
            ],
            "--web-origin",
        ),
    ],
)  # fmt: skip
def test_each_refusal_names_its_option(
    tmp_path: Path, options: str, lines: list[str], option: str
) -> None:
    with (
        Service(tmp_path, *options.split(), *PROXIED, twistd=None) as chat,
        ExitStack() as leaving,
    ):
        if option == "--max-clients":
            leaving.enter_context(person(chat, ROUTER)).come_in("first")
        second = leaving.enter_context(person(chat, PUBLIC))
        second.send_bytes("".join(f"{line}\r\n" for line in lines).encode())
        assert len(chat.wait_for(rf"Refused [^\n]* \({option}\)")[0]) > 20
        assert chat.log.count("Refused ") <= 2


def test_the_rest_of_a_flood_is_counted(tmp_path: Path) -> None:
    with Service(tmp_path, *PROXIED, "--arrivals", "1/600", twistd=None) as chat:
        for _ in range(20):
            with person(chat, PUBLIC) as peer:
                peer.send("ann", "/quit")
                peer.rest()
        assert chat.log.count("Refused ") == 1


# The start message


def test_it_shows_the_addresses_to_open_on_another_machine(tmp_path: Path) -> None:
    if not (outer := list(outer_addresses())):
        pytest.skip("this machine has no address besides loopback")
    with Service(tmp_path, twistd=None) as chat:
        for address in outer:
            host = f"[{address}]" if ":" in address else address
            assert f"    http://{host}:{chat.port}/\n" in chat.log
            with socket.create_connection((address, chat.port), LIMIT) as connection:
                connection.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                assert connection.recv(64).startswith(b"HTTP/1.1 200 ")
    with Service(tmp_path, "--require-tls", twistd=None) as chat:
        assert f"    https://{host}:{chat.port}/\n" in chat.log
        assert f"http://{host}:" not in chat.log


@pytest.mark.parametrize("mode", ["closed", "invite"])
def test_if_registration_is_not_open_it_shows_a_command_that_creates_an_operator(
    tmp_path: Path, mode: str
) -> None:
    with Service(tmp_path, "--accounts", mode, "--data", "my data", twistd=None) as chat:
        assert "/register" not in chat.log
        command = chat.wait_for(r"(?m)^ +(\S+ account add NAME --operator .*)$")[1]
        words = [word.replace("NAME", "boss") for word in shlex.split(command)]
        done = subprocess.run(words, input="correct-horse\n", capture_output=True, text=True)
        assert done.stdout == "Registered boss as an operator.\n", done.stderr
    with Service(tmp_path, "--accounts", mode, "--data", "my data", twistd=None) as chat:
        assert "operator" not in chat.log
        boss = chat.person()
        boss.send("boss")
        boss.until("registered name")
        boss.send("correct-horse")
        boss.until("You are in")
        boss.send("/invite-code" if mode == "invite" else "/lockdown on")
        boss.until("code" if mode == "invite" else "lockdown")


def test_if_nobody_can_become_an_operator_it_says_so(tmp_path: Path) -> None:
    memory = ("--archive", "memory:", "--accounts", "closed")
    with Service(tmp_path, *memory, twistd=None) as chat:
        assert "There is no operator, and nobody can become one" in chat.log


def test_if_an_address_is_required_the_command_has_one(tmp_path: Path) -> None:
    with Service(tmp_path, "--email-required", twistd=None) as chat:
        code = chat.wait_for(r"/register password address@example\.org, then /claim (\S+)")[1]
        ann = chat.person("ann")
        ann.send("/register correct-horse ann@example.org")
        ann.until("registered to you")
        ann.send(f"/claim {code}")
        ann.until("operator")
