"""Unread items: read positions, unread counts, private conversations, and the lists."""

from __future__ import annotations

import json

from conftest import Chat, Person
from staff import SECRET, back, member
from tuipeople import Network, Visitor, on_a_screen, visit

from chatsvc.client.login_prompts import Identity
from chatsvc.client.tui.control.history_loader import MARK_EVERY
from chatsvc.client.tui.widgets.sidebars import in_order

ANN = Identity("ann", None, SECRET)


def marks(network: Network) -> list[tuple[str, int]]:
    """Return the read positions that were reported to the server."""
    sent = [json.loads(line) for line in b"".join(network.sent).splitlines()]
    return [(one["room"], one["number"]) for one in sent if one["do"] == "mark"]


def places(ann: Visitor) -> list[str]:
    """Return the list of rooms and conversations, as displayed."""
    return [str(text) for text in ann.app._places._shown]


async def away_from_the_terminal(ann: Visitor) -> None:
    ann.app.state.looking = False
    await ann.settle()


def registered(chat: Chat, name: str) -> None:
    """Return an account that has been in the lobby, and is offline."""
    member(chat, name).send("/quit")


def both(chat: Chat) -> Person:
    """Return two accounts; the second one is online."""
    registered(chat, "ann")
    return member(chat, "bob")


@on_a_screen
async def test_what_is_new_is_marked_by_how_far_the_account_has_read(chat: Chat) -> None:
    bob = both(chat)
    bob.send(*(f"line {n}." for n in range(1, 11)))
    elsewhere = chat.program("ann", account_password=SECRET)
    elsewhere.ask(do="join", room="#lobby", after=0)
    elsewhere.ask(do="mark", room="#lobby", number=7)
    async with visit(chat, identity=ANN) as ann:
        rows = ann.conversation
        (mark,) = (n for n, row in enumerate(rows) if "new since you left" in row)
        assert "line 7." in rows[mark - 1]
        assert "line 8." in rows[mark + 1]
        await ann.wait(MARK_EVERY)
        assert marks(ann.network)[-1] == ("#lobby", 10)


@on_a_screen
async def test_nothing_is_marked_where_one_is_no_more(chat: Chat) -> None:
    member(chat, "ann").send("/quit")
    bob = chat.join("bob")
    async with visit(chat, identity=ANN) as ann:
        bob.send("one", "two")
        await ann.settle()
        await ann.type("/close", "enter")
        await ann.wait(MARK_EVERY)
        assert "You are not in #lobby." not in ann.screen


@on_a_screen
async def test_marks_are_sent_now_and_then_and_only_while_one_looks(chat: Chat) -> None:
    bob = both(chat)
    async with visit(chat, identity=ANN) as ann:
        for number in range(1, 4):
            bob.send(f"line {number}")
            await ann.settle()
        assert marks(ann.network) == [("#lobby", 1)]
        await ann.wait(MARK_EVERY)
        assert marks(ann.network) == [("#lobby", 1), ("#lobby", 3)]
        await away_from_the_terminal(ann)
        bob.send("line 4")
        await ann.wait(MARK_EVERY)
        assert marks(ann.network)[2:] == []
        assert places(ann) == ["chatsvc", "#lobby 1"]


@on_a_screen
async def test_what_is_read_elsewhere_is_not_unread_here(chat: Chat) -> None:
    bob = both(chat)
    elsewhere = chat.program("ann", account_password=SECRET)
    elsewhere.ask(do="join", room="#lobby")
    async with visit(chat, identity=ANN) as ann:
        await away_from_the_terminal(ann)
        bob.send("one", "two for ann", "three")
        await ann.settle()
        assert places(ann) == ["chatsvc", "#lobby @1 3"]
        elsewhere.ask(do="mark", room="#lobby", number=2)
        await ann.settle()
        assert places(ann) == ["chatsvc", "#lobby 1"]
        elsewhere.ask(do="mark", room="#lobby", number=3)
        await ann.settle()
        assert places(ann) == ["chatsvc", "#lobby"]


