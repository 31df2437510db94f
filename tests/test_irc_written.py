"""IRC clients receive valid messages, none of which is too long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from itertools import product
from typing import Any

import pytest
from conftest import Chat
from hypothesis import given, settings
from hypothesis import strategies as st
from ircpeople import irc
from samples import EVENTS, WELCOME

from chatsvc.dialects.irc import Client, tell
from chatsvc.dialects.irc.capabilities import CAPABILITIES
from chatsvc.dialects.irc.message import LONGEST, parse
from chatsvc.dialects.irc.pending import Pending
from chatsvc.dialects.irc.registration_state import Stage

ANSWERED = (
    "", "WHO", "WHOIS", "WHOWAS", "NAMES", "MODE", "MODE b", "MODE I", "MODE B", "LIST b", "LIST I",
    "CHATHISTORY", "MARKREAD", "MONITOR", "ISON", "USERHOST", "HELP", "REDACT", "STATS", "JOIN",
    "REGISTER", "AUTHENTICATE", "NICK", "PRIVMSG",
)  # fmt: skip
WORDS = (
    "reason", "text", "topic", "motd", "realname", "help", "usage", "example", "value", "words",
    "away",
)  # fmt: skip
LETTERS = st.characters(categories=("L", "N", "P", "S"), include_characters=" ")
TEXTS = st.one_of(st.just("é" * 400), st.text(LETTERS, min_size=1, max_size=400))
NAMES = st.sampled_from(("ann", "a" * 32, "𐌀" * 32, "{x}^|"))


def check(data: bytes) -> list[str]:
    """Check and return the messages that a client was sent."""
    lines = data.decode().split("\r\n")
    assert lines.pop() == ""
    for line in lines:
        assert not set(line) & set("\0\r\n"), line
        tags, body = line.split(" ", 1) if line.startswith("@") else ("", line)
        assert len(body.encode()) <= LONGEST - 2, line
        assert len(tags.encode()) < 8191, line
        message = parse(line)
        assert message is not None, line
        assert message.command.isalnum(), line
        assert all(message.params[:-1]), line
    return lines


def swollen(value: Any, name: str, text: str, field: str = "") -> Any:
    """Return a value in which every text has its maximum length."""
    if isinstance(value, str):
        if field == "kind":  # one of few words
            return value
        if value.startswith(("#", "@#")):
            return f"{value.partition('#')[0]}#{name[:31]}"
        return text if field in WORDS else name
    if is_dataclass(value) and not isinstance(value, type):
        many = {one.name: getattr(value, one.name) for one in fields(value)}
        return replace(value, **{one: swollen(each, name, text, one) for one, each in many.items()})
    if hasattr(value, "_asdict"):
        many = value._asdict()
        return value._replace(**{o: swollen(each, name, text, o) for o, each in many.items()})
    if isinstance(value, tuple):
        return tuple(swollen(each, name, text, field) for each in value)
    if isinstance(value, Mapping):
        return {key: swollen(each, name, text, "text") for key, each in value.items()}
    return value


@given(NAMES, TEXTS, st.sampled_from((frozenset(), frozenset(CAPABILITIES))))
@settings(max_examples=20, deadline=None)
@pytest.mark.slow
def test_every_event_is_told_in_messages_that_are_short_enough(
    name: str, text: str, capabilities: frozenset[str]
) -> None:
    large = [swollen(event, name, text) for event in EVENTS]
    for event, command in product(large, ANSWERED):
        client = Client()
        client.choose(capabilities)
        client.nick, client.welcome = name, WELCOME
        client.registration.stage = Stage.REGISTERED
        client.latest = Pending(command, (f"#{name[:31]}", name, "x"))
        tell(client, event, None)
        check(client.taken())


COMMANDS = (
    "AWAY", "BATCH", "CAP", "CHATHISTORY", "HELP", "INVITE", "ISON", "JOIN", "KICK", "LIST",
    "MARKREAD", "MODE", "MONITOR", "MOTD", "NAMES", "NICK", "NOTICE", "NS", "PART", "PING",
    "PRIVMSG", "REDACT", "SETNAME", "STATS", "TAGMSG", "TOPIC", "USERHOST", "VERIFY", "WHO",
    "WHOIS", "WHOWAS", "AUTHENTICATE", "FOO",
)  # fmt: skip
GIVEN = (
    "#lobby", "#tea", "ann", "+", "+b", "-b", "LS", "REQ", "LATEST", "*", "302", ",",
    "timestamp=1970-01-01T00:00:00.000Z",
)  # fmt: skip
PARAMS = st.one_of(
    st.sampled_from(GIVEN),
    st.text(st.characters(exclude_characters="\n", codec="utf-8"), max_size=200),
)


@given(st.lists(st.tuples(st.sampled_from(COMMANDS), st.lists(PARAMS, max_size=4)), max_size=6))
@settings(max_examples=150, deadline=None)
@pytest.mark.slow
def test_whatever_a_client_sends_is_answered_in_such_messages(
    sent: list[tuple[str, list[str]]],
) -> None:
    chat = Chat()
    ann = irc(chat, "ann", "standard-replies", "labeled-response", "batch", "message-tags")
    bob = irc(chat, "𐌀" * 32)
    bob.send("JOIN #lobby"), ann.send("JOIN #lobby")
    for command, params in sent:
        *middle, last = (*params, "")
        line = f"@label=1;+x=y {' '.join([command, *middle])} :{last}"
        ann.protocol.dataReceived(f"{line}\r\n".encode())
    check(ann.transport.value()), check(bob.transport.value())
