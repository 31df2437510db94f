"""Masks: each of them bans a user that it matches, or is refused because it can match nobody."""

from __future__ import annotations

import ast
import fnmatch
import re
from pathlib import Path

import pytest
from conftest import Chat, Person
from hypothesis import given, settings
from hypothesis import strategies as st
from imports import modules
from ircpeople import irc
from staff import SECRET, founder, guest, member, operator, program, refusal

from chatsvc.dialects.irc.ban_masks import masks
from chatsvc.model import ban_masks
from chatsvc.model.ban_masks import ACCOUNT, ADDRESS, CLIENT, MASK, NAME, BanMask, label
from chatsvc.model.requests import Refused
from chatsvc.policy.bans import holds


@pytest.mark.parametrize(
    ("mask", "who", "listed"),
    [
        ("eve!*@*", "name=eve", "eve!*@*"),
        ("ev*!*@*", "name=ev*", "ev*!*@*"),
        ("ev?!~chat@*", "ev?!~chat@*", "ev?!~chat@*"),
        ("*!~Eve@*", "*!~Eve@*", "*!~Eve@*"),
        ("*!*@*", "*!*@*", "*!*@*"),
        ("ev*", "name=ev*", "ev*!*@*"),
        ("EV*!*", "name=EV*", "EV*!*@*"),
        ("eve!*@people-dan", "host=people-dan", "*!*@people-dan"),
        ("*!*@people-eve", "host=people-eve", "*!*@people-eve"),
        ("*!~eve@people-eve", "host=people-eve", "*!*@people-eve"),
        ("*!*chat@people-eve", "host=people-eve", "*!*@people-eve"),
        ("eve!~eve@people-eve", "host=people-eve", "*!*@people-eve"),
        ("ev*!*@people-eve", "host=people-eve", "*!*@people-eve"),
        ("*!*@people-ev*", "*!*@people-ev*", "*!*@people-ev*"),
        ("eve", "eve", "eve!*@*"),
        ("$a:eve", "account=eve", "$a:eve"),
        ("*!*@192.0.2.7", "ip=192.0.2.7", "*!*@192.0.2.7"),
        ("*@192.0.2.0/24", "ip=192.0.2.0/24", "*!*@192.0.2.0/24"),
        ("*!*@192.0.2.*", "ip=192.0.2.0/24", "*!*@192.0.2.0/24"),
        ("198.51.*.*", "ip=198.51.0.0/16", "*!*@198.51.0.0/16"),
        ("ip=198.51.*", "ip=198.51.0.0/16", "*!*@198.51.0.0/16"),
        ("*!*@2001:db8::/32", "ip=2001:db8::/32", "*!*@2001:db8::/32"),
        ("::ffff:192.0.2.7", "ip=192.0.2.7", "*!*@192.0.2.7"),
    ],
)
def test_masks_and_what_they_mean(mask: str, who: str, listed: str) -> None:
    assert label(mask) == who
    assert list(masks(who)) == [listed]


NEVER = [
    "*", "***", "?*", "*!chat@*", "e*e!chat@*", "name=*", "name=",
    "*!*@*.example.com", "*!*@example.com", "*!*@cloak-1",
    "eve!*@192.0.2.7", "eve!x!y@z", "eve@", "!", "$r:bot", "$~a", "~a:eve",
    "host=example.com", "name=eve!*@*", "name=#tea", "#tea", "account=", "account=e!",
    "ip=", "ip=eve", "ip=192.0.2.300", "192.0.2.0/33", "192.0.2.?", "*!*@192.0.2.1*",
    "ip=192.*.2.1", "*!*@2001:db8:*", "2001:db8::/129", f"name={'e' * 33}", f"{'e' * 33}*",
]  # fmt: skip


@pytest.mark.parametrize("mask", NEVER)
@pytest.mark.parametrize("do", ["ban", "mute", "exempt"])
def test_a_mask_that_can_match_nobody_is_refused_and_not_listed(do: str, mask: str) -> None:
    chat = Chat()
    ann = founder(chat, "ann")
    program = chat.program("boss", account_password=SECRET)
    program.ask(do="hello", name="ann", account_password=SECRET)
    ann.send(f"/{do} {mask}")
    assert ann.send("/bans") == ["* No bans or mutes in #tea."]


