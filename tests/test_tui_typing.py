# ruff: noqa: RUF001
"""Typing in the full-screen client: lines, history, and pastes."""

from __future__ import annotations

from conftest import Chat
from textual import events
from tuipeople import Visitor, on_a_screen, visit

from chatsvc.client.tui.widgets.text_field import Field

ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


def text(person: Visitor) -> str:
    """Return the draft."""
    return person.app.entry.composer.text


async def paste(person: Visitor, pasted: str) -> None:
    """Paste as terminals do: lines end with CR."""
    person.app.post_message(events.Paste(pasted.replace("\n", "\r")))
    await person.settle()


@on_a_screen
async def test_enter_sends_and_other_keys_begin_a_line(chat: Chat) -> None:
    bob = chat.program("bob")
    bob.ask(do="join", room="#lobby")
    async with visit(chat) as ann:
        for number, key in enumerate(("ctrl+j", "shift+enter", "alt+enter")):
            await ann.type("a", key, "b", "enter")
            assert [one["text"] for one in bob.events() if one["event"] == "said"] == ["a\nb"]
            assert text(ann) == "", number


@on_a_screen
async def test_it_grows_to_six_rows(chat: Chat) -> None:
    async with visit(chat) as ann:
        heights = []
        for _ in range(8):
            heights.append(ann.app.entry.composer.size.height)
            await ann.press("x", "ctrl+j")
        assert heights == [1, 2, 3, 4, 5, 6, 6, 6]
        await ann.press("enter")
        assert ann.app.entry.composer.size.height == 1


@on_a_screen
async def test_what_was_sent_comes_back_with_up_in_its_own_room(chat: Chat) -> None:
    async with visit(chat) as ann:
        await ann.type("one", "enter")
        await ann.type("two", "enter")
        await ann.type("thr", "up")
        assert text(ann) == "two"
        await ann.press("up", "up")
        assert text(ann) == "one"
        await ann.press("down", "down")
        assert text(ann) == "thr"
        await ann.press("escape")
        assert text(ann) == ""
        await ann.type("/join #tea", "enter")
        await ann.press("up")
        assert text(ann) == ""
        await ann.press("alt+up", "up")
        assert text(ann) == "/join #tea"
        await ann.press("up")
        assert text(ann) == "thr"


@on_a_screen
async def test_up_goes_up_in_a_text_before_it_goes_back(chat: Chat) -> None:
    async with visit(chat, size=(40, 24)) as ann:
        await ann.type("one", "enter")
        await ann.type("word " * 20)
        written = text(ann)
        await ann.press("up")
        assert text(ann) == written


@on_a_screen
async def test_a_password_does_not_come_back(chat: Chat) -> None:
    async with visit(chat) as ann:
        await ann.type("/register tea-at-five", "enter")
        assert "ann" in chat.hub.directory.users
        assert chat.hub.directory.users["ann"].account is not None
        assert "tea-at-five" not in ann.screen
        await ann.press("up")
        assert text(ann) == ""
        await ann.type("/login x y", "escape", "up")
        assert text(ann) == ""


@on_a_screen
async def test_keys_that_delete_are_those_of_shells(chat: Chat) -> None:
    async with visit(chat) as ann:
        await ann.type("one two three", "ctrl+w")
        assert text(ann) == "one two "
        await ann.press("ctrl+y", "ctrl+y")
        assert text(ann) == "one two threethree"
        await ann.press("ctrl+u")
        assert text(ann) == ""
        await ann.press("ctrl+z")
        assert text(ann) == "one two threethree"
        await ann.press("home", "alt+k", "ctrl+y")
        assert text(ann) == "one two threethree"


@on_a_screen
async def test_a_draft_stays_in_its_room_and_survives_what_happens(chat: Chat) -> None:
    bob = chat.join("bob")
    async with visit(chat) as ann:
        await ann.type("/join #tea", "enter")
        await ann.type("half a th")
        bob.send("hello")
        await ann.settle()
        await ann.pilot.resize_terminal(60, 20)
        await ann.lose_connection()
        await ann.come_back()
        assert text(ann) == "half a th"
        await ann.press("alt+up")
        assert text(ann) == ""
        await ann.type("other", "alt+down")
        assert text(ann) == "half a th"
        await ann.press("alt+up")
        assert text(ann) == "other"


@on_a_screen
async def test_keys_go_to_the_room_in_which_they_were_typed(chat: Chat) -> None:
    bob = chat.program("bob")
    bob.ask(do="join", room="#tea")
    bob.ask(do="join", room="#lobby")
    async with visit(chat) as ann:
        await ann.type("/join #tea", "enter")
        bob.events()
        for key in ("alt+up", "a", "enter", "alt+down", "b", "enter"):  # all at once
            ann.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await ann.settle()
        said = [(one["room"], one["text"]) for one in bob.events() if one["event"] == "said"]
        assert said == [("#lobby", "a"), ("#tea", "b")]


@on_a_screen
async def test_a_text_typed_before_one_is_in_a_room_comes_along(chat: Chat) -> None:
    async with visit(chat, settled=False) as ann:
        await ann.pilot.press("h", "i")
        await ann.settle()
        assert (ann.app.state.here, text(ann)) == ("#lobby", "hi")


