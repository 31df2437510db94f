"""The page of the real `twistd`, loaded by real clients."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from pathlib import Path
from urllib.request import urlopen

import pytest
from real import LIMIT, Deadline, Person, Program, Service, Stopwatch, needs
from real_connections import BEHIND_PROXY, connections, memory, proxied, trusting

BROWSER = {"Accept": "text/html,*/*;q=0.8", "Accept-Encoding": "gzip, deflate"}
HEADER = b"PROXY TCP4 %s 192.0.2.254 1000 13531\r\n"


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path, "--archive", "memory:") as service:
        yield service


def loaded(connection: HTTPConnection, path: str = "/") -> HTTPResponse:
    """Return the answer to a browser's request, read to its end."""
    connection.request("GET", path, headers=BROWSER)
    answer = connection.getresponse()
    answer.read()
    return answer


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_page_and_its_files_are_loaded_over_one_connection(chat: Service, scheme: str) -> None:
    if scheme == "http":
        connection = HTTPConnection("localhost", chat.port, timeout=LIMIT)
    else:
        connection = HTTPSConnection("localhost", chat.port, timeout=LIMIT, context=trusting())
    connection.request("GET", "/", headers={"Accept": "text/html"})
    page = connection.getresponse().read().decode()
    own = connection.sock
    paths = set(re.findall(r'(?:src|href)="(/[^"]+)"', page))
    assert paths
    for path in paths:
        answer = loaded(connection, path)
        assert answer.status == 200
        assert "immutable" in answer.headers["Cache-Control"]
    assert connection.sock is own
    connection.close()


def test_curl_can_revalidate_and_unzip(chat: Service) -> None:
    where = f"http://localhost:{chat.port}/"
    curl = [needs("curl"), "-sS", "--compressed", "-H", "Accept: text/html", where]
    page = subprocess.run(curl, capture_output=True, timeout=LIMIT, check=True).stdout
    assert b'<script type="module" src="/assets/' in page
    head = subprocess.run([*curl, "-I"], capture_output=True, timeout=LIMIT, check=True).stdout
    (tag,) = re.findall(rb'(?im)^etag: ("[^"]+")', head)
    again = [*curl, "-i", "-H", b"If-None-Match: " + tag]
    assert b" 304 " in subprocess.run(again, capture_output=True, timeout=LIMIT).stdout


def test_a_program_that_asks_for_no_page_is_shown_how_to_join(chat: Service) -> None:
    with urlopen(f"http://localhost:{chat.port}/", timeout=LIMIT) as answer:
        assert f"telnet localhost {chat.port}" in answer.read().decode()


def test_the_server_stops_while_a_browser_keeps_its_connection(tmp_path: Path) -> None:
    with Service(tmp_path, "--archive", "memory:") as chat:
        connection = HTTPConnection("localhost", chat.port, timeout=LIMIT)
        assert loaded(connection).status == 200
    connection.close()


# Many connections


@pytest.fixture
def behind_proxy(tmp_path: Path) -> Iterator[Service]:
    limits = ("--flood", "8/2", "--per-address", "30", "--arrivals", "30/600")
    with Service(tmp_path, *BEHIND_PROXY, *limits, "--archive", "memory:") as service:
        yield service


def reload(chat: Service, count: int) -> list[HTTPConnection]:
    """Return connections on each of which a pupil at one address has loaded the page."""
    pupils = []
    for _ in range(count):
        pupil = HTTPConnection("localhost", chat.port, timeout=LIMIT)
        pupil.connect()
        pupil.sock.sendall(HEADER % b"192.0.2.7")
        # Immediately, because the server greets clients that send nothing.
        pupil.request("GET", "/", headers=BROWSER)
        pupils.append(pupil)
    for pupil in pupils:
        answer = pupil.getresponse()
        answer.read()
        assert answer.status == 200
    return pupils


def test_a_class_that_reloads_the_page_twice_can_join(behind_proxy: Service) -> None:
    for _ in range(2):
        for pupil in reload(behind_proxy, 60):
            pupil.close()
    for number in range(30):
        proxied(behind_proxy, Person, "192.0.2.7").come_in(f"pupil{number}")


@pytest.mark.load
def test_a_thousand_half_requests_keep_nobody_out(behind_proxy: Service) -> None:
    chat = behind_proxy
    bob = proxied(chat, Program, "198.51.100.1")
    bob.ask("hello", name="bob")
    before, files, delays = memory(chat), connections(chat), list[float]()
    attackers = []
    for number in range(1000):
        attacker = socket.create_connection(("localhost", chat.port), timeout=LIMIT)
        attacker.sendall(HEADER % (b"192.0.2.%d" % (number % 8)) + b"GET / HTTP/1.1\r\nHost: ")
        attackers.append(attacker)
        watch = Stopwatch(chat)
        bob.ask("ping")
        delays.append(watch.seconds())
    growth = memory(chat) - before
    print(f"{growth / 1e6:.1f} MB, {max(delays) * 1000:.1f} ms of delay")
    assert growth < 20_000_000
    assert max(delays) < 2.0
    proxied(chat, Person, "192.0.2.7").come_in("ann")
    for attacker in attackers:
        attacker.close()
    deadline = Deadline(LIMIT)
    while connections(chat) > files + 1:
        deadline.left("closed connections")
        bob.ask("ping")


@pytest.mark.load
def test_who_requests_much_and_reads_nothing_takes_bounded_memory(behind_proxy: Service) -> None:
    chat = behind_proxy
    bob = proxied(chat, Program, "198.51.100.1")
    bob.ask("hello", name="bob")
    before, delays, attackers = memory(chat), list[float](), []
    for _ in range(20):
        attacker = socket.create_connection(("localhost", chat.port), timeout=LIMIT)
        attacker.setblocking(False)
        attacker.send(HEADER % b"192.0.2.7")
        attackers.append(attacker)
    for number in range(200):
        for attacker in attackers:
            try:
                attacker.send(b"GET / HTTP/1.1\r\nAccept: text/html\r\n\r\n" * 1000)
            except BlockingIOError:
                continue
        if number % 4 == 0:
            watch = Stopwatch(chat)
            bob.ask("ping")
            delays.append(watch.seconds())
    growth = memory(chat) - before
    print(f"{growth / 1e6:.1f} MB, {max(delays) * 1000:.1f} ms of delay")
    assert growth < 20_000_000
    assert max(delays) < 2.0
    for attacker in attackers:
        attacker.close()
