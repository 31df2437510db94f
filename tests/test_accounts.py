"""Accounts, as people at telnet meet them: registering, coming back, several connections."""

from __future__ import annotations

from conftest import Chat, Person

SECRET = "correct-horse"


def registered(chat: Chat, name: str, operator: bool = False) -> Person:
    """Somebody who has just registered, and has read everything."""
    person = chat.join(name)
    person.send(f"/register {SECRET}")
    if operator:
        chat.hub.door.claim_code = "code-of-the-log"
        person.send("/claim code-of-the-log")
    return person


def test_a_name_becomes_one_s_own_and_asks_for_its_password(chat: Chat) -> None:
    ann = chat.join("ann")
    assert ann.send(f"/register {SECRET}") == [
        "* ann is yours now. Next time, say that name and your password."
    ]
    ann.hang_up()
    again = chat.connect()
    assert again.send("Ann")[1:] == [
        "* ann is a registered name. Its password? Or press Enter to be ann2."
    ]
    assert again.send("wrong-horse") == [
        "* That is not ann's password. Press Enter to be ann2, or try the password again."
    ]
    assert again.send(SECRET)[0].startswith("* Welcome back, ann. You are in #lobby")


def test_a_guest_who_arrives_under_a_registered_name_takes_the_one_offered(chat: Chat) -> None:
    registered(chat, "ann").hang_up()
    guest = chat.connect()
    guest.send("ann")
    assert guest.send("")[0].startswith("* Welcome, ann2.")


def test_coming_back_means_coming_into_one_s_rooms_and_reading_what_is_new(chat: Chat) -> None:
    ann, bob = registered(chat, "ann"), chat.join("bob")
    ann.send("/join #tea", "/leave #lobby")
    bob.send("/join #tea")
    ann.hang_up()
    bob.send("one", "two")
    again = chat.connect()
    again.send("ann")
    assert again.send(SECRET) == [
        "* Welcome back, ann. You are in #tea with bob. 2 new since you left. Type to talk, /help"
        " for the commands.",
        "[1970-01-01 00:00] <bob> one",
        "[1970-01-01 00:00] <bob> two",
    ]


def test_private_lines_between_accounts_wait_for_their_reader(chat: Chat) -> None:
    ann, bob = registered(chat, "ann"), registered(chat, "bob")
    bob.hang_up()
    assert ann.send("/msg bob see you at 5") == [
        "* bob is not here; it waits for them.",
        "* to bob: see you at 5",
    ]
    chat.clock.advance(3600)
    again = chat.connect()
    again.send("bob")
    assert again.send(SECRET)[-1] == "* [1970-01-01 00:00] ann whispers: see you at 5"
    assert again.send("/history @ann") == ["    1 [1970-01-01 00:00] @ann <ann> see you at 5"]
