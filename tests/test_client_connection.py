"""The client's connection: joining, sending, leaving."""

from __future__ import annotations

import pytest
from client_server import (
    Table,
    begun,
    result,
    start,
    waits,
)
from twisted.internet.error import ConnectionRefusedError as NobodyListens
from twisted.internet.error import DNSLookupError

from chatsvc.client.login_prompts import Identity
from chatsvc.client.net.failures import NotConnected
from chatsvc.model.message_events import Said
from chatsvc.model.requests import Refusal, Refused
from chatsvc.model.room_events import Entered, Joined, Talking
from chatsvc.model.server_events import Goodbye, Welcome

table = pytest.fixture(begun)


# Joining


def test_it_says_hello_with_its_name_and_a_secret_and_enters_a_room(table: Table) -> None:
    hello, join = table.server.requests
    assert hello == {"do": "hello", "version": 1, "name": "ann", "client": hello["client"]}
    assert 8 <= len(hello["client"]) <= 64
    assert join == {"do": "join", "room": "#lobby"}
    assert [type(event) for event in table.notes.events] == [Welcome, Entered]
    assert table.connection.talking == Talking("#lobby", None)


def test_two_connections_have_different_secrets() -> None:
    one, other = Table(), Table()
    result(one.open())
    result(other.open())
    assert one.server.requests[0]["client"] != other.server.requests[0]["client"]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (NobodyListens(), "connection refused"),
        (DNSLookupError(), "host not found"),
    ],
)
def test_a_first_connection_that_fails_is_not_tried_again(error: Exception, sentence: str) -> None:
    table = Table()
    table.server.down = error
    with pytest.raises(NotConnected, match=sentence):
        result(table.open())
    table.clock.advance(1000)
    assert table.server.tries == 1


def test_a_server_that_hangs_up_before_the_welcome_is_a_failed_first_connection() -> None:
    table = Table()
    table.server.silent = True
    opening = table.open()
    table.server.kill()
    with pytest.raises(NotConnected, match="closed by the server"):
        result(opening)
    table.clock.advance(1000)
    assert table.server.tries == 1
    assert table.notes.losses == []


def test_something_else_that_answers_is_told_apart_by_what_it_says() -> None:
    table = Table()
    table.server.silent = True
    opening = table.open()
    table.server.links[0].to_client.append(b"SSH-2.0-OpenSSH_9.2\x1b[0m\r\n")
    table.server.pump()
    with pytest.raises(NotConnected, match=r'does not speak .* sent "SSH-2.0-OpenSSH_9.2\[0m"'):
        result(opening)


@pytest.mark.parametrize("line", [b"[]", b"{}", b'{"event":"said"}', b'{"event":"said","time":3}'])
def test_nonsense_from_a_server_never_raises(line: bytes) -> None:
    table = Table()
    opening = table.open()
    table.server.links[0].to_client.append(line + b"\n")
    table.server.pump()
    assert waits(opening) or result(opening) is None


def test_a_taken_name_is_refused_at_the_door() -> None:
    table = Table()
    table.server.taken = {"ann"}
    with pytest.raises(Refused) as refused:
        result(table.open())
    assert refused.value.suggestion == "ann2"
    assert table.notes.refusals == ["ann is already in use."]
    table.server.pump()
    assert table.server.links == []


def test_another_name_is_tried_on_the_same_connection() -> None:
    table = Table()
    table.server.taken = {"ann"}
    table.notes.identities = [Identity("ann2")]
    result(table.open())
    assert table.connection.name == "ann2"
    assert table.server.tries == 1


def test_a_password_is_given_when_coming_and_when_coming_back() -> None:
    table = Table(identity=Identity("ann", "sesame"))
    table.server.password = "sesame"
    result(table.open())
    table.kill_and_come_back()
    assert [hello["password"] for hello in table.server.asked("hello")] == ["sesame", "sesame"]


def test_a_full_server_refuses_before_it_has_read_the_hello() -> None:
    table = Table()
    table.server.silent = True
    opening = table.open()
    table.server.links[0].tell(Refusal("full", "The server is full."))
    table.server.pump()
    with pytest.raises(Refused, match="full"):
        result(opening)


