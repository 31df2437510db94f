"""How long messages are kept: the server's options, and the room rule `keep`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import Chat, Person, at_once, no_turn, start
from keeper import Keeper, line, now, scrub
from staff import founder, member

from chatsvc.services.retention import HOUR, RetentionLimits
from chatsvc.store.archive import Workers
from chatsvc.store.sqlite.archive import SQLArchive

DAY = 86_400.0


def chat_with(archive: Any = None, **limits: Any) -> Chat:
    """Return a chat with options, which prints its log."""
    return Chat(archive, retention=RetentionLimits(**limits))


def tidy(chat: Chat) -> None:
    start(chat.hub.maintenance.tidy_up())


def history(person: Person, where: str = "") -> list[str]:
    found = person.send(f"/history 500 {where}".strip())
    return [text.rpartition("> ")[2] for text in found if "> " in text]


def test_old_messages_in_rooms_are_deleted_and_private_ones_stay() -> None:
    chat = chat_with(keep=365 * DAY)
    ann, bob = member(chat, "ann"), member(chat, "bob")
    ann.send("old", "/msg bob secret")
    chat.clock.advance(364 * DAY)
    ann.send("new")
    tidy(chat)
    assert history(ann) == ["old", "new"]
    chat.clock.advance(2 * DAY)
    tidy(chat)
    assert history(ann) == ["new"]
    assert history(bob, "@ann") == ["secret"]


def test_old_private_messages_are_deleted_and_those_in_rooms_stay() -> None:
    chat = chat_with(keep_private=90 * DAY)
    ann, bob = member(chat, "ann"), member(chat, "bob")
    ann.send("old", "/msg bob secret")
    chat.clock.advance(91 * DAY)
    tidy(chat)
    assert history(ann) == ["old"]
    assert history(bob, "@ann") == []


def test_the_servers_limit_is_checked_once_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = chat_with(keep=DAY)
    ann = member(chat, "ann")
    asked: list[str] = []

    async def expire(room: str, before: float) -> int:
        asked.append(room)
        return 0

    monkeypatch.setattr(chat.archive, "expire", expire)
    tidy(chat)
    chat.clock.advance(HOUR - 1)
    tidy(chat)
    assert asked == ["#lobby"]
    chat.clock.advance(1)
    tidy(chat)
    assert asked == ["#lobby", "#lobby"]
    assert ann.closed is False


def test_what_the_options_delete_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    chat = chat_with(keep=DAY)
    member(chat, "ann").send("one", "two")
    tidy(chat)
    assert capsys.readouterr().out == ""
    chat.clock.advance(2 * DAY)
    tidy(chat)
    assert capsys.readouterr().out == "--keep: deleted 2 messages older than 1 day.\n"


@pytest.mark.slow
def test_beyond_the_maximum_size_the_oldest_messages_of_all_rooms_are_deleted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = SQLArchive(tmp_path / "chat.db", Workers(*[at_once] * 5), no_turn, start)
    keeper = Keeper(archive)
    for hour in range(1000):
        room = "#tea" if hour % 2 else "@a,b"
        keeper.keep(line(f"{hour} " + "x" * 2000, room=room, time=hour * HOUR))
    now(archive.close())
    most = 1 << 20
    archive = SQLArchive(tmp_path / "chat.db", Workers(*[at_once] * 5), no_turn, start)
    chat = chat_with(archive, most_bytes=most)
    chat.clock.advance(1000 * HOUR)
    assert now(archive.used()) > 2 * most
    tidy(chat)
    assert most // 2 < now(archive.used()) <= most
    assert "--max-archive: deleted the oldest" in capsys.readouterr().out
    left = [now(archive.read(room, 0, 1000)) for room in ("#tea", "@a,b")]
    first, other = (lines[0].time for lines in left)
    assert min(first, other) > 0
    assert abs(first - other) <= 24 * HOUR
    assert all(lines[-1].time >= 998 * HOUR for lines in left)
    tidy(chat)
    assert capsys.readouterr().out == ""
    now(archive.close())


def test_the_oldest_line_of_all_rooms_is_known(keeper: Keeper) -> None:
    assert now(keeper.archive.oldest()) is None
    keeper.keep(line("one", room="#tea", time=7.5), line("two", room="#pie", time=3.5))
    assert now(keeper.archive.oldest()) == 3.5
    scrub(keeper)


# The rule of a room


def test_a_rule_that_deletes_messages_says_how_many_and_wants_a_yes(chat: Chat) -> None:
    ann = founder(chat, "ann")
    ann.send("old", "older")
    chat.clock.advance(2 * DAY)
    ann.send("new")
    (refused,) = ann.send("/set keep 1d")
    assert refused == (
        "* This deletes 2 messages in #tea permanently, and later ones after 1 day."
        " To confirm: /set keep 1d yes"
    )
    tidy(chat)
    assert history(ann) == ["old", "older", "new"]
    assert ann.send("/set keep 1d yes") == ["* ann set keep in #tea: 1 day"]
    tidy(chat)
    assert history(ann) == ["new"]


def test_a_rule_that_deletes_nothing_yet_needs_no_yes(chat: Chat) -> None:
    ann = founder(chat, "ann")
    ann.send("new")
    assert ann.send("/set keep 1d") == ["* ann set keep in #tea: 1 day"]
    assert ann.send("/set keep off") == ["* ann set keep in #tea: off"]
    assert "Not a duration" in ann.send("/set keep yes")[0]


def test_a_program_is_refused_with_a_code_and_confirms_in_the_value(chat: Chat) -> None:
    founder(chat, "ann").send("old")
    chat.clock.advance(2 * DAY)
    tool = chat.program("tool", account_password=None)
    tool.ask(do="login", name="ann", password="correct-horse")
    (refused,) = tool.ask(do="set", room="#tea", rule="keep", value="1d")
    assert (refused["event"], refused["code"]) == ("refused", "confirm")
    done = tool.ask(do="set", room="#tea", rule="keep", value="1d yes")
    assert done[0]["event"] == "rule"
