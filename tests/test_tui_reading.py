"""Reading in the full-screen client: scrolling back, and keeping the position."""

from __future__ import annotations

import pytest
from conftest import Chat, Person
from textual.geometry import Offset
from textual.selection import Selection
from tuipeople import Visitor, on_a_screen, visit

from chatsvc.client.tui.model import buffers
from chatsvc.client.tui.model.items import Note, Spoken
from chatsvc.client.tui.widgets.rendering import copied, shown_text


def talk(person: Person, count: int, first: int = 1) -> None:
    person.send(*(f"line {number}." for number in range(first, first + count)))


async def go_up(ann: Visitor, pages: int) -> None:
    for _ in range(pages):
        await ann.press("pageup")


@on_a_screen
async def test_what_is_said_is_shown_and_what_is_typed_is_said(chat: Chat) -> None:
    bob = chat.join("bob")
    async with visit(chat) as ann:
        bob.send("hello ann")
        await ann.settle()
        assert ann.conversation[-1] == "00:00        bob hello ann"
        await ann.type("hi bob", "enter")
        assert bob.read()[-1].endswith("<ann> hi bob")
        assert ann.conversation[-1] == "00:00        ann hi bob"


@on_a_screen
async def test_a_lost_connection_comes_back_with_what_was_missed(chat: Chat) -> None:
    bob = chat.join("bob")
    async with visit(chat) as ann:
        await ann.lose_connection()
        bob.send("are you there?")
        await ann.come_back()
        assert ann.screen.count("are you there?") == 1


@on_a_screen
async def test_one_goes_up_to_where_the_room_begins(chat: Chat) -> None:
    talk(chat.join("bob"), 500)
    async with visit(chat) as ann:
        assert "line 500." in ann.conversation[-1]
        assert ann.app.state.pane.present.first == 301
        await go_up(ann, 40)
        assert "beginning of #lobby" in ann.conversation[0]
        assert "Thursday, 1 January 1970" in ann.conversation[1]
        assert "line 1." in ann.conversation[2]
        numbers = [item.number for item in buffers.numbered(ann.app.state.pane.items)]
        assert numbers == list(range(1, 501))


@on_a_screen
async def test_that_earlier_lines_are_fetched_is_said_and_nothing_moves(chat: Chat) -> None:
    talk(chat.join("bob"), 500)
    async with visit(chat) as ann:
        await go_up(ann, 9)
        before, first = ann.conversation[1:], ann.app.state.pane.present.first
        ann.app.visit.reading.fetch_earlier(ann.app.state.pane)
        ann.shown.sync()
        assert ann.shown._entries[0].headings[0] == "loading earlier messages…"
        await ann.settle()
        assert ann.conversation[1:] == before
        assert ann.app.state.pane.present.first < first


@on_a_screen
async def test_who_reads_above_stays_there_and_is_told_what_is_below(chat: Chat) -> None:
    bob = chat.join("bob")
    talk(bob, 100)
    async with visit(chat) as ann:
        await go_up(ann, 2)
        before = ann.conversation[:-1]
        bob.send("one more", "and another")
        await ann.settle()
        assert ann.conversation[:-1] == before
        assert ann.conversation[-1] == " ↓ 2 new; Esc: latest"
        await ann.press("escape")
        assert "and another" in ann.conversation[-1]
        assert ann.app.state.pane.unread == 0


@on_a_screen
async def test_who_says_something_sees_it_also_from_above(chat: Chat) -> None:
    chat.join("bob").send(*(f"line {n}" for n in range(1, 101)))
    async with visit(chat) as ann:
        await ann.press("pageup", "pageup")
        await ann.type("here I am", "enter")
        assert ann.conversation[-1].endswith("ann here I am")


@on_a_screen
async def test_a_resize_keeps_the_place(chat: Chat) -> None:
    bob = chat.join("bob")
    bob.send(*(f"line {n}. {'words and more ' * (n % 5)}" for n in range(100)))
    async with visit(chat, size=(110, 24)) as ann:
        await go_up(ann, 2)
        place = ann.shown._place()
        for width in (70, 45, 150):
            await ann.pilot.resize_terminal(width, 24)
            await ann.settle()
            assert ann.shown._place().number == place.number
        await ann.press("escape")
        await ann.pilot.resize_terminal(50, 20)
        await ann.settle()
        assert "words and more" in ann.conversation[-1]
        assert ann.app.state.pane.following


@on_a_screen
async def test_memory_is_bounded_and_one_comes_back_down_without_a_gap(
    chat: Chat,
) -> None:
    talk(chat.join("bob"), 900)
    most, slack, kept = buffers.MOST, buffers._SLACK, buffers._KEPT
    buffers.MOST, buffers._SLACK, buffers._KEPT = 300, 20, 50
    try:
        async with visit(chat) as ann:
            pane = ann.app.state.pane
            await go_up(ann, 70)
            assert pane.past is not None
            assert (pane.past.first, pane.past.last) == (1, 300)
            assert (pane.present.first, pane.present.last) == (851, 900)
            for _ in range(90):
                await ann.press("pagedown")
                assert len(pane.shown.items) <= 320
            assert pane.past is None
            assert "line 900." in ann.conversation[-1]
            numbers = [item.number for item in buffers.numbered(pane.items)]
            assert numbers == list(range(numbers[0], 901))
    finally:
        buffers.MOST, buffers._SLACK, buffers._KEPT = most, slack, kept


