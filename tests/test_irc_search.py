"""SEARCH: IRCv3 "search", a draft."""

from __future__ import annotations

import pytest
from conftest import Chat, Person
from ircpeople import irc
from staff import SECRET

from chatsvc.services import search

CAPS = ("draft/search", "batch", "message-tags", "server-time", "labeled-response")
BOB = ":bob!~bob@people-bob"


@pytest.fixture
def ann(chat: Chat) -> Person:
    """Return a client in a channel where bob and carol have spoken at the seconds 10 to 40."""
    bob, carol, client = irc(chat, "bob"), irc(chat, "carol"), irc(chat, "ann", *CAPS)
    for each in (bob, carol, client):
        each.send("JOIN #tea")
    for person, text in ((bob, "That was fast!"), (carol, "fast food"), (bob, "slow"),
                         (bob, "\1ACTION is fast\1")):  # fmt: skip
        chat.clock.advance(10)
        person.send(f"PRIVMSG #tea :{text}")
    client.read()
    return client


def found(client: Person, attributes: str) -> list[str]:
    """Return the ids of the messages in the only batch."""
    begin, *lines, end = client.send(f"SEARCH {attributes}")
    reference = begin.split()[2][1:]
    assert begin == f":irc.chatsvc BATCH +{reference} search"
    assert end == f":irc.chatsvc BATCH -{reference}"
    assert all(line.startswith(f"@batch={reference};time=") for line in lines)
    return [line.partition("msgid=#tea-")[2].partition(" ")[0] for line in lines]


def at(second: int) -> str:
    return f"1970-01-01T00:00:{second:02}.000Z"


@pytest.mark.parametrize(
    ("attributes", "ids"),
    [
        ("text=fast", "124"),
        ("text=fast;in=#tea", "124"),
        ("text=fast;from=bob", "14"),
        ("text=fast;limit=2", "24"),
        ("from=carol;in=#tea", "2"),
        (f"in=#tea;after={at(20)}", "234"),
        (f"in=#tea;before={at(20)}", "12"),
        (f"in=#tea;before={at(30)};limit=2", "23"),
        (f"in=#tea;after={at(20)};limit=2", "23"),
        (f"text=fast;after={at(10)};before={at(40)};limit=1", "1"),
        (f"in=#tea;after={at(20)};before={at(30)}", "23"),
        ("text=was\\sfast", "1"),
        ("text=from:bob", ""),
        ('text="', None),
        ("text=nothing", ""),
        (f"before={at(5)};in=#tea", ""),
    ],
)
def test_all_attributes_select(ann: Person, attributes: str, ids: str | None) -> None:
    """ "Standard search attributes": `after` and `before` include their own time.

    With `after`, messages are searched from that time; otherwise from the end.
    """
    if ids is None:
        assert "INVALID_PARAMS" in ann.send(f"SEARCH {attributes}")[0]
    else:
        assert found(ann, attributes) == list(ids)


def test_messages_are_as_they_were_sent_also_private_ones(chat: Chat) -> None:
    ann, bob = irc(chat, "ann", *CAPS), irc(chat, "bob")
    for each in (ann, bob):
        each.send(f"NS REGISTER {SECRET}")
    ann.send("PRIVMSG bob :some tea?"), bob.send("PRIVMSG ann :no tea")
    begin, *lines, _ = ann.send("@label=x SEARCH text=tea;in=bob")
    assert begin.startswith("@label=x :irc.chatsvc BATCH +")
    assert [line.partition(";")[2] for line in lines] == [
        f"time={at(0)};msgid=@ann,bob-1 :ann!~ann@people-ann PRIVMSG bob :some tea?",
        f"time={at(0)};msgid=@ann,bob-2 {BOB} PRIVMSG ann :no tea",
    ]


@pytest.mark.parametrize(
    "attributes",
    ["", "limit=3", "text=x;limit=many", "text=x;after=noon", "text=x;in=#pie", "text=x;in=bob"],
)
def test_what_cannot_be_searched(ann: Person, attributes: str) -> None:
    (told,) = ann.send(f"SEARCH {attributes}")
    assert told.startswith(":irc.chatsvc FAIL SEARCH INVALID_PARAMS :")


def test_other_clients_use_the_command_of_the_chat(chat: Chat, ann: Person) -> None:
    dan = irc(chat, "dan")
    dan.send("JOIN #tea")
    told = dan.send("SEARCH slow from:bob")
    assert told
    assert all(" NOTICE dan :" in line for line in told)
    assert any("slow" in line for line in told)


def test_long_answers_are_one_batch(chat: Chat) -> None:
    ann = irc(chat, "ann", *CAPS, "draft/multiline")
    ann.send("JOIN #tea")
    bob = chat.program("bob")
    bob.ask(do="join", room="#tea")
    for _ in range(20):
        bob.ask(do="say", text="tea " * 1000)
        chat.clock.advance(1)
    ann.read()
    told = ann.send("@label=x SEARCH text=tea")
    chat.clock.advance(10)
    told += ann.read()
    begins = [line for line in told if " BATCH +" in line and " search" in line]
    assert len(begins) == 1
    assert sum("msgid=" in line for line in told) == 20
    assert told[-1].endswith(f"BATCH -{begins[0].split()[3][1:]}")


def test_the_first_of_very_many_are_not_searched(
    ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MANY_AT_ONCE", 1)
    monkeypatch.setattr(search, "FROM_THE_END", 4)
    assert found(ann, f"in=#tea;after={at(10)};limit=1") == ["1"]
    monkeypatch.setattr(search, "FROM_THE_END", 3)
    (told,) = ann.send(f"SEARCH in=#tea;after={at(10)};limit=1")
    assert told.startswith(":irc.chatsvc FAIL SEARCH INTERNAL_ERROR :Too many messages match.")
