"""SASL for IRC clients: each numeric, each chunk, each step."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from conftest import Chat, Person
from ircpeople import irc, plain
from scram_steps import client
from staff import SECRET, THREE_ATTEMPTS, member, operator
from test_client_certificates import own, secure
from tlspeople import Secure, encrypted

from chatsvc.dialects.irc import Client, tell
from chatsvc.model.account_events import Challenge

NUL = "\0"
assert own  # a fixture
LOGGED_IN = [
    ":chatsvc 900 * {who}!chat@people/{who} ann :You are logged in as ann",
    ":chatsvc 903 * :SASL authentication successful",
]


def logged_in(who: str = "*") -> list[str]:
    return [line.format(who=who) for line in LOGGED_IN]


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode() or "+"


def coming(chat: Chat) -> Person:
    person = chat.connect()
    person.send("CAP REQ :sasl")
    return person


def answer(person: Person, text: str) -> str:
    """Return the server's challenge after a client's response."""
    (line,) = person.send(f"AUTHENTICATE {encoded(text)}")
    command, _, data = line.removeprefix(":chatsvc ").partition(" ")
    assert command == "AUTHENTICATE", line
    return base64.b64decode(data, validate=True).decode()


def proved(person: Person, name: str = "ann", password: str = SECRET) -> list[str]:
    """Return the end of a SCRAM exchange, after the client has verified the server."""
    side = client(name, password)
    assert person.send("AUTHENTICATE SCRAM-SHA-256") == [":chatsvc AUTHENTICATE +"]
    side.set_server_first(answer(person, side.get_client_first()))
    side.set_server_final(answer(person, side.get_client_final()))
    return person.send("AUTHENTICATE +")


def test_what_is_offered_depends_on_tls(tmp_path: Path) -> None:
    chat = encrypted(Chat())
    listed = " ".join(chat.connect().send("CAP LS 302"))
    assert " sasl=PLAIN,SCRAM-SHA-256 " in listed
    listed = " ".join(Secure(chat).shake_hands().send("CAP LS 302"))
    assert " sasl=PLAIN,EXTERNAL,SCRAM-SHA-256 " in listed
    (listed,) = chat.connect().send("CAP LS")
    assert " sasl " in listed


def test_a_mechanism_that_is_not_there_is_answered_with_those_that_are(chat: Chat) -> None:
    for mechanism in ("EXTERNAL", "GSSAPI", "+"):
        assert coming(chat).send(f"AUTHENTICATE {mechanism}") == [
            ":chatsvc 908 * PLAIN,SCRAM-SHA-256 :are available SASL mechanisms",
            ":chatsvc 904 * :Unsupported mechanism",
        ]


# PLAIN


def test_plain_lets_an_account_in(chat: Chat) -> None:
    member(chat, "ann").hang_up()
    ann = coming(chat)
    ann.send("NICK ann", "USER ann 0 * :Ann")
    assert ann.send("AUTHENTICATE PLAIN") == [":chatsvc AUTHENTICATE +"]
    assert ann.send(f"AUTHENTICATE {plain('ann', SECRET)}") == logged_in("ann")
    assert ann.send("CAP END")[0] == ":chatsvc 001 ann :Welcome to chatsvc, ann!chat@people/ann"
    assert chat.hub.directory.users["ann"].account is not None


def test_a_wrong_password_is_904_and_another_try_is_welcome(chat: Chat) -> None:
    member(chat, "ann").hang_up()
    ann = coming(chat)
    ann.send("AUTHENTICATE plain")
    assert ann.send(f"AUTHENTICATE {plain('ann', 'wrong-horse')}") == [
        ":chatsvc 904 * :Wrong password."
    ]
    ann.send("AUTHENTICATE PLAIN")
    assert ann.send(f"AUTHENTICATE {plain('ann', SECRET)}") == logged_in()


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ("not-base64!", "Invalid base64 or UTF-8"),
        ("YWJ", "Invalid base64 or UTF-8"),
        ("/w==", "Invalid base64 or UTF-8"),
        (encoded("ann"), "Invalid PLAIN message"),
        ("+", "Invalid PLAIN message"),
        (plain("eve", SECRET), "eve is not registered. To register: /register password"),
    ],
)
def test_what_is_no_response_is_904(chat: Chat, sent: str, words: str) -> None:
    person = coming(chat)
    person.send("AUTHENTICATE PLAIN")
    assert person.send(f"AUTHENTICATE {sent}") == [f":chatsvc 904 * :{words}"]
    assert person.send("AUTHENTICATE PLAIN") == [":chatsvc AUTHENTICATE +"]


# Chunks, and early ends


def test_a_response_may_come_in_pieces_of_400(chat: Chat) -> None:
    password = "é" * 146
    chat.program("ann").ask(do="register", password=password)
    person = coming(chat)
    whole = encoded(f"ann\0ann\0{password}")
    assert len(whole) == 400
    person.send("AUTHENTICATE PLAIN")
    assert person.send(f"AUTHENTICATE {whole}") == []
    assert person.send("AUTHENTICATE +") == logged_in()
    chat.program("eve").ask(do="register", password="é" * 200)
    longer = encoded(f"eve\0eve\0{'é' * 200}")
    person.send("AUTHENTICATE PLAIN")
    assert person.send(f"AUTHENTICATE {longer[:400]}") == []
    assert person.send(f"AUTHENTICATE {longer[400:]}")[-1] == logged_in()[-1]


# Acting as somebody else (RFC 4616, 2; RFC 5802, 5.1)


@pytest.mark.parametrize("identity", ["bob", "nobody", "ann ", "ann,bob"])
def test_nobody_acts_as_another_account(chat: Chat, identity: str) -> None:
    member(chat, "ann").hang_up(), member(chat, "bob").hang_up()
    person = coming(chat)
    person.send("AUTHENTICATE PLAIN")
    assert person.send(f"AUTHENTICATE {encoded(f'{identity}{NUL}ann{NUL}{SECRET}')}") == [
        f":chatsvc 904 * :ann cannot act as {identity}"
    ]
    person.send("AUTHENTICATE SCRAM-SHA-256")
    written = identity.replace(",", "=2C")
    first = f"n,a={written},n=ann,r=abcdef"
    assert person.send(f"AUTHENTICATE {encoded(first)}") == [
        ":chatsvc 904 * :Invalid SCRAM-SHA-256 message: The GS2 authzid must be empty"
    ]
    assert proved(person) == logged_in()


@pytest.mark.parametrize("identity", ["", "ann", "ANN"])
def test_an_account_may_name_itself(chat: Chat, identity: str) -> None:
    member(chat, "ann").hang_up()
    person = coming(chat)
    person.send("AUTHENTICATE PLAIN")
    plainly = encoded(f"{identity}{NUL}ann{NUL}{SECRET}")
    assert person.send(f"AUTHENTICATE {plainly}") == logged_in()


@pytest.mark.parametrize("pieces", [["x" * 401], ["x" * 400] * 5])
def test_more_than_that_is_905(chat: Chat, pieces: list[str]) -> None:
    person = coming(chat)
    person.send("AUTHENTICATE PLAIN")
    told = person.send(*(f"AUTHENTICATE {piece}" for piece in pieces))
    assert told == [":chatsvc 905 * :SASL message too long"]


@pytest.mark.parametrize(
    ("length", "pieces"), [(297, [396]), (300, [400, 0]), (303, [400, 4]), (600, [400, 400, 0])]
)
def test_a_challenge_goes_out_in_pieces_of_400(length: int, pieces: list[int]) -> None:
    client = Client()
    tell(client, Challenge("x" * length), None)
    sent = [line.split()[2] for line in client.taken().decode().splitlines()]
    assert sent == [encoded("x" * length)[n * 400 :][:size] or "+" for n, size in enumerate(pieces)]


def test_an_asterisk_aborts_whatever_is_under_way(chat: Chat) -> None:
    member(chat, "ann").hang_up()
    aborted = [":chatsvc 906 * :SASL authentication aborted"]
    person = coming(chat)
    person.send("AUTHENTICATE PLAIN")
    assert person.send("AUTHENTICATE *") == aborted
    person.send("AUTHENTICATE SCRAM-SHA-256")
    answer(person, client("ann", SECRET).get_client_first())
    assert person.send("AUTHENTICATE *") == aborted
    assert person.send(f"AUTHENTICATE {encoded('c=biws')}")[-1].startswith(":chatsvc 904 ")
    assert proved(person) == logged_in()


def test_who_goes_on_without_it_is_let_in_without_an_account(chat: Chat) -> None:
    person = coming(chat)
    person.send("NICK bob", "USER bob 0 * :Bob", "AUTHENTICATE PLAIN")
    told = person.send("CAP END")
    assert told[0] == ":chatsvc 906 * :SASL authentication aborted"
    assert told[1].startswith(":chatsvc 001 bob ")


# SCRAM-SHA-256


def test_scram_lets_an_account_in(chat: Chat) -> None:
    member(chat, "ann").hang_up()
    person = coming(chat)
    assert proved(person) == logged_in()
    told = person.send("NICK phone", "USER ann 0 * :Ann", "CAP END")
    assert told[0].startswith(":chatsvc 001 phone ")
    assert chat.hub.directory.users["phone"].account is not None


def test_a_wrong_proof_is_904_and_is_counted() -> None:
    chat = Chat(limits=THREE_ATTEMPTS)
    member(chat, "ann").hang_up()
    person = chat.connect("203.0.113.9")
    person.send("CAP REQ :sasl")
    for _ in range(3):
        side = client("ann", "wrong-horse")
        person.send("AUTHENTICATE SCRAM-SHA-256")
        side.set_server_first(answer(person, side.get_client_first()))
        final = encoded(side.get_client_final())
        assert person.send(f"AUTHENTICATE {final}") == [":chatsvc 904 * :Wrong password."]
    person.send("AUTHENTICATE SCRAM-SHA-256")
    first = encoded(client("ann", SECRET).get_client_first())
    assert person.send(f"AUTHENTICATE {first}") == [
        ":chatsvc 904 * :Too many wrong passwords. Try again in 5 min."
    ]


def test_steps_in_the_wrong_order_are_904(chat: Chat) -> None:
    member(chat, "ann").hang_up()
    person = coming(chat)
    for steps in (["+"], [encoded("c=biws,r=abc,p=AAAA")], ["good", "+"], ["good", "good"]):
        person.send("AUTHENTICATE SCRAM-SHA-256")
        first = encoded(client("ann", SECRET).get_client_first())
        told = person.send(*(f"AUTHENTICATE {first if s == 'good' else s}" for s in steps))
        assert told[-1].startswith(":chatsvc 904 * :Invalid SCRAM-SHA-256 message: ")


# EXTERNAL


def test_a_certificate_lets_an_account_in(own: Path) -> None:
    chat = encrypted(Chat())
    ann = secure(chat, own)
    ann.send("NICK ann", "USER ann 0 * :Ann")
    ann.send(f"NS REGISTER {SECRET}")
    assert ann.send("NS CERT ADD")[0].endswith(" (this connection)")
    again = secure(chat, own)
    assert again.send("CAP REQ :sasl", "AUTHENTICATE EXTERNAL")[-1] == ":chatsvc AUTHENTICATE +"
    assert again.send("AUTHENTICATE +") == logged_in()
    again.send("AUTHENTICATE EXTERNAL")
    assert again.send(f"AUTHENTICATE {encoded('ann')}") == logged_in()
    again.send("AUTHENTICATE EXTERNAL")
    assert again.send(f"AUTHENTICATE {encoded('bob')}") == [
        ":chatsvc 904 * :Your certificate belongs to ann, not bob."
    ]


def test_without_a_certificate_external_is_904(own: Path) -> None:
    chat = encrypted(Chat())
    person = Secure(chat).shake_hands()
    person.send("CAP REQ :sasl", "AUTHENTICATE EXTERNAL")
    (told,) = person.send("AUTHENTICATE +")
    assert told.startswith(":chatsvc 904 * :This connection has no certificate")


# After the welcome


def test_one_may_log_in_later_and_prove_it_again(chat: Chat) -> None:
    member(chat, "ann").hang_up()
    guest = irc(chat, "guest", "sasl")
    told = proved(guest)
    assert told[:3] == [
        ":guest!chat@people/guest NICK :ann",
        ":chatsvc 900 ann ann!chat@people/ann ann :You are logged in as ann",
        ":chatsvc 903 ann :SASL authentication successful",
    ]
    assert proved(guest)[-2:] == told[1:3]


def test_another_account_than_one_s_own_is_907(chat: Chat) -> None:
    member(chat, "ann").hang_up()
    bob = irc(chat, "bob", "sasl")
    bob.send(f"NS REGISTER {SECRET}")
    assert proved(bob)[-1] == ":chatsvc 907 bob :You have already authenticated using SASL"


def test_a_wrong_password_later_is_904_and_changes_nothing(chat: Chat) -> None:
    member(chat, "ann").hang_up()
    guest = irc(chat, "guest", "sasl")
    guest.send("AUTHENTICATE PLAIN")
    assert guest.send(f"AUTHENTICATE {plain('ann', 'wrong-horse')}") == [
        ":chatsvc 904 guest :Wrong password."
    ]


def test_an_account_that_is_banned_is_902(chat: Chat) -> None:
    member(chat, "ann").hang_up()
    operator(chat).send("/ban account=ann")
    guest = irc(chat, "guest", "sasl")
    (told,) = proved(guest)
    assert told.startswith(":chatsvc 902 guest :You are banned")


def test_logging_out_is_901(chat: Chat) -> None:
    ann = irc(chat, "ann")
    ann.send(f"NS REGISTER {SECRET}")
    told = ann.send("NS LOGOUT")
    assert ":chatsvc 901 guest-1 guest-1!chat@people/guest-1 :You are logged out" in told
