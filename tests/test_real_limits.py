"""The limits of the real `twistd`: many connections, floods, and idle connections."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from real import LIMIT, Deadline, Person, Program, Service, Stopwatch, needs
from real_connections import BEHIND_PROXY, connections, memory, proxied

DEFAULT = ("--flood", "8/2")


@pytest.fixture
def behind_proxy(tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path, *BEHIND_PROXY, *DEFAULT, "--archive", "memory:") as chat:
        yield chat


# Connections


@pytest.mark.load
def test_hundreds_of_connections_from_one_address_are_refused_and_disturb_nobody(
    behind_proxy: Service,
) -> None:
    chat = behind_proxy
    bob = proxied(chat, Program, "198.51.100.1")
    bob.ask("hello", name="bob")
    before, files, delays = memory(chat), connections(chat), []
    crowd: list[Person] = []
    for _ in range(300):
        crowd.append(proxied(chat, Person, "192.0.2.7"))
        watch = Stopwatch(chat)
        bob.ask("ping")
        delays.append(watch.seconds())
    answers = [person.raw_line("an answer") for person in crowd]
    greeted = [
        answer for answer in answers if answer == b"Welcome to chatsvc. What is your name?\r"
    ]
    refused = [answer for answer in answers if answer and b"192.0.2.7 already has" in answer]
    assert (len(greeted), len(refused)) == (16, 284)
    deadline = Deadline(LIMIT)
    while connections(chat) > files + 16:
        deadline.left("284 closed connections")
        bob.ask("ping")
    growth = memory(chat) - before
    print(f"{growth / 1e6:.1f} MB, {max(delays) * 1000:.1f} ms of delay")
    assert growth < 10_000_000
    assert max(delays) < 2.0
    assert "Welcome, eve" in proxied(chat, Person, "192.0.2.8").come_in("eve")


def test_who_is_refused_is_told_why_and_when_to_come_back(behind_proxy: Service) -> None:
    chat = behind_proxy
    here = [proxied(chat, Person, "2001:db8::1") for _ in range(16)]
    for number, person in enumerate(here):
        person.come_in(f"guest{number}")
    neighbour = proxied(chat, Program, "2001:db8::ffff:1")
    neighbour.request("hello", name="eve")
    refusal = neighbour.event("refused")
    assert refusal["code"] == "too-many-connections"
    assert "2001:db8::/64 already has 16 connections" in refusal["text"]
    assert neighbour.rest() == []
    for number, person in enumerate(here):
        person.send("/quit")
        person.rest()
        again = proxied(chat, Person, "2001:db8::2")
        again.come_in(f"again{number}")
        again.send("/quit")
        again.rest()
    late = proxied(chat, Person, "2001:db8::3")
    (words,) = late.rest()
    assert "from 2001:db8::/64: the maximum is 32 in 10 min" in words
    assert re.search(r"Try again in \d+ min( \d+ s)?\.$", words)


def test_from_this_machine_as_many_come_as_like(tmp_path: Path) -> None:
    with Service(tmp_path, *DEFAULT, "--archive", "memory:") as chat:
        people = [chat.person(f"guest{number}") for number in range(40)]
        people[0].send("hello")
        for person in people[1:]:
            person.until("<guest0> hello")


def test_who_says_no_name_is_told_and_closed(tmp_path: Path) -> None:
    with Service(tmp_path, "--name-within", "2", "--archive", "memory:") as chat:
        ann, silent = chat.person("ann"), chat.person()
        assert silent.rest() == [
            "Welcome to chatsvc. What is your name?",
            "* You did not enter a name within 2 seconds. Goodbye.",
        ]
        assert ann.hears_nothing_but_answers()


# Lines


@pytest.mark.parametrize("end", ["\n", ""])
def test_a_pasted_block_that_is_piped_arrives_whole_and_in_order(tmp_path: Path, end: str) -> None:
    lines = [f"line {number}" for number in range(140)]
    with Service(tmp_path, "--flood", "40/50", "--archive", "memory:") as chat:
        bob = chat.person("bob")
        began = time.monotonic()
        done = subprocess.run(
            [needs("nc"), "-N", "localhost", str(chat.port)],
            input=("\n".join(["eve", *lines]) + end).encode(),
            capture_output=True,
            timeout=LIMIT,
        )
        assert time.monotonic() - began > (140 - 40) / 50
        heard = [line for line in bob.lines_until("* eve left.") if "<eve> " in line]
        assert [line.partition("<eve> ")[2] for line in heard] == lines
        answers = done.stdout.decode().splitlines()
        told = [line for line in answers if "50 lines a second. The rest will follow" in line]
        assert len(told) == 1
        assert answers[-1] == "* Goodbye, eve."


@pytest.mark.load
def test_many_who_send_as_much_as_they_can_cost_little_and_delay_nobody(tmp_path: Path) -> None:
    with Service(tmp_path, *DEFAULT, "--archive", "memory:") as chat:
        bob, ann = chat.program("bob"), chat.program("ann")
        flooders = [
            chat.person(f"flooder{number}") for number in range(6)
        ]  # so that others need no more than their burst
        before, delays, sent = memory(chat), [], 0
        for flooder in flooders:
            flooder.socket.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while sent < 200_000_000:
                    sent += flooder.socket.send(b"spam " * 20 + b"\n")
            watch = Stopwatch(chat)
            ann.ask("say", text="still here")
            bob.until(lambda event: event.get("text") == "still here")
            delays.append(watch.seconds())
        growth = memory(chat) - before
        print(f"{growth / 1e6:.1f} MB, {max(delays) * 1000:.1f} ms of delay")
        assert sent < 200_000_000
        assert growth < 10_000_000
        assert max(delays) < 2.0


@pytest.mark.parametrize(
    "request_",
    [{"do": "history", "room": "#tea", "n": 500}, {"do": "search", "query": "tea", "n": 500}],
    ids=lambda request: request["do"],
)
def test_long_answers_that_nobody_reads_cost_each_asker_no_more_than_256_kib(
    tmp_path: Path, request_: dict[str, object]
) -> None:
    with Service(tmp_path) as chat:
        ann = chat.peer(Program)
        ann.ask("hello", name="ann")
        ann.ask("join", room="#tea")
        for n in range(500):
            ann.ask("say", room="#tea", text=f"tea {n} ".ljust(4096, '"'))
        askers = []
        for n in range(128):
            askers.append(chat.peer(Program))
            askers[n].ask("hello", name=f"asker{n}")
            askers[n].ask("join", room="#tea", last=0)
        before = memory(chat)
        for asker in askers:
            asker.send(json.dumps(request_))
        for asker in askers:
            asker.socket.recv(1)  # the answer has begun
        growth = memory(chat) - before
        print(f"{growth / len(askers) / 1024:.0f} KiB each")
        assert growth < len(askers) * 256 * 1024
