"""The topics of rooms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chatsvc.core.chat import Room, Session
from chatsvc.core.timer import Timer
from chatsvc.model.room_events import Topic
from chatsvc.model.text_rules import check_words
from chatsvc.policy.bans import BanList
from chatsvc.policy.permissions import check_topic
from chatsvc.store.archive import RoomStore


class Topics:
    """Sets topics."""

    def __init__(
        self,
        store: RoomStore,
        bans: BanList,
        clock: Timer,
        now: Callable[[], float],
    ) -> None:
        self._store = store
        self._bans = bans
        self._clock = clock
        self._now = now

    async def set(self, session: Session, room: Room, text: str) -> Topic:
        """Set the topic of a room, and tell everybody in it."""
        check_words(text)
        mute = self._bans.silencing(session, room)
        if mute is not None and not mute.quietly:
            raise self._bans.refusal(mute)
        check_topic(session.person, room, self._clock.seconds())
        topic = Topic(room.name, text, session.name, round(self._now(), 3))
        if mute is not None:  # who must not notice it
            return topic
        room.used = True
        await self._store.set_topic(room.name, text, topic.by, topic.time)
        topic = replace(topic, room=room.name)  # which may have changed meanwhile
        room.topic = topic
        return room.announce(topic, but=session)