IN_IRC = ["*", "***", "?*", "*!chat@*", "e*e!chat@*", "*!*@*.example.com", "*!*@example.com",
          "*!*@cloak-1", f"{'e' * 33}*"]  # fmt: skip


@pytest.mark.parametrize("letter", ["b", "e"])
@pytest.mark.parametrize("mask", [each for each in NEVER if each not in IN_IRC])
def test_a_mask_that_can_match_nobody_is_refused_in_irc(mask: str, letter: str) -> None:
    chat = Chat()
    ann = irc(chat, "ann")
    ann.send(f"PRIVMSG NickServ :REGISTER {SECRET}", "JOIN #tea")
    answer = " ".join(ann.send(f"MODE #tea +{letter} {mask}"))
    assert f"MODE #tea +{letter}" not in answer
    assert any(f" {number} " in answer for number in ("696", "401"))
    assert len(ann.send(f"MODE #tea +{letter}")) == 1  # the end of an empty list


def test_a_refused_mask_is_told_with_the_forms_that_work(chat: Chat) -> None:
    founder(chat, "ann").hang_up()
    ann = program(chat, "ann", account_password=SECRET)
    code, text = refusal(ann, do="ban", who="name=eve!*@*", room="#tea")
    assert (code, "ev*!*@*" in text, "192.0.2.0/24" in text) == ("bad-mask", True, True)


@pytest.mark.parametrize(
    "mask", ["ev*", "e?e", "*VE", "ev*!*@*", "name=e*", "*!*@people-e*", "e*e!~?ve@*"]
)
def test_a_pattern_keeps_out_whom_it_fits_and_nobody_else(mask: str) -> None:
    chat = Chat()
    eve, dan = guest(chat, "Eve"), guest(chat, "dan")
    ann = founder(chat, "ann", eve, dan)
    assert any("Removed: Eve." in line for line in ann.send(f"/ban {mask}"))
    assert "You are banned in #tea" in eve.send("/join #tea")[0]
    assert dan.send("hello") == []
    assert len(ann.send("/bans")) == 1
    ann.send(f"/unban {mask}")
    assert eve.send("/join #tea")[0].startswith("* You are in #tea")


def test_a_pattern_holds_at_the_door_under_a_new_name_and_after_a_restart() -> None:
    chat = Chat()
    boss = operator(chat, "boss")
    boss.send("/ban pills* 1h spam")
    stranger = chat.connect("203.0.113.9")
    assert stranger.send("PILLS4u")[-1].startswith("* You are banned: spam.")
    assert stranger.closed
    dan = guest(chat, "dan", "203.0.113.10")
    assert dan.send("/nick pills") == ["* pills is banned. Choose another name."]
    later = Chat(chat.archive)
    later.clock.advance(chat.clock.seconds())
    assert later.connect("203.0.113.9").send("pills5u")[-1].startswith("* You are banned: spam.")


def test_a_pattern_mutes_and_exempts(chat: Chat) -> None:
    eve, eva = guest(chat, "eve", "203.0.113.1"), guest(chat, "eva", "203.0.113.2")
    ann = founder(chat, "ann", eve, eva)
    ann.send("/mute ev*")
    assert eve.send("hello")[0].startswith("* You are muted in #tea")
    ann.send("/exempt *a!*@*")
    assert eva.send("hello") == []
    assert eve.send("hello")[0].startswith("* You are muted in #tea")
    ann.send("/unexempt *a!*@*")
    assert eva.send("hello")[0].startswith("* You are muted in #tea")


def test_a_name_that_is_banned_in_a_room_cannot_be_taken_there(chat: Chat) -> None:
    dan = guest(chat, "dan", "203.0.113.2")
    founder(chat, "ann", dan).send("/ban ev*")
    assert dan.send("/nick eve") == ["* eve is banned in #tea. Choose another name."]
    dan.send("/leave #tea")
    assert dan.send("/nick eve") == ["* You are now eve."]


