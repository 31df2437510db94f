"""When another node may lead after the one that led last."""

from __future__ import annotations

from dataclasses import replace

import pytest
from links import Nodes
from twisted.internet.task import Clock

from chatsvc.running.succession import SILENT, Succession
from chatsvc.store.leading import LEASE, Leader
from chatsvc.transports.link.relaying import HEARD

LAST = Leader(7, "a", "192.0.2.9:1", "ab", "secret of a", age=1.0)


@pytest.fixture
def succession() -> Succession:
    succession = Succession("b", Clock())
    succession.host = "192.0.2.9"
    return succession


def test_a_leader_that_may_still_answer_people_is_not_succeeded(succession: Succession) -> None:
    assert succession.obstacle(LAST) == (
        "The node a, which led last, may still run. Another one leads when it has stored no"
        " heartbeat for ten seconds."
    )
    assert succession.obstacle(replace(LAST, age=LEASE))


@pytest.mark.parametrize(
    "last",
    [
        None,
        replace(LAST, age=LEASE + 0.1),
        replace(LAST, secret=""),  # it has stopped
        replace(LAST, node="b", address="192.0.2.9:2"),  # it was this node
    ],
)
def test_a_leader_that_surely_leads_no_more_is_succeeded_at_once(
    succession: Succession, last: Leader | None
) -> None:
    assert succession.obstacle(last) == ""


def test_a_leader_that_has_closed_its_link_is_succeeded_at_once(succession: Succession) -> None:
    succession.ended(LAST)
    assert succession.obstacle(LAST) == ""
    assert succession.obstacle(replace(LAST, secret="that of the next one"))


def test_a_leader_that_has_said_goodbye_may_have_lost_the_database_since(
    succession: Succession,
) -> None:
    succession.stops(LAST)
    assert succession.obstacle(LAST)


def test_a_namesake_on_another_host_may_still_run(succession: Succession) -> None:
    assert succession.obstacle(replace(LAST, node="b", address="192.0.2.8:1"))


def test_a_link_that_was_closed_says_nothing_once_there_is_another(succession: Succession) -> None:
    succession.ended(LAST)
    succession.begins()
    assert succession.obstacle(LAST)


def test_a_leader_that_stops_is_not_joined_again(succession: Succession) -> None:
    succession.ended(LAST)
    assert not succession.is_stopping(LAST)
    succession.stops(LAST)
    assert succession.is_stopping(LAST)
    assert succession.is_stopping(replace(LAST, secret=""))


def test_a_leader_with_a_link_is_late_after_some_more_seconds() -> None:
    clock = Clock()
    succession = Succession("b", clock)
    late = replace(LAST, age=LEASE + 1)
    assert not succession.is_late(late)
    clock.advance(SILENT)
    assert not succession.is_late(late)
    clock.advance(0.1)
    assert succession.is_late(late)
    assert not succession.is_late(LAST)
    assert not succession.is_late(late)


def test_a_link_that_a_leader_closes_which_answered_until_then_has_ended() -> None:
    nodes = Nodes()
    nodes.pass_time(20)
    nodes.there.cut()
    assert nodes.end.was_ended


def test_a_link_that_this_node_gives_up_has_not_ended() -> None:
    nodes = Nodes()
    nodes.end.abort()
    nodes.here.cut()
    assert not nodes.end.was_ended


def test_a_link_that_is_closed_after_a_silence_has_not_ended() -> None:
    nodes = Nodes()
    nodes.clock.advance(HEARD)  # this node was stopped, perhaps, and the leader has noticed
    nodes.there.cut()
    assert not nodes.end.was_ended


def test_a_link_that_is_refused_has_not_ended() -> None:
    nodes = Nodes()
    before = nodes.end
    nodes.link()  # while there is another node of this name
    assert nodes.end is not before
    assert nodes.end.transport.lost
    assert not nodes.end.was_ended
