"""What is typed at a password prompt is a password, and never a name or a message."""

from __future__ import annotations

import pytest
from conftest import Chat, Worker
from hypothesis import given
from hypothesis import strategies as st
from staff import SECRET, arriving, member

TYPED = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=30)


def test_a_password_typed_again_while_the_first_one_is_looked_at_is_not_sent() -> None:
    hasher = Worker()
    chat = Chat(hasher=hasher)
    member(chat, "ann").hang_up()
    hasher.work()
    bob = chat.join("bob")
    ann = arriving(chat, "ann")
    ann.send(SECRET, SECRET, f"  {SECRET} ", "hello")
    hasher.work()
    assert any("Welcome back, ann." in line for line in ann.read())
    ann.protocol.resumeProducing()
    heard = bob.read()
    assert not any(SECRET in line for line in heard)
    assert heard[-1].endswith("<ann> hello")
    ann.send(SECRET)
    assert bob.read()[-1].endswith(SECRET)  # said on purpose, after something else


def test_a_password_typed_after_the_account_was_removed_is_not_a_name(chat: Chat) -> None:
    ann = member(chat, "ann")
    again = arriving(chat, "ann")
    ann.send(f"/unregister {SECRET}", "/quit")
    assert "is not registered" in again.send(SECRET)[0]
    assert "is not registered" in again.send(SECRET)[0]
    assert again.send("")[0].startswith("* Welcome, ann2.")


def test_a_chat_password_typed_again_is_not_a_name() -> None:
    chat = Chat(password="sesame")
    first, second = chat.connect(), chat.connect()
    first.send("ann", "sesame")
    second.send("ann", "sesame")  # the name is taken, so the user is asked for another one
    assert second.send("sesame")[0] == "* Not sent: that is your password."
    assert "sesame" not in chat.hub.directory.users
    assert second.send("bob")[0].startswith("* Welcome, bob.")


@pytest.mark.parametrize("command", ["/name bob", "/NAME bob", "/Name bob"])
def test_commands_are_obeyed_at_the_prompt(chat: Chat, command: str) -> None:
    member(chat, "ann").hang_up()
    assert arriving(chat, "ann").send(command)[0].startswith("* Welcome, bob.")


@given(st.lists(TYPED, max_size=12))
def test_nothing_typed_at_the_prompt_becomes_a_name_or_a_line(lines: list[str]) -> None:
    chat = Chat()
    member(chat, "ann")
    stranger = arriving(chat, "ann")
    at_prompt = [
        line for line in lines if line.strip() and line[:1] not in "/!" and line.strip() != "q!"
    ]
    stranger.send(*at_prompt)
    assert list(chat.hub.directory.users) == ["ann"]
    assert chat.hub.directory.rooms["#lobby"].last == 0
