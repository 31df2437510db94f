"""A mute applies to everything that people write, and nobody can read what they missed."""

from __future__ import annotations

import json

import pytest
from conftest import Chat, Person
from ircpeople import irc
from staff import SECRET, back, everybody_reads, founder, guest, member, operator, program

# Mutes


def only_in_tea(chat: Chat, *how: str) -> tuple[Person, tuple[Person, Person, Person]]:
    """Return eve, muted in #tea, and those who share only that room with her."""
    ann, eve = founder(chat), guest(chat, "eve")
    eve.send("/join #tea", "/leave #lobby")
    capabilities = ("away-notify", "extended-join", "extended-monitor", "message-tags", "setname")
    bob, ivy, tom = program(chat, "bob"), irc(chat, "ivy", *capabilities), guest(chat, "tom")
    bob.ask(do="watch", names="eve evil", closely=True)
    ivy.send("JOIN #tea", "MONITOR + eve,evil")
    tom.send("/join #tea", "/leave #lobby")
    ann.send(" ".join(["/mute", *how, "eve"]))
    everybody_reads(eve, bob, ivy, tom)
    return eve, (bob, ivy, tom)


SAYS = [
    "/away SPAM", "/realname SPAM", "/nick SPAM", "/nick eve", "/me SPAM", "SPAM",
    "/topic SPAM", "/mods SPAM", "/leave #tea", "/quit SPAM",
]  # fmt: skip
QUIETLY = pytest.mark.parametrize("quietly", [(), ("--quietly",)], ids=["openly", "quietly"])


@QUIETLY
def test_nothing_of_the_muted_reaches_who_shares_only_that_room(
    chat: Chat, quietly: tuple[str, ...]
) -> None:
    eve, others = only_in_tea(chat, *quietly)
    for line in SAYS:
        eve.send(line)
        for other in others:
            assert "SPAM" not in "\n".join(other.read()), line


@QUIETLY
def test_the_muted_are_shown_without_their_words(chat: Chat, quietly: tuple[str, ...]) -> None:
    eve, (bob, ivy, tom) = only_in_tea(chat, *quietly)
    eve.send("/away SPAM", "/realname SPAM")
    asked = [
        *bob.send('{"do":"whois","name":"eve"}', '{"do":"who","room":"#tea"}'),
        *ivy.send("WHOIS eve", "WHO #tea", "WHO #tea %nr", "PRIVMSG eve :hi"),
        *tom.send("/whois eve", "/who", "/msg eve hi"),
    ]
    assert "eve" in "\n".join(asked)
    assert "SPAM" not in "\n".join(asked)
    eve.send("/leave #tea", "/join #tea")
    for other in (bob, ivy, tom):
        came = "\n".join(other.read())
        assert "eve" in came
        assert "SPAM" not in came
    eve.send("/quit")
    assert "SPAM" not in "\n".join(ivy.send("WHOWAS eve"))


def test_a_mute_in_a_room_holds_nowhere_else(chat: Chat) -> None:
    eve, _ = only_in_tea(chat)
    carol, lou = guest(chat, "carol"), irc(chat, "lou", "away-notify", "setname")
    lou.send("JOIN #lobby")
    eve.send("/join #lobby")
    everybody_reads(carol, lou)
    eve.send("/away lunch", "/realname Eve Adams")
    assert carol.read() == ["* eve is away: lunch"]
    away, name = lou.read()
    assert away.startswith(":eve!~eve@people-eve AWAY ")
    assert name == ":eve!~eve@people-eve SETNAME :Eve Adams"
    assert "lunch" in carol.send("/whois eve")[0]


def test_those_who_have_left_reach_nobody_there_either(chat: Chat) -> None:
    eve, (bob, ivy, tom) = only_in_tea(chat)
    eve.send("/leave #tea", "/away SPAM", "/realname SPAM")
    read = [*bob.read(), *ivy.read(), *tom.read(), *tom.send("/whois eve"), *ivy.send("WHOIS eve")]
    assert "eve" in "\n".join(read)
    assert "SPAM" not in "\n".join(read)


def test_the_muted_keep_their_name_where_nobody_would_be_told_of_another(chat: Chat) -> None:
    eve, (bob, ivy, tom) = only_in_tea(chat)
    assert eve.send("/nick mallory") == ["* You are muted in #tea."]
    eve.send("/join #lobby")
    bob.ask(do="join", room="#lobby")
    ivy.send("JOIN #lobby")
    tom.send("/join #lobby")
    tom.read()
    assert eve.send("/nick mallory") == ["* You are now mallory."]
    assert tom.read() == ["* eve is now mallory."]


