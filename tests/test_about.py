"""What a program can learn about the chat before it joins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from conftest import Chat, Person
from ircpeople import irc
from staff import member, operator

from chatsvc.dialects.json_events import read_event
from chatsvc.model.rate_limits import UNLIMITED, Limits, Rate
from chatsvc.model.server_events import About
from chatsvc.services.login import KNOCKS

LIMITS = {"text": 4096, "lines": 100, "line": 16384, "rooms": 50, "in_flight": 32}


def about(person: Person) -> dict[str, Any]:
    """Return the only event that answers `about`."""
    (event,) = person.ask(do="about", tag="a")
    assert (event.pop("event"), event.pop("tag")) == ("about", "a")
    return event


def test_an_open_chat_describes_itself_before_hello(chat: Chat) -> None:
    assert about(chat.connect()) == {
        "version": 1,
        "chat": "chatsvc",
        "software": "chatsvc 0.2.0",
        "registration": "open",
        "limits": LIMITS,
    }


def test_the_answer_is_the_same_after_hello_and_agrees_with_the_welcome() -> None:
    chat = Chat(name="Class 4b", motd="Be kind.")
    bot = chat.connect()
    before = about(bot)
    (welcome,) = bot.ask(do="hello", name="bot")
    assert about(bot) == before
    same = ("version", "chat", "software", "motd", "limits")
    assert {name: before[name] for name in same} == {name: welcome[name] for name in same}
    assert before["motd"] == "Be kind."


def test_a_chat_with_a_password_says_so_and_still_asks_for_it() -> None:
    bot = Chat(password="sesame").connect()
    assert about(bot)["password"] is True
    assert bot.ask(do="hello", name="bot")[0]["code"] == "password-needed"
    assert about(bot)["password"] is True
    assert bot.ask(do="hello", name="bot", password="sesame")[0]["event"] == "welcome"


@pytest.mark.parametrize("mode", ["open", "invite", "closed"])
def test_the_registration_mode_is_the_administrator_s(mode: str) -> None:
    assert about(Chat(accounts=mode).connect())["registration"] == mode


def test_lockdown_is_reported_to_those_whom_it_refuses(chat: Chat) -> None:
    op, bot = operator(chat), chat.connect()
    op.send("/lockdown on")
    assert about(bot)["lockdown"] is True
    assert bot.ask(do="hello", name="bot")[0]["code"] == "lockdown"
    assert about(bot)["lockdown"] is True
    op.send("/lockdown off")
    assert "lockdown" not in about(bot)


def test_asking_often_is_no_failed_attempt(chat: Chat) -> None:
    bot = chat.connect()
    for _ in range(3 * KNOCKS):
        assert about(bot)
    assert not bot.closed
    assert bot.ask(do="hello", name="bot")[0]["event"] == "welcome"


def test_over_the_limit_the_answers_are_delayed_and_not_lost() -> None:
    chat = Chat(limits=replace(UNLIMITED, flood=Limits().flood, work=Rate(1, 0.1)))
    eve, bob = chat.connect(), chat.connect("198.51.100.1")
    eve.protocol.dataReceived(b'{"do":"about"}\n' * 1000)
    answers = eve.events()
    assert eve.protocol.paused
    assert len(answers) < 1000
    assert about(bob)
    while eve.protocol.paused:
        chat.clock.advance(1)
        answers += eve.events()
    assert [event["event"] for event in answers] == ["about"] * 1000
    assert not eve.closed


def test_it_takes_no_arguments_and_has_no_help_text(chat: Chat) -> None:
    bot = chat.program("bot")
    assert bot.ask(do="about", name="x")[0]["code"] == "usage"
    assert bot.ask(do="help", command="about")[0]["code"] == "unknown"
    assert chat.connect().ask(do="about", unheard_of=1)[0]["event"] == "about"


def test_clients_read_the_event() -> None:
    bot = Chat(password="sesame", accounts="closed").connect()
    event, tag = read_event(bot.send('{"do":"about","tag":"a"}')[0])
    assert tag == "a"
    assert event == About("chatsvc", "chatsvc 0.2.0", "", "closed", LIMITS, password=True)


def test_a_person_who_types_it_reads_a_sentence_and_is_still_asked_for_a_name() -> None:
    chat = Chat(name="Class 4b")
    ann = chat.connect()
    assert ann.send("/about")[-1] == "* This chat is Class 4b. It runs chatsvc 0.2.0."
    assert ann.send("ann")[0].startswith("* Welcome, ann.")
    assert ann.send("/about") == ["* This chat is Class 4b. It runs chatsvc 0.2.0."]


def test_a_password_that_looks_like_it_stays_a_password(chat: Chat) -> None:
    member(chat, "ann").hang_up()
    ann = chat.join("ann")
    assert ann.send("/about")[0].startswith("* Wrong password.")


def test_an_irc_client_reads_a_notice_once_it_is_registered(chat: Chat) -> None:
    stranger = chat.connect()
    stranger.send("CAP LS 302")
    assert " 451 " in stranger.send("ABOUT")[0]
    assert irc(chat, "ann").send("ABOUT") == [
        ":irc.chatsvc NOTICE ann :This chat is chatsvc. It runs chatsvc 0.2.0."
    ]
