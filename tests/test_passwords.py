"""Passwords: hashing takes a while, in which much can happen; and many are wrong."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from conftest import Chat, Worker
from staff import SECRET, THREE_ATTEMPTS, arriving, member, patient_chat, returned

from chatsvc.auth import passwords

# Rate


def test_after_too_many_wrong_passwords_one_comes_again_later() -> None:
    chat = Chat(limits=THREE_ATTEMPTS)
    member(chat, "ann").hang_up()
    stranger = arriving(chat, "ann", "203.0.113.9")
    for _ in range(3):
        stranger.send("wrong-horse")
    chat.clock.advance(60)
    assert stranger.send(SECRET) == [
        "* Too many wrong passwords. Try again in 4 min."
        " Otherwise, press Enter to join as ann2, or type: /name another"
    ]
    chat.clock.advance(240)
    assert stranger.send(SECRET)[0].startswith("* Welcome back, ann.")


def test_strangers_do_not_keep_people_out_who_come_from_where_they_have_been() -> None:
    chat = Chat(limits=THREE_ATTEMPTS)
    member(chat, "ann").hang_up()
    stranger = arriving(chat, "ann", "203.0.113.9")
    for _ in range(4):
        stranger.send("wrong-horse")
    assert arriving(chat, "ann").send(SECRET)[0].startswith("* Welcome back, ann.")


def test_attempts_at_many_names_from_one_address_are_counted_together() -> None:
    chat = Chat(limits=THREE_ATTEMPTS)
    guest = chat.join("guest")
    for name in ("ann", "bob", "carol"):
        member(chat, name).hang_up()
        guest.send(f"/login {name} wrong-horse")
    assert guest.send(f"/login ann {SECRET}") == ["* Too many wrong passwords. Try again in 5 min."]
    assert "Too many" in guest.send(f"/register {SECRET}")[0]


def test_fifty_who_come_from_one_address_at_once_are_all_let_in() -> None:
    hasher = Worker()
    chat = Chat(limits=THREE_ATTEMPTS, hasher=hasher)
    ann = chat.join("ann")
    ann.send(f"/register {SECRET}")
    hasher.work()
    people = [arriving(chat, "ann") for _ in range(50)]
    for person in people:
        person.send(SECRET)
    hasher.work()
    assert all(person.read()[0].startswith("* Welcome back, ann.") for person in people)
    assert len(chat.hub.directory.users) == 1


def test_wrong_passwords_at_once_are_counted_as_those_one_after_the_other() -> None:
    hasher = Worker()
    chat = Chat(limits=THREE_ATTEMPTS, hasher=hasher)
    chat.join("ann").send(f"/register {SECRET}")
    hasher.work()
    people = [arriving(chat, "ann") for _ in range(5)]
    for person in people:
        person.send("wrong-horse")
    hasher.work()
    answers = [person.read()[0] for person in people]
    assert ["Too many" in answer for answer in answers] == [False] * 3 + [True] * 2


def test_when_too_many_log_in_at_once_one_is_asked_for_the_password_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chat, hasher = patient_chat()
    chat.join("ann").send(f"/register {SECRET}")
    hasher.work()
    monkeypatch.setattr("chatsvc.transports.hashing.MOST_WAITING", 0)
    ann = arriving(chat, "ann")
    assert ann.send(SECRET) == [
        "* Many people are logging in at the moment. Try again in a minute."
    ]
    monkeypatch.setattr("chatsvc.transports.hashing.MOST_WAITING", 1)
    ann.send(SECRET)
    hasher.work()
    assert ann.read()[0].startswith("* Welcome back, ann.")


# Meanwhile


def test_who_has_gone_while_the_password_was_looked_at_is_not_let_in() -> None:
    chat, hasher = patient_chat()
    chat.join("ann").send(f"/register {SECRET}")
    hasher.work()
    again, guest = arriving(chat, "ann"), chat.join("guest")
    again.send(SECRET), guest.send(f"/login ann {SECRET}")
    again.hang_up(), guest.hang_up()
    hasher.work()
    assert [user.name for user in chat.hub.directory.users.values()] == ["ann"]
    assert len(chat.hub.directory.users["ann"].sessions) == 1


def test_a_ban_placed_while_the_password_is_looked_at_holds() -> None:
    chat, hasher = patient_chat()
    boss = chat.join("boss")
    boss.send(f"/register {SECRET}")
    hasher.work()
    chat.hub.login.claim_code = "code"
    boss.send("/claim code")
    ann = chat.join("ann")
    ann.send(f"/register {SECRET}")
    hasher.work()
    ann.send("/quit")
    again = arriving(chat, "ann")
    again.send(SECRET)
    boss.send("/ban account=ann")
    hasher.work()
    assert again.read()[0].startswith("* You are banned.")


# Changing one


def test_a_password_is_changed_by_who_knows_the_old_one(chat: Chat) -> None:
    ann = member(chat, "ann")
    assert ann.send("/passwd wrong-horse new-staple") == ["* Wrong password."]
    assert ann.send(f"/passwd {SECRET} short") == ["* A password must have 6 to 600 characters."]
    assert ann.send(f"/passwd {SECRET} new staple") == [
        "* A password cannot contain spaces. Use hyphens instead."
    ]
    assert ann.send(f"/passwd {SECRET} new-staple") == ["* Password changed."]
    again = arriving(chat, "ann")
    assert "Wrong password." in again.send(SECRET)[0]
    assert again.send("new-staple")[0].startswith("* Welcome back, ann.")
    assert chat.join("bob").send("/passwd a b") == [
        "* Only registered users can do that. To register: /register password"
    ]


def test_who_is_here_with_the_old_password_is_put_out(chat: Chat) -> None:
    bob, work = chat.join("bob"), member(chat, "ann")
    home, program = returned(chat, "ann"), chat.program("ann", account_password=SECRET)
    bob.read()
    assert work.send(f"/passwd {SECRET} new-staple") == ["* Password changed."]
    assert home.read()[-1] == "* Your password was changed over another connection."
    (goodbye,) = program.events()
    assert (goodbye["event"], goodbye["final"]) == ("goodbye", True)
    assert home.closed
    assert program.closed
    assert not work.closed
    assert bob.read() == []


def test_a_password_changed_while_it_is_looked_at_is_the_new_one() -> None:
    chat, hasher = patient_chat()
    ann = chat.join("ann")
    ann.send(f"/register {SECRET}")
    hasher.work()
    old, new = arriving(chat, "ann"), arriving(chat, "ann")
    ann.send(f"/passwd {SECRET} new-staple")
    hasher.step()
    old.send(SECRET), new.send("new-staple")
    hasher.work()
    assert "Wrong password." in old.read()[0]
    assert new.read()[0].startswith("* Welcome back, ann.")


def test_being_away_meanwhile_makes_no_password_wrong() -> None:
    chat, hasher = patient_chat()
    ann = chat.join("ann")
    ann.send(f"/register {SECRET}")
    hasher.work()
    again = arriving(chat, "ann")
    again.send(SECRET)
    ann.send("/away lunch")
    hasher.work()
    assert again.read()[0].startswith("* Welcome back, ann.")


def test_passwords_are_hashed_again_when_that_is_made_stronger(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    member(chat, "ann").hang_up()
    stronger = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_argon2", stronger)
    returned(chat, "ann").hang_up()
    account = chat.hub.accounts.find("ann")
    assert account is not None
    assert not stronger.check_needs_rehash(account.hash)
    assert arriving(chat, "ann").send(SECRET)[0].startswith("* Welcome back, ann.")


def test_two_who_are_hashed_again_at_once_are_both_let_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chat, hasher = patient_chat()
    chat.join("ann").send(f"/register {SECRET}")
    hasher.work()
    monkeypatch.setattr(passwords, "_argon2", PasswordHasher(2, 8, 1))
    people = [arriving(chat, "ann") for _ in range(3)]
    for person in people:
        person.send(SECRET)
    hasher.work()
    assert all(person.read()[0].startswith("* Welcome back, ann.") for person in people)


def test_hashing_again_does_not_bring_an_old_password_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chat, hasher = patient_chat()
    ann = chat.join("ann")
    ann.send(f"/register {SECRET}")
    hasher.work()
    again = arriving(chat, "ann")
    monkeypatch.setattr(passwords, "_argon2", PasswordHasher(2, 8, 1))
    ann.send(f"/passwd {SECRET} new-staple")
    again.send(SECRET)
    hasher.step(), hasher.step()  # both are right; the old one is to be hashed again
    hasher.work()
    assert "Wrong password." in again.read()[0]
    assert arriving(chat, "ann").send("new-staple") == []
    hasher.work()
    assert len(chat.hub.directory.users["ann"].sessions) == 2
