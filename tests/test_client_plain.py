"""The plain client, for a person or a pipe: what is typed, and what is shown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from client_house import Screen
from client_server import FakeServer, result
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionRefusedError as NobodyListens
from twisted.internet.task import Clock

from chatsvc.cli.plain import FULL, PlainChat
from chatsvc.client.login_prompts import Identity
from chatsvc.client.net.failures import NotConnected
from chatsvc.client.words import Words, colour
from chatsvc.model.message_events import Told
from chatsvc.model.requests import Refused
from chatsvc.model.room_events import Entered, Left
from chatsvc.model.server_events import Asked, Goodbye


class Visit:
    """A user at a screen, in a chat of a fake server."""

    def __init__(self, interactive: bool = True, colours: bool = False) -> None:
        self.clock = Clock()
        self.server = FakeServer(self.clock)
        self.screen = Screen(interactive)
        self.talk = PlainChat(self.server, self.clock, self.screen, Words(colours), Identity("ann"))
        self.done: Deferred[int]

    def begin(self) -> Visit:
        self.done = Deferred.fromCoroutine(self.talk.run("#lobby"))
        self.server.pump()
        return self

    def type(self, *lines: str) -> list[str]:
        """Type lines; return what is shown then."""
        before = len(self.screen.lines)
        for line in lines:
            self.screen.type(line)
        self.server.pump()
        return self.screen.lines[before:]

    def hear(self, event: object) -> list[str]:
        """Let the server send something; return what is shown then."""
        self.server.links[0].tell(event)  # type: ignore[arg-type]
        return self.type()

    def come_back(self) -> list[str]:
        before = len(self.screen.lines)
        self.clock.advance(10)
        self.server.pump()
        return self.screen.lines[before:]

    def end(self) -> None:
        self.screen.end()
        self.server.pump()


@pytest.fixture
def person() -> Iterator[Visit]:
    visit = Visit().begin()
    yield visit
    visit.server.down = None
    visit.come_back()
    visit.end()
    result(visit.done)


@pytest.fixture
def pipe() -> Iterator[Visit]:
    visit = Visit(interactive=False).begin()
    yield visit
    visit.end()
    result(visit.done)


def test_coming_in_says_where_one_is_and_what_to_do(person: Visit) -> None:
    assert person.screen.lines == [
        "* You are in #lobby, and nobody else is here yet.",
        "* Type to talk, /help for commands, /quit to leave.",
    ]
    assert person.screen.prompts[-1] == ("#lobby> ", False)


def test_ones_own_lines_are_by_you_and_others_by_their_names(person: Visit) -> None:
    assert person.type("yes, three it is") == ["[1970-01-01 00:00] You: yes, three it is"]
    person.server.said_by_other("fine")
    assert person.type() == ["[1970-01-01 00:00] <bob> fine"]


def test_lines_of_other_rooms_say_so(person: Visit) -> None:
    person.type("/join #tea")
    person.server.said_by_other("fine")
    assert person.type() == ["[1970-01-01 00:00] #lobby <bob> fine"]


def test_commands_are_the_servers(person: Visit) -> None:
    assert person.type("/msg bob the code is 4711") == ["* to bob: the code is 4711"]
    assert person.server.requests[-1] == {"do": "msg", "rest": "bob the code is 4711"}


def test_aliases_are_as_the_server_says(person: Visit) -> None:
    person.type("/W bob hi", "!msg bob hi")
    assert [request["rest"] for request in person.server.asked("msg")] == ["bob hi", "bob hi"]


def test_unknown_commands_are_refused_by_the_server(person: Visit) -> None:
    assert person.type("/dance") == ["* Unknown command /dance."]


def test_a_line_that_only_looks_like_a_command_is_said(person: Visit) -> None:
    person.type("!important", "//word", "\\o/")
    assert person.server.texts() == ["!important", "/word", "\\o/"]


def test_me_is_a_line_of_the_room(person: Visit) -> None:
    assert person.type("/me makes tea") == ["[1970-01-01 00:00] * ann makes tea"]
    assert person.server.asked("me")[0] == {"do": "me", "text": "makes tea", "room": "#lobby"}


def test_empty_lines_are_nothing(person: Visit) -> None:
    before = len(person.server.requests)
    assert person.type("", "  ", "/empty") == []
    assert len(person.server.requests) == before


def test_clear_clears_this_screen_only(person: Visit) -> None:
    person.type("/clear")
    assert person.screen.cleared == 1
    assert person.server.asked("clear") == []


def test_a_question_of_the_server_is_answered_by_the_next_line(person: Visit) -> None:
    person.server.taken = {"bob"}
    assert person.hear(Asked("to", "To whom?", ("bob", "carol"))) == [
        "*   1  bob", "*   2  carol", "* To whom?",
    ]  # fmt: skip
    person.type("bob", "psst")
    assert person.server.asked("to") == [{"do": "to", "rest": "bob"}]
    assert person.server.asked("msg")[0]["name"] == "bob"
    assert person.screen.prompts[-1][0] == "bob> "


def test_quit_leaves_with_words_when_everything_is_kept(person: Visit) -> None:
    assert person.type("one", "two", "/quit see you")[-1] == "* Goodbye, ann."
    assert person.server.texts() == ["one", "two"]
    assert person.server.asked("quit") == [{"do": "quit", "words": "see you"}]
    assert result(person.done) == 0
    assert person.screen.closed


def test_exit_is_an_alias_of_quit(person: Visit) -> None:
    person.type("/exit")
    assert result(person.done) == 0


def test_a_loss_and_what_is_typed_meanwhile(person: Visit) -> None:
    person.server.kill()
    assert person.screen.lines[-1] == (
        "* Connection lost (closed by the server). What"
        " you type is saved and sent after reconnecting."
    )
    assert person.type("one", "two") == ["* Not sent yet: one", "* Not sent yet: two"]
    assert person.come_back() == [
        "* Reconnected.",
        "* You are in #lobby, and nobody else is here yet.",
        "[1970-01-01 00:00] You: one",
        "[1970-01-01 00:00] You: two",
    ]


def test_the_servers_goodbye_is_told_once_with_the_loss(person: Visit) -> None:
    person.hear(Goodbye("The server is stopping."))
    person.server.kill()
    assert len([line for line in person.screen.lines if "stopping" in line]) == 1


def test_a_private_line_that_may_not_have_arrived_is_told_about(person: Visit) -> None:
    person.screen.type("/msg bob psst")
    person.server.handle(person.server.links[0])
    person.server.kill()
    assert person.screen.lines[-1] == (
        "* The connection was lost. This may not have arrived: /msg bob psst"
    )


def test_leaving_while_away_waits_for_what_was_typed(person: Visit) -> None:
    person.server.kill()
    person.type("one", "/quit")
    assert person.screen.lines[-1] == (
        "* 1 message not sent yet. Waiting to send; Ctrl-C leaves without sending."
    )
    assert not person.done.called
    person.come_back()
    person.server.pump()
    assert person.server.texts() == ["one"]
    assert result(person.done) == 0


def test_ctrl_c_says_what_was_not_sent_and_leaves() -> None:
    visit = Visit().begin()
    visit.server.kill()
    visit.type("one", "two")
    visit.done.cancel()
    visit.server.pump()
    with pytest.raises(CancelledError):
        result(visit.done)
    assert visit.screen.lines[-1] == "* 2 messages not sent."
    assert visit.screen.closed


def test_why_one_is_not_let_in_again_is_said_once(person: Visit) -> None:
    person.server.kill()
    person.server.password = "new"
    before = len(person.screen.lines)
    for _ in range(5):
        person.come_back()
    assert person.screen.lines[before:] == ["* Wrong password."]
    person.server.password = None
    assert "* Reconnected." in person.come_back() + person.come_back()


def test_a_name_taken_meanwhile_is_replaced(person: Visit) -> None:
    person.server.kill()
    person.server.taken = {"ann"}
    assert "* ann is already in use. You are now ann2." in person.come_back()


def test_a_person_is_asked_for_another_name() -> None:
    visit = Visit()
    visit.server.taken = {"ann", "eve"}
    visit.begin()
    assert visit.screen.lines == [
        "* ann is already in use. Press Enter to join as ann2, or type another name."
    ]
    assert visit.screen.reading
    visit.type("eve")
    visit.type("")
    assert visit.talk.connection.name == "eve2"
    visit.type("/quit")
    assert result(visit.done) == 0


def test_a_person_is_asked_for_the_password_unseen() -> None:
    visit = Visit()
    visit.server.password = "sesame"
    visit.begin()
    assert visit.screen.prompts[-1] == ("Password: ", True)
    visit.type("wrong")
    assert visit.screen.prompts[-1] == ("Password: ", True)
    visit.type("sesame", "first words")
    assert visit.server.texts() == ["first words"]
    visit.type("/quit")
    assert result(visit.done) == 0


def test_ending_the_input_is_an_answer_too() -> None:
    visit = Visit()
    visit.server.taken = {"ann"}
    visit.begin().end()
    with pytest.raises(NotConnected):
        result(visit.done)
    assert visit.screen.closed


def test_a_server_that_is_not_there_ends_it() -> None:
    visit = Visit()
    visit.server.down = NobodyListens()
    visit.begin()
    visit.server.pump()
    with pytest.raises(NotConnected, match="connection refused"):
        result(visit.done)
    assert visit.screen.closed


def test_a_room_that_cannot_be_entered_ends_it() -> None:
    visit = Visit()
    visit.done = Deferred.fromCoroutine(visit.talk.run("#closed"))
    visit.server.pump()
    with pytest.raises(Refused, match="closed"):
        result(visit.done)


# In a pipe


def test_a_pipe_is_said_line_by_line_and_its_end_waits_until_all_is_kept(pipe: Visit) -> None:
    for line in ("one", "two", "three"):
        pipe.screen.type(line)
    pipe.end()
    assert pipe.server.texts() == ["one", "two", "three"]
    assert result(pipe.done) == 0
    assert [line[-5:] for line in pipe.screen.lines[1:4]] == [": one", ": two", "three"]


def test_a_pipe_in_which_something_was_refused_fails(pipe: Visit) -> None:
    pipe.type("/dance")
    pipe.end()
    assert result(pipe.done) == 1


def test_a_pipe_takes_the_name_that_is_suggested() -> None:
    visit = Visit(interactive=False)
    visit.server.taken = {"ann"}
    visit.begin()
    assert visit.screen.lines[0] == "* ann is already in use. You are now ann2."
    visit.end()
    assert result(visit.done) == 0


def test_a_pipe_with_a_wrong_password_fails() -> None:
    visit = Visit(interactive=False)
    visit.server.password = "sesame"
    visit.begin()
    with pytest.raises(Refused, match="Wrong password"):
        result(visit.done)


def test_a_pipe_is_read_no_faster_than_its_lines_are_kept(pipe: Visit) -> None:
    for number in range(FULL + 1):
        assert pipe.screen.reading
        pipe.screen.type(str(number))
    assert not pipe.screen.reading
    pipe.server.pump()
    assert pipe.screen.reading
    assert len(pipe.server.texts()) == FULL + 1


# Colours


def test_each_person_has_a_colour_and_notices_are_faint() -> None:
    visit = Visit(colours=True).begin()
    visit.server.said_by_other("one", sender="bob")
    visit.server.said_by_other("two", sender="Bob")
    one, two = visit.type()
    assert one == f"[1970-01-01 00:00] \x1b[{colour('bob')}m<bob>\x1b[0m one"
    assert f"\x1b[{colour('bob')}m<Bob>" in two
    assert visit.type("mine") == ["[1970-01-01 00:00] \x1b[1mYou:\x1b[0m mine"]
    assert visit.hear(Left("#lobby", ("bob",))) == ["\x1b[2m* bob left.\x1b[0m"]
    assert visit.hear(Told("bob", "ann", "psst", 0.0)) == ["\x1b[1m* bob whispers: psst\x1b[0m"]
    visit.type("/quit")


def test_no_server_can_move_the_screen(person: Visit) -> None:
    person.server.said_by_other("\x1b[2J\x1b]0;title\x07hello")
    assert person.type() == ["[1970-01-01 00:00] <bob> hello"]
    shown = person.hear(Entered("#tea", "\x1b[31mred\r\nline", ("b\x1b[1mob",), 2, 0, "ann"))
    assert not any("\x1b" in line or "\r" in line for line in shown)


def test_a_server_that_moves_everybody_is_one_quiet_sentence(person: Visit) -> None:
    person.server.move()
    person.type("typed meanwhile")
    assert person.come_back() == [
        "* Reconnected after a restart of the server.",
        "* You are in #lobby, and nobody else is here yet.",
        "[1970-01-01 00:00] You: typed meanwhile",
    ]
    assert not any("lost" in line for line in person.screen.lines)
