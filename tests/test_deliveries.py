"""What a relaying node sends at once, and what together."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from chatsvc.transports.link.deliveries import Deliveries


class Turns(Clock):
    """A reactor whose turns the test counts: what is called later runs in the next one."""

    def pass_one(self) -> None:
        due, self.calls = self.calls, []
        for call in due:
            call.called = 1
            call.func(*call.args, **call.kw)


class Reader:
    """A connection that records what it is sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def taken(self) -> list[bytes]:
        """Return what was sent since the last time."""
        sent, self.sent = self.sent, []
        return sent


def begun(readers: int) -> tuple[Turns, Deliveries, dict[int, Reader]]:
    connections = {number: Reader() for number in range(readers)}
    clock = Turns()
    return clock, Deliveries(clock, connections), connections


def test_a_node_that_is_behind_sends_everything_of_a_turn_together() -> None:
    clock, deliveries, readers = begun(2)

    def turn(*words: bytes) -> list[list[bytes]]:
        """Return what was sent during a turn in which words came, and at its end."""
        for word in words:
            deliveries.add((0, 1), word)
        during = readers[1].taken()
        clock.pass_one()
        return [during, readers[1].taken()]

    assert turn(b"one ") == [[b"one "], []]
    assert turn(b"two ", b"three ", b"four ") == [[b"two "], [b"three four "]]
    assert turn(b"five ", b"six ") == [[], [b"five six "]]
    assert turn(b"seven ") == [[], [b"seven "]]
    assert turn() == [[], []]
    assert turn(b"eight ") == [[b"eight "], []]


def test_those_who_have_got_nothing_yet_wait_for_nobody() -> None:
    clock, deliveries, readers = begun(3)
    deliveries.add((0, 1), b"one ")
    deliveries.add((2,), b"own ")
    deliveries.add((1, 2), b"two ")
    assert [reader.taken() for reader in readers.values()] == [[b"one "], [b"one "], [b"own "]]
    clock.pass_one()
    assert [reader.taken() for reader in readers.values()] == [[], [b"two "], [b"two "]]


@given(
    st.lists(
        st.one_of(
            st.lists(st.integers(0, 4), min_size=1, unique=True),
            st.sampled_from(["turn", "flush", "lose"]),
        )
    )
)
def test_everybody_gets_everything_in_order(steps: list[Any]) -> None:
    clock, deliveries, readers = begun(5)
    lost = readers[4]
    wanted: defaultdict[int, bytes] = defaultdict(bytes)
    for position, step in enumerate(steps):
        if step == "turn":
            clock.pass_one()
        elif step == "flush":
            deliveries.flush()
            assert all(b"".join(readers[each].sent) == wanted[each] for each in readers)
        elif step == "lose":
            readers.pop(4, None)
        else:
            deliveries.add(tuple(step), b"%d " % position)
            for number in step:
                wanted[number] += b"%d " % position
    deliveries.end()
    assert [b"".join(readers[each].sent) for each in range(4)] == [wanted[n] for n in range(4)]
    assert wanted[4].startswith(b"".join(lost.sent))
    assert not clock.getDelayedCalls()
