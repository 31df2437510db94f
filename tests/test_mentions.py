"""Unread mentions: what counts as one, and how a program learns their number on joining."""

from __future__ import annotations

from pathlib import Path

import pytest
from archive_files import sqlite
from conftest import Chat, NewArchive, Person, Worker, start
from keeper import Keeper, line, now
from staff import SECRET, member, operator

from chatsvc.model.mentions import mentions
from chatsvc.services import history


@pytest.mark.parametrize("text", ["ann", "Ann, tea?", "is it ANN's?", "hi\nann", "@ann", "(ann)"])
def test_a_name_as_a_word_is_a_mention_in_any_case(text: str) -> None:
    assert mentions(text, "ann")
    assert mentions(text, "bob", "Ann")


@pytest.mark.parametrize("text", ["", "annual", "joann", "ann_b", "an n", "ann2"])
def test_a_name_inside_another_word_is_none(text: str) -> None:
    assert not mentions(text, "ann")


def test_names_in_any_script_are_found_and_symbols_are_taken_literally() -> None:
    assert mentions("hallo ÉMILE!", "émile")
    assert mentions("привет Аня", "аня")
    assert mentions("a.b?", "a.b")
    assert not mentions("aXb", "a.b")
    assert not mentions("anything", "")
    assert not mentions("anything")


def test_each_archive_finds_them_in_order_and_only_after_a_number(new_archive: NewArchive) -> None:
    keeper = Keeper(new_archive())
    keeper.keep(
        line("ann?", room="#tea"), line("annual", room="#tea"), line("\x02Ann\x02", room="#tea"),
        line("ann", room="#pie"), line("\x0304ann\x03: hi", room="#tea"),
    )  # fmt: skip

    def search(room: str, name: str, after: int, limit: int) -> tuple[list[int], int | None, int]:
        page = now(keeper.archive.mentions(room, name, after, limit))
        return [each.number for each in page.found], page.last, page.lines

    assert search("#tea", "ann", 0, 9) == ([1, 3, 4], 4, 4)
    assert search("#tea", "ANN", 1, 2) == ([3], 3, 2)
    assert now(keeper.archive.mentions("#tea", "ann", 0, 2)).size == len("ann?annual")
    assert search("#nowhere", "ann", 0, 9) == ([], None, 0)
    now(keeper.archive.close())


def reader(chat: Chat, name: str = "ann") -> None:
    """Register a user, who reads the first line of #lobby and then leaves."""
    member(chat, name).hang_up()
    chat.join("writer").send("welcome")
    program = back(chat, name)
    program.ask(do="join", room="#lobby")
    program.ask(do="mark", room="#lobby", number=1)
    program.hang_up()


def back(chat: Chat, name: str = "ann") -> Person:
    return chat.program(name, account_password=SECRET)


def counted(person: Person, room: str = "#lobby", **more: object) -> int | None:
    """Join a room, and return how many mentions are reported."""
    entered = person.ask(do="join", room=room, mentions=True, tag="j", **more)[0]
    assert (entered["event"], entered["tag"]) == ("entered", "j")
    found: int | None = entered.get("mentions")
    return found


def test_unread_mentions_are_reported_with_the_room(chat: Chat) -> None:
    reader(chat)
    bob = chat.join("bob")
    bob.send("ann?", "anybody?", "tea, Ann?")
    ann = back(chat)
    assert counted(ann) == 2
    ann.ask(do="mark", room="#lobby", number=2)
    ann.hang_up()
    assert counted(back(chat)) == 1


def test_only_who_asks_is_told(chat: Chat) -> None:
    reader(chat)
    chat.join("bob").send("ann?")
    (entered,) = back(chat).ask(do="join", room="#lobby", last=0)
    assert "mentions" not in entered


