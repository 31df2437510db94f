"""The history of private messages with guests: IRCv3 "chathistory", "message-ids"."""

from __future__ import annotations

import re

import pytest
from conftest import Chat, Person
from ircpeople import irc
from staff import SECRET

from chatsvc.services import guest_messages

CAPS = ("batch", "draft/chathistory", "message-tags", "server-time", "echo-message", "account-tag")


@pytest.fixture
def ann(chat: Chat) -> Person:
    """Return a client that is logged in."""
    client = irc(chat, "ann", *CAPS)
    client.send(f"NS REGISTER {SECRET}")
    return client


@pytest.fixture
def guest(chat: Chat) -> Person:
    return irc(chat, "Guest", *CAPS)


def say(chat: Chat, sender: Person, target: str, *texts: str) -> list[str]:
    """Send private messages, a second apart; return what the sender reads."""
    told = []
    for text in texts:
        chat.clock.advance(1)
        told += sender.send(f"PRIVMSG {target} :{text}")
    return told


def texts(answer: list[str]) -> list[str]:
    return [line.partition(" PRIVMSG ")[2] for line in answer if " PRIVMSG " in line]


def msgid(line: str) -> str:
    found = re.search(r"msgid=([^; ]+)", line)
    assert found is not None
    return found[1]


def test_both_sides_read_the_same_id_and_history_has_it(
    chat: Chat, ann: Person, guest: Person
) -> None:
    (echo,) = say(chat, guest, "ann", "hello")
    (heard,) = ann.read()
    assert msgid(echo) == msgid(heard)
    assert msgid(echo).startswith("~")
    begin, line, _ = ann.send("CHATHISTORY LATEST guest * 10")
    assert begin.endswith(" chathistory guest")  # "batch target": as requested
    assert line.partition(";")[2].rpartition(" :hello")[0] == heard[1:].rpartition(" :hello")[0]


def test_the_account_s_side_reads_both_directions(chat: Chat, ann: Person, guest: Person) -> None:
    say(chat, guest, "ann", "one")
    say(chat, ann, "guest", "two")
    say(chat, guest, "ann", "three")
    expected = ["ann :one", "Guest :two", "ann :three"]
    assert texts(ann.send("CHATHISTORY LATEST Guest * 10")) == expected
    guest.send("QUIT")
    assert texts(ann.send("CHATHISTORY LATEST Guest * 10")) == expected


def test_selectors(chat: Chat, ann: Person, guest: Person) -> None:
    one, two, three, four = (msgid(line) for line in say(chat, guest, "ann", *"1234"))

    def found(selector: str) -> list[str]:
        return [text[-1] for text in texts(ann.send(f"CHATHISTORY {selector}"))]

    assert found("LATEST Guest * 2") == ["3", "4"]
    assert found(f"LATEST Guest msgid={two} 10") == ["3", "4"]
    assert found(f"BEFORE Guest msgid={three} 10") == ["1", "2"]
    assert found(f"BEFORE Guest msgid={four} 2") == ["2", "3"]
    assert found(f"AFTER Guest msgid={one} 2") == ["2", "3"]
    assert found(f"AROUND Guest msgid={two} 3") == ["1", "2", "3"]
    assert found(f"BETWEEN Guest msgid={one} msgid={four} 10") == ["2", "3"]
    assert found(f"BETWEEN Guest msgid={four} msgid={one} 1") == ["3"]
    assert found("AFTER Guest timestamp=1970-01-01T00:00:02.000Z 10") == ["3", "4"]


def test_targets_include_guests(chat: Chat, ann: Person, guest: Person) -> None:
    say(chat, guest, "ann", "hello")
    ends = "timestamp=1970-01-01T00:00:00.000Z timestamp=2030-01-01T00:00:00.000Z"
    assert any(
        line.endswith("CHATHISTORY TARGETS Guest 1970-01-01T00:00:01.000Z")
        for line in ann.send(f"CHATHISTORY TARGETS {ends} 10")
    )


def test_a_guest_reads_nothing(chat: Chat, ann: Person, guest: Person) -> None:
    say(chat, ann, "Guest", "secret")
    guest.send("QUIT")
    other = irc(chat, "Guest", *CAPS)
    (told,) = other.send("CHATHISTORY LATEST ann * 10")
    assert told.partition(" ")[2].startswith("FAIL CHATHISTORY INVALID_TARGET LATEST ann :")


