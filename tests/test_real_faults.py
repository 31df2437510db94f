"""Failures of the real `twistd`: killed, flooded, not read, stopped."""

from __future__ import annotations

import contextlib
import json
import random
import re
import selectors
import signal
import socket
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from real import LIMIT, Deadline, Person, Program, Service, Stopwatch, Terminal, beside_python, proc

WINDOW = 32  # lines on their way, the limit that the server reports


@pytest.fixture(scope="module")
def shared_chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("chat"), "--show-history", "0") as service:
        yield service


@pytest.fixture
def chat(shared_chat: Service) -> Iterator[Service]:
    """Return a service without users; it must survive everything that is done to it here."""
    yield shared_chat
    shared_chat.everybody_leaves()


# Killed


class Visitor:
    """A program that reconnects as `docs/protocol.md` says, and may send."""

    def __init__(self, name: str, talks: bool) -> None:
        self.name = name
        self.talking = talks
        self.shown: list[dict[str, Any]] = []
        self.unanswered: dict[str, str] = {}
        self.said: dict[str, str] = {}
        self.refusals: list[dict[str, Any]] = []
        self.client = f"{name}-the-secret"

    def connect(self, port: int) -> None:
        self.socket = socket.create_connection(("localhost", port))
        self.socket.setblocking(False)
        self.ended = False
        self._unread = b""
        after = self.shown[-1]["number"] if self.shown else 0
        self._unsent = b""
        self._request(do="hello", name=self.name, client=self.client)
        self._request(do="join", room="#lobby", after=after)
        for tag, text in self.unanswered.items():
            self._request(do="say", text=text, tag=tag)

    def _request(self, **request: object) -> None:
        self._unsent += json.dumps(request).encode() + b"\n"

    def work(self) -> None:
        """Read what has come, send more."""
        self._read()
        if self.ended:
            return
        while self.talking and len(self.unanswered) < WINDOW:
            tag, text = f"{len(self.said)}", f"{self.name} says {len(self.said)}"
            self.said[tag] = self.unanswered[tag] = text
            self._request(do="say", text=text, tag=tag)
        with contextlib.suppress(BlockingIOError, ConnectionError):
            self._unsent = self._unsent[self.socket.send(self._unsent) :]

    def _read(self) -> None:
        try:
            data = self.socket.recv(1 << 18)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        if not data:
            self.ended = True
            self.socket.close()
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            self._event(json.loads(line))

    def _event(self, event: dict[str, Any]) -> None:
        if event["event"] == "said":
            self.shown.append(event)
        if event["event"] in ("said", "kept") and "tag" in event:
            self.unanswered.pop(event["tag"], None)
        if event["event"] == "refused":
            self.refusals.append(event)


def work(visitors: list[Visitor], until: Callable[[], bool], what: str) -> None:
    """Let all of them send and read until a condition holds."""
    deadline = Deadline(20)
    with selectors.DefaultSelector() as selector:
        for visitor in visitors:
            if not visitor.ended:
                selector.register(visitor.socket, selectors.EVENT_READ, visitor)
                visitor.work()
        while not until():
            for key, _ in selector.select(deadline.left(what)):
                key.data.work()
                if key.data.ended:
                    selector.unregister(key.fileobj)


def kept_lines(directory: Path) -> list[tuple[int, str, str, str, str]]:
    """Return the lines of the lobby, as any other program can read them."""
    with contextlib.closing(sqlite3.connect(directory / "chat.db")) as database:
        return database.execute(
            "SELECT number, sender, text, client, tag FROM said JOIN room ON room.id = said.room"
            " WHERE room.name = '#lobby' ORDER BY number"
        ).fetchall()