def test_a_muted_founder_gives_no_reasons_and_writes_no_rules(chat: Chat) -> None:
    op, bob, carol = operator(chat), guest(chat, "bob"), guest(chat, "carol")
    ann = founder(chat, "ann", bob, carol)
    op.send("/mute ann")
    everybody_reads(bob, carol, ann)
    ann.send("/kick bob SPAM", "/set description SPAM", "/set refuse SPAM", "/topic SPAM")
    assert "SPAM" not in "\n".join([*bob.read(), *carol.read(), *carol.send("/room")])
    ann.send("/set slow 10s")
    assert chat.hub.directory.rooms["#tea"].rules.slow == 10


# What was said during an absence

READS: list[dict[str, object]] = [
    {"do": "history", "n": 50, "room": "#tea"},
    {"do": "history", "after": 0, "first": True, "room": "#tea"},
    {"do": "history", "around": 2, "n": 9, "room": "#tea"},
    {"do": "history", "before": 4, "room": "#tea"},
    {"do": "history", "after": "1970-01-01T00:00:00.000Z", "room": "#tea"},
    {"do": "search", "query": "secret"},
    {"do": "search", "query": "from:ann in:#tea"},
    {"do": "recent"},
]


def reads_after_coming_back(reader: Person) -> str:
    seen = reader.ask(do="join", room="#tea", after=0)
    assert seen[0]["event"] == "entered"
    for request in READS:
        seen += reader.ask(**request)
    return json.dumps([event for event in seen if event["event"] != "recent" or event["rooms"]])


def test_those_inside_read_it_in_all_these_ways(chat: Chat) -> None:
    ann, bob = founder(chat), program(chat, "bob")
    chat.clock.advance(5)
    ann.send("/set history joined", "secret words")
    bob.read()
    for request in READS:
        answer = json.dumps(bob.ask(**request))
        assert "secret words" in answer or '"number": 1' in answer


@pytest.mark.parametrize("how", ["guest", "voiced guest", "account", "voiced", "invited"])
@pytest.mark.parametrize("rule", ["joined", "none"])
def test_nobody_reads_what_was_said_after_they_left(chat: Chat, how: str, rule: str) -> None:
    ann = founder(chat)
    ann.send(f"/set history {rule}")
    bob = program(chat, "bob")
    if how in ("account", "voiced", "invited"):
        bob.ask(do="register", password=SECRET)
    if "voiced" in how:
        ann.send("/voice bob")
    if how == "invited":
        ann.send("/set invite-only on")
    bob.ask(do="leave", room="#tea")
    ann.send("secret words")
    assert "secret words" not in reads_after_coming_back(bob)


def test_who_was_put_out_reads_nothing_of_that_time(chat: Chat) -> None:
    ann = founder(chat)
    ann.send("/set history joined")
    bob = program(chat, "bob")
    ann.send("/kick bob", "secret words")
    assert "secret words" not in reads_after_coming_back(bob)


def test_who_logs_out_and_in_reads_nothing_of_the_time_between(chat: Chat) -> None:
    ann = founder(chat)
    ann.send("/set history joined")
    bob = program(chat, "bob")
    bob.ask(do="register", password=SECRET)
    ann.send("/voice bob")
    bob.ask(do="logout")
    ann.send("secret words")
    assert "secret words" not in reads_after_coming_back(bob)


def test_who_left_with_an_account_and_comes_back_by_logging_in_is_a_newcomer(chat: Chat) -> None:
    ann = founder(chat)
    ann.send("/set history joined")
    bob = program(chat, "bob")
    bob.ask(do="register", password=SECRET)
    ann.send("/voice bob")
    bob.ask(do="leave", room="#tea")
    bob.ask(do="logout")
    ann.send("secret words")
    bob.ask(do="join", room="#tea")
    bob.ask(do="login", name="bob", password=SECRET)
    assert "secret words" not in json.dumps([bob.ask(**request) for request in READS])


def test_an_irc_client_that_parted_reads_nothing_of_that_time(chat: Chat) -> None:
    ann = founder(chat)
    ann.send("/set history joined")
    ivy = irc(chat, "ivy", "draft/chathistory", "batch")
    ivy.send("JOIN #tea", "PART #tea")
    ann.send("secret words")
    ivy.send("JOIN #tea")
    for wanted in ("LATEST #tea *", "AROUND #tea msgid=#tea-1", "AFTER #tea msgid=#tea-0"):
        assert "secret words" not in "\n".join(ivy.send(f"CHATHISTORY {wanted} 9"))


def test_a_guest_whose_connection_breaks_reads_on(chat: Chat) -> None:
    ann = founder(chat)
    ann.send("/set history joined")
    bob = program(chat, "bob", client="client-of-bob")
    bob.hang_up()
    ann.send("meanwhile")
    again = chat.program("bob", client="client-of-bob")
    assert "meanwhile" in json.dumps(again.ask(do="join", room="#tea", after=0))


# The name of a muted user


def names_in_tea(person: Person) -> list[str]:
    """Return the members of #tea in a list for a user."""
    (listed,) = person.ask(do="who", room="#tea")
    assert listed["count"] == len(listed["people"])
    return [one["name"] for one in listed["people"]]


