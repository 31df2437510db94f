"""A message over IRC takes about as many steps as one in the text dialect."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from conftest import Chat, Person
from ircpeople import irc

LINES, READERS = 20, 5


def steps(act: Callable[[], object]) -> int:
    """Return the number of bytecodes that something takes, which nothing else changes."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(before)
    return count


def steps_of(chat: Chat, sender: Person, line: bytes) -> int:
    """Return the steps until messages have reached everybody, when everything is warm."""
    chat.clock.calls.clear()  # which a test's clock sorts
    sender.protocol.dataReceived(line)
    return steps(lambda: sender.protocol.dataReceived(line * LINES))


def test_messages_over_irc_take_as_many_steps_as_in_the_text_dialect() -> None:
    text, other = Chat(), Chat()
    ann, *_ = [text.join(f"ann{n}") for n in range(READERS)]
    bob, *_ = people = [irc(other, f"bob{n}") for n in range(READERS)]
    for person in people:
        person.send("JOIN #lobby")
    least = steps_of(text, ann, b"hello there\r\n")
    assert steps_of(other, bob, b"PRIVMSG #lobby :hello there\r\n") < 1.15 * least
    assert "PRIVMSG #lobby :hello there" in people[-1].read()[-1]
