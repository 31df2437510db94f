"""The states of the client's connection, and the transitions between them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from client_server import Table, begun, result, start, waits
from twisted.internet.defer import CancelledError, Deferred

from chatsvc.client.net.connection_state import (
    ConnectionEvent,
    ConnectionMachine,
    ConnectionState,
    IllegalTransition,
)
from chatsvc.client.net.failures import NotConnected, PutOut
from chatsvc.model.requests import Refused
from chatsvc.model.server_events import Goodbye

table = pytest.fixture(begun)

BANNED = Refused("banned", "You are banned.")

# The table

STORIES = [
    "TRY CONNECTING, CONNECTED LOGGING_IN, WELCOME RESTORING, RESTORED ONLINE, LOST WAITING",
    "TRY CONNECTING, UNREACHABLE WAITING, TRY CONNECTING, LEAVE LEAVING, GONE CLOSED",
    "TRY CONNECTING, CONNECTED LOGGING_IN, LOST WAITING, LEAVE LEAVING",
    "TRY CONNECTING, CONNECTED LOGGING_IN, LEAVE LEAVING",
    "TRY CONNECTING, CONNECTED LOGGING_IN, WELCOME RESTORING, LOST WAITING",
    "TRY CONNECTING, CONNECTED LOGGING_IN, WELCOME RESTORING, LEAVE LEAVING",
    "TRY CONNECTING, CONNECTED LOGGING_IN, WELCOME RESTORING, RESTORED ONLINE, LEAVE LEAVING",
]


def told(story: str) -> Iterator[tuple[ConnectionState, ConnectionEvent, ConnectionState]]:
    before = ConnectionState.CLOSED
    for step in story.split(", "):
        event, after = step.split()
        yield before, ConnectionEvent[event], ConnectionState[after]
        before = ConnectionState[after]


LEGAL = {(before, event) for story in STORIES for before, event, _ in told(story)}


def in_state(state: ConnectionState) -> ConnectionMachine:
    machine = ConnectionMachine()
    machine.state = state
    return machine


@pytest.mark.parametrize("story", STORIES)
def test_the_states_of_a_life_follow_each_other(story: str) -> None:
    machine = ConnectionMachine()
    for _, event, after in told(story):
        machine.note(event)
        assert machine.state is after


@pytest.mark.parametrize("event", ConnectionEvent)
@pytest.mark.parametrize("state", ConnectionState)
def test_everything_else_is_illegal_and_changes_nothing(
    state: ConnectionState, event: ConnectionEvent
) -> None:
    if (state, event) in LEGAL:
        return
    machine = in_state(state)
    with pytest.raises(IllegalTransition, match=f"{event.name} cannot happen while {state.name}"):
        machine.note(event)
    assert machine.state is state


def test_every_state_but_the_last_can_be_left() -> None:
    for state in set(ConnectionState) - {ConnectionState.CLOSED, ConnectionState.LEAVING}:
        machine = in_state(state)
        machine.note(ConnectionEvent.LEAVE)
        machine.note(ConnectionEvent.GONE)
        assert machine.state is ConnectionState.CLOSED


# A connection


def test_a_connection_that_is_open_cannot_be_opened(table: Table) -> None:
    with pytest.raises(IllegalTransition):
        result(start(table.connection.open()))
    assert table.connection.state is ConnectionState.ONLINE


def test_closing_twice_says_goodbye_once_and_both_wait_for_the_end(table: Table) -> None:
    both = [start(table.connection.close("lunch")), start(table.connection.close())]
    assert all(map(waits, both))
    table.server.pump()
    assert [result(each) for each in both] == [None, None]
    assert len(table.server.asked("quit")) == 1
    assert table.connection.state is ConnectionState.CLOSED


def test_what_is_asked_of_a_closed_connection_fails_at_once() -> None:
    table = Table()
    result(table.open())
    closing = start(table.connection.close())
    table.server.pump()
    result(closing)
    with pytest.raises(NotConnected):
        result(table.connection.say("too late"))


def test_a_server_that_does_not_want_us_is_not_asked_again(table: Table) -> None:
    wanted = start(table.connection.while_wanted(forever()))
    table.server.links[0].tell(Goodbye("boss removed you.", final=True))
    table.server.pump()
    with pytest.raises(PutOut, match="boss removed you"):
        result(wanted)
    table.clock.advance(1000)
    table.server.pump()
    assert (table.server.tries, table.server.links) == (1, [])
    assert (table.notes.losses, table.notes.returns) == ([], 0)


def test_a_ban_met_when_coming_back_ends_it(table: Table) -> None:
    wanted = start(table.connection.while_wanted(forever()))
    table.server.refusal = BANNED
    table.kill_and_come_back()
    with pytest.raises(Refused, match="banned"):
        result(wanted)
    table.clock.advance(1000)
    assert table.server.tries == 2
    assert table.connection.state is ConnectionState.CLOSED


def test_giving_up_twice_while_a_server_lets_go_leaves_it_ready_to_open_again() -> None:
    table = Table()
    table.server.silent = True
    opening = start(table.connection.open())
    opening.cancel()
    opening.cancel()
    with pytest.raises(CancelledError):
        result(opening)
    assert table.connection.state is ConnectionState.LEAVING
    table.server.silent = False
    result(table.open())
    assert table.connection.here
    assert len(table.server.links) == 1


def test_nothing_is_sent_after_goodbye(table: Table) -> None:
    closing = start(table.connection.close())
    line = table.connection.say("too late")
    table.server.pump()
    result(closing)
    assert table.server.texts() == []
    with pytest.raises(NotConnected):
        result(line)


def test_closing_while_somebody_opens_it_tells_them() -> None:
    table = Table()
    table.server.silent = True
    opening = table.open()
    closing = start(table.connection.close())
    table.server.pump()
    result(closing)
    with pytest.raises(NotConnected, match="closed"):
        result(opening)


async def forever() -> None:
    await Deferred()
