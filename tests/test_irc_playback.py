"""Events in the history of IRC clients: IRCv3 "chathistory", `draft/event-playback`."""

from __future__ import annotations

import pytest
from conftest import Chat, Person
from ircpeople import irc
from keeper import now
from staff import SECRET, operator

from chatsvc.core import happenings
from chatsvc.core.passing_ids import PassingIds
from chatsvc.model.records import Happening
from chatsvc.store.erasing import Erasure

CAPS = ("draft/chathistory", "draft/event-playback", "batch", "message-tags", "server-time")
OLD = tuple(capability for capability in CAPS if capability != "draft/event-playback")


def bare(line: str) -> str:
    """Return a message of a batch without its tags and the sender's host."""
    source, _, rest = line.partition(" ")[2].partition(" ")
    return f"{source[1:].partition('!')[0]} {rest}"


def ids(lines: list[str]) -> list[str]:
    return [line.partition("msgid=")[2].partition(" ")[0].partition(";")[0] for line in lines]


def inside(answer: list[str]) -> list[str]:
    """Return the messages of the only batch."""
    begin, *lines, end = answer
    assert " BATCH +" in begin
    assert " BATCH -" in end
    return lines


def page(client: Person, command: str) -> list[str]:
    return inside(client.send(f"CHATHISTORY {command}"))


@pytest.fixture
def ann(chat: Chat) -> Person:
    client = irc(chat, "ann", *CAPS, "echo-message")
    client.send("JOIN #tea")
    return client


def test_all_kinds_of_events_are_played_back_as_they_were_told(chat: Chat, ann: Person) -> None:
    """The server sends further lines, such as TAGMSG, JOIN, PART, QUIT, MODE, TOPIC and NICK."""
    bob, eve = irc(chat, "bob"), irc(chat, "eve")
    bob.send("JOIN #tea"), eve.send("JOIN #tea")
    ann.send("TOPIC #tea :earl grey", "MODE #tea +mv bob", "PRIVMSG #tea :hi")
    bob.send("NICK rob", "PART #tea :home"), eve.send("QUIT :bye")
    bob.send("JOIN #tea"), ann.send("KICK #tea rob :out")
    told = page(ann, "LATEST #tea * 50")
    assert [bare(line) for line in told] == [
        "ann JOIN #tea",
        "bob JOIN #tea",
        "eve JOIN #tea",
        "ann TOPIC #tea :earl grey",
        "ann MODE #tea +m",
        "ann MODE #tea +v bob",
        "ann PRIVMSG #tea :hi",
        "bob NICK :rob",
        "rob PART #tea :home",
        "eve QUIT :Quit: bye" if "Quit" in told[9] else "eve QUIT :bye",
        "rob JOIN #tea",
        "ann KICK #tea rob :out",
    ]
    assert all(";time=1970-01-01T00:00:00.000Z;msgid=" in line for line in told)
    assert len({*ids(told)}) == len(told)


def test_other_clients_read_only_messages(chat: Chat, ann: Person) -> None:
    """Without `event-playback`, the server sends nothing but PRIVMSG and NOTICE."""
    ann.send("TOPIC #tea :earl grey", "PRIVMSG #tea :hi")
    bob, telnet = irc(chat, "bob", *OLD), chat.join("carol")
    bob.send("JOIN #tea")
    assert [bare(line) for line in page(bob, "LATEST #tea * 50")] == ["ann PRIVMSG #tea :hi"]
    telnet.send("/join #tea")
    assert [line for line in telnet.send("/history") if "earl grey" in line] == []
    assert [line for line in telnet.send("/search grey") if "earl" in line] == []


def test_live_and_played_back_events_have_the_same_id_and_time(chat: Chat, ann: Person) -> None:
    """The `msgid` and the time are those with which the message was first sent."""
    bob = irc(chat, "bob", *CAPS)
    chat.clock.advance(10)
    own = bob.send("JOIN #tea")[0]
    (joined,) = ann.read()
    assert own == joined
    (own,) = ann.send("TOPIC #tea :earl grey")
    assert bob.read() == [own]
    told = page(ann, "LATEST #tea * 2")
    assert [line.partition(";")[2] for line in told] == [joined[1:], own[1:]]


MIXED = ["hi 0", "topic 0", "hi 1", "topic 1", "hi 2", "topic 2"]


@pytest.fixture
def mixed(chat: Chat, ann: Person) -> dict[str, str]:
    """Return the ids of messages and topics by their text, each a second after the one before."""
    found: dict[str, str] = {}
    for text in MIXED:
        chat.clock.advance(1)
        verb = "PRIVMSG" if text.startswith("hi") else "TOPIC"
        found[text] = ids(ann.send(f"{verb} #tea :{text}"))[0]
    return found


