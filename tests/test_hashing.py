"""The hashing queue: logins first, sources in turn, and only the busiest source is refused."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Chat, Worker
from hypothesis import given
from hypothesis import strategies as st
from ircpeople import irc
from staff import SECRET, guest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from chatsvc.auth.passwords import Turn
from chatsvc.model.requests import Refused
from chatsvc.transports.hashing import MOST_WAITING, HashingQueue


class Queue:
    """A queue, and the names of the finished jobs, in order."""

    def __init__(self) -> None:
        self.worker, self.done, self.refused = Worker(), [], []  # type: tuple[Worker, list[str], list[str]]
        self.queue = HashingQueue(self.worker, Clock())

    def add(self, source: str, login: bool = False) -> None:
        waiting: Deferred[Any] = self.queue(Turn(source, login), lambda: self.done.append(source))
        waiting.addErrback(self._refuse, source)

    def _refuse(self, failure: Any, source: str) -> None:
        assert failure.check(Refused).__name__ == "Refused"
        self.refused.append(source)


def test_one_piece_at_a_time_is_given_to_the_worker() -> None:
    queue = Queue()
    for _ in range(5):
        queue.add("eve")
    assert len(queue.worker.pieces) == 1
    queue.worker.step()
    assert (len(queue.worker.pieces), queue.done) == (1, ["eve"])


def test_sources_take_turns_and_logins_go_first() -> None:
    queue = Queue()
    for source in ("eve", "eve", "eve", "dan", "ann"):
        queue.add(source)
    queue.add("bob", login=True)
    queue.worker.work()
    assert queue.done == ["eve", "bob", "eve", "dan", "ann", "eve"]


def test_of_too_much_the_busiest_is_refused_and_nobody_else() -> None:
    queue = Queue()
    for _ in range(3 * MOST_WAITING):
        queue.add("eve")
    for name in ("ann", "bob"):
        queue.add(name, login=True)
    queue.add("dan")
    queue.worker.work()
    assert set(queue.refused) == {"eve"}
    assert queue.done[1:3] == ["ann", "bob"]
    assert "dan" in queue.done[:5]


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.booleans()), max_size=60))
def test_everything_is_done_once_and_no_source_waits_for_two_of_another(
    asked: list[tuple[str, bool]],
) -> None:
    queue = Queue()
    queue.add("first")
    for source, login in asked:
        queue.add(source, login)
    queue.worker.work()
    assert sorted(queue.done) == sorted(["first", *(source for source, _ in asked)])
    logins = [source for source, login in asked if login]
    order = queue.done[1 : 1 + len(logins)]
    assert sorted(order) == sorted(logins)
    rounds = [order[: order.index(each) + 1] for each in set(order)]
    assert all(len(set(one)) == len(one) for one in rounds)


def test_work_that_fails_holds_nobody_up() -> None:
    queue = Queue()
    failed: Deferred[Any] = queue.queue(Turn("eve"), lambda: 1 / 0)  # type: ignore[misc]
    errors: list[Any] = []
    failed.addErrback(errors.append)
    queue.add("ann")
    queue.worker.work()
    assert (len(errors), queue.done) == (1, ["ann"])


@pytest.mark.parametrize(
    ("modes", "last"),
    [
        ("+kkkkk a1 b2 c3 d4 e5", "e5"),
        ("+k-k+k a1 b2 c3", "c3"),
        ("+k+i+k a1 b2", "b2"),
    ],
)
def test_of_several_passwords_in_one_mode_only_the_last_is_hashed(modes: str, last: str) -> None:
    hasher = Worker()
    chat = Chat(hasher=hasher)
    ann = irc(chat, "ann")
    ann.send(f"PRIVMSG NickServ :REGISTER {SECRET}")
    hasher.work()
    ann.send("JOIN #tea", f"MODE #tea {modes}")
    assert len(hasher.pieces) == 1
    hasher.work()
    eve = guest(chat, "eve")
    eve.send(f"/join #tea {last}")
    hasher.work()
    assert any("You are in #tea" in line or "invitation" in line for line in eve.read())


def test_the_last_password_of_a_mode_can_be_none() -> None:
    chat = Chat()
    ann = irc(chat, "ann")
    ann.send(f"PRIVMSG NickServ :REGISTER {SECRET}", "JOIN #tea", "MODE #tea +k-k a1 a1")
    assert guest(chat, "eve").send("/join #tea")[0].startswith("* You are in #tea")


def test_a_founder_who_sets_passwords_keeps_nobody_from_logging_in() -> None:
    hasher = Worker()
    chat = Chat(hasher=hasher)
    bob = guest(chat, "bob", "192.0.2.7")
    bob.send(f"/register {SECRET}")
    hasher.work()
    people = [irc(chat, f"x{number}") for number in range(8)]
    people[0].send(f"PRIVMSG NickServ :REGISTER {SECRET}")
    hasher.work()
    people[0].send("JOIN #tea")
    for _ in range(40):
        people[0].send("MODE #tea +k abc")
    back = chat.connect("192.0.2.8")
    back.send("bob", SECRET)
    hasher.step(), hasher.step()
    assert any("Welcome back, bob." in line for line in back.read())
