"""Jumping to a search result, and back."""

from __future__ import annotations

from conftest import Chat
from tuipeople import on_a_screen, visit


async def searched(chat: Chat) -> None:
    bob = chat.join("bob")
    bob.send(*(f"line {n}{' with coffee' if n % 300 == 50 else ''}" for n in range(1, 1000)))


@on_a_screen
async def test_one_goes_from_hit_to_hit_and_back_to_now(chat: Chat) -> None:
    await searched(chat)
    bob = chat.join("barbara")
    async with visit(chat) as ann:
        await ann.type("/search coffee", "enter")
        assert [str(text).split(": ")[1] for text in ann.app._hits._shown] == [
            "line 950 with coffee", "line 650 with coffee", "line 350 with coffee",
            "line 50 with coffee",
        ]  # fmt: skip
        await ann.press("down", "down", "enter")
        pane = ann.app.state.pane
        assert pane.past is not None
        middle = len(ann.conversation) // 2
        assert any("line 350 with coffee" in row for row in ann.conversation[middle - 2 :][:4])
        bob.send("now")
        await ann.settle()
        assert "now" not in " ".join(ann.conversation[:-1])
        assert ann.conversation[-1] == " ↓ earlier messages, 1 new; Esc: back to the latest"
        await ann.press("down", "enter")
        assert any("line 50 with coffee" in row for row in ann.conversation)
        assert "line 350 with coffee" not in ann.screen.split("line 950")[0].split("#lobby bob")[0]
        await ann.press("escape")
        assert ann.conversation[-1].endswith("barbara now")
        assert not ann.app._hits.display
        assert ann.app.focused is ann.app.entry.composer


@on_a_screen
async def test_one_reads_on_from_a_hit_to_the_end(chat: Chat) -> None:
    await searched(chat)
    async with visit(chat) as ann:
        await ann.type("/search coffee", "enter", "down", "enter")
        pane = ann.app.state.pane
        for _ in range(40):
            await ann.press("pagedown")
        assert pane.past is None
        assert "line 999" in ann.conversation[-1]
        numbers = [number for item in pane.items if (number := getattr(item, "number", 0))]
        assert numbers == list(range(numbers[0], 1000))


@on_a_screen
async def test_who_types_on_after_a_search_or_a_click_loses_nothing(chat: Chat) -> None:
    await searched(chat)
    async with visit(chat) as ann:
        await ann.type("/search coffee", "enter")
        await ann.type("tea ")
        ann.shown.focus()
        await ann.settle()
        await ann.type("is better")
        await ann.settle()
        assert ann.app.entry.composer.text == "tea is better"
        assert ann.app.focused is ann.app.entry.composer


@on_a_screen
async def test_what_is_searched_for_is_no_markup(chat: Chat) -> None:
    chat.join("bob").send("what [/x] means")
    async with visit(chat) as ann:
        await ann.type("/search [/x] means", "enter")
        assert "[/x] means: Enter: open" in ann.screen


@on_a_screen
async def test_nothing_found_is_said_where_one_looks(chat: Chat) -> None:
    async with visit(chat) as ann:
        await ann.type("/search unicorns", "enter")
        assert "No results for unicorns" in ann.conversation[-1]
        assert not ann.app._hits.display


@on_a_screen
async def test_a_line_that_is_deleted_meanwhile_is_gone_from_what_was_found(chat: Chat) -> None:
    bob = chat.join("bob")
    bob.send("tea is fine", "tea is hot")
    async with visit(chat) as ann:
        await ann.type("/search tea", "enter")
        await ann.press("down")
        bob.send("/delete 1")
        await ann.settle()
        assert "tea is fine" not in ann.screen
        newest, oldest = (str(text).split(": ")[1] for text in ann.app._hits._shown)
        assert (newest, oldest) == ("tea is hot", "(deleted by bob)")
        assert ann.app._hits.highlighted == 1
        await ann.type("oh", "escape")
        await ann.type("/search tea", "enter")
        assert ann.app.focused is ann.app._hits
