"""The goodbye of a server that stops says what is true of the messages."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from conftest import Chat, Person, Worker, no_turn, start
from ircpeople import irc

from chatsvc.model.message_events import Line
from chatsvc.store.archive import ArchiveFailed, Commit
from chatsvc.store.memory import MemoryArchive

SAVED = "The server is stopping. All messages are saved. Goodbye."
REFUSED = "The server is stopping. Messages that it refused are not saved; all others are. Goodbye."


class Disk(MemoryArchive):
    """An archive that cannot store lines while the disk is full."""

    full = False

    def _commit(self, lines: list[Line]) -> Commit:
        if self.full:
            raise ArchiveFailed("The disk is full.")
        return super()._commit(lines)


class Service:
    """A chat whose archive works when told to, with ann, who reads in one dialect."""

    def __init__(self, dialect: str) -> None:
        self.worker = Worker()
        self.disk = Disk(self.worker, no_turn, start)
        self.chat = Chat(self.disk)
        self.bob = self.chat.join("bob")
        come, self._last = DIALECTS[dialect]
        self.ann = come(self.chat)

    def say(self, full: bool) -> list[str]:
        """Let bob say something, and return what he is told."""
        self.disk.full = full
        self.bob.send("hello")
        self.worker.work()
        return self.bob.read()

    def stop(self) -> str:
        """Stop, and return the goodbye as ann reads it."""
        self.ann.read()
        start(self.chat.hub.close())
        self.worker.work()
        assert self.ann.closed
        return self._last(self.ann.read()[-1])


def reader_of_text(chat: Chat) -> Person:
    return chat.join("ann")


def reader_of_json(chat: Chat) -> Person:
    return chat.program("ann")


def reader_of_irc(chat: Chat) -> Person:
    ann = irc(chat, "ann")
    ann.send("JOIN #lobby")
    return ann


def in_text(line: str) -> str:
    return line.removeprefix("* ")


def in_json(line: str) -> str:
    event = json.loads(line)
    assert event["event"] == "goodbye"
    return str(event["text"])


def in_irc(line: str) -> str:
    return line.removeprefix("ERROR :Closing Link: irc.chatsvc (").removesuffix(")")


DIALECTS: dict[str, tuple[Callable[[Chat], Person], Callable[[str], str]]] = {
    "text": (reader_of_text, in_text),
    "JSON": (reader_of_json, in_json),
    "IRC": (reader_of_irc, in_irc),
}


@pytest.fixture(params=DIALECTS)
def service(request: pytest.FixtureRequest) -> Service:
    return Service(request.param)


def test_when_everything_could_be_stored_all_messages_are_saved(service: Service) -> None:
    service.say(full=False)
    assert service.stop() == SAVED


def test_in_an_outage_only_what_was_not_refused_is_saved(service: Service) -> None:
    assert "Not sent" in service.say(full=True)[0]
    assert service.stop() == REFUSED


def test_what_is_refused_while_the_server_stops_is_not_called_saved(service: Service) -> None:
    service.bob.send("last words")
    service.disk.full = True
    assert service.stop() == REFUSED
    assert any("Not sent: last words" in line for line in service.bob.read())


def test_after_an_outage_new_messages_are_saved(service: Service) -> None:
    service.say(full=True)
    service.say(full=False)
    assert service.stop() == SAVED
