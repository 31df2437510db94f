"""The commands: one function is one command.  No wire syntax, no state, no rules of the hub's."""

from __future__ import annotations

import time as local
from dataclasses import replace

from chatsvc.dispatch import NAMES, TABLE, Answer, command, refuse, run
from chatsvc.events import (
    Asked,
    Cleared,
    Clock,
    Event,
    Help,
    History,
    Ignoring,
    Notice,
    People,
    Pong,
    Refused,
    Rooms,
    Stats,
    Talking,
    Topic,
)
from chatsvc.hub import FIRST_ROOM, Hub
from chatsvc.room import Room
from chatsvc.rules import key, room_name
from chatsvc.session import Session

__all__ = ["refuse", "run"]

PEOPLE = 500  # listed at once
LINES = 500  # of history given at once
TALLIES = 20

# Coming and going


@command("name [name]", anybody=True)
def name(hub: Hub, session: Session, name: str = "", tag: str | None = None) -> Answer:
    """The answer to the greeting: a person is let in, and into the first room."""
    _check_unnamed(session)
    return _let_in(hub, session, name, None, tag)


@command("password password", anybody=True)
def password(hub: Hub, session: Session, password: str, tag: str | None = None) -> Answer:
    """The answer to the question for the chat's password."""
    _check_unnamed(session)
    return _let_in(hub, session, session.door or "", password, tag)


def _let_in(hub: Hub, session: Session, name: str, password: str | None, tag: str | None) -> Answer:
    try:
        welcome = hub.hello(session, name, password, None)
    except Refused as refused:
        asks_password = refused.code in ("password-needed", "wrong-password")
        session.question = "password" if asks_password else "name"
        session.suggestion = refused.suggestion
        raise
    entered = hub.enter(session, FIRST_ROOM, None, None)
    session.tell(replace(welcome, entered=entered), tag)
    _read_on(session)
    return None


@command("hello", anybody=True)
def hello(
    hub: Hub,
    session: Session,
    name: str = "",
    client: str | None = None,
    password: str | None = None,
    version: int = 1,
) -> Answer:
    """How a program begins; it enters rooms by itself."""
    _check_unnamed(session)
    if version != 1:
        raise Refused("version", "This server speaks version 1 of the protocol.")
    return hub.hello(session, name, password, client)


def _check_unnamed(session: Session) -> None:
    if session.user:
        raise Refused("known", f"You are {session.name} already. To change that: /nick name")


@command("empty", anybody=True)
def empty(hub: Hub, session: Session, tag: str | None = None) -> Answer:
    """An empty line, which means goodbye where the service says so."""
    if hub.settings.leave_on_empty_line:
        hub.quit(session, "", tag)
        return None
    return Pong() if tag else None


@command("ping", anybody=True)
def ping(hub: Hub, session: Session) -> Answer:
    return Pong()


@command(
    "help [command]",
    help="what one can do here, or how one command goes",
    example="/help msg",
    anybody=True,
)
def help(hub: Hub, session: Session, command: str | None = None) -> Answer:
    if command is None:
        return Help(tuple(row.about for row in TABLE.values() if row.about.help))
    row = TABLE.get(NAMES.get(command.lstrip("/!\\").lower(), ""))
    if row is None or not row.about.help:
        raise Refused("unknown", f"There is no command {command}. /help lists them.")
    return Help((row.about,))


# Talking


@command("say text")
def say(
    hub: Hub, session: Session, text: str, room: str | None = None, tag: str | None = None
) -> Answer:
    return _say(hub, session, text, room, False, tag)


@command("me text", help="says what one does", example="/me makes tea")
def me(
    hub: Hub, session: Session, text: str, room: str | None = None, tag: str | None = None
) -> Answer:
    return _say(hub, session, text, room, True, tag)


def _say(
    hub: Hub, session: Session, text: str, room: str | None, action: bool, tag: str | None
) -> Event | None:
    target = session.target
    if room is None and target is not None:
        if target not in hub.seats:
            raise Refused(
                "no-such-person",
                f"{target.name} has left; it was not sent. To talk to everybody again: /to all",
            )
        return hub.tell(session, target, text, action)
    hub.say(session, hub.room_of(session, room), text, action, tag)
    return None


@command(
    "msg name text",
    "w whisper private tell",
    "says something only one person sees",
    "/msg bob the code is 4711",
)
def msg(hub: Hub, session: Session, name: str, text: str, action: bool = False) -> Answer:
    return hub.tell(session, hub.find(name), text, action)


@command("reply text", "r", "answers who whispered last", "/reply thanks")
def reply(hub: Hub, session: Session, text: str) -> Answer:
    if session.whispered is None:
        raise Refused("nobody", "Nobody has whispered to you yet.")
    if session.whispered not in hub.seats:
        raise Refused("no-such-person", f"{session.whispered.name} has left; it was not sent.")
    return hub.tell(session, session.whispered, text)


@command(
    "to [who]",
    help="talks to one person only, or to all again",
    example="/to bob",
)
def to(hub: Hub, session: Session, who: str | None = None) -> Answer:
    if who is None and session.question != "to":
        return _ask_to_whom(hub, session)
    session.question, choices = None, session.choices
    session.choices = ()
    if who is None:
        return _talking(session)
    numbered = who.isdecimal() and len(who) < 9 and 0 < int(who) <= len(choices)
    if numbered and key(who) not in hub.users:
        who = choices[int(who) - 1]
    if who.startswith("#"):
        return room(hub, session, who)
    session.target = None if key(who) == "all" else hub.find(who)
    return _talking(session)


def _ask_to_whom(hub: Hub, session: Session) -> Event:
    here = hub.room_of(session, None)
    others = [member.name for member in here.members if member is not session]
    if not others:
        return Notice("Nobody else is here to talk to.")
    session.choices = tuple(others[:PEOPLE])
    session.question = "to"
    return Asked("to", "To whom? (a number, a name, or all)", session.choices)


