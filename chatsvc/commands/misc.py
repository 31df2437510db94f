"""Other commands: help, the time, clearing the screen, and quitting."""

from __future__ import annotations

import time as local

from chatsvc.commands.registry import ROWS, Answer, Words, command, listed
from chatsvc.core.chat import Session
from chatsvc.model.requests import Refused
from chatsvc.model.server_events import Cleared, Clock, Help
from chatsvc.services.hub import Hub


@command(
    "help [command]",
    help="lists commands, or explains one",
    example="/help msg",
    anybody=True,
)
def help(hub: Hub, session: Session, command: str | None = None) -> Answer:
    """List the commands, or explain one."""
    if command is None:
        return Help(tuple(row.about for row in listed(hub, session)))
    row = ROWS[command.lstrip("/!\\")]
    if not row.about.help:
        raise Refused("unknown", f"Unknown command {command}. To list commands: /help")
    return Help((row.about,))


@command("time", help="shows the server's time and time zone")
def time(hub: Hub, session: Session) -> Answer:
    """Tell the server's time."""
    now = hub.now()
    there = local.localtime(now)
    return Clock(now, there.tm_zone, there.tm_gmtoff, hub.since)


@command("census")
def census(hub: Hub, session: Session) -> Answer:
    """Count who is online."""
    return hub.visibility.census()


@command("clear", help="clears the screen")
def clear(hub: Hub, session: Session) -> Answer:
    """Tell the client to clear its screen."""
    return Cleared()


@command(
    "quit [words]",
    "exit q! bye",
    "leaves the chat",
    "/quit see you tomorrow",
    anybody=True,
)
def quit(hub: Hub, session: Session, words: Words = "", tag: str | None = None) -> Answer:
    """End the connection."""
    hub.sessions.quit(session, words, tag)
    return None