def test_a_quietly_muted_user_with_another_name_seems_to_have_left(chat: Chat) -> None:
    eve, (bob, ivy, tom) = only_in_tea(chat, "--quietly")
    assert eve.send("/nick SPAM") == ["* You are now SPAM."]
    assert [event["event"] for event in bob.events()] == ["offline", "left"]
    assert " :eve!~eve@people-eve PART #tea" in ivy.read()[-1]
    assert tom.read() == ["* eve left."]
    listed = [*ivy.send("NAMES #tea", "WHO #tea", "WHOIS SPAM"), *tom.send("/who", "/rooms")]
    assert names_in_tea(bob) == ["ann", "bob", "ivy", "tom"]
    assert "SPAM" in "\n".join(eve.send("/who"))
    newcomer = program(chat, "joe")
    listed += map(str, newcomer.ask(do="join", room="#tea"))
    assert "#tea" not in "\n".join(line for line in listed if "SPAM" in line)
    everybody_reads(bob, ivy, tom, newcomer)
    eve.send("hello", "/away SPAM", "/quit SPAM")
    assert [*bob.read(), *ivy.read(), *tom.read(), *newcomer.read()] == []


@pytest.mark.parametrize("how", ["back", "unmute", "later", "much later"])
def test_who_had_another_name_is_shown_again(chat: Chat, how: str) -> None:
    eve, (bob, ivy, tom) = only_in_tea(chat, "--quietly")
    ann = back(chat, "ann")
    ann.send("/room #tea")
    if how in ("later", "much later"):
        ann.send("/unmute eve", "/mute --quietly eve 30s")
    eve.send("/nick mallory")
    everybody_reads(bob, ivy, tom)
    if how == "back":
        eve.send("/nick eve")
    if how == "unmute":
        assert ann.send("/unmute eve")[-1] == "* eve is no longer muted in #tea."
    if how == "much later":
        chat.hub.maintenance.begin()
        for _ in range(31):
            chat.clock.advance(2)
    if how == "later":
        chat.clock.advance(31)
        eve.send("hello")
    name = "eve" if how == "back" else "mallory"
    assert tom.read()[0] == f"* {name} joined."
    assert f":{name}!~eve@people-eve JOIN #tea" in "\n".join(ivy.read())
    assert name in names_in_tea(bob)


@QUIETLY
@pytest.mark.parametrize("where", ["#tea", "server"])
def test_no_other_name_is_brought_back_into_a_room(
    chat: Chat, quietly: tuple[str, ...], where: str
) -> None:
    eve, others = only_in_tea(chat, *(quietly if where == "#tea" else ()))
    if where == "server":
        ann = back(chat, "ann")
        ann.send("/room #tea", "/unmute eve")
        operator(chat).send(" ".join(["/mute", *quietly, "eve"]))
    eve.send("/leave #tea")
    if where == "server" and not quietly:
        assert eve.send("/nick SPAM") == ["* You are muted."]
        return
    eve.send("/nick SPAM")
    everybody_reads(*others)
    answer = eve.send("/join #tea")
    if quietly:
        assert answer[0].startswith("* You are in #tea")
        assert "SPAM" in "\n".join(eve.send("/who #tea"))
    else:
        assert answer == ["* You are muted in #tea. To join #tea, be eve again."]
    eve.send("hello", "/leave #tea", "/quit")
    assert "SPAM" not in "\n".join(line for other in others for line in other.read())
    assert names_in_tea(others[0]) == ["ann", "bob", "ivy", "tom"]


@QUIETLY
def test_no_account_s_name_is_brought_into_a_room_by_logging_in(
    chat: Chat, quietly: tuple[str, ...]
) -> None:
    eve, others = only_in_tea(chat, *quietly)
    member(chat, "SPAM").hang_up()
    eve.send(f"/login SPAM {SECRET}")
    eve.send("hello", "/quit")
    assert "SPAM" not in "\n".join(line for other in others for line in other.read())


def test_somebody_else_behind_the_address_of_a_muted_user_joins_as_ever(chat: Chat) -> None:
    ann, eve = founder(chat), guest(chat, "eve", "203.0.113.7")
    eve.send("/join #tea")
    ann.send("/mute eve", "/mute --quietly eve")
    eve.send("/quit")
    ann.read()
    guest(chat, "dan", "203.0.113.7").send("/join #tea")
    assert ann.read() == ["* dan joined #lobby.", "* dan joined."]


def test_a_moderator_who_removes_an_unseen_user_alone_reads_the_name(chat: Chat) -> None:
    eve, others = only_in_tea(chat, "--quietly")
    eve.send("/nick SPAM")
    everybody_reads(*others)
    ann = back(chat, "ann")
    assert "SPAM" in ann.send("/room #tea", "/kick SPAM")[-1]
    assert "SPAM" not in "\n".join(line for other in others for line in other.read())
