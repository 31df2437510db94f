"""How a request finds its command, and how its arguments are assigned."""

from __future__ import annotations

import ast
from collections.abc import Callable
from inspect import signature
from typing import Any

import pytest
from conftest import Chat, at_once, hub_of, no_turn, start
from hypothesis import given, settings
from hypothesis import strategies as st
from imports import modules
from twisted.internet.task import Clock

from chatsvc import commands
from chatsvc.client.commands import Commands
from chatsvc.commands import registry
from chatsvc.commands.registry import ROWS, TABLE, Answer, command
from chatsvc.core.chat import Session, User
from chatsvc.dialects.jsonl import JSONL
from chatsvc.dialects.text import TEXT
from chatsvc.model.command_facts import FACTS
from chatsvc.model.events import Event
from chatsvc.model.requests import Refusal, Refused, Request
from chatsvc.model.server_events import Command, Goodbye, Help, Notice
from chatsvc.services.hub import Hub
from chatsvc.services.login import KNOCKS
from chatsvc.store.archive import ArchiveFailed
from chatsvc.store.memory import MemoryArchive

LISTED = [name for name, row in TABLE.items() if row.about.help]


class Wire:
    """A connection that records what it is sent."""

    full = False
    address = ""
    secure = False

    def __init__(self) -> None:
        self.told: list[tuple[Event, str | None]] = []
        self.closed = False

    def tell(self, event: Event, here: str | None, tag: str | None) -> None:
        self.told.append((event, tag))

    def close(self) -> None:
        self.closed = True


