"""Guessing secrets: all are protected alike, and strangers cannot lock anybody out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from conftest import Chat, Person, start
from hypothesis import given
from hypothesis import strategies as st
from staff import SECRET, arriving, founder, guest, member, operator, restarted

from chatsvc.auth.known_places import MOST_KNOWN, Source
from chatsvc.model.rate_limits import Limits, Trickle
from chatsvc.model.records import Fact

THREE = Limits(flood=None, per_address=0, arrivals=0, name_within=0.0, attempts=3)
HERE = "127.0.0.1"


def is_in(person: Person) -> bool:
    return any("Welcome back" in line for line in person.read())


def try_to_come_in(chat: Chat, name: str, password: str, address: str) -> Person:
    """Return a user who has sent a password, and has read nothing since."""
    person = arriving(chat, name, address)
    person.protocol.dataReceived(f"{password}\n".encode())
    return person


def test_strangers_slow_the_owner_down_and_do_not_lock_them_out() -> None:
    chat = Chat(limits=THREE)
    member(chat, "ann").hang_up()
    for last in range(3):
        try_to_come_in(chat, "ann", "wrong-horse", f"203.0.113.{last}")
    elsewhere = try_to_come_in(chat, "ann", SECRET, "198.51.100.7")
    assert not is_in(elsewhere)
    chat.clock.advance(5)
    assert is_in(elsewhere)


def test_the_owner_waits_for_nobody_where_they_have_been() -> None:
    chat = Chat(limits=THREE)
    member(chat, "ann").hang_up()
    for last in range(9):
        try_to_come_in(chat, "ann", "wrong-horse", f"203.0.113.{last}")
    assert is_in(try_to_come_in(chat, "ann", SECRET, "192.0.2.1"))


def test_after_a_restart_a_stranger_cannot_lock_the_owner_out() -> None:
    chat = Chat(limits=THREE)
    member(chat, "ann").hang_up()
    later = restarted(chat)
    later.hub.accounts.attempts = Chat(limits=THREE).hub.accounts.attempts
    for last in range(3):
        try_to_come_in(later, "ann", "wrong-horse", f"203.0.113.{last}")
    later.hub.accounts.attempts._pause = chat.hub.accounts.attempts._pause
    ann = try_to_come_in(later, "ann", SECRET, "192.0.2.1")
    chat.clock.advance(5)
    assert is_in(ann)


def test_guesses_at_one_account_from_this_machine_are_slow_and_logins_to_another_are_not() -> None:
    chat = Chat(limits=THREE)
    for name in ("ann", "bob"):
        member(chat, name).hang_up()
    strangers = [try_to_come_in(chat, "ann", "wrong-horse", HERE) for _ in range(20)]
    answers = [line for stranger in strangers for line in stranger.read()]
    assert sum("Wrong password" in line for line in answers) == 3
    assert sum("Too many wrong passwords" in line for line in answers) == 15
    assert is_in(try_to_come_in(chat, "bob", SECRET, HERE))
    chat.clock.advance(10)
    answers = [line for stranger in strangers for line in stranger.read()]
    assert sum("Wrong password" in line for line in answers) == 2


def test_the_right_password_from_this_machine_is_slow_while_others_guess() -> None:
    chat = Chat(limits=THREE)
    member(chat, "ann").hang_up()
    for _ in range(4):
        try_to_come_in(chat, "ann", "wrong-horse", HERE)
    ann = try_to_come_in(chat, "ann", SECRET, HERE)
    assert not is_in(ann)
    chat.clock.advance(10)
    assert is_in(ann)


def test_right_passwords_use_nothing_up() -> None:
    chat = Chat(limits=THREE)
    member(chat, "ann")
    assert all(is_in(try_to_come_in(chat, "ann", SECRET, HERE)) for _ in range(10))


def test_a_program_of_the_owner_s_is_not_held_up_by_strangers_at_its_address() -> None:
    chat = Chat(limits=THREE)
    member(chat, "ann").hang_up()
    hello = {"account_password": SECRET, "client": "a-secret-of-ann"}
    chat.program("ann", **hello).hang_up()
    for _ in range(9):
        try_to_come_in(chat, "ann", "wrong-horse", "192.0.2.1")
    assert chat.connect().ask(do="hello", name="ann", **hello)[0]["event"] == "welcome"


def test_a_new_password_makes_strangers_of_those_who_knew_the_old_one() -> None:
    chat = Chat(limits=THREE)
    member(chat, "ann").hang_up()
    elsewhere = try_to_come_in(chat, "ann", SECRET, "198.51.100.7")
    elsewhere.send(f"/passwd {SECRET} new-staple")
    for _ in range(3):
        try_to_come_in(chat, "ann", SECRET, "203.0.113.1")
    assert not is_in(try_to_come_in(chat, "ann", "new-staple", "192.0.2.1"))
    assert is_in(try_to_come_in(chat, "ann", "new-staple", "198.51.100.7"))


Guess = Callable[[Person], list[str]]


def login(person: Person) -> list[str]:
    return person.send("/login ann wrong-horse")


def guess_claim(person: Person) -> list[str]:
    return person.send("/claim 0000000000")


def guess_room_password(person: Person) -> list[str]:
    return person.send("/join #tea wrong-mulch")


def guess_invitation(person: Person) -> list[str]:
    return person.send(f"/register {SECRET} aaaa-aaaa-aaaa")


def unregister(person: Person) -> list[str]:
    return person.send("/unregister wrong-horse")


def change_password(person: Person) -> list[str]:
    return person.send("/passwd wrong-horse new-staple")


def prove(person: Person) -> list[str]:
    return person.ask(do="prove", name="ann", password="wrong-horse")  # type: ignore[return-value]


@pytest.mark.parametrize("address", [HERE, "203.0.113.9", "2001:db8::1"])
@pytest.mark.parametrize(
    ("guess", "registers"),
    [
        (login, False),
        (guess_claim, True),
        (guess_room_password, False),
        (guess_invitation, False),
        (unregister, True),
        (change_password, True),
    ],
)
def test_every_secret_has_the_same_limit(guess: Guess, registers: bool, address: str) -> None:
    chat = Chat(limits=THREE, accounts="invite" if guess is guess_invitation else "open")
    if guess is not guess_invitation:
        founder(chat, "ann").send("/set password mulch")
    chat.hub.login.claim_code = "3f9a0c1b22"
    person = member(chat, "eve", address) if registers else guest(chat, "eve", address)
    answers = [" ".join(guess(person)) for _ in range(5)]
    assert ["Too many wrong passwords" in answer for answer in answers] == [False] * 3 + [True] * 2


@pytest.mark.parametrize("address", [HERE, "203.0.113.9"])
def test_the_chat_s_own_password_cannot_be_guessed_by_coming_again_and_again(address: str) -> None:
    chat = Chat(limits=THREE, password="sesame")
    answers = []
    for number in range(8):
        stranger = chat.connect(address)
        answers += stranger.ask(do="hello", name=f"x{number}", password=f"guess-{number}")
    codes = [answer["code"] for answer in answers]
    assert codes.count("wrong-password") == 3
    friend = chat.connect("198.51.100.7")
    assert friend.ask(do="hello", name="dan", password="sesame")[0]["event"] == "welcome"


def test_guesses_at_a_room_s_password_from_many_connections_of_this_machine_are_slow() -> None:
    chat = Chat(limits=THREE)
    founder(chat, "ann").send("/set password mulch")
    strangers = [guest(chat, f"eve{number}", HERE) for number in range(12)]
    answers = [" ".join(guess_room_password(stranger)) for stranger in strangers]
    assert sum("Wrong password" in answer for answer in answers) == 3


def test_oper_counts_like_a_login() -> None:
    chat = Chat(limits=THREE)
    operator(chat, "ann").hang_up()
    eve = chat.program("eve")
    asked = [eve.ask(do="oper", name="ann", password="wrong")[0]["code"] for _ in range(4)]
    assert asked == ["wrong-password"] * 3 + ["too-many-attempts"]


def test_a_password_that_is_changed_with_one_that_was_just_replaced_stays_as_it_is() -> None:
    from conftest import Worker

    hasher = Worker()
    chat = Chat(hasher=hasher)
    ann = guest(chat, "ann")
    ann.send(f"/register {SECRET}")
    hasher.work()
    eve = try_to_come_in(chat, "ann", SECRET, "203.0.113.9")
    hasher.work()
    ann.send(f"/passwd {SECRET} of-the-owner")
    eve.send(f"/passwd {SECRET} of-the-thief")
    hasher.work()
    thief, owner = (
        try_to_come_in(chat, "ann", word, "203.0.113.9")
        for word in ("of-the-thief", "of-the-owner")
    )
    hasher.work()
    assert (is_in(thief), is_in(owner)) == (False, True)


@given(st.lists(st.floats(0, 3), max_size=60))
def test_a_trickle_lets_no_more_through_than_its_burst_and_its_rate(gaps: list[float]) -> None:
    trickle, now, through = Trickle(3, 2.0), 100.0, []
    for gap in gaps:
        now += gap
        wait = trickle.wait("ann", now)
        trickle.take("ann", now)
        through.append(now + wait)
    assert through == sorted(through)
    for first, last in zip(through, through[3:], strict=False):
        assert last - first >= 2.0 - 1e-6


# After a restart


def strangers_guess(chat: Chat, number: int = 40) -> None:
    """Let strangers guess ann's password from many addresses, without pause."""
    for n in range(number):
        try_to_come_in(chat, "ann", f"guess-{n}", f"203.0.113.{n}")


