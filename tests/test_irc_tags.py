"""The tags of users' messages: IRCv3 "account-tag", "Bot Mode", "server-time", "Message Tags"."""

from __future__ import annotations

import pytest
from conftest import Chat, Person
from ircpeople import irc
from staff import SECRET


@pytest.fixture
def ann(chat: Chat) -> Person:
    """Return a registered bot in a channel."""
    client = irc(chat, "ann")
    client.send(f"NS REGISTER {SECRET}", "MODE ann +B", "JOIN #tea")
    return client


COMMANDS = (
    "PRIVMSG #tea :hi", "NOTICE #tea :hi", "TOPIC #tea :x", "MODE #tea +m", "MODE #tea +v bob",
    "INVITE bob #tea", "PRIVMSG bob :hi", "NOTICE bob :hi", "PRIVMSG bob :\1VERSION\1",
    "PRIVMSG #tea :\1ACTION waves\1", "SETNAME :A", "AWAY :out", "KICK #tea bob :x",
)  # fmt: skip


@pytest.mark.parametrize("command", [*COMMANDS, "PART #tea", "QUIT :bye", "NICK anna"])
@pytest.mark.parametrize(
    ("capability", "tag"), [("account-tag", "account=ann"), ("message-tags", "bot")]
)
def test_every_command_of_a_user_has_the_tag(
    chat: Chat, ann: Person, command: str, capability: str, tag: str
) -> None:
    """Account-tag: all commands sent by a user; bot: all commands sent by a bot."""
    bob = irc(chat, "bob", capability, "setname", "away-notify")
    old = irc(chat, "old", "setname", "away-notify")
    bob.send("JOIN #tea"), old.send("JOIN #tea")
    if "INVITE" in command:
        bob.send("PART #tea")
    bob.read()
    ann.send(command)
    (told,) = bob.read()
    tags = told.partition(" ")[0].removeprefix("@").split(";")
    assert tag in tags
    assert not any(line.startswith("@") for line in old.read())


def test_a_bot_that_joins_has_the_tag(chat: Chat, ann: Person) -> None:
    bob = irc(chat, "bob", "message-tags")
    bob.send("JOIN #tea"), ann.send("PART #tea"), bob.read()
    ann.send("JOIN #tea")
    assert ";bot :ann!~ann@people-ann JOIN #tea" in bob.read()[0]


def test_history_says_what_a_bot_and_an_account_have_sent(chat: Chat, ann: Person) -> None:
    caps = ("message-tags", "account-tag", "draft/chathistory", "batch")
    ann.send("PRIVMSG #tea :one", "MODE ann -B", "PRIVMSG #tea :two")
    bob = irc(chat, "bob", *caps)
    bob.send("JOIN #tea")
    told = bob.send("CHATHISTORY LATEST #tea * 2")[1:3]
    assert [line.partition(" ")[0].partition(";")[2] for line in told] == [
        "msgid=#tea-1;account=ann;bot", "msgid=#tea-2;account=ann",
    ]  # fmt: skip


def test_programs_are_told_of_bots(chat: Chat, ann: Person) -> None:
    program = chat.program("carol")
    program.ask(do="join", room="#tea")
    ann.send("PRIVMSG #tea :hi", "MODE ann -B", "PRIVMSG #tea :hi")
    assert [one.get("bot") for one in program.events()] == [True, None]


@pytest.mark.parametrize(
    "tags",
    [
        "+a=" + "x" * 4091,
        ";".join(f"+{number:03x}" for number in range(818)),
        "+example.com/a-b_c=x\\:\\s\\\\",
        "+lines=one\\r\\ntwo\\n",
    ],
)
def test_client_tags_are_relayed_as_they_are(chat: Chat, tags: str) -> None:
    """ "Size limit": 4094 bytes of any tags.  Values are escaped as they were."""
    one, other = irc(chat, "one", "message-tags"), irc(chat, "other", "message-tags")
    one.send("JOIN #tea"), other.send("JOIN #tea")
    for command in ("PRIVMSG #tea :hi", "NOTICE #tea :hi", "TAGMSG #tea"):
        other.read()
        one.send(f"@{tags} {command}")
        assert f";{tags} :one!" in other.read()[0]


def test_tags_that_are_not_for_clients_or_invalid_are_dropped(chat: Chat) -> None:
    one, other = irc(chat, "one", "message-tags"), irc(chat, "other", "message-tags")
    one.send("JOIN #tea"), other.send("JOIN #tea"), other.read()
    one.send("@time=x;msgid=y;account=z;bot;+;+a,b=c;+d PRIVMSG #tea :hi")
    assert other.read() == ["@msgid=#tea-1;+d :one!~one@people-one PRIVMSG #tea :hi"]
