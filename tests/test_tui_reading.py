"""Reading in the full-screen client."""

from __future__ import annotations

from conftest import Chat
from tuipeople import on_a_screen, visit


@on_a_screen
async def test_what_is_said_is_shown_and_what_is_typed_is_said(chat: Chat) -> None:
    bob = chat.join("bob")
    async with visit(chat) as ann:
        bob.send("hello ann")
        await ann.settle()
        assert "hello ann" in ann.conversation[-1]
        await ann.type("hi bob", "enter")
        assert bob.read()[-1].endswith("<ann> hi bob")
        assert "hi bob" in ann.conversation[-1]
        assert ann.rows[0] == " #lobby"


@on_a_screen
async def test_a_lost_connection_comes_back_with_what_was_missed(chat: Chat) -> None:
    bob = chat.join("bob")
    async with visit(chat) as ann:
        await ann.lose_connection()
        bob.send("are you there?")
        await ann.come_back()
        assert ann.screen.count("are you there?") == 1
