"""SASL for IRC clients: each numeric, each chunk, each step."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from conftest import Chat, Person
from ircpeople import irc, plain
from scram_steps import client
from staff import SECRET, THREE_ATTEMPTS, founder, member, operator
from test_client_certificates import own, secure
from tlspeople import Secure, encrypted

from chatsvc.dialects.irc import Client, tell
from chatsvc.model.account_events import Challenge

NUL = "\0"
assert own  # a fixture
LOGGED_IN = [
    ":irc.chatsvc 900 * {mask} ann :You are logged in as ann",
    ":irc.chatsvc 903 * :SASL authentication successful",
]


def logged_in(who: str = "*") -> list[str]:
    mask = "*!*@*" if who == "*" else f"{who}!~{who}@people-{who}"
    return [line.format(mask=mask) for line in LOGGED_IN]


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode() or "+"


def coming(chat: Chat) -> Person:
    person = chat.connect()
    person.send("CAP REQ :sasl")
    return person


def answer(person: Person, text: str) -> str:
    """Return the server's challenge after a client's response."""
    (line,) = person.send(f"AUTHENTICATE {encoded(text)}")
    command, _, data = line.removeprefix(":irc.chatsvc ").partition(" ")
    assert command == "AUTHENTICATE", line
    return base64.b64decode(data, validate=True).decode()


def proved(person: Person, name: str = "ann", password: str = SECRET) -> list[str]:
    """Return the end of a SCRAM exchange, after the client has verified the server."""
    side = client(name, password)
    assert person.send("AUTHENTICATE SCRAM-SHA-256") == [":irc.chatsvc AUTHENTICATE +"]
    side.set_server_first(answer(person, side.get_client_first()))
    side.set_server_final(answer(person, side.get_client_final()))
    return person.send("AUTHENTICATE +")


def test_what_is_offered_depends_on_tls(tmp_path: Path) -> None:
    chat = encrypted(Chat())
    listed = " ".join(chat.connect().send("CAP LS 302"))
    assert " sasl=PLAIN,SCRAM-SHA-256 " in listed.replace(" :", " ")
    listed = " ".join(Secure(chat).shake_hands().send("CAP LS 302"))
    assert " sasl=PLAIN,EXTERNAL,SCRAM-SHA-256 " in listed.replace(" :", " ")
    (listed,) = chat.connect().send("CAP LS")
    assert " sasl " in listed


def test_a_mechanism_that_is_not_there_is_answered_with_those_that_are(chat: Chat) -> None:
    for mechanism in ("EXTERNAL", "GSSAPI", "+"):
        assert coming(chat).send(f"AUTHENTICATE {mechanism}") == [
            ":irc.chatsvc 908 * PLAIN,SCRAM-SHA-256 :are available SASL mechanisms",
            ":irc.chatsvc 904 * :Unsupported mechanism",
        ]


# PLAIN


def test_plain_lets_an_account_in(chat: Chat) -> None:
    member(chat, "ann").hang_up()
    ann = coming(chat)
    ann.send("NICK ann", "USER ann 0 * :Ann")
    assert ann.send("AUTHENTICATE PLAIN") == [":irc.chatsvc AUTHENTICATE +"]
    assert ann.send(f"AUTHENTICATE {plain('ann', SECRET)}") == logged_in("ann")
    assert ann.send("CAP END")[0] == ":irc.chatsvc 001 ann :Welcome to chatsvc, ann!~ann@people-ann"
    assert chat.hub.directory.users["ann"].account is not None


def test_a_wrong_password_is_904_and_another_try_is_welcome(chat: Chat) -> None:
    member(chat, "ann").hang_up()
    ann = coming(chat)
    ann.send("AUTHENTICATE plain")
    assert ann.send(f"AUTHENTICATE {plain('ann', 'wrong-horse')}") == [
        ":irc.chatsvc 904 * :Wrong password."
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
    assert person.send(f"AUTHENTICATE {sent}") == [f":irc.chatsvc 904 * :{words}"]
    assert person.send("AUTHENTICATE PLAIN") == [":irc.chatsvc AUTHENTICATE +"]


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
        f":irc.chatsvc 904 * :ann cannot act as {identity}"
    ]
    person.send("AUTHENTICATE SCRAM-SHA-256")
    written = identity.replace(",", "=2C")
    first = f"n,a={written},n=ann,r=abcdef"
    assert person.send(f"AUTHENTICATE {encoded(first)}") == [
        ":irc.chatsvc 904 * :Invalid SCRAM-SHA-256 message: The GS2 authzid must be empty"
    ]
    assert proved(person) == logged_in()


@pytest.mark.parametrize("identity", ["", "ann", "ANN"])
def test_an_account_may_name_itself(chat: Chat, identity: str) -> None:
    member(chat, "ann").hang_up()
    person = coming(chat)
    person.send("AUTHENTICATE PLAIN")
    plainly = encoded(f"{identity}{NUL}ann{NUL}{SECRET}")
    assert person.send(f"AUTHENTICATE {plainly}") == logged_in()


def test_a_chunk_of_more_than_400_is_905(chat: Chat) -> None:
    """IRCv3 "SASL 3.1", "The AUTHENTICATE command"."""
    person = coming(chat)
    person.send("AUTHENTICATE PLAIN")
    told = person.send(f"AUTHENTICATE {'x' * 401}")
    assert told == [":irc.chatsvc 905 * :SASL message too long"]


def test_too_many_chunks_are_904(chat: Chat) -> None:
    person = coming(chat)
    person.send("AUTHENTICATE PLAIN")
    told = person.send(*[f"AUTHENTICATE {'x' * 400}"] * 5)
    assert told == [":irc.chatsvc 904 * :A response has at most 1600 characters"]
    assert person.send("AUTHENTICATE PLAIN") == [":irc.chatsvc AUTHENTICATE +"]


def test_a_password_of_592_bytes_is_accepted(chat: Chat) -> None:
    password = "x" * 592
    chat.program("ann").ask(do="register", password=password)
    person = coming(chat)
    person.send("AUTHENTICATE PLAIN")
    whole = encoded(f"ann{NUL}ann{NUL}{password}")
    assert len(whole) == 800
    told = person.send(f"AUTHENTICATE {whole[:400]}", f"AUTHENTICATE {whole[400:]}")
    assert told == []
    assert person.send("AUTHENTICATE +") == logged_in()


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
    aborted = [":irc.chatsvc 906 * :SASL authentication aborted"]
    person = coming(chat)
    person.send("AUTHENTICATE PLAIN")
    assert person.send("AUTHENTICATE *") == aborted
    person.send("AUTHENTICATE SCRAM-SHA-256")
    answer(person, client("ann", SECRET).get_client_first())
    assert person.send("AUTHENTICATE *") == aborted
    assert person.send(f"AUTHENTICATE {encoded('c=biws')}")[-1].startswith(":irc.chatsvc 904 ")
    assert proved(person) == logged_in()


def test_who_goes_on_without_it_is_let_in_without_an_account(chat: Chat) -> None:
    person = coming(chat)
    person.send("NICK bob", "USER bob 0 * :Bob", "AUTHENTICATE PLAIN")
    told = person.send("CAP END")
    assert told[0] == ":irc.chatsvc 906 * :SASL authentication aborted"
    assert told[1].startswith(":irc.chatsvc 001 bob ")


# SCRAM-SHA-256


def test_scram_lets_an_account_in(chat: Chat) -> None:
    member(chat, "ann").hang_up()
    person = coming(chat)
    assert proved(person) == logged_in()
    told = person.send("NICK phone", "USER ann 0 * :Ann", "CAP END")
    assert told[0].startswith(":irc.chatsvc 001 phone ")
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
        assert person.send(f"AUTHENTICATE {final}") == [":irc.chatsvc 904 * :Wrong password."]
    person.send("AUTHENTICATE SCRAM-SHA-256")
    first = encoded(client("ann", SECRET).get_client_first())
    assert person.send(f"AUTHENTICATE {first}") == [
        ":irc.chatsvc 904 * :Too many wrong passwords. Try again in 5 min."
    ]


def test_steps_in_the_wrong_order_are_904(chat: Chat) -> None:
    member(chat, "ann").hang_up()
    person = coming(chat)
    for steps in (["+"], [encoded("c=biws,r=abc,p=AAAA")], ["good", "+"], ["good", "good"]):
        person.send("AUTHENTICATE SCRAM-SHA-256")
        first = encoded(client("ann", SECRET).get_client_first())
        told = person.send(*(f"AUTHENTICATE {first if s == 'good' else s}" for s in steps))
        assert told[-1].startswith(":irc.chatsvc 904 * :Invalid SCRAM-SHA-256 message: ")


# EXTERNAL


def test_a_certificate_lets_an_account_in(own: Path) -> None:
    chat = encrypted(Chat())
    ann = secure(chat, own)
    ann.send("NICK ann", "USER ann 0 * :Ann")
    ann.send(f"NS REGISTER {SECRET}")
    assert ann.send("NS CERT ADD")[0].endswith(" (this connection)")
    again = secure(chat, own)
    assert again.send("CAP REQ :sasl", "AUTHENTICATE EXTERNAL")[-1] == ":irc.chatsvc AUTHENTICATE +"
    assert again.send("AUTHENTICATE +") == logged_in()
    again.send("AUTHENTICATE EXTERNAL")
    assert again.send(f"AUTHENTICATE {encoded('ann')}") == logged_in()
    again.send("AUTHENTICATE EXTERNAL")
    assert again.send(f"AUTHENTICATE {encoded('bob')}") == [
        ":irc.chatsvc 904 * :Your certificate belongs to ann, not bob."
    ]


def test_without_a_certificate_external_is_904(own: Path) -> None:
    chat = encrypted(Chat())
    person = Secure(chat).shake_hands()
    person.send("CAP REQ :sasl", "AUTHENTICATE EXTERNAL")
    (told,) = person.send("AUTHENTICATE +")
    assert told.startswith(":irc.chatsvc 904 * :This connection has no certificate")


# After the welcome


def test_one_may_log_in_later_and_prove_it_again(chat: Chat) -> None:
    """IRCv3 "SASL 3.2": AUTHENTICATE is allowed at any time; the nickname stays."""
    member(chat, "ann").hang_up()
    bob = irc(chat, "bob", "account-notify", "extended-monitor")
    bob.send("MONITOR + guest")
    guest = irc(chat, "guest", "sasl")
    bob.read()
    told = proved(guest)
    done = [
        ":irc.chatsvc 900 guest guest!~guest@people-guest ann :You are logged in as ann",
        ":irc.chatsvc 903 guest :SASL authentication successful",
    ]
    assert told[:2] == done
    assert bob.read() == [":guest!~guest@people-guest ACCOUNT ann"]
    assert proved(guest)[-2:] == done


def test_one_may_authenticate_as_another_account(chat: Chat) -> None:
    member(chat, "ann").hang_up()
    member(chat, "bob").hang_up()
    guest = irc(chat, "guest", "sasl")
    proved(guest)
    told = proved(guest, "bob")
    assert told[:2] == [
        ":irc.chatsvc 900 guest guest!~guest@people-guest bob :You are logged in as bob",
        ":irc.chatsvc 903 guest :SASL authentication successful",
    ]
    assert chat.hub.directory.users["guest"].account == chat.hub.accounts.find("bob")
    assert len(chat.hub.directory.by_account) == 1


def test_the_name_of_the_former_account_is_not_kept(chat: Chat) -> None:
    member(chat, "ann").hang_up()
    bob = irc(chat, "bob", "sasl")
    bob.send(f"NS REGISTER {SECRET}")
    assert proved(bob)[:2] == [
        ":bob!~bob@people-bob NICK :ann",
        ":irc.chatsvc 900 ann ann!~bob@people-bob ann :You are logged in as ann",
    ]
    assert irc(chat, "bob").closed is False


def test_who_leaves_an_account_leaves_what_is_closed_to_the_next(chat: Chat) -> None:
    boss = founder(chat, "boss")
    member(chat, "ann").hang_up(), member(chat, "bob").hang_up()
    guest = irc(chat, "guest", "sasl")
    proved(guest)
    boss.send("/invite guest", "/set invite-only on", "/invite guest")
    guest.send("JOIN #tea")
    assert ":guest!~guest@people-guest PART #tea" in proved(guest, "bob")


def test_a_wrong_password_later_is_904_and_changes_nothing(chat: Chat) -> None:
    member(chat, "ann").hang_up()
    guest = irc(chat, "guest", "sasl")
    guest.send("AUTHENTICATE PLAIN")
    assert guest.send(f"AUTHENTICATE {plain('ann', 'wrong-horse')}") == [
        ":irc.chatsvc 904 guest :Wrong password."
    ]


def test_an_account_that_is_banned_is_902(chat: Chat) -> None:
    member(chat, "ann").hang_up()
    operator(chat).send("/ban account=ann")
    guest = irc(chat, "guest", "sasl")
    (told,) = proved(guest)
    assert told.startswith(":irc.chatsvc 902 guest :You are banned")


def test_logging_out_is_901(chat: Chat) -> None:
    ann = irc(chat, "ann")
    ann.send(f"NS REGISTER {SECRET}")
    told = ann.send("NS LOGOUT")
    assert ":irc.chatsvc 901 guest-1 guest-1!~ann@people-ann :You are logged out" in told


def test_logging_out_keeps_a_nickname_that_is_free(chat: Chat) -> None:
    """IRCv3 "sasl-3.1": 901 is the answer; no NICK belongs to it."""
    member(chat, "ann").hang_up()
    other, watcher = irc(chat, "other"), irc(chat, "watcher")
    other.send(f"NS IDENTIFY ann {SECRET}", "PART #lobby")
    told = other.send("NS LOGOUT")
    assert ":irc.chatsvc 901 other other!~other@people-other :You are logged out" in told
    assert not any(" NICK " in line for line in told)
    assert other.send("JOIN #tea")[0] == ":other!~other@people-other JOIN #tea"
    assert not any(" 330 " in line for line in watcher.send("WHOIS other"))
    other.send(f"NS IDENTIFY ann {SECRET}")
    second = irc(chat, "second")
    second.send(f"NS IDENTIFY ann {SECRET}")  # is `other` too, from now on
    assert any(" NICK :guest-" in line for line in second.send("NS LOGOUT"))
    assert not any(" NICK " in line for line in other.send("NS LOGOUT"))
