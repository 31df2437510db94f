"""`send` and `tail`: what scripts can rely on."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from client_house import House
from client_server import FakeServer, result
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionRefusedError as NobodyListens
from twisted.internet.task import Clock

from chatsvc.client.line_screen import Pipe
from chatsvc.client.login_prompts import Identity
from chatsvc.client.net.failures import NotConnected, PutOut
from chatsvc.client.scripts import FULL, NotDone, Send, Tail, as_json, as_text
from chatsvc.client.words import Words
from chatsvc.model.message_events import Said
from chatsvc.model.rate_limits import UNLIMITED, Rate
from chatsvc.model.requests import Refusal, Refused
from chatsvc.model.room_events import Entered
from chatsvc.model.server_events import Goodbye


class Source(Pipe):
    """A pipe in memory."""

    def __init__(self) -> None:
        self.reading = False

    def open(self, typed: Any, ended: Any) -> None:
        self.type, self.end = typed, ended

    def pause(self) -> None:
        self.reading = False

    def resume(self) -> None:
        self.reading = True


class Run:
    """A script that runs against a fake server."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.server = FakeServer(self.clock)
        self.complaints: list[str] = []
        self.written: list[str] = []
        self.done: Deferred[int] = Deferred()

    def send(self, to: str, texts: list[str] | Source, timeout: float = 30.0) -> Run:
        send = Send(self.server, self.clock, Identity("ann"), self.complaints.append, timeout)
        self.done = Deferred.fromCoroutine(send.run(to, texts))
        self.server.pump()
        return self

    def tail(self, since: int | None = None, follow: bool = True) -> Run:
        def write(line: Said) -> None:
            self.written.append(line.text)

        self.script = Tail(self.server, self.clock, Identity(), self.complaints.append, write)
        self.done = Deferred.fromCoroutine(self.script.run("#lobby", since, follow))
        self.server.pump()
        return self

    def pump(self) -> Run:
        self.clock.advance(10)
        self.server.pump()
        return self

    def finish(self) -> int:
        self.script.finish()
        self.server.pump()
        return result(self.done)


@pytest.fixture
def run() -> Run:
    return Run()


# send


def test_sending_is_done_when_the_line_is_kept(run: Run) -> None:
    run.server.silent = True
    run.send("#lobby", ["hi"])
    assert not run.done.called
    run.server.silent = False
    run.server.pump()
    assert result(run.done) == 0
    assert run.server.texts() == ["hi"]
    assert run.complaints == []


def test_no_history_is_asked_for_where_only_something_is_said(run: Run) -> None:
    run.send("#lobby", ["hi"])
    assert run.server.asked("join") == [
        {"do": "join", "room": "#lobby", "last": 0, "create": False}
    ]


def test_empty_lines_are_not_sent(run: Run) -> None:
    assert result(run.send("#lobby", ["one", "", "  ", "two"]).done) == 0
    assert run.server.texts() == ["one", "two"]


def test_a_private_line_is_sent_to_a_person_and_no_room_is_entered(run: Run) -> None:
    assert result(run.send("bob", ["psst"]).done) == 0
    assert run.server.asked("msg") == [{"do": "msg", "name": "bob", "text": "psst"}]
    assert run.server.asked("join") == []


def test_a_line_that_is_refused_is_a_failure(run: Run) -> None:
    run.send("#lobby", ["x" * 20_000, "two"])
    assert result(run.done) == 1
    assert run.complaints == ["Not sent: the message is too long."]
    assert run.server.texts() == ["two"]


def test_a_room_that_cannot_be_entered_is_a_failure(run: Run) -> None:
    with pytest.raises(Refused, match="closed"):
        result(run.send("#closed", ["hi"]).done)


def test_a_taken_name_is_replaced_and_said_so(run: Run) -> None:
    run.server.taken = {"ann"}
    assert result(run.send("#lobby", ["hi"]).done) == 0
    assert run.complaints == ["ann is already in use. Using the name ann2."]


def test_a_server_that_is_not_there_is_a_failure(run: Run) -> None:
    run.server.down = NobodyListens()
    with pytest.raises(NotConnected):
        result(run.send("#lobby", ["hi"]).done)


def test_a_loss_in_between_is_made_good(run: Run) -> None:
    source = Source()
    run.send("#lobby", source)
    source.type("one")
    run.server.handle(run.server.links[0])
    run.server.kill()
    source.type("two")
    source.end()
    run.pump()
    assert result(run.done) == 0
    assert run.server.texts() == ["one", "two"]


def test_a_private_line_that_may_be_lost_is_a_failure(run: Run) -> None:
    source = Source()
    run.send("bob", source)
    source.type("psst")
    source.end()
    run.server.kill()
    run.pump()
    assert result(run.done) == 1
    assert run.complaints == ["The connection was lost. This may not have arrived: psst"]