def test_own_deleted_ignored_and_quiet_lines_do_not_count(chat: Chat) -> None:
    reader(chat)
    boss, bob, eve = operator(chat, "boss"), chat.join("bob"), chat.join("eve")
    ann = back(chat)
    ann.ask(do="join", room="#lobby")
    ann.ask(do="say", text="I am ann")
    ann.ask(do="ignore", name="eve")
    ann.hang_up()
    boss.send("/mute --quietly bob")
    bob.send("ann, quietly")
    eve.send("ann, ignored")
    boss.send("ann, deleted", "ann, kept")
    numbers = [each.number for each in now(chat.archive.mentions("#lobby", "ann", 0, 99)).found]
    boss.send(f"/delete {numbers[-2]}")
    assert counted(back(chat)) == 1


def test_only_the_last_lines_are_searched(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    reader(chat)
    monkeypatch.setattr(history, "COUNTED", 3)
    chat.join("bob").send("ann", "ann", "ann", "no", "ann")
    assert counted(back(chat)) == 2


def test_the_name_that_the_user_has_at_the_moment_is_looked_for(chat: Chat) -> None:
    reader(chat)
    back(chat).ask(do="nick", name="zoe")
    chat.join("bob").send("ann", "zoe", "zoe?")
    assert counted(back(chat)) == 2


def test_guests_and_accounts_without_a_marker_cause_no_reading(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    member(chat, "ann").hang_up()
    chat.join("bob").send("ann", "guest-1")
    monkeypatch.setattr(chat.archive, "mentions", None)
    assert counted(chat.program("")) is None
    assert counted(back(chat)) is None
    assert counted(back(chat), room="#new") is None


def test_what_a_newcomer_may_not_read_does_not_count(chat: Chat) -> None:
    reader(chat)
    boss = operator(chat, "boss")
    boss.send("/op boss", "/set history joined")
    ann = back(chat)
    ann.ask(do="join", room="#lobby")
    ann.ask(do="leave", room="#lobby")
    boss.send("ann, secretly")
    assert counted(ann) is None


def test_lines_that_arrive_while_they_are_counted_count(tmp_path: Path) -> None:
    chat = Chat(sqlite(tmp_path / "chat.db"))
    reader(chat)
    bob = chat.join("bob")
    bob.send("ann?")
    chat.archive._workers = chat.archive._workers._replace(reader=(worker := Worker()))  # type: ignore[attr-defined]
    ann = back(chat)
    ann.protocol.dataReceived(b'{"do":"join","room":"#lobby","mentions":true,"last":0}\n')
    bob.send("and ann!")
    worker.work()
    entered = next(event for event in ann.events() if event["event"] == "entered")
    assert (entered["mentions"], entered["last"]) == (2, 3)
    start(chat.archive.close())
    worker.work()


def test_a_user_who_leaves_while_they_are_counted_is_in_no_room(tmp_path: Path) -> None:
    chat = Chat(sqlite(tmp_path / "chat.db"))
    reader(chat)
    chat.join("bob").send("ann?")
    chat.archive._workers = chat.archive._workers._replace(reader=(worker := Worker()))  # type: ignore[attr-defined]
    ann = back(chat)
    ann.protocol.dataReceived(b'{"do":"join","room":"#lobby","mentions":true}\n')
    ann.hang_up()
    worker.work()
    assert "ann" not in chat.hub.directory.users
    start(chat.archive.close())
    worker.work()


def test_they_are_counted_in_rooms_with_a_password_too() -> None:
    chat = Chat()
    boss = member(chat, "boss")
    boss.send("/join #tea", "/set password sesame", "welcome")
    ann = back_with_marker(chat)
    boss.send("ann?")
    assert counted(ann, "#tea", password="sesame") == 1


def back_with_marker(chat: Chat) -> Person:
    """Return a user whose account has read the first line of #tea, and is not in it."""
    member(chat, "ann").hang_up()
    ann = back(chat)
    ann.ask(do="join", room="#tea", password="sesame")
    ann.ask(do="mark", room="#tea", number=1)
    ann.hang_up()
    return back(chat)
