"""History: CHATHISTORY (IRCv3 "draft/chathistory")."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.message import Message
from chatsvc.dialects.irc.pending import Pending
from chatsvc.dialects.irc.places import number_in, place
from chatsvc.dialects.irc.playback import play, wants_events
from chatsvc.dialects.irc.registry import on, refused, told, told_part
from chatsvc.dialects.jsonl import timestamp
from chatsvc.model.history_events import History, Part, Recent
from chatsvc.model.long_events import with_entries
from chatsvc.model.message_events import Said
from chatsvc.model.requests import Refusal
from chatsvc.model.text_rules import key

_TIME = re.compile(r"timestamp=(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)", re.ASCII)
_NOT_THERE = (
    "bad-room", "no-account", "no-such-person", "no-such-room", "not-in-room",
)  # fmt: skip

Point = int | str  # the number of a line, or a time
Bounds = dict[str, object]
Finder = Callable[[Client, Sequence[str]], Bounds]


class _Invalid(Exception):
    """The request cannot be understood; has the code, the context and a sentence."""


@on("CHATHISTORY")
def _(client: Client, message: Message) -> None:
    """Ask for a page; "Errors and Warnings" says what is refused with INVALID_PARAMS."""
    verb, *params = message.params or ("*",)
    try:
        _ask(client, verb, params)
    except _Invalid as invalid:
        code, *words = invalid.args
        _fail(client, code, verb, *words)


def _ask(client: Client, verb: str, params: list[str]) -> None:
    needed, bounds = _row(verb, len(params))
    found = bounds(client, params[: needed - 1])
    wanted = params[-1]
    if not (wanted.isdecimal() and 0 < len(wanted) < 10 and int(wanted)):
        raise _Invalid("INVALID_PARAMS", wanted, "Invalid limit")
    asked = {"n": int(wanted), **_deleted(client), **found}
    if verb.upper() == "TARGETS":
        client.ask("recent", **asked)
    else:
        events = {"events": True} if wants_events(client) else {}
        client.ask("history", room=place(params[0]), **events, **asked)


def _row(verb: str, given: int) -> tuple[int, Finder]:
    """Return how many parameters a subcommand needs, which must be given, and its function."""
    row = _VERBS.get(verb.upper())
    if row is None and (given or verb != "*"):
        raise _Invalid("INVALID_PARAMS", "Unknown command")
    if row is None or given < row[0]:
        raise _Invalid("INVALID_PARAMS", "Insufficient parameters")
    if given > row[0]:
        raise _Invalid("INVALID_PARAMS", "Too many parameters")
    return row


def _deleted(client: Client) -> Bounds:
    """Hide deleted lines from clients that receive deletions (`draft/message-redaction`)."""
    return {"deleted": "draft/message-redaction" not in client.capabilities}


def _fail(client: Client, code: str, *words: str) -> None:
    client.fail("CHATHISTORY", code, *words)


def _point(client: Client, target: str, selector: str) -> Point:
    """Return the point of a selector: `timestamp=…`, or `msgid=…` of a message in the target."""
    kind, is_one, id = selector.partition("=")
    if kind == "timestamp":
        return _time(selector)
    if kind != "msgid":
        code = "INVALID_MSGREFTYPE" if is_one else "INVALID_PARAMS"
        raise _Invalid(code, target, selector, "Use timestamp= or msgid=")
    number = number_in(client, target, id)
    if number is None:
        raise _not_there(client, target, selector)
    return number


def _not_there(client: Client, target: str, selector: str) -> _Invalid:
    """Return the refusal of a message that is not in a target, or of the target."""
    if target.startswith("#") and key(target) not in client.rooms:
        return _Invalid("INVALID_TARGET", target, "You are not in that channel")
    return _Invalid("INVALID_PARAMS", target, selector, "No such message there")


def _time(selector: str) -> str:
    time = _TIME.fullmatch(selector)
    if time is None:
        raise _Invalid("INVALID_PARAMS", selector, "Invalid timestamp")
    return time[1]


def _one(name: str, **more: object) -> Finder:
    """Return the bounds of one selector, as the argument `name` of the chat's command."""

    def bounds(client: Client, params: Sequence[str]) -> Bounds:
        target, selector = params
        return {name: _point(client, target, selector), **more}

    return bounds


def _latest(client: Client, params: Sequence[str]) -> Bounds:
    return {} if params[1] == "*" else _one("after")(client, params)


def _between(client: Client, params: Sequence[str]) -> Bounds:
    target, first, second = params
    after, before = _point(client, target, first), _point(client, target, second)
    return {"after": after, "before": before, "first": True}


def _targets(client: Client, params: Sequence[str]) -> Bounds:
    """Return the bounds of TARGETS, which must be times; in reverse, the latest ones come first."""
    first, second = map(_time, params)
    after, before = sorted((first, second))
    return {"after": after, "before": before, "first": after == first}


# The number of parameters of each subcommand, and the function that handles them.
_VERBS: dict[str, tuple[int, Finder]] = {
    "LATEST": (3, _latest),
    "BEFORE": (3, _one("before")),
    "AFTER": (3, _one("after", first=True)),
    "AROUND": (3, _one("around")),
    "BETWEEN": (4, _between),
    "TARGETS": (3, _targets),
}


def target_of(event: History, about: Pending) -> str:
    """Return the target of a page: a channel, or a nickname in the spelling of the request."""
    asked = about.param(1) if about.command == "CHATHISTORY" else "*"
    target = event.room.removeprefix("@")
    return asked if target != event.room and key(asked) == key(target) else target


@told.register
def _(event: History, client: Client, about: Pending) -> None:
    with client.batch("chathistory", target_of(event, about)):
        told_part(event, client, about, Part())
        told_part(with_entries(event, ()), client, about, Part(len(event.lines), ends=True))


@told_part.register
def _(event: History, client: Client, about: Pending, part: Part) -> None:
    other = event.room.removeprefix("@")
    if part.begins:
        client.happened = list(event.happened)
    for line in event.lines:
        _play_until(client, line.number, other)
        tell_line(client, line, event.room)
    if part.ends:
        _play_until(client, math.inf, other)


def tell_line(client: Client, line: Said, room: str) -> None:
    """Write a line from the history, with its id and target; `room` is how the chat calls it."""
    to_me = room.startswith("@") and line.account != client.account
    target = client.nick if to_me else room.removeprefix("@")
    line = line._replace(room=client.room_in_ids(room))
    client.line(line, target, earlier="batch" not in client.capabilities)


def _play_until(client: Client, number: float, other: str) -> None:
    """Write the events before a line."""
    count = sum(one.behind < number for one in client.happened)
    earlier, client.happened = client.happened[:count], client.happened[count:]
    play(client, earlier, other)


@told.register
def _(event: Recent, client: Client, about: Pending) -> None:
    with client.batch("draft/chathistory-targets"):
        for latest in event.rooms:
            target = latest.room.removeprefix("@")
            client.send("CHATHISTORY", "TARGETS", target, timestamp(latest.time))


@refused("CHATHISTORY")
def _(event: Refusal, client: Client, about: Pending) -> None:
    verb, target = about.first, about.param(1)
    if event.code == "bad-argument":
        _fail(client, "INVALID_PARAMS", verb, event.text)
    else:
        code = "INVALID_TARGET" if event.code in _NOT_THERE else "MESSAGE_ERROR"
        _fail(client, code, verb, target, event.text)