LETTERS = st.text("ab*?[]", min_size=1, max_size=6)


@settings(max_examples=200)
@given(LETTERS, st.text("abAB[]", min_size=1, max_size=6))
def test_a_pattern_that_is_accepted_fits_as_wildcards_do(pattern: str, name: str) -> None:
    try:
        kept = label(f"name={pattern}")
    except Refused:
        assert not pattern.strip("*?")
        return
    wanted = fnmatch.fnmatchcase(name.lower(), pattern.lower().replace("[", "[[]"))
    mask = BanMask.of_name(BanMask.parse(kept).value)
    assert holds([mask], frozenset({BanMask.of_name(name)}), "") == wanted


# As values

KINDS = ["", NAME, ACCOUNT, ADDRESS, CLIENT]
VALUES = st.text(st.characters(exclude_categories=["Z", "C"], exclude_characters="=!"), min_size=1)
ORIGINS = st.tuples(VALUES, VALUES, VALUES).map(lambda each: "{}!{}@{}".format(*each))


@given(
    st.builds(BanMask, st.sampled_from(KINDS), VALUES) | st.builds(BanMask, st.just(MASK), ORIGINS)
)
def test_a_mask_is_read_as_it_is_printed(mask: BanMask) -> None:
    assert BanMask.parse(str(mask)) == mask
    assert mask.matches(mask)


@given(st.text(min_size=1))
def test_what_is_read_as_a_mask_is_printed_as_it_was(text: str) -> None:
    assert str(BanMask.parse(text)) == text


@pytest.mark.parametrize(
    ("mask", "address", "contains"),
    [
        ("ip=192.0.2.0/24", "192.0.2.7", True),
        ("ip=192.0.2.7", "192.0.2.7", True),
        ("ip=192.0.2.7", "::ffff:192.0.2.7", True),
        ("ip=192.0.2.0/24", "192.0.3.7", False),
        ("ip=2001:db8::/32", "2001:db8:1::2", True),
        ("ip=192.0.2.7", "", False),
        ("name=192.0.2.7", "192.0.2.7", False),
    ],
)
def test_a_mask_of_an_address_contains_addresses(mask: str, address: str, contains: bool) -> None:
    assert BanMask.parse(mask).contains(address) is contains


@pytest.mark.parametrize(
    ("mask", "other", "matches"),
    [
        ("name=ev*", "name=eve", True),
        ("name=ev*", "account=eve", False),
        ("account=ev*", "account=eve", False),
        ("name=eve", "name=eve", True),
        ("client=x", "client=x", True),
        ("name=eve", "name=ev*", False),
    ],
)
def test_only_patterns_of_names_match_more_than_themselves(
    mask: str, other: str, matches: bool
) -> None:
    assert BanMask.parse(mask).matches(BanMask.parse(other)) is matches


# A mask that is built or parsed by hand: f"name={…}", startswith("ip=").
BY_HAND = re.compile(r"(?:^|[^\w])(?:name|account|ip|client)=$")


def by_hand(source: str) -> list[str]:
    """Return the strings of a module that begin a mask."""
    strings = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return [each for each in strings if isinstance(each, str) and BY_HAND.search(each)]


def test_nothing_else_writes_masks_or_takes_them_apart() -> None:
    for name, path in modules().items():
        if path != Path(ban_masks.__file__):
            assert by_hand(path.read_text()) == [], name


def test_a_mask_written_by_hand_would_be_found() -> None:
    assert by_hand('f"name={key(name)}"') == by_hand('mark.startswith("name=")') == ["name="]
    assert by_hand('f"To name others: ip={one}"') == ["To name others: ip="]
    assert by_hand('"/ban ip=192.0.2.7"') == []


# Under another name


