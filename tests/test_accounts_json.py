"""Accounts, as programs see them: each command, and why it is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from conftest import Chat, Person, Worker, no_turn, start
from staff import SECRET, THREE_ATTEMPTS

from chatsvc.model.rate_limits import UNLIMITED
from chatsvc.store.memory import MemoryArchive

CLIENT = "secret-of-ann"


def code(person: Person, **request: object) -> str:
    """Return why a request is refused."""
    (refused,) = person.ask(**request, tag="t")
    assert (refused["event"], refused["tag"]) == ("refused", "t")
    return str(refused["code"])


def owner(chat: Chat, name: str = "ann") -> Person:
    """Return a program that has just registered its name."""
    program = chat.program(name)
    program.ask(do="register", password=SECRET)
    return program


def test_a_name_becomes_one_s_own_and_wants_its_password(chat: Chat) -> None:
    ann = chat.program("ann")
    assert ann.ask(do="register", password=SECRET, email="ann@example.org", tag="1") == [
        {"event": "you", "name": "ann", "account": "ann", "how": "register", "tag": "1"}
    ]
    again = chat.connect()
    (refused,) = again.ask(do="hello", name="Ann")
    assert (refused["code"], refused["suggestion"]) == ("registered", "ann2")
    (refused,) = again.ask(do="hello", name="ann", account_password="wrong-horse")
    assert (refused["code"], refused["suggestion"]) == ("wrong-password", "ann2")
    (welcome,) = again.ask(do="hello", name="ANN", account_password=SECRET)
    assert (welcome["name"], welcome["account"]) == ("ann", "ann")
    assert code(chat.connect(), do="hello", name="bob", account_password="x") == "no-account"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({}, "usage"),
        ({"password": 5}, "bad-argument"),
        ({"password": "short"}, "bad-password"),
        ({"password": "x" * 601}, "bad-password"),
        ({"password": "two words"}, "bad-password"),
        ({"password": SECRET, "email": "nowhere"}, "bad-argument"),
        ({"password": SECRET, "code": "abc"}, "usage"),
    ],
)
def test_what_registers_nobody(chat: Chat, wrong: dict[str, object], why: str) -> None:
    assert code(chat.program("ann"), do="register", **wrong) == why
    assert chat.hub.accounts.find("ann") is None


def test_who_may_register(chat: Chat) -> None:
    ann = owner(chat)
    chat.hub.login.claim_code = "code-of-the-log"
    ann.ask(do="claim", code="code-of-the-log")
    chat.hub.accounts.mode = "invite"
    (made,) = ann.ask(do="invite-code")
    bob, eve = chat.program("bob"), chat.program("eve")
    assert code(bob, do="invite-code") == "not-allowed"
    assert code(bob, do="register", password=SECRET) == "invite-needed"
    assert code(bob, do="register", password=SECRET, code="wrong") == "invite-needed"
    assert bob.ask(do="register", password=SECRET, code=made["code"])[0]["how"] == "register"
    assert code(bob, do="register", password=SECRET, code=made["code"]) == "known"
    assert code(eve, do="register", password=SECRET, code=made["code"]) == "invite-needed"
    chat.hub.accounts.mode = "closed"
    assert code(eve, do="register", password=SECRET) == "closed"
    assert code(ann, do="invite-code") == "closed"
    chat.hub.accounts.mode = "open"
    assert code(ann, do="invite-code") == "usage"


def test_many_names_of_one_address() -> None:
    chat = Chat(limits=replace(UNLIMITED, registrations=1, registrations_within=3600.0))
    owner(chat)
    assert code(chat.program("bob"), do="register", password=SECRET) == "too-many-accounts"


def test_names_that_look_like_a_registered_one_are_refused(chat: Chat) -> None:
    owner(chat, "annl").hang_up()
    assert code(chat.connect(), do="hello", name="ann1") == "name-taken"
    eve = chat.program("eve")
    assert code(eve, do="nick", name="annI") == "name-taken"
    assert code(eve, do="nick", name="annl") == "registered"


def test_a_program_logs_in_and_out(chat: Chat) -> None:
    owner(chat).hang_up()
    bot = chat.program("bot", client=CLIENT)
    assert code(bot, do="login", password=SECRET) == "no-account"
    assert code(bot, do="login", name="ann", password="wrong-horse") == "wrong-password"
    assert code(bot, do="login", name="ann") == "usage"
    assert code(bot, do="logout") == "no-account"
    assert bot.ask(do="login", name="ann", password=SECRET, tag="1") == [
        {"event": "you", "name": "ann", "account": "ann", "how": "login", "tag": "1"}
    ]
    assert code(bot, do="login", name="ann", password=SECRET) == "known"
    you = bot.ask(do="logout", tag="2")[0]
    assert you == {"event": "you", "name": "guest-1", "how": "logout", "tag": "2"}


def test_a_program_is_told_what_is_new_in_the_rooms_of_its_account(chat: Chat) -> None:
    ann, bob = owner(chat), chat.join("bob")
    ann.ask(do="join", room="#lobby")
    bob.send("one")
    ann.hang_up()
    bob.send("two", "three")
    again = chat.connect()
    (welcome,) = again.ask(do="hello", name="ann", account_password=SECRET)
    assert welcome["rooms"] == [{"room": "#lobby", "seen": 1, "last": 3}]
    shown = again.ask(do="join", room="#lobby", after=1)[1:]
    assert [line["text"] for line in shown] == ["two", "three"]


def test_a_program_in_no_room_is_shown_no_lines_of_rooms(chat: Chat) -> None:
    ann = chat.join("ann")
    ann.send(f"/register {SECRET}")
    program = chat.program("ann", account_password=SECRET)
    ann.send("hi", "/join #tea")
    assert program.events() == []


def test_one_s_own_line_over_another_connection_has_no_tag(chat: Chat) -> None:
    one = owner(chat)
    other = chat.program("ann", account_password=SECRET)
    for program in (one, other):
        program.ask(do="join", room="#lobby")
    one.ask(do="say", text="hi", tag="t1")
    (seen,) = other.events()
    assert (seen["from"], seen["text"], seen.get("tag")) == ("ann", "hi", None)


def test_one_s_own_private_line_carries_its_tag_here_only(chat: Chat) -> None:
    one, bob = owner(chat), owner(chat, "bob")
    other = chat.program("ann", account_password=SECRET)
    (told,) = one.ask(do="msg", name="bob", text="hi", tag="t1")
    assert (told["to"], told["own"], told["number"], told["tag"]) == ("bob", True, 1, "t1")
    assert [event.get("tag") for event in (*other.events(), *bob.events())] == [None, None]
    (history,) = bob.ask(do="history", room="@ann")
    assert [(line["room"], line["text"]) for line in history["lines"]] == [("@ann", "hi")]


def test_lines_of_two_connections_are_counted_by_themselves() -> None:
    worker = Worker()
    chat = Chat(MemoryArchive(worker, no_turn, start))
    one = owner(chat)
    other = chat.program("ann", account_password=SECRET)
    for program in (one, other):
        program.ask(do="join", room="#lobby")
    one.ask(do="say", text="one", tag="1"), other.ask(do="say", text="two", tag="2")
    one.hang_up()
    worker.work()
    assert [(event["text"], event.get("tag")) for event in other.events()] == [
        ("one", None),
        ("two", "2"),
    ]
    assert not chat.hub.messaging.orphans
    assert other.protocol.session.in_flight == 0


def test_a_client_that_comes_back_takes_the_place_of_its_ghost_only(chat: Chat) -> None:
    owner(chat).ask(do="nick", name="anna")
    ghost = chat.program("ann", client=CLIENT, account_password=SECRET)
    (welcome,) = chat.connect().ask(do="hello", name="ann", client=CLIENT, account_password=SECRET)
    assert (welcome["name"], welcome["account"]) == ("anna", "ann")
    assert ghost.closed
    assert len(chat.hub.directory.users["anna"].sessions) == 2


def test_a_client_that_comes_back_alone_is_still_called_what_it_was(chat: Chat) -> None:
    owner(chat).hang_up()
    chat.program("ann", client=CLIENT, account_password=SECRET).ask(do="nick", name="anna")
    again = chat.program("ann", client=CLIENT, account_password=SECRET)
    assert again.protocol.session.name == "anna"
    assert list(chat.hub.directory.users) == ["anna"]


def test_a_secret_client_is_no_password(chat: Chat) -> None:
    owner(chat).hang_up()
    ghost = chat.program("ann", client=CLIENT, account_password=SECRET)
    assert code(chat.connect(), do="hello", name="ann", client=CLIENT) == "registered"
    assert not ghost.closed


def test_who_comes_back_while_the_name_is_registered_owns_it() -> None:
    hasher = Worker()
    chat = Chat(hasher=hasher)
    chat.program("ann", client=CLIENT).ask(do="register", password=SECRET)
    again = chat.program("ann", client=CLIENT)
    hasher.work()
    assert [seat["own"] for seat in again.ask(do="sessions")[0]["sessions"]] == [True]


def test_the_same_account_logs_in_twice_at_once() -> None:
    hasher = Worker()
    chat = Chat(hasher=hasher)
    ann = owner(chat)
    hasher.work()
    ann.hang_up()
    both = chat.connect(), chat.connect()
    for person in both:
        person.ask(do="hello", name="ann", account_password=SECRET)
    hasher.step()
    hasher.work()
    assert [person.events()[0]["account"] for person in both] == ["ann", "ann"]
    assert len(chat.hub.directory.users["ann"].sessions) == 2


def test_the_account_is_removed_while_its_password_is_looked_at() -> None:
    hasher = Worker()
    chat = Chat(hasher=hasher)
    ann = owner(chat)
    hasher.work()
    again = chat.connect()
    ann.ask(do="unregister", password=SECRET)
    again.ask(do="hello", name="ann", account_password=SECRET)
    hasher.work()
    assert ann.events()[0]["how"] == "unregister"
    assert again.events()[0]["event"] == "refused"
    assert list(chat.hub.directory.users) == ["ann"]


def test_too_many_wrong_passwords() -> None:
    chat = Chat(limits=THREE_ATTEMPTS)
    owner(chat).hang_up()
    stranger = chat.connect("203.0.113.9")
    hello = {"do": "hello", "name": "ann"}
    for _ in range(3):
        assert code(stranger, **hello, account_password="wrong-horse") == "wrong-password"
    assert code(stranger, **hello, account_password=SECRET) == "too-many-attempts"
    chat.clock.advance(300)
    assert stranger.ask(**hello, account_password=SECRET)[0]["event"] == "welcome"


def test_a_password_is_changed(chat: Chat) -> None:
    ann = owner(chat)
    assert code(ann, do="passwd", old="wrong-horse", new="new-staple") == "wrong-password"
    assert code(ann, do="passwd", old=SECRET, new="short") == "bad-password"
    assert code(ann, do="passwd", old=SECRET) == "usage"
    assert code(chat.program("bob"), do="passwd", old="a", new="b") == "no-account"
    assert ann.ask(do="passwd", old=SECRET, new="new-staple")[0]["event"] == "notice"
    again = chat.connect()
    assert code(again, do="hello", name="ann", account_password=SECRET) == "wrong-password"
    assert again.ask(do="hello", name="ann", account_password=" new-staple ")[0]["name"] == "ann"


def test_an_accent_is_the_same_on_every_keyboard(chat: Chat) -> None:
    chat.program("ann").ask(do="register", password="caf\u00e9-horse")
    assert chat.program("ann", account_password="cafe\u0301-horse").protocol.session.user


def test_a_name_is_given_up(chat: Chat) -> None:
    ann = owner(chat)
    assert code(ann, do="unregister", password="wrong-horse") == "wrong-password"
    assert code(ann, do="unregister") == "usage"
    assert ann.ask(do="unregister", password=SECRET) == [
        {"event": "you", "name": "ann", "how": "unregister"}
    ]
    assert code(ann, do="unregister", password=SECRET) == "no-account"
    ann.ask(do="quit")
    assert chat.connect().ask(do="hello", name="ann")[0]["event"] == "welcome"


def test_connections_are_listed_and_ended(chat: Chat) -> None:
    one = owner(chat)
    other = chat.program("ann", account_password=SECRET)
    other.ask(do="join", room="#lobby")
    (listed,) = one.ask(do="sessions", tag="1")
    first, second = listed["sessions"]
    assert (first["number"], first["own"], first["rooms"]) == (1, True, [])
    assert (second["number"], second.get("own"), second["rooms"]) == (2, None, ["#lobby"])
    assert code(one, do="sessions", end=1) == "yourself"
    assert code(one, do="sessions", end=3) == "no-such-session"
    assert code(one, do="sessions", end="x") == "bad-argument"
    assert code(chat.program("bob"), do="sessions") == "no-account"
    assert len(one.ask(do="sessions", end=2)[0]["sessions"]) == 1
    assert other.events()[-1]["event"] == "goodbye"
    assert other.closed


def test_the_code_of_the_log_makes_one_operator(chat: Chat) -> None:
    chat.hub.login.claim_code = "3f9a0c1b22"
    ann, bob = owner(chat), owner(chat, "bob")
    assert code(chat.program("guest"), do="claim", code="3f9a0c1b22") == "no-account"
    assert code(ann, do="claim", code="0") == "wrong-code"
    assert ann.ask(do="claim", code="3f9a0c1b22")[0]["operator"] is True
    assert code(bob, do="claim", code="3f9a0c1b22") == "wrong-code"


def test_a_password_for_the_chat_comes_before_that_of_the_account() -> None:
    chat = Chat(password="sesame")
    chat.program("ann", password="sesame").ask(do="register", password=SECRET)
    again = chat.connect()
    hello = {"do": "hello", "name": "ann", "account_password": SECRET}
    assert code(again, **hello) == "password-needed"
    assert code(again, **hello, password="open") == "wrong-password"
    assert again.ask(**hello, password="sesame")[0]["account"] == "ann"