def test_memory_is_bounded(chat: Chat, ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guest_messages, "MOST_LINES", 3)
    monkeypatch.setattr(guest_messages, "MOST_CONVERSATIONS", 2)
    monkeypatch.setattr(guest_messages, "MOST_IN_ALL", 5)
    guests = [irc(chat, f"g{number}", *CAPS) for number in range(3)]
    for each in guests:
        say(chat, each, "ann", *"12345")
    assert ann.send("CHATHISTORY LATEST g0 * 10")[0].count("FAIL") == 1
    assert ann.send("CHATHISTORY LATEST g1 * 10")[0].count("FAIL") == 1
    assert [text[-1] for text in texts(ann.send("CHATHISTORY LATEST g2 * 10"))] == ["3", "4", "5"]


def test_two_guests_leave_no_history(chat: Chat, guest: Person) -> None:
    bob = irc(chat, "bob", *CAPS)
    say(chat, guest, "bob", "hello")
    assert msgid(bob.read()[0]).startswith("~")
    assert chat.hub.history._guest_messages._lines == {}


# REDACT


@pytest.mark.parametrize("registered", [True, False])
def test_each_side_deletes_its_own_messages(chat: Chat, registered: bool) -> None:
    """IRCv3 "message-redaction": forwarded to the target in the same way as PRIVMSG messages."""
    caps = (*CAPS, "draft/message-redaction")
    ann, guest = irc(chat, "ann", *caps), irc(chat, "Guest", *caps)
    if registered:
        ann.send(f"NS REGISTER {SECRET}")
    for sender, reader, to, own in ((ann, guest, "Guest", "ann"), (guest, ann, "ann", "Guest")):
        sender.send(f"PRIVMSG {to} :oops")
        id = msgid(reader.read()[-1])
        assert "UNKNOWN_MSGID" in reader.send(f"REDACT {own} {id}")[0]
        told = sender.send(f"REDACT {to} {id} :not for you")
        redacted = f" REDACT {to} {id} :not for you"
        assert told[0].endswith(redacted)
        assert reader.read()[-1].endswith(redacted)
        assert "UNKNOWN_MSGID" in sender.send(f"REDACT {to} {id}")[0]
    assert "INVALID_TARGET" in ann.send("CHATHISTORY LATEST Guest * 9")[0]


def test_who_takes_a_guest_s_name_deletes_nothing(chat: Chat) -> None:
    caps = (*CAPS, "draft/message-redaction")
    ann, guest = irc(chat, "ann", *caps), irc(chat, "Guest", *caps)
    ann.send(f"NS REGISTER {SECRET}")
    guest.send("PRIVMSG ann :hello", "QUIT")
    id = msgid(ann.read()[-1])
    other = irc(chat, "Guest", *caps)
    assert "UNKNOWN_MSGID" in other.send(f"REDACT ann {id}")[0]
    assert [text[-1] for text in texts(ann.send("CHATHISTORY LATEST Guest * 9"))] == ["o"]


def test_who_takes_a_guest_s_name_retracts_nothing_from_another_guest(chat: Chat) -> None:
    caps = (*CAPS, "draft/message-redaction")
    bob, guest = irc(chat, "bob", *caps), irc(chat, "Guest", *caps)
    guest.send("PRIVMSG bob :hello", "QUIT")
    id = msgid(bob.read()[-1])
    assert "UNKNOWN_MSGID" in irc(chat, "Guest", *caps).send(f"REDACT bob {id}")[0]


def test_few_ids_of_messages_between_guests_are_remembered(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guest_messages, "MOST_IDS", 2)
    caps = (*CAPS, "draft/message-redaction")
    bob, guest = irc(chat, "bob", *caps), irc(chat, "Guest", *caps)
    say(chat, guest, "bob", "one", "two", "three")
    ids = [msgid(line) for line in bob.read()]
    assert "UNKNOWN_MSGID" in guest.send(f"REDACT bob {ids[0]}")[0]
    assert guest.send(f"REDACT bob {ids[1]}")[0].endswith(f" REDACT bob {ids[1]}")
