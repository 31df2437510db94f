"""People who talk through JSON clients, reconnect when they are cut off, and note what they see."""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

Place = tuple[str, int]
# A node that was stopped answers, and writes nothing, until its first heartbeat fails.
NOTICED = 0.5  # seconds
PATIENCE = 20.0  # seconds without any answer, after which a client connects again


class Shown(NamedTuple):
    """A line as somebody was shown it."""

    number: int
    sender: str
    text: str


class Cut(Exception):
    """The connection is gone."""


class Person:
    """A user with one client, who talks in some rooms and reads them."""

    def __init__(
        self, name: str, rooms: list[str], places: Callable[[], list[Place]], seed: int
    ) -> None:
        self.name = name
        self.client = secrets.token_hex(12)
        self.rooms = rooms
        self.shown: dict[str, list[Shown]] = defaultdict(list)
        self.stored: dict[str, int] = {}  # the number of each line, by its tag
        self.refused: dict[str, str] = {}  # why a line was refused, by its tag
        self.pending: dict[str, dict[str, str]] = {}  # lines without an answer, by their tags
        self.complaints: list[str] = []
        self.connected = False
        self.times_connected = 0
        self.last_heard = time.monotonic()
        self.waits: list[float] = []  # seconds until each line was shown to its sender
        self._places = places
        self._random = random.Random(seed)
        self._number = 0
        self._sent: dict[str, float] = {}
        # Lines that are sent again over the next connection, as if no answer had arrived.
        self._recent: deque[dict[str, str]] = deque(maxlen=3)
        self._writer: asyncio.StreamWriter | None = None
        self._ready = False

    # Talking

    async def talk(self, end: Callable[[], bool], every: float) -> None:
        """Say something now and then."""
        while not end():
            await asyncio.sleep(self._random.expovariate(1 / every))
            self._number += 1
            tag = f"{self.name}-{self._number}"
            room = self._random.choice(self.rooms)
            line = {"do": "say", "room": room, "text": f"{tag} says hello", "tag": tag}
            self.pending[tag] = line
            self._sent[tag] = time.monotonic()
            if self._ready:
                self._send(line)

    def _send(self, request: dict[str, Any]) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(json.dumps(request).encode() + b"\n")

    # Being connected

    async def stay(self, end: Callable[[], bool]) -> None:
        """Be connected until the end."""
        while not end():
            try:
                await self._visit(end)
            except (OSError, Cut, asyncio.IncompleteReadError, TimeoutError):
                pass
            finally:
                self.connected = self._ready = False
                if self._writer is not None:
                    self._writer.close()
                    self._writer = None
            await asyncio.sleep(0.1 + 0.2 * self._random.random())

    async def _visit(self, end: Callable[[], bool]) -> None:
        host, port = self._random.choice(self._places())
        reader, self._writer = await asyncio.wait_for(
            asyncio.open_connection(host, port, limit=1 << 20), 3
        )
        self._send({"do": "hello", "version": 1, "name": self.name, "client": self.client})
        while not end():
            line = await _within(reader.readline(), PATIENCE, self._ping)
            if not line.endswith(b"\n"):
                raise Cut
            self.last_heard = time.monotonic()
            self._hear(json.loads(line))

    def _ping(self) -> None:
        self._send({"do": "ping"})

    def _hear(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        if kind == "welcome":
            self.connected = True
            self.times_connected += 1
            for room in self.rooms:
                last = self.shown[room][-1].number if self.shown[room] else 0
                self._send({"do": "join", "room": room, "after": last, "tag": f"join {room}"})
        elif kind == "entered" and event.get("tag") == f"join {self.rooms[-1]}":
            self._ready = True
            for line in [*self._recent, *self.pending.values()]:
                self._send(line)
        elif kind == "said":
            self._note(event)
        elif kind == "kept":
            self._settle(event["tag"], event["number"])
        elif kind == "refused":
            self._note_refusal(event)
        elif kind == "goodbye":
            raise Cut

    def _note(self, event: dict[str, Any]) -> None:
        room, number = event["room"], event["number"]
        said = self.shown[room]
        if said and number != said[-1].number + 1:
            self.complaints.append(f"{room}: {number} after {said[-1].number}")
        said.append(Shown(number, event["from"], event["text"]))
        if "tag" in event:
            self._settle(event["tag"], number)

    def _settle(self, tag: str, number: int) -> None:
        if self.stored.setdefault(tag, number) != number:
            self.complaints.append(f"{tag} is {number} and {self.stored[tag]}")
        line = self.pending.pop(tag, None)
        if line is not None:
            self._recent.append(line)
            self.waits.append(time.monotonic() - self._sent.pop(tag))

    def _note_refusal(self, event: dict[str, Any]) -> None:
        tag = event.get("tag")
        if event["code"] == "stopping":
            return  # it is sent again over the next connection
        if tag in self.pending:
            self.refused[tag] = event["code"]
            del self.pending[tag]
        else:  # the name or a room, while an earlier connection is not known to be lost
            raise Cut


class Claims:
    """Who holds which name at the moment, as far as the server has confirmed it."""

    def __init__(self) -> None:
        self.checks = 0
        self.taken = 0
        self.complaints: list[str] = []
        self._since: dict[str, dict[str, float]] = defaultdict(dict)
        self._doubtful: dict[tuple[str, str], float] = {}  # since when somebody has a taken name

    def welcomed(self, name: str, who: str) -> None:
        """Note that somebody got a name."""
        self.taken += 1
        self._since[name][who] = time.monotonic()

    def gone(self, name: str, who: str) -> None:
        """Note that somebody gives a name back, or has lost the connection."""
        self._since[name].pop(who, None)
        self._doubtful.pop((name, who), None)

    def confirmed(self, name: str, who: str, asked: float) -> None:
        """Note that the server has answered somebody who holds a name."""
        self.checks += 1
        since = self._since[name]
        mine = since.get(who, asked)
        later = [other for other, begun in since.items() if mine < begun < asked]
        if not later:
            self._doubtful.pop((name, who), None)
        elif asked - self._doubtful.setdefault((name, who), asked) > NOTICED:
            self.complaints.append(f"{who} still has {name}, which {later[0]} got")


class Claimer:
    """Takes one of a few names, holds it for a while, and gives it back."""

    def __init__(
        self, who: str, names: list[str], places: Callable[[], list[Place]], claims: Claims,
        seed: int,
    ) -> None:  # fmt: skip
        self._who = who
        self._names = names
        self._places = places
        self._claims = claims
        self._random = random.Random(seed)

    async def stay(self, end: Callable[[], bool]) -> None:
        """Take names until the end."""
        while not end():
            name = self._random.choice(self._names)
            writer = None
            try:
                host, port = self._random.choice(self._places())
                reader, writer = await asyncio.wait_for(asyncio.open_connection(host, port), 3)
                await self._hold(name, reader, writer)
            except (OSError, asyncio.IncompleteReadError, TimeoutError, Cut):
                pass
            finally:
                self._claims.gone(name, self._who)
                if writer is not None:
                    writer.close()
            await asyncio.sleep(0.05)

    async def _hold(
        self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        ask = _asker(reader, writer)
        client = secrets.token_hex(12)
        answer = await ask({"do": "hello", "version": 1, "name": name, "client": client})
        if answer["event"] != "welcome":
            return
        self._claims.welcomed(name, self._who)
        for _ in range(self._random.randrange(5, 150)):
            asked = time.monotonic()
            await ask({"do": "ping"})
            self._claims.confirmed(name, self._who, asked)
            await asyncio.sleep(0.01)


def _asker(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]:
    async def ask(request: dict[str, Any]) -> dict[str, Any]:
        writer.write(json.dumps(request).encode() + b"\n")
        wanted = {"welcome", "refused", "pong"}
        while True:
            line = await asyncio.wait_for(reader.readline(), PATIENCE)
            if not line.endswith(b"\n"):
                raise Cut
            event: dict[str, Any] = json.loads(line)
            if event["event"] == "goodbye":
                raise Cut
            if event["event"] in wanted:
                return event

    return ask


async def _within(line: Awaitable[bytes], seconds: float, ping: Callable[[], None]) -> bytes:
    """Wait for a line; halfway, ask whether the server is there."""
    waiting = asyncio.ensure_future(line)
    done, _ = await asyncio.wait([waiting], timeout=seconds / 2)
    if not done:
        ping()
        done, _ = await asyncio.wait([waiting], timeout=seconds / 2)
    if not done:
        waiting.cancel()
        raise Cut
    return waiting.result()
