"""The JSON-lines protocol in conversations; the transcript is that of the documentation."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import Chat, Worker, no_turn, start
from staff import SECRET

import chatsvc
from chatsvc.commands.registry import TABLE
from chatsvc.dialects.json_events import KINDS
from chatsvc.store.commit_log import CommitLog, Pace
from chatsvc.store.memory import MemoryArchive

PACKAGE = Path(chatsvc.__file__).parent
TOKEN = "2ZbNnqW1kLhU0cXrT8vEoYgSfA4jPmQd"  # as in the documentation
DOCS = Path(__file__).parent.parent / "docs" / "protocol.md"


def test_the_transcript_of_the_documentation_is_true(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.token_urlsafe", lambda size: TOKEN)
    text = DOCS.read_text(encoding="utf-8").partition("## Requests")[0]
    conversation = re.findall(r"^([→←]) (\{.*\})$", text, re.MULTILINE)
    assert len(conversation) >= 14
    chat.clock.advance(1795269660)
    bob = chat.join("bob")
    bob.send("are we still on for three?")
    chat.clock.advance(60)
    ann = chat.connect()
    answers: list[dict[str, Any]] = []
    for arrow, line in conversation:
        if arrow == "→":
            assert answers == []
            if ann.closed:
                bob.send("ann, make it four", "bring cake")
                ann = chat.connect()
            answers = ann.ask(**json.loads(line))
        else:
            assert answers.pop(0) == json.loads(line)
    assert answers == []
    assert ann.closed


def test_the_transcript_of_an_operator_is_true(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CommitLog, "pace", lambda self: Pace(0.25, 0.003125, 0.0125))
    text = DOCS.read_text(encoding="utf-8").partition("### Administration requests")[2]
    text = text.partition("###")[0]
    chat.wall.set_by(1795269660)
    op, eve = chat.program("op"), chat.program("eve")
    for person in (op, eve):
        person.ask(do="register", password=SECRET)
    chat.hub.login.claim_code = "code-of-the-log"
    op.ask(do="claim", code="code-of-the-log")
    conversation = re.findall(r"^[→←] (\{.*\})$", text, re.MULTILINE)
    assert len(conversation) == 8
    for asked, answer in zip(conversation[::2], conversation[1::2], strict=True):
        assert op.ask(**json.loads(asked)) == [json.loads(answer)]
    assert eve.closed


def test_each_event_of_the_documentation_is_one_and_the_other_way_round() -> None:
    text = DOCS.read_text(encoding="utf-8").partition("## Events")[2].partition("## Refusals")[0]
    rows = re.findall(r"^\| (`[^|]*) \|", text, re.MULTILINE)
    documented = {name for row in rows for name in re.findall(r"`(\w+)`", row)} - {"event"}
    assert documented == set(KINDS)


def test_every_code_of_a_refusal_is_documented_and_the_other_way_round() -> None:
    text = DOCS.read_text(encoding="utf-8").partition("## Refusals")[2]
    documented = {
        code
        for row in re.findall(r"^\| (`[^|]*) \|", text, re.MULTILINE)
        for code in re.findall(r"`([\w-]+)`", row)
    }
    elsewhere = {"client", "running", "link"}  # administrators see their refusals
    files = [file for file in PACKAGE.rglob("*.py") if not elsewhere & set(file.parts)]
    source = "".join(file.read_text(encoding="utf-8") for file in files)
    used = set(re.findall(r"(?:Refused|Refusal)\(\s*\"([\w-]+)\"", source))
    assert documented - {"code"} == used


def test_every_request_is_documented() -> None:
    text = DOCS.read_text(encoding="utf-8").partition("## Requests")[2].partition("## Events")[0]
    documented = {
        name
        for row in re.findall(r"^\| (`[^|]*) \|", text, re.MULTILINE)
        for name in re.findall(r"`([\w-]+)`", row)
    }
    for_people = {"name", "password", "empty", "clear"}
    assert documented - {"do"} == set(TABLE) - for_people


def test_a_program_gets_no_greeting_and_enters_rooms_by_itself(chat: Chat) -> None:
    (welcome,) = chat.connect().ask(do="hello")
    assert welcome["event"] == "welcome"
    assert welcome["name"] == "guest-1"
    assert len(welcome["client"]) >= 8


def test_a_request_that_is_none_is_refused_with_its_tag(chat: Chat) -> None:
    bot = chat.program("bot")
    (refused,) = bot.ask(do="dance", tag="7")
    assert (refused["event"], refused["code"], refused["tag"]) == ("refused", "unknown", "7")
    for line in (b"[]", b"{}", b'{"do":1}', b"{", b"null", b'"say"', b"[" * 9000, b"\xff{}"):
        assert bot.send(line)[0].startswith('{"event":"refused"')
    assert bot.ask(do="ping", unheard_of=1) == [{"event": "pong"}]


@pytest.mark.parametrize(
    "wrong",
    [{"last": "x"}, {"last": -1}, {"last": True}, {"last": 1.5}, {"room": 7}, {"room": None}],
)
def test_arguments_of_the_wrong_kind_are_refused(chat: Chat, wrong: dict[str, object]) -> None:
    bot = chat.program("bot")
    (refused,) = bot.ask(**{"do": "join", "room": "#tea", **wrong})
    assert refused["event"] == "refused"
    assert refused["code"] in ("bad-argument", "usage")


def test_arguments_can_be_written_in_a_row(chat: Chat) -> None:
    bob, bot = chat.join("bob"), chat.program("bot")
    bob.read()
    assert bot.ask(do="w", rest="bob hello there")[0]["text"] == "hello there"
    assert bob.read() == ["* bot whispers: hello there"]


def test_ones_own_line_carries_its_tag_and_others_do_not_see_it(chat: Chat) -> None:
    ann, bob = chat.program("ann"), chat.program("bob")
    ann.ask(do="join", room="#lobby"), bob.ask(do="join", room="#lobby")
    (own,) = ann.ask(do="say", text="hi", tag="t1")[-1:]
    assert (own["number"], own["tag"], own["size"]) == (1, "t1", 2)
    (seen,) = bob.events()
    assert seen == {key: value for key, value in own.items() if key != "tag"}


def test_who_comes_back_with_the_number_and_the_tags_misses_nothing(chat: Chat) -> None:
    ann, bob = chat.program("ann", client="secret-of-ann"), chat.join("bob")
    ann.ask(do="join", room="#lobby")
    ann.ask(do="say", text="one", tag="1")
    ann.hang_up()
    bob.send("two")
    again = chat.program("ann", client="secret-of-ann")
    shown = again.ask(do="join", room="#lobby", after=1)[1:]
    assert [(line["number"], line["text"]) for line in shown] == [(2, "two")]
    (kept,) = again.ask(do="say", text="one", tag="1")
    assert kept == {"event": "kept", "room": "#lobby", "number": 1, "tag": "1"}
    (said,) = again.ask(do="say", text="three", tag="3")
    assert said["number"] == 3


def test_a_line_sent_again_before_it_was_shown_again_is_acknowledged_by_its_event(
    chat: Chat,
) -> None:
    ann = chat.program("ann", client="secret-of-ann")
    ann.ask(do="join", room="#lobby")
    ann.ask(do="say", text="one", tag="1")
    ann.hang_up()
    again = chat.program("ann", client="secret-of-ann")
    shown = again.ask(do="join", room="#lobby", after=0)[1:]
    assert [(line["number"], line.get("tag")) for line in shown] == [(1, "1")]


def test_the_same_client_takes_its_own_ghost_s_place(chat: Chat) -> None:
    ghost = chat.program("ann", client="secret-of-ann")
    again = chat.connect()
    (welcome,) = again.ask(do="hello", name="ann", client="secret-of-ann")
    assert welcome["name"] == "ann"
    assert ghost.events()[-1]["event"] == "goodbye"
    assert ghost.closed
    (refused,) = chat.connect().ask(do="hello", name="ann", client="another-secret")
    assert (refused["code"], refused["suggestion"]) == ("name-taken", "ann2")


def test_a_line_for_a_room_that_was_left_meanwhile_is_acknowledged() -> None:
    worker = Worker()
    chat = Chat(MemoryArchive(worker, no_turn, start))
    ann, again = chat.program("ann"), chat.connect()
    ann.ask(do="register", password=SECRET)
    worker.work()
    again.ask(do="hello", name="ann", account_password=SECRET)
    worker.work()
    for program in (ann, again):
        program.ask(do="join", room="#lobby")
    ann.ask(do="say", text="bye", tag="1")
    again.ask(do="leave", room="#lobby")  # the line is another connection's
    worker.work()
    assert ann.events()[-1] == {"event": "kept", "room": "#lobby", "number": 1, "tag": "1"}


def test_what_others_are_shown_keeps_the_order_in_which_it_was_requested() -> None:
    worker = Worker()
    chat = Chat(MemoryArchive(worker, no_turn, start))
    ann, bob = chat.program("ann"), chat.program("bob")
    for person in (ann, bob):
        person.ask(do="join", room="#lobby")
    bob.events()
    ann.ask(do="say", text="I am ann")
    ann.ask(do="nick", name="anna")
    ann.ask(do="say", text="bye")
    ann.ask(do="leave", room="#lobby")
    worker.work()
    shown = [(event["event"], event.get("from")) for event in bob.events()]
    assert shown == [("said", "ann"), ("renamed", None), ("said", "anna"), ("left", None)]


def test_history_comes_in_pages(chat: Chat) -> None:
    bot = chat.program("bot")
    bot.ask(do="join", room="#lobby")
    for n in range(5):
        bot.ask(do="say", text=f"line {n}")
    (page,) = bot.ask(do="history", room="#lobby", n=2)
    assert [line["number"] for line in page["lines"]] == [4, 5]
    assert page["more"] is True
    (page,) = bot.ask(do="history", room="#lobby", n=3, before=4)
    assert [line["number"] for line in page["lines"]] == [1, 2, 3]
    assert "more" not in page


def test_every_other_request_is_answered_with_its_tag(chat: Chat) -> None:
    bot, _ = chat.program("bot"), chat.join("bob")
    bot.ask(do="join", room="#lobby")
    requests: list[tuple[dict[str, object], str]] = [
        ({"do": "nick", "name": "robot"}, "renamed"),
        ({"do": "away", "reason": "lunch"}, "away"),
        ({"do": "back"}, "away"),
        ({"do": "topic", "text": "tea"}, "topic"),
        ({"do": "topic"}, "topic"),
        ({"do": "who", "room": "#lobby"}, "people"),
        ({"do": "whois", "name": "bob"}, "person"),
        ({"do": "rooms"}, "rooms"),
        ({"do": "room", "name": "#lobby"}, "talking"),
        ({"do": "to", "who": "bob"}, "talking"),
        ({"do": "to"}, "asked"),
        ({"do": "ignore", "name": "bob"}, "ignoring"),
        ({"do": "unignore", "name": "bob"}, "ignoring"),
        ({"do": "stats"}, "stats"),
        ({"do": "time"}, "clock"),
        ({"do": "clear"}, "cleared"),
        ({"do": "help", "command": "msg"}, "help"),
        ({"do": "leave", "room": "#lobby"}, "exited"),
        ({"do": "ping"}, "pong"),
        ({"do": "quit"}, "goodbye"),
    ]
    for request, answer in requests:
        (event,) = bot.ask(**request, tag="t")
        assert (event["event"], event["tag"]) == (answer, "t")


def test_a_list_of_people_can_be_read_page_by_page(chat: Chat) -> None:
    for name in ("ann", "bob", "carol"):
        chat.join(name)
    bot = chat.program("bot")
    (page,) = bot.ask(do="who", room="#lobby", n=2)
    assert ([person["name"] for person in page["people"]], page["count"]) == (["ann", "bob"], 3)
    assert page["more"]
    (page,) = bot.ask(do="who", room="#lobby", after="bob")
    assert [person["name"] for person in page["people"]] == ["carol"]