def test_a_wrong_password_is_refused_at_the_door() -> None:
    table = Table(identity=Identity("ann", "x"))
    table.server.password = "sesame"
    with pytest.raises(Refused, match="Wrong password"):
        result(table.open())


# Sending


def test_a_line_is_acknowledged_by_its_said_event(table: Table) -> None:
    line = table.connection.say("hi")
    assert waits(line)
    table.server.pump()
    said = result(line)
    assert isinstance(said, Said)
    assert (said.room, said.number, said.text) == ("#lobby", 1, "hi")
    assert table.notes.texts() == ["hi"]


def test_nothing_of_a_server_can_change_the_terminal(table: Table) -> None:
    bad, good = "\x1b]0;x\x07a\x1b[31mb\x9bc\u202ed\u200de", "abcd\u200de"
    table.server.links[0].tell(Joined("#lobby", (bad, "zoë")))
    table.server.links[0].tell(Said("#lobby", 1, 0.0, bad, f"{bad}\n{bad}", False, "", None))
    table.server.pump()
    came, said = table.notes.events[-2:]
    assert isinstance(came, Joined)
    assert isinstance(said, Said)
    assert came.names == (good, "zoë")
    assert (said.sender, said.text) == (good, f"{good}\n{good}")


def test_refusals_are_the_answer_and_no_event(table: Table) -> None:
    line = table.connection.say("hi", room="#tea")
    table.server.pump()
    with pytest.raises(Refused, match="not in #tea"):
        result(line)
    assert not any(isinstance(event, Refusal) for event in table.notes.events)


def test_no_more_lines_are_on_their_way_than_the_server_allows(table: Table) -> None:
    for n in range(10):
        table.connection.say(str(n))
    assert len(table.server.links[0].to_server) == 3
    table.server.pump()
    assert table.server.texts() == [str(n) for n in range(10)]


def test_a_line_after_a_command_waits_until_the_command_is_answered(table: Table) -> None:
    table.connection.say("in the lobby")
    table.connection.request("join", rest="#tea")
    table.connection.say("in the tea room")
    table.server.pump()
    assert table.server.texts("#lobby") == ["in the lobby"]
    assert table.server.texts("#tea") == ["in the tea room"]


def test_a_line_too_long_for_the_protocol_is_refused_here(table: Table) -> None:
    with pytest.raises(Refused, match="too long"):
        result(table.connection.say("x" * 20_000))
    assert table.server.asked("say") == []


def test_the_waiting_line_is_bounded() -> None:
    table = Table(waiting=2)
    result(table.open())
    result(table.enter())
    table.server.kill()
    lines = [table.connection.say(str(n)) for n in range(3)]
    with pytest.raises(Refused, match="waiting"):
        result(lines[2])
    table.come_back()
    assert table.server.texts() == ["0", "1"]


def test_settled_waits_for_the_last_answer(table: Table) -> None:
    result(start(table.connection.settled()))
    table.connection.say("one")
    table.connection.say("two")
    settled = start(table.connection.settled())
    table.server.step(table.server.links[0])
    assert waits(settled)
    table.server.pump()
    assert result(settled) is None


# Leaving


def test_closing_says_goodbye_and_does_not_come_back(table: Table) -> None:
    closing = start(table.connection.close("lunch"))
    table.server.pump()
    result(closing)
    assert table.server.asked("quit") == [{"do": "quit", "words": "lunch"}]
    assert table.notes.events[-1] == Goodbye("Goodbye, ann.")
    table.clock.advance(1000)
    assert table.server.tries == 1
    assert table.notes.losses == []


def test_closing_does_not_wait_long_for_a_server_that_does_not_let_go(table: Table) -> None:
    table.server.silent = True
    closing = start(table.connection.close())
    table.clock.advance(5)
    table.server.pump()
    assert result(closing) is None


def test_what_is_not_answered_when_closing_is_given_up(table: Table) -> None:
    table.server.kill()
    line = table.connection.say("hi")
    assert table.connection.unanswered == 1
    closing = start(table.connection.close())
    table.server.pump()
    result(closing)
    with pytest.raises(NotConnected):
        result(line)