def hello_of_ann(chat: Chat, address: str, client: str = "") -> dict[str, object] | None:
    """Return the answer to ann's password at an address, if there is one without waiting."""
    secret = {"client": client} if client else {}
    person = chat.connect(address)
    return next(iter(person.ask(do="hello", name="ann", account_password=SECRET, **secret)), None)


def known_facts(chat: Chat) -> list[Fact]:
    return [fact for fact in chat.archive.records(Fact) if fact.name.startswith("known ")]


@pytest.mark.parametrize(("address", "client"), [("198.51.100.7", ""), (HERE, "secret-of-ann")])
def test_strangers_do_not_lock_an_owner_out_after_a_restart(address: str, client: str) -> None:
    chat = Chat(limits=THREE)
    member(chat, "ann", "192.0.2.1").hang_up()
    before = hello_of_ann(chat, address, client)
    later = Chat(chat.archive, limits=THREE)
    strangers_guess(later)
    after = hello_of_ann(later, address, client)
    assert before is not None
    assert after is not None
    assert before["event"] == after["event"] == "welcome"
    elsewhere = hello_of_ann(later, "192.0.2.99")
    assert elsewhere is not None
    assert elsewhere["code"] == "too-many-attempts"


@pytest.mark.parametrize("change", ["/passwd {} new-staple", "/unregister {}"])
def test_a_new_password_or_the_account_s_end_forgets_who_was_known(change: str) -> None:
    chat = Chat(limits=THREE)
    member(chat, "ann", "198.51.100.7").hang_up()
    account = chat.hub.accounts.find("ann")
    assert account is not None
    known = chat.hub.accounts.attempts.known
    there, here = Source("198.51.100.7"), Source("192.0.2.5")
    assert known.has(account.id, there)
    other = guest(chat, "other", "192.0.2.5")
    other.send(f"/login ann {SECRET}", change.format(SECRET))
    later = Chat(chat.archive, limits=THREE).hub.accounts.attempts.known
    lives = chat.hub.accounts.get(account.id) is not None
    for one in (known, later):
        assert not one.has(account.id, there)
        assert one.has(account.id, here) == lives
    assert len(known_facts(chat)) == lives


