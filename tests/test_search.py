"""Searching messages, as people and programs do it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from archive_files import sqlite
from conftest import Chat, NewArchive, Person, at_once, no_turn, start
from ircpeople import irc
from keeper import now
from staff import NOW, everybody_reads, founder, guest, member, operator, program, refusal

from chatsvc.store.archive import ArchiveFailed
from chatsvc.store.memory import MemoryArchive


@pytest.fixture
def chat(new_archive: NewArchive) -> Iterator[Chat]:
    chat = Chat(new_archive())
    yield chat
    now(chat.archive.close())


def say(chat: Chat, person: Person, *lines: str) -> None:
    """Say lines, each a second after the one before."""
    for line in lines:
        chat.clock.advance(1)
        person.send(line)


def found(person: Person, query: str, **more: Any) -> list[str]:
    (event,) = person.ask(do="search", query=query, **more)
    assert event["event"] == "found", event
    return [line["text"] for line in event["lines"]]


def test_people_see_lines_with_their_numbers_and_rooms_newest_first(chat: Chat) -> None:
    ann, bob = guest(chat, "ann"), guest(chat, "bob")
    ann.send("/join #tea")
    say(chat, ann, "is there any tea left?", "or coffee?")
    say(chat, bob, "I would like TEA", "/me drinks tea")
    bob.send("/join #tea")
    assert bob.send('/search tea -coffee from:bob in:#lobby "like tea"') == [
        f"    1 {NOW} #lobby <bob> I would like TEA"
    ]
    assert ann.send("/search tea") == [
        f"    2 {NOW} #lobby * bob drinks tea",
        f"    1 {NOW} #lobby <bob> I would like TEA",
        f"    1 {NOW} #tea <ann> is there any tea left?",
    ]
    assert ann.send("/search cocoa") == ["* No results for cocoa"]


def test_a_search_alone_goes_on_with_older_lines(chat: Chat) -> None:
    ann = guest(chat, "ann")
    assert ann.send("/search") == ["* Enter words to search for. For example: /search tea from:bob"]
    say(chat, ann, *(f"tea {n}" for n in range(45)))
    first, second, third = (ann.send(f"/search{query}") for query in (" tea", "", ""))
    assert [line.split()[-1] for line in first[:20]] == [str(n) for n in range(44, 24, -1)]
    assert first[20] == second[20] == "* To see older results: /search"
    assert [line.split()[-1] for line in second[:20]] == [str(n) for n in range(24, 4, -1)]
    assert [line.split()[-1] for line in third] == ["4", "3", "2", "1", "0"]
    assert ann.send("/search") == ["* No older results for tea"]


def test_programs_ask_for_pages(chat: Chat) -> None:
    bot = program(chat, "bot")
    for n in range(5):
        chat.clock.advance(1)
        bot.ask(do="say", text=f"tea {n}")
    (event,) = bot.ask(do="search", query="tea", n=2, tag="s")
    assert (event["event"], event["query"]) == ("found", "tea")
    assert (event["more"], event["tag"]) == (True, "s")
    assert [(line["room"], line["number"]) for line in event["lines"]] == [("#tea", 5), ("#tea", 4)]
    assert found(bot, "tea", n=2, older="#tea 4") == ["tea 2", "tea 1"]
    assert found(bot, "tea", n=2, older="#tea 2") == ["tea 0"]
    assert found(bot, "tea after:2s") == ["tea 4", "tea 3", "tea 2"]
    for older in ("4", "#tea", "#tea x", "#tea -1", ""):
        assert refusal(bot, do="search", query="tea", older=older)[0] == "bad-argument"
    assert refusal(bot, do="search", query="tea", older="#other 4")[0] == "not-in-room"


def test_a_query_that_is_none_is_refused(chat: Chat) -> None:
    ann = guest(chat, "ann")
    assert ann.send('/search "tea') == [
        '* A quotation mark is missing. To search for a phrase: /search "see you later"'
    ]
    assert "such as /search tea before:2026-11-20" in ann.send("/search before:soon")[0]
    assert ann.send("/search tea in:#tea") == ["* You are not in #tea. To join it: /join #tea"]
    assert ann.send("/search tea in:@bob") == [
        "* Private messages are stored only between registered users."
    ]


def test_only_rooms_that_one_is_in_are_searched(chat: Chat) -> None:
    ann, eve = guest(chat, "ann"), guest(chat, "eve")
    ann.send("/join #staff", "the secret tea")
    assert eve.send("/search tea") == ["* No results for tea"]
    assert eve.send("/search from:ann") == ["* No results for from:ann"]
    eve.send("/join #staff")
    assert eve.send("/search tea") == [f"    1 {NOW} #staff <ann> the secret tea"]
    eve.send("/leave #staff")
    assert eve.send("/search tea") == ["* No results for tea"]


def test_private_lines_are_found_by_the_two_who_have_said_them(chat: Chat) -> None:
    ann, bob, eve = (member(chat, name) for name in ("ann", "bob", "eve"))
    say(chat, ann, "/msg bob the tea is in the shed")
    say(chat, bob, "tea for all")
    for person, other in ((ann, "bob"), (bob, "ann")):
        assert person.send("/search tea") == [
            f"    1 {NOW} #lobby <bob> tea for all",
            f"    1 {NOW} @{other} <ann> the tea is in the shed",
        ]
        assert person.send(f"/search tea in:@{other}") == [
            f"    1 {NOW} @{other} <ann> the tea is in the shed"
        ]
    assert eve.send("/search tea") == [f"    1 {NOW} #lobby <bob> tea for all"]
    assert "no messages yet" in eve.send("/search tea in:@bob")[0]


def test_newcomers_find_nothing_from_before_they_came(chat: Chat) -> None:
    ann = founder(chat, "ann")
    ann.send("/set history joined")
    say(chat, ann, "tea one", "tea two")
    bot = program(chat, "bot")
    say(chat, ann, "tea three")
    bot.events()
    assert found(bot, "tea") == ["tea three"]
    assert found(bot, "tea in:#tea") == ["tea three"]


def test_lines_of_people_one_ignores_are_not_found(chat: Chat) -> None:
    ann, eve = guest(chat, "ann"), guest(chat, "eve")
    say(chat, eve, "tea from eve")
    say(chat, ann, "tea from ann")
    ann.send("/ignore eve")
    assert ann.send("/search tea") == [f"    2 {NOW} #lobby <ann> tea from ann"]
    ann.send("/unignore eve")
    assert len(ann.send("/search tea")) == 2


def test_quiet_lines_are_found_by_who_does_not_notice(chat: Chat) -> None:
    op, ann, eve = operator(chat), guest(chat, "ann"), guest(chat, "eve")
    op.send("/mute --quietly eve")
    everybody_reads(ann, eve)
    say(chat, eve, "tea nobody sees")
    assert eve.send("/search tea") == [f"    1 {NOW} #lobby <eve> tea nobody sees"]
    assert ann.send("/search tea") == ["* No results for tea"]
    assert op.send("/search tea") == ["* No results for tea"]


def test_a_deleted_line_is_not_found(chat: Chat) -> None:
    ann = guest(chat, "ann")
    say(chat, ann, "tea one", "tea two")
    ann.send("/delete 1")
    assert ann.send("/search tea") == [f"    2 {NOW} #lobby <ann> tea two"]
    assert ann.send("/search one") == ["* No results for one"]


def test_irc_clients_search_by_the_chats_own_command(chat: Chat) -> None:
    ann = guest(chat, "ann")
    say(chat, ann, "tea at five")
    bob = irc(chat, "bob")
    bob.send("JOIN #lobby")
    (answer,) = bob.send("SEARCH tea from:ann")
    assert answer.endswith(f" bob :    1 {NOW} #lobby <ann> tea at five")


def test_a_search_that_fails_is_a_sentence(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise ArchiveFailed("The disk is full.")

    monkeypatch.setattr(chat.archive, "search", fail)
    bot = program(chat, "bot")
    assert refusal(bot, do="search", query="tea") == ("not-read", "The disk is full.")


# Indexing


class Indexed(MemoryArchive):
    """An archive with many lines to index."""

    left = 0

    async def index(self) -> int:
        if self.left < 0:
            raise ArchiveFailed("The disk is full.")
        self.left = max(0, self.left - 10_000)
        return self.left


def test_indexing_goes_on_and_tells_how_far_it_is() -> None:
    archive = Indexed(at_once, no_turn, start)
    chat = Chat(archive)
    told: list[tuple[int, int]] = []
    chat.hub.search.when_indexed = lambda done, lines: told.append((done, lines))
    chat.hub.search.begin()
    chat.clock.advance(1)
    assert told == []
    archive.left = 110_000
    chat.clock.pump([1.0] + [0.02] * 20)
    assert told == [(n, 100_000) for n in range(10_000, 100_001, 10_000)]
    archive.left = -1
    chat.clock.pump([1.0])
    archive.left = 25_000
    chat.clock.pump([1.0])
    assert archive.left == 15_000
    chat.hub.search.end()
    chat.clock.pump([1.0, 1.0])
    assert archive.left == 15_000


class Busy(Indexed):
    """An archive in which lines wait to be stored, as long as the test says so."""

    waits = 0

    @property
    def waiting(self) -> int:
        return self.waits


def test_while_many_talk_little_is_indexed() -> None:
    archive = Busy(at_once, no_turn, start)
    chat = Chat(archive)
    archive.left, archive.waits = 100_000, 1
    chat.hub.search.begin()
    chat.clock.pump([1.0] + [0.02] * 40)
    assert archive.left == 90_000
    archive.waits = 0
    chat.clock.pump([0.2] + [0.02] * 10)
    assert archive.left == 0


def test_who_searches_for_too_long_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = Chat(sqlite(tmp_path / "chat.db"))
    ann = chat.join("ann")
    ann.send("tea")
    monkeypatch.setattr("chatsvc.store.row_archive.QUICK", 0.0)
    monkeypatch.setattr("chatsvc.store.row_archive.SLOWEST", 0.0)
    assert ann.send("/search tea") == [
        "* The search took too long. Use rarer words, or narrow it with from:, in: or after:."
    ]
    bot = chat.program("bot")
    bot.ask(do="join", room="#lobby")
    (refused,) = bot.ask(do="search", query="tea")
    assert refused["code"] == "too-slow"
    now(chat.archive.close())