@pytest.mark.parametrize(
    ("command", "texts"),
    [
        ("LATEST #tea * 3", MIXED[3:]),
        ("LATEST #tea msgid={topic 1} 10", MIXED[4:]),
        ("LATEST #tea timestamp=1970-01-01T00:00:04.000Z 10", MIXED[4:]),
        ("BEFORE #tea msgid={topic 1} 2", MIXED[1:3]),
        ("BEFORE #tea msgid={hi 1} 1", MIXED[1:2]),
        ("BEFORE #tea timestamp=1970-01-01T00:00:04.000Z 2", MIXED[1:3]),
        ("AFTER #tea msgid={topic 0} 2", MIXED[2:4]),
        ("AFTER #tea msgid={hi 0} 2", MIXED[1:3]),
        ("AFTER #tea timestamp=1970-01-01T00:00:02.000Z 3", MIXED[2:5]),
        ("AROUND #tea msgid={topic 1} 3", MIXED[2:5]),
        ("AROUND #tea msgid={hi 1} 3", MIXED[1:4]),
        ("AROUND #tea timestamp=1970-01-01T00:00:04.000Z 3", MIXED[2:5]),
        ("BETWEEN #tea msgid={topic 0} msgid={topic 2} 2", MIXED[2:4]),
        ("BETWEEN #tea msgid={topic 2} msgid={topic 0} 2", MIXED[3:5]),
        ("BETWEEN #tea msgid={hi 0} msgid={topic 2} 9", MIXED[1:5]),
        ("BETWEEN #tea timestamp=1970-01-01T00:00:05.000Z msgid={hi 0} 2", MIXED[2:4]),
    ],
)
def test_events_count_as_messages_do(
    ann: Person, mixed: dict[str, str], command: str, texts: list[str]
) -> None:
    told = page(ann, command.format_map(mixed))
    assert [line.rpartition(" :")[2] for line in told] == texts
    assert ids(told) == [mixed[text] for text in texts]


def test_events_survive_a_restart_and_a_removed_channel_has_none(chat: Chat, ann: Person) -> None:
    ann.send("TOPIC #tea :earl grey")
    now(chat.hub.happenings.save())
    again = happenings.Happenings(chat.hub.archive, PassingIds(chat.hub.now), chat.hub.now)
    again.open()
    assert again.of("#tea") == chat.hub.happenings.of("#tea")
    assert [type(one.event).WIRE for one in again.of("#tea")] == ["joined", "topic"]


