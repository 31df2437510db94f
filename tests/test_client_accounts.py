"""Accounts at the client, in memory: identity and rooms, whatever is lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from client_house import MEMBER, OTHER, House, Visit
from client_server import result
from staff import SECRET

from chatsvc.client.login_prompts import Identity
from chatsvc.client.passwords import masked
from chatsvc.model.requests import Refused


@pytest.fixture
def house() -> Iterator[House]:
    with House() as house:
        yield house


# The rooms of an account


def test_one_comes_into_all_rooms_of_ones_account_and_sees_what_is_new_once(house: House) -> None:
    house.member("/join #tea", "in tea", "/room #lobby", "in the lobby")
    house.visitor("bob", "one", "two", "/join #tea", "three")
    ann = Visit(house, MEMBER)
    assert ann.screen.lines == [
        "* You are in #tea with bob. 1 new since you left.",
        "[1970-01-01 00:00] #tea <bob> three",
        "* You are in #lobby with bob. 2 new since you left.",
        "[1970-01-01 00:00] <bob> one",
        "[1970-01-01 00:00] <bob> two",
        "* Type to talk, /help for commands, /quit to leave.",
    ]
    assert ann.prompt == "#lobby> "


def test_one_talks_in_a_room_of_ones_own_where_the_lobby_is_none(house: House) -> None:
    house.member("/join #tea", "/leave #lobby")
    ann = Visit(house, MEMBER)
    assert ann.where == ("ann", "ann", ["#tea"])
    assert ann.prompt == "#tea> "


def test_a_room_that_is_asked_for_is_entered_as_well_and_talked_in(house: House) -> None:
    house.member("/join #tea")
    ann = Visit(house, MEMBER, room="#garden")
    assert ann.where[2] == ["#garden", "#lobby", "#tea"]
    assert ann.prompt == "#garden> "


def test_a_room_that_is_asked_for_is_not_read_again_after_a_loss(house: House) -> None:
    house.member("hello")
    ann = Visit(house, MEMBER, room="#lobby")
    assert not any("hello" in line for line in ann.screen.lines + ann.lose())


def test_of_a_long_absence_only_the_last_lines_are_shown(house: House) -> None:
    house.member("hello")
    house.visitor("bob", *(f"line {n}" for n in range(300)))
    ann = Visit(house, MEMBER)
    shown = [line for line in ann.screen.lines if "<bob>" in line]
    assert [shown[0][-8:], shown[-1][-8:], len(shown)] == ["line 100", "line 299", 200]


def test_lines_are_shown_once_when_the_chat_was_killed(house: House) -> None:
    house.member("/join #tea")
    ann = Visit(house, MEMBER)
    bob = house.visitor("bob", "one", "/join #tea", "two")
    ann.type("three")
    ann.kill()
    assert ann.where == ("ann", "ann", ["#lobby", "#tea"])
    bob = house.visitor("bob", "/join #tea", "four", "/room #lobby", "five")
    ann.type("six")
    ann.lose()
    said = [line.split()[-1] for line in ann.screen.lines if line.startswith("[")]
    assert sorted(said) == ["five", "four", "one", "six", "three", "two"]
    assert [line for line in bob.read() if "six" in line] == ["[1970-01-01 00:00] <ann> six"]


def test_a_room_entered_from_elsewhere_is_entered_here_and_again_after_a_loss(house: House) -> None:
    house.member()
    house.visitor("bob", "/join #tea", "before")
    ann = Visit(house, MEMBER)
    phone = house.visitor("ann", SECRET, "/join #tea")
    assert ann.type() == ["* You are in #tea with bob."]
    assert ann.prompt == "#lobby> "
    assert not any("before" in line for line in ann.lose())
    phone.send("from the phone")
    assert ann.type() == ["[1970-01-01 00:00] #tea <ann> from the phone"]
    ann.kill()
    assert ann.where == ("ann", "ann", ["#lobby", "#tea"])
    assert ann.prompt == "#lobby> "
    phone = house.visitor("ann", SECRET, "/leave #tea")
    assert ann.type() == ["* You left #tea. Your messages now go to #lobby."]
    ann.lose()
    assert ann.where[2] == ["#lobby"]
    phone.hang_up()


def test_a_room_entered_from_elsewhere_during_a_loss_is_entered_afterwards(house: House) -> None:
    house.member()
    ann = Visit(house, MEMBER)
    house.lose()
    house.visitor("ann", SECRET, "/join #tea").hang_up()
    ann.wait(10.0)
    assert ann.where[2] == ["#lobby", "#tea"]
    assert ann.prompt == "#lobby> "


# Changing the identity


def test_whoever_registers_comes_back_as_that(house: House) -> None:
    ann = Visit(house)
    ann.type("/join #tea")
    assert ann.type(f"/register {SECRET} ann@example.org") == [
        "* ann is now the founder of #tea.",
        "* ann is now registered to you. Next time, sign in with this name and your password.",
    ]
    ann.kill()
    assert ann.where == ("ann", "ann", ["#lobby", "#tea"])


@pytest.mark.parametrize("login", [f"/login ann {SECRET}", f"!Login  ann  {SECRET}"])
def test_whoever_logs_in_comes_back_as_that_into_the_same_rooms(house: House, login: str) -> None:
    house.member("/join #tea", "/room #lobby")
    ann = Visit(house, Identity("guest"))
    ann.type("/join #garden")
    assert ann.type(login) == [
        "* ann is now the founder of #garden.",
        "* You are logged in as ann.",
        "* You are in #tea, and nobody else is here yet.",
    ]
    assert ann.prompt == "#garden> "
    for lose in (ann.lose, ann.kill):
        lose()
        assert ann.where == ("ann", "ann", ["#garden", "#lobby", "#tea"])
        assert ann.prompt == "#garden> "


def test_what_a_guest_chose_is_not_the_accounts_choice(house: House) -> None:
    house.member()
    ann = Visit(house, Identity("carol"))
    ann.type("/away lunch", "/ignore eve", f"/login ann {SECRET}")
    ann.lose()
    assert ann.type("/ignore") == ["* Your ignore list is empty."]
    assert "away" not in ann.type("/whois ann")[0]


def test_a_password_alone_logs_in_under_the_name_one_has(house: House) -> None:
    house.member()
    ann = Visit(house)
    ann.type("")
    ann.type("/nick carol")
    ann.type(f"/register {OTHER}")
    ann.type("/logout", f"/login carol {OTHER}", "/logout")
    assert ann.type(f"/login {OTHER}")[0].startswith("* guest-")
    assert ann.where[1] is None


def test_whoever_logs_out_is_a_guest_in_the_lobby_and_comes_back_as_one(house: House) -> None:
    house.member("/join #tea")
    ann = Visit(house, MEMBER)
    ann.type("/logout")
    assert ann.where == ("guest-1", None, ["#lobby"])
    assert ann.prompt == "#lobby> "
    assert ann.lose()[1] == "* Reconnected."
    assert ann.where == ("guest-1", None, ["#lobby"])


def test_whoever_gives_the_name_up_comes_back_as_a_guest(house: House) -> None:
    house.member("/join #tea", "/room #lobby")
    ann = Visit(house, MEMBER)
    ann.type(f"/unregister {SECRET}")
    ann.kill()
    assert ann.where == ("ann", None, ["#lobby", "#tea"])


def test_a_new_password_is_the_one_to_come_back_with(house: House) -> None:
    house.member()
    ann = Visit(house, MEMBER)
    ann.type(f"/passwd {OTHER} {SECRET}")  # refused: the old one stays valid
    ann.lose()
    assert ann.where[1] == "ann"
    assert ann.type(f"/passwd {SECRET} {OTHER}") == ["* Password changed."]
    ann.lose()
    assert ann.where[1] == "ann"


def test_another_name_is_kept_over_a_loss(house: House) -> None:
    house.member()
    ann = Visit(house, MEMBER)
    ann.type("/nick anna")
    for lose in (ann.lose, ann.kill):
        lose()
        assert ann.where == ("anna", "ann", ["#lobby"])
        assert ann.talk.connection.name == "anna"
    ann.type("/nick ann")
    ann.kill()
    assert ann.where == ("ann", "ann", ["#lobby"])


def test_a_password_that_was_changed_meanwhile_is_tried_once_and_one_is_a_guest(
    house: House,
) -> None:
    house.member()
    ann = Visit(house, MEMBER)
    house.lose()
    house.visitor("ann", SECRET, f"/passwd {SECRET} {OTHER}").hang_up()
    assert ann.wait(10.0)[0] == (
        "* Wrong password. You are now ann2. To sign in again: /login ann password"
    )
    where: object = ann.where
    assert where == ("ann2", None, ["#lobby"])
    ann.type(f"/login ann {OTHER}")
    ann.lose()
    assert ann.where == ("ann", "ann", ["#lobby"])


def test_a_pipe_whose_password_was_changed_ends(house: House) -> None:
    house.member()
    pipe = Visit(house, MEMBER, interactive=False)
    house.lose()
    house.visitor("ann", SECRET, f"/passwd {SECRET} {OTHER}").hang_up()
    pipe.wait(10.0)
    with pytest.raises(Refused, match="Wrong password"):
        result(pipe.done)
    assert house.tries == 2


def test_whoever_is_not_registered_any_more_comes_back_as_a_guest(house: House) -> None:
    house.member()
    ann = Visit(house, MEMBER)
    house.lose()
    house.visitor("ann", SECRET, f"/unregister {SECRET}").send("/quit")
    assert ann.wait(10.0)[0] == "* ann is no longer registered. You are now a guest."
    assert ann.where == ("ann", None, ["#lobby"])


# Lost answers


def lose_the_answer(ann: Visit, line: str) -> list[str]:
    """Type a line that the server carries out, and lose its answer; return what is shown then."""
    ann.screen.type(line)
    (cable,) = ann.house.cables
    cable.server.send(cable.transport.value())
    return ann.lose()


def test_a_lost_answer_to_register_is_found_out_on_the_way_back(house: House) -> None:
    ann = Visit(house)
    shown = lose_the_answer(ann, f"/register {SECRET}")
    assert shown[1] == (
        "* The connection was lost. This may not have arrived: /register *************"
    )
    assert ann.where == ("ann", "ann", ["#lobby"])


def test_a_lost_answer_to_passwd_is_found_out_on_the_way_back(house: House) -> None:
    house.member()
    ann = Visit(house, MEMBER)
    lose_the_answer(ann, f"/passwd {SECRET} {OTHER}")
    assert ann.where == ("ann", "ann", ["#lobby"])


def test_whoever_does_not_know_whether_they_are_logged_in_is(house: House) -> None:
    house.member("/join #tea")
    ann = Visit(house, Identity("carol"))
    lose_the_answer(ann, f"/login ann {SECRET}")
    assert ann.where == ("ann", "ann", ["#lobby", "#tea"])


def test_a_login_typed_during_a_loss_follows_and_is_not_shown(house: House) -> None:
    house.member()
    ann = Visit(house, Identity("carol"))
    house.lose()
    assert ann.type(f"/login ann {SECRET}") == ["* Not sent yet: /login *** *************"]
    ann.wait(10.0)
    assert ann.where[1] == "ann"
    assert not any(SECRET in line for line in ann.screen.lines)


def test_a_password_is_never_said_even_where_the_command_is_not_known_yet(house: House) -> None:
    bob = house.visitor("bob")
    ann = Visit(house)
    ann.type(f"!passwd {SECRET} {OTHER}", f"\\unregister {SECRET}", "!what?")
    assert bob.read() == ["* ann joined.", "[1970-01-01 00:00] <ann> !what?"]


def test_private_lines_are_shown_once_when_the_chat_forgot_that_they_were(house: House) -> None:
    house.member()
    ann = Visit(house, MEMBER)
    house.visitor("bob", "/msg ann psst", "/msg ann again", register=True)
    shown = ann.type() + ann.kill()
    assert [line for line in shown if "bob whispers" in line] == [
        "* bob whispers: psst",
        "* bob whispers: again",
    ]


# Which words are passwords


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("/login ann correct-horse", "/login *** *************"),
        ("/Register secret ann@example.org", "/Register ****** ***************"),
        ("\x01 /passwd old new", "\x01 /passwd *** ***"),
        ("!unregister secret", "!unregister ******"),
        ("\\login secret", "\\login ******"),
        ("/login", "/login"),
        ("//login is a command", "//login is a command"),
        ("how do I /login here?", "how do I /login here?"),
        ("/logins ann", "/logins ann"),
        ("/join #tea sesame", "/join #tea sesame"),
    ],
)
def test_of_lines_with_passwords_only_the_command_is_shown(line: str, shown: str) -> None:
    assert masked(line) == shown


@pytest.mark.parametrize(
    "lines",
    [
        ["/register correct-horse"],
        ["/register  correct-horse   ann@example.org"],
        ["/register correct-horse", "/passwd correct-horse  battery-staple "],
        ["/register correct-horse", "/logout", "/login  ann   correct-horse "],
        [
            "/register correct-horse", "/passwd correct-horse battery-staple", "/logout",
            "/login ann battery-staple",
        ],
        ["/register correct-horse", "/passwd correct-horse x", "/passwd wrong battery-staple"],
    ],
)  # fmt: skip
def test_passwords_are_read_as_the_server_reads_them(house: House, lines: list[str]) -> None:
    ann = Visit(house)
    ann.type(*lines)
    ann.lose()
    assert ann.where == ("ann", "ann", ["#lobby"])