@pytest.mark.parametrize(("timeout", "time"), [(5.0, "5 seconds"), (1.0, "1 second")])
def test_sending_gives_up_after_a_while_without_an_answer(
    run: Run, timeout: float, time: str
) -> None:
    run.server.silent = True
    run.send("#lobby", ["hi"], timeout=timeout)
    run.clock.advance(timeout)
    run.server.pump()
    with pytest.raises(NotDone, match=rf"Not stored: no answer for {time}\."):
        result(run.done)


def test_a_pipe_in_which_nothing_is_said_for_long_is_waited_for(run: Run) -> None:
    source = Source()
    run.send("#lobby", source, timeout=5)
    for number in range(100):
        run.pump()
        if number % 10 == 0:
            source.type(str(number))
            run.server.pump()
    source.end()
    run.server.pump()
    assert result(run.done) == 0
    assert len(run.server.texts()) == 10


def test_a_pipe_may_end_at_both_ends(run: Run) -> None:
    source = Source()
    run.send("#lobby", source)
    source.type("one")
    source.end()
    source.end()
    run.server.pump()
    assert result(run.done) == 0
    assert run.server.texts() == ["one"]


def test_a_pipe_is_read_no_faster_than_its_lines_are_kept(run: Run) -> None:
    source = Source()
    run.send("#lobby", source)
    for number in range(FULL + 1):
        assert source.reading
        source.type(str(number))
    assert not source.reading
    run.server.pump()
    assert source.reading
    source.end()
    run.server.pump()
    assert result(run.done) == 0
    assert run.server.texts() == [str(number) for number in range(FULL + 1)]


def test_ctrl_c_while_sending_is_no_timeout(run: Run) -> None:
    run.server.silent = True
    run.send("#lobby", ["hi"])
    run.done.cancel()
    run.pump()
    with pytest.raises(CancelledError):
        result(run.done)


@pytest.mark.parametrize("code", ["registered", "busy", "banned"])
def test_a_script_takes_another_name_only_where_its_own_is_taken(run: Run, code: str) -> None:
    run.server.refusal = Refused(code, "Not you.", "ann2")
    with pytest.raises(Refused, match="Not you"):
        result(run.send("#lobby", ["hi"]).done)
    assert run.server.tries == 1


def test_too_many_connections_are_waited_for_and_said_once(run: Run) -> None:
    run.server.refusal = Refused("too-often", "Sorry, please come back in 9 s.")
    run.send("#lobby", ["hi"], timeout=60.0)
    for _ in range(2):
        run.pump()
    assert run.server.tries > 2
    assert run.complaints == ["Sorry, please come back in 9 s. Trying again soon."]
    run.server.refusal = None
    run.pump()
    assert result(run.done) == 0
    assert run.server.texts() == ["hi"]


def test_too_many_connections_are_waited_for_no_longer_than_for_an_answer(run: Run) -> None:
    run.server.refusal = Refused("too-many-connections", "Sorry, there are 16.")
    run.send("#lobby", ["hi"], timeout=25.0)
    for _ in range(3):
        run.pump()
    with pytest.raises(NotDone, match="Not stored"):
        result(run.done)


def test_a_script_that_is_not_let_in_again_ends(run: Run) -> None:
    run.tail()
    run.server.refusal = Refused("banned", "You are banned: spam.")
    run.server.kill()
    run.pump()
    with pytest.raises(Refused, match="You are banned: spam"):
        result(run.done)
    assert run.server.tries == 2


def test_a_script_that_is_put_out_ends(run: Run) -> None:
    run.send("#lobby", Source())
    run.server.links[0].tell(Goodbye("bob removed you from the server: spam.", final=True))
    run.pump()
    with pytest.raises(PutOut, match="bob removed you from the server: spam"):
        result(run.done)
    assert run.server.tries == 1


@pytest.mark.parametrize("count", [1, 40])
def test_lines_that_the_server_delays_are_waited_for(count: int) -> None:
    complaints: list[str] = []
    with House(replace(UNLIMITED, flood=Rate(8, 2.0))) as house:
        lines = [f"line {n}" for n in range(count)]
        send = Send(house, house.clock, Identity("ann"), complaints.append, timeout=3.0)
        done = Deferred.fromCoroutine(send.run("#lobby", lines))
        seconds = 0.0
        while not done.called and seconds < 60.0:
            house.pump(0.25)
            seconds += 0.25
        assert result(done) == 0
        assert (seconds > 15.0) == (count == 40)
        shown = house.visitor("bob").send(f"/history {count}")
        assert [line.partition("> ")[2] for line in shown] == lines
    assert complaints == []


