"""Everyday events in words, for people: messages, joins, leaves, and lists."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import lru_cache, singledispatch
from itertools import groupby
from textwrap import wrap
from typing import TypeVar

from chatsvc.model.history_events import Found, History, Marked, Part, Recent
from chatsvc.model.long_events import LongEvent, entries_of, with_entries
from chatsvc.model.message_events import Kept, Retracted, Said, Signal, Told
from chatsvc.model.presence_events import (
    Away,
    Departed,
    Ignoring,
    Offline,
    Online,
    People,
    Person,
    Realname,
    Renamed,
    Watching,
)
from chatsvc.model.requests import Refusal
from chatsvc.model.room_events import (
    Entered,
    Exited,
    Joined,
    Left,
    Missed,
    Rooms,
    Stats,
    Talking,
    Topic,
)
from chatsvc.model.server_events import (
    About,
    Asked,
    Census,
    Clock,
    Goodbye,
    Help,
    Notice,
    Pong,
    Welcome,
)
from chatsvc.model.text_rules import counted

T = TypeVar("T")

_STAYS = "\xa0"  # a space where no line is broken
_WIDTH = 80  # of a terminal
_LISTED = 100  # users and rooms in an answer to a person
_NAMED = 3  # users who join or leave at once and are named


def indented(text: str) -> str:
    """Indent `text` so that no line of it can be taken for another message."""
    return text.replace("\n", "\r\n        | ") if "\n" in text else text


def said(line: Said, elsewhere: bool = False) -> str:
    """Return a line with its time, and its room if that is not the current one."""
    room = f"{line.room} " if elsewhere else ""
    return f"[{clock(line.time)}] {room}{spoken(line)}"


def spoken(line: Said) -> str:
    """Return a line without its time and room."""
    text = f"(deleted by {line.deleted})" if line.deleted else indented(line.text)
    if line.action:
        return f"* {line.sender} {text}"
    return f"-{line.sender}- {text}" if line.notice else f"<{line.sender}> {text}"


def clock(moment: float) -> str:
    """Return the local time of day; with the date if it is not today."""
    # Every time zone has midnight at a quarter of an hour, so until the next one today stays today.
    return _clock(int(moment) // 60, int(time.time()) // 900)


@lru_cache(maxsize=64)
def _clock(minute: int, _quarter: int) -> str:
    there, today = time.localtime(minute * 60), time.localtime()
    if there[:3] == today[:3]:
        return time.strftime("%H:%M", there)
    return time.strftime("%Y-%m-%d %H:%M", there)


@singledispatch
def lines(event: object, here: str | None) -> Iterable[str]:
    """Return `event` in words."""
    if not isinstance(event, LongEvent):
        raise TypeError(f"no words for {event!r}")
    end = Part(len(entries_of(event)), ends=True)
    yield from part_lines(event, here, Part())
    yield from part_lines(with_entries(event, ()), here, end)


@singledispatch
def part_lines(event: object, here: str | None, part: Part) -> Iterable[str]:
    """Yield part of a long answer in words: some of its entries, or what follows them."""
    raise TypeError(f"no words for a part of {event!r}")


@lines.register
def _(event: Said, here: str | None) -> Iterable[str]:
    yield said(event, event.room != here)


@lines.register
def _(event: Welcome, here: str | None) -> Iterable[str]:
    yield from (f"* {line}" for line in event.motd.splitlines())
    if event.entered is not None:
        where = "".join(lines(event.entered, here))[2:]
        back = " back" if event.account else ""
        yield f"* Welcome{back}, {event.name}. {where} Type to talk, or /help for commands."


@lines.register
def _(event: Entered, here: str | None) -> Iterable[str]:
    topic = f' The topic is "{event.topic}".' if event.topic else ""
    new = f" {event.new:,} new since you left." if event.new else ""
    host = " You are its host." if event.role == "host" else ""
    yield f"* You are in {event.room}{_company(event.names, event.count - 1)}.{host}{topic}{new}"


def _company(names: tuple[str, ...], count: int) -> str:
    if count == 0:
        return ", and nobody else is here yet"
    if count <= len(names[:5]):
        return f" with {listing(names)}"
    return f" with {', '.join(names[:2])} and {count - 2} others"


def listing(names: Iterable[str]) -> str:
    *most, last = tuple(names) or ("nobody",)
    return f"{', '.join(most)} and {last}" if most else last


def _people(names: tuple[str, ...], count: int) -> str:
    return listing(names) if max(count, len(names)) <= _NAMED else f"{count} people"


@lines.register
def _(event: Exited, here: str | None) -> Iterable[str]:
    talking = (
        f"Your messages now go to {event.here}." if event.here else "To join a room: /join #lobby"
    )
    yield f"* You left {event.room}. {talking}"


@lines.register
def _(event: Joined, here: str | None) -> Iterable[str]:
    came = "joined" if event.room == here else f"joined {event.room}"
    yield f"* {_people(event.names, event.count)} {came}."


@lines.register
def _(event: Left, here: str | None) -> Iterable[str]:
    room = "" if event.room == here else f" {event.room}"
    words = f": {event.words}" if event.words else "."
    yield f"* {_people(event.names, event.count)} left{room}{words}"


@lines.register
def _(event: Renamed, here: str | None) -> Iterable[str]:
    yield f"* You are now {event.new}." if event.own else f"* {event.old} is now {event.new}."


@lines.register
def _(event: Realname, here: str | None) -> Iterable[str]:
    if event.own:
        yield f"* Real name set: {event.realname}"


@lines.register
def _(event: About, here: str | None) -> Iterable[str]:
    yield f"* This chat is {event.chat}. It runs {event.software}."


@lines.register
def _(event: Census, here: str | None) -> Iterable[str]:
    users, rooms = counted(event.people, "user"), counted(event.rooms, "room")
    yield f"* {users} online in {rooms}; peak: {counted(event.most, 'user')}."


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
        yield "* No topic is set. To set one: /topic text"


@lines.register
def _(event: Told, here: str | None) -> Iterable[str]:
    when = f"[{clock(event.time)}] " if event.late else ""
    text = indented(event.text)
    if event.action:
        own = f"* {when}to {event.to}: * {event.sender} {text}"
        yield own if event.own else f"* {when}only to you: {event.sender} {text}"
    else:
        own = f"* {when}to {event.to}: {text}"
        only = f" to the moderators of {event.to[1:]}" if event.to.startswith("@") else ""
        yield own if event.own else f"* {when}{event.sender} whispers{only}: {text}"


@lines.register(Kept)
@lines.register(Marked)
@lines.register(Recent)
@lines.register(Signal)
@lines.register(Retracted)
def _(event: Kept | Marked | Recent | Signal | Retracted, here: str | None) -> Iterable[str]:
    return ()  # for programs only


@lines.register
def _(event: Missed, here: str | None) -> Iterable[str]:
    yield (
        "* Your connection was slow, so some join and leave"
        " notices were skipped. To see who is here: /who"
    )


@lines.register
def _(event: Asked, here: str | None) -> Iterable[str]:
    yield from (f"* {number:3}  {name}" for number, name in enumerate(event.choices, 1))
    yield event.text if event.question == "name" else f"* {event.text}"


@lines.register
def _(event: Talking, here: str | None) -> Iterable[str]:
    if event.to:
        yield f"* Your messages now go only to {event.to}. To talk to the room again: /to all"
    elif event.room:
        yield f"* You are in {event.room}. Your messages go to everybody there."
    else:
        yield "* You are not in a room. To join one: /join #lobby"


@part_lines.register
def _(event: People, here: str | None, part: Part) -> Iterable[str]:
    if part.begins:
        where = f"In {event.room}" if event.room else "Found"
        yield f"* {where}: {counted(event.count, 'person', 'people')}"
    for person in _listed(event.people, part):
        yield f"*   {person.name:15} {_presence(person)}"
    if part.ends and event.count > _LISTED:
        yield f"*   and {counted(event.count - _LISTED, 'other')}"


@part_lines.register
def _(event: Departed, here: str | None, part: Part) -> Iterable[str]:
    for person in event.people:
        realname = f", {person.realname}" if person.realname else ""
        account = f", registered as {person.account}" if person.account else ""
        yield f"* {person.name}{realname}{account}: last seen {clock(person.time)}"


@lines.register
def _(event: Online, here: str | None) -> Iterable[str]:
    yield f"* {_are(event.names)} online."


@lines.register
def _(event: Offline, here: str | None) -> Iterable[str]:
    yield f"* {_are(event.names)} offline."


def _are(names: tuple[str, ...]) -> str:
    return f"{listing(names)} {'is' if len(names) == 1 else 'are'}"


@lines.register
def _(event: Watching, here: str | None) -> Iterable[str]:
    if event.left_out:
        yield f"* Your watch list is full. Not added: {listing(event.left_out)}."
    if event.online:
        yield f"* Watching {listing(event.online)} (online)."
    if event.offline:
        yield f"* Watching {listing(event.offline)} (offline)."
    if event == Watching():
        yield "* Your watch list is empty. To be notified when bob joins or leaves: /watch bob"


@lines.register
def _(event: Person, here: str | None) -> Iterable[str]:
    rooms = f", in {listing(event.rooms)}" if event.rooms else ""
    where = f", from {listing(event.addresses)}" if event.addresses else ""
    account = "" if event.account in (None, event.name) else f", registered as {event.account}"
    yield f"* {event.name}: {_presence(event)}{account}{rooms}{where}"


def _presence(person: Person) -> str:
    away = f", away: {person.away}" if person.away is not None else ""
    idle = f", idle {_span(person.idle)}" if person.idle >= 60 else ""
    role = f"{person.role}, " if person.role else ""
    at = f", at {listing(person.nodes)}" if person.nodes else ""
    return f"{role}online since {clock(person.since)}{idle}{away}{at}"


def _span(seconds: float) -> str:
    minutes = int(seconds) // 60
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 1440:
        return f"{minutes // 60} h {minutes % 60} min"
    return counted(minutes // 1440, "day")


@part_lines.register
def _(event: Rooms, here: str | None, part: Part) -> Iterable[str]:
    for place in _listed(event.rooms, part):
        topic = f"  {place.topic}" if place.topic else ""
        people, said = (
            counted(place.count, "person", "people"),
            counted(place.last, "message"),
        )
        yield f"* {place.room:15} {people}, {said}{topic}"
    if part.ends and event.count > _LISTED:
        yield f"* and {event.count - _LISTED} more"


def _listed(entries: tuple[T, ...], part: Part) -> tuple[T, ...]:
    """Return the entries of a list's portion that text users are shown."""
    return entries[: max(0, _LISTED - part.start)]


