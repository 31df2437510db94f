"""Watching who comes online and goes offline: MONITOR (IRCv3 "Monitor", "extended-monitor")."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from chatsvc.dialects.irc import metadata
from chatsvc.dialects.irc.capabilities import MOST_MONITORED
from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.message import Message
from chatsvc.dialects.irc.pending import Pending
from chatsvc.dialects.irc.registry import in_words, on, refused, told
from chatsvc.model.presence_events import Offline, Online, Watching
from chatsvc.model.requests import Refusal

EXTENDED = "extended-monitor"


def attend(client: Client) -> None:
    """Let the chat know that the client has enabled the capability, or has disabled it."""
    client.ask("watch", Pending("MONITOR"), closely=EXTENDED in client.capabilities)


@on("MONITOR", 1)
def _(client: Client, message: Message) -> None:
    verb = message.params[0].upper()
    names = {"names": message.params[1].replace(",", " ")} if len(message.params) > 1 else {}
    about = Pending("MONITOR", (verb, *message.params[1:2]))
    if verb == "+" and names:
        client.ask("watch", about, closely=EXTENDED in client.capabilities, **names)
    elif verb in ("L", "S"):
        client.ask("watch", about)
    elif verb == "C" or (verb == "-" and names):
        client.ask("unwatch", about, **(names if verb == "-" else {}))
    else:
        client.reply("NEEDMOREPARAMS", "MONITOR")


@refused("MONITOR")
def _(event: Refusal, client: Client, about: Pending) -> None:
    client.reply("ERRONEUSNICKNAME", about.param(1), event.text)


@told.register
def _(event: Watching, client: Client, about: Pending) -> None:
    if about.command != "MONITOR":
        in_words(client, event)
    elif about.first == "L":
        client.replies("MONLIST", items=[*event.online, *event.offline], by=",")
        client.reply("ENDOFMONLIST")
    elif about.first in ("+", "S"):
        _online(client, event.online)
        _offline(client, event.offline)
        if event.left_out:
            client.replies("MONLISTFULL", MOST_MONITORED, items=event.left_out, by=",")


@told.register
def _(event: Online, client: Client, about: Pending) -> None:
    _online(client, event.names)


@told.register
def _(event: Offline, client: Client, about: Pending) -> None:
    _offline(client, event.names)


def _online(client: Client, names: Collection[str]) -> None:
    client.replies("MONONLINE", items=list(map(client.mask, names)), by=",")
    for name in names:
        metadata.sync(client, name)


def _offline(client: Client, names: Iterable[str]) -> None:
    client.replies("MONOFFLINE", items=list(names), by=",")