@pytest.mark.parametrize("width", [80, 50, 200])
def test_a_line_looks_as_it_should_at_any_width(chat: Chat, width: int) -> None:
    @on_a_screen
    async def scenario(chat: Chat) -> None:
        bob = chat.join("bob")
        async with visit(chat, size=(width, 24)) as ann:
            bob.send("a long story " * 10, "/me waves")
            await ann.settle()
            assert all(len(row) <= width for row in ann.rows)
            waves = ann.conversation[-1].split()
            assert waves[-1] == "waves"
            assert "*" in waves
            assert ann.app._people.display == ann.app._places.display == (width >= 60)

    scenario(chat)


@on_a_screen
async def test_comings_and_goings_are_folded(chat: Chat) -> None:
    chat.join("bob")
    async with visit(chat) as ann:
        people = [chat.join(name) for name in ("carl", "dora", "emil", "fred")]
        await ann.settle()
        assert ann.conversation[-1].endswith("* 4 joined")
        people[0].send("/quit lunch")
        await ann.settle()
        assert ann.conversation[-1].endswith("* dora, emil, fred joined")
        people[1].send("hello")
        people[1].send("/quit lunch")
        await ann.settle()
        assert ann.conversation[-1].endswith("* dora left (lunch)")


@on_a_screen
async def test_a_deleted_line_and_a_line_of_several_lines(chat: Chat) -> None:
    bob = chat.program("bob")
    bob.ask(do="join", room="#lobby")
    async with visit(chat) as ann:
        bob.ask(do="say", text="first\nsecond")
        await ann.settle()
        assert ann.conversation[-2:] == ["00:00        bob first", " " * 17 + "second"]
        bob.ask(do="delete", room="#lobby", number=1)
        await ann.settle()
        assert any(row.endswith("bob (deleted by bob)") for row in ann.conversation)
        assert "second" not in ann.screen


@on_a_screen
async def test_an_address_is_one_that_the_terminal_can_open(chat: Chat) -> None:
    bob = chat.join("bob")
    async with visit(chat) as ann:
        bob.send("see https://example.org/a_(b), please")
        await ann.settle()
        row = len(ann.conversation) - 1
        links = {s.style.link for s in ann.shown.render_line(row) if s.style and s.style.link}
        assert links == {"https://example.org/a_(b)"}


@on_a_screen
async def test_a_tab_is_drawn_as_blanks_and_copied_as_a_tab(chat: Chat) -> None:
    async with visit(chat) as ann:
        pane = ann.app.state.pane
        pane.present.add(Spoken(1.0, "bob", "all:\n\tmake x", 1))
        ann.app.state.touch()
        await ann.settle()
        assert ann.conversation[-1].endswith("    make x")
        selected = ann.shown.get_selection(Selection(Offset(5, len(pane.items) - 1), None))
        assert selected == ("\tmake x", "\n")


def test_part_of_a_line_with_tabs_is_copied_as_it_was_said() -> None:
    item = Note(0.0, "a\tbc\td")
    text = shown_text(item)
    assert text == "a   bc  d"
    assert copied(item, 0, text.index("d")) == "a\tbc\t"
    assert copied(item, text.index("b"), -1) == "bc\td"


@on_a_screen
async def test_names_have_the_same_colour_every_day_and_another_in_the_light(chat: Chat) -> None:
    async with visit(chat) as ann:
        painting = ann.shown._painting
        ann.app.theme = "textual-dark"
        assert painting.colour_of("bob") == painting.colour_of("BOB")
        dark = painting.colour_of("bob")
        ann.app.theme = "textual-light"
        assert painting.colour_of("bob") != dark


@on_a_screen
async def test_what_is_copied_is_what_was_said(chat: Chat) -> None:
    bob = chat.join("bob")
    async with visit(chat) as ann:
        bob.send("the first line", "你好 second-line")
        await ann.settle()
        screen, shown = ann.app.screen, ann.shown
        row = shown.region.y + len(ann.conversation) - 2
        begin = shown.region.x + shown.shape.gutter
        await ann.pilot.mouse_down(offset=(begin + 4, row))
        await ann.pilot.hover(offset=(begin + 5, row + 1))
        await ann.pilot.mouse_up(offset=(begin + 5, row + 1))
        assert screen.get_selected_text() == "first line\n你好 s"
        await ann.pilot.click(offset=(begin + 6, row), times=2)
        assert screen.get_selected_text() == "first"
        await ann.pilot.click(offset=(begin + 6, row), times=3)
        assert screen.get_selected_text() == "the first line"


@on_a_screen
async def test_one_goes_up_past_many_lines_of_somebody_ignored(chat: Chat) -> None:
    carol, bob = chat.join("carol"), chat.join("bob")
    carol.send("carol was first")
    talk(bob, 900)
    talk(carol, 30)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chatsvc.core.walk.READ_AT_ONCE", 50)
        patch.setattr("chatsvc.core.walk.LOOKED_THROUGH", 250)
        async with visit(chat, room="#tea") as ann:
            await ann.type("/ignore bob", "enter")
            await ann.type("/join #lobby", "enter")
            await go_up(ann, 12)
            assert "beginning of #lobby" in ann.conversation[0]
            assert "carol was first" in ann.screen