@part_lines.register
def _(event: History, here: str | None, part: Part) -> Iterable[str]:
    if part.begins and not event.lines:
        yield f"* No earlier messages in {event.room}."
    for line in event.lines:
        yield f"{line.number:>5} {said(line, event.room != here)}"


@part_lines.register
def _(event: Found, here: str | None, part: Part) -> Iterable[str]:
    if part.begins and not event.lines:
        yield f"* No results for {event.query}"
    for line in event.lines:
        yield f"{line.number:>5} {said(line, elsewhere=True)}"
    if part.ends and event.more:
        yield "* To see older results: /search"
    if part.ends and event.unfinished:
        yield "* Older messages are still being indexed. Try again in a few minutes."


@lines.register
def _(event: Clock, here: str | None) -> Iterable[str]:
    yield f"* It is {there(event)}."


def there(event: Clock) -> str:
    """Return the server's local time, with its zone."""
    hours, minutes = divmod(abs(event.offset) // 60, 60)
    sign = "-" if event.offset < 0 else "+"
    moment = time.strftime("%A, %Y-%m-%d %H:%M:%S", time.gmtime(event.time + event.offset))
    return f"{moment} {event.zone} (UTC{sign}{hours:02}:{minutes:02})"


@lines.register
def _(event: Stats, here: str | None) -> Iterable[str]:
    if not event.people:
        yield f"* No messages in {event.room} yet."
    for tally in event.people:
        size = counted(tally.bytes, "byte")
        yield f"*   {tally.name:15} {counted(tally.lines, 'message')}, {size}"


@lines.register
def _(event: Help, here: str | None) -> Iterable[str]:
    if len(event.commands) == 1:
        (about,) = event.commands
        yield f"* {about.usage}: {about.help}"
        if about.aliases:
            yield f"*   also: {', '.join(about.aliases)}"
        if about.example:
            yield f"*   for example: {about.example}"
        return
    for topic, about_it in groupby(event.commands, lambda about: about.topic):
        usages = ", ".join(about.usage.replace(" ", _STAYS) for about in about_it)
        yield from _columns(f"{topic}:", usages)
    yield "* Everything else you type is sent as a message. To send /word, type //word."
    yield "* To learn about a command: /help command"


def _columns(first: str, rest: str) -> Iterable[str]:
    """Format two columns for a terminal; what is too long for the second continues below."""
    for piece in wrap(rest, _WIDTH - 15, break_long_words=False, break_on_hyphens=False):
        yield f"* {first:12} {piece.replace(_STAYS, ' ')}"
        first = ""


@lines.register
def _(event: Ignoring, here: str | None) -> Iterable[str]:
    yield f"* You ignore {listing(event.names)}." if event.names else "* Your ignore list is empty."


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
        "wrong-password": "" if here else " Try again:",
        "bad-name": "" if here else " Choose another name:",
    }
    if event.suggestion is None:
        yield f"* {event.text}{ways_on.get(event.code, '')}"
    elif event.code == "registered":
        yield f"* {event.text} If it is yours, type your password. {_or_else(event.suggestion)}"
    elif event.code == "wrong-password":
        yield f"* {event.text} Try again, or press Enter to join as {event.suggestion}."
    elif event.code == "too-many-attempts":
        yield f"* {event.text} {_or_else(event.suggestion)}"
    else:
        yield f"* {event.text} Press Enter to join as {event.suggestion}, or type another name."


def _or_else(name: str) -> str:
    return f"Otherwise, press Enter to join as {name}, or type: /name another"
