"""Private messages between accounts: stored, delivered later, and read again."""

from __future__ import annotations

from pathlib import Path

from archive_files import sqlite
from conftest import Chat, Worker, no_turn, start
from staff import SECRET, arriving, member, reopened, returned

from chatsvc.dialects.sentences import clock
from chatsvc.store.memory import MemoryArchive

NOW = f"[{clock(0.0)}]"


def test_those_of_guests_are_not_kept(chat: Chat) -> None:
    ann, guest = member(chat, "ann"), chat.join("guest")
    assert guest.send("/msg ann hi") == ["* to ann: hi"]
    assert ann.read()[-1] == "* guest whispers: hi"
    (shown,) = ann.send("/history @guest")
    assert shown.endswith(" @guest <guest> hi")  # from memory
    assert guest.send("/history @ann") == [
        "* Private messages are stored only between registered users."
    ]
    ann.hang_up()
    assert guest.send("/msg ann hi") == ["* No user named ann is online."]
    assert chat.hub.directory.conversations == {}


def test_they_are_read_with_the_other_s_name_by_these_two_only(chat: Chat) -> None:
    ann, bob, eve = (member(chat, name) for name in ("ann", "bob", "eve"))
    assert ann.send("/history @bob") == ["* You and bob have no messages yet."]
    ann.send("/msg bob one")
    bob.send("/reply two")
    shown = [f"    {n} {NOW} @{{}} <{who}> {text}" for n, who, text in _two()]
    assert ann.send("/history @bob") == [line.format("bob") for line in shown]
    assert bob.send("/history @ann") == [line.format("ann") for line in shown]
    assert "no messages yet" in eve.send("/history @ann")[0]
    assert eve.send("/history @nobody") == ["* No account is named nobody."]


def _two() -> list[tuple[int, str, str]]:
    return [(1, "ann", "one"), (2, "bob", "two")]


def test_all_connections_of_both_are_told(chat: Chat) -> None:
    ann, bob = member(chat, "ann"), member(chat, "bob")
    ann_too, bob_too = returned(chat, "ann"), returned(chat, "bob")
    bob.read()
    assert ann.send("/msg bob hi") == ["* to bob: hi"]
    assert ann_too.read() == ["* to bob: hi"]
    assert bob.read() == bob_too.read() == ["* ann whispers: hi"]
    assert bob_too.send("/reply yes") == ["* to ann: yes"]


def test_a_program_is_told_private_lines_without_being_in_a_room(chat: Chat) -> None:
    bob = member(chat, "bob")
    member(chat, "ann").hang_up()
    program = chat.program("ann", account_password=SECRET)
    bob.send("in the lobby", "/msg ann in private")
    assert [(event["event"], event.get("text")) for event in program.events()] == [
        ("told", "in private")
    ]


def test_one_that_waits_is_told_once(chat: Chat) -> None:
    ann, bob = member(chat, "ann"), member(chat, "bob")
    bob.hang_up()
    ann.send("/msg bob one")
    again = arriving(chat, "bob")
    assert again.send(SECRET)[-1] == "* ann whispers: one"
    assert len(arriving(chat, "bob").send(SECRET)) == 1
    again.hang_up()
    assert not any("whispers" in line for line in arriving(chat, "bob").send(SECRET))


def test_they_wait_through_a_restart(path: Path) -> None:
    chat = Chat(sqlite(path))
    ann, bob = member(chat, "ann"), member(chat, "bob")
    bob.hang_up()
    ann.send("/msg bob one")
    again = reopened(chat, path)
    assert arriving(again, "bob").send(SECRET)[-1] == "* ann whispers: one"
    third = reopened(again, path)
    bob = arriving(third, "bob")
    assert not any("whispers" in line for line in bob.send(SECRET))
    assert bob.send("/history @ann") == [f"    1 {NOW} @ann <ann> one"]
    start(third.archive.close())


def test_the_first_one_waits_also_when_the_power_fails(path: Path) -> None:
    archive = sqlite(path)
    chat = Chat(archive)
    ann, _ = member(chat, "ann"), member(chat, "bob").hang_up()
    ann.send("/msg bob one")
    start(archive.close())
    again = Chat(sqlite(path))
    assert arriving(again, "bob").send(SECRET)[-1] == "* ann whispers: one"
    start(again.archive.close())


def test_over_one_connection_two_accounts_are_two_people(chat: Chat) -> None:
    member(chat, "bob").hang_up()
    person = member(chat, "ann")
    person.send("/msg bob note", "/logout")
    assert person.send(f"/login bob {SECRET}")[-1] == "* ann whispers: note"


def test_who_has_the_name_later_reads_nothing_of_who_had_it(chat: Chat) -> None:
    ann, bob = member(chat, "ann"), member(chat, "bob")
    ann.send("in public", "/msg bob private")
    chat.clock.advance(1)
    ann.send(f"/unregister {SECRET}", "/quit")
    later = member(chat, "ann")
    assert "no messages yet" in later.send("/history @bob")[0]
    assert later.send("/delete 1")[0].startswith("* That message is by ann.")
    bob.read()
    later.send("/msg bob it is me")
    assert bob.read()[-1] == "* ann whispers: it is me"
    assert bob.send("/history @ann") == [f"    1 [{clock(1.0)}] @ann <ann> it is me"]


def test_one_on_its_way_when_the_name_is_given_up_hurts_nobody() -> None:
    worker = Worker()
    chat = Chat(MemoryArchive(worker, no_turn, start))
    ann, bob = member(chat, "ann"), member(chat, "bob")
    bob.send("/msg ann one")
    ann.send(f"/unregister {SECRET}")
    worker.work()
    assert bob.read()[-1] == "* to nobody: one"
    assert ann.send("hi") == []


def test_none_waits_for_an_account_that_is_no_more(chat: Chat) -> None:
    ann, bob = member(chat, "ann"), member(chat, "bob")
    bob.hang_up()
    ann.send("/to bob")
    returned(chat, "bob").send(f"/unregister {SECRET}", "/quit")
    assert "Not sent: bob has left." in ann.send("psst")[-1]


def test_who_ignores_somebody_is_not_told_what_waited(chat: Chat) -> None:
    eve, bob = member(chat, "eve"), member(chat, "bob")
    bob.send("/ignore eve")
    bob.hang_up()
    eve.send("/msg bob buy this")
    assert not any("buy" in line for line in arriving(chat, "bob").send(SECRET))


def test_a_slow_reader_is_told_later() -> None:
    chat = Chat()
    ann, bob = member(chat, "ann"), member(chat, "bob")
    bob.stop_reading()
    ann.send("/msg bob one", "/msg bob two")
    assert bob.read()[-1:] != ["* ann whispers: two"]
    bob.read_on()
    assert bob.read() == ["* ann whispers: one", "* ann whispers: two"]


def test_one_can_write_to_oneself(chat: Chat) -> None:
    ann = member(chat, "ann")
    assert ann.send("/msg ann milk") == ["* to ann: milk"]
    assert ann.send("/history @ann") == [f"    1 {NOW} @ann <ann> milk"]
