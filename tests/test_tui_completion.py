"""Completion, and splitting long texts; no screen."""

from __future__ import annotations

import sys

from hypothesis import given
from hypothesis import strategies as st

from chatsvc.client.tui.model.completion import Candidates, complete, hint
from chatsvc.client.tui.model.emojis import emojized
from chatsvc.client.tui.model.split_message import LINES, LONGEST, parts
from chatsvc.model.server_events import Command

KNOWN = Candidates(
    commands=(
        Command("/ban who [for] [reason]", (), "bans a user", ""),
        Command("/back", (), "marks you as back", ""),
        Command("/msg name text", ("/w", "/whisper"), "says something to one person", ""),
        Command("/join room", (), "enters a room", ""),
        Command("/topic [text]", (), "shows the topic", ""),
        Command("/set [name] [value]", (), "sets something", ""),
    ),
    names=("bob", "Barbara", "eve"),
    rooms=("#lobby", "#tea"),
    words={"set": ("theme", "bell")},
)


def completed(line: str, first: bool = True) -> list[str]:
    """Return the possible completions of a line at its end."""
    found = complete(line, len(line), KNOWN, first)
    if found is None:
        return []
    return [line[: found.start] + one.text for one in found.candidates]


def test_names_are_completed_by_who_spoke_last_with_a_colon_where_a_line_begins() -> None:
    assert completed("b") == ["bob: ", "Barbara: "]
    assert completed("hi BA") == ["hi Barbara "]
    assert completed("b", first=False) == ["bob ", "Barbara "]
    assert completed("hi @e") == ["hi @eve "]
    assert completed("") == ["bob: ", "Barbara: ", "eve: "]
    assert completed("x") == []


def test_commands_are_completed_with_their_help() -> None:
    assert completed("/ba") == ["/back ", "/ban "]
    assert completed("/w") == ["/w ", "/whisper "]
    assert completed("/ba", first=False) == []
    found = complete("/ban", 4, KNOWN)
    assert found is not None
    assert found.candidates[0].shown == "/ban  bans a user"


def test_what_follows_a_command_is_what_its_usage_says() -> None:
    assert completed("/join t") == ["/join #tea "]
    assert completed("/join #l") == ["/join #lobby "]
    assert completed("/ban ") == ["/ban bob ", "/ban Barbara ", "/ban eve "]
    assert completed("/w e") == ["/w eve "]
    assert completed("/set t") == ["/set theme "]
    assert completed("/topic ") == []


def test_rooms_and_emoji_are_completed_anywhere() -> None:
    assert completed("see #t") == ["see #tea "]
    assert completed("I like :te")[0].startswith("I like ")
    assert "I like 🍵" in completed("I like :tea")
    assert completed("(:tea")[0] == "(🍵"
    assert completed("at 10:") == []


def test_only_the_word_before_the_cursor_is_completed() -> None:
    found = complete("hi b and more", 4, KNOWN)
    assert found is not None
    assert (found.start, found.end) == (3, 4)


def test_a_hint_says_which_commands_there_are_and_how_they_go() -> None:
    assert hint("/ba", KNOWN.commands) == "/back  /ban"
    assert hint("/ban eve", KNOWN.commands) == "/ban who [for] [reason]  bans a user"
    assert hint("/W bob", KNOWN.commands) == "/msg name text  says something to one person"
    assert hint("/nothing here", KNOWN.commands) == ""
    assert hint("//ban", KNOWN.commands) == hint("ban", KNOWN.commands) == ""


def test_names_of_emoji_become_emoji_where_they_are_meant() -> None:
    assert emojized("a :tea: and :+1:!") == "a 🍵 and 👍!"
    assert emojized("10:50:30 std::tea::x :nothing:") == "10:50:30 std::tea::x :nothing:"


def test_emoji_are_loaded_only_when_they_are_wanted() -> None:
    code = (
        "import sys, chatsvc.client.tui.control.app, chatsvc.client.tui.model.emojis as e;"
        "e.emojized('nothing: here'); assert 'emoji' not in sys.modules;"
        "e.emojized(':tea:'); assert 'emoji' in sys.modules"
    )
    import subprocess

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_text_that_fits_is_one_part() -> None:
    assert list(parts("a\n\nb")) == ["a\n\nb"]
    assert list(parts("é" * (LONGEST // 2))) == ["é" * (LONGEST // 2)]


def test_parts_are_broken_between_lines_and_between_words() -> None:
    assert [one.count("\n") + 1 for one in parts("x\n" * 149 + "x")] == [100, 50]
    words = " ".join(["word"] * 2000)
    assert " ".join(parts(words)) == words


@given(st.lists(st.text(st.sampled_from("aé🍵 \n"), max_size=3000), max_size=4).map("\n".join))
def test_nothing_is_lost_in_parts_and_each_fits(text: str) -> None:
    found = list(parts(text))
    assert "".join("".join(found).split()) == "".join(text.split())
    for part in found:
        assert len(part.encode()) <= LONGEST
        assert part.count("\n") < LINES
