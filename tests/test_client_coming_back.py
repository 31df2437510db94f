"""A client that has lost its connection reconnects: nothing is missing, and nothing is repeated."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from client_server import (
    Notes,
    Table,
    begun,
    close,
    result,
    waits,
)
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionRefusedError as NobodyListens

from chatsvc.client.login_prompts import Identity
from chatsvc.client.net.failures import Uncertain
from chatsvc.client.net.lifecycle import backoff
from chatsvc.client.net.wire import PATIENCE, PING_EVERY
from chatsvc.model.events import Event
from chatsvc.model.message_events import Kept, Said, Told
from chatsvc.model.requests import Refusal, Refused
from chatsvc.model.room_events import Entered, Talking, Unread
from chatsvc.model.server_events import Goodbye, Pong, Welcome

table = pytest.fixture(begun)


def test_it_comes_back_under_the_same_name_and_secret_where_it_left_off(table: Table) -> None:
    table.server.said_by_other("one")
    table.server.pump()
    table.server.kill()
    table.server.said_by_other("two")
    table.come_back()
    assert table.notes.losses == ["closed by the server"]
    assert table.notes.returns == 1
    first, second = table.server.asked("hello")
    assert first == second
    assert table.server.asked("join")[1] == {"do": "join", "room": "#lobby", "after": 1}
    assert table.notes.texts() == ["one", "two"]


def test_a_room_of_which_nothing_was_shown_is_entered_again_where_it_began(table: Table) -> None:
    for n in range(30):
        table.server.said_by_other(str(n), "#tea")
    result(table.enter("#tea", last=0))
    table.server.kill()
    table.server.said_by_other("new", "#tea")
    table.come_back()
    assert table.notes.texts("#tea") == ["new"]


def test_lines_said_while_away_are_sent_on_return_in_order(table: Table) -> None:
    table.server.kill()
    lines = [table.connection.say(text) for text in ("one", "two", "three")]
    assert all(map(waits, lines))
    table.come_back()
    assert table.server.texts() == ["one", "two", "three"]
    assert [result(line).number for line in lines] == [1, 2, 3]  # type: ignore[union-attr]


def test_a_line_whose_acknowledgement_was_lost_is_sent_again_under_the_same_tag() -> None:
    table = Table()
    result(table.open())
    result(table.enter())
    line = table.connection.say("hi")
    table.server.handle(table.server.links[0])
    table.kill_and_come_back()
    one, other = table.server.asked("say")
    assert one == other
    assert table.server.texts() == ["hi"]
    assert table.notes.texts() == ["hi"]
    assert isinstance(result(line), Said | Kept)


def test_kept_acknowledges_a_line(table: Table) -> None:
    line = table.connection.say("hi")
    link = table.server.links[0]
    link.to_server.clear()
    link.tell(Kept("#lobby", 7), "3")
    table.server.pump()
    assert result(line) == Kept("#lobby", 7)


def test_a_line_that_never_arrived_is_sent_again_to_the_room_it_was_meant_for(table: Table) -> None:
    result(table.enter("#tea"))
    line = table.connection.say("hi")
    table.kill_and_come_back()
    assert table.server.texts("#tea") == ["hi"]
    assert result(line)


def test_the_room_talked_to_is_the_same_afterwards(table: Table) -> None:
    result(table.enter("#tea"))
    table.connection.request("join", rest="#lobby")
    table.server.pump()
    table.kill_and_come_back()
    assert table.server.links[0].here == "#lobby"
    assert table.connection.talking == Talking("#lobby", None)


def test_the_person_talked_to_is_the_same_afterwards(table: Table) -> None:
    table.server.taken = {"bob"}
    table.connection.request("to", rest="bob")
    table.server.pump()
    table.kill_and_come_back()
    assert table.server.links[0].to == "bob"
    table.connection.say("psst")
    table.server.pump()
    assert table.server.asked("msg")[0]["name"] == "bob"
    assert table.server.texts() == []


def test_lines_for_somebody_who_is_gone_never_go_to_the_room(table: Table) -> None:
    table.server.taken = {"bob"}
    table.connection.request("to", rest="bob")
    table.server.pump()
    table.server.kill()
    table.server.taken = set()
    table.connection.say("psst")
    table.come_back()
    assert table.server.texts() == []
    assert any(isinstance(e, Refusal) and "bob" in e.text for e in table.notes.events)


def test_a_private_line_is_not_sent_twice_but_reported(table: Table) -> None:
    line = table.connection.tell("bob", "psst")
    table.server.handle(table.server.links[0])
    table.kill_and_come_back()
    assert len(table.server.asked("msg")) == 1
    with pytest.raises(Uncertain):
        result(line)


def test_a_private_line_said_while_away_goes_out_on_return(table: Table) -> None:
    table.server.kill()
    line = table.connection.tell("bob", "psst")
    table.come_back()
    assert isinstance(result(line), Told)


def test_a_command_is_asked_again_after_a_loss(table: Table) -> None:
    command = table.connection.request("join", rest="#tea")
    table.connection.say("hi")
    table.kill_and_come_back()
    assert isinstance(result(command), Entered)
    assert table.server.texts("#tea") == ["hi"]


def test_a_room_that_was_left_is_not_entered_again(table: Table) -> None:
    result(table.enter("#tea"))
    table.connection.request("leave", rest="#tea")
    table.server.pump()
    assert table.connection.talking == Talking("#lobby", None)
    table.kill_and_come_back()
    assert list(table.server.links[0].seen) == ["#lobby"]


def test_a_new_name_an_absence_and_ignored_people_outlive_a_loss(table: Table) -> None:
    table.connection.request("nick", rest="anna")
    table.connection.request("away", reason="lunch")
    table.connection.request("ignore", name="eve")
    table.server.pump()
    table.server.requests.clear()
    table.kill_and_come_back()
    asked = {request.pop("do"): request for request in table.server.requests}
    assert list(asked) == ["hello", "ignore", "join", "away"]
    assert asked["hello"]["name"] == "anna"
    assert asked["ignore"] == {"name": "eve"}
    assert asked["away"] == {"reason": "lunch"}


def test_a_room_that_cannot_be_entered_again_is_given_up(table: Table) -> None:
    result(table.enter("#tea"))
    table.server.closed.add("#tea")
    table.kill_and_come_back()
    assert Refusal("closed", "It is closed.") in table.notes.events
    assert table.connection.talking == Talking("#lobby", None)
    table.kill_and_come_back()
    assert [request["room"] for request in table.server.asked("join")].count("#tea") == 2


def test_lines_for_a_room_that_cannot_be_entered_again_go_to_no_other(table: Table) -> None:
    result(table.enter("#tea"))
    table.server.closed.add("#tea")
    table.server.kill()
    line = table.connection.say("for the tea room only")
    table.come_back()
    with pytest.raises(Refused, match="not in #tea"):
        result(line)
    assert table.server.texts("#lobby") == []


def test_a_server_with_another_archive_is_read_from_its_beginning(table: Table) -> None:
    for text in ("one", "two", "three"):
        table.server.said_by_other(text)
    table.server.pump()
    table.server.kill()
    table.server.forget()
    table.come_back()
    table.server.said_by_other("new")
    table.server.pump()
    assert table.notes.texts() == ["one", "two", "three", "new"]


def test_a_line_that_is_shown_twice_is_one_event(table: Table) -> None:
    table.server.said_by_other("one")
    table.server.pump()
    table.server.links[0].show(table.server.archive["#lobby"][0])
    table.server.pump()
    assert table.notes.texts() == ["one"]


def test_a_name_taken_meanwhile_is_asked_for_another(table: Table) -> None:
    table.server.kill()
    table.server.taken = {"ann"}
    table.notes.identities = [Identity("ann2")]
    table.come_back()
    assert table.connection.name == "ann2"
    assert table.notes.returns == 1


def test_a_server_that_refuses_us_on_return_is_asked_again_less_and_less_often(
    table: Table,
) -> None:
    table.server.taken = {"ann"}
    table.server.kill()
    tries = []
    for _ in range(200):
        table.clock.advance(1)
        table.server.pump()
        tries.append(table.server.tries)
    waited = [tries.index(n + 1) - tries.index(n) for n in range(2, tries[-1])]
    assert waited == sorted(waited)
    assert waited[-1] > 10
    assert len(table.notes.losses) == 1
    table.server.taken = set()
    table.clock.advance(1000)
    table.server.pump()
    assert table.notes.returns == 1


def test_a_loss_while_a_name_is_being_thought_of_asks_anew() -> None:
    class Thinking(Notes):
        async def refused(self, refusal: Refused, identity: Identity) -> Identity | None:
            self.refusals.append(refusal.text)
            return await (Deferred() if len(self.refusals) == 1 else succeed(Identity("anna")))

    thinking = Thinking()
    table = Table(notes=thinking)
    result(table.open())
    table.server.taken = {"ann"}
    table.kill_and_come_back()
    assert thinking.returns == 0
    table.kill_and_come_back()
    assert thinking.returns == 1
    assert table.connection.name == "anna"


def test_a_server_that_stops_answering_is_noticed(table: Table) -> None:
    table.server.silent = True
    table.clock.advance(PING_EVERY)
    table.clock.advance(PATIENCE)
    table.server.pump()
    assert table.notes.losses == ["the server does not answer"]
    table.server.silent = False
    table.come_back()
    assert table.notes.returns == 1


def test_an_answer_that_came_during_a_stall_counts(table: Table) -> None:
    table.server.silent = True
    table.clock.advance(PING_EVERY)
    wire = table.server.links[0].protocol
    table.clock.callLater(PATIENCE, wire.dataReceived, b'{"event":"pong"}\n')
    table.clock.advance(PATIENCE)
    table.server.pump()
    assert table.notes.losses == []


def test_a_quiet_server_that_answers_pings_is_left_alone(table: Table) -> None:
    for _ in range(1000):
        table.clock.advance(1)
        table.server.pump()
    assert table.notes.losses == []
    assert 30 < len(table.server.asked("ping")) < 35
    assert not any(isinstance(event, Pong) for event in table.notes.events)


def test_the_servers_parting_words_are_the_reason(table: Table) -> None:
    table.server.links[0].tell(Goodbye("The server is stopping."))
    table.server.pump()
    table.server.kill()
    assert table.notes.losses == ["The server is stopping"]


def test_a_server_that_moves_everybody_is_no_loss(table: Table) -> None:
    table.server.move()
    assert (table.notes.moves, table.notes.losses) == (1, [])
    table.clock.advance(0)  # the delay of `retry(0)`
    table.server.pump()
    assert table.notes.returns == 1
    table.server.kill()
    assert (table.notes.moves, table.notes.losses) == (1, ["closed by the server"])


def test_what_a_stopping_server_refuses_is_sent_again_and_stored_once(table: Table) -> None:
    table.server.stopping = True
    saying = [table.connection.say(text) for text in ("one", "two", "three")]
    table.server.pump()
    assert all(map(waits, saying))
    table.server.stopping = False
    table.server.move()
    table.come_back()
    assert [type(result(said)) for said in saying] == [Said, Said, Said]
    assert table.server.texts() == ["one", "two", "three"]


def test_a_private_message_that_a_stopping_server_refuses_is_not_sent_again(table: Table) -> None:
    table.server.stopping = True
    sending = table.connection.tell("bob", "psst")
    table.server.pump()
    with pytest.raises(Refused, match="Not sent"):
        result(sending)


def test_a_moved_client_waits_up_to_a_second_so_that_not_all_come_at_once() -> None:
    delays = [backoff(0) for _ in range(1000)]
    assert 0 <= min(delays) < 0.2
    assert 0.8 < max(delays) <= 1


# Every schedule


class Schedule:
    """Random steps: lines said in two rooms, and whatever can go wrong meanwhile."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.table = Table()
        result(self.table.open())
        result(self.table.enter("#tea"))
        result(self.table.enter("#lobby"))
        self.room = "#lobby"
        self.lines: list[Deferred[Event | None]] = []
        self.wanted: dict[str, list[str]] = {"#lobby": [], "#tea": []}

    def play(self) -> None:
        self.chance.choice(
            [self.say, self.other, self.switch, self.kill, self.down, *[self.arrive] * 4, self.wait]
        )()

    def say(self) -> None:
        text = f"own {len(self.lines)}"
        self.lines.append(self.table.connection.say(text))
        self.wanted[self.room].append(text)

    def other(self) -> None:
        self.table.server.said_by_other(
            f"other {self.chance.random()}", self.chance.choice(list(self.wanted))
        )

    def switch(self) -> None:
        if self.chance.random() < 0.3:
            self.room = self.chance.choice(list(self.wanted))
            self.table.connection.request("join", rest=self.room)

    def kill(self) -> None:
        if self.chance.random() < 0.3:
            self.table.server.kill()

    def down(self) -> None:
        self.table.server.down = self.chance.choice([None, None, NobodyListens()])

    def arrive(self) -> None:
        for link in self.table.server.links[:]:
            if link.to_server and self.chance.random() < 0.5:
                self.table.server.handle(link)
            elif link.to_client:
                link.protocol.dataReceived(link.to_client.popleft())

    def wait(self) -> None:
        self.table.clock.advance(self.chance.random() * 4)

    def end_well(self) -> None:
        self.table.server.down = None
        for _ in range(20):
            self.table.come_back()


