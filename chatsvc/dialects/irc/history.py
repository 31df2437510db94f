"""History: CHATHISTORY (IRCv3 "draft/chathistory")."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from chatsvc.dialects.irc.client import Client, Pending
from chatsvc.dialects.irc.message import Message
from chatsvc.dialects.irc.places import number_in, place
from chatsvc.dialects.irc.playback import play, wants_events
from chatsvc.dialects.irc.registry import on, refused, told, told_part
from chatsvc.dialects.jsonl import timestamp
from chatsvc.model.history_events import History, Part, Recent
from chatsvc.model.long_events import with_entries
from chatsvc.model.requests import Refusal
from chatsvc.model.text_rules import key

_TIME = re.compile(r"timestamp=(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)", re.ASCII)
_NOT_THERE = (
    "bad-room", "no-account", "no-such-person", "no-such-room", "not-in-room",
)  # fmt: skip

Point = int | str  # the number of a line, or a time
Bounds = dict[str, object]
Finder = Callable[[Client, Sequence[str]], Bounds | None]


@on("CHATHISTORY")
def _(client: Client, message: Message) -> None:
    verb, *params = message.params or ("*",)
    row = _VERBS.get(verb.upper())
    if not message.params:
        _fail(client, "NEED_MORE_PARAMS", verb, "Which messages?")
    elif row is None:
        _fail(client, "UNKNOWN_COMMAND", verb, "Unknown subcommand")
    elif len(params) < row[0]:
        _fail(client, "NEED_MORE_PARAMS", verb, "Missing parameters")
    else:
        _ask(client, verb, params, row[1])


def _ask(client: Client, verb: str, params: list[str], bounds: Finder) -> None:
    wanted = params.pop()
    found = (
        bounds(client, params)
        if wanted.isdecimal() and 0 < len(wanted) < 10 and int(wanted)
        else None
    )
    if found is None:
        _fail(client, "INVALID_PARAMS", verb, "Invalid parameters")
    elif verb.upper() == "TARGETS":
        client.ask("recent", n=int(wanted), **_deleted(client), **found)
    else:
        room = place(params[0])
        events = {"events": True} if wants_events(client) else {}
        client.ask("history", room=room, n=int(wanted), **_deleted(client), **events, **found)


def _deleted(client: Client) -> Bounds:
    """Hide deleted lines from clients that receive deletions (`draft/message-redaction`)."""
    return {"deleted": "draft/message-redaction" not in client.capabilities}


def _fail(client: Client, code: str, *words: str) -> None:
    client.fail("CHATHISTORY", code, *words)


def _point(client: Client, target: str, selector: str) -> Point | None:
    """Return the point of a selector: `timestamp=…`, or `msgid=…` of a line in the target."""
    time = _TIME.fullmatch(selector)
    if time is not None:
        return time[1]
    kind, _, id = selector.partition("=")
    return number_in(client, target, id) if kind == "msgid" else None


def _one(name: str, **more: object) -> Finder:
    """Return the bounds of one selector, as the argument `name` of the chat's command."""

    def bounds(client: Client, params: Sequence[str]) -> Bounds | None:
        target, selector = params[:2]
        point = _point(client, target, selector)
        return None if point is None else {name: point, **more}

    return bounds


def _latest(client: Client, params: Sequence[str]) -> Bounds | None:
    return {} if params[1] == "*" else _one("after")(client, params)


def _between(client: Client, params: Sequence[str]) -> Bounds | None:
    target, first, second = params[:3]
    after, before = _point(client, target, first), _point(client, target, second)
    if after is None or before is None:
        return None
    return {"after": after, "before": before, "first": True}


def _targets(client: Client, params: Sequence[str]) -> Bounds | None:
    first, second = (_TIME.fullmatch(one) for one in params[:2])
    if first is None or second is None:
        return None
    after, before = sorted((first[1], second[1]))
    return {"after": after, "before": before, "first": after == first[1]}


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
    private = event.room.startswith("@")
    other = event.room.removeprefix("@")
    unmarked = "batch" not in client.capabilities
    if part.begins:
        client.happened = list(event.happened)
    for line in event.lines:
        _play_until(client, line.number, other)
        to_me = private and line.account != client.account
        line = line._replace(room=client.room_in_ids(event.room))
        client.line(line, client.nick if to_me else other, earlier=unmarked)
    if part.ends:
        _play_until(client, math.inf, other)


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
