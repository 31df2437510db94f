"""Messages on their way from the full-screen client: waiting, stored, or restored."""

from __future__ import annotations

import json
from typing import Any

from conftest import Chat, Person
from tuipeople import Visitor, on_a_screen, visit


def program(chat: Chat, name: str = "bob", *rooms: str) -> Person:
    """Return a JSON program in some rooms."""
    person = chat.program(name)
    for room in rooms or ("#lobby",):
        person.ask(do="join", room=room)
    return person


def said(person: Person) -> list[str]:
    return [one["text"] for one in person.events() if one["event"] in ("said", "told")]


def text(person: Visitor) -> str:
    return person.app.entry.composer.text


def shown(person: Visitor) -> str:
    """Return the text of the conversation, without line breaks."""
    return " ".join(" ".join(person.conversation).split())


def requests(person: Visitor, do: str) -> list[dict[str, Any]]:
    """Return what the client has requested of the server."""
    sent = [json.loads(line) for data in person.network.sent for line in data.splitlines()]
    return [one for one in sent if one["do"] == do]


@on_a_screen
async def test_unsent_lines_wait_where_they_were_said_and_go_out_once_in_order(chat: Chat) -> None:
    bob = program(chat, "bob", "#lobby", "#tea")
    async with visit(chat) as ann:
        await ann.type("/join #tea", "enter")
        await ann.lose_connection()
        await ann.type("one", "enter")
        await ann.type("two", "enter")
        assert [row for row in ann.conversation if "…" in row and "one" in row]
        assert [row[:5].strip() for row in ann.conversation[-2:]] == ["…", "…"]
        await ann.press("alt+up")
        await ann.type("three", "enter")
        assert "one" not in ann.screen
        await ann.come_back()
        lines = [(one["room"], one["text"]) for one in bob.events() if one["event"] == "said"]
        assert lines == [("#tea", "one"), ("#tea", "two"), ("#lobby", "three")]
        await ann.press("alt+down")
        shown = [row for row in ann.conversation if "ann" in row and ("one" in row or "two" in row)]
        assert len(shown) == 2
        assert "…" not in "".join(shown)


@on_a_screen
async def test_all_that_waits_is_as_wide_as_the_screen_after_a_resize(chat: Chat) -> None:
    async with visit(chat, size=(45, 24)) as ann:
        await ann.lose_connection()
        for line in ("one", "two", "three"):
            await ann.type(line, "enter")
        await ann.pilot.resize_terminal(150, 24)
        await ann.settle()
        assert [row.split()[:2] for row in ann.conversation[-3:]] == [["…", "ann"]] * 3


@on_a_screen
async def test_a_line_that_was_on_its_way_is_said_once(chat: Chat) -> None:
    bob = program(chat)
    async with visit(chat) as ann:
        await ann.pilot.press("h", "i", "enter")
        ann.network.deliver()
        await ann.lose_connection()
        await ann.come_back()
        assert said(bob) == ["hi"]
        assert sum("ann hi" in row for row in ann.conversation) == 1


@on_a_screen
async def test_what_is_refused_comes_back_with_the_reason(chat: Chat) -> None:
    async with visit(chat) as ann:
        await ann.type("/nonsense here", "enter")
        assert text(ann) == "/nonsense here"
        assert "Unknown command /nonsense" in shown(ann)
        await ann.press("ctrl+u")
        await ann.lose_connection()
        await ann.type("/msg nobody hello", "enter")
        await ann.type("a draft")
        await ann.come_back()
        assert text(ann) == "a draft"
        assert "To edit it, press Up: /msg nobody hello" in shown(ann)
        await ann.press("up")
        assert text(ann) == "/msg nobody hello"


@on_a_screen
async def test_a_line_to_nowhere_comes_back(chat: Chat) -> None:
    async with visit(chat) as ann:
        await ann.press("alt+up")
        await ann.type("hello", "enter")
        assert text(ann) == "hello"
        assert "/join #lobby" in shown(ann)


