"""Names that would let a user pretend to speak for the chat, or for a registered user."""
# ruff: noqa: RUF001  (letters that look like others are what this is about)

from __future__ import annotations

import pytest
from conftest import Chat
from ircpeople import irc
from staff import SECRET, member, refusal

from chatsvc.auth.accounts import new_account
from chatsvc.auth.passwords import kept_of

NAMES = [
    "admin",
    "Server",
    "SYSTEM",
    "operator",
    "You",
    "everyone",
    "root",
    "help",
    "nobody",
    "Υou",
]


@pytest.mark.parametrize("name", NAMES)
def test_nobody_takes_a_reserved_name_in_any_dialect(chat: Chat, name: str) -> None:
    text, program, client = chat.connect(), chat.connect(), chat.connect()
    assert text.send(name)[-1] == (
        f"* {name} is reserved for the server."
        " Press Enter to join as guest-1, or type another name."
    )
    refused = program.ask(do="hello", name=name)[-1]
    assert (refused["code"], refused["suggestion"]) == ("bad-name", "guest-2")
    assert " 432 " in client.send(f"NICK {name}", "USER u 0 * :u")[-1]
    ann = chat.join("ann")
    (told,) = ann.send(f"/nick {name}")
    assert told.startswith(f"* {name} is reserved for the server. guest-")
    assert [*chat.hub.directory.users] == ["ann"]


def test_the_name_of_the_chat_is_reserved() -> None:
    chat = Chat(name="Tea Garden")
    assert "is reserved" in chat.connect().send("TeaGarden")[-1]
    assert "is reserved" in chat.connect().send("teagarden_")[-1]
    assert irc(chat, "garden").closed is False


def test_what_the_chat_suggests_is_not_reserved() -> None:
    chat = Chat(name="ann2")
    member(chat, "ann").hang_up()
    assert "ann3" in chat.connect().send("ann")[-1]


def test_an_account_of_a_reserved_name_can_still_be_used(chat: Chat) -> None:
    """Such an account may be older than the list, or created from a shell."""
    chat.hub.accounts._enter(new_account("admin", kept_of(SECRET), "", 0.0))
    admin = chat.connect()
    admin.send("admin")
    assert admin.send(SECRET)[0].startswith("* Welcome back, admin.")
    admin.send("/nick boss")
    assert admin.send("/nick Admin") == ["* You are now Admin."]


@pytest.mark.parametrize("twin", ["Νina", "νina", "ΝINA", "Νіnа"])
def test_no_name_looks_like_a_registered_one_in_either_case(chat: Chat, twin: str) -> None:
    member(chat, "Nina")
    assert "is too similar to Nina" in chat.connect().send(twin)[-1]
    assert chat.hub.directory.users.keys() == {"nina"}


def test_another_spelling_of_one_s_own_name_is_looked_at_as_well(chat: Chat) -> None:
    member(chat, "Nina").hang_up()
    chat.hub.nicknames._check_unlike = lambda name, account: None  # type: ignore[method-assign]
    eve = chat.join("νina")
    del chat.hub.nicknames._check_unlike
    assert "is too similar to Nina" in eve.send("/nick Νina")[-1]


def test_who_has_a_name_that_is_registered_in_another_script_gets_another_one(chat: Chat) -> None:
    eve = chat.join("Νina")
    chat.hub.nicknames._check_unlike_those_online = lambda name, user: None  # type: ignore[method-assign]
    member(chat, "Nina")
    assert eve.read()[-1].startswith("* You are ")
    assert "nina" in chat.hub.directory.users
    assert len(chat.hub.directory.users) == 2


# Names of people online


@pytest.mark.parametrize(
    ("name", "twin"),
    [("ann", "аnn"), ("аnn", "ann"), ("lan", "Ian"), ("Nina", "Νina"), ("bob", "b0b")],
)
def test_a_guest_is_not_mistaken_for_another_one_online(chat: Chat, name: str, twin: str) -> None:
    first, carol = chat.join(name), chat.join("carol")
    said = chat.connect().send(twin)
    assert f"{twin} looks like {name}, who is online." in "\n".join(said)
    assert refusal(chat.connect(), do="hello", name=twin)[0] == "name-taken"
    assert " 433 " in chat.connect().send(f"NICK {twin}", "USER u 0 * :u")[-1]
    assert carol.send(f"/nick {twin}")[0].startswith(f"* {twin} looks like {name}, who is online.")
    first.send("/nick dave")
    assert carol.send(f"/nick {twin}") == [f"* You are now {twin}."]
    assert first.send(f"/nick {name}")[0].startswith(f"* {name} looks like {twin}")
    carol.send("/quit")
    assert first.send(f"/nick {name}") == [f"* You are now {name}."]
    assert first.send(f"/nick {twin}") == [f"* You are now {twin}."]


def test_what_is_suggested_looks_like_nobody_online(chat: Chat) -> None:
    chat.join("аnn2")
    chat.join("ann")
    assert "ann3" in "\n".join(chat.connect().send("ann"))


def test_a_registered_user_always_comes_in_under_their_own_name(chat: Chat) -> None:
    member(chat, "ann").hang_up()
    chat.hub.accounts._by_looks.clear()  # as if the two names were not confusable for accounts
    chat.join("аnn")
    ann = chat.connect()
    ann.send("ann")
    assert ann.send(SECRET)[0].startswith("* Welcome back, ann.")
