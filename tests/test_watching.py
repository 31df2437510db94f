"""Watching users, and remembering who was online, for programs and people."""

from __future__ import annotations

from conftest import Chat
from staff import SECRET, member, operator, refusal

from chatsvc.services.watchlist import MOST_WATCHED
from chatsvc.services.whowas import MOST_DEPARTED


def test_people_watch_for_somebody_with_a_command(chat: Chat) -> None:
    ann = chat.join("ann")
    assert ann.send("/watch")[0].startswith("* Your watch list is empty.")
    assert ann.send("/watch bob carol") == ["* Watching bob and carol (offline)."]
    bob = chat.program("bob")
    assert ann.read() == ["* bob is online."]
    assert ann.send("/watch") == [
        "* Watching bob (online).",
        "* Watching carol (offline).",
    ]
    bob.hang_up()
    assert ann.read() == ["* bob is offline."]
    assert ann.send("/unwatch bob") == ["* Watching carol (offline)."]
    assert ann.send("/unwatch")[0].startswith("* Your watch list is empty.")
    assert ann.send("/watch two!")[0].startswith("* A name must be one word")


def test_programs_watch_too(chat: Chat) -> None:
    ann, bob = chat.program("ann"), chat.program("bob")
    assert ann.ask(do="watch", names="bob carol", tag="w") == [
        {"event": "watching", "online": ["bob"], "offline": ["carol"], "tag": "w"}
    ]
    bob.ask(do="nick", name="carol")
    assert ann.events() == [
        {"event": "offline", "names": ["bob"]},
        {"event": "online", "names": ["carol"]},
    ]
    assert ann.ask(do="unwatch") == [{"event": "watching"}]


def test_nothing_is_kept_of_who_watches_no_longer(chat: Chat) -> None:
    ann, bob, carol = chat.program("ann"), chat.program("bob"), chat.program("carol")
    names = " ".join(f"n{number}" for number in range(MOST_WATCHED + 2))
    (told,) = ann.ask(do="watch", names=names, closely=True)
    assert told["left_out"] == [f"n{MOST_WATCHED}", f"n{MOST_WATCHED + 1}"]
    bob.ask(do="watch", names="ann ann Ann")
    bob.ask(do="unwatch", names="ann")
    carol.ask(do="watch", names="ann bob", closely=True)
    ann.hang_up(), carol.hang_up()
    watchers = chat.hub.watchlist
    left = (watchers._of_name, watchers._lists, watchers._closely)
    assert not any(left)


def test_who_reads_slowly_is_told_to_have_missed_it(chat: Chat) -> None:
    ann = chat.program("ann")
    ann.ask(do="watch", names="bob")
    ann.stop_reading()
    chat.join("bob")
    ann.read_on()
    assert ann.events() == [{"event": "missed"}]


def test_it_is_known_who_was_here_lately(chat: Chat) -> None:
    bob = member(chat, "bob")
    bob.send("/realname Bob Roe", "/quit")
    ann = chat.join("ann")
    assert ann.send("/whowas bob") == [
        "* bob, Bob Roe, registered as bob: last seen 1970-01-01 00:00"
    ]
    assert ann.send("/whowas eve") == ["* No recent user was named eve."]
    program = chat.program("program")
    assert program.ask(do="whowas", name="BOB") == [
        {
            "event": "departed",
            "name": "BOB",
            "people": [
                {
                    "name": "bob",
                    "time": "1970-01-01T00:00:00.000Z",
                    "account": "bob",
                    "realname": "Bob Roe",
                    "mask": "bob!~bob@people-bob",
                }
            ],
        }
    ]


def test_the_memory_of_who_was_here_is_bounded(chat: Chat) -> None:
    ann, bob = chat.program("ann"), chat.program("bob")
    for number in range(MOST_DEPARTED):
        bob.ask(do="nick", name=f"bob{number}")
    assert ann.ask(do="whowas", name="bob0")[0]["event"] == "departed"
    bob.ask(do="nick", name="rob")
    assert refusal(ann, do="whowas", name="bob")[0] == "no-such-person"
    assert len(chat.hub.whowas._gone) == MOST_DEPARTED


def test_programs_look_for_people(chat: Chat) -> None:
    chat.join("bob"), chat.program("carol")
    ann = chat.program("ann")
    (found,) = ann.ask(do="find", names="BOB nobody carol bob")
    assert [person["name"] for person in found["people"]] == ["bob", "carol"]
    assert (found["count"], found.get("room")) == (2, None)
    (found,) = ann.ask(do="find", names="*")
    assert [person["name"] for person in found["people"]] == ["ann"]
    ann.ask(do="join", room="#lobby")
    (found,) = ann.ask(do="find", names="*", after="ann")
    assert [person["name"] for person in found["people"]] == ["bob"]


def test_a_pattern_costs_no_more_for_its_stars(chat: Chat) -> None:
    ann = chat.join("a" * 32)
    (told,) = ann.send(f"/find {'*a' * 200}*b")
    assert told == "* Found: 0 people"


def test_only_operators_become_operators(chat: Chat) -> None:
    operator(chat).hang_up()
    member(chat, "ann").hang_up()
    guest = chat.program("guest")
    assert refusal(guest, do="oper", name="nobody", password=SECRET)[0] == "no-account"
    assert refusal(guest, do="oper", name="ann", password=SECRET)[0] == "not-operator"
    assert refusal(guest, do="oper", name="op", password="wrong-horse")[0] == "wrong-password"
    assert refusal(guest, do="kill", name="guest")[0] == "not-allowed"
    told = guest.ask(do="oper", name="op", password=SECRET, tag="o")
    assert told[0] == {"event": "operating", "name": "guest", "account": "op", "tag": "o"}
    assert (told[1]["event"], told[1]["name"], told[1]["operator"]) == ("you", "guest", True)
    eve = chat.program("eve")
    guest.ask(do="kill", name="eve", reason="spam")
    assert eve.events() == [
        {"event": "removed", "name": "eve", "by": "guest", "reason": "spam", "own": True},
        {"event": "goodbye", "text": "guest removed you from the server: spam.", "final": True},
    ]
    assert eve.closed
