"""Renaming rooms: what stays, who may, and what leads to a room under a former name."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from archive_files import sqlite
from conftest import Chat, Person, Worker, start
from staff import (
    back,
    founder,
    guest,
    member,
    operator,
    program,
    refusal,
    reopened,
    returned,
)
from tuipeople import on_a_screen, visit

from chatsvc.client.net.resume_state import ResumeState
from chatsvc.model.message_events import Said
from chatsvc.model.room_events import Entered, Moved
from chatsvc.store.archive import Workers
from chatsvc.store.sqlite.archive import SQLArchive

MINUTE, DAY = 60.0, 86400.0


@pytest.fixture
def chat(chat_in_each_store: Chat) -> Chat:
    return chat_in_each_store


def rename(chat: Chat, person: Person, new: str, old: str = "#tea") -> list[str]:
    chat.clock.advance(MINUTE)
    return person.send(f"/rename {old} {new}")


def text_of(events: list[dict[str, Any]]) -> list[tuple[int, str]]:
    return [(one["number"], one["text"]) for one in events if one["event"] == "said"]


def test_a_room_is_renamed_with_its_messages(chat: Chat) -> None:
    bob = guest(chat, "bob")
    ann = founder(chat, "ann", bob)
    ann.send("one")
    bob.read()
    assert ann.send("/rename #tea #coffee we changed") == [
        "* ann renamed #tea to #coffee: we changed"
    ]
    assert bob.read() == ["* ann renamed #tea to #coffee: we changed"]
    assert bob.send("two") == []
    assert ann.read() == ["[1970-01-01 00:00] <bob> two"]
    dan = program(chat, "dan", "#coffee")
    page = dan.ask(do="history", room="#coffee")[0]
    assert [(line["number"], line["text"]) for line in page["lines"]] == [(1, "one"), (2, "two")]


def test_a_program_is_answered_with_its_tag(chat: Chat) -> None:
    ann = program(chat, "ann")
    (answer,) = ann.ask(do="rename", room="#tea", name="#coffee", tag="r")
    assert answer == {
        "event": "moved", "room": "#tea", "to": "#coffee", "by": "ann", "tag": "r",
    }  # fmt: skip


def test_without_a_room_the_usage_is_shown(chat: Chat) -> None:
    ann = founder(chat)
    assert ann.send("/rename coffee") == [
        "* Usage: /rename room name [reason] (for example: /rename #tea #coffee)"
    ]


def test_who_may(chat: Chat) -> None:
    ann = founder(chat, "ann", bob := member(chat, "bob"))
    ann.send("/op bob")
    op = operator(chat)
    op.send("/join #tea")
    (refused,) = rename(chat, bob, "#coffee")[-1:]
    assert refused == "* Only the founder of #tea can do that."
    assert rename(chat, op, "#coffee")[-1] == "* op renamed #tea to #coffee."
    assert rename(chat, ann, "#milk", "#coffee")[-1] == "* ann renamed #coffee to #milk."


def test_a_host_may_and_stays_host(chat: Chat) -> None:
    ann = program(chat, "ann")
    ann.ask(do="rename", room="#tea", name="#coffee")
    (rules,) = ann.ask(do="set", room="#coffee")
    assert rules["host"] == "ann"


def test_the_name_must_be_free(chat: Chat) -> None:
    ann = program(chat, "ann")
    program(chat, "bob", "#coffee")
    code, text = refusal(ann, do="rename", room="#tea", name="#Coffee")
    assert (code, text) == ("room-exists", "The name #Coffee is taken. Choose another one.")


def test_the_name_of_a_removed_room_is_not_given_away(chat: Chat) -> None:
    op = operator(chat)
    op.send("/join #coffee", "hello", "/remove-room #coffee")
    ann = program(chat, "ann")
    code, text = refusal(ann, do="rename", room="#tea", name="#coffee")
    assert code == "room-exists"
    assert "another room" in text
    ann.send(json.dumps({"do": "say", "room": "#tea", "text": "hi"}))
    assert ann.ask(do="history", room="#tea")[0]["lines"][0]["text"] == "hi"


def test_former_names_are_limited(chat: Chat) -> None:
    ann = founder(chat)
    names = ["#tea", *(f"#tea{number}" for number in range(5))]
    for old, new in itertools.pairwise(names):
        assert rename(chat, ann, new, old) == [f"* ann renamed {old} to {new}."]
    (refused,) = rename(chat, ann, "#more", "#tea4")
    assert "has 5 former names" in refused
    assert rename(chat, ann, "#tea0", "#tea4") == ["* ann renamed #tea4 to #tea0."]


def test_another_name_counts_like_another_room(chat: Chat) -> None:
    chat.hub.new_rooms.new.most, chat.hub.new_rooms.new.within = 1, 3600.0
    ann = program(chat, "ann")
    assert refusal(ann, do="rename", room="#tea", name="#coffee")[0] == "too-many-rooms"


# Former names


def test_former_names_lead_to_the_room(chat: Chat) -> None:
    ann = founder(chat)
    ann.send("one")
    rename(chat, ann, "#coffee")
    rename(chat, ann, "#milk", "#coffee")
    dan = chat.program("dan")
    for name in ("#tea", "#Coffee", "#milk"):
        entered, *said = dan.ask(do="join", room=name, after=0)
        assert (entered["room"], entered["former"]) == ("#milk", ["#coffee", "#tea"])
        assert text_of(said)[0] == (1, "one")
        dan.ask(do="say", room=name, text=f"to {name}")
        dan.ask(do="leave", room=name)
    assert [line.partition("> ")[2] for line in ann.read() if "<dan>" in line] == [
        "to #tea", "to #Coffee", "to #milk",
    ]  # fmt: skip
    assert {room.name for room in chat.hub.directory.rooms.values()} == {"#lobby", "#milk"}


def test_a_program_can_refuse_to_be_forwarded(chat: Chat) -> None:
    ann = founder(chat)
    rename(chat, ann, "#coffee")
    dan = chat.program("dan")
    (refused,) = dan.ask(do="join", room="#tea", forward=False)
    assert (refused["code"], refused["suggestion"]) == ("room-renamed", "#coffee")


def test_former_names_are_free_when_the_room_is_removed(tmp_path: Path) -> None:
    chat = Chat(sqlite(path := tmp_path / "chat.db"))
    ann = founder(chat)
    ann.send("one", "two")
    rename(chat, ann, "#coffee")
    operator(chat).send("/remove-room #tea")
    dan = program(chat, "dan")
    (said,) = dan.ask(do="say", room="#tea", text="new")
    assert (said["room"], said["number"]) == ("#tea", 3)  # no id is used twice
    later = reopened(chat, path)
    (page,) = program(later, "eve", "#tea").ask(do="history", room="#tea")
    assert [line["number"] for line in page["lines"]] == [3]
    start(later.archive.close())


# What belongs to the room


def test_rules_bans_roles_and_the_log_stay(tmp_path: Path) -> None:
    chat = Chat(sqlite(path := tmp_path / "chat.db"))
    eve = guest(chat, "eve", "203.0.113.5")
    bob = member(chat, "bob")
    ann = founder(chat, "ann", bob, eve)
    ann.send("/set slow 5s", "/topic leaves", "/op bob", "/ban eve", "/invite dan")
    rename(chat, ann, "#coffee")
    eve.send("/quit")
    for restarts in (False, True):
        chat = reopened(chat, path) if restarts else chat
        again = returned(chat, "ann", "192.0.2.9")
        told = "\n".join(again.send("/room #coffee", "/set", "/bans", "/topic", "/audit"))
        assert "5 s" in told
        assert "leaves" in told
        assert "eve" in told
        assert "renamed the room #tea to #coffee" in told
        assert "banned" in told
        (refused,) = guest(chat, "eve", "203.0.113.5").send("/join #tea")
        assert refused.startswith("* You are banned in #coffee")
        assert "bob" in told
    start(chat.archive.close())


def test_members_return_to_it_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "chat.db"
    chat = Chat(sqlite(path))
    ann = founder(chat)
    ann.send("one", "/topic leaves")
    rename(chat, ann, "#coffee")
    ann.send("two")
    chat = reopened(chat, path)
    assert {room.name for room in chat.hub.directory.rooms.values()} == {"#lobby", "#coffee"}
    again = back(chat, "ann")
    assert any("#coffee" in line for line in again.read())
    dan = chat.program("dan")
    entered, *said = dan.ask(do="join", room="#tea", after=0)
    assert (entered["room"], entered["topic"]) == ("#coffee", "leaves")
    assert text_of(said) == [(1, "one"), (2, "two")]
    start(chat.archive.close())


def test_only_the_case_changes(chat: Chat) -> None:
    ann = founder(chat, "ann", bob := guest(chat, "bob"))
    ann.send("one", "/set slow 1s")
    bob.read()
    assert rename(chat, ann, "#Tea") == ["* ann renamed #tea to #Tea."]
    dan = chat.program("dan")
    entered, *said = dan.ask(do="join", room="#tea", after=0)
    assert entered["room"] == "#Tea"
    assert "former" not in entered
    assert text_of(said) == [(1, "one")]


def test_an_account_that_was_away_is_shown_what_it_missed(chat: Chat) -> None:
    bob = member(chat, "bob")
    ann = founder(chat, "ann", bob)
    bob.send("/quit")
    ann.send("one")
    rename(chat, ann, "#coffee")
    ann.send("two")
    chat.clock.advance(2)
    told = back(chat, "bob").read()
    assert [line.partition("> ")[2] for line in told if "<ann>" in line] == ["one", "two"]


# In the clients


@on_a_screen
async def test_the_screen_goes_on_under_the_new_name(chat: Chat) -> None:
    bob = chat.join("bob")
    bob.send("/join #tea")
    async with visit(chat) as ann:
        await ann.type("/join #tea", "enter")
        await ann.settle()
        bob.send("before", "/rename #tea #coffee", "after")
        await ann.settle()
        assert [name for name in ann.app.state.panes if name] == ["#lobby", "#coffee"]
        rows = "\n".join(ann.conversation)
        assert "before" in rows
        assert "bob renamed #tea to #coffee." in rows
        assert "after" in rows


def test_a_client_comes_back_under_the_present_name() -> None:
    state = ResumeState("ann")
    state.notice(Entered("#tea", "", (), 1, 7, "ann"))
    state.is_new(Said("#tea", 8, 0.0, "bob", "hi", False, "", None))
    assert list(state.to_restore()) == [("join", {"room": "#tea", "after": 8})]
    state.notice(Entered("#coffee", "", (), 1, 9, "ann", former=("#tea",)), asked=False)
    assert list(state.to_restore()) == [("join", {"room": "#coffee", "after": 8})]
    state.notice(Moved("#coffee", "#milk", "bob"))
    assert list(state.to_restore()) == [("join", {"room": "#milk", "after": 8})]
    assert state.talking.room == "#milk"


# While it happens


class Slowly:
    """A chat with a file whose work is done when the test says so."""

    def __init__(self, path: Path) -> None:
        self.workers = [Worker() for _ in range(4)]
        self.turns, writer, reader, others = self.workers
        workers = Workers(writer, reader, others, others, others)
        self.chat = Chat(SQLArchive(path, workers, self._turn, start))

    async def _turn(self) -> None:
        await self.turns(int)

    def step(self) -> None:
        """Let everything waiting happen once."""
        for worker in self.workers:
            if worker.pieces:
                worker.step()

    def work(self) -> None:
        for _ in range(200):
            self.step()


@pytest.mark.parametrize("steps", range(14))
def test_nothing_said_meanwhile_is_lost(tmp_path: Path, steps: int) -> None:
    slowly = Slowly(tmp_path / "chat.db")
    chat = slowly.chat
    people = [chat.program(name) for name in ("ann", "bob")]
    for one in people:
        one.send(json.dumps({"do": "join", "room": "#tea"}))
    slowly.work()
    ann, bob = people
    bob.send(json.dumps({"do": "say", "room": "#tea", "text": "0"}))
    ann.send(json.dumps({"do": "rename", "room": "#tea", "name": "#coffee"}))
    for number in range(1, 16):
        if number > steps:
            slowly.step()
        bob.send(json.dumps({"do": "say", "room": "#tea", "text": str(number)}))
        if number <= steps:
            slowly.step()
    slowly.work()
    said = [event for event in map(json.loads, ann.read()) if event["event"] == "said"]
    assert [(one["number"], one["text"]) for one in said] == [
        (number + 1, str(number)) for number in range(16)
    ]
    dan = chat.program("dan")
    dan.send(json.dumps({"do": "join", "room": "#coffee", "after": 0}))
    slowly.work()
    told = [event for event in map(json.loads, dan.read()) if event["event"] == "said"]
    assert [(one["room"], one["text"]) for one in told] == [
        ("#coffee", str(number)) for number in range(16)
    ]
    assert {*chat.hub.directory.rooms} == {"#coffee"}
    start(chat.archive.close())
    slowly.work()
