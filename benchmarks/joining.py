"""Measure how a room fills: many IRC clients that join it at once.

`python -m benchmarks.joining 500 1000 2000` prints a Markdown table: the time until every client
has its list of names, and the processor time of the server until everybody is announced.
"""

from __future__ import annotations

import os
import resource
import selectors
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.servers import HOST, UNLIMITED, Server, chatsvc, running

ROOM = "#storm"
QUIET = 4.0  # seconds; in a crowd, joins are announced after three
LIMIT = 120.0  # seconds for each step


class Guest:
    """An IRC client that counts what it receives, without parsing it."""

    def __init__(self, port: int, name: str) -> None:
        self.socket = socket.create_connection((HOST, port))
        self.name, self.rest = name, b""
        self.received = 0
        self.said(f"NICK {name}\r\nUSER {name} 0 * :{name}")

    def said(self, line: str) -> None:
        self.socket.sendall(f"{line}\r\n".encode())

    def read(self, wanted: bytes) -> bool:
        """Read what is there; return whether it contains a numeric."""
        data = self.socket.recv(1 << 18)
        assert data, f"{self.name} was disconnected"
        self.received += len(data)
        found = wanted in self.rest + data
        self.rest = data[-len(wanted) :]
        return found


def wait_for_all(guests: list[Guest], wanted: bytes) -> None:
    """Read until every client has received a numeric."""
    missing = set(guests)
    selector = selectors.DefaultSelector()
    for guest in guests:
        selector.register(guest.socket, selectors.EVENT_READ, guest)
    end = time.monotonic() + LIMIT
    while missing:
        assert time.monotonic() < end, f"{len(missing)} clients still wait for {wanted!r}"
        for event, _ in selector.select(1):
            if event.data.read(wanted):
                missing.discard(event.data)


def read_until_quiet(guests: list[Guest]) -> None:
    """Read until nothing has arrived for a while."""
    selector = selectors.DefaultSelector()
    for guest in guests:
        selector.register(guest.socket, selectors.EVENT_READ, guest)
    while ready := selector.select(QUIET):
        for event, _ in ready:
            event.data.read(b"\0")


def processor_time(pid: int) -> float:
    """Return the seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def storm(server: Server, clients: int) -> tuple[float, float, float, float]:
    """Return seconds and CPU seconds until all names are shown, CPU until the end, and MB."""
    with running(server) as it:
        guests = [Guest(it.port, f"guest{number:04}") for number in range(clients)]
        wait_for_all(guests, b" 422 ")
        begun, used = time.monotonic(), processor_time(it.pid)
        before = sum(guest.received for guest in guests)
        for guest in guests:
            guest.said(f"JOIN {ROOM}")
        wait_for_all(guests, b" 366 ")
        took, names = time.monotonic() - begun, processor_time(it.pid) - used
        read_until_quiet(guests)
        total = processor_time(it.pid) - used
        received = sum(guest.received for guest in guests) - before
        for guest in guests:
            guest.socket.close()
        return took, names, total, received / 1e6


def known() -> Server:
    """Return chatsvc, installed for the Python that runs this, without limits."""
    twistd = str(Path(sys.executable).with_name("twistd"))
    command = chatsvc(twistd, "sqlite:{folder}/chat.db", (*UNLIMITED, "--work", "off"), ())
    return Server("chatsvc-irc", "irc", 100, 500, 60_000, command)


def main(counts: list[int], tell: Callable[[str], object] = print) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    tell("| clients | all have the names, s | CPU until then, s | CPU in all, s | MB sent |")
    tell("|---:|---:|---:|---:|---:|")
    for clients in counts:
        figures = storm(known(), clients)
        tell(f"| {clients:,} | {' | '.join(f'{figure:.2f}' for figure in figures)} |")


if __name__ == "__main__":
    main([int(count) for count in sys.argv[1:]] or [500, 1000, 2000])
