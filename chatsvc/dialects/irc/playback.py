"""Events in history, for clients that request them (IRCv3 "chathistory", "event-playback")."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.pending import NOTHING
from chatsvc.dialects.irc.registry import told
from chatsvc.dialects.irc.renaming import tell_earlier
from chatsvc.model.happened import Happened, Noted
from chatsvc.model.message_events import Signal
from chatsvc.model.room_events import Joined, Moved, Role, Rule

CAPABILITIES = frozenset(("draft/event-playback", "batch"))


def wants_events(client: Client) -> bool:
    """Return whether a client can tell events in history from new ones: only in a batch."""
    return client.capabilities >= CAPABILITIES


def play(client: Client, events: Iterable[Happened], other: str) -> None:
    """Write events as they were told; `other` is the target of a page."""
    before = client.quit
    for happened in events:
        client.quit = ""
        if isinstance(happened.event, Moved):
            tell_earlier(client, happened.event, other)
        else:
            told(_as_told(client, happened.event, other), client, NOTHING)
    client.quit = before


def _as_told(client: Client, event: Noted, other: str) -> Noted:
    if isinstance(event, Joined):
        return replace(event, roles=())  # modes that follow from it are not events of their own
    if isinstance(event, Rule | Role):
        return replace(event, more=False)  # each has an id of its own
    if isinstance(event, Signal) and not other.startswith("#"):
        to_me = event.stamp is not None and event.stamp.account != client.account
        return replace(event, to=client.nick if to_me else other)
    return event
