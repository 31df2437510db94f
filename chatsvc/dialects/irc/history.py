"""Earlier lines: CHATHISTORY (IRCv3 "draft/chathistory")."""

from __future__ import annotations

from chatsvc.dialects.irc.client import Asked, Client
from chatsvc.dialects.irc.message import Message
from chatsvc.dialects.irc.table import on, told
from chatsvc.events import History


@on("CHATHISTORY", 4)
def _(client: Client, message: Message) -> None:
    verb, target, selector, limit = message.params[:4]
    number = selector.rpartition("-")[2]
    n = int(limit) if limit.isdecimal() and len(limit) < 5 else 50
    room = target if target.startswith("#") else f"@{target}"
    before = {"before": int(number)} if verb.upper() == "BEFORE" and number.isdecimal() else {}
    if verb.upper() not in ("LATEST", "BEFORE") or (verb.upper() == "BEFORE" and not before):
        client.fail("CHATHISTORY", "INVALID_PARAMS", verb, "LATEST and BEFORE are known")
    else:
        client.ask("history", room=room, n=n, **before)


@told.register
def _(event: History, client: Client, about: Asked) -> None:
    target = event.room.removeprefix("@")
    with client.batch("chathistory", target):
        for line in event.lines:
            client.line(line, target)
