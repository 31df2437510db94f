"""Accounts, as telnet users see them: registering, logging in, several connections."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from archive_files import sqlite
from conftest import Chat, Worker, at_once, no_turn, start
from staff import SECRET, MoodyArchive, arriving, member, operator, patient_chat, reopened
from twisted.internet.defer import Deferred

from chatsvc.auth.sign_ins import last_sign_ins
from chatsvc.model.rate_limits import UNLIMITED
from chatsvc.model.records import Account, Fact, Invitation
from chatsvc.store.memory import MemoryArchive


def test_a_name_becomes_one_s_own_and_asks_for_its_password(chat: Chat) -> None:
    ann = chat.join("ann")
    assert ann.send(f"/register {SECRET}") == [
        "* ann is now registered to you. Next time, sign in with this name and your password."
    ]
    ann.hang_up()
    again = chat.connect()
    assert again.send("Ann")[1:] == [
        "* ann is a registered name. If it is yours, type your password."
        " Otherwise, press Enter to join as ann2, or type: /name another"
    ]
    assert again.send("wrong-horse") == [
        "* Wrong password. Try again, or press Enter to join as ann2."
    ]
    assert again.send(SECRET)[0].startswith("* Welcome back, ann. You are in #lobby")


@pytest.mark.parametrize("shortest", [3, 12])
def test_the_administrator_says_how_long_a_password_must_be(shortest: int) -> None:
    chat = Chat(shortest_password=shortest)
    ann = chat.join("ann")
    refused = [f"* A password must have {shortest} to 600 characters."]
    assert ann.send(f"/register {'x' * (shortest - 1)}") == refused
    assert "registered to you" in ann.send(f"/register {'x' * shortest}")[0]
    assert ann.send(f"/passwd {'x' * shortest} {'y' * (shortest - 1)}") == refused
    assert "Password changed" in ann.send(f"/passwd {'x' * shortest} {'y' * shortest}")[0]


def test_a_guest_who_arrives_under_a_registered_name_takes_the_one_offered(chat: Chat) -> None:
    member(chat, "ann").hang_up()
    guest = chat.connect()
    guest.send("ann")
    assert guest.send("")[0].startswith("* Welcome, ann2.")


def test_coming_back_means_coming_into_one_s_rooms_and_reading_what_is_new(chat: Chat) -> None:
    ann, bob = member(chat, "ann"), chat.join("bob")
    ann.send("/join #tea", "/leave #lobby")
    bob.send("/join #tea")
    ann.hang_up()
    bob.send("one", "two")
    again = chat.connect()
    again.send("ann")
    assert again.send(SECRET) == [
        "* Welcome back, ann. You are in #tea with bob. 2 new"
        " since you left. Type to talk, or /help for commands.",
        "[1970-01-01 00:00] <bob> one",
        "[1970-01-01 00:00] <bob> two",
    ]


def test_private_lines_between_accounts_wait_for_their_reader(chat: Chat) -> None:
    ann, bob = member(chat, "ann"), member(chat, "bob")
    bob.hang_up()
    assert ann.send("/msg bob see you at 5") == [
        "* bob is offline and will get this after reconnecting.",
        "* to bob: see you at 5",
    ]
    chat.clock.advance(3600)
    again = chat.connect()
    again.send("bob")
    assert again.send(SECRET)[-1] == "* [1970-01-01 00:00] ann whispers: see you at 5"
    assert again.send("/history @ann") == ["    1 [1970-01-01 00:00] @ann <ann> see you at 5"]


# Registering, and its refusals


def test_what_is_no_password_is_refused(chat: Chat) -> None:
    ann = chat.join("ann")
    for wrong in ("short", "x" * 601):
        assert ann.send(f"/register {wrong}") == ["* A password must have 6 to 600 characters."]
    assert ann.send("/register correct horse") == [
        "* Usage: /register password. The password is one word."
    ]
    assert ann.send("/register")[0].startswith("* Usage: /register password")
    assert chat.hub.accounts.find("ann") is None


def test_an_e_mail_address_is_kept_with_the_account(chat: Chat) -> None:
    chat.join("ann").send(f"/register {SECRET} ann@example.org")
    account = chat.hub.accounts.find("ann")
    assert account is not None
    assert account.email == "ann@example.org"


def test_who_is_registered_is_not_so_twice(chat: Chat) -> None:
    ann = member(chat, "ann")
    assert ann.send(f"/register {SECRET}") == ["* ann is already registered to you."]
    assert ann.send(f"/login ann {SECRET}") == [
        "* You are already logged in as ann. Log out first: /logout"
    ]


def allow_twins(chat: Chat) -> None:
    """Let two users online have confusable names."""
    chat.hub.nicknames._check_unlike_those_online = lambda name, user: None  # type: ignore[method-assign]


def test_nobody_stays_under_what_looks_like_a_name_that_was_just_registered(chat: Chat) -> None:
    allow_twins(chat)
    ann, eve = chat.join("annl"), chat.join("ann1")
    eve.read()
    assert ann.send(f"/register {SECRET}")[0] == "* ann1 is now ann2."
    assert eve.read() == ["* You are now ann2."]


def test_of_two_names_that_look_alike_one_is_registered() -> None:
    chat, hasher = patient_chat()
    allow_twins(chat)
    first, second = chat.join("annl"), chat.join("ann1")
    first.send(f"/register {SECRET}")
    assert second.send(f"/register {SECRET}")[0].startswith("* ann1 is already a registered name")
    hasher.work()
    assert first.read()[-1].startswith("* annl is now registered to you.")


def test_guests_do_not_take_registered_names_nor_what_looks_like_them(chat: Chat) -> None:
    member(chat, "annl").hang_up()
    eve = chat.join("eve")
    assert eve.send("/nick annl")[0].startswith("* annl is a registered name.")
    assert eve.send("/nick ann1")[0].startswith("* ann1 is too similar to annl, a registered name.")
    twin = arriving(chat, "annI")
    assert twin.send("")[0].startswith("* Welcome, ann")


def test_who_may_register_is_chosen_by_the_one_who_runs_the_service() -> None:
    ann = Chat(accounts="closed").join("ann")
    assert ann.send(f"/register {SECRET}") == ["* Registration is closed. Ask an operator."]


def test_a_code_lets_one_person_register() -> None:
    chat = Chat()
    boss = operator(chat, "boss")
    chat.hub.accounts.mode = "invite"
    code = boss.send("/invite-code")[0].split()[-1]
    ann, bob = chat.join("ann"), chat.join("bob")
    assert ann.send(f"/register {SECRET}")[0].startswith("* Registration needs an invitation code")
    assert ann.send(f"/register {SECRET} {code.upper()}")[0].startswith(
        "* ann is now registered to you."
    )
    assert bob.send(f"/register {SECRET} {code}") == [
        "* Unknown or used code. Ask an operator for another one."
    ]
    assert ann.send("/invite-code") == ["* Only operators can do that."]


@pytest.mark.parametrize(
    ("mode", "sentence"),
    [
        ("open", "Registration needs no code on this server."),
        ("closed", "Invitation codes are off. Register users with: chatsvc account add"),
    ],
)
def test_a_code_is_made_only_where_it_is_good_for_something(
    chat: Chat, mode: str, sentence: str
) -> None:
    boss = operator(chat, "boss")
    chat.hub.accounts.mode = mode
    assert boss.send("/invite-code") == [f"* {sentence}"]


def test_one_address_registers_so_many_names_within_an_hour() -> None:
    chat = Chat(limits=replace(UNLIMITED, registrations=2, registrations_within=3600.0))
    too_many = ["* Too many registrations from your address. Try again in 1 h."]
    guest = chat.connect("192.0.2.1")
    guest.send("ann")
    assert guest.send("/register short") == ["* A password must have 6 to 600 characters."]
    for name in ("ann", "bob"):
        guest.send(f"/nick {name}")
        assert guest.send(f"/register {SECRET}")[0].startswith(
            f"* {name} is now registered to you."
        )
        guest.send("/logout")
    assert guest.send("/nick carl", f"/register {SECRET}")[-1:] == too_many
    other = arriving(chat, "dora", "203.0.113.9")
    assert other.send(f"/register {SECRET}")[0].startswith("* dora is now registered to you.")
    chat.clock.advance(3600)
    assert guest.send(f"/register {SECRET}")[0].startswith("* carl is now registered to you.")


def test_names_that_were_not_registered_after_all_do_not_count() -> None:
    hasher = Worker()
    limits = replace(UNLIMITED, registrations=1, registrations_within=3600.0)
    chat = Chat(limits=limits, hasher=hasher, accounts="open")
    ann = chat.join("ann")
    ann.send(f"/register {SECRET}")
    chat.hub.accounts.mode = "closed"
    hasher.work()
    assert ann.read() == ["* Registration is closed. Ask an operator."]
    chat.hub.accounts.mode = "open"
    ann.send(f"/register {SECRET}")
    hasher.work()
    assert ann.read()[0].startswith("* ann is now registered to you.")


def test_people_on_this_machine_register_as_many_names_as_they_like() -> None:
    chat = Chat(limits=replace(UNLIMITED, registrations=1, registrations_within=3600.0))
    for name in ("ann", "bob"):
        person = arriving(chat, name, "127.0.0.1")
        assert person.send(f"/register {SECRET}")[0].startswith(
            f"* {name} is now registered to you."
        )


def test_registering_looks_only_for_names_like_the_new_one(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, _ = chat.join("ann"), chat.join("bob")
    asked: list[str] = []
    monkeypatch.setattr(chat.hub.accounts, "resembled", asked.append)
    ann.send(f"/register {SECRET}")
    assert "bob" not in asked


def test_a_code_is_used_by_one_of_two_who_have_it() -> None:
    chat, hasher = patient_chat(accounts="invite")
    invitation = Invitation("aaaa-bbbb-cccc", "boss", 0.0)
    start(chat.archive.put(invitation))
    chat.hub.accounts.open()
    ann, bob = chat.join("ann"), chat.join("bob")
    for person in (ann, bob):
        person.send(f"/register {SECRET} {invitation.code}")
    hasher.work()
    assert ann.read()[0].startswith("* ann is now registered to you.")
    assert bob.read() == ["* Unknown or used code. Ask an operator for another one."]


def test_a_name_is_registered_also_when_the_connection_is_lost_meanwhile() -> None:
    chat, hasher = patient_chat()
    ann = chat.join("ann")
    ann.send(f"/register {SECRET}")
    ann.hang_up()
    squatter = chat.join("ann")
    hasher.work()
    assert squatter.read() == ["* You are now ann2."]
    ann = arriving(chat, "ann")
    ann.send(SECRET)
    hasher.work()
    assert ann.read()[0].startswith("* Welcome back, ann.")


# Logging in, and its refusals


def test_a_guest_becomes_who_they_are_registered_as(chat: Chat) -> None:
    member(chat, "ann").hang_up()
    bob, guest = chat.join("bob"), chat.join("guest")
    bob.read()
    assert guest.send(f"/login {SECRET}") == [
        "* guest is not registered. To register: /register password"
    ]
    assert guest.send("/login ann wrong-horse") == ["* Wrong password."]
    assert guest.send(f"/login ann {SECRET}") == ["* You are logged in as ann."]
    assert bob.read() == ["* guest is now ann."]
    assert (
        guest.send("/logout")[0] == "* Logged out. You are now the guest guest-1."
        " Your rooms are saved for your next login."
    )
    assert bob.read() == ["* ann left.", "* guest-1 joined."]
    assert guest.send("/logout") == [
        "* Only registered users can do that. To register: /register password"
    ]


def test_one_logs_in_with_one_s_name_at_once(chat: Chat) -> None:
    member(chat, "ann").hang_up()
    assert chat.connect().send(f"/login ann {SECRET}")[1].startswith("* Welcome back, ann.")


def test_a_password_alone_does_not_say_who_that_is(chat: Chat) -> None:
    member(chat, "ann").hang_up()
    ann = chat.connect()
    assert ann.send(f"/login {SECRET}")[-1].startswith(
        "* Give your name as well: /login name password"
    )
    ann.send("ann")
    assert ann.send(f"/login {SECRET}")[0].startswith("* Welcome back, ann.")


# The first operator


def test_the_code_of_the_log_makes_one_operator(chat: Chat) -> None:
    chat.hub.login.claim_code = "3f9a0c1b22"
    ann, bob = member(chat, "ann"), member(chat, "bob")
    assert chat.join("guest").send("/claim 3f9a0c1b22") == [
        "* Only registered users can do that. To register: /register password"
    ]
    wrong = ["* Wrong code. The server's log shows the right one."]
    assert ann.send("/claim 0000000000") == wrong
    assert ann.send("/claim 3f9a0c1b22") == [
        "* You are now an operator. To see your commands: /help"
    ]
    assert bob.send("/claim 3f9a0c1b22") == ["* There is already an operator. Ask one."]


def test_asking_for_what_is_given_already_is_no_wrong_attempt() -> None:
    chat = Chat(limits=replace(UNLIMITED, attempts=1))
    bob = member(chat, "bob")
    for _ in range(2):
        assert bob.send("/claim 0") == ["* There is already an operator. Ask one."]
    assert bob.send(f"/passwd {SECRET} new-staple") == ["* Password changed."]


def test_a_code_that_made_nobody_an_operator_is_still_good() -> None:
    archive = ChangedElsewhere()
    chat = Chat(archive)
    ann, bob = member(chat, "ann"), member(chat, "bob")
    chat.hub.login.claim_code = "code-of-the-log"
    archive.removed = "ann"
    assert ann.send("/claim code-of-the-log")[-1] == "* Your account ann was deleted."
    assert ann.closed
    assert bob.send("/claim code-of-the-log")[-1].startswith("* You are now an operator.")


class ChangedElsewhere(MemoryArchive):
    """An archive from which another process removes an account, on demand."""

    def __init__(self) -> None:
        super().__init__(at_once, no_turn, start)
        self.removed = ""

    async def changed(self) -> bool:
        gone = [one for one in self.records(Account) if one.name == self.removed]
        await self.drop(*gone)
        return bool(gone)


def test_what_an_account_has_survives_a_restart(path: Path) -> None:
    chat = Chat(sqlite(path))
    ann = operator(chat, "ann")
    ann.send("/ignore eve", "/away lunch", "/join #Tea", "/leave #lobby")
    again = reopened(chat, path)
    back_again = arriving(again, "ann")
    assert back_again.send(SECRET)[0].startswith("* Welcome back, ann. You are in #")
    assert back_again.send("/ignore") == ["* You ignore eve."]
    assert back_again.send("/whois ann")[0].startswith("* ann: operator, online since")
    assert "away: lunch" in back_again.send("/whois ann")[0]
    start(again.archive.close())


def test_a_code_survives_a_restart_until_it_is_used(path: Path) -> None:
    chat = Chat(sqlite(path))
    ann = operator(chat, "ann")
    chat.hub.accounts.mode = "invite"
    code = ann.send("/invite-code")[0].split()[-1]
    again = reopened(chat, path)
    again.hub.accounts.mode = "invite"
    assert (
        again.join("bob")
        .send(f"/register {SECRET} {code}")[0]
        .startswith("* bob is now registered to you")
    )
    third = reopened(again, path)
    third.hub.accounts.mode = "invite"
    assert "used code" in third.join("eve").send(f"/register {SECRET} {code}")[0]
    start(third.archive.close())


def test_sign_ins_that_cannot_be_saved_are_saved_later_and_stop_nothing() -> None:
    archive = MoodyArchive()
    chat = Chat(archive)
    member(chat, "ann").send("/quit")
    arriving(chat, "ann").send(SECRET)
    archive.fails = True
    outcome = Deferred.fromCoroutine(chat.hub.close())
    assert outcome.called
    assert outcome.result is None
    assert not last_sign_ins(archive.records(Fact))
    archive.fails = False
    start(chat.hub.close())
    assert len(last_sign_ins(archive.records(Fact))) == 1
