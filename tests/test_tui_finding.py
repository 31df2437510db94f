"""Completing, jumping and the palette in the full-screen client."""

from __future__ import annotations

from conftest import Chat
from textual import events
from textual.widgets import OptionList
from tuipeople import Visitor, on_a_screen, visit


def text(person: Visitor) -> str:
    return person.app.entry.composer.text


def listed(person: Visitor) -> list[str]:
    """Return the candidates above the input."""
    candidates = person.app.screen.query_one("#candidates", OptionList)
    return [str(one.prompt) for one in candidates.options] if candidates.display else []


@on_a_screen
async def test_tab_completes_who_spoke_last_and_cycles(chat: Chat) -> None:
    people = [chat.join(name) for name in ("bea", "bob", "bernd")]
    async with visit(chat) as ann:
        people[1].send("hello")
        people[0].send("hello, too")
        await ann.settle()
        await ann.type("b", "tab")
        assert text(ann) == "bea: "
        assert listed(ann) == ["bea:", "bob:", "bernd:"]
        await ann.press("tab", "tab")
        assert text(ann) == "bernd: "
        await ann.press("tab", "shift+tab", "shift+tab")
        assert text(ann) == "bob: " or text(ann) == "bernd: "
        await ann.press("escape")
        assert (text(ann), listed(ann)) == ("b", [])
        await ann.press("tab", "h", "i")
        assert (text(ann), listed(ann)) == ("bea: hi", [])


@on_a_screen
async def test_a_candidate_is_chosen_with_the_mouse(chat: Chat) -> None:
    for name in ("bea", "bob"):
        chat.join(name)
    async with visit(chat) as ann:
        await ann.type("b", "tab")
        await ann.pilot.click("#candidates", offset=(2, 1))
        await ann.settle()
        assert (text(ann), listed(ann)) == ("bob: ", [])
        await ann.type("hi")
        assert text(ann) == "bob: hi"


@on_a_screen
async def test_commands_are_completed_and_hinted_at(chat: Chat) -> None:
    async with visit(chat) as ann:
        await ann.type("/igno")
        assert "/ignore" in ann.rows[-2]
        await ann.press("tab")
        assert text(ann) == "/ignore "
        assert "/ignore [name]" in ann.rows[-2]
        await ann.press("ctrl+u")
        await ann.type("/clo", "tab")
        assert text(ann) == "/close "
        await ann.press("ctrl+u")
        await ann.type("/se", "tab")
        assert text(ann).startswith("/se")
        await ann.press("ctrl+u", "h", "i")
        assert "/" not in ann.rows[-2]


@on_a_screen
async def test_the_commands_are_those_that_one_may_give(chat: Chat) -> None:
    async with visit(chat) as ann:
        await ann.type("/logou", "tab")
        assert text(ann) == "/logou"
        await ann.press("ctrl+u")
        await ann.type("/register tea-at-five", "enter")
        await ann.type("/logou")
        await ann.press("tab")
        assert text(ann) == "/logout "


@on_a_screen
async def test_rooms_are_completed_also_where_one_is_not(chat: Chat) -> None:
    bob = chat.join("bob")
    bob.send("/join #tearoom")
    async with visit(chat) as ann:
        await ann.type("see #te", "tab")
        assert text(ann) == "see #tearoom "


@on_a_screen
async def test_an_emoji_is_completed(chat: Chat) -> None:
    async with visit(chat) as ann:
        await ann.type("a :teap", "tab")
        assert text(ann) == "a 🫖"


@on_a_screen
async def test_ctrl_k_jumps_to_what_is_new_first(chat: Chat) -> None:
    bob = chat.join("bob")
    async with visit(chat) as ann:
        for room in ("#tea", "#coffee"):
            await ann.type(f"/join {room}", "enter")
        bob.send("/join #tea", "ann: here")
        await ann.settle()
        await ann.type("half a th")
        await ann.press("ctrl+k")
        rows = [row for row in ann.rows if "#tea" in row and "@1" in row]
        assert rows
        await ann.press("enter")
        assert (ann.app.state.here, text(ann)) == ("#tea", "")
        await ann.press("ctrl+k")
        await ann.type("cof", "enter")
        assert (ann.app.state.here, text(ann)) == ("#coffee", "half a th")


@on_a_screen
async def test_ctrl_k_finds_people_and_rooms_where_one_is_not(chat: Chat) -> None:
    bob = chat.join("bob")
    bob.send("/join #garden", "/join #lobby")
    async with visit(chat) as ann:
        await ann.type("#", "ctrl+u")
        await ann.press("ctrl+k")
        await ann.type("bo", "enter")
        assert ann.app.state.here == "@bob"
        await ann.press("ctrl+k")
        await ann.type("gdn", "enter")
        assert ann.app.state.here == "#garden"
        await ann.press("ctrl+k", "escape")
        assert ann.app.state.here == "#garden"
        assert ann.app.focused is ann.app.entry.composer


async def ask_palette(person: Visitor, words: str) -> None:
    """Type into the palette and accept the first result."""
    await person.press("ctrl+p")
    await person.type(words)
    await person.app.workers.wait_for_complete()
    await person.press("enter")
    await person.settle()


@on_a_screen
async def test_the_palette_begins_commands_and_goes_to_rooms(chat: Chat) -> None:
    async with visit(chat) as ann:
        await ann.type("/", "ctrl+u")
        await ann.type("/join #tea", "enter")
        await ask_palette(ann, "whois")
        assert text(ann) == "/whois "
        await ann.press("ctrl+u")
        await ask_palette(ann, "#lobby")
        assert ann.app.state.here == "#lobby"


@on_a_screen
async def test_the_palette_changes_settings_and_themes(chat: Chat) -> None:
    async with visit(chat) as ann:
        await ask_palette(ann, "theme nord")
        assert ann.app.theme == "nord"
        await ask_palette(ann, "timestamps")
        assert text(ann) == "/set timestamps "


@on_a_screen
async def test_a_topic_is_no_markup_in_the_palette(chat: Chat) -> None:
    topic = "[bold]tea[/bold] [/x] [$a=( \\ \\"
    chat.join("bob").send("/join #tea", f"/topic {topic}")
    async with visit(chat) as ann:
        await ann.type("/join #tea", "enter")
        await ann.press("alt+up")
        for words in ("", "#tea"):
            await ann.press("ctrl+p")
            await ann.type(words)
            await ann.app.workers.wait_for_complete()
            await ann.settle()
            assert topic in ann.screen
            await ann.press("escape")


@on_a_screen
async def test_letters_that_come_with_ctrl_k_at_once_are_those_of_the_jump(chat: Chat) -> None:
    async with visit(chat) as ann:
        await ann.type("/join #tea", "enter")
        await ann.press("alt+up")
        for key in ("ctrl+k", "t", "e", "enter", "x"):
            ann.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await ann.settle()
        assert ann.app.state.here == "#tea"
