"""Rules that many commands share: identities, pending lines, limits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from archive_files import sqlite
from conftest import Chat, Worker, at_once, no_turn, start

from chatsvc.store.memory import MemoryArchive

NOW = "[1970-01-01 00:00]"


def slow_chat() -> tuple[Chat, Worker]:
    worker = Worker()
    return Chat(MemoryArchive(worker, no_turn, start)), worker


def test_a_room_left_while_its_first_line_is_being_kept_is_still_that_room(path: Path) -> None:
    archive = sqlite(path)
    chat = Chat(archive)
    ann = chat.join("ann")
    ann.protocol.dataReceived(b"/join #Tea\nfirst\n/leave\n/join #tea\nsecond\n")
    start(archive.close())
    again = sqlite(path)
    assert [room.name for room in Chat(again).hub.directory.rooms.values()] == ["#Tea"]
    start(again.close())


def test_a_room_is_remembered_while_a_line_is_on_its_way() -> None:
    chat, worker = slow_chat()
    ann = chat.join("ann")
    ann.send("/join #Tea", "first", "/leave", "/join #tea", "second")
    worker.work()
    assert chat.hub.directory.rooms["#tea"].name == "#Tea"
    assert chat.hub.directory.rooms["#tea"].last == 2


def test_private_words_never_reach_the_room_when_their_reader_has_left(chat: Chat) -> None:
    ann, bob, eve = chat.join("ann"), chat.join("bob"), chat.join("eve")
    ann.send("/to bob")
    bob.hang_up()
    chat.join("bob")
    eve.read()
    for secret in ("pin 1", "pin 2"):
        assert "Not sent: bob has left." in ann.send(secret)[0]
    assert eve.read() == []


def test_a_client_that_comes_back_is_the_same_person_to_those_who_talk_to_it(chat: Chat) -> None:
    ann, _ = chat.join("ann"), chat.program("bob", client="secret-of-bob")
    ann.send("/to bob")
    bob = chat.program("bob", client="secret-of-bob")
    assert ann.send("psst") == ["* to bob: psst"]
    assert bob.events()[-1]["text"] == "psst"


def test_a_reply_goes_to_who_whispered_and_to_nobody_else_of_that_name(chat: Chat) -> None:
    ann, bob = chat.join("ann"), chat.join("bob")
    bob.send("/msg ann hi", "/nick bobby")
    stranger = chat.join("bob")
    assert ann.send("/reply hello")[-1] == "* to bobby: hello"
    bob.hang_up()
    assert ann.send("/reply gone?")[-1].startswith("* Not sent: bobby has left.")
    assert not any("whispers" in line for line in stranger.read())


def test_one_s_own_lines_are_never_hidden(chat: Chat) -> None:
    ann = chat.program("ann")
    ann.ask(do="join", room="#lobby")
    ann.ask(do="ignore", name="bob")
    ann.ask(do="nick", name="bob")
    assert ann.ask(do="say", text="hi", tag="1")[-1]["tag"] == "1"
    assert len(ann.ask(do="history")[-1]["lines"]) == 1


def test_who_comes_back_while_lines_are_on_their_way_still_has_them_counted() -> None:
    chat, worker = slow_chat()
    ann = chat.program("ann", client="secret-of-ann")
    ann.ask(do="join", room="#lobby")
    ann.ask(do="say", text="one", tag="1")
    again = chat.program("ann", client="secret-of-ann")
    again.ask(do="join", room="#lobby", after=0)
    again.ask(do="say", text="two", tag="2")
    assert again.ask(do="quit") == []
    worker.work()
    events = again.events()
    assert [event.get("tag") for event in events if event["event"] == "said"] == ["1", "2"]
    assert events[-1]["event"] == "goodbye"
    assert not chat.hub.messaging.orphans


def test_lines_of_who_left_for_good_are_forgotten_when_they_are_kept() -> None:
    chat, worker = slow_chat()
    ann = chat.join("ann")
    ann.send("last words")
    ann.hang_up()
    assert chat.hub.messaging.orphans
    worker.work()
    assert not chat.hub.messaging.orphans


def test_a_question_is_over_when_something_else_is_asked(chat: Chat) -> None:
    ann, bob = chat.join("ann"), chat.join("bob")
    ann.send("/to", "/who")
    bob.read()
    ann.send("1")
    assert bob.read() == [f"{NOW} <ann> 1"]


def test_a_name_of_digits_can_be_chosen_by_name(chat: Chat) -> None:
    ann, _, _ = chat.join("ann"), chat.join("bob"), chat.join("1")
    ann.send("/to")
    assert "Your messages now go only to 1" in ann.send("1")[0]


def test_a_newcomer_to_a_crowd_is_not_told_of_herself(chat: Chat) -> None:
    for n in range(51):
        chat.join(f"person{n}")
    ann = chat.join("ann")
    chat.clock.advance(3)
    assert ann.read() == []


def test_a_client_may_come_back_under_another_spelling_of_its_name(chat: Chat) -> None:
    chat.program("ann", client="secret-of-ann")
    (welcome,) = chat.connect().ask(do="hello", name="Ann", client="secret-of-ann")
    assert welcome["name"] == "Ann"


@pytest.mark.parametrize("name", ["ann\u034f", "ann\ufe0f", "\u3164", "\u115f", "\u0301"])
def test_names_that_cannot_be_seen_or_told_apart_are_refused(chat: Chat, name: str) -> None:
    (refused,) = chat.connect().ask(do="hello", name=name)
    assert refused["code"] == "bad-name"


def test_ignored_people_are_bounded(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatsvc.services.profiles.MOST_IGNORED", 2)
    ann = chat.join("ann")
    ann.send("/ignore eve", "/ignore eva")
    assert ann.send("/ignore ada") == [
        "* You already ignore 2 users, the maximum. Remove one first: /unignore name"
    ]


def test_a_person_is_in_fifty_rooms_at_most(chat: Chat) -> None:
    ann = chat.join("ann")
    ann.send(*(f"/join #room{n}" for n in range(49)))
    assert ann.send("/join #onemore") == [
        "* You are already in 50 rooms, the maximum. Leave one first: /leave"
    ]


def test_everything_with_a_tag_is_answered_with_it(chat: Chat) -> None:
    bot = chat.connect()
    requests: list[dict[str, Any]] = [
        {"do": "name"},
        {"do": "empty"},
        {"rest": "x"},
        {"do": "say", "rest": 5},
    ]
    assert [bot.ask(**request, tag="x")[-1]["tag"] for request in requests] == ["x"] * 4


def test_a_password_may_begin_like_a_command_and_have_blanks_around_it() -> None:
    ann = (chat := Chat(password="/open sesame")).connect()
    ann.send("ann")
    assert ann.send("  /open sesame ")[-1].startswith("* Welcome, ann.")
    bob = chat.connect()
    bob.send("bob")
    bob.send("/quit")
    assert bob.closed


def test_two_who_come_for_the_last_seat_are_not_both_sent_away(chat: Chat) -> None:
    chat.factory.max_clients = 1
    first, second = chat.connect(), chat.connect()
    assert "* Welcome" in first.send("ann")[1]
    assert "The server is full" in second.send("bob")[0]
    second.hang_up()
    first.hang_up()
    assert "* Welcome" in chat.connect().send("carol")[1]


def test_one_packet_of_many_requests_gives_others_a_turn(chat: Chat) -> None:
    ann = chat.join("ann")
    ann.protocol.dataReceived(b"/time\n" * 100)
    first = len(ann.read())
    assert 0 < first < 50
    assert ann.protocol.paused
    chat.clock.advance(0)
    assert len(ann.read()) == 100 - first


def test_a_broken_connection_is_obeyed_only_so_far(chat: Chat) -> None:
    ann = chat.join("ann")
    ann.stop_reading()
    ann.protocol.dataReceived(b"a\n" * 10_000)
    ann.hang_up()
    assert chat.hub.directory.rooms["#lobby"].last == 256


def test_memory_is_bounded_over_all_rooms() -> None:
    archive = MemoryArchive(at_once, no_turn, start, size=3)
    ann = Chat(archive).join("ann")
    ann.send("one", "two", "/join #tea", "three", "four")
    assert ann.send("/history #lobby") == [f"    2 {NOW} #lobby <ann> two"]
    assert ann.send("/history") == [f"    1 {NOW} <ann> three", f"    2 {NOW} <ann> four"]


def test_the_chat_is_empty_when_the_last_person_leaves_and_not_when_one_comes_back(
    chat: Chat,
) -> None:
    here: list[int] = []

    def count_soon() -> None:
        chat.clock.callLater(0, lambda: here.append(len(chat.hub.directory.users)))

    chat.hub.sessions.when_empty = count_soon
    chat.program("ann", client="secret-of-ann")
    chat.program("ann", client="secret-of-ann").ask(do="quit")
    chat.clock.advance(0)
    assert here == [0, 0]


def test_who_takes_many_names_does_not_fill_the_list_of_those_who_ignore_them(chat: Chat) -> None:
    ann, eve, innocent = chat.join("ann"), chat.join("eve"), chat.join("bob")
    ann.send("/ignore eve")
    for n in range(20):
        eve.send(f"/nick troll{n}")
    ann.read()
    eve.send("buy this")
    innocent.send("/nick troll7", "hello")
    assert ann.read() == ["* bob is now troll7.", f"{NOW} <troll7> hello"]
    assert ann.send("/ignore") == ["* You ignore eve and troll19."]
    assert ann.send("/unignore eve") == ["* Your ignore list is empty."]


def test_quiet_lines_are_in_nobody_s_statistics(path: Path) -> None:
    archive = sqlite(path)
    chat = Chat(archive)
    ann = chat.join("ann")
    ann.send("/register correct-horse")
    chat.hub.login.claim_code = "code"
    ann.send("/claim code")
    eve = chat.join("eve")
    ann.send("/mute --quietly eve", "hi")
    eve.send("buy this")
    assert ann.send("/stats") == ["*   ann             1 message, 2 bytes"]
    start(archive.close())


def test_the_log_tells_when_nothing_can_be_stored_and_when_it_can_again(tmp_path: Path) -> None:
    path, aside = tmp_path / "chat.db", tmp_path / "aside.db"
    log: list[str] = []
    chat = Chat(sqlite(path), log=log.append)
    ann = chat.join("ann")
    assert ann.send("one") == []
    for _ in range(2):
        path.rename(aside)
        for text in ("two", "three"):
            (refusal,) = ann.send(text)
            assert "Not sent" in refusal
            assert "Tell an operator." in refusal
            assert "chat.db" not in refusal
        assert len(log) == 1
        assert log[0].startswith("Messages are refused because they cannot be stored: The file ")
        chat.clock.advance(90)
        assert "Not sent" in ann.send("four")[0]
        aside.rename(path)
        ann.send("five", "six")
        assert log[1:] == ["Messages are stored again. Refused in 90 s: 3."]
        log.clear()
    start(chat.archive.close())