def test_a_room_is_made_only_when_asked() -> None:
    complaints: list[str] = []
    with House(UNLIMITED) as house:
        for room, create, code in (("#typo", False, None), ("#new", True, 0), ("#new", False, 0)):
            send = Send(house, house.clock, Identity("ann"), complaints.append, timeout=3.0)
            done = Deferred.fromCoroutine(send.run(room, ["hello"], create))
            for _ in range(8):
                house.pump(0.25)
            if code is None:
                with pytest.raises(NotDone, match=r"no room #typo.* --create"):
                    result(done)
            else:
                assert result(done) == code
        assert not any("#typo" in row for row in house.visitor("bob").send("/rooms"))


@pytest.mark.parametrize("follow", [True, False])
def test_tail_of_a_room_that_does_not_exist_ends(follow: bool) -> None:
    with House(UNLIMITED) as house:
        tail = Tail(house, house.clock, Identity(), print, print)
        done = Deferred.fromCoroutine(tail.run("#typo", None, follow))
        for _ in range(8):
            house.pump(0.25)
        with pytest.raises(Refused, match="There is no room #typo"):
            result(done)
        assert not any("#typo" in row for row in house.visitor("bob").send("/rooms"))


# tail


def test_tail_shows_the_last_ten_lines_and_all_that_come(run: Run) -> None:
    for number in range(20):
        run.server.said_by_other(str(number))
    run.tail()
    run.server.said_by_other("new")
    run.server.pump()
    assert run.written == [*map(str, range(10, 20)), "new"]
    assert run.finish() == 0


def test_tail_can_begin_with_any_line(run: Run) -> None:
    for text in ("one", "two", "three"):
        run.server.said_by_other(text)
    assert run.tail(since=2).written == ["two", "three"]
    assert run.finish() == 0


@pytest.mark.parametrize("since", [None, 0, 1, 3])
def test_tail_can_end_when_it_has_shown_what_there_is(run: Run, since: int | None) -> None:
    for text in ("one", "two", "three"):
        run.server.said_by_other(text)
    assert result(run.tail(since, follow=False).done) == 0
    assert run.written == ["one", "two", "three"][max((since or 1) - 1, 0) :]


@pytest.mark.parametrize("since", [None, 4, 100])
def test_tail_ends_at_once_where_there_is_nothing(run: Run, since: int | None) -> None:
    if since is not None:
        run.server.said_by_other("one")
    assert result(run.tail(since, follow=False).done) == 0
    assert run.written == []


def test_tail_goes_on_after_a_loss_without_a_gap(run: Run) -> None:
    run.server.said_by_other("one")
    run.tail()
    run.server.kill()
    run.server.said_by_other("two")
    run.pump()
    run.server.said_by_other("three")
    run.server.pump()
    assert run.written == ["one", "two", "three"]
    assert [text[:17] for text in run.complaints] == ["Connection lost (", "Reconnected."]
    assert run.finish() == 0


def test_tail_shows_only_its_room_when_an_account_is_put_into_others(run: Run) -> None:
    run.server.said_by_other("tea?", room="#tea")
    run.tail()
    (link,) = run.server.links
    link.tell(Entered("#tea", "", (), 1, 1, "ann"))
    link.show(run.server.archive["#tea"][0])
    run.server.said_by_other("hello")
    run.server.pump()
    assert run.written == ["hello"]
    run.server.kill()
    run.pump()
    assert [request["room"] for request in run.server.asked("join")] == ["#lobby", "#lobby"]
    assert run.finish() == 0


def test_tail_fails_when_its_output_cannot_be_written(run: Run) -> None:
    run.tail().script.finish(OSError(28, "No space left on device"))
    run.server.pump()
    with pytest.raises(NotDone, match="No space left"):
        result(run.done)


def test_tail_fails_when_the_archive_cannot_be_read(run: Run) -> None:
    run.tail()
    run.server.links[0].tell(Refusal("not-read", "Cannot read earlier messages."))
    run.server.pump()
    with pytest.raises(NotDone, match="Cannot read earlier messages"):
        result(run.done)


def test_lines_are_written_as_text_or_as_the_server_sends_them() -> None:
    line = Said("#lobby", 7, 0.0, "bob", "tea?", False, "", None)
    assert as_text(Words(False))(line) == "[1970-01-01 00:00] <bob> tea?\n"
    assert json.loads(as_json(line)) == {
        "event": "said",
        "room": "#lobby",
        "number": 7,
        "time": "1970-01-01T00:00:00.000Z",
        "from": "bob",
        "text": "tea?",
        "size": 4,
    }
