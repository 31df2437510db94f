"""The time, an empty screen, and goodbye."""

from __future__ import annotations

import time as local

from chatsvc.dispatch import Answer, command
from chatsvc.events import Cleared, Clock
from chatsvc.hub import Hub
from chatsvc.session import Session


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
