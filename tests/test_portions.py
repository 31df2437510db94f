"""Long answers are sent in portions, and read as if they had been sent at once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import Chat, Person, no_turn, start
from hypothesis import given, settings
from hypothesis import strategies as st
from ircpeople import irc

from chatsvc.model.long_events import PORTION
from chatsvc.store.archive import ArchiveFailed
from chatsvc.store.memory import MemoryArchive

LARGEST = 2 * 4096 * 4 + 65536  # bytes that wait for a reader


def talk(chat: Chat, lines: list[str], name: str = "ann", room: str = "#tea") -> Person:
    speaker = chat.program(name)
    speaker.ask(do="join", room=room, last=0)
    for line in lines:
        speaker.ask(do="say", room=room, text=line)
    return speaker


def reader(chat: Chat, name: str = "bob") -> Person:
    person = chat.program(name)
    person.ask(do="join", room="#tea", last=0)
    return person


def taken(chat: Chat, person: Person) -> list[str]:
    """Read until nothing more comes."""
    found = b""
    for _ in range(2000):
        chat.clock.advance(0)
        data = person.transport.value()
        person.transport.clear()
        person.read_on()
        if not data and not person.transport.value():
            break
        found += data
    return found.decode().splitlines()


def texts(event: dict[str, Any]) -> list[str]:
    return [line["text"] for line in event["lines"]]


LENGTHS = st.lists(st.sampled_from([1, 60, 1000, 4096]), min_size=1, max_size=40)


@settings(max_examples=25, deadline=None)
@given(LENGTHS, st.integers(1, 45))
def test_a_page_is_one_object_however_long_it_is(lengths: list[int], n: int) -> None:
    chat = Chat()
    said = [f"{number:03} ".ljust(size, '"')[:4096] for number, size in enumerate(lengths)]
    talk(chat, said)
    bob = reader(chat)
    bob.protocol.dataReceived(b'{"do":"history","room":"#tea","n":%d,"tag":"h"}\n' % n)
    (page,) = map(json.loads, taken(chat, bob))
    assert texts(page) == said[-n:]
    assert page["tag"] == "h"
    assert page["room"] == "#tea"
    assert page.get("more", False) == (n < len(said))
    assert not bob.protocol.paused
    assert bob.ask(do="ping") == [{"event": "pong"}]


def long_lines(count: int) -> list[str]:
    return [f"tea {n} ".ljust(4000, "x") for n in range(count)]


def test_what_was_found_is_one_object_too() -> None:
    chat = Chat()
    talk(chat, long_lines(30))
    bob = reader(chat)
    bob.protocol.dataReceived(b'{"do":"search","query":"tea","n":25,"tag":"s"}\n')
    (found,) = map(json.loads, taken(chat, bob))
    assert texts(found) == long_lines(30)[:4:-1]
    assert (found["event"], found["more"], found["tag"]) == ("found", True, "s")


def test_people_read_the_same_lines_and_what_comes_after_them() -> None:
    chat = Chat()
    talk(chat, long_lines(30))
    bob = chat.join("bob")
    bob.send("/join #tea")
    bob.read()
    bob.protocol.dataReceived(b"/history 20\n")
    page = taken(chat, bob)
    assert [line[:5] for line in page] == [f"{n:>5}" for n in range(11, 31)]
    bob.protocol.dataReceived(b"/search tea\n")
    found = taken(chat, bob)
    assert [line[:5] for line in found[:-1]] == [f"{n:>5}" for n in range(30, 10, -1)]
    assert found[-1] == "* To see older results: /search"


def test_irc_clients_get_one_batch_with_the_label() -> None:
    chat = Chat()
    talk(chat, [f"tea {n} ".ljust(400, "x") for n in range(100)])
    bob = irc(chat, "bob", "batch", "draft/chathistory", "labeled-response", "message-tags")
    bob.send("JOIN #tea")
    taken(chat, bob)
    bob.protocol.dataReceived(b"@label=L1 CHATHISTORY LATEST #tea * 100\r\nPING after\r\n")
    first, *lines, last, pong = taken(chat, bob)
    assert first.startswith("@label=L1 :irc.chatsvc BATCH +")
    reference = first.split("+")[1].split(" ")[0]
    assert first.endswith(f"+{reference} chathistory #tea")
    assert len(lines) == 100
    assert all(f"batch={reference}" in line.split(" ")[0] for line in lines)
    assert [line.split(":tea ")[1].split(" ")[0] for line in lines] == [str(n) for n in range(100)]
    assert last == f":irc.chatsvc BATCH -{reference}"
    assert "PONG" in pong
    bob.protocol.dataReceived(b"@label=L2 PING again\r\n")
    (pong,) = taken(chat, bob)
    assert pong.startswith("@label=L2 ")


def test_irc_clients_without_batches_get_the_lines() -> None:
    chat = Chat()
    talk(chat, [f"tea {n} ".ljust(400, "x") for n in range(100)])
    bob = irc(chat, "bob")
    bob.send("JOIN #tea")
    taken(chat, bob)
    bob.protocol.dataReceived(b"CHATHISTORY LATEST #tea * 100\r\n")
    lines = taken(chat, bob)
    assert [line.split("] tea ")[1].split(" ")[0] for line in lines] == [str(n) for n in range(100)]
    bob.protocol.dataReceived(b"SEARCH tea\r\n")
    found = taken(chat, bob)
    assert all(" NOTICE bob :" in line for line in found)
    assert "older results" in found[-1]


# Readers that read slowly, or not at all


@pytest.mark.parametrize(
    "request_",
    [b'{"do":"history","room":"#tea","n":500}\n', b'{"do":"search","query":"tea","n":500}\n'],
)
def test_who_does_not_read_has_little_waiting(request_: bytes) -> None:
    chat = Chat()
    talk(chat, long_lines(200))
    bob = reader(chat)
    bob.protocol.dataReceived(request_ * 20)
    bob.stop_reading()
    for _ in range(50):
        chat.clock.advance(0)
    assert len(bob.transport.value()) < LARGEST
    chat.clock.advance(61)
    assert bob.closed
    bob.hang_up()
    assert [call for call in chat.clock.getDelayedCalls() if call.active()] == []


def test_lines_said_and_told_meanwhile_come_after_the_answer_in_order() -> None:
    chat = Chat()
    ann = talk(chat, long_lines(40))
    bob = reader(chat)
    bob.protocol.dataReceived(b'{"do":"history","room":"#tea","n":40}\n')
    ann.ask(do="say", room="#tea", text="now")
    ann.ask(do="msg", name="bob", text="psst")
    chat.program("eve").ask(do="join", room="#tea")
    bob.stop_reading()
    assert ann.ask(do="msg", name="bob", text="psst")[0]["code"] == "slow"
    ann.ask(do="say", room="#tea", text="then")
    events = [json.loads(line) for line in taken(chat, bob)]
    assert texts(events[0]) == long_lines(40)
    kinds = [event["event"] for event in events]
    assert kinds == ["history", "said", "told", "joined", "said"]
    assert [event["text"] for event in events if event["event"] == "said"] == ["now", "then"]


def test_what_is_deleted_meanwhile_is_not_told() -> None:
    chat = Chat()
    ann = talk(chat, long_lines(40))
    bob = reader(chat)
    bob.protocol.dataReceived(b'{"do":"history","room":"#tea","n":40}\n')
    bob.stop_reading()
    assert ann.ask(do="delete", room="#tea", number=39)
    (page, *_) = map(json.loads, taken(chat, bob))
    assert page["lines"][38].get("deleted") == "ann"
    assert page["lines"][38]["text"] == ""


class Failing(MemoryArchive):
    """An archive whose lines soon cannot be read."""

    left = 10**9

    async def read(self, room: str, after: int, limit: int) -> Any:
        self.left -= 1
        if self.left < 0:
            raise ArchiveFailed("The disk is on fire.")
        return await super().read(room, after, limit)


def test_an_archive_that_fails_meanwhile_ends_the_answer_and_says_so() -> None:
    async def at_once(work: Any, *arguments: Any) -> Any:
        return work(*arguments)

    archive = Failing(at_once, no_turn, start)
    chat = Chat(archive)
    talk(chat, long_lines(40))
    bob = reader(chat)
    archive.left = 2
    bob.protocol.dataReceived(b'{"do":"history","room":"#tea","n":40,"tag":"h"}\n')
    page, refused = map(json.loads, taken(chat, bob))
    assert 0 < len(page["lines"]) < 40
    assert (refused["event"], refused["code"]) == ("refused", "not-read")
    assert bob.ask(do="ping") == [{"event": "pong"}]


def test_who_leaves_in_the_middle_leaves_nothing_behind() -> None:
    chat = Chat()
    talk(chat, long_lines(40))
    for _ in range(10):
        bob = reader(chat)
        bob.protocol.dataReceived(b'{"do":"history","room":"#tea","n":40}\n')
        bob.stop_reading()
        bob.hang_up()
        chat.clock.advance(0)
    assert set(chat.hub.directory.users) == {"ann"}
    eve = reader(chat, "eve")
    eve.protocol.dataReceived(b'{"do":"history","room":"#tea","n":40}\n')
    (page,) = map(json.loads, taken(chat, eve))
    assert len(page["lines"]) == 40


def test_short_answers_are_told_at_once() -> None:
    chat = Chat()
    talk(chat, ["x" * (PORTION // 4)] * 4)
    bob = reader(chat)
    (page,) = bob.ask(do="history", room="#tea", n=4)
    assert len(page["lines"]) == 4


def test_a_long_answer_at_telnet_has_no_formatting_either() -> None:
    chat = Chat()
    ann = irc(chat, "ann")
    ann.send("JOIN #tea")
    for n in range(60):
        ann.send(f"PRIVMSG #tea :\x02bold {n} \x0304,05red\x0f {'x' * 400}")
    bob = chat.join("bob")
    bob.send("/join #tea")
    taken(chat, bob)
    bob.protocol.dataReceived(b"/history 60\n")
    lines = taken(chat, bob)
    assert [line.split("> ")[1] for line in lines] == [
        f"bold {n} red {'x' * 400}" for n in range(60)
    ]
