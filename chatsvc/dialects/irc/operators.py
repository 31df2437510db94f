"""Server-wide commands of operators: OPER, KILL, WALLOPS."""

from __future__ import annotations

from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.message import Message, reason
from chatsvc.dialects.irc.pending import Pending
from chatsvc.dialects.irc.people import become
from chatsvc.dialects.irc.registry import on, refused, told
from chatsvc.dialects.jsonl import timestamp
from chatsvc.model.account_events import Operating
from chatsvc.model.moderation_events import Announced
from chatsvc.model.requests import Refusal

_WRONG = ("wrong-password", "no-account", "too-many-attempts", "busy")


@on("OPER", 2)
def _(client: Client, message: Message) -> None:
    name, password = message.params[:2]
    client.ask("oper", Pending("OPER", (name,)), name=name, password=password)


@told.register
def _(event: Operating, client: Client, about: Pending) -> None:
    become(client, event.name)
    client.account, client.operator = event.account, True
    client.reply("YOUREOPER")
    client.send("MODE", client.nick, "+o", by=client.nick)


@refused("OPER")
def _(event: Refusal, client: Client, about: Pending) -> None:
    client.reply("PASSWDMISMATCH" if event.code in _WRONG else "NOOPERHOST", event.text)


@on("KILL", 2)
def _(client: Client, message: Message) -> None:
    name, words = message.params[:2]
    client.ask("kill", Pending("KILL", (name,)), name=name, reason=reason(words))


@on("WALLOPS", 1)
def _(client: Client, message: Message) -> None:
    client.ask("announce", Pending("WALLOPS"), text=message.params[0], wallops=True)


@told.register
def _(event: Announced, client: Client, about: Pending) -> None:
    """Send a notice to everybody on the server, if the target says so (RFC 2812, 3.3.1).

    WALLOPS goes only to users with the mode +w (RFC 2812, 4.7).
    """
    source, when = client.mask(event.by), {"time": timestamp(event.time)}
    if not event.wallops:
        client.notice(event.text, source, "$*", tags=when)
    elif client.wallops:
        client.send("WALLOPS", event.text, by=event.by, tags=when)
