"""REGISTER before registration is complete, and what settings require ("account-registration").

IRCv3, a draft. Sections: "Capability" for the tokens, "Responses" for the rest.
"""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Chat, Person
from ircpeople import irc, plain
from staff import SECRET, guest, member

CAP = "draft/account-registration"
LOGGED_IN = ":irc.chatsvc 900 ann ann!~ann@people-ann ann :You are logged in as ann"
SUCCESS = ":irc.chatsvc REGISTER SUCCESS ann :ann is now registered to you"


@pytest.fixture
def early() -> Chat:
    """Return a chat where programs may register before they join."""
    return Chat(early_registration=True)


def negotiating(chat: Chat, nick: str = "ann") -> Person:
    client = chat.connect()
    client.send(f"CAP REQ :{CAP}", f"NICK {nick}")
    return client


def offered(chat: Chat) -> str:
    lines = "\n".join(chat.connect().send("CAP LS 302")).split()
    return next(word for word in lines if CAP in word)


@pytest.mark.parametrize(
    ("settings", "value"),
    [
        ({}, ""),
        ({"early_registration": True}, "=before-connect"),
        ({"email_required": True}, "=email-required"),
        ({"early_registration": True, "email_required": True}, "=before-connect,email-required"),
        ({"early_registration": True, "password": "tea"}, ""),
        ({"early_registration": True, "accounts": "closed"}, ""),
    ],
)
def test_the_capability_s_value(settings: dict[str, Any], value: str) -> None:
    assert offered(Chat(**settings)) == f"{CAP}{value}"


def test_an_account_is_registered_before_the_welcome_and_used_after_it(early: Chat) -> None:
    ann = negotiating(early)
    assert ann.send(f"REGISTER * * {SECRET}") == [
        LOGGED_IN.replace("900 ann", "900 *"),
        SUCCESS,
    ]
    ann.send("USER a 0 * :a")
    assert ann.send("CAP END")[0].startswith(":irc.chatsvc 001 ann ")
    account = early.hub.accounts.find("ann")
    assert account is not None
    assert early.hub.directory.users["ann"].account == account


def test_it_needs_a_nickname_first(early: Chat) -> None:
    client = early.connect()
    client.send(f"CAP REQ :{CAP}")
    assert client.send(f"REGISTER * * {SECRET}") == [
        ":irc.chatsvc FAIL REGISTER NEED_NICK * :Send NICK first"
    ]


def test_names_that_are_registered_or_in_use_are_refused(early: Chat) -> None:
    member(early, "ann")
    guest(early, "bob")
    for nick in ("ann", "bob"):
        (told,) = negotiating(early, nick).send(f"REGISTER * * {SECRET}")
        assert told.startswith(f":irc.chatsvc FAIL REGISTER ACCOUNT_EXISTS {nick} :")
    (told,) = negotiating(early, "server").send(f"REGISTER * * {SECRET}")
    assert told.startswith(":irc.chatsvc FAIL REGISTER BAD_ACCOUNT_NAME server :")


def test_who_is_logged_in_has_an_account(early: Chat) -> None:
    member(early, "ann")
    eve = early.connect()
    eve.send(f"CAP REQ :sasl {CAP}", "NICK eve", "AUTHENTICATE PLAIN")
    eve.send(f"AUTHENTICATE {plain('ann', SECRET)}")
    (told,) = eve.send(f"REGISTER * * {SECRET}")
    assert told.startswith(":irc.chatsvc FAIL REGISTER ALREADY_AUTHENTICATED eve :")


def test_a_lockdown_refuses_it(early: Chat) -> None:
    early.hub.lockdown.on = True
    (told,) = negotiating(early).send(f"REGISTER * * {SECRET}")
    assert told.startswith(":irc.chatsvc FAIL REGISTER TEMPORARILY_UNAVAILABLE ann :")


@pytest.mark.parametrize("settings", [{}, {"early_registration": True, "password": "tea"}])
def test_elsewhere_the_connection_comes_first(settings: dict[str, Any]) -> None:
    (told,) = negotiating(Chat(**settings)).send(f"REGISTER * * {SECRET}")
    assert told.startswith(":irc.chatsvc FAIL REGISTER COMPLETE_CONNECTION_REQUIRED ann :")


@pytest.mark.parametrize("email", ["*", "nonsense"])
def test_an_e_mail_address_may_be_required(email: str) -> None:
    ann = irc(Chat(email_required=True), "ann", CAP)
    (told,) = ann.send(f"REGISTER * {email} {SECRET}")
    assert told.startswith(":irc.chatsvc FAIL REGISTER INVALID_EMAIL ann :")
    assert ann.send(f"REGISTER * ann@example.org {SECRET}") == [LOGGED_IN, SUCCESS]


def test_people_are_asked_for_it_too() -> None:
    ann = guest(Chat(email_required=True), "ann")
    assert ann.send(f"/register {SECRET}") == [
        "* Registration needs an e-mail address: /register password ann@example.org"
    ]
    assert "registered" in ann.send(f"/register {SECRET} ann@example.org")[0]


@pytest.mark.parametrize("params", ["* *", "ann *", "* ann@example.org", "ann a@example.org"])
def test_the_capability_is_not_needed(chat: Chat, params: str) -> None:
    assert irc(chat, "ann").send(f"REGISTER {params} {SECRET}") == [LOGGED_IN, SUCCESS]


def test_programs_of_other_dialects_need_a_name_first(chat: Chat) -> None:
    (told,) = chat.connect().ask(do="register", name="ann", password=SECRET)
    assert (told["event"], told["code"]) == ("refused", "no-name")