def _talking(session: Session) -> Talking:
    here = session.here.name if session.here else None
    return Talking(here, session.target.name if session.target else None)


# Rooms


@command("join room", "enter j", "enters a room, and makes it when there is none", "/join #tea")
def join(
    hub: Hub,
    session: Session,
    room: str,
    after: int | None = None,
    last: int | None = None,
    tag: str | None = None,
) -> Answer:
    session.tell(hub.enter(session, room, after, last), tag)
    _read_on(session)
    return None


def _read_on(session: Session) -> None:
    assert session.here is not None
    session.here.catch_up(session)


@command("leave [room]", "part", "leaves a room", "/leave #tea")
def leave(hub: Hub, session: Session, room: str | None = None) -> Answer:
    return hub.exit(session, hub.room_of(session, room))


@command("room [name]", help="talks in another of one's rooms", example="/room #lobby")
def room(hub: Hub, session: Session, name: str | None = None) -> Answer:
    session.here, session.target = hub.room_of(session, name), None
    return _talking(session)


@command("rooms", help="lists the rooms")
def rooms(hub: Hub, session: Session) -> Answer:
    places = hub.places()
    return Rooms(places[:PEOPLE], len(places))


@command("topic [text]", help="shows or changes what the room is about", example="/topic tea at 5")
def topic(hub: Hub, session: Session, text: str | None = None, room: str | None = None) -> Answer:
    here = hub.room_of(session, room)
    if text is not None:
        return hub.set_topic(session, here, text)
    return replace(here.topic or Topic(here.name, "", "", 0.0), changed=False)


@command("who [room]", "clients list names", "lists the people in a room", "/who #tea")
def who(hub: Hub, session: Session, room: str | None = None, after: str | None = None) -> Answer:
    here = _known_room(hub, session, room)
    users = sorted((s.user for s in here.members if s.user), key=lambda user: user.key)
    if after is not None:
        users = [user for user in users if user.key > key(after)]
    return People(here.name, tuple(map(hub.person, users[:PEOPLE])), len(here.members))


def _known_room(hub: Hub, session: Session, name: str | None) -> Room:
    """Any room that there is: one need not be in it."""
    if name is None:
        return hub.room_of(session, None)
    found = hub.rooms.get(key(room_name(name)))
    if found is None:
        raise Refused("no-such-room", f"There is no room {room_name(name)}. /rooms lists them.")
    return found


@command("history [n] [room]", help="shows earlier lines", example="/history 50", settled=True)
async def history(
    hub: Hub,
    session: Session,
    n: int = 20,
    room: str | None = None,
    before: int | None = None,
) -> Event:
    here = hub.room_of(session, room)
    wanted = min(max(n, 1), LINES)
    end = here.last + 1 if before is None else min(before, here.last + 1)
    lines = await hub.archive.read_back(here.name, end, wanted + 1)
    shown = [line for line in lines[-wanted:] if not session.hides(line)]
    return History(here.name, tuple(shown), len(lines) > wanted)


@command("stats [room]", help="shows who has said how much in a room", settled=True)
async def stats(hub: Hub, session: Session, room: str | None = None) -> Event:
    here = hub.room_of(session, room)
    return Stats(here.name, tuple(await hub.archive.tallies(here.name, TALLIES)))


# People


@command("whois name", help="shows since when somebody is here, and where", example="/whois bob")
def whois(hub: Hub, session: Session, name: str) -> Answer:
    return hub.person(hub.find(name), rooms=True)


@command("nick name", "rename", "changes one's name", "/nick anna")
def nick(hub: Hub, session: Session, name: str) -> Answer:
    try:
        return hub.rename(session, name)
    except Refused as refused:
        free = f" {refused.suggestion} is free." if refused.suggestion else ""
        raise Refused(refused.code, refused.text + free) from None


@command("away [reason]", help="says that one is away", example="/away lunch")
def away(hub: Hub, session: Session, reason: str = "") -> Answer:
    return hub.set_away(session, reason or "away")


@command("back", help="says that one is back")
def back(hub: Hub, session: Session) -> Answer:
    return hub.set_away(session, None)


@command(
    "ignore [name]",
    help="hides somebody's lines, or lists whom",
    example="/ignore eve",
)
def ignore(hub: Hub, session: Session, name: str | None = None) -> Answer:
    user = session.user
    assert user is not None
    if name is not None:
        hub.ignore(user, name)
    return _ignoring(session)


@command("unignore name", help="shows somebody's lines again", example="/unignore eve")
def unignore(hub: Hub, session: Session, name: str) -> Answer:
    if not session.ignores(name):
        raise Refused("no-such-person", f"You do not ignore {name}.")
    user = session.user
    if user is not None and user.ignores:
        del user.ignores[key(name)]
    return _ignoring(session)


def _ignoring(session: Session) -> Ignoring:
    assert session.user is not None
    return Ignoring(tuple((session.user.ignores or {}).values()))


# The rest


@command("time", help="shows the server's time and its zone")
def time(hub: Hub, session: Session) -> Answer:
    now = hub.clock.seconds()
    there = local.localtime(now)
    return Clock(now, there.tm_zone, there.tm_gmtoff)


@command("clear", help="clears the screen")
def clear(hub: Hub, session: Session) -> Answer:
    return Cleared()


@command(
    "quit [words]",
    "exit q! bye",
    "says goodbye, and leaves",
    "/quit see you tomorrow",
    anybody=True,
)
def quit(hub: Hub, session: Session, words: str = "", tag: str | None = None) -> Answer:
    hub.quit(session, words, tag)
    return None
