"""What users can rely on in the full-screen client, whatever they type and wherever they are."""

from __future__ import annotations

import json
import re

import pytest
from conftest import Chat
from rich.console import Console
from tuipeople import Visitor, on_a_screen, visit

from chatsvc.client import locales
from chatsvc.client.tui.model.buffers import SERVER
from chatsvc.client.tui.widgets.connect import ConnectPage
from chatsvc.model.server_events import Goodbye


def text(person: Visitor) -> str:
    return person.app.entry.composer.text


@on_a_screen
async def test_a_refused_command_stays_selected_so_that_another_replaces_it(chat: Chat) -> None:
    async with visit(chat) as ann:
        for command in ("/nosuch thing", "/msg nobody hi", "/query"):
            await ann.type(command, "enter")
            assert text(ann) == command
            assert ann.app.entry.composer.selected_text == command
        await ann.type("/me waves")
        assert text(ann) == "/me waves"
        await ann.press("enter")
        await ann.press("up", "up")
        assert text(ann) == "/query"


@on_a_screen
async def test_help_lists_every_command_once_in_rows_that_fit(chat: Chat) -> None:
    async with visit(chat, size=(60, 60)) as ann:
        sent = len(ann.network.sent)
        await ann.type("/help", "enter")
        notes = [item.text for item in ann.app.state.pane.items]
        for usage in ("/close", "/save file", "/msg name text", "/join room [password]"):
            assert sum(note.startswith(usage) for note in notes) == 1, usage
        assert not any('"help"' in data.decode() for data in ann.network.sent[sent:])
        await ann.type("/help w", "enter")
        notes = [item.text for item in ann.app.state.pane.items]
        assert any(note.startswith("/msg name text") for note in notes[-3:])
        assert any(note.startswith("Also: /") for note in notes[-3:])
        await ann.type("/help nosuch", "enter")
        assert "Unknown command /nosuch" in ann.screen


@on_a_screen
async def test_what_is_typed_when_one_is_put_out_goes_into_no_field(chat: Chat) -> None:
    async with visit(chat) as ann:
        await ann.type("I was just say")
        chat.hub.directory.users["ann"].sessions[0].tell(
            Goodbye("boss removed you: spam.", final=True)
        )
        await ann.settle()
        page = ann.app.screen
        assert isinstance(page, ConnectPage)
        await ann.type("ing that", "enter", "space")
        assert page.query_one("#host").value == "localhost"  # type: ignore[attr-defined]
        assert ann.app.screen is page
        assert len(ann.network.reached) == 1
        assert "F5: reconnect" in ann.screen
        await ann.press("tab")
        await ann.type("x")
        assert page.query_one("#host").value == "x"  # type: ignore[attr-defined]


@on_a_screen
async def test_a_list_shown_where_there_is_no_room_is_not_kept(chat: Chat) -> None:
    chat.join("bob")
    async with visit(chat, size=(40, 20)) as ann:
        people = ann.app.query_one("#people")
        before = ann.app.preferences.settings
        for shown in (True, False, True):
            await ann.press("f4")
            assert people.display == shown
            assert ann.app.preferences.settings == before
        await ann.press("f4")
        await ann.pilot.resize_terminal(120, 20)
        await ann.settle()
        assert people.display
        await ann.press("f4")
        assert not people.display
        assert not ann.app.preferences.settings.people
        await ann.pilot.resize_terminal(40, 20)
        await ann.settle()
        assert not people.display


@on_a_screen
async def test_a_warning_about_the_terminal_is_shown_where_one_looks(chat: Chat) -> None:
    async with visit(chat, warning="Your locale is not UTF-8 (LANG=C): …") as ann:
        assert ann.app.state.here != SERVER
        assert "LANG=C" in ann.screen


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"LC_ALL": "C"}, "LC_ALL=C"),
        ({"LANG": "POSIX"}, "LANG=POSIX"),
        ({"LANG": "de_DE.ISO-8859-1"}, "LANG=de_DE.ISO-8859-1"),
        ({"LC_CTYPE": "ja_JP.eucJP", "LANG": "C.UTF-8"}, "LC_CTYPE=ja_JP.eucJP"),
        ({}, "LANG is not set"),
        ({"LANG": "C.UTF-8"}, None),
        ({"LANG": "de_DE.utf8@euro"}, None),
        ({"LC_ALL": "en_GB.UTF-8", "LANG": "C"}, None),
        ({"LC_CTYPE": "C.utf8", "LANG": "de_DE.UTF-8"}, None),
    ],
)
def test_a_locale_that_is_not_utf8_is_warned_of(
    environment: dict[str, str], told: str | None
) -> None:
    warning = locales.warning(environment)
    assert (warning is None) == (told is None)
    assert told is None or (warning is not None and f"({told})" in warning)


@on_a_screen
async def test_a_page_that_brings_nothing_new_is_not_asked_for_again(chat: Chat) -> None:
    bob = chat.join("bob")
    bob.send(*(f"line {number}" for number in range(250)))
    async with visit(chat) as ann:
        pane = ann.app.state.pane
        ann.app.state.earlier(pane, (), more=True)
        await ann.settle()
        assert pane.present.whole
        sent = len(ann.network.sent)
        for _ in range(20):
            await ann.press("pageup")
        asked = [
            json.loads(line)
            for data in ann.network.sent[sent:]
            for line in data.splitlines()
            if b'"history"' in line
        ]
        assert asked == []


@on_a_screen
async def test_no_colour_is_sent_for_who_wants_none_and_the_cursor_is_seen(chat: Chat) -> None:
    chat.join("bob").send("see https://example.org, ann")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("NO_COLOR", "1")
        async with visit(chat) as ann:
            await ann.type("hello")
            strips = ann.app.screen._compositor.render_strips()
            ground = ann.app.screen.background_colors[1]
            (no_colour,) = ann.app.get_line_filters()
            console = Console(force_terminal=True, color_system="truecolor")
            drawn = [strip.apply_filter(no_colour, ground).render(console) for strip in strips]
    codes = [
        code
        for row in drawn
        for sgr in re.findall(r"\x1b\[([\d;]*)m", row)
        for code in sgr.split(";")
    ]
    assert not {str(code) for code in (*range(30, 39), *range(40, 49), *range(90, 108))} & {*codes}
    assert "7" in "".join(re.findall(r"\x1b\[[\d;]*m", drawn[-1]))