@pytest.mark.parametrize("seed", range(100))
def test_every_line_is_kept_once_and_shown_once_whatever_is_lost_when(seed: int) -> None:
    schedule = Schedule(seed)
    for _ in range(300):
        schedule.play()
    schedule.end_well()
    assert all(result(line) for line in schedule.lines)
    for room, wanted in schedule.wanted.items():
        kept = schedule.table.server.texts(room)
        assert [text for text in kept if text.startswith("own")] == wanted
        assert schedule.table.notes.texts(room) == kept


def test_whoever_was_let_in_comes_back_though_it_breaks_before_they_are_in_their_rooms() -> None:
    table = Table(everywhere=True)
    server, hello, join = table.server, table.server.do_hello, table.server.do_join

    def welcome(link: Any, tag: str | None, request: dict[str, Any]) -> Event:
        event = hello(link, tag, request)
        assert isinstance(event, Welcome)
        return replace(event, account="ann", rooms=(Unread("#tea", 0, 0),))

    def break_off(link: Any, tag: str | None, request: dict[str, Any]) -> None:
        server.do_join = join  # type: ignore[method-assign]
        server.kill()

    server.do_hello, server.do_join = welcome, break_off  # type: ignore[method-assign]
    result(table.open())
    assert (table.notes.returns, len(table.notes.losses)) == (0, 1)
    table.come_back()
    assert table.notes.returns == 1
    assert table.connection.here
    assert table.connection.rooms == ("#tea",)
    close(table)
