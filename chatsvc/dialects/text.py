"""The text dialect, for people at telnet, netcat, a pipe: commands with a `/`, sentences back."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import lru_cache, singledispatch

from chatsvc.events import (
    Asked,
    Away,
    Cleared,
    Clock,
    Entered,
    Event,
    Exited,
    Goodbye,
    Help,
    History,
    Ignoring,
    Joined,
    Kept,
    Left,
    Missed,
    Notice,
    People,
    Person,
    Pong,
    Refusal,
    Renamed,
    Request,
    Rooms,
    Said,
    Stats,
    Talking,
    Told,
    Topic,
    Welcome,
)

_LISTED = 100  # people and rooms in an answer to a person
_UNSEEN = "".join(map(chr, range(27))) + " "  # a stray key before a command does not publish it
_NAMED = 3  # people who come or go at once and are called by name


class TextDialect:
    """Lines as people type and read them, ended by CRLF (RFC 854: the NVT's end of line)."""

    def read(self, line: str, question: str | None = None) -> Request | None:
        """The request in `line`, which may answer a `question` that was asked."""
        if question == "password" and line not in ("/quit", "q!"):
            return Request("password", line)
        if "/" in line and (written := line.lstrip(_UNSEEN)).startswith("/"):
            if written.startswith("//"):
                return Request("say", written[1:])
            name, _, rest = written[1:].partition(" ")
            return Request(name, rest)
        if line == "q!":
            return Request("quit", "")
        if question is not None:
            return Request(question, line)
        if line[:1] in ("!", "\\"):
            name, _, rest = line[1:].partition(" ")
            return Request(name, rest, literal=line)
        return Request("say", line) if line.strip() else Request("empty")

    def write(self, event: Event, here: str | None = None, tag: str | None = None) -> bytes:
        """`event` as lines for somebody who is talking in the room `here`."""
        if isinstance(event, Cleared):
            return b"\x1b[2J\x1b[H"
        return "".join(f"{line}\r\n" for line in lines(event, here)).encode()

    def write_said(self, line: Said, elsewhere: bool) -> bytes:
        """A line as everybody but its sender is shown it."""
        return f"{said(line, elsewhere)}\r\n".encode()

    def write_own(self, line: Said, elsewhere: bool) -> bytes:
        """Somebody's own line is not repeated to them."""
        return b""


TEXT = TextDialect()


def said(line: Said, elsewhere: bool = False) -> str:
    """A line with its time, and its room where that is not the one talked in."""
    room = f"{line.room} " if elsewhere else ""
    sender = f"* {line.sender}" if line.action else f"<{line.sender}>"
    return f"[{clock(line.time)}] {room}{sender} {line.text}"


def clock(moment: float) -> str:
    """A time of day, local to the server; with its date when that is not today."""
    # Every zone's midnight is at a quarter of an hour: until the next one, today stays today.
    return _clock(int(moment) // 60, int(time.time()) // 900)


@lru_cache(maxsize=64)
def _clock(minute: int, _quarter: int) -> str:
    there, today = time.localtime(minute * 60), time.localtime()
    if there[:3] == today[:3]:
        return time.strftime("%H:%M", there)
    return time.strftime("%Y-%m-%d %H:%M", there)


@singledispatch
def lines(event: object, here: str | None) -> Iterable[str]:
    """`event` in words."""
    raise TypeError(f"no words for {event!r}")


@lines.register
def _(event: Said, here: str | None) -> Iterable[str]:
    yield said(event, event.room != here)


@lines.register
def _(event: Welcome, here: str | None) -> Iterable[str]:
    yield from (f"* {line}" for line in event.motd.splitlines())
    if event.entered is not None:
        where = "".join(lines(event.entered, here))[2:]
        yield f"* Welcome, {event.name}. {where} Type to talk, /help for the commands."


@lines.register
def _(event: Entered, here: str | None) -> Iterable[str]:
    topic = f' The topic is "{event.topic}".' if event.topic else ""
    yield f"* You are in {event.room}{_company(event.names, event.count - 1)}.{topic}"


def _company(names: tuple[str, ...], count: int) -> str:
    if count == 0:
        return ", and nobody else is here yet"
    if count <= len(names[:5]):
        return f" with {_and(names)}"
    return f" with {', '.join(names[:2])} and {count - 2} others"


def _and(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _people(names: tuple[str, ...], count: int) -> str:
    return _and(names) if count <= _NAMED else f"{count} people"


@lines.register
def _(event: Exited, here: str | None) -> Iterable[str]:
    talking = f"Your lines go to {event.here}." if event.here else "To enter a room: /join #lobby"
    yield f"* You left {event.room}. {talking}"


@lines.register
def _(event: Joined, here: str | None) -> Iterable[str]:
    came = "came in" if event.room == here else f"came into {event.room}"
    yield f"* {_people(event.names, event.count)} {came}."


@lines.register
def _(event: Left, here: str | None) -> Iterable[str]:
    room = "" if event.room == here else f" {event.room}"
    words = f": {event.words}" if event.words else "."
    yield f"* {_people(event.names, event.count)} left{room}{words}"


@lines.register
def _(event: Renamed, here: str | None) -> Iterable[str]:
    yield f"* You are {event.new} now." if event.own else f"* {event.old} is now {event.new}."


@lines.register
def _(event: Away, here: str | None) -> Iterable[str]:
    who = "You are" if event.own else f"{event.name} is"
    if event.reason is None:
        yield f"* {who} back."
    else:
        yield f"* {who} away" + (f": {event.reason}" if event.reason != "away" else ".")


@lines.register
def _(event: Topic, here: str | None) -> Iterable[str]:
    room = "" if event.room == here else f" of {event.room}"
    if event.changed:
        yield f"* {event.by} set the topic{room}: {event.text}"
    elif event.text:
        yield f"* The topic{room}: {event.text} (by {event.by}, {clock(event.time)})"
    else:
        yield "* There is no topic yet. To set one: /topic what it is about"


@lines.register
def _(event: Told, here: str | None) -> Iterable[str]:
    if event.action:
        own = f"* to {event.to}: * {event.sender} {event.text}"
        yield own if event.own else f"* only to you: {event.sender} {event.text}"
    else:
        own = f"* to {event.to}: {event.text}"
        yield own if event.own else f"* {event.sender} whispers: {event.text}"


@lines.register
def _(event: Kept, here: str | None) -> Iterable[str]:
    return ()


@lines.register
def _(event: Missed, here: str | None) -> Iterable[str]:
    yield "* You were reading slowly: who came and went was left out. /who says who is here."


@lines.register
def _(event: Asked, here: str | None) -> Iterable[str]:
    yield from (f"* {number:3}  {name}" for number, name in enumerate(event.choices, 1))
    yield event.text if event.question == "name" else f"* {event.text}"


@lines.register
def _(event: Talking, here: str | None) -> Iterable[str]:
    if event.to:
        yield f"* Your lines go to {event.to} only. To talk to everybody again: /to all"
    elif event.room:
        yield f"* You are in {event.room}: your lines go to everybody there."
    else:
        yield "* You are in no room. To enter one: /join #lobby"


@lines.register
def _(event: People, here: str | None) -> Iterable[str]:
    yield f"* In {event.room}: {_number(event.count, 'person', 'people')}"
    for person in event.people[:_LISTED]:
        yield f"*   {person.name:15} {_presence(person)}"
    if event.count > _LISTED:
        yield f"*   and {event.count - _LISTED} others"


@lines.register
def _(event: Person, here: str | None) -> Iterable[str]:
    rooms = f", in {_and(event.rooms)}" if event.rooms else ""
    yield f"* {event.name}: {_presence(event)}{rooms}"


def _presence(person: Person) -> str:
    away = f", away: {person.away}" if person.away is not None else ""
    idle = f", idle {_span(person.idle)}" if person.idle >= 60 else ""
    return f"here since {clock(person.since)}{idle}{away}"


def _span(seconds: float) -> str:
    minutes = int(seconds) // 60
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes < 1440 else f"{minutes // 1440} days"


def _number(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


@lines.register
def _(event: Rooms, here: str | None) -> Iterable[str]:
    for place in event.rooms[:_LISTED]:
        topic = f"  {place.topic}" if place.topic else ""
        people, said = (
            _number(place.count, "person", "people"),
            _number(place.last, "line", "lines"),
        )
        yield f"* {place.room:15} {people}, {said}{topic}"
    if event.count > _LISTED:
        yield f"* and {event.count - _LISTED} more"


@lines.register
def _(event: History, here: str | None) -> Iterable[str]:
    if not event.lines:
        yield f"* Nothing has been said in {event.room} before that."
    for line in event.lines:
        yield said(line, event.room != here)


@lines.register
def _(event: Clock, here: str | None) -> Iterable[str]:
    hours, minutes = divmod(abs(event.offset) // 60, 60)
    sign = "-" if event.offset < 0 else "+"
    there = time.strftime("%A, %Y-%m-%d %H:%M:%S", time.gmtime(event.time + event.offset))
    yield f"* It is {there} {event.zone} (UTC{sign}{hours:02}:{minutes:02})."


@lines.register
def _(event: Stats, here: str | None) -> Iterable[str]:
    if not event.people:
        yield f"* Nothing has been said in {event.room} yet."
    for tally in event.people:
        size = f"{tally.bytes:,} bytes"
        yield f"*   {tally.name:15} {_number(tally.lines, 'line', 'lines')}, {size}"


@lines.register
def _(event: Help, here: str | None) -> Iterable[str]:
    for about in event.commands:
        yield f"* {about.usage:20} {about.help}"
        if len(event.commands) == 1:
            if about.aliases:
                yield f"*   also: {', '.join(about.aliases)}"
            if about.example:
                yield f"*   for example: {about.example}"
    if len(event.commands) > 1:
        yield "* Everything else you type is said. //word says /word. More: /help command"


@lines.register
def _(event: Ignoring, here: str | None) -> Iterable[str]:
    yield f"* You ignore {_and(event.names)}." if event.names else "* You ignore nobody."


@lines.register(Notice)
@lines.register(Goodbye)
def _(event: Notice | Goodbye, here: str | None) -> Iterable[str]:
    yield f"* {event.text}"


@lines.register
def _(event: Pong, here: str | None) -> Iterable[str]:
    yield "* pong"


@lines.register
def _(event: Refusal, here: str | None) -> Iterable[str]:
    ways_on = {
        "password-needed": " What is it?",
        "wrong-password": " Try again:",
        "bad-name": " Which name would you like?",
    }
    if event.suggestion:
        yield f"* {event.text} Press Enter to be {event.suggestion}, or type another name."
    else:
        yield f"* {event.text}{ways_on.get(event.code, '')}"
