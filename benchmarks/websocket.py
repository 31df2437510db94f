"""Measure what WebSocket costs: reading frames, idle connections, and showing messages.

`python -m benchmarks.websocket` compares the reader of frames with the one of the `websockets`
library, and connections of a live service over WebSocket with ones that speak JSON lines.
"""

from __future__ import annotations

import resource
import socket
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from benchmarks.scenarios import memory_kib
from benchmarks.servers import HOST, UNLIMITED, Running, Server, chatsvc, running
from chatsvc.transports.websocket.frames import FrameReader, client_frame

CONNECTIONS, MESSAGES = 1000, 200
REQUEST = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def masked(size: int) -> bytes:
    return Frame(Opcode.TEXT, b"x" * size).serialize(mask=True)


def own() -> Callable[[bytes], int]:
    reader = FrameReader()
    return lambda data: reader.lines(data).count(b"\n")


def library() -> Callable[[bytes], int]:
    server = ServerProtocol(state=OPEN, max_size=16384)

    def read(data: bytes) -> int:
        server.receive_data(data)
        frames = [event for event in server.events_received() if isinstance(event, Frame)]
        return sum(bool(bytes(frame.data).decode()) for frame in frames)

    return read


def reading(make: Callable[[], Callable[[bytes], int]], size: int) -> float:
    """Return the microseconds of processor time for each message; the best of five runs."""
    data, best = masked(size), float("inf")
    for _ in range(5):
        read, begun = make(), time.process_time()
        for _ in range(10_000):
            assert read(data) == 1
        best = min(best, time.process_time() - begun)
    return best / 10_000 * 1e6


def memory(make: Callable[[], Callable[[bytes], int]]) -> float:
    """Return the bytes that a reader takes after its first message."""
    tracemalloc.start()
    kept = [make() for _ in range(1000)]
    for read in kept:
        read(masked(100))
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return size / len(kept)


@contextmanager
def service() -> Iterator[Running]:
    """Run a chat service that stores in memory and limits nothing."""
    twistd = str(Path(sys.executable).with_name("twistd"))
    command = chatsvc(twistd, "memory:", UNLIMITED, ())
    with running(Server("chatsvc", "json", 0, 0, 0, command)) as it:
        yield it


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def settle(pid: int) -> None:
    """Wait until a process has had nothing to do for four seconds, a minute at most."""
    idle, before, deadline = 0, processor_seconds(pid), time.monotonic() + 60
    while idle < 4 and time.monotonic() < deadline:
        time.sleep(1)
        now = processor_seconds(pid)
        idle, before = (idle + 1 if now - before < 0.05 else 0), now


class Reader:
    """A connection in the room, over WebSocket or not."""

    def __init__(self, port: int, websocket: bool, name: str) -> None:
        self.websocket = websocket
        self.socket = socket.create_connection((HOST, port))
        if websocket:
            self.socket.sendall(REQUEST)
            self.until(b"\r\n\r\n")
        self.send(b'{"do":"hello","name":"%b"}' % name.encode())
        self.until(b'"welcome"')
        self.send(b'{"do":"join","room":"#lobby","last":0}')
        self.until(b'"entered"')

    def send(self, text: bytes) -> None:
        self.socket.sendall(client_frame(text) if self.websocket else text + b"\n")

    def until(self, words: bytes) -> None:
        heard = b""
        while words not in heard:
            heard = heard[-len(words) :] + self.socket.recv(1 << 18)


def connections(websocket: bool) -> tuple[float, float]:
    """Return KiB for each idle connection, and microseconds for each message to each reader."""
    with service() as it:
        readers = [Reader(it.port, websocket, f"r{n}") for n in range(100)]
        before = memory_kib(it.pid)
        readers += [Reader(it.port, websocket, f"s{n}") for n in range(CONNECTIONS)]
        kib = (memory_kib(it.pid) - before) / CONNECTIONS
        settle(it.pid)  # the joins are told a while later
        begun = processor_seconds(it.pid)
        for number in range(MESSAGES):
            readers[0].send(b'{"do":"say","room":"#lobby","text":"message %d."}' % number)
            for reader in readers:
                reader.until(b"message %d." % number)
        return kib, (processor_seconds(it.pid) - begun) / MESSAGES / len(readers) * 1e6


def main() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    print("| message of | own reader | `websockets` |\n|---|---:|---:|")
    for size in (20, 100, 300, 1000, 4000):
        print(f"| {size} bytes | {reading(own, size):.1f} µs | {reading(library, size):.1f} µs |")
    print(f"| memory | {memory(own):.0f} bytes | {memory(library):.0f} bytes |\n")
    print("| connections | idle | a message to a reader |\n|---|---:|---:|")
    for name, websocket in (("JSON lines", False), ("WebSocket", True)):
        kib, microseconds = connections(websocket)
        print(f"| {name} | {kib:.1f} KiB | {microseconds:.1f} µs |")


if __name__ == "__main__":
    main()
