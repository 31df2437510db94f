"""Bans and mutes keep matching the users that they have matched by name, under other names."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import Chat, Person, start
from ircpeople import irc
from staff import MoodyArchive, back, founder, guest, member, operator, program

from chatsvc.model.records import Ban


def speaker(chat: Chat, dialect: str, name: str) -> Person:
    """Return a user in #lobby and #tea, who speaks one of the dialects."""
    come: Callable[[str], Person] = {
        "text": chat.join,
        "irc": lambda name: irc(chat, name),
        "json": chat.program,
    }[dialect]
    person = come(name)
    for room in ("#lobby", "#tea"):
        person.send(COMMANDS[dialect][2].replace("#tea", room))
    return person


COMMANDS = {
    "text": ("/nick {}", "/leave #tea", "/join #tea", "{}"),
    "irc": ("NICK {}", "PART #tea", "JOIN #tea", "PRIVMSG #tea :{}"),
    "json": (
        '{{"do":"nick","name":"{}"}}',
        '{"do":"leave","room":"#tea"}',
        '{"do":"join","room":"#tea"}',
        '{{"do":"say","room":"#tea","text":"{}"}}',
    ),
}


def spam_in_tea(reader: Person) -> list[str]:
    """Return what a user whose room is #tea has read there."""
    return [line for line in reader.read() if "SPAM" in line and "#lobby" not in line]


ALL_DIALECTS = pytest.mark.parametrize("dialect", COMMANDS)
HOW = pytest.mark.parametrize("how", ["", "--quietly"])


@ALL_DIALECTS
@HOW
@pytest.mark.parametrize("mask", ["ev*", "name=ev?", "ev*!*@*"])
def test_a_pattern_s_mute_holds_under_another_name(
    chat: Chat, dialect: str, how: str, mask: str
) -> None:
    nick, leave, join, say = COMMANDS[dialect]
    ann, eve = founder(chat), speaker(chat, dialect, "eve")
    ann.send(f"/mute {how} {mask}")
    eve.send(nick.format("mallory"), say.format("SPAM 1"))
    eve.send(leave, nick.format("trudy"), join, say.format("SPAM 2"))
    eve.send(nick.format("eve"), join, nick.format("mallory"), say.format("SPAM 3"))
    assert spam_in_tea(ann) == []
    ann.send(f"/unmute {mask}")
    eve.send(join, say.format("sorry"))
    assert any("<mallory> sorry" in line for line in ann.read())


@ALL_DIALECTS
@pytest.mark.parametrize("mask", ["ev*", "name=eve"])
def test_who_comes_with_a_muted_name_later_is_muted_under_the_next_one_too(
    chat: Chat, dialect: str, mask: str
) -> None:
    nick, leave, join, say = COMMANDS[dialect]
    ann = founder(chat)
    ann.send(f"/mute {mask}")
    eve, dan = speaker(chat, dialect, "eve"), speaker(chat, dialect, "dan")
    eve.send(nick.format("mallory"), say.format("SPAM"))
    dan.send(nick.format("eve"), nick.format("dan"), leave, join, say.format("SPAM"))
    assert spam_in_tea(ann) == []


@HOW
def test_a_pattern_s_mute_of_the_whole_server_holds_under_another_name(
    chat: Chat, how: str
) -> None:
    boss, eve, bob = operator(chat, "boss"), guest(chat, "eve"), guest(chat, "bob")
    boss.send(f"/mute {how} ev*")
    later = guest(chat, "evan")
    for person in (eve, later):
        person.send("/leave #lobby", "/nick mallory", "/join #lobby", "SPAM", "/msg bob SPAM")
        person.hang_up()
    assert "SPAM" not in "\n".join(bob.read())


@pytest.mark.parametrize("what", ["ban", "mute"])
def test_who_was_caught_by_a_pattern_is_known_by_account_and_program(what: str) -> None:
    chat = Chat()
    member(chat, "eve").hang_up()
    eve = back(chat, "eve")
    ann = founder(chat, "ann", eve)
    evan = program(chat, "evan", client="secret-of-evan")
    ann.send(f"/{what} ev*")
    for person in (eve, evan):
        person.hang_up()
    start(chat.hub.close())
    last = Chat(chat.archive)
    bob = guest(last, "bob")
    bob.send("/join #tea")
    eve = back(last, "eve")
    eve.send("/nick trudy", "/join #tea", "SPAM")
    evan = last.program("trent", client="secret-of-evan")
    evan.ask(do="join", room="#tea")
    evan.ask(do="say", room="#tea", text="SPAM")
    assert spam_in_tea(bob) == []


def test_a_removed_guest_is_banned_by_a_pattern_under_another_name(chat: Chat) -> None:
    eve = guest(chat, "eve")
    founder(chat, "ann", eve).send("/ban ev*")
    eve.send("/nick mallory")
    assert eve.send("/join #tea") == ["* You are banned in #tea."]


def test_a_pattern_catches_only_who_is_in_its_room_and_no_address(chat: Chat) -> None:
    eve, dan = guest(chat, "eve"), guest(chat, "dan", "203.0.113.2")
    ann = founder(chat, "ann", dan)
    ann.send("/mute ev*", "/mute ip=203.0.113.2")
    eve.send("/nick mallory", "/join #tea")
    assert eve.send("hello") == []
    assert list(chat.hub.bans.all(chat.hub.directory.rooms["#tea"]))[1].caught == ()


def test_a_caught_user_is_unmuted_by_the_name_they_have_now(chat: Chat) -> None:
    eve = guest(chat, "eve")
    ann = founder(chat, "ann", eve)
    ann.send("/mute ev*")
    eve.send("/nick mallory")
    ann.read()
    assert ann.send("/unmute mallory") == ["* mallory is no longer muted in #tea."]
    assert eve.send("hello")[-1:] != ["* You are muted in #tea."]


def test_a_pattern_remembers_a_limited_number_of_people(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatsvc.policy.bans.MOST_CAUGHT", 3)
    ann = founder(chat)
    ann.send("/mute ev*")
    people = [guest(chat, f"ev{number}") for number in range(5)]
    for person in people:
        person.send("/join #tea")
    (mute,) = chat.hub.bans.all(chat.hub.directory.rooms["#tea"])
    assert [one.split()[0] for one in mute.caught] == ["ev2", "ev3", "ev4"]


def test_who_was_caught_is_saved_when_the_archive_can_again() -> None:
    archive = MoodyArchive()
    chat = Chat(archive)
    eve = guest(chat, "eve")
    ann = founder(chat, "ann", eve)
    ann.send("/mute ev*")
    archive.fails = True
    start(chat.hub.bans.save())
    assert archive.records(Ban)[0].caught == ()
    archive.fails = False
    start(chat.hub.bans.save())
    assert archive.records(Ban)[0].caught[0].startswith("eve client=")
