"""The JSON-lines dialect alone, and hostile JSON."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, get_args, get_type_hints

import pytest
from conftest import Chat
from hypothesis import example, given, settings
from hypothesis import strategies as st
from samples import ACTION, EVENTS, SAID

from chatsvc.dialects.json_events import KINDS, read_event
from chatsvc.dialects.jsonl import JSONL, TIMES, seconds, timestamp
from chatsvc.model.administration_events import ServiceStatus
from chatsvc.model.events import Event
from chatsvc.model.message_events import Said
from chatsvc.model.presence_events import Person
from chatsvc.model.requests import Refusal, Refused, Request
from chatsvc.model.server_events import Pong, Welcome

DEEP = 100_000
often = settings(max_examples=100, deadline=None)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
    max_leaves=8,
)


def refusal(line: str) -> str:
    with pytest.raises(Refused) as refused:
        JSONL.read(line)
    assert refused.value.text.endswith(".")
    return refused.value.code


# Requests


def test_a_request_has_a_name_and_arguments() -> None:
    (request,) = JSONL.read('{"do":"msg","name":"bob","text":"hi","tag":"w1","later":[1]}')
    arguments = {"name": "bob", "text": "hi", "later": [1]}
    assert request == Request("msg", None, arguments, "w1")


def test_arguments_may_come_in_a_row() -> None:
    assert JSONL.read('{"do":"msg","rest":"bob hi"}') == (Request("msg", "bob hi", {}, None),)


@pytest.mark.parametrize("line", ["", " ", "\t"])
def test_an_empty_line_asks_for_nothing(line: str) -> None:
    assert JSONL.read(line) == ()


@pytest.mark.parametrize(
    "line",
    ["[]", "5", '"do"', "null", "true", "NaN", "{", '{"do":}', '{"do":"ping"} {}', "hello",
     "{'do':1}",
     "[" * DEEP, '{"do":' * DEEP, "[" * DEEP + "]" * DEEP, '{"do":"ping","n":' + "9" * 5000 + "}",
     "\x00", "\ufeff{}", '{"do":"a\nb"}'],
    ids=lambda line: line[:12],
)  # fmt: skip
def test_what_is_no_object_of_json_is_refused(line: str) -> None:
    assert refusal(line) == "not-json"


@pytest.mark.parametrize(
    "line",
    ["{}", '{"do":1}', '{"do":null}', '{"do":["ping"]}', '{"text":"hi"}', '{"do":"say","rest":1}',
     '{"do":"say","rest":["a"]}'],
)  # fmt: skip
def test_a_request_names_what_to_do_and_the_rest_is_a_string(line: str) -> None:
    assert refusal(line) == "bad-argument"


@pytest.mark.parametrize(
    "tag", ["", "x" * 65, 1, 0, False, ["t"], {}, "a\nb", "a\x00", "\x1b[0m", "\ud800", "\u202e"]
)
def test_a_tag_is_a_short_printable_string(tag: object) -> None:
    assert refusal(json.dumps({"do": "ping", "tag": tag})) == "bad-argument"


@pytest.mark.parametrize("tag", ["t", "x" * 64, "é 語"])
def test_a_tag_is_taken_along(tag: str) -> None:
    (request,) = JSONL.read(json.dumps({"do": "ping", "tag": tag}))
    assert request.tag == tag


def outcome(line: str) -> object:
    try:
        return JSONL.read(line)
    except Refused as refused:
        return JSONL.write(Refusal(refused.code, refused.text))


@given(st.text(st.characters()) | st.text('{}[]",:\\dou0e5-.\ud800 '))
@often
def test_any_text_is_a_request_or_refused(line: str) -> None:
    assert isinstance(outcome(line), tuple | bytes)


@given(st.dictionaries(st.sampled_from(["do", "tag", "rest", "x"]), values) | values)
@example({"do": "\ud800"})
@often
def test_any_json_is_a_request_or_refused(value: object) -> None:
    assert isinstance(outcome(json.dumps(value)), tuple | bytes)


# Hostile input, in a conversation


@pytest.mark.parametrize(
    "request_",
    [
        '{"do":"join","room":"#x","after":NaN}',
        '{"do":"join","room":"#x","after":1e400}',
        '{"do":"join","room":"#x","last":-1}',
        '{"do":"join","room":"#x","last":1.5}',
        '{"do":"join","room":"#x","last":true}',
        '{"do":"join","room":"#x","last":99999999999999999999}',
        '{"do":"join","room":{"a":1}}',
        '{"do":"join","room":["#x"]}',
        '{"do":"history","n":"many"}',
        '{"do":"history","n":"\u00b2"}',
        '{"do":"say","text":null,"room":5}',
        '{"do":"say","text":["a"]}',
        '{"do":"say","text":NaN}',
        '{"do":"me","text":{}}',
    ],
)
def test_arguments_of_the_wrong_kind_are_refused(chat: Chat, request_: str) -> None:
    ann = chat.program("ann")
    ann.ask(do="join", room="#lobby")
    ann.protocol.dataReceived(request_[:-1].encode() + b',"tag":"t1"}\n')
    (answer,) = ann.events()
    assert answer["code"] in ("bad-argument", "usage")
    assert answer["tag"] == "t1"


@pytest.mark.parametrize(
    "line", ["[]", "{}", "[" * 16000, '{"do":"\\ud800"}', '{"do":"ping","x":NaN}']
)
def test_nothing_that_is_sent_ends_the_conversation(chat: Chat, line: str) -> None:
    ann = chat.program("ann")
    assert len(ann.send(line)) == 1
    assert ann.ask(do="ping") == [{"event": "pong"}]


HALVES = [
    r'{"do":"say","text":"a\ud800b","tag":"t"}',
    r'{"do":"kick","rest":"--\uDBFF","tag":"t"}',
    r'{"do":"\udc00","tag":"t"}',
    r'{"do":"signal","signs":{"typing":"\ude00\ud83d"},"tag":"t"}',
    r'{"do":"signal","signs":{"\ud83d":"x"},"tag":"t"}',
    r'{"do":"hello","client":"secret-\ud800-secret","tag":"t"}',
    r'{"do":"nick","\udfff":[{"x":["\udfff"]}],"tag":"t"}',
    r'{"do":"join","room":"#\ud800","tag":"t"}',
]


@pytest.mark.parametrize("line", HALVES)
def test_half_a_character_is_refused_wherever_it_is(chat: Chat, line: str) -> None:
    ann, bob = chat.program("ann"), chat.join("bob")
    ann.ask(do="join", room="#lobby")
    bob.read()
    ann.read()
    ann.protocol.dataReceived(line.encode() + b"\n")
    (event,) = ann.events()
    assert (event["event"], event["code"], event["tag"]) == ("refused", "bad-argument", "t")
    assert bob.read() == []
    assert ann.ask(do="ping") == [{"event": "pong"}]


def test_a_whole_character_may_be_written_in_two_halves(chat: Chat) -> None:
    ann, bob = chat.program("ann"), chat.join("bob")
    ann.ask(do="join", room="#lobby")
    bob.read()
    ann.send(r'{"do":"say","text":"\ud83d\ude00\u0000\u001b[31mc\u202e"}')
    (line,) = bob.read()
    assert line.endswith("<ann> \U0001f600c")


@given(values)
@settings(max_examples=50, deadline=None)
def test_arguments_of_any_kind_get_an_answer(value: object) -> None:
    ann = Chat().program("ann")
    for do in ("say", "join", "msg", "nick", "history", "who", "away", "topic", "hello", "ignore"):
        for name in ("text", "room", "name", "n", "reason", "rest"):
            ann.ask(do=do, **{name: value})
    assert ann.ask(do="ping", tag="still here") == [{"event": "pong", "tag": "still here"}]


# Events


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_every_event_is_one_line_of_json_that_names_it(event: Event) -> None:
    line = JSONL.write(event, "#tea", "t1").decode()
    assert line.count("\n") == 1
    value = json.loads(line)
    assert KINDS[value["event"]] is type(event)
    assert value["tag"] == "t1"
    if "deleted" in value:
        assert (value.pop("text"), value.pop("size")) == ("", 0)
    assert not {None, "", False} & {v for v in value.values() if v.__hash__ and v != 0}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
@pytest.mark.parametrize("tag", [None, "t1"])
def test_every_event_reads_as_it_was_written(event: Event, tag: str | None) -> None:
    written = event._replace(tag=tag) if isinstance(event, Said) else event
    assert read_event(JSONL.write(event, None, tag).decode()) == (written, tag)


AMOUNTS = {(Person, "idle")} | {
    (ServiceStatus, name)
    for name in ("messages_per_second", "commit_ms", "longest_commit_ms", "heartbeat")
}


def test_every_moment_is_written_as_a_time() -> None:
    for kind in KINDS.values():
        for name, hint in get_type_hints(kind).items():
            if float in (hint, *get_args(hint)):
                assert name in TIMES or (kind, name) in AMOUNTS


def test_who_has_set_a_topic_and_when_is_told(chat: Chat) -> None:
    chat.clock.advance(1795269660)
    ann = chat.program("ann")
    ann.ask(do="join", room="#tea")
    ann.ask(do="topic", text="green tea")
    (entered,) = (e for e in chat.program("bob").ask(do="join", room="#tea") if "topic" in e)
    assert (entered["topic_by"], entered["topic_time"]) == ("ann", "2026-11-21T14:01:00.000Z")


def test_who_is_away_without_a_reason_is_not_back(chat: Chat) -> None:
    ann, bob = chat.program("ann"), chat.program("bob")
    ann.ask(do="join", room="#tea")
    bob.ask(do="join", room="#tea")
    ann.read()
    (own,) = bob.ask(do="away", reason="")
    (seen,) = ann.events()
    assert own["reason"] == seen["reason"] != ""


def test_a_line_has_its_size_in_bytes_and_no_secret_of_its_sender() -> None:
    line = JSONL.write_said(ACTION._replace(text="é", client="secret", tag="t"), False)
    assert json.loads(line) == {
        "event": "said",
        "room": "#tea",
        "number": 8,
        "time": "2020-02-20T12:00:00.125Z",
        "from": "bob",
        "text": "é",
        "size": 2,
        "action": True,
    }


def test_ones_own_line_has_its_tag() -> None:
    own = SAID._replace(client="secret", tag="t1")
    assert json.loads(JSONL.write_own(own, False))["tag"] == "t1"
    assert "tag" not in json.loads(JSONL.write_own(own._replace(tag=None), False))
    assert b"secret" not in JSONL.write_own(own, False)


def test_a_welcome_has_the_fields_of_the_protocol() -> None:
    welcome = Welcome("chat", "chatsvc 1", "ann", "c" * 8, 0.001, "", {"text": 4096})
    assert json.loads(JSONL.write(welcome)) == {
        "event": "welcome",
        "version": 1,
        "chat": "chat",
        "software": "chatsvc 1",
        "name": "ann",
        "client": "c" * 8,
        "time": "1970-01-01T00:00:00.001Z",
        "limits": {"text": 4096},
    }


def test_an_event_of_a_later_version_is_passed_over() -> None:
    assert read_event('{"event":"reacted","with":"+1","tag":"t1"}') == (None, "t1")
    assert read_event('{"event":"pong","later":1}') == (Pong(), None)


@pytest.mark.parametrize(
    "line",
    ["", "[]", "5", "hello", '{"event":"said"}', '{"event":"said","room":"#a","number":1,"time":5}',
     '{"event":"clock","time":"noon"}', '{"event":"history","lines":[5]}', "[" * DEEP],
    ids=lambda line: line[:40],
)  # fmt: skip
def test_what_is_no_event_raises_a_value_error(line: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_event(line)


_LINE = json.loads(JSONL.write(SAID))


@pytest.mark.parametrize(
    "changed",
    [
        {"number": -1}, {"number": 1.0}, {"number": True}, {"number": "1"}, {"number": 2**60},
        {"number": None}, {"time": 5}, {"time": "0001-01-01T00:00:00.000Z"}, {"text": 1},
        {"time": "9999-12-31T23:59:59.999-23:59"}, {"text": "x" * 70_000},
        {"room": ["#tea"]}, {"action": 1}, {"account": {}}, {"signs": []}, {"signs": {"a": 1}},
        {"tag": 5}, {"event": ["said"]}, {"event": None}, {"deleted": 0},
    ],
)  # fmt: skip
def test_a_field_of_the_wrong_type_or_size_raises_a_value_error(changed: dict[str, Any]) -> None:
    read_event(json.dumps(_LINE))
    with pytest.raises(ValueError, match=r"\w"):
        read_event(json.dumps({**_LINE, **changed}))


# Times


@given(st.floats(0, 4e9))
@often
def test_times_are_rfc_3339_with_milliseconds(time: float) -> None:
    written = timestamp(time)
    assert len(written) == len("2020-02-20T12:00:00.125Z")
    assert abs(datetime.fromisoformat(written.replace("Z", "+00:00")).timestamp() - time) < 0.0011
    assert timestamp(seconds(written)) == written
