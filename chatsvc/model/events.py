"""Every event in a chat, as frozen values.  No behaviour, no input or output.

Services create events, dialects write them..  Each subject's module defines its own and lists them;
`WIRE` is the name that programs know an event by..  Times are seconds since the epoch.
"""

from __future__ import annotations

from typing import TypeAlias

from chatsvc.model.account_events import AccountEvent
from chatsvc.model.administration_events import AdministrationEvent
from chatsvc.model.history_events import HistoryEvent
from chatsvc.model.message_events import MessageEvent
from chatsvc.model.metadata_events import MetadataEvent
from chatsvc.model.moderation_events import ModerationEvent
from chatsvc.model.presence_events import PresenceEvent
from chatsvc.model.requests import Refusal
from chatsvc.model.room_events import RoomEvent
from chatsvc.model.server_events import ServerEvent

Event: TypeAlias = (
    MessageEvent
    | HistoryEvent
    | RoomEvent
    | AccountEvent
    | ModerationEvent
    | PresenceEvent
    | MetadataEvent
    | ServerEvent
    | AdministrationEvent
    | Refusal
)