@on_a_screen
async def test_who_looks_away_and_back_finds_where_they_were(chat: Chat) -> None:
    bob = chat.join("bob")
    async with visit(chat) as ann:
        bob.send("before")
        await ann.settle()
        await away_from_the_terminal(ann)
        bob.send("after")
        await ann.settle()
        assert "new since you left" in ann.conversation[-2]
        ann.app.state.looking = True
        ann.app.state.seen()
        await ann.settle()
        assert "new since you left" in ann.conversation[-2]
        assert places(ann) == ["chatsvc", "#lobby"]
        await ann.type("here I am", "enter")
        assert "new since you left" not in ann.screen


@on_a_screen
async def test_private_lines_between_accounts_have_a_past(chat: Chat) -> None:
    bob = both(chat)
    elsewhere = back(chat, "ann")
    bob.send(*(f"/msg ann secret {n}" for n in range(1, 4)))
    elsewhere.send("/quit")
    async with visit(chat, identity=ANN) as ann:
        bob.send("/msg ann and another")
        await ann.settle()
        assert places(ann)[-1] == "@bob @1"
        ann.app.look_at("@bob")
        await ann.settle()
        rows = [row.split("bob ")[-1] for row in ann.conversation if " bob " in row]
        assert rows == ["secret 1", "secret 2", "secret 3", "and another"]
        assert "beginning of @bob" in ann.conversation[0]
        assert ("@bob", 4) in marks(ann.network)


@on_a_screen
async def test_a_guest_who_is_called_otherwise_or_leaves_is_still_the_same(chat: Chat) -> None:
    bob = chat.join("bob")
    async with visit(chat) as ann:
        bob.send("/msg ann psst")
        await ann.settle()
        ann.app.look_at("@bob")
        bob.send("/nick robert", "/msg ann it is me")
        await ann.settle()
        assert places(ann) == ["chatsvc", "#lobby", "@robert"]
        assert "robert it is me" in ann.conversation[-1]
        bob.send("/quit")
        await ann.settle()
        assert "robert has left." in ann.conversation[-1]
        assert not ann.app.state.pane.inside
        chat.join("robert")
        await ann.settle()
        assert "robert is back." in ann.conversation[-1]


@on_a_screen
async def test_people_are_listed_by_what_they_may_and_dimmed_when_away(chat: Chat) -> None:
    zoe = member(chat, "zoe")
    zoe.send("/join #tea")
    bob, carl = (chat.join(name) for name in ("bob", "carl"))
    bob.send("/join #tea")
    carl.send("/join #tea", "/away lunch")
    async with visit(chat, room="#tea") as ann:
        assert [str(text) for text in ann.app._people._shown] == [
            "4 here", "~zoe", " ann", " bob", " carl",
        ]  # fmt: skip
        dimmed = [str(text) for text in ann.app._people._shown if text.spans]
        assert dimmed == [" carl"]
        zoe.send("/voice carl")
        carl.send("/back")
        await ann.settle()
        assert [str(text) for text in ann.app._people._shown][1:3] == ["~zoe", "+carl"]


@on_a_screen
async def test_who_types_elsewhere_is_shown_in_the_list(chat: Chat) -> None:
    bob = chat.program("bob")
    bob.ask(do="join", room="#lobby")
    async with visit(chat) as ann:
        bob.ask(do="signal", room="#lobby", signs={"typing": "active"})
        await ann.settle()
        assert places(ann) == ["chatsvc", "#lobby…"]
        bob.ask(do="say", text="done")
        await ann.settle()
        assert places(ann) == ["chatsvc", "#lobby"]


@on_a_screen
async def test_the_servers_own_words_are_on_its_own_pane(chat: Chat) -> None:
    async with visit(Chat(motd="Be kind.")) as ann:
        assert [pane.name for pane in in_order(ann.app.state.panes.values())] == ["", "#lobby"]
        ann.app.look_at("")
        await ann.settle()
        assert ann.conversation[-1].endswith("Be kind.")
        assert not ann.app._people.display


@on_a_screen
async def test_a_mention_stands_out_and_is_counted(chat: Chat) -> None:
    bob = chat.join("bob")
    async with visit(chat) as ann:
        ann.app.state.highlights = ("tea",)
        ann.app.look_at("")
        bob.send("hello Ann!", "annoying", "more TEA please")
        await ann.settle()
        assert places(ann)[1] == "#lobby @2 3"
        lines = ann.app.state.panes["#lobby"].items[-3:]
        assert [getattr(line, "mention", None) for line in lines] == [True, False, True]
