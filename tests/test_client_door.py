"""Logging in with the client, in memory: refusals, retries, and being removed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from client_house import HERE, MEMBER, OTHER, House, Visit
from client_server import result
from staff import SECRET

from chatsvc.client.login_prompts import Identity
from chatsvc.client.net.failures import NotConnected, PutOut
from chatsvc.model.rate_limits import UNLIMITED
from chatsvc.model.requests import Refused


@pytest.fixture
def house() -> Iterator[House]:
    with House() as house:
        yield house


# Joining


def test_a_registered_name_is_met_with_a_question_for_its_password(house: House) -> None:
    house.member()
    ann = Visit(house)
    assert ann.screen.lines == [
        "* ann is a registered name. If it is yours, type your password."
        " Otherwise, press Enter to join as ann2, or type: /name another"
    ]
    assert ann.screen.prompts[-1] == ("Password: ", True)
    assert ann.type("wrong-one") == ["* Wrong password. Try again, or press Enter to join as ann2."]
    assert ann.screen.prompts[-1] == ("Password: ", True)
    ann.type(SECRET)
    assert ann.where == ("ann", "ann", ["#lobby"])
    assert ann.prompt == "#lobby> "


def test_an_empty_answer_takes_the_name_that_is_free(house: House) -> None:
    house.member()
    ann = Visit(house)
    ann.type("")
    assert ann.where == ("ann2", None, ["#lobby"])


def test_the_chats_password_is_asked_for_before_the_names_own() -> None:
    with House(password="sesame") as house:
        house.visitor("ann", "sesame", f"/register {SECRET}").hang_up()
        ann = Visit(house)
        assert ann.type("mellon") == ["* Wrong password. Try again:"]
        assert ann.type("sesame")[0].startswith("* ann is a registered name.")
        ann.type(SECRET)
        assert ann.where[1] == "ann"
        ann.lose()
        assert ann.where[1] == "ann"


def test_whoever_guesses_is_asked_as_long_as_the_server_allows(house: House) -> None:
    house.member()
    ann = Visit(house)
    for n in range(20):
        ann.type(f"guess-{n}")
    with pytest.raises(NotConnected, match="Too many failed attempts"):
        result(ann.done)
    assert house.cables == []


def test_ending_the_input_at_the_question_leaves(house: House) -> None:
    house.member()
    ann = Visit(house)
    ann.screen.end()
    house.pump()
    with pytest.raises(NotConnected):
        result(ann.done)
    assert ann.screen.closed


def test_a_password_given_with_the_name_asks_nothing(house: House) -> None:
    house.member()
    ann = Visit(house, MEMBER)
    assert ann.where == ("ann", "ann", ["#lobby"])


def test_a_password_for_a_name_that_is_not_registered_is_refused(house: House) -> None:
    ann = Visit(house, MEMBER)
    with pytest.raises(Refused, match=r"ann is not registered\. Join without a password"):
        result(ann.done)


@pytest.mark.parametrize(
    ("identity", "code"),
    [(Identity("ann"), "registered"), (Identity("ann", None, OTHER), "wrong-password")],
)
def test_a_pipe_is_not_asked_and_takes_no_other_name(
    house: House, identity: Identity, code: str
) -> None:
    house.member()
    pipe = Visit(house, identity, interactive=False)
    with pytest.raises(Refused) as refused:
        result(pipe.done)
    assert refused.value.code == code
    assert house.tries == 1


@pytest.mark.parametrize("interactive", [True, False])
def test_too_many_connections_are_waited_for_from_the_beginning(interactive: bool) -> None:
    with House(replace(UNLIMITED, per_address=1)) as house:
        first = house.chat.connect(HERE)
        first.send("eve")
        ann = Visit(house, interactive=interactive)
        for _ in range(9):
            ann.wait(30.0)
        assert ann.screen.lines == [
            "* 192.0.2.1 already has 1 connection, the maximum."
            " Close one and try again. Trying again soon."
        ]
        assert 5 < house.tries < 20
        first.hang_up()
        ann.wait(60.0)
        assert ann.where == ("ann", None, ["#lobby"])


def test_connections_that_come_too_often_wait_after_a_loss() -> None:
    with House(replace(UNLIMITED, arrivals=1, arrivals_within=100.0)) as house:
        ann = Visit(house)
        shown = [line for line in ann.lose() + ann.wait(30.0) if "Trying again" in line]
        assert len(shown) == 1
        assert shown[0].startswith("* Too many new connections from 192.0.2.1")
        ann.wait(100.0)
        ann.wait(100.0)
        assert ann.where == ("ann", None, ["#lobby"])


def test_after_too_many_wrong_passwords_one_comes_back_later_and_as_before() -> None:
    with House(replace(UNLIMITED, attempts=1, attempts_within=60.0)) as house:
        house.member()
        ann = Visit(house, MEMBER)
        house.lose()
        stranger = house.chat.connect(HERE)
        stranger.send("ann", "wrong-one")
        attempts = house.chat.hub.accounts.attempts
        attempts.known._known.clear()  # as if ann had never logged in from here
        (shown,) = ann.wait(10.0) + ann.wait(10.0)
        assert shown.startswith("* Too many wrong passwords. Try again in ")
        ann.wait(60.0)
        ann.wait(60.0)
        assert ann.where == ("ann", "ann", ["#lobby"])


# Being removed


def test_who_is_put_out_of_a_room_does_not_come_back_into_it(house: House) -> None:
    house.member("/join #tea")
    ann = Visit(house, MEMBER, room="#tea")
    house.operator("/join #tea", "/kick --here ann too loud")
    assert ann.type()[-2:] == [
        "* bob removed you from #tea: too loud",
        "* Your messages now go to #lobby.",
    ]
    assert ann.prompt == "#lobby> "
    ann.lose()
    assert ann.where[2] == ["#lobby"]
    ann.kill()
    assert ann.where[2] == ["#lobby"]


def test_a_room_that_refuses_us_afterwards_is_told_once_and_done_without(house: House) -> None:
    bob = house.operator("/join #tea")
    house.member("/join #tea")
    ann = Visit(house, MEMBER)
    house.lose()
    bob.send("/ban --here ann spam")
    shown = ann.wait(10.0)
    assert [line for line in shown if "banned" in line] == ["* You are banned in #tea: spam."]
    assert ann.where == ("ann", "ann", ["#lobby"])
    assert not any("banned" in line for line in ann.lose() + ann.lose())


def test_a_password_of_a_room_that_is_lost_is_told_and_the_other_rooms_stay(house: House) -> None:
    house.operator("/join #tea", "/set password sesame")
    ann = Visit(house)
    ann.type("/join #tea sesame")
    assert ann.prompt == "#tea> "
    assert "* #tea requires a password: /join #tea password" in ann.kill()
    assert ann.where[2] == ["#lobby"]
    assert ann.prompt == "#lobby> "


@pytest.mark.parametrize("interactive", [True, False])
@pytest.mark.parametrize("act", ["kick", "ban"])
def test_who_is_put_out_leaves_with_the_servers_sentence(
    house: House, act: str, interactive: bool
) -> None:
    ann = Visit(house, interactive=interactive)
    ann.type("hello")
    house.operator(f"/{act} ann spam")
    ann.wait(1000.0)
    with pytest.raises(PutOut, match=r"^bob removed you from the server: spam\.$"):
        result(ann.done)
    assert ann.talk.connection.talking.room == "#lobby"
    assert ann.screen.closed
    assert house.tries == 1


@pytest.mark.parametrize(
    ("command", "sentence"),
    [("/ban name=ann 2d spam", "You are banned: spam."), ("/lockdown on", "Only registered")],
)
def test_who_is_not_wanted_back_leaves_with_the_servers_sentence(
    house: House, command: str, sentence: str
) -> None:
    ann = Visit(house)
    house.lose()
    house.operator(command)
    ann.type("one", "two")
    ann.wait(1000.0)
    with pytest.raises(Refused, match=sentence):
        result(ann.done)
    assert ann.screen.lines[-1] == "* 2 messages not sent."
    assert house.tries == 2


def test_a_connection_that_was_ended_from_another_one_stays_ended(house: House) -> None:
    house.member()
    ann = Visit(house, MEMBER)
    house.visitor("ann", SECRET, "/sessions 1")
    ann.wait(1000.0)
    with pytest.raises(PutOut, match="You ended this connection from another one"):
        result(ann.done)


def test_an_account_that_is_removed_ends_its_other_connections(house: House) -> None:
    house.member()
    phone = house.visitor("ann", SECRET)
    ann = Visit(house, MEMBER)
    phone.send(f"/unregister {SECRET}")
    ann.wait(1000.0)
    with pytest.raises(PutOut, match="Your account ann was deleted"):
        result(ann.done)


def test_a_server_that_stops_is_waited_for(house: House) -> None:
    ann = Visit(house)
    house.chat.hub.start(house.chat.hub.close())
    house.down = True
    assert ann.wait(10.0)[0].startswith("* Connection lost (The server is stopping.")
    house.down = False
    ann.kill()
    ann.wait(60.0)
    assert ann.where == ("ann", None, ["#lobby"])
