"""Erasing an account's lines, in every store: their text, their author, and their words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Chat, start
from keeper import Keeper, finds, line, now, scrub, tallies, texts
from staff import NOW, back, member

from chatsvc.model.control import SHELL
from chatsvc.model.message_events import Said
from chatsvc.model.records import Fact
from chatsvc.model.requests import Refused
from chatsvc.store.archive import ArchiveFailed
from chatsvc.store.erasing import Eraser, Erasure, pending


def of(account: str, text: str, **more: Any) -> Any:
    return line(text, sender=account, account=account, **more)


def erase(keeper: Keeper, erasure: Erasure, last: int = 100, **more: Any) -> Erasure:
    eraser = Eraser(keeper.archive, SHELL, **more)
    done = now(eraser.run(erasure, {"#pie": last, "#tea": last, "@1,2": last}, lambda *_: None))
    assert isinstance(done, Erasure)
    return done


def stored(keeper: Keeper, room: str = "#tea") -> list[tuple[int, str, str]]:
    found: list[Said] = now(keeper.archive.read(room, 0, 100))
    return [(one.number, one.sender, one.text) for one in found]


def test_only_the_lines_of_the_account_are_erased(keeper: Keeper) -> None:
    keeper.keep(of("ann", "apples"), of("bob", "berries"), of("ann", "cherries", room="#pie"))
    keeper.keep(of("ann", "dates", room="@1,2"), line("eggs", sender="ann"))
    done = erase(keeper, Erasure("ann"))
    assert (done.public, done.private) == (2, 1)
    assert stored(keeper) == [(1, "nobody", ""), (2, "bob", "berries"), (3, "ann", "eggs")]
    assert stored(keeper, "#pie") == [(1, "nobody", "")]
    assert stored(keeper, "@1,2") == [(1, "nobody", "")]
    (gone, *_) = now(keeper.archive.read("#tea", 0, 1))
    assert (gone.deleted, gone.account, gone.client, gone.tag) == (SHELL, "", "", None)


def test_erased_words_are_not_found_and_others_are(keeper: Keeper) -> None:
    keeper.keep(of("ann", "apples and pears"), of("bob", "pears and plums"))
    assert len(finds(keeper, "pears").lines) == 2
    erase(keeper, Erasure("ann"))
    assert texts(keeper, "apples") == []
    assert texts(keeper, "pears") == ["pears and plums"]
    assert [(one.name, one.lines) for one in tallies(keeper)] == [("bob", 1)]


def test_statistics_that_were_counted_before_forget_the_name(keeper: Keeper) -> None:
    keeper.keep(of("ann", "one"), of("ann", "two"), of("bob", "three"))
    assert [one.name for one in tallies(keeper)] == ["ann", "bob"]
    erase(keeper, Erasure("ann"))
    assert [(one.name, one.lines, one.bytes) for one in tallies(keeper)] == [("bob", 1, 5)]


def test_lines_of_guests_are_erased_by_name_room_and_time(keeper: Keeper) -> None:
    for time, sender in ((1.0, "eve"), (2.0, "Eve"), (3.0, "bob"), (4.0, "eve")):
        keeper.keep(line("hi", sender=sender, time=time), of("eve", "no", time=time))
        keeper.keep(line("yo", sender=sender, room="#pie", time=time))
    part = Erasure("eve", guest=True, since=2.0, until=4.0, only="#tea")
    assert now(Eraser(keeper.archive, SHELL).run(part, {"#tea": 99}, lambda *_: None)).public == 1
    left = [(sender, text) for _, sender, text in stored(keeper) if text == "hi"]
    assert left == [("eve", "hi"), ("bob", "hi"), ("eve", "hi")]
    assert erase(keeper, Erasure("EVE", guest=True)).public == 5
    kept = [("eve", "no")] * 4 + [("bob", "hi")]
    assert sorted((who, text) for _, who, text in stored(keeper) if text) == sorted(kept)
    assert [who for _, who, text in stored(keeper, "#pie") if text] == ["bob"]


def test_lines_of_an_earlier_account_of_the_same_name_remain(keeper: Keeper) -> None:
    keeper.keep(of("ann", "old", time=1.0), of("ann", "new", time=2.0))
    assert erase(keeper, Erasure("ann", since=1.5)).count == 1
    assert stored(keeper) == [(1, "ann", "old"), (2, "nobody", "")]


def test_what_is_interrupted_goes_on_where_it_was_and_counts_on(keeper: Keeper) -> None:
    keeper.keep(of("ann", "one", room="#pie"), of("ann", "two"), of("ann", "3", room="@1,2"))
    rooms: list[str] = []

    def note(lines: list[Said]) -> None:
        rooms.append(lines[0].room)

    erase(keeper, Erasure("ann"), when_erased=note, is_ending=lambda: len(rooms) == 2)
    assert rooms == ["#pie", "#tea"]
    (begun,) = pending(keeper.archive.records(Fact))
    assert (begun.public, begun.private, begun.room) == (2, 0, "#tea")
    done = erase(keeper, begun, when_erased=note)
    assert rooms == ["#pie", "#tea", "@1,2"]
    assert (done.public, done.private) == (2, 1)


def test_a_message_that_is_sent_again_after_it_was_erased_has_no_author_to_match(
    keeper: Keeper,
) -> None:
    keeper.keep(of("ann", "one", tag="t1"))
    erase(keeper, Erasure("ann"))
    keeper.keep(of("ann", "two", tag="t1"))
    assert keeper.numbers() == [1, 2]
    assert keeper.again() == []


def test_nothing_of_it_is_left_in_the_files(tmp_path: Path, keeper: Keeper) -> None:
    secret = "unmistakable" * 9
    keeper.keep(*(of("someone", f"{secret} {n}") for n in range(700)), of("bob", "hi"))
    finds(keeper, "hi")
    done = erase(keeper, Erasure("someone"), last=701)
    assert done.count == 700
    now(keeper.archive.drop(done.fact()))
    scrub(keeper)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert b"unmistakable" not in path.read_bytes()
            assert b"someone" not in path.read_bytes()


# In the chat


def erased(chat: Chat, name: str, **more: Any) -> Erasure:
    found: list[Erasure] = []

    async def run() -> None:
        found.append(await chat.hub.erasing.erase(Erasure(name, **more), lambda *_: None))

    start(run())
    return found[0]


def test_clients_are_told_what_is_gone(chat: Chat) -> None:
    ann, bob = member(chat, "ann"), chat.program("bob")
    bob.ask(do="join", room="#lobby")
    ann.send("apples", "pears")
    bob.send(json.dumps({"do": "say", "room": "#lobby", "text": "plums"}))
    bob.read()
    assert erased(chat, "Ann").public == 2
    gone = [event for event in bob.events() if event["event"] == "deleted"]
    assert [(one["number"], one["by"]) for one in gone] == [(1, SHELL), (2, SHELL)]
    first, *_, last = chat.join("carol").send("/history")
    assert first == f"    1 {NOW} <nobody> (deleted by shell)"
    assert last == f"    3 {NOW} <bob> plums"


def test_messages_that_wait_for_somebody_offline_are_erased(chat: Chat) -> None:
    ann, bob = member(chat, "ann"), member(chat, "bob")
    bob.send("/msg ann yours")
    bob.hang_up()
    ann.send("/msg bob psst")
    assert erased(chat, "ann").private == 1
    assert not any("psst" in text for text in back(chat, "bob").read())
    assert any("yours" in text for text in ann.send("/history @bob"))


def test_messages_to_guests_are_erased_from_memory(chat: Chat) -> None:
    ann, guest = member(chat, "ann"), chat.join("guest")
    ann.send("/msg guest psst")
    guest.send("/msg ann yes?")
    assert erased(chat, "ann").private == 1
    history = ann.send("/history @guest")
    assert not any("psst" in text for text in history)
    assert any("yes?" in text for text in history)


def test_the_messages_of_guests_are_erased_everywhere_or_in_one_room(chat: Chat) -> None:
    ann, eve = member(chat, "ann"), chat.join("eve")
    eve.send("apples", "/msg ann psst", "/join #tea", "pears")
    assert erased(chat, "Eve", guest=True, only="#TEA").public == 1
    assert any("apples" in text for text in ann.send("/history"))
    done = erased(chat, "eve", guest=True)
    assert (done.public, done.private) == (1, 1)
    assert not any("apples" in text for text in ann.send("/history"))
    with pytest.raises(Refused, match="There is no room #milk"):
        now(chat.hub.erasing.erase(Erasure("eve", guest=True, only="#milk"), lambda *_: None))


def test_what_a_stop_interrupts_is_resumed_at_the_next_start(chat: Chat) -> None:
    member(chat, "ann").send("apples")
    start(chat.archive.put(Erasure("ann").fact()))
    chat.hub.erasing.begin()
    assert not any("apples" in text for text in chat.join("bob").send("/history"))
    assert pending(chat.archive.records(Fact)) == []
    assert [act.what for act in now(chat.archive.acts(9))] == ["erased 1 message of ann"]


def test_while_the_service_stops_nothing_is_said_to_be_done(chat: Chat) -> None:
    member(chat, "ann").send("apples")
    chat.hub.erasing.end()
    with pytest.raises(ArchiveFailed, match="The next start continues"):
        now(chat.hub.erasing.erase(Erasure("ann"), lambda *_: None))
    assert [one.name for one in pending(chat.archive.records(Fact))] == ["ann"]