class Table:
    """A table with this test's own commands, which record their arguments."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.hub = hub_of(MemoryArchive(at_once, no_turn, start), Clock())
        self.wire = Wire()
        self.session = self.hub.sessions.connect(self.wire)  # type: ignore[arg-type]
        self.session.client = "secret-of-ann"
        self.hub.sessions.seat(self.session, User("ann", 0.0))

    def run(self, name: str, rest: str | None = None, /, **args: object) -> dict[str, Any] | str:
        """Return the arguments that the command was called with, or the refusal."""
        self.calls.clear()
        self.wire.told.clear()
        assert registry.run(self.hub, self.session, Request(name, rest, args, "t1")) is None
        if self.calls:
            return self.calls[0]
        ((event, tag),) = self.wire.told
        assert isinstance(event, Refusal)
        assert tag == "t1"
        return f"{event.code}: {event.text}"


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Table:
    monkeypatch.setattr(registry, "TABLE", {})
    monkeypatch.setattr(registry, "ROWS", registry.Rows())
    table = Table()

    @command("give name what [much]", "g hand", "gives", "/give bob tea")
    def give(hub: Hub, session: Session, name: str, what: str, much: str | None = None) -> Answer:
        table.calls.append({"name": name, "what": what, "much": much})
        return None

    @command("take [n] [room]", help="takes", anybody=True)
    def take(
        hub: Hub, session: Session, n: int = 7, room: str | None = None, before: int | None = None
    ) -> Answer:
        table.calls.append({"n": n, "room": room, "before": before})
        return None

    @command("say text", help="says")
    def say(hub: Hub, session: Session, text: str, tag: str | None = None) -> Answer:
        table.calls.append({"text": text, "tag": tag})
        return None

    @command("secret")
    def secret(hub: Hub, session: Session) -> Answer:
        table.calls.append({})
        raise Refused("no", "No.", "suggestion")

    return table


# Arguments


def test_arguments_in_a_row_are_words_and_the_last_one_takes_the_rest(table: Table) -> None:
    assert table.run("give", "bob tea") == {"name": "bob", "what": "tea", "much": None}
    given = table.run("give", "  bob   hot tea  with milk ")
    assert given == {"name": "bob", "what": "hot", "much": "tea  with milk"}
    assert table.run("give", "bob hot   tea") == {"name": "bob", "what": "hot", "much": "tea"}


def test_arguments_may_be_named(table: Table) -> None:
    given = table.run("give", name="bob", what="hot tea", unknown=[1])
    assert given == {"name": "bob", "what": "hot tea", "much": None}


def test_what_is_none_is_left_out(table: Table) -> None:
    assert table.run("take", n=None, room="#tea") == {"n": 7, "room": "#tea", "before": None}


def test_a_number_that_may_be_left_out_may_be_left_out_before_a_word(table: Table) -> None:
    assert table.run("take", "") == {"n": 7, "room": None, "before": None}
    assert table.run("take", "3") == {"n": 3, "room": None, "before": None}
    assert table.run("take", "#tea") == {"n": 7, "room": "#tea", "before": None}
    assert table.run("take", "3 #tea") == {"n": 3, "room": "#tea", "before": None}


def test_what_is_not_in_the_row_can_only_be_named(table: Table) -> None:
    assert table.run("take", "3 #tea 9") == {"n": 3, "room": "#tea 9", "before": None}
    assert table.run("take", before=9) == {"n": 7, "room": None, "before": 9}


@pytest.mark.parametrize("value", [0, 5, "0", "12", 10**15 - 1])
def test_a_number_is_a_number(table: Table, value: Any) -> None:
    assert table.run("take", n=value) == {"n": int(value), "room": None, "before": None}


@pytest.mark.parametrize(
    "value", [-1, 1.0, True, "", "x", "-1", "1.5", "\u00b2", 10**15, "9" * 99, [1], float("nan")]
)
def test_what_is_no_number_is_refused(table: Table, value: object) -> None:
    assert table.run("take", n=value) == "bad-argument: n must be a number, 0 or more."


@pytest.mark.parametrize("value", [1, True, ["bob"], {"a": 1}, 1.5])
def test_what_is_no_string_is_refused(table: Table, value: object) -> None:
    assert table.run("give", name=value, what="tea") == "bad-argument: name must be a string."


def test_strings_are_cleaned(table: Table) -> None:
    assert table.run("give", "bo\x1b[31mb te\x00a") == {"name": "bob", "what": "tea", "much": None}
    assert table.run("give", name="b\ud800ob", what="\u202etea")["what"] == "tea"  # type: ignore[index]


def test_a_text_is_taken_as_it_is(table: Table) -> None:
    assert table.run("say", "  two  spaces ") == {"text": "  two  spaces ", "tag": "t1"}


@given(st.text())
@settings(max_examples=100, deadline=None)
def test_any_arguments_in_a_row_are_found_in_it(rest: str) -> None:
    for row in TABLE.values():
        if row.flags and rest.lstrip().startswith("--"):
            continue
        found = registry._in_a_row(row, rest)
        assert set(found) <= set(row.words)
        assert all(isinstance(word, str) and word and word in rest for word in found.values())


# Commands


@pytest.mark.parametrize("name", ["give", "g", "hand", "GIVE", "Hand"])
def test_a_command_has_names(table: Table, name: str) -> None:
    assert isinstance(table.run(name, "bob tea"), dict)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("giv", "Did you mean /give?"),
        ("HANDD", "Did you mean /hand?"),
        ("xyz", "To list commands: /help"),
        ("secrets", "To list commands: /help"),
        ("", "To list commands: /help"),
    ],
)
def test_an_unknown_command_is_refused_with_the_nearest_one(
    table: Table, name: str, hint: str
) -> None:
    assert table.run(name, "") == f"unknown: Unknown command /{name}. {hint}"


def test_an_unknown_command_cannot_write_on_the_screen(table: Table) -> None:
    answer = table.run("\x1b[31m" + "x" * 1000, "")
    assert answer == f"unknown: Unknown command /{'x' * 32}. To list commands: /help"


def test_an_unknown_word_with_another_sign_is_said(table: Table) -> None:
    request = Request("wow", "", literal="!wow")
    assert registry.run(table.hub, table.session, request) is None
    assert table.calls == [{"text": "!wow", "tag": None}]


@pytest.mark.parametrize("rest", ["", "  ", "bob", "bob "])
def test_a_command_without_what_it_needs_is_explained(table: Table, rest: str) -> None:
    assert table.run("give", rest) == (
        "usage: Usage: /give name what [much] (for example: /give bob tea)"
    )
    assert table.run("say", rest.replace("bob", "")) == "usage: Usage: /say text"


def test_a_refusal_has_its_code_its_sentence_and_its_suggestion(table: Table) -> None:
    table.run("secret")
    assert table.wire.told == [(Refusal("no", "No.", "suggestion"), "t1")]


def test_at_the_door_only_some_commands_are_answered(table: Table) -> None:
    table.session.user = None
    assert table.run("give", "bob tea") == "no-name: Choose a name first. What is your name?"
    assert table.run("take", "3") == {"n": 3, "room": None, "before": None}


def test_after_some_refusals_the_door_is_shut(table: Table) -> None:
    table.session = table.hub.sessions.connect(table.wire)  # type: ignore[arg-type]
    for _ in range(KNOCKS):
        assert not table.wire.closed
        registry.run(table.hub, table.session, Request("give", ""))
    assert table.wire.closed
    assert isinstance(table.wire.told[-1][0], Goodbye)


# Answers


def ask(table: Table, function: Callable[..., Answer]) -> list[tuple[Event, str | None]]:
    """Return what a command sends, which may take time."""
    command("ask")(function)
    working = registry.run(table.hub, table.session, Request("ask", tag="t1"))
    if working is not None:
        assert table.wire.told == []
        start(working)
    return table.wire.told


def test_an_answer_is_told_with_the_tag_of_its_request(table: Table) -> None:
    assert ask(table, lambda hub, session: Notice("yes")) == [(Notice("yes"), "t1")]


def test_an_answer_may_take_time(table: Table) -> None:
    async def slowly(hub: Hub, session: Session) -> Event:
        return Notice("yes")

    assert ask(table, slowly) == [(Notice("yes"), "t1")]


def test_there_may_be_no_answer(table: Table) -> None:
    async def silently(hub: Hub, session: Session) -> None:
        return None

    assert ask(table, silently) == []
    assert ask(table, lambda hub, session: None) == []


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        (Refused("no", "Not now."), Refusal("no", "Not now.")),
        (ArchiveFailed("It is damaged."), Refusal("not-kept", "It is damaged.")),
        (ArchiveFailed("No route to db1.", "Try again."), Refusal("not-kept", "Try again.")),
    ],
)
def test_what_takes_time_may_be_refused(table: Table, error: Exception, refusal: Event) -> None:
    async def refuse(hub: Hub, session: Session) -> Event:
        raise error

    assert ask(table, refuse) == [(refusal, "t1")]


# The table itself


def test_what_a_newcomer_needs_is_listed() -> None:
    promised = (
        "help who whois rooms join leave topic msg reply to me nick away back ignore unignore"
        " history time clear stats quit room"
    )
    assert set(promised.split()) <= set(LISTED)


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("clients", "who"), ("list", "who"), ("names", "who"), ("w", "msg"), ("whisper", "msg"),
        ("private", "msg"), ("tell", "msg"), ("r", "reply"), ("exit", "quit"), ("q!", "quit"),
    ],
)  # fmt: skip
def test_people_of_older_chats_find_their_commands(alias: str, name: str) -> None:
    assert ROWS[alias] is TABLE[name]


def test_every_name_belongs_to_one_command_that_exists() -> None:
    names = [name.lstrip("/") for row in TABLE.values() for name in row.about.aliases]
    names += list(TABLE)
    assert len(names) == len(set(names))
    assert set(names) == set(ROWS)
    assert all(row in TABLE.values() for row in ROWS.values())


@pytest.mark.parametrize("name", LISTED)
def test_a_listed_command_is_explained(name: str) -> None:
    about = TABLE[name].about
    assert about.usage.split()[0] == f"/{name}"
    assert about.help[0].islower()
    assert not about.help.endswith(".")
    arguments = signature(TABLE[name].function).parameters
    assert {*TABLE[name].words, *TABLE[name].flags} <= set(arguments)
    if TABLE[name].needed:
        assert about.example


@pytest.mark.parametrize("name", [name for name in LISTED if TABLE[name].about.example])
def test_an_example_is_one_of_its_command(name: str) -> None:
    row = TABLE[name]
    (request,) = TEXT.read(row.about.example)
    assert ROWS[request.name] is TABLE[name]
    arguments = registry._checked(row, request)
    assert row.needed <= arguments.keys() <= set(row.words)
    assert arguments


def test_help_is_the_table(chat: Chat) -> None:
    lines = chat.join("ann").send("/help")
    for_guests = [f"/{name}" for name in LISTED if TABLE[name].level in ("guest", "unregistered")]
    words = " ".join(line[14:] for line in lines[:-2]).replace(",", "").split()
    assert [word for word in words if word.startswith("/")] == for_guests
    assert len(lines) < 24
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("word", ["msg", "/msg", "!msg", "MSG", "tell", "/w"])
def test_help_explains_one_command(chat: Chat, word: str) -> None:
    lines = chat.join("ann").send(f"/help {word}")
    assert lines[0].startswith("* /msg name text: ")
    assert lines[-1] == f"*   for example: {TABLE['msg'].about.example}"


@pytest.mark.parametrize("word", ["hello", "name", "nonsense"])
def test_there_is_no_help_for_what_is_not_listed(chat: Chat, word: str) -> None:
    assert chat.join("ann").send(f"/help {word}") == [
        f"* Unknown command {word}. To list commands: /help"
    ]


@pytest.mark.parametrize("name", LISTED)
def test_every_listed_command_can_be_asked_for_in_json(name: str) -> None:
    help_ = commands.misc.help(None, None, name)  # type: ignore[arg-type]
    assert isinstance(help_, Help)
    assert JSONL.write(help_)
    (request,) = JSONL.read(f'{{"do":"{name}","rest":""}}')
    assert ROWS[request.name] is TABLE[name]


# Facts about commands


def test_the_facts_are_about_commands_that_exist() -> None:
    assert set(FACTS) <= set(TABLE)


@pytest.mark.parametrize("name", LISTED)
def test_a_command_with_a_password_is_reported_as_secret(name: str) -> None:
    passwords = {"password", "old", "new"} & set(TABLE[name].needed)
    assert ("secret" in TABLE[name].about.facts) is bool(passwords)


def test_programs_are_told_the_facts_about_commands(chat: Chat) -> None:
    ann = chat.program("ann")

    def facts(command: str) -> list[str]:
        (help_,) = ann.ask(do="help", command=command)
        return list(help_["commands"][0].get("facts", []))

    assert facts("login") == ["secret"]
    assert facts("msg") == ["once", "speech"]
    assert facts("who") == []


def test_a_client_goes_by_the_facts_that_a_server_reports() -> None:
    known = Commands()
    assert known.goes_once("msg")
    assert known.name("whisper") == "msg"
    assert not known.goes_once("roll")
    known.learn(Help((Command("/roll dice", ("/dice",), "", "", facts=("once", "speech")),)))
    assert known.goes_once(known.name("dice"))
    assert known.is_speech("roll")
    known.learn(Help((Command("/msg name text", (), "", ""),)))  # a server that reports no facts
    assert known.goes_once("msg")


def lists_of_commands(source: str) -> list[set[str]]:
    """Return the literal lists in a module with two commands that are secret or go once."""
    told = {name for name, facts in FACTS.items() if facts.secret or facts.once}
    kinds = (ast.Tuple, ast.List, ast.Set)
    lists = [node.elts for node in ast.walk(ast.parse(source)) if isinstance(node, kinds)]
    strings = [{str(one.value) for one in each if isinstance(one, ast.Constant)} for each in lists]
    return [each for each in strings if len(each & told) > 1]


@pytest.mark.parametrize(
    "name", [name for name in modules() if ".client" in name or ".cli" in name]
)
def test_the_client_has_no_lists_of_commands_of_its_own(name: str) -> None:
    assert lists_of_commands(modules()[name].read_text()) == []


def test_a_list_of_commands_would_be_found() -> None:
    assert lists_of_commands('SECRET = ("login", "passwd")') == [{"login", "passwd"}]


@pytest.mark.parametrize("room", ["#two words", "#\x1b[2Jelsewhere", "#\ud7ff\x00else"])
@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if "room" in row.kinds])
def test_a_strange_room_is_refused_or_created(name: str, room: str, chat: Chat) -> None:
    program = chat.program("program")
    needed = dict.fromkeys(TABLE[name].needed, "1")
    (answer, *_) = program.ask(do=name, **{**needed, "room": room})
    assert answer.get("code") != "failed"
