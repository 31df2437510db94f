"""Around the conversation: status, titles and notifications, settings, files, leaving."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from conftest import Chat
from picture import talk, without_web_fonts
from textual.message import Message
from tuipeople import Visitor, on_a_screen, visit

from chatsvc.client.net.address import Server
from chatsvc.client.settings_file import SettingsFile
from chatsvc.client.tui.control.notifications import notification
from chatsvc.client.tui.control.preferences import Preferences
from chatsvc.client.tui.model.keys import HELP
from chatsvc.client.tui.model.themes import chosen
from chatsvc.client.tui.widgets.dialogs import Sure
from chatsvc.model.requests import Refused

ROOT = Path(__file__).parent.parent


def written(visitor: Visitor) -> list[str]:
    """Record what is written to the terminal besides drawings."""
    sequences: list[str] = []
    visitor.app.notices._write = sequences.append
    return sequences


def status(visitor: Visitor) -> str:
    return next(row for row in visitor.rows if "●" in row or "○" in row)


@on_a_screen
async def test_the_status_line_says_how_one_is_connected_and_when_it_is_tried_again(
    chat: Chat,
) -> None:
    async with visit(chat) as ann:
        assert status(ann) == " ann  ● no TLS 0 ms"
        await ann.lose_connection()
        await ann.type("still here", "enter")
        ann.app._tick()
        await ann.settle()
        assert re.match(r" ann  ○ not connected, (next try in \d+ s|trying …), 1 w", status(ann))
        await ann.come_back()
        assert status(ann).startswith(" ann  ● no TLS")


@on_a_screen
async def test_leaving_with_lines_that_wait_is_asked_about(chat: Chat) -> None:
    async with visit(chat) as ann:
        await ann.lose_connection()
        await ann.type("still here", "enter")
        await ann.press("ctrl+q")
        assert isinstance(ann.app.screen, Sure)
        assert "1 message is not sent yet." in ann.screen
        await ann.press("escape")
        assert ann.app.return_value is None
        await ann.come_back()
        await ann.press("ctrl+q")
    assert ann.app.return_value == 0


@on_a_screen
async def test_ctrl_c_empties_the_input_and_leaves_when_it_comes_twice(chat: Chat) -> None:
    async with visit(chat) as ann:
        await ann.type("never mind")
        await ann.press("ctrl+c")
        assert ann.app.entry.composer.text == ""
        await ann.press("up")
        assert ann.app.entry.composer.text == "never mind"
        await ann.press("ctrl+c", "ctrl+c")
        assert "Press Ctrl-C again to leave" in ann.screen
        await ann.press("ctrl+c")
    assert ann.app.return_value == 130


@on_a_screen
async def test_ctrl_d_leaves_only_when_nothing_is_typed(chat: Chat) -> None:
    async with visit(chat) as ann:
        await ann.type("ab", "home", "ctrl+d")
        assert ann.app.entry.composer.text == "b"
        await ann.press("ctrl+d", "ctrl+d")
    assert ann.app.return_value == 0


@on_a_screen
async def test_the_title_and_a_notification_tell_who_looks_elsewhere(chat: Chat) -> None:
    bob = chat.join("bob")
    chat.clock.advance(100.0)
    async with visit(chat) as ann:
        sequences = written(ann)
        bob.send("nobody in particular", "/msg ann psst \x1b[31m")
        await ann.settle()
        assert len(sequences) == 2
        assert sequences[0].startswith("\x1b]9;bob: psst ")
        assert "\x1b[31m" not in sequences[0]
        assert sequences[1] == "\x1b]2;(1) #lobby\x07"
        await ann.type("/set notify all", "enter")
        await ann.type("/set bell on", "enter")
        ann.app.post_message(_blur())
        await ann.wait(10)
        sequences.clear()
        bob.send("one", "two")
        await ann.settle()
        assert sequences[:2] == ["\x1b]9;#lobby bob: one\x07", "\x07"]
        assert not any("two" in one for one in sequences)


def _blur() -> Message:
    from textual.events import AppBlur

    return AppBlur()


def test_a_notification_is_written_as_the_terminal_reads_it() -> None:
    assert notification("hi", {"TERM": "xterm"}) == "\x1b]9;hi\x07"
    assert notification("hi", {"TERM": "foot"}) == "\x1b]777;notify;chatsvc;hi\x07"
    wrapped = notification("hi", {"TERM": "tmux-256color", "TMUX": "x"})
    assert wrapped == "\x1bPtmux;\x1b\x1b]9;hi\x07\x1b\\"


@on_a_screen
async def test_settings_hold_at_once_and_the_rooms_rules_are_the_servers(chat: Chat) -> None:
    async with visit(chat) as ann:
        await ann.type("/set theme chatsvc-light", "enter")
        assert ann.app.theme == "chatsvc-light"
        assert "theme is now chatsvc-light." in ann.screen
        await ann.type("/set timestamps off", "enter")
        chat.join("bob").send("no time")
        await ann.settle()
        assert re.search(r"^\S* +bob no time", ann.conversation[-1])
        await ann.type("/set theme pink", "enter")
        assert "No theme 'pink'." in ann.screen
        await ann.press("escape")
        await ann.type("/set slow 10s", "enter")
        assert "Only moderators of #lobby can do that." in ann.screen


@on_a_screen
async def test_what_is_set_leaves_what_one_does_not_look_at_as_wide_as_it_was(chat: Chat) -> None:
    async with visit(chat) as ann:
        chat.join("bob").send("words that need more than a few cells")
        await ann.type("/join #tea", "enter")
        await ann.type("/set bell on", "enter")
        await ann.press("alt+up")
        assert any(row.endswith("bob words that need more than a few cells") for row in ann.rows)


@on_a_screen
async def test_a_list_that_is_shown_where_is_little_room_changes_no_setting(
    chat: Chat,
) -> None:
    async with visit(chat, size=(50, 20)) as ann:
        await ann.press("f3")
        assert "#lobby" in ann.rows[2]
        assert ann.app.preferences.settings.places
        await ann.press("f3")
        assert "#lobby" not in ann.rows[2]
        assert ann.app.preferences.settings.places


@on_a_screen
async def test_one_list_leaves_the_conversation_its_width_on_either_side(chat: Chat) -> None:
    async with visit(chat) as ann:
        for key in ("f3", "f3", "f4"):
            await ann.press(key)
            assert ann.shown.size.width == 62


def test_what_is_chosen_and_where_one_was_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "client.toml"
    first = Preferences(SettingsFile(path))
    assert first.set("notify all") == "notify is now all."
    assert first.remember(Server("chat.example.org", 7000, True), "ann", ("#lobby",), 5.0) == ""
    second = Preferences(SettingsFile(path))
    assert second.settings.notify == "all"
    assert [(one.server, one.name) for one in second.recent()] == [
        (Server("chat.example.org", 7000, True), "ann")
    ]
    assert second.name_at(Server("chat.example.org", 7000)) == "ann"
    with pytest.raises(Refused, match="theme"):
        second.set("theme pink")


def test_what_others_write_into_the_settings_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "client.toml"
    first, second = Preferences(SettingsFile(path)), Preferences(SettingsFile(path))
    second.set("notify all")
    second.remember(Server("chat.example.org"), "ann", (), 5.0)
    assert first.set("bell on") == "bell is now on."
    third = Preferences(SettingsFile(path))
    assert (third.settings.notify, third.settings.bell) == ("all", True)
    assert third.name_at(Server("chat.example.org")) == "ann"


def test_the_default_theme_is_as_the_terminal_is() -> None:
    assert chosen("default", {}) == "chatsvc-dark"
    assert chosen("default", {"COLORFGBG": "15;0"}) == "chatsvc-dark"
    assert chosen("default", {"COLORFGBG": "0;default;15"}) == "chatsvc-light"
    assert chosen("nord", {"COLORFGBG": "0;15"}) == "nord"


@on_a_screen
async def test_the_chosen_theme_colours_the_first_screen(chat: Chat) -> None:
    preferences = Preferences()
    preferences.set("theme chatsvc-light")
    async with visit(chat, preferences=preferences, settled=False) as ann:
        assert ann.app.theme_variables["background"] == "#FBFBFA"
        assert ann.app.screen.styles.background.hex == "#FBFBFA"
        assert ann.app.has_class("-light-mode")


@on_a_screen
async def test_a_conversation_is_saved_from_inside(chat: Chat) -> None:
    chat.join("bob").send("keep this")
    with TemporaryDirectory() as directory:
        await save(chat, Path(directory) / "lobby.txt")


async def save(chat: Chat, file: Path) -> None:
    async with visit(chat) as ann:
        await ann.type(f"/save {file}", "enter")
        assert "<bob> keep this" in file.read_text()
        assert "of #lobby to" in ann.screen
        await ann.type(f"/save {file}", "enter")
        assert "already exists" in " ".join(ann.screen.split())


@on_a_screen
async def test_a_home_that_nobody_has_is_told(chat: Chat) -> None:
    async with visit(chat) as ann:
        await ann.type("/save ~nosuch/lobby.txt", "enter")
        assert "No such user on this machine: ~nosuch" in ann.screen


@on_a_screen
async def test_the_keys_are_shown(chat: Chat) -> None:
    async with visit(chat, size=(100, 50)) as ann:
        await ann.press("f1")
        assert all(key in ann.screen for key, _ in HELP)
        await ann.press("escape")
        assert "Esc closes this." not in ann.screen


def test_the_document_has_the_keys_there_are() -> None:
    text = (ROOT / "docs" / "client.md").read_text(encoding="utf-8")
    assert all(f"| {key} | {does} |" in text for key, does in HELP)


@on_a_screen
async def test_the_picture_is_of_this_program_and_fetches_nothing(chat: Chat) -> None:
    picture = without_web_fonts(await talk(chat))
    assert "@font-face" not in picture
    assert "cdnjs" not in picture
    assert "Release&#160;0.1" in picture
