"""IRC's formatting: complete for IRC clients, and completely removed for everybody else."""

from __future__ import annotations

import json
import re

import pytest
from conftest import Chat, Person
from ircpeople import irc
from staff import everybody_reads, founder, guest, operator, program

WRITTEN = "build \x0304,01failed\x03 after \x02 3\x02 tries\x0f"
PLAIN = "build failed after  3 tries"
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def people(chat: Chat) -> tuple[Person, Person, Person, Person]:
    """Return alice, at an IRC client, and readers over IRC, text and JSON."""
    tom, bob = guest(chat, "tom"), irc(chat, "bob", "away-notify", "setname", "extended-join")
    jo = program(chat, "jo", "#lobby")
    alice = irc(chat, "alice", "setname", "message-tags", "batch", "draft/multiline")
    for client in (bob, alice):
        client.send("JOIN #lobby")
    everybody_reads(tom, bob, jo, alice)
    return alice, bob, tom, jo


def as_json(person: Person) -> str:
    """Return everything that a program has read, in one string."""
    return "\n".join(json.dumps(event, ensure_ascii=False) for event in person.events())


FIELDS = [
    f"PRIVMSG #lobby :{WRITTEN}",
    f"NOTICE #lobby :{WRITTEN}",
    f"PRIVMSG #lobby :\x01ACTION {WRITTEN}\x01",
    f"TOPIC #lobby :{WRITTEN}",
    f"PART #lobby :{WRITTEN}",
    f"QUIT :{WRITTEN}",
]


@pytest.mark.parametrize("line", FIELDS)
def test_what_everybody_in_a_room_reads(chat: Chat, line: str) -> None:
    alice, bob, tom, jo = people(chat)
    alice.send(line)
    assert WRITTEN in bob.transport.value().decode()
    text, program = tom.transport.value().decode(), as_json(jo)
    for read in (text, program):
        assert PLAIN in read
    assert not CONTROLS.search(text.replace("\r\n", ""))
    assert "\\u00" not in program


@pytest.mark.parametrize("line", [f"AWAY :{WRITTEN}", f"SETNAME :{WRITTEN}"])
def test_what_people_write_about_themselves(chat: Chat, line: str) -> None:
    alice, bob, tom, jo = people(chat)
    jo.ask(do="watch", names="alice", closely=True)
    alice.send(line)
    assert WRITTEN in bob.transport.value().decode()
    assert PLAIN in as_json(jo)
    jo.send('{"do":"whois","name":"alice"}')
    assert not any(map(CONTROLS.search, tom.send("/whois alice", "/who")))
    alice.send("PART #lobby", "JOIN #lobby")
    assert line.startswith("AWAY") or f":{WRITTEN}" in bob.transport.value().decode()
    assert "\\u00" not in as_json(jo)
    alice.send("QUIT")
    assert not any(map(CONTROLS.search, tom.send("/whowas alice")))


@pytest.mark.parametrize("to", ["bob", "tom", "jo"])
def test_private_messages(chat: Chat, to: str) -> None:
    alice, bob, tom, jo = people(chat)
    alice.send(f"PRIVMSG {to} :{WRITTEN}", f"PRIVMSG {to} :\x01ACTION {WRITTEN}\x01")
    reader = {"bob": bob, "tom": tom, "jo": jo}[to]
    read = as_json(reader) if to == "jo" else reader.transport.value().decode()
    assert read.count(WRITTEN if to == "bob" else PLAIN) == 2
    assert to == "bob" or "failed\x03" not in read


def test_reasons_and_announcements(chat: Chat) -> None:
    op = operator(chat)
    tom, eve, ivy = guest(chat, "tom"), guest(chat, "eve"), irc(chat, "ivy")
    ann = founder(chat, "ann", tom, eve)
    jo = program(chat, "jo")
    ivy.send("JOIN #tea")
    everybody_reads(tom, ivy, jo, op)
    ann.send(f"/kick eve {WRITTEN}")
    op.send(f"/announce {WRITTEN}")
    tom.send(f"/report ann {WRITTEN}")
    assert ivy.transport.value().decode().count(WRITTEN) == 2
    assert as_json(jo).count(PLAIN) == 2
    for person in (tom, op):
        assert not any(map(CONTROLS.search, person.read()))
    assert not any(map(CONTROLS.search, [*op.send("/reports", "/audit"), *ann.send("/audit")]))


