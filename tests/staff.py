"""Operators, founders and their rooms; and an archive that is slow, or fails, on demand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from archive_files import sqlite
from conftest import Chat, Person, Worker, at_once, no_turn, start

from chatsvc.model.rate_limits import Limits
from chatsvc.model.records import Record
from chatsvc.store.archive import ArchiveFailed
from chatsvc.store.memory import MemoryArchive

SECRET = "correct-horse"
NOW = "[1970-01-01 00:00]"
THREE_ATTEMPTS = Limits(flood=None, per_address=0, arrivals=0, name_within=0.0, attempts=3)


def guest(chat: Chat, name: str, address: str = "192.0.2.1") -> Person:
    """Return a guest in the lobby, from the given address."""
    person = chat.connect(address)
    person.send(name)
    return person


arriving = guest  # if the name is registered: a user who is asked for its password


def member(chat: Chat, name: str, address: str = "192.0.2.1") -> Person:
    """Return a newly registered user in the lobby."""
    person = guest(chat, name, address)
    person.send(f"/register {SECRET}")
    return person


def operator(chat: Chat, name: str = "op", address: str = "198.51.100.1") -> Person:
    """Return a registered user who has claimed the server."""
    person = member(chat, name, address)
    chat.hub.login.claim_code = "code-of-the-log"
    person.send("/claim code-of-the-log")
    return person


def founder(chat: Chat, name: str = "ann", *more: Person, room: str = "#tea") -> Person:
    """Return a registered user who has founded a room, which others have joined."""
    person = member(chat, name)
    person.send(f"/join {room}")
    for other in more:
        other.send(f"/join {room}")
    everybody_reads(person, *more)
    return person


def back(chat: Chat, name: str, address: str = "192.0.2.1") -> Person:
    """Return a registered user who logs in (again), and has read nothing yet."""
    person = chat.connect(address)
    person.send(name)
    person.protocol.dataReceived(f"{SECRET}\n".encode())
    return person


def returned(chat: Chat, name: str, address: str = "192.0.2.1") -> Person:
    """Return a registered user who has logged in again, and has read everything."""
    person = back(chat, name, address)
    person.read()
    return person


def everybody_reads(*people: Person) -> None:
    for person in people:
        person.read()


def program(chat: Chat, name: str, room: str = "#tea", **hello: Any) -> Person:
    """Return a program that speaks JSON lines, in a room."""
    person = chat.program(name, **hello)
    person.ask(do="join", room=room)
    return person


def refusal(person: Person, **request: object) -> tuple[str, str]:
    """Return the code and the text with which a JSON request is refused."""
    (event,) = person.ask(**request, tag="t")
    assert (event["event"], event["tag"]) == ("refused", "t")
    return event["code"], event["text"]


class MoodyArchive(MemoryArchive):
    """An archive that fails on demand, or stores records when the test says so."""

    def __init__(self) -> None:
        super().__init__(at_once, no_turn, start)
        self.fails = False
        self.worker: Worker | None = None

    async def _do(self) -> None:
        if self.worker is not None:
            await self.worker(int)
        if self.fails:
            raise ArchiveFailed("The disk is full.")

    async def put(self, *records: Record) -> None:
        await self._do()
        await super().put(*records)

    async def drop(self, *records: Record) -> None:
        await self._do()
        await super().drop(*records)


def restarted(chat: Chat) -> Chat:
    """Return another chat with the same archive, as after a SIGKILL and a second's wait."""
    chat.clock.advance(1.5)
    later = Chat(chat.archive)
    later.clock.advance(chat.clock.seconds())
    return later


def reopened(chat: Chat, path: Path) -> Chat:
    """Return the chat of the same file after a restart."""
    start(chat.hub.close())
    start(chat.archive.close())
    return Chat(sqlite(path))


def patient_chat(**settings: object) -> tuple[Chat, Worker]:
    """Return a chat whose passwords are hashed when the test says so."""
    hasher = Worker()
    return Chat(hasher=hasher, **settings), hasher  # type: ignore[arg-type]
