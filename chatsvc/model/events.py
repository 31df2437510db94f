"""Every event: what happens in a chat, as frozen values.  No behaviour, no input or output.

Services make events, dialects write them.  Each subject's module defines its own and lists them;
`WIRE` is the name that programs know an event by.  Times are seconds since the epoch.
"""

from __future__ import annotations

from typing import TypeAlias

from chatsvc.model.account_events import AccountEvent
from chatsvc.model.history_events import Found, History, HistoryEvent, Part
from chatsvc.model.message_events import MessageEvent, Said
from chatsvc.model.moderation_events import ModerationEvent
from chatsvc.model.presence_events import PresenceEvent
from chatsvc.model.requests import Refusal, Refused, Request
from chatsvc.model.room_events import Entered, Joined, Left, RoomEvent, Talking, Topic
from chatsvc.model.server_events import Asked, Goodbye, Notice, ServerEvent, Welcome

__all__ = [  # what transports, core.chat and the client's connection import from here
    "Asked",
    "Entered",
    "Event",
    "Found",
    "Goodbye",
    "History",
    "Joined",
    "Left",
    "Notice",
    "Part",
    "Refusal",
    "Refused",
    "Request",
    "Said",
    "Talking",
    "Topic",
    "Welcome",
]

Event: TypeAlias = (
    MessageEvent
    | HistoryEvent
    | RoomEvent
    | AccountEvent
    | ModerationEvent
    | PresenceEvent
    | ServerEvent
    | Refusal
)