@on_a_screen
async def test_a_private_line_of_which_nobody_knows_is_kept_and_said_so(chat: Chat) -> None:
    bob = program(chat)
    async with visit(chat) as ann:
        await ann.type("/query bob", "enter")
        await ann.pilot.press("h", "i", "enter")
        ann.network.deliver()
        await ann.lose_connection()
        await ann.come_back()
        assert said(bob) == ["hi"]
        assert "This may not have arrived: hi" in shown(ann)
        await ann.press("up")
        assert text(ann) == "hi"


@on_a_screen
async def test_query_opens_a_conversation_and_close_leaves_it(chat: Chat) -> None:
    bob = program(chat)
    async with visit(chat) as ann:
        await ann.type("/msg bob", "enter")
        assert ann.app.state.here == "@bob"
        await ann.type("psst", "enter")
        await ann.type("/me waves", "enter")
        told = [one for one in bob.events() if one["event"] == "told"]
        assert [(one["text"], one.get("action", False)) for one in told] == [
            ("psst", False), ("waves", True),
        ]  # fmt: skip
        await ann.type("/close", "enter")
        assert ann.app.state.here == "#lobby"
        await ann.type("/query bob there?", "enter")
        assert said(bob) == ["there?"]
        assert ann.app.state.here == "@bob"


@on_a_screen
async def test_delete_in_a_conversation_deletes_there_and_not_in_the_room(chat: Chat) -> None:
    bob = program(chat)
    bob.ask(do="register", password="correct-horse")
    async with visit(chat) as ann:
        await ann.type("/register correct-horse", "enter")
        await ann.type("in the room", "enter")
        await ann.type("/query bob psst", "enter")
        await ann.type("/delete 1 wrong window", "enter")
        assert requests(ann, "delete")[0]["rest"] == "1 @bob wrong window"
        assert [one["room"] for one in bob.events() if one["event"] == "deleted"] == ["@ann"]
        await ann.type("/delete 1 #lobby", "enter")
        assert requests(ann, "delete")[1]["rest"] == "1 #lobby"


@on_a_screen
async def test_close_leaves_a_room(chat: Chat) -> None:
    async with visit(chat) as ann:
        await ann.type("/join #tea", "enter")
        assert ann.app.state.here == "#tea"
        await ann.type("half", "ctrl+u")
        await ann.type("/close", "enter")
        assert ann.app.state.here == "#lobby"
        assert "#tea" not in ann.app.state.panes


@on_a_screen
async def test_me_and_a_stroke_twice(chat: Chat) -> None:
    bob = program(chat)
    async with visit(chat) as ann:
        await ann.type("/me waves", "enter")
        await ann.type("//etc is a directory", "enter")
        lines = [one for one in bob.events() if one["event"] == "said"]
        assert [(one["text"], one.get("action", False)) for one in lines] == [
            ("waves", True), ("/etc is a directory", False),
        ]  # fmt: skip


@on_a_screen
async def test_clear_shows_only_what_is_said_from_then_on(chat: Chat) -> None:
    async with visit(chat) as ann:
        await ann.type("before", "enter")
        await ann.type("/clear", "enter")
        await ann.type("after", "enter")
        assert "before" not in ann.screen
        assert "after" in ann.screen


@on_a_screen
async def test_quit_says_goodbye_when_everything_is_kept(chat: Chat) -> None:
    bob = program(chat)
    async with visit(chat) as ann:
        await ann.type("bye", "enter")
        await ann.type("/quit off to tea", "enter")
        assert said(bob) == ["bye"]
        assert ann.app.parting == "off to tea"
        assert ann.app._exit