def test_history_and_search_for_each_reader(chat: Chat) -> None:
    alice, bob, tom, jo = people(chat)
    alice.send("PRIVMSG #lobby :a \x0304,01red\x03dish b\x02ol\x02d word")
    everybody_reads(bob, tom, jo)
    (found,) = jo.ask(do="search", query="bold reddish")
    assert [line["text"] for line in found["lines"]] == ["a reddish bold word"]
    assert found["lines"][0]["size"] == len("a reddish bold word")
    (history,) = jo.ask(do="history", room="#lobby")
    assert history["lines"] == found["lines"]
    assert jo.ask(do="search", query="04")[0]["lines"] == []
    assert tom.send("/history")[-1].endswith("<alice> a reddish bold word")
    assert "b\x02ol\x02d" in "\n".join(bob.send("HISTORY"))


def test_topics_for_newcomers(chat: Chat) -> None:
    alice, _, _, jo = people(chat)
    alice.send(f"TOPIC #lobby :{WRITTEN}")
    ivy, tess = irc(chat, "ivy"), chat.connect()
    assert any(line.endswith(f":{WRITTEN}") for line in ivy.send("JOIN #lobby"))
    assert any(line.endswith(f":{WRITTEN}") for line in ivy.send("LIST"))
    assert f'The topic is "{PLAIN}".' in "\n".join(tess.send("tess"))
    assert jo.ask(do="rooms")[0]["rooms"][0]["topic"] == PLAIN


def test_names_have_no_formatting(chat: Chat) -> None:
    ivy = irc(chat, "\x0304ivy\x02")
    assert chat.hub.directory.users["ivy"].name == "ivy"
    ivy.send("NICK \x02i\x0312vo\x03")
    assert list(chat.hub.directory.users) == ["ivo"]


def test_programs_and_telnet_may_format_and_nothing_worse(chat: Chat) -> None:
    ivy, jo, tom = irc(chat, "ivy"), program(chat, "jo", "#lobby"), guest(chat, "tom")
    ivy.send("JOIN #lobby")
    ivy.read()
    jo.ask(do="say", text="\x02b\x02\x01x\x01\x07\x1b[31m\x00\rQUIT :\x85\u2028y")
    tom.protocol.dataReceived(b"\x01ACTION \x0304red\x03\x07\n")
    first, second = ivy.transport.value().decode().split("\r\n")[:-1]
    assert first.endswith(":\x02b\x02x QUIT : y")
    assert second.endswith(":ACTION \x0304red\x03")


def test_filters_see_what_is_read(chat: Chat) -> None:
    tom, ivy = guest(chat, "tom"), irc(chat, "ivy")
    ann = founder(chat, "ann", tom)
    ivy.send("JOIN #tea")
    ann.send("/set refuse damn", "/set mask heck")
    tom.read()
    assert "is not allowed" in "\n".join(ivy.send("PRIVMSG #tea :d\x02am\x02n"))
    ivy.send("PRIVMSG #tea :oh \x0304h\x03eck it")
    assert "oh *" in tom.read()[-1]


def test_a_message_in_italics_alone_is_answered_as_others_are(chat: Chat) -> None:
    """For `str.splitlines`, the code for italics is a line end."""
    names = ("echo-message", "labeled-response", "batch", "message-tags")
    ivy = irc(chat, "ivy", *names)
    ivy.send("JOIN #lobby")
    lines = ivy.send("@label=x PRIVMSG #lobby :a \x1db\x1d c\x1e")
    assert len(ivy.transport.value()) == 0
    assert "label=x" in "\n".join(lines)


def test_a_long_message_is_cut_between_codes(chat: Chat) -> None:
    ivy, jo = irc(chat, "ivy"), program(chat, "jo", "#lobby")
    ivy.send("JOIN #lobby")
    ivy.read()
    jo.ask(do="say", text="\x0304,01x" * 300)
    messages = ivy.transport.value().decode().split("\r\n")[:-1]
    texts = [message.partition(" PRIVMSG #lobby ")[2].removeprefix(":") for message in messages]
    assert len(texts) > 3
    assert all(set(text.split("\x0304,01")) <= {"", "x"} for text in texts)


def test_a_message_that_looks_empty_is_empty(chat: Chat) -> None:
    alice, bob, tom, jo = people(chat)
    for text in ("\x02\x0304\x0f", "\u200b", "\u3164", "\u2800 \u2800", "\u00ad"):
        assert alice.send(f"PRIVMSG #lobby :{text}") == [":irc.chatsvc 412 alice :No text to send"]
        (refused,) = jo.ask(do="say", text=text)
        assert refused["code"] == "empty"
        assert tom.send(text) == []
    assert bob.transport.value() == b""
