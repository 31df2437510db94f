"""Idle IRC clients: they are pinged, and stay as long as they answer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from conftest import Chat, Person
from hypothesis import given
from hypothesis import strategies as st
from ircpeople import irc

from chatsvc.model.rate_limits import UNLIMITED, Rate
from chatsvc.transports.irc import SILENT

PING, PONG = "PING :irc.chatsvc", b"PONG irc.chatsvc\r\n"


def idle(chat: Chat) -> Person:
    client = irc(chat, "ann")
    client.read()
    return client


def answer(client: Person) -> int:
    """Answer every PING so far; return how many there were."""
    count = client.read().count(PING)
    client.protocol.dataReceived(PONG * count)
    return count


@given(st.lists(st.floats(0.0, SILENT - 0.1, allow_nan=False), min_size=1, max_size=60))
def test_a_client_that_answers_every_ping_in_time_stays(steps: list[float]) -> None:
    chat = Chat()
    client = idle(chat)
    for step in steps:
        chat.clock.advance(step)
        answer(client)
        assert not client.closed


@pytest.mark.parametrize("late", [0.0, 0.001, 0.01, 0.1, 45.0, 89.99])
def test_a_client_is_asked_90_seconds_after_it_was_last_heard(chat: Chat, late: float) -> None:
    client = idle(chat)
    chat.clock.advance(late)
    client.protocol.dataReceived(PONG)
    chat.clock.advance(SILENT - 0.1)
    assert client.read() == []
    chat.clock.advance(0.101)
    assert client.read() == [PING]
    chat.clock.advance(SILENT - 0.1)
    assert client.read() == []
    assert not client.closed
    chat.clock.advance(0.101)
    assert client.read() == ["ERROR :Closing Link: irc.chatsvc (Ping timeout. Goodbye.)"]
    assert client.closed


def test_an_answer_that_came_during_a_stall_counts(chat: Chat) -> None:
    client = idle(chat)
    chat.clock.advance(SILENT)
    assert client.read() == [PING]
    chat.clock.callLater(SILENT, client.protocol.dataReceived, PONG)  # read after the timers
    chat.clock.advance(SILENT)
    assert not client.closed
    chat.clock.advance(SILENT)
    assert client.read() == [PING]


def test_a_client_that_is_not_read_from_is_not_taken_for_a_silent_one() -> None:
    chat = Chat(limits=replace(UNLIMITED, flood=Rate(1, 0.01)))
    client = irc(chat, "ann")
    client.send("JOIN #tea", *(f"PRIVMSG #tea :{n}" for n in range(4)))
    for _ in range(9):
        assert client.protocol.paused
        chat.clock.advance(30)
        assert not client.closed