def test_memory_is_bounded(chat: Chat, ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(happenings, "MOST_IN_ROOM", 3)
    monkeypatch.setattr(happenings, "MOST_IN_ALL", 5)
    ann.send(*(f"TOPIC #tea :{number}" for number in range(5)))
    assert [line[-1] for line in page(ann, "LATEST #tea * 9")] == ["2", "3", "4"]
    ann.send("JOIN #pie", "TOPIC #pie :x", "TOPIC #pie :y")
    assert page(ann, "LATEST #tea * 9") == []
    assert [line[-1] for line in page(ann, "LATEST #pie * 9")] == ["e", "x", "y"]
    now(chat.hub.happenings.save())
    stored = chat.hub.archive.records(Happening)
    assert [one.room for one in stored] == ["#pie"] * 3


def test_a_long_page_has_events_in_their_places(chat: Chat, ann: Person) -> None:
    """The label is on the only batch, which is sent in several parts."""
    ann.send("CAP REQ :labeled-response draft/multiline"), ann.send("CAP REQ -echo-message")
    bob = chat.program("bob")
    bob.ask(do="join", room="#tea")
    for number in range(12):
        bob.ask(do="say", text="long " * 800)
        ann.send(f"TOPIC #tea :{number}")
        chat.clock.advance(1)
    ann.read()
    told = ann.send("@label=x CHATHISTORY LATEST #tea * 50")
    chat.clock.advance(10)
    told += ann.read()
    assert told[0].startswith("@label=x :irc.chatsvc BATCH +")
    assert sum("label=" in line for line in told) == 1
    begun = [line for line in told if "msgid=" in line]
    topics = [line.rpartition(":")[2] for line in begun if " TOPIC " in line]
    assert topics == [str(number) for number in range(12)]
    kinds = "".join("t" if " TOPIC " in line else "m" for line in begun if "JOIN" not in line)
    assert kinds == "mt" * 12


# TAGMSG


@pytest.mark.parametrize("tag", ["draft/persist;", "+draft/persist;", "+draft/react=x;"])
def test_a_tagmsg_is_stored_if_it_says_so(chat: Chat, ann: Person, tag: str) -> None:
    """IRCv3 "Persist tag"; reactions are older than it."""
    (echo,) = ann.send(f"@{tag}+draft/reply=#tea-1 TAGMSG #tea")
    ann.send("@+typing=active TAGMSG #tea")
    told = page(ann, "LATEST #tea * 9")
    assert [bare(line) for line in told] == ["ann JOIN #tea", "ann TAGMSG #tea"]
    assert told[1].partition(";")[2] == echo[1:]
    assert ("+draft/persist" in echo) == tag.startswith("+draft/persist")


def test_a_tagmsg_in_a_conversation_is_stored_for_both(chat: Chat) -> None:
    ann, bob = irc(chat, "ann", *CAPS, "echo-message"), irc(chat, "bob", *CAPS)
    for each in (ann, bob):
        each.send(f"NS REGISTER {SECRET}")
    ann.send("PRIVMSG bob :hi"), bob.read()
    (echo,) = ann.send("@draft/persist;+a=b TAGMSG bob")
    assert bob.read() == [echo]
    for client, other in ((ann, "bob"), (bob, "ann")):
        told = page(client, f"LATEST {other} * 9")
        assert [bare(line) for line in told] == ["ann PRIVMSG bob :hi", "ann TAGMSG bob"]
        assert told[1].partition(";")[2] == echo[1:]


# Client tags


def test_client_tags_are_stored_with_a_message(chat: Chat, ann: Person) -> None:
    """IRCv3 "Message Tags": relayed as they are; so a reply is one in the history too."""
    (echo,) = ann.send("@+draft/reply=~1;+draft/x PRIVMSG #tea :hi")
    assert ";+draft/reply=~1;+draft/x :ann" in echo
    (told,) = page(irc_in_tea(chat), "LATEST #tea * 9")
    assert told.partition(";")[2] == echo[1:]
    ann.send("CAP REQ draft/message-redaction", f"REDACT #tea {ids([echo])[0]}")
    (told,) = page(irc_in_tea(chat, "carol"), "LATEST #tea * 9")
    assert "+draft" not in told


def irc_in_tea(chat: Chat, nick: str = "bob") -> Person:
    client = irc(chat, nick, *OLD)
    client.send("JOIN #tea")
    return client


# REDACT


def test_a_reaction_is_deleted_by_its_sender_or_a_moderator(chat: Chat, ann: Person) -> None:
    """IRCv3 "message-redaction": the message is a PRIVMSG, NOTICE or TAGMSG."""
    redacting = (*CAPS, "draft/message-redaction", "echo-message")
    bob, eve = irc(chat, "bob", *redacting), irc(chat, "eve", *redacting)
    telnet, program = chat.join("carol"), chat.program("dan")
    bob.send("JOIN #tea"), eve.send("JOIN #tea"), telnet.send("/join #tea")
    program.ask(do="join", room="#tea")
    (echo,) = bob.send("@+draft/react=x TAGMSG #tea")
    (id,) = ids([echo])
    eve.read(), telnet.read(), program.events()
    (refused,) = eve.send(f"REDACT #tea {id}")
    assert f"FAIL REDACT REDACT_FORBIDDEN #tea {id} :That message is by bob." in refused
    (told,) = bob.send(f"REDACT #tea {id} :sorry")
    assert told.endswith(f" :bob!~bob@people-bob REDACT #tea {id} :sorry")
    assert eve.read()[-1].endswith(f" REDACT #tea {id} :sorry")
    assert telnet.read() == []
    assert program.events() == [
        {"event": "retracted", "room": "#tea", "id": int(id[1:]), "by": "bob", "reason": "sorry"}
    ]
    assert not any("TAGMSG" in line for line in page(ann, "LATEST #tea * 9"))
    assert "UNKNOWN_MSGID" in bob.send(f"REDACT #tea {id}")[0]
    (id,) = ids(bob.send("@+draft/react=y TAGMSG #tea"))
    ann.send("CAP REQ draft/message-redaction"), ann.read()
    assert ann.send(f"REDACT #tea {id}")[0].endswith(f"REDACT #tea {id}")


def test_a_join_is_not_deleted(chat: Chat, ann: Person) -> None:
    (id,) = ids(page(ann, "LATEST #tea * 1"))
    assert "FAIL REDACT UNKNOWN_MSGID" in ann.send(f"REDACT #tea {id}")[0]


def test_a_reaction_in_a_conversation_is_deleted_for_both(chat: Chat) -> None:
    caps = (*CAPS, "draft/message-redaction", "echo-message")
    ann, bob = irc(chat, "ann", *caps), irc(chat, "bob", *caps)
    for each in (ann, bob):
        each.send(f"NS REGISTER {SECRET}")
    (echo,) = ann.send("@+draft/react=x TAGMSG bob")
    bob.read()
    (id,) = ids([echo])
    assert "REDACT_FORBIDDEN" in bob.send(f"REDACT ann {id}")[0]
    assert ann.send(f"REDACT bob {id}")[0].endswith(f":ann!~ann@people-ann REDACT bob {id}")
    assert bob.read()[0].endswith(f":ann!~ann@people-ann REDACT bob {id}")
    assert page(bob, "LATEST ann * 9") == []


def test_events_of_an_erased_account_and_those_that_name_it_are_gone(chat: Chat) -> None:
    """The server plays back neither what is erased nor who it was."""
    bob, eve = irc(chat, "bob", *CAPS), irc(chat, "eve", *CAPS)
    bob.send("JOIN #tea"), eve.send(f"NS REGISTER {SECRET}", "JOIN #tea", "TOPIC #tea :mine")
    eve.send("NICK evelyn", "@+draft/react=x TAGMSG #tea", "PART #tea", "JOIN #tea")
    bob.send("MODE #tea +ov evelyn bob", "TOPIC #tea :ours", "KICK #tea evelyn :out")
    assert len(page(bob, "LATEST #tea * 50")) > 6
    chat.clock.advance(1)
    now(chat.hub.erasing.erase(Erasure("eve"), lambda *_: None))
    left = ["bob JOIN #tea", "bob MODE #tea +v bob", "bob TOPIC #tea :ours"]
    assert [bare(line) for line in page(bob, "LATEST #tea * 50")] == left
    stored = [one.fields for one in chat.archive.records(Happening)]
    assert len(stored) == len(left)
    assert not any("eve" in fields for fields in stored)


def test_events_of_erased_guests_are_gone_in_the_selected_room(chat: Chat) -> None:
    bob, eve = irc(chat, "bob", *CAPS), irc(chat, "eve")
    for room in ("#tea", "#milk"):
        bob.send(f"JOIN {room}"), eve.send(f"JOIN {room}")
    bob.send("MODE #tea +v eve"), eve.send(f"NS REGISTER {SECRET}", "TOPIC #milk :mine")
    chat.clock.advance(10)
    now(chat.hub.erasing.erase(Erasure("eve", guest=True, only="#tea"), lambda *_: None))
    assert [bare(line) for line in page(bob, "LATEST #tea * 50")] == ["bob JOIN #tea"]
    told = ["bob JOIN #milk", "eve JOIN #milk", "eve TOPIC #milk :mine"]
    assert [bare(line) for line in page(bob, "LATEST #milk * 50")] == told
    now(chat.hub.erasing.erase(Erasure("eve", guest=True), lambda *_: None))
    told.remove("eve JOIN #milk")
    assert [bare(line) for line in page(bob, "LATEST #milk * 50")] == told


# RENAME (IRCv3 "channel-rename")


def test_a_rename_is_played_back_as_it_was_told(chat: Chat, ann: Person) -> None:
    op = operator(chat, "op")
    bob = irc(chat, "bob", *CAPS, "draft/channel-rename")
    bob.send("JOIN #tea"), op.send("/join #tea")
    ann.send("PRIVMSG #tea :before"), bob.read()
    op.send("/rename #tea #coffee we changed")
    (live,) = bob.read()
    ann.read(), ann.send("PRIVMSG #coffee :after")
    op.send("/rename #coffee #tea"), op.send("/rename #tea #milk")
    bob.read(), ann.read()
    told = page(bob, "LATEST #milk * 5")
    assert [bare(line) for line in told] == [
        "ann PRIVMSG #milk :before",
        "op RENAME #tea #coffee :we changed",
        "ann PRIVMSG #milk :after",
        "op RENAME #coffee #tea :",
        "op RENAME #tea #milk :",
    ]
    assert told[1].partition(";")[2] == live[1:]
    assert bob.send("TOPIC #milk")[0].split()[1] in ("331", "332")
    ann.read(), ann.send("CHATHISTORY LATEST #milk * 2")
    chat.clock.advance(10)  # what it was sent must be paid for
    in_words = inside(ann.read())
    assert [bare(line) for line in in_words] == [
        "irc.chatsvc NOTICE #milk :op renamed #coffee to #tea.",
        "irc.chatsvc NOTICE #milk :op renamed #tea to #milk.",
    ]
    assert ids(in_words) == ids(told)[-2:]
    now(chat.hub.happenings.save())
    again = happenings.Happenings(chat.hub.archive, PassingIds(chat.hub.now), chat.hub.now)
    again.open()
    assert again.of("#milk") == chat.hub.happenings.of("#milk")