def test_a_password_changed_in_the_file_forgets_who_was_known() -> None:
    chat = Chat(limits=THREE)
    ann = member(chat, "ann", "198.51.100.7")
    account = chat.hub.accounts.find("ann")
    assert account is not None
    ann.hang_up()
    start(chat.archive.put(replace(account, hash="another")))
    later = Chat(chat.archive, limits=THREE).hub.accounts.attempts.known
    assert not later.has(account.id, Source("198.51.100.7"))


def test_a_password_hashed_again_is_still_its_owner_s() -> None:
    chat = Chat(limits=THREE)
    ann = member(chat, "ann", "198.51.100.7")
    account = chat.hub.accounts.find("ann")
    assert account is not None
    ann.hang_up()
    accounts = chat.hub.accounts
    start(accounts.change(account, hash="the same password, hashed again"))
    rehashed = accounts.get(account.id)
    assert rehashed is not None
    start(accounts.know(rehashed, Source("198.51.100.7")))
    later = Chat(chat.archive, limits=THREE).hub.accounts.attempts.known
    assert later.has(account.id, Source("198.51.100.7"))


def test_what_is_stored_of_an_address_fits_many_others(chat: Chat) -> None:
    member(chat, "ann", "198.51.100.7")
    (fact,) = known_facts(chat)
    _, _, *digests = fact.value.split()
    assert "198.51" not in fact.value
    assert 4 in map(len, digests)  # two bytes, which one address in 65,536 shares


def test_only_the_latest_places_are_known(chat: Chat) -> None:
    member(chat, "ann", "192.0.2.1")
    account = chat.hub.accounts.find("ann")
    assert account is not None
    for n in range(MOST_KNOWN):
        start(chat.hub.accounts.know(account, Source(f"198.51.100.{n}")))
    known = chat.hub.accounts.attempts.known
    assert not known.has(account.id, Source("192.0.2.1"))
    (fact,) = known_facts(chat)
    assert len(fact.value.split()) == 2 + MOST_KNOWN
