"""The list of members in the full-screen client, when a moderator removes somebody."""

from __future__ import annotations

from conftest import Chat, Person
from ircpeople import irc
from tuipeople import Visitor, on_a_screen, visit


def members(person: Visitor) -> list[str]:
    return sorted(one.name for one in person.app.state.pane.people.values())


async def in_tea(ann: Visitor, *others: Person) -> None:
    """Let everybody join #tea; the first is its host."""
    for other in others:
        other.send("JOIN #tea")
    await ann.type("/join #tea", "enter")


@on_a_screen
async def test_whom_somebody_else_removes_is_not_listed_any_more(chat: Chat) -> None:
    host, bob, eve = (irc(chat, name) for name in ("host", "bob", "eve"))
    async with visit(chat) as ann:
        await in_tea(ann, host, bob, eve)
        assert members(ann) == ["ann", "bob", "eve", "host"]
        host.send("KICK #tea bob :out")
        await ann.settle()
        assert members(ann) == ["ann", "eve", "host"]
        host.send("MODE #tea +b eve!*@*", "KICK #tea eve :spam")
        await ann.settle()
        assert members(ann) == ["ann", "host"]
        assert "3 here" not in ann.screen


@on_a_screen
async def test_whom_you_remove_is_not_listed_any_more(chat: Chat) -> None:
    bob, eve = irc(chat, "bob"), irc(chat, "eve")
    async with visit(chat) as ann:
        await in_tea(ann)
        bob.send("JOIN #tea"), eve.send("JOIN #tea")
        await ann.type("/mute bob", "enter")
        assert members(ann) == ["ann", "bob", "eve"]
        await ann.type("/kick bob", "enter")
        assert members(ann) == ["ann", "eve"]
        await ann.type("/ban eve", "enter")
        assert members(ann) == ["ann"]


@on_a_screen
async def test_rejoining_a_room_that_you_were_removed_from_shows_no_error(chat: Chat) -> None:
    host = irc(chat, "host")
    async with visit(chat) as ann:
        await in_tea(ann, host)
        host.send("KICK #tea ann :out")
        await ann.settle()
        await ann.type("/join #tea", "enter")
        assert "not in #tea" not in ann.screen
        assert members(ann) == ["ann", "host"]
        await ann.type("hello again", "enter")
        assert host.read()[-1].endswith("PRIVMSG #tea :hello again")
