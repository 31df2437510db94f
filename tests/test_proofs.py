"""Authentication in several steps, as programs do it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from conftest import Chat, Worker
from hypothesis import given, settings
from hypothesis import strategies as st
from scram_steps import account_of, begun, challenge, client, proved, wrong
from staff import SECRET, THREE_ATTEMPTS, member, operator, refusal

from chatsvc.auth import scram
from chatsvc.model.requests import Refused

ITERATIONS = scram.ITERATIONS  # of the service, before other tests make hashing fast

# SCRAM


def test_a_program_proves_its_account_without_sending_the_password(chat: Chat) -> None:
    member(chat, "ann")
    program = chat.connect()
    assert proved(program, "ann") == [{"event": "proved", "account": "ann", "tag": "t"}]
    (welcome,) = program.ask(do="hello", name="phone")
    assert (welcome["name"], welcome["account"]) == ("ann", "ann")


def test_who_has_a_name_already_is_logged_in(chat: Chat) -> None:
    member(chat, "ann").hang_up()
    guest = chat.program("guest")
    guest.ask(do="join", room="#lobby")
    (you,) = proved(guest, "ann")
    assert (you["event"], you["name"], you["how"], you["tag"]) == ("you", "ann", "login", "t")
    assert [event["event"] for event in proved(guest, "ann")] == ["proved"]


def test_another_account_than_one_s_own_wants_a_logout_first(chat: Chat) -> None:
    member(chat, "ann").hang_up()
    bob = chat.program("bob")
    bob.ask(do="register", password=SECRET)
    side = begun(bob, "ann")
    challenge(bob, data=side.get_client_final())
    known = ("known", "You are already logged in as bob. Log out first: /logout")
    assert refusal(bob, do="prove", data="") == known


def test_a_wrong_proof_is_refused_and_counts_like_a_wrong_password() -> None:
    chat = Chat(limits=THREE_ATTEMPTS)
    member(chat, "ann").hang_up()
    stranger = chat.connect("203.0.113.9")
    for _ in range(3):
        assert wrong(stranger, "ann") == ("wrong-password", "Wrong password.")
    too_many = ("too-many-attempts", "Too many wrong passwords. Try again in 5 min.")
    message = client("ann", SECRET).get_client_first()
    step = {"do": "prove", "mechanism": scram.MECHANISM, "data": message}
    assert refusal(stranger, **step) == too_many
    elsewhere = chat.connect("203.0.113.10")
    assert elsewhere.ask(do="prove", data=begun(elsewhere, "ann").get_client_final()) == []
    chat.clock.advance(5)
    assert elsewhere.events()[0]["event"] == "challenge"
    assert proved(chat.connect(), "ann")[0]["event"] == "proved"


def test_attempts_by_scram_and_by_password_are_counted_together() -> None:
    chat = Chat(limits=THREE_ATTEMPTS)
    member(chat, "ann").hang_up()
    stranger = chat.connect("203.0.113.9")
    for _ in range(2):
        wrong(stranger, "ann")
    assert refusal(stranger, do="prove", name="ann", password="x")[0] == "wrong-password"
    assert refusal(stranger, do="prove", name="ann", password=SECRET)[0] == "too-many-attempts"


def test_a_name_that_is_not_registered_looks_like_one_until_the_end(chat: Chat) -> None:
    person = chat.connect()
    salts = {begun(person, "nobody").salt.salt for _ in range(2)}
    assert len(salts) == 1
    assert begun(person, "nobody2").salt.salt not in salts
    member(chat, "ann")
    assert len(begun(person, "ann").salt.salt) == len(salts.pop())
    assert wrong(person, "nobody")[0] == "no-account"


def test_an_account_from_before_scram_has_it_after_the_next_login(chat: Chat) -> None:
    member(chat, "ann").hang_up()
    chat.hub.accounts._enter(replace(account_of(chat, "ann"), scram=""))
    code, text = wrong(chat.connect(), "ann", SECRET)
    assert (code, "Log in once in another way" in text) == ("wrong-password", True)
    chat.program("ann", account_password=SECRET).hang_up()
    assert proved(chat.connect(), "ann")[0]["event"] == "proved"


def test_another_password_has_other_keys(chat: Chat) -> None:
    ann = member(chat, "ann")
    program = chat.connect()
    side = begun(program, "ann")
    ann.send(f"/passwd {SECRET} new-staple")
    assert refusal(program, do="prove", data=side.get_client_final())[0] == "wrong-password"
    assert proved(program, "ann", "new-staple")[0]["event"] == "proved"


def test_the_last_step_logs_nobody_in_after_the_password_was_changed(chat: Chat) -> None:
    ann = member(chat, "ann")
    guest, nameless = chat.program("guest"), chat.connect()
    for program in (guest, nameless):
        challenge(program, data=begun(program, "ann").get_client_final())
    ann.send(f"/passwd {SECRET} new-staple")
    changed = ("bad-proof", "The account has changed. Start authentication again.")
    assert refusal(guest, do="prove", data="") == changed
    assert refusal(nameless, do="prove", data="") == changed
    assert refusal(nameless, do="hello", name="ann")[0] == "registered"


def test_the_last_step_logs_nobody_in_to_an_account_that_is_removed(chat: Chat) -> None:
    ann, program = member(chat, "ann"), chat.program("guest")
    challenge(program, data=begun(program, "ann").get_client_final())
    ann.send(f"/unregister {SECRET}")
    assert refusal(program, do="prove", data="")[0] == "bad-proof"
    assert chat.hub.accounts.find("ann") is None


def test_the_last_step_makes_nobody_an_operator_who_is_none_any_more(chat: Chat) -> None:
    operator(chat, "ann").hang_up()
    program = chat.program("guest")
    challenge(program, data=begun(program, "ann").get_client_final())
    chat.hub.accounts._enter(replace(account_of(chat, "ann"), operator=False))
    assert refusal(program, do="prove", data="")[0] == "bad-proof"
    assert not any(user.operator for user in chat.hub.directory.users.values())


@pytest.mark.parametrize("steps", [1, 2])
def test_a_proof_is_given_up_after_a_minute(chat: Chat, steps: int) -> None:
    member(chat, "ann").hang_up()
    program = chat.program("guest")
    side = begun(program, "ann")
    final = side.get_client_final()
    if steps == 2:
        challenge(program, data=final)
    chat.clock.advance(60.5)
    late = ("bad-proof", "Authentication took too long. Start again.")
    assert refusal(program, do="prove", data=final if steps == 1 else "") == late
    assert proved(program, "ann")[0]["event"] == "you"


def test_a_certificate_that_was_removed_proves_nothing_at_hello(chat: Chat) -> None:
    ann, program = member(chat, "ann"), chat.connect()
    ann.send(f"/certificate add {'ab' * 32}")
    program.ask(do="ping")
    program.protocol.fingerprint = "ab" * 32
    assert program.ask(do="prove", mechanism="EXTERNAL")[0]["event"] == "proved"
    ann.send(f"/certificate remove {'ab' * 32}")
    assert refusal(program, do="hello", name="ann")[0] == "registered"


def test_removing_a_certificate_ends_the_connections_that_came_with_it(chat: Chat) -> None:
    ann, with_it, with_another = member(chat, "ann"), chat.connect(), chat.connect()
    for letters, program in (("ab", with_it), ("cd", with_another)):
        ann.send(f"/certificate add {letters * 32}")
        program.ask(do="ping")
        program.protocol.fingerprint = letters * 32
        program.ask(do="prove", mechanism="EXTERNAL")
        assert program.ask(do="hello", name="ann")[0]["event"] == "welcome"
    ann.send(f"/certificate remove {'ab' * 32}")
    assert with_it.events() == [
        {
            "event": "goodbye",
            "text": "Your certificate was removed over another connection.",
            "final": True,
        }
    ]
    assert with_it.closed
    assert not with_another.closed
    assert with_another.ask(do="certificate", change="remove")[0]["event"] == "certificates"
    assert not with_another.closed


def test_a_password_changed_before_hello_wants_the_new_one(chat: Chat) -> None:
    ann = member(chat, "ann")
    program = chat.connect()
    proved(program, "ann")
    ann.send(f"/passwd {SECRET} new-staple")
    assert refusal(program, do="hello", name="ann")[0] == "registered"


def test_keys_are_made_by_the_worker_that_makes_the_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scram, "ITERATIONS", ITERATIONS)
    hasher = Worker()
    chat = Chat(hasher=hasher)
    chat.join("ann").send(f"/register {SECRET}")
    (_, work, arguments) = hasher.pieces[0]
    assert work(*arguments)["scram"].startswith("SCRAM-SHA-256$15000:")
    assert chat.hub.accounts.find("ann") is None
    hasher.work()
    assert account_of(chat, "ann").scram.startswith("SCRAM-SHA-256$15000:")


@pytest.mark.parametrize("password", ["\U0001f600" * 6, "a" + "\u00ad" * 5, "\u200d" * 6])
def test_a_password_that_scram_does_not_allow_is_good_for_everything_else(
    chat: Chat, password: str
) -> None:
    program = chat.program("ann")
    program.ask(do="register", password=password)
    assert account_of(chat, "ann").scram == scram.UNFIT
    (event,) = chat.connect().ask(do="prove", name="ann", password=password)
    assert event["event"] == "proved"


def test_how_a_keyboard_writes_accents_makes_no_difference(chat: Chat) -> None:
    chat.program("ann").ask(do="register", password="cafe\u0301-au-lait")
    assert proved(chat.connect(), "ann", "caf\u00e9-au-lait")[0]["event"] == "proved"


def test_nobody_can_be_taken_for_a_service_of_irc(chat: Chat) -> None:
    for name in ("NickServ", "N\u0456ckServ", "Ch\u0430nServ", "chanserv"):
        assert refusal(chat.connect(), do="hello", name=name)[0] == "bad-name"


# Out of order


def test_a_later_step_wants_an_earlier_one(chat: Chat) -> None:
    member(chat, "ann")
    person = chat.connect()
    first = ("bad-proof", "Start authentication with the name of a mechanism.")
    assert refusal(person, do="prove", data="c=biws") == first
    side = begun(person, "ann")
    final = side.get_client_final()
    challenge(person, data=final)
    assert refusal(person, do="prove", data=final) == first
    assert refusal(person, do="prove", data="") == first


def test_a_proof_begun_anew_forgets_the_one_before(chat: Chat) -> None:
    member(chat, "ann")
    person = chat.connect()
    old = begun(person, "ann").get_client_final()
    new = begun(person, "ann")
    assert refusal(person, do="prove", data=old)[0] == "bad-proof"
    assert refusal(person, do="prove", data=new.get_client_final())[0] == "bad-proof"
    assert proved(person, "ann")[0]["event"] == "proved"


def test_a_password_and_nothing_else_is_no_step_of_a_proof(chat: Chat) -> None:
    assert refusal(chat.connect(), do="prove", password=SECRET)[0] == "usage"


@pytest.mark.parametrize(
    ("mechanism", "data", "words"),
    [
        ("GSSAPI", "", "Unknown mechanism GSSAPI"),
        (scram.MECHANISM, "", "Invalid SCRAM-SHA-256 message: "),
        (scram.MECHANISM, "n,,n=ann", "Invalid SCRAM-SHA-256 message: "),
        (scram.MECHANISM, "n,a=bob,n=ann,r=abc", "The GS2 authzid must be empty"),
        (scram.MECHANISM, "p=tls-unique,,n=ann,r=abc", "channel binding"),
        (scram.MECHANISM, "n,,n=an=n,r=abc", "An '=' in a username"),
    ],
)
def test_what_is_no_proof_is_refused_with_a_reason(
    chat: Chat, mechanism: str, data: str, words: str
) -> None:
    code, text = refusal(chat.connect(), do="prove", mechanism=mechanism, data=data)
    assert code == "bad-proof"
    assert words in text


def test_a_client_may_say_that_it_could_bind_channels_if_the_server_did() -> None:
    exchange = scram.Exchange(lambda name: "")
    assert exchange.begin("y,,n=ann,r=abc").startswith("r=abc")


@given(st.text(max_size=40), st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_whatever_is_sent_is_refused_or_answered(first: str, final: str) -> None:
    exchange = scram.Exchange(lambda name: "")
    for begin in (first, f"n,,{first}", f"n,,n=ann,r={first}"):
        exchange = scram.Exchange(lambda name: "")
        try:
            nonce = exchange.begin(begin).partition(",")[0]
        except Refused:
            continue
        for message in (final, f"c=biws,{nonce},p={final}", f"{final},{nonce},p=AAAA"):
            with suppress(Refused):
                assert exchange.prove(message) is None