@pytest.mark.parametrize("who", ["eve", "name=eve", "eve!*@*", "*!*@people-eve", "EVE"])
def test_who_is_banned_by_name_does_not_come_back_under_another_one(who: str) -> None:
    chat = Chat()
    eve = member(chat, "eve")
    ann = founder(chat, "ann", eve)
    ann.send(f"/ban {who}")
    eve.send("/nick mallory")
    assert "You are banned in #tea" in eve.send("/join #tea")[0]


@pytest.mark.parametrize("who", ["eve", "name=eve", "eve!*@*"])
def test_a_guest_who_has_left_is_banned_by_program_and_address_too(who: str) -> None:
    chat = Chat()
    eve = chat.connect("203.0.113.9")
    eve.ask(do="hello", name="eve", client="secret-of-eve")
    ann = founder(chat, "ann")
    eve.hang_up()
    ann.send(f"/ban {who}")
    moved = chat.connect("198.51.100.9")
    moved.ask(do="hello", name="mallory", client="secret-of-eve")
    assert moved.ask(do="join", room="#tea")[0]["code"] == "banned"
    same = chat.connect("203.0.113.9")
    same.ask(do="hello", name="mallory2")
    assert same.ask(do="join", room="#tea")[0]["code"] == "banned"


def test_a_guest_who_has_just_taken_another_name_is_banned_by_the_old_one(chat: Chat) -> None:
    eve = guest(chat, "eve", "203.0.113.9")
    ann = founder(chat, "ann", eve)
    eve.send("/nick mallory")
    assert ann.send("/ban eve")[-1] == "*   Removed: mallory."
    assert "You are banned in #tea" in eve.send("/join #tea")[0]


def test_of_somebody_who_left_long_ago_only_the_name_is_known(chat: Chat) -> None:
    guest(chat, "eve", "203.0.113.9").hang_up()
    ann = founder(chat, "ann")
    chat.clock.advance(3600)
    assert "No user named eve is online" in ann.send("/ban eve")[0]
    ann.send("/ban name=eve")
    assert guest(chat, "dan", "203.0.113.9").send("/join #tea")[0].startswith("* You are in #tea")


def test_an_address_that_others_share_is_left_out_of_a_ban_of_who_has_left(chat: Chat) -> None:
    guest(chat, "eve", "203.0.113.9").hang_up()
    dan = guest(chat, "dan", "203.0.113.9")
    ann = founder(chat, "ann", dan)
    ann.send("/ban eve")
    assert dan.send("hello") == []


def test_nobody_bans_an_operator_who_has_left(chat: Chat) -> None:
    boss = operator(chat, "boss")
    boss.send("/nick chief")
    ann = founder(chat, "ann")
    assert "is an operator" in ann.send("/ban chief")[0]
    boss.hang_up()
    assert "is an operator" in ann.send("/ban chief")[0]
    ann.send("/ban name=chief")
    assert boss.closed is False


# Once banned


def closes(person: Person, *lines: str) -> bool:
    person.send(*lines)
    return person.closed


def test_the_door_is_closed_to_who_is_banned_in_every_dialect(chat: Chat) -> None:
    operator(chat, "boss").send("/ban ip=203.0.113.9 1h spam")
    text, json, other = (chat.connect("203.0.113.9") for _ in range(3))
    assert text.send("eve")[1:] == ["* You are banned: spam. You can join again in 1 h."]
    assert text.closed
    assert text.send(SECRET) == []
    (refused,) = json.ask(do="hello", name="eve")
    assert (refused["code"], json.closed) == ("banned", True)
    answer = other.send("NICK eve", "USER e 0 * :e")
    assert (" 465 " in answer[-2], answer[-1][:6], other.closed) == (True, "ERROR ", True)
    assert not any(user.name.startswith("eve") for user in chat.hub.directory.users.values())


def test_who_is_banned_by_account_is_refused_after_the_password_and_the_door_closed(
    chat: Chat,
) -> None:
    member(chat, "eve", "203.0.113.9").hang_up()
    operator(chat, "boss").send("/ban account=eve")
    again = chat.connect("198.51.100.9")
    again.send("eve")
    again.send(SECRET)
    assert again.closed