@on_a_screen
async def test_what_is_typed_right_after_join_goes_to_that_room(chat: Chat) -> None:
    bob = chat.program("bob")
    bob.ask(do="join", room="#tea")
    async with visit(chat) as ann:
        await ann.lose_connection()  # so that the answer takes its time
        await ann.type("/join #tea", "enter")
        await ann.type("hello", "enter")
        await ann.type("and I was about")
        await ann.come_back()
        assert ann.app.state.here == "#tea"
        await ann.type(" to say", "enter")
        said = [(one["room"], one["text"]) for one in bob.events() if one["event"] == "said"]
        assert said == [("#tea", "hello"), ("#tea", "and I was about to say")]


@on_a_screen
async def test_many_pasted_lines_are_asked_about_once(chat: Chat) -> None:
    bob = chat.program("bob")
    bob.ask(do="join", room="#lobby")
    pasted = "\n".join(f"line {number}" for number in range(100))
    async with visit(chat) as ann:
        await ann.type("a draft")
        await paste(ann, pasted)
        assert "You pasted 100 lines." in ann.screen
        await ann.press("enter")
        said = [one["text"] for one in bob.events() if one["event"] == "said"]
        assert said == [pasted]
        assert text(ann) == "a draft"


@on_a_screen
async def test_pasted_lines_are_sent_one_by_one_or_put_in_or_left(chat: Chat) -> None:
    bob = chat.program("bob")
    bob.ask(do="join", room="#lobby")
    lines = [f"line {number}" for number in range(12)]
    async with visit(chat) as ann:
        await paste(ann, "\n".join(lines))
        await ann.press("down", "enter")
        assert [one["text"] for one in bob.events() if one["event"] == "said"] == lines
        await paste(ann, "\n".join(lines))
        await ann.press("escape")
        assert text(ann) == ""
        await paste(ann, "\n".join(lines))
        await ann.press("down", "down", "enter")
        assert text(ann) == "\n".join(lines)
        assert [one for one in bob.events() if one["event"] == "said"] == []


@on_a_screen
async def test_few_pasted_lines_go_into_the_text(chat: Chat) -> None:
    async with visit(chat) as ann:
        await paste(ann, "one\ntwo")
        assert text(ann) == "one\ntwo"


@on_a_screen
async def test_what_is_too_long_goes_out_in_parts_and_that_is_said(chat: Chat) -> None:
    bob = chat.program("bob")
    bob.ask(do="join", room="#lobby")
    pasted = "\n".join(f"line {number}" for number in range(150))
    async with visit(chat) as ann:
        await paste(ann, pasted)
        await ann.press("enter")
        said = [one["text"] for one in bob.events() if one["event"] == "said"]
        assert [one.count("\n") + 1 for one in said] == [100, 50]
        assert "\n".join(said) == pasted


@on_a_screen
async def test_escape_in_an_empty_input_goes_to_the_last_line(chat: Chat) -> None:
    bob = chat.join("bob")
    async with visit(chat) as ann:
        for number in range(60):
            bob.send(f"line {number}")
        await ann.settle()
        await ann.press("pageup")
        assert "line 59" not in ann.screen
        await ann.type("a draft", "escape")
        assert (text(ann), "line 59" in ann.screen) == ("", False)
        await ann.press("escape")
        assert "line 59" in ann.screen


@on_a_screen
async def test_what_is_typed_and_pasted_is_sent_as_it_is(chat: Chat) -> None:
    bob = chat.program("bob")
    bob.ask(do="join", room="#lobby")
    texts = ["می\u200cخواهم", "東京\u3000大阪", "a\u00a0b  c", "👩\u200d🚀", ENGLAND]
    async with visit(chat) as ann:
        for typed in texts:
            await ann.type(typed, "enter")
            await paste(ann, f"x{typed}")
            assert text(ann) == f"x{typed}"
            await ann.press("enter")
        lines = [one["text"] for one in bob.events() if one["event"] == "said"]
        assert lines == [each for typed in texts for each in (typed, f"x{typed}")]


@on_a_screen
async def test_keys_go_by_whole_letters(chat: Chat) -> None:
    async with visit(chat) as ann:
        for letter in ("❤️", "🤷🏻", "🇩🇪", "👩\u200d🚀", "e\u0301"):
            await ann.type(f"a{letter}", "backspace")
            assert text(ann) == "a"
            await ann.type(f"{letter}b", "left", "left", "delete")
            assert text(ann) == "ab"
            await ann.press("ctrl+u", "delete")
            await ann.type(f"{letter}{letter}", "left", "x", "ctrl+u")
            assert text(ann) == letter
            await ann.press("escape")
        await ann.type("हिन्दी भाषा", "ctrl+w")
        assert text(ann) == "हिन्दी "


@on_a_screen
async def test_a_field_of_one_line_goes_by_letters_too(chat: Chat) -> None:
    async with visit(chat) as ann:
        await ann.press("ctrl+k")
        field = ann.app.screen.query_one(Field)
        await ann.type("a👩\u200d🚀", "backspace")
        assert field.value == "a"
        await ann.type("می\u200cخ\u3000", "left", "left", "left", "delete")
        assert field.value == "aمخ\u3000"
        await ann.press("ctrl+w")
        assert field.value == "خ\u3000"
