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
    assert told[-1][-2:] == ["irc.chatsvc", ":end"]


def test_a_pong_follows_the_client_s_own_earlier_lines() -> None:
    """Modern IRC, "PONG message": a client may use it to find out what was done before."""
    chat, disk = chat_with_disk()
    ann, bob = irc(chat, "ann", "echo-message"), irc(chat, "bob")
    for each in (ann, bob):
        each.send("JOIN #lobby")
        disk.work()
        each.read()
    ann.read()
    assert ann.send("PRIVMSG #lobby :one", "PRIVMSG #lobby :two", "PING end", "PING later") == []
    disk.work()
    assert [line.split(" ")[-1] for line in ann.read()] == [":one", ":two", ":end", ":later"]
    assert [line.split(" ")[-1] for line in bob.read()] == [":one", ":two"]
    assert ann.send("PING now")[0].endswith(" :now")


def test_a_program_can_wait_for_its_lines() -> None:
    chat, disk = chat_with_disk()
    bot = chat.program("bot")
    bot.ask(do="join", room="#tea")
    bot.ask(do="say", room="#tea", text="one", tag="1")
    assert bot.ask(do="ping", tag="2") == [{"event": "pong", "tag": "2"}]
    assert bot.ask(do="settle", tag="3") == []
    disk.work()
    assert [event["tag"] for event in bot.events()] == ["1", "3"]


def test_channels_are_joined_in_the_order_of_the_message() -> None:
    """Modern IRC, "JOIN message": a key is for the channel at its place."""
    passwords = Worker()
    chat = Chat(hasher=passwords)
    ann = chat.join("ann")
    ann.protocol.dataReceived(b"/register correct-horse\n/join #a\n/set password tea\n")
    for _ in range(4):
        passwords.work()
        chat.clock.advance(1.0)
    bob = irc(chat, "bob")
    assert bob.send("JOIN #a,#b tea") == []
    passwords.work()
    chat.clock.advance(1.0)
    joined = [line.split(" ")[-1] for line in bob.read() if " JOIN " in line]
    assert joined == ["#a", "#b"]


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
