"""Measure the path of a line in one process: from its bytes to the sockets of all readers.

`python -m benchmarks.path` prints the processor time of a delivery in the text dialect and over
IRC. Commits have a fixed size, the sockets and the archive are real, both take turns, and the
fastest of many rounds counts, so other work on the machine hardly matters. What the reactor does
is left out.
"""

from __future__ import annotations

import gc
import resource
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from conftest import Chat, Person, Worker, no_turn, start
from stores import sqlite

ROUNDS = 60
TEXT = b"x" * 64


@dataclass(frozen=True)
class Work:
    """Rooms, members and talkers of each room, and lines of each talker in a commit."""

    name: str
    rooms: int
    members: int
    talkers: int
    lines: int


WORKS = (
    Work("room of 200, 10 talking", 1, 200, 10, 8),
    Work("60 rooms of 10, 2 talking, 1 message each", 60, 10, 2, 1),
    Work("60 rooms of 10, 2 talking, 8 messages each", 60, 10, 2, 8),
)


class House:
    """A chat whose users have real sockets, which are read when nothing is measured."""

    def __init__(self, folder: Path, protocol: str, work: Work) -> None:
        self.worker, self.protocol, self.work = Worker(), protocol, work
        self.chat = Chat(sqlite(folder / "chat.db", self.worker, no_turn, start))
        self.chat.factory.max_clients = 10_000
        self.readers: list[socket.socket] = []
        self.said: list[Callable[[], None]] = []
        rooms = [f"#r{number}" for number in range(work.rooms)]
        people = {room: [self.join(f"{room[1:]}u{m}", room) for m in range(work.members)]
                  for room in rooms}  # fmt: skip
        self.chat.clock.advance(5)  # the joins of a crowd are announced
        self.worker.work()
        with socket.create_server(("127.0.0.1", 0), backlog=8) as listener:
            for person in chain.from_iterable(people.values()):
                self.give_socket(person, listener)
        for room, members in people.items():
            head = f"PRIVMSG {room} :".encode() if protocol == "irc" else b""
            data = (head + TEXT + b"\r\n") * work.lines
            self.said += [self.talker(person, data) for person in members[: work.talkers]]

    def join(self, name: str, room: str) -> Person:
        person = self.chat.connect()
        if self.protocol == "irc":
            person.send(f"NICK {name}", f"USER {name} 0 * :{name}", f"JOIN {room}")
        else:
            person.send(name, f"/join {room}", "/leave #lobby")
        self.worker.work()
        return person

    def give_socket(self, person: Person, listener: socket.socket) -> None:
        reader = socket.create_connection(listener.getsockname())
        end, _ = listener.accept()
        for one in (reader, end):
            one.setblocking(False)
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        protocol = person.protocol
        protocol._direct, protocol._socket, protocol._buffered = True, end, False
        self.readers.append(reader)

    def talker(self, person: Person, data: bytes) -> Callable[[], None]:
        return lambda: person.protocol.dataReceived(data)

    def round(self) -> float:
        """Let everybody talk once, in one commit; return the processor time."""
        queue = self.chat.archive._queue  # type: ignore[attr-defined]
        begun = time.process_time()
        queue._busy = True  # as if a commit were in progress, so that everything waits for the next
        for say in self.said:
            say()
        queue._busy = False
        queue._begin()
        self.worker.work()
        taken = time.process_time() - begun
        for reader in self.readers:
            while len(reader.recv(1 << 20)) == 1 << 20:
                pass
        self.chat.clock.calls.clear()  # timers, which a test's clock sorts for each new one
        return taken


def measure(work: Work) -> tuple[float, float]:
    """Return the microseconds of a delivery in the text dialect and over IRC."""
    deliveries = work.rooms * work.talkers * work.lines * (work.members - 1)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        houses = House(Path(one), "text", work), House(Path(two), "irc", work)
        gc.collect()
        gc.freeze()
        gc.disable()
        rounds = [[house.round() for house in houses] for _ in range(ROUNDS)]
        gc.enable()
    text, irc = map(min, zip(*rounds, strict=True))
    return text / deliveries * 1e6, irc / deliveries * 1e6


def main() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    print("| µs CPU per delivery | text | IRC | IRC ÷ text |\n|---|---:|---:|---:|", flush=True)
    for work in WORKS:
        text, irc = measure(work)
        print(f"| {work.name} | {text:.3f} | {irc:.3f} | {irc / text:.2f} |", flush=True)


if __name__ == "__main__":
    main()