def check_against_archive(visitors: list[Visitor], directory: Path) -> None:
    lines = kept_lines(directory)
    assert [number for number, *_ in lines] == list(range(1, len(lines) + 1))
    in_archive = {number: (sender, text) for number, sender, text, *_ in lines}
    for visitor in visitors:
        shown = [event["number"] for event in visitor.shown]
        assert shown == list(range(1, len(shown) + 1)), f"what {visitor.name} was shown"
        for event in visitor.shown:
            assert in_archive[event["number"]] == (event["from"], event["text"])
        assert visitor.refusals == []
    said = Counter((client, tag) for *_, client, tag in lines)
    assert set(said.values()) <= {1}


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_under_load_it_has_kept_every_line_that_anybody_was_shown(
    tmp_path: Path, seed: int
) -> None:
    print(f"seed {seed}")
    chance = random.Random(seed)
    visitors = [Visitor(f"talker-{n}", True) for n in range(3)]
    visitors += [Visitor(f"reader-{n}", False) for n in range(3)]
    for _ in range(3):
        with Service(tmp_path) as chat:
            for visitor in visitors:
                visitor.connect(chat.port)
            witness = chance.choice(visitors)
            moment = len(witness.shown) + chance.randrange(3000)
            work(visitors, lambda: len(witness.shown) > moment, f"line {moment}")  # noqa: B023
            chat.process.kill()
            work(visitors, lambda: all(one.ended for one in visitors), "the end")
            chat.ended()
        check_against_archive(visitors, tmp_path)

    with Service(tmp_path) as chat:
        for visitor in visitors:
            visitor.talking = False
            visitor.connect(chat.port)
        work(visitors, lambda: not any(one.unanswered for one in visitors), "all answers")
        last = kept_lines(tmp_path)[-1][0]
        work(visitors, lambda: all(one.shown[-1]["number"] == last for one in visitors), "all")
        check_against_archive(visitors, tmp_path)
        said = {
            (visitor.client, tag): (visitor.name, text)
            for visitor in visitors
            for tag, text in visitor.said.items()
        }
        assert {(c, tag): (name, text) for _, name, text, c, tag in kept_lines(tmp_path)} == said
        chat.process.terminate()
        work(visitors, lambda: all(one.ended for one in visitors), "the end")


def test_stopped_under_load_it_has_kept_and_told_what_it_took(tmp_path: Path) -> None:
    visitors = [Visitor(f"talker-{n}", True) for n in range(3)] + [Visitor("reader", False)]
    with Service(tmp_path) as chat:
        for visitor in visitors:
            visitor.connect(chat.port)
        work(visitors, lambda: len(visitors[-1].shown) > 500, "500 lines")
        chat.process.terminate()
        work(visitors, lambda: all(one.ended for one in visitors), "the end")
        assert chat.ended() == 0
    kept = {(client, tag) for *_, client, tag in kept_lines(tmp_path)}
    for visitor in visitors:
        refused = {event.get("tag") for event in visitor.refusals}
        assert {event["code"] for event in visitor.refusals} <= {"stopping"}
        visitor.refusals = []
        for tag in visitor.said.keys() - visitor.unanswered.keys():
            assert (visitor.client, tag) in kept
        assert not {(visitor.client, tag) for tag in refused} & kept
    check_against_archive(visitors, tmp_path)
    assert len(visitors[-1].shown) == len(kept)


# Not read


