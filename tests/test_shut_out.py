"""Disabled accounts and bans: a connection that is refused for good has no other way in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from conftest import Chat, Person, start
from ircpeople import irc, plain
from scram_steps import account_of
from staff import SECRET, member, operator

from chatsvc.core.shell import shell_session


def disable(chat: Chat, name: str, disabled: bool = True) -> None:
    """Change an account as another process does."""
    before = dict(chat.hub.accounts._by_id)
    changed = replace(account_of(chat, name), disabled=disabled)
    start(chat.archive.put(changed))
    chat.hub.accounts._learn([*(one for one in before.values() if one.id != changed.id), changed])
    chat.hub.account_sessions.take_over(before)


def ban(chat: Chat, name: str) -> None:
    operator(chat).send(f"/ban account={name}")


def by_text(person: Person) -> None:
    person.send("eve", SECRET)


def by_command(person: Person) -> None:
    person.send(f"/login eve {SECRET}")


def as_a_guest(person: Person) -> None:
    person.send("bob", f"/login eve {SECRET}")


def by_hello(person: Person) -> None:
    person.ask(do="hello", name="eve", account_password=SECRET)


def by_prove(person: Person) -> None:
    person.ask(do="prove", name="eve", password=SECRET)
    person.ask(do="hello", name="bob")


def by_sasl(person: Person) -> None:
    person.send("CAP REQ sasl", "NICK bob", "USER b 0 * :b", "AUTHENTICATE PLAIN")
    person.send(f"AUTHENTICATE {plain('eve', SECRET)}", "CAP END")


def by_server_password(person: Person) -> None:
    person.send(f"PASS eve:{SECRET}", "NICK eve", "USER e 0 * :e")


WAYS = [by_text, by_command, as_a_guest, by_hello, by_prove, by_sasl, by_server_password]


@pytest.mark.parametrize("shut_out", [disable, ban])
@pytest.mark.parametrize("way", WAYS)
def test_a_refused_account_cannot_join_under_another_name_over_the_same_connection(
    chat: Chat, shut_out: Callable[[Chat, str], None], way: Callable[[Person], None]
) -> None:
    member(chat, "eve", "203.0.113.7").hang_up()
    shut_out(chat, "eve")
    person = chat.connect("203.0.113.8")
    way(person)
    for line in ("another", "/name another", "NICK another"):
        person.send(line)
    assert person.closed
    online = {user.name for user in chat.hub.directory.users.values()}
    assert online <= {"op"}


def test_a_disabled_account_keeps_its_name_and_comes_back(chat: Chat) -> None:
    eve = member(chat, "eve")
    eve.send("/join #tea", "hello")
    disable(chat, "eve")
    assert eve.read()[-1] == "* Your account eve was disabled."
    assert eve.closed
    assert chat.connect().send("eve")[1] == (
        "* The account eve is disabled. Ask the administrator."
    )
    bob = chat.join("bob")
    assert "registered name" in bob.send("/nick eve")[0]
    assert any("<eve> hello" in line for line in bob.send("/join #tea"))
    disable(chat, "eve", disabled=False)
    again = chat.connect()
    again.send("eve")
    assert again.send(SECRET)[0].startswith("* Welcome back, eve.")


def test_a_disabled_operator_is_shut_out_too(chat: Chat) -> None:
    op = operator(chat)
    disable(chat, "op")
    assert op.closed
    assert chat.connect().send("op")[1].startswith("* The account op is disabled.")
    assert not chat.hub.accounts.has_operator


def test_only_the_administrator_bans_an_operator_whom_no_address_shuts_out(chat: Chat) -> None:
    op, ann = operator(chat, "op", "203.0.113.7"), member(chat, "ann", "203.0.113.8")
    assert "cannot act against an operator" in operator(chat, "boss").send("/ban op")[0]
    shell = shell_session(0.0)
    start(chat.hub.banning.ban(shell, "ip=203.0.113.0/24", 0.0, "", None))
    assert ann.closed
    assert not op.closed
    start(chat.hub.banning.ban(shell, "op", 0.0, "enough", None))
    assert "* shell removed you from the server: enough." in " ".join(op.read())
    assert op.closed
    again = chat.connect("192.0.2.9")
    assert again.send("op")[1] == "* You are banned: enough."
    assert again.closed
    start(chat.hub.banning.unban(shell, "op", None))
    back = chat.connect("203.0.113.7")
    back.send("op")
    assert back.send(SECRET)[0].startswith("* Welcome back, op.")


def test_irc_says_that_the_account_is_disabled(chat: Chat) -> None:
    member(chat, "eve").hang_up()
    disable(chat, "eve")
    guest = irc(chat, "guest", "sasl")
    guest.send("AUTHENTICATE PLAIN")
    told = guest.send(f"AUTHENTICATE {plain('eve', SECRET)}")
    assert told[0].startswith(":irc.chatsvc 902 guest :The account eve is disabled.")


# Passwords at the prompt


def attempts_are_used_up(chat: Chat) -> None:
    stranger = chat.connect("203.0.113.8")
    stranger.send("eve", *[f"wrong-{n}" for n in range(9)])


def the_account_is_removed(chat: Chat) -> None:
    before = dict(chat.hub.accounts._by_id)
    chat.hub.accounts._learn([one for one in before.values() if one.name != "eve"])
    chat.hub.account_sessions.take_over(before)


def lockdown_begins(chat: Chat) -> None:
    operator(chat).send("/lockdown on")


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda chat: disable(chat, "eve"),
        lambda chat: ban(chat, "eve"),
        the_account_is_removed,
        lockdown_begins,
        attempts_are_used_up,
        lambda chat: None,
    ],
)
def test_a_typed_password_never_becomes_a_guest_name(
    chat: Chat, meanwhile: Callable[[Chat], None]
) -> None:
    member(chat, "eve", "203.0.113.7").hang_up()
    person = chat.connect("203.0.113.8")
    person.send("eve")
    meanwhile(chat)
    for line in ("wrong-horse", "wrong-battery", "wrong-horse", "wrong-staple"):
        person.send(line)
    assert not [user for user in chat.hub.directory.users.values() if "wrong" in user.name]
