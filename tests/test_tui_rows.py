"""Wrapping: every character once, no row too wide; and rows that follow their items."""

from __future__ import annotations

import random
from itertools import accumulate, pairwise

import pytest
from conftest import Chat
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from tuipeople import on_a_screen, visit

from chatsvc.client.tui.model.buffers import Stretch
from chatsvc.client.tui.model.items import Item, Note, Spoken
from chatsvc.client.tui.widgets.conversation import ConversationView, _Entry
from chatsvc.client.tui.widgets.rendering import shown_text
from chatsvc.client.tui.widgets.wrapping import cut, spans, without_blank, word_at

LETTERS = [
    "a", "word", " ", "  ", "\n", "你", "한글", "é", "e\u0301", "ﷺ", "\u200d", "❤️", "ñ.", "-",
    "\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea",
]  # fmt: skip


@given(st.text() | st.lists(st.sampled_from(LETTERS)).map("".join), st.integers(4, 30))
def test_every_character_is_in_one_row_and_no_row_is_too_wide(text: str, width: int) -> None:
    rows = list(spans(text, width))
    for (_, end), (start, _) in pairwise(rows):
        assert text[end:start] in ("", "\n")
    assert (rows[0][0], rows[-1][1]) == (0, len(text))
    assert all(cell_len(text[start:end]) <= width for start, end in rows)


def test_words_stay_whole_where_they_can() -> None:
    text = "one two three-and-four incomprehensibilities\nand five"
    assert [text[without_blank(text, *span) : span[1]] for span in spans(text, 16)] == [
        "one two", "three-and-four", "incomprehensibi", "lities", "and five",
    ]  # fmt: skip


def test_what_is_cut_is_not_too_wide() -> None:
    assert cut("short", 5) == "short"
    assert cut("longer", 5) == "long…"
    assert cut("你好你好", 5) == "你好…"


def test_a_word_is_found_by_a_letter() -> None:
    assert word_at("so it is", 3) == (3, 5)
    assert word_at("so it is", 5) == (5, 6)
    assert word_at("so it is", 8) == (8, 8)


def some(dice: random.Random, number: int) -> Item:
    text = " ".join(
        dice.choices(["tea", "and", "你好", "everything-else"], k=dice.randrange(1, 25))
    )
    if dice.random() < 0.2:
        return Note(number * 900.0, text)
    return Spoken(number * 900.0, dice.choice(["ann", "bob"]), text, number)


def change(dice: random.Random, stretch: Stretch, middle: int) -> None:
    """Change a stretch in one of the possible ways."""
    first, last = stretch.first or middle, stretch.last or middle
    what = dice.randrange(5)
    if what == 0:
        stretch.prepend([some(dice, number) for number in range(first - 7, first)])
    elif what == 1 and stretch.items:
        position = dice.randrange(len(stretch.items))
        stretch.change(position, some(dice, first + position))
    elif what == 2 and len(stretch.items) > 10:
        stretch.forget(dice.randrange(1, 10))
    else:
        stretch.add(*(some(dice, last + n) for n in range(1, dice.randrange(2, 9))))


@pytest.mark.parametrize("seed", range(6))
def test_rows_are_those_that_somebody_sees_who_looks_now(seed: int) -> None:
    dice = random.Random(seed)

    @on_a_screen
    async def scenario(chat: Chat) -> None:
        async with visit(chat, size=(70, 14)) as ann:
            shown, pane = ann.shown, ann.app.state.pane
            for _ in range(40):
                for _ in range(dice.randrange(1, 3)):
                    change(dice, pane.present, 10_000)
                if dice.random() < 0.5:
                    ann.app.action_page(dice.choice([-1, 1]))
                shown.sync()
                assert all_rows(shown) == all_rows(fresh(shown))
                assert shown._ends == list(accumulate(one.height for one in shown._entries))

    scenario(Chat())


def all_rows(shown: ConversationView) -> list[object]:
    return [
        (
            entry.headings,
            entry.named,
            [shown_text(entry.item)[start:end] for start, end in entry.rows],
        )
        for entry in shown._entries
    ]


def fresh(shown: ConversationView) -> ConversationView:
    """Return a new view of the same size."""
    other = ConversationView(shown.pane, shown.clock)
    other._columns = shown.shape
    other._entries = [_Entry(item) for item in shown.pane.shown.items]
    other._kept = len(other._entries)
    other._fill_all()
    return other
