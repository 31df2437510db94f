"""The requests of each connection wait in one queue, in the order in which they were sent."""

from __future__ import annotations

from conftest import Chat, Worker, no_turn, start
from ircpeople import irc

from chatsvc.store.memory import MemoryArchive


def chat_with_disk() -> tuple[Chat, Worker]:
    """Return a chat whose archive works when told to."""
    disk = Worker()
    return Chat(MemoryArchive(disk, no_turn, start)), disk


def test_a_request_about_earlier_lines_waits_for_them_and_the_next_one_for_it() -> None:
    chat, disk = chat_with_disk()
    bot = chat.program("bot")
    bot.ask(do="join", room="#tea")
    disk.work()
    assert bot.ask(do="say", room="#tea", text="one", tag="1") == []
    assert bot.ask(do="history", room="#tea", tag="2") == []
    assert bot.ask(do="ping", tag="3") == []
    disk.work()
    told = bot.events()
    assert [event["tag"] for event in told] == ["1", "2", "3"]
    assert [line["text"] for line in told[1]["lines"]] == ["one"]


def test_an_irc_request_waits_with_its_label() -> None:
    chat, disk = chat_with_disk()
    capabilities = ("batch", "labeled-response", "message-tags", "server-time")
    ann = irc(chat, "ann", *capabilities, "draft/chathistory")
    ann.send("JOIN #lobby")
    disk.work()
    ann.read()
    ask = "@label=h CHATHISTORY LATEST #lobby * 9"
    assert ann.send("PRIVMSG #lobby :one", ask, "PING end") == []
    disk.work()
    told = [line.split() for line in ann.read()]
    assert told[0][0] == "@label=h"
    assert [line[-1] for line in told if "PRIVMSG" in line] == [":one"]
    assert told[-1][-2:] == ["chatsvc", ":end"]


def test_a_line_over_a_connection_that_breaks_is_kept_and_deletes_nothing_else() -> None:
    chat, disk = chat_with_disk()
    ann, bob = chat.join("ann"), chat.join("bob")
    ann.send("one")
    disk.work()
    bob.read()
    ann.send("two", "/delete 1", "three")
    ann.hang_up()
    disk.work()
    said = [line.partition("> ")[2] for line in bob.read() if "<ann>" in line]
    assert said == ["two", "three"]
    bob.send("/history")
    disk.work()
    assert not [line for line in bob.read() if "deleted" in line]


def test_names_are_told_before_earlier_lines_in_each_of_several_channels(chat: Chat) -> None:
    bob = chat.join("bob")
    for room in ("#a", "#b"):
        bob.send(f"/join {room}", f"hello {room}")
    told = irc(chat, "ann", "server-time").send("JOIN #a,#b")
    words = [word for line in told for word in line.split() if word in ("JOIN", "366", "PRIVMSG")]
    assert words == ["JOIN", "366", "PRIVMSG"] * 2


def test_a_connection_has_so_few_attributes_that_python_shares_their_names(chat: Chat) -> None:
    """With more than 30, each connection has a dict of its own, which is larger and slower."""
    ann, bob = chat.join("ann"), chat.join("bob")
    bob.send("hi")
    ann.send("hi", "/history", "/time")
    assert len(vars(ann.protocol)) <= 30