@on_a_screen
async def test_passwords_are_shown_nowhere_and_prove_who_one_is_later(chat: Chat) -> None:
    async with visit(chat) as ann:
        await ann.lose_connection()
        await ann.type("/register tea-at-five", "enter")
        assert "/register ***********" in ann.screen
        await ann.come_back()
        assert "tea-at-five" not in ann.screen
        assert chat.hub.directory.users["ann"].account is not None
        await ann.lose_connection()
        await ann.come_back()
        assert chat.hub.directory.users["ann"].account is not None


@on_a_screen
async def test_a_wrong_password_does_not_come_back(chat: Chat) -> None:
    async with visit(chat) as ann:
        await ann.type("/login nobody secret", "enter")
        assert text(ann) == ""
        assert "secret" not in ann.screen


@on_a_screen
async def test_what_must_not_be_done_twice_is_not_sent_again(chat: Chat) -> None:
    bob = program(chat)
    async with visit(chat) as ann:
        await ann.type("/w bob h")
        await ann.pilot.press("i", "enter")
        ann.network.deliver()
        await ann.lose_connection()
        await ann.come_back()
        assert said(bob) == ["hi"]
        assert len(requests(ann, "msg")) == 1
        assert "This may not have arrived: /w bob hi" in shown(ann)


@on_a_screen
async def test_a_question_is_answered_with_a_number(chat: Chat) -> None:
    bob = program(chat)
    async with visit(chat) as ann:
        await ann.type("/to", "enter")
        assert "To whom?" in ann.screen
        await ann.type("1", "enter")
        assert ann.app.state.here == "@bob"
        await ann.type("1", "enter")
        assert said(bob) == ["1"]


@on_a_screen
async def test_help_is_shown(chat: Chat) -> None:
    async with visit(chat) as ann:
        await ann.type("/help msg", "enter")
        assert "/msg name text" in ann.screen


@on_a_screen
async def test_names_of_emoji_are_sent_as_emoji(chat: Chat) -> None:
    bob = program(chat)
    async with visit(chat) as ann:
        await ann.type("I like :tea:", "enter")
        assert said(bob) == ["I like 🍵"]
        ann.app.saying.emoji = False
        await ann.type("I like :tea:", "enter")
        assert said(bob) == ["I like :tea:"]


# Typing notices


@on_a_screen
async def test_others_see_that_one_types_and_no_more_than_every_three_seconds(chat: Chat) -> None:
    bob = program(chat)

    def signs() -> list[str]:
        return [one["signs"]["typing"] for one in bob.events() if one["event"] == "signal"]

    async with visit(chat) as ann:
        await ann.type("hello")
        assert signs() == ["active"]
        await ann.wait(2)
        await ann.type("a")
        assert signs() == []
        await ann.wait(1)
        await ann.type("b")
        assert signs() == ["active"]
        await ann.wait(3)
        assert signs() == ["paused"]
        await ann.press("c", "ctrl+u")
        assert signs() == ["active", "done"]
        await ann.type("/ban")
        await ann.wait(10)
        assert signs() == []


@on_a_screen
async def test_crowds_are_not_told_that_one_types(chat: Chat) -> None:
    others = [program(chat, f"p{number}") for number in range(50)]
    async with visit(chat) as ann:
        await ann.type("hello")
        assert requests(ann, "signal") == []
    assert others


@on_a_screen
async def test_nobody_is_told_while_the_connection_is_lost(chat: Chat) -> None:
    async with visit(chat) as ann:
        await ann.lose_connection()
        await ann.type("hello")
        await ann.come_back()
        assert requests(ann, "signal") == []


@on_a_screen
async def test_what_is_typed_before_one_is_inside_goes_to_the_first_room(chat: Chat) -> None:
    bob = chat.join("bob")
    async with visit(chat, settled=False) as ann:
        ann.post("good morning")
        await ann.pilot.press("enter")
        assert bob.read() == []
        await ann.settle()
        assert bob.read() == ["* ann joined.", "[1970-01-01 00:00] <ann> good morning"]
        assert ann.app.entry.composer.text == ""
        assert ann.conversation[-1].endswith("ann good morning")
