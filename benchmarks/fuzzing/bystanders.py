"""Three users who talk to each other all the time, in a process of their own.

Each line must reach the other two once, in order, and in time; and nothing they receive may contain
terminal control sequences. They also report how many users are online.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.servers import HOST, Trouble

NAMES = ("ann", "bob", "iris")  # text, JSON, IRC: seeds write to these names
ROOM = "#lobby"
JOINING_SECONDS = 20.0

_CONTROLS = "\0-\x08\x0b-\x1f\x7f-\x9f"
_BIDI_CONTROLS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_UNCLEAN = re.compile(f"[{_CONTROLS}{_BIDI_CONTROLS}\ud800-\udfff]")
_IRC_CODES = "\x01\x02\x03\x04\x0f\x11\x16\x1d\x1e\x1f"  # bold, colours, CTCP: an IRC client's own


@dataclass
class Report:
    """What the bystanders have seen since the last report."""

    troubles: list[str]
    latencies: list[float]
    said: int
    arrived: int  # up to this line, all have arrived or are reported
    online: int | None = None


# ---- the process they are in ----


@dataclass
class Bystander:
    name: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, *lines: str) -> None:
        self.writer.write("".join(f"{line}\r\n" for line in lines).encode())

    def say(self, words: str) -> None:
        match self.name:
            case "ann":
                self.send(words)
            case "bob":
                self.send(json.dumps({"do": "say", "room": ROOM, "text": words}))
            case _:
                self.send(f"PRIVMSG {ROOM} :{words}")

    def join(self) -> None:
        match self.name:
            case "ann":
                self.send(self.name)
            case "bob":
                client = secrets.token_hex(16)
                self.send(json.dumps({"do": "hello", "name": self.name, "client": client}))
                self.send(json.dumps({"do": "join", "room": ROOM}))
            case _:
                self.send(f"NICK {self.name}", f"USER {self.name} 0 * :x", f"JOIN {ROOM}")


@dataclass
class Company:
    """The bystanders, what they have said, and what has arrived."""

    server: int  # its process
    within: float
    every: float
    token: str = field(default_factory=lambda: secrets.token_hex(8))
    people: list[Bystander] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    said: int = 0
    online: asyncio.Future[int] | None = None
    arrived: dict[tuple[str, str], int] = field(default_factory=dict)  # (reader, speaker): number
    waiting: dict[tuple[str, str, int], tuple[float, float]] = field(default_factory=dict)

    async def arrive(self, port: int) -> None:
        for name in NAMES:
            reader, writer = await asyncio.open_connection(HOST, port, limit=1 << 22)
            person = Bystander(name, reader, writer)
            person.join()
            for sign in ({"ann": b"You are in", "bob": b'"entered"'}.get(name, b" 366 "),):
                async with asyncio.timeout(JOINING_SECONDS):
                    while sign not in await reader.readline():
                        pass
            self.people.append(person)

    async def talk(self) -> None:
        while True:
            for person in self.people:
                self._say(person)
                await asyncio.sleep(self.every)

    def _say(self, person: Bystander) -> None:
        self.said += 1
        now = time.monotonic(), self._starved()
        for reader in NAMES:
            if reader != person.name:
                self.waiting[reader, person.name, self.said] = now
        person.say(f"{self.token} {person.name} {self.said}")

    async def read(self, person: Bystander) -> None:
        said = re.compile(rf"{self.token} (\w+) (\d+)")
        while line := await person.reader.readline():
            words = self._text(person, line)
            if (found := said.search(words)) and found[1] != person.name:
                self._heard(person.name, found[1], int(found[2]))
            elif person.name == "iris" and line.startswith(b"PING"):
                person.send(f"PONG {words.split()[1]}")
            elif self.online and not self.online.done() and '"census"' in words:
                census = json.loads(words)
                self.online.set_result(census["people"] + census["arriving"])
        self.troubles.append(f"{person.name} was disconnected")

    def _text(self, person: Bystander, line: bytes) -> str:
        text = line.removesuffix(b"\n").removesuffix(b"\r").decode(errors="surrogateescape")
        shown = "".join(_strings(json.loads(text))) if person.name == "bob" else text
        if person.name == "iris":
            shown = shown.translate(dict.fromkeys(map(ord, _IRC_CODES)))
        if person.name == "bob":
            shown = shown.replace("\n", "")
        if _UNCLEAN.search(shown):
            self.troubles.append(f"{person.name} was sent what is no clean text: {line[:200]!r}")
        return text

    def _heard(self, reader: str, speaker: str, number: int) -> None:
        since = self.waiting.pop((reader, speaker, number), None)
        if since is None:
            self.troubles.append(f"{reader} was shown line {number} of {speaker} twice, or late")
        elif number < self.arrived.get((reader, speaker), 0):
            self.troubles.append(f"{reader} was shown line {number} of {speaker} out of order")
        else:
            self.arrived[reader, speaker] = number
            self.latencies.append(time.monotonic() - since[0])

    async def watch(self) -> None:
        """Report lines that do not arrive in time, less the time that other programs have used."""
        while True:
            await asyncio.sleep(0.1)
            now, starved = time.monotonic(), self._starved()
            for key, (since, starved_before) in list(self.waiting.items()):
                if now - since - (starved - starved_before) > self.within:
                    del self.waiting[key]
                    reader, speaker, number = key
                    words = f"{reader} was not shown line {number} of {speaker}"
                    self.troubles.append(f"{words} in {self.within:g} s")

    def _starved(self) -> float:
        """Return how many seconds the server and this process have waited for a processor."""
        return _waited_for_a_processor(self.server) + _waited_for_a_processor(os.getpid())

    async def count(self) -> int | None:
        """Return how many users are online, with those without a name; None without an answer."""
        self.online = asyncio.get_running_loop().create_future()
        self.people[1].send('{"do":"census"}')
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                return await self.online
        return None

    def report(self, online: int | None) -> Report:
        troubles, self.troubles = self.troubles, []
        latencies, self.latencies = self.latencies, []
        arrived = min((number for _, _, number in self.waiting), default=self.said + 1) - 1
        return Report(troubles, latencies, self.said, arrived, online)


def _waited_for_a_processor(pid: int) -> float:
    try:
        _, nanoseconds, _ = Path(f"/proc/{pid}/schedstat").read_text().split()
    except OSError:
        return 0.0
    return int(nanoseconds) / 1e9


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


async def _company(pipe: Connection, port: int, server: int, within: float, every: float) -> None:
    company = Company(server, within, every)
    await company.arrive(port)
    tasks = [asyncio.create_task(company.read(person)) for person in company.people]
    tasks += [asyncio.create_task(company.watch()), asyncio.create_task(company.talk())]
    pipe.send(None)
    while (question := await asyncio.to_thread(_question, pipe)) != "end":
        ended = [task for task in tasks if task.done() and task.exception()]
        company.troubles += [f"a bystander gave up: {task.exception()!r}" for task in ended]
        tasks = [task for task in tasks if task not in ended]
        online = await company.count() if question == "count" else None
        pipe.send(company.report(online))


def _question(pipe: Connection) -> str:
    try:
        return str(pipe.recv())
    except EOFError:
        return "end"


def _process(pipe: Connection, port: int, server: int, within: float, every: float) -> None:
    asyncio.run(_company(pipe, port, server, within, every))


# ---- seen from the fuzzer ----


class Bystanders:
    """The process with the bystanders; it ends with its `with` block."""

    def __init__(self, port: int, server: int, within: float, every: float) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        arguments = (theirs, port, server, within, every)
        self._process = context.Process(target=_process, args=arguments, daemon=True)
        self._process.start()
        theirs.close()
        self._answer()

    def __enter__(self) -> Bystanders:
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.close()
        self._process.join(2)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def report(self, count: bool = False) -> Report:
        """Return what they have seen since the last time; count users online on request."""
        self._pipe.send("count" if count else "report")
        report = self._answer()
        assert isinstance(report, Report)
        return report

    def _answer(self) -> Any:
        try:
            if self._pipe.poll(JOINING_SECONDS * 2):
                return self._pipe.recv()
        except (EOFError, OSError):
            pass
        raise Trouble("The bystanders could not join.")
