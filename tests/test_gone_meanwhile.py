"""A user who leaves or is removed before an answer is ready causes no error and leaves no trace."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from conftest import Chat, Person, Worker, at_once, no_turn, start
from staff import SECRET, everybody_reads

from chatsvc.store.memory import MemoryArchive

REQUESTS: list[dict[str, Any]] = [
    {"do": "history", "n": 40},
    {"do": "history", "room": "#lobby", "n": 40},
    {"do": "search", "query": "tea", "n": 40},
    {"do": "search", "query": "tea in:#tea", "n": 40},
    {"do": "recent"},
    {"do": "stats"},
    {"do": "say", "room": "#tea", "text": "more"},
    {"do": "delete", "room": "#tea", "number": 1},
    {"do": "join", "room": "#lobby", "after": 0},
    {"do": "leave", "room": "#tea"},
    {"do": "register", "password": SECRET},
    {"do": "login", "name": "op", "password": SECRET},
]

Put = Callable[[Person, Person], object]

WAYS_OUT: dict[str, Put] = {
    "gone": lambda eve, op: eve.hang_up(),
    "kicked": lambda eve, op: op.send("/kick eve"),
    "banned": lambda eve, op: op.send("/ban --here eve"),
    "banned from the chat": lambda eve, op: op.send("/ban eve"),
    "room removed": lambda eve, op: op.send("/remove-room #tea"),
}


class LateArchive(MemoryArchive):
    """An archive that reads and searches when the test says so."""

    def __init__(self) -> None:
        super().__init__(at_once, no_turn, start)
        self.worker = Worker()

    async def read(self, *arguments: Any) -> Any:
        await self.worker(int)
        return await super().read(*arguments)

    async def search(self, *arguments: Any) -> Any:
        await self.worker(int)
        return await super().search(*arguments)


@pytest.mark.parametrize("way", WAYS_OUT)
@pytest.mark.parametrize("request_", REQUESTS, ids=lambda one: "-".join(map(str, one.values())))
def test_nothing_fails_when_who_asked_is_gone(request_: dict[str, Any], way: str) -> None:
    archive, hasher = LateArchive(), Worker()
    chat = Chat(archive, hasher=hasher)

    def do_the_work() -> None:
        for _ in range(20):
            hasher.work()
            archive.worker.work()
            chat.clock.advance(0)

    op = chat.connect("198.51.100.1")
    op.send("op", f"/register {SECRET}")
    do_the_work()
    chat.hub.login.claim_code = "code"
    op.send("/claim code", "/join #tea")
    eve = chat.program("eve")
    for room in ("#lobby", "#tea"):
        eve.ask(do="join", room=room, last=0)
    for n in range(40):
        eve.ask(do="say", room=("#tea", "#lobby")[n % 2], text=f"tea {n} ".ljust(2000, "x"))
    do_the_work()
    everybody_reads(op, eve)
    eve.protocol.dataReceived(json.dumps(request_).encode() + b"\n")
    WAYS_OUT[way](eve, op)
    do_the_work()
    if eve.transport.connected:
        eve.hang_up()
    do_the_work()
    assert set(chat.hub.directory.users) == {"op"}
    assert op.send("/time")
