"""Measure what WebSocket costs: reading frames, idle connections, and showing messages.

`python -m benchmarks.websocket` compares the reader of frames with the one of the `websockets`
library, and connections of a live service over WebSocket with ones that speak JSON lines.
"""

from __future__ import annotations

import resource
import socket
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from chatsvc.transports.websocket.frames import FrameReader, client_frame

CONNECTIONS, MESSAGES = 1000, 200
STARTING_SECONDS = 30
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


class Service:
    """A live service in a temporary directory."""

    def __init__(self, directory: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        twistd = str(Path(sys.executable).with_name("twistd"))
        words = f"-n --pidfile= --logfile=log chat --interface 127.0.0.1 --port {self.port}"
        unlimited = "--archive memory: --flood off --work off --per-address off --arrivals off"
        command = [twistd, *words.split(), *unlimited.split()]
        self.process = subprocess.Popen(command, cwd=directory)
        self._wait_until_accepting()

    def _wait_until_accepting(self) -> None:
        deadline = time.monotonic() + STARTING_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            with socket.socket() as trial:
                if not trial.connect_ex(("127.0.0.1", self.port)):
                    return
            time.sleep(0.1)
        self.process.kill()
        self.process.wait()
        sys.exit("The service does not accept connections. Its output is above.")

    def memory(self) -> int:
        """Return its resident memory in KiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])

    def seconds(self) -> float:
        """Return the processor time that it has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def settle(self) -> None:
        """Wait until it has had nothing to do for four seconds, a minute at most."""
        idle, before, deadline = 0, self.seconds(), time.monotonic() + 60
        while idle < 4 and time.monotonic() < deadline:
            time.sleep(1)
            now = self.seconds()
            idle, before = (idle + 1 if now - before < 0.05 else 0), now

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


class Reader:
    """A connection in the room, over WebSocket or not."""

    def __init__(self, service: Service, websocket: bool, name: str) -> None:
        self.websocket = websocket
        self.socket = socket.create_connection(("127.0.0.1", service.port))
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
    with tempfile.TemporaryDirectory() as directory:
        service = Service(directory)
        try:
            readers = [Reader(service, websocket, f"r{n}") for n in range(100)]
            before = service.memory()
            readers += [Reader(service, websocket, f"s{n}") for n in range(CONNECTIONS)]
            kib = (service.memory() - before) / CONNECTIONS
            service.settle()  # the joins are told a while later
            begun = service.seconds()
            for number in range(MESSAGES):
                readers[0].send(b'{"do":"say","room":"#lobby","text":"message %d."}' % number)
                for reader in readers:
                    reader.until(b"message %d." % number)
            return kib, (service.seconds() - begun) / MESSAGES / len(readers) * 1e6
        finally:
            service.stop()


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