def slow(chat: Service, kind: type[Person] | type[Program]) -> Any:
    """Return a user whose kernel buffers little for them when they do not read."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", chat.port))
    return kind(connection)


def memory(chat: Service) -> int:
    """Return how many bytes of memory the service uses."""
    status = proc(chat.pid, "status").read_text()
    (kilobytes,) = re.findall(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
    return int(kilobytes) * 1024


def say_much(sender: Program, numbers: Iterable[int], size: int) -> None:
    """Send lines of `size` bytes that begin with their numbers, with a few on their way."""
    on_the_way = 0
    for number in numbers:
        sender.request("say", text=f"{number} ".ljust(size, "x"), tag=f"m{number}")
        on_the_way += 1
        if on_the_way == WINDOW:
            sender.until(lambda event: "tag" in event)
            on_the_way -= 1
    for _ in range(on_the_way):
        sender.until(lambda event: "tag" in event)


def numbers_heard(lines: Iterable[str]) -> list[int]:
    return [int(line.partition("<loud> ")[2].split()[0]) for line in lines if "<loud>" in line]


@pytest.mark.load
def test_readers_that_stop_reading_cost_little_and_have_every_line_later(tmp_path: Path) -> None:
    first, last, size = 2500, 8000, 4000  # 22 MB, after 10 that fill the caches of SQLite
    with Service(tmp_path) as chat, contextlib.ExitStack() as sleepers:
        loud, other = chat.program("loud"), chat.program("other", room=None)
        say_much(loud, range(first), size)
        asleep = [sleepers.enter_context(contextlib.closing(slow(chat, Person))) for _ in range(4)]
        for number, sleeper in enumerate(asleep):
            sleeper.come_in(f"sleeper-{number}")
            sleeper.lines_until(f"> {first - 1} x")
        before, delays = memory(chat), []
        for start in range(first, last, 250):
            say_much(loud, range(start, start + 250), size)  # and reads each of them
            watch = Stopwatch(chat)
            other.ask("ping")
            delays.append(watch.seconds())
        growth = memory(chat) - before
        print(f"88 MB not read: {growth / 1e6:.1f} MB, {max(delays) * 1000:.1f} ms of delay")
        assert growth < 22_000_000
        assert max(delays) < 2.0
        loud.request("say", text="wake up")
        for sleeper in asleep:
            heard = sleeper.lines_until("wake up")[:-1]
            assert numbers_heard(heard) == list(range(first, last))
        loud.request("say", text="good morning")
        for sleeper in asleep:
            sleeper.until("<loud> good morning")
        growth = memory(chat) - before
        print(f"and when everything was read: {growth / 1e6:.1f} MB")
        assert growth < 60_000_000


def test_a_reader_that_reads_nothing_for_too_long_is_told_and_closed(tmp_path: Path) -> None:
    with (
        Service(tmp_path, "--slow-reader-limit", "1") as chat,
        contextlib.closing(slow(chat, Person)) as sleeper,
    ):
        sleeper.come_in("sleeper")
        loud, other = chat.program("loud"), chat.program("other", room=None)
        say_much(loud, range(1500), 4000)
        deadline = Deadline(LIMIT)
        while [place["count"] for place in other.ask("rooms")["rooms"]] != [1]:
            deadline.left("the sleeper to be closed")
        heard = sleeper.rest()
        assert heard[-1].startswith("* You did not read for 1 second")
        numbers = numbers_heard(heard)
        assert numbers == list(range(len(numbers)))
        assert len(numbers) < 1500
        assert "#lobby" in chat.person().come_in("sleeper")  # the name is free again


@pytest.mark.load
def test_a_sender_that_does_not_read_its_answers_is_not_read_for_ever(chat: Service) -> None:
    other = chat.program("other")
    with contextlib.closing(slow(chat, Person)) as eve:
        eve.come_in("eve")
        eve.socket.setblocking(False)
        before, sent = memory(chat), 0
        with contextlib.suppress(BlockingIOError):
            while sent < 60_000_000:
                sent += eve.socket.send(b"/help\n" * 10_000)
                other.ask("ping")
        assert sent < 60_000_000
        assert memory(chat) - before < 16_000_000


# Stopped


def test_sigterm_tells_everybody_keeps_what_was_said_and_ends_well(tmp_path: Path) -> None:
    with Service(tmp_path) as chat:
        ann, bob = chat.person("ann"), chat.program("bob")
        unnamed, silent = chat.person(), chat.person()
        unnamed.until("your name")
        ann.send("one", "two", "three")
        bob.until(lambda event: event.get("text") == "three")
        ann.send("four")
        chat.signal(signal.SIGTERM)
        goodbye = bob.event("goodbye")
        assert "stopping" in goodbye["text"]
        assert ann.rest()[-1] == f"* {goodbye['text']}"
        assert "stopping" in unnamed.rest()[-1]
        assert "stopping" in silent.rest()[-1]
        for peer in (ann, bob, unnamed, silent):
            peer.close()  # the service waits for that
        assert chat.ended() == 0
        assert "Traceback" not in chat.log
    texts = [text for _, _, text, *_ in kept_lines(tmp_path)]
    assert texts[:3] == ["one", "two", "three"]


def test_ctrl_c_ends_it_as_well(tmp_path: Path) -> None:
    twistd = Terminal(
        beside_python("twistd"), "-n", "--pidfile=", "chat", "--port", "0", cwd=tmp_path
    )
    with contextlib.closing(twistd):
        port = twistd.until(r"chatsvc join localhost:(\d+)").group(1)
        twistd.until(r"To stop the service, press Ctrl-C or send SIGTERM\.")
        with contextlib.closing(Person(socket.create_connection(("localhost", port)))) as ann:
            ann.come_in("ann")
            ann.send("hello", "/time")
            ann.until("It is")
            twistd.type("\x03")
            assert "stopping" in ann.rest()[-1]
        assert twistd.ended() == 0
        assert "Traceback" not in twistd.text
    assert [text for _, _, text, *_ in kept_lines(tmp_path)] == ["hello"]
