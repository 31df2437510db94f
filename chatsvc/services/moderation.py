"""Moderation by operators and moderators, besides bans: removals, deletions, announcements."""

from __future__ import annotations

from dataclasses import replace

from chatsvc.core.chat import Room, Session, User
from chatsvc.core.directory import Directory
from chatsvc.model.batch import Shared
from chatsvc.model.events import Event
from chatsvc.model.moderation_events import (
    Announced,
    Lockdown,
    Removed,
)
from chatsvc.model.records import Fact
from chatsvc.model.requests import Refused
from chatsvc.model.server_events import Goodbye, Notice
from chatsvc.model.text_rules import check_words
from chatsvc.policy.bans import (
    BanList,
)
from chatsvc.policy.lockdown import LockdownSwitch
from chatsvc.policy.permissions import check_may_kick
from chatsvc.services.audit import Acts, because, signed
from chatsvc.services.joining import Joining
from chatsvc.services.reports import Inbox
from chatsvc.services.sessions import Sessions
from chatsvc.store.archive import Records

LOCKDOWN = "lockdown"
MOST_NAMED = 100  # other users named as affected by a way to ban somebody


class Moderation:
    """The actions, each of which is logged for `/audit`."""

    def __init__(
        self,
        directory: Directory,
        sessions: Sessions,
        joining: Joining,
        bans: BanList,
        records: Records,
        acts: Acts,
        reports: Inbox,
        lockdown: LockdownSwitch,
    ) -> None:
        self._directory = directory
        self._sessions = sessions
        self._joining = joining
        self._bans = bans
        self._records = records
        self._acts = acts
        self._reports = reports
        self._lockdown = lockdown

    def open(self) -> None:
        """Load the state; the archive is open."""
        self._reports.open()
        facts = {fact.name: fact.value for fact in self._records.records(Fact)}
        self._lockdown.on = facts.get(LOCKDOWN) == "on"

    def greet(self, session: Session) -> None:
        """Tell an operator who joins what there is to know."""
        if not session.person.operator:
            return
        if self._lockdown.on:
            session.tell(
                Notice("Lockdown is on: only registered users can join. To end it: /lockdown off")
            )
        if self._reports:
            session.tell(self._reports.last())

    # Removing users

    async def kick(self, session: Session, user: User, room: Room | None, reason: str) -> Removed:
        """Remove a user from a room, or (None) from the server; they may rejoin."""
        reason = self.reason(session, room, reason)
        check_may_kick(session.person, user, room)
        if room is not None and user not in room.people:
            raise Refused("absent", f"{user.name} is not in {room.name}.")
        await self._acts.note(session, f"kicked {signed(user)}{because(reason)}", room)
        removed = Removed(room.name if room else "", user.name, session.name, reason)
        return self.put_out(user, room, session, reason) or removed

    def reason(self, session: Session, room: Room | None, reason: str) -> str:
        """Return the given reason; none if a user is muted on the whole server."""
        check_words(reason)
        return "" if self._bans.silences(session.person, room) else reason

    def put_out(self, user: User, room: Room | None, by: Session, reason: str) -> Removed | None:
        """Remove a user who is still online; return what a room was told."""
        if room is None:
            self._put_off_the_server(user, by, reason)
        elif user in room.people:
            return self._put_out_of_room(user, room, by, reason)
        return None

    def empty(self, room: Room, by: Session, reason: str) -> None:
        """Remove everybody from a room."""
        for user in list(room.people):
            answer = self._put_out_of_room(user, room, by, reason)
            if answer.own:
                by.tell(answer)

    def _put_off_the_server(self, user: User, by: Session, reason: str) -> None:
        event = Removed("", user.name, by.name, reason, own=True)
        for session in list(user.sessions):
            session.tell(event)
            session.tell(
                Goodbye(f"{by.name} removed you from the server{because(reason)}.", final=True)
            )
            session.farewell, session.removed_by = True, (by.name, reason)
            session.close()
            self._sessions.leave(session, f"removed by {by.name}{because(reason)}")

    def _put_out_of_room(self, user: User, room: Room, by: Session, reason: str) -> Removed:
        """Remove a user and tell everybody but `by`; return what `by` is told."""
        entry, event = self._joining, Removed(room.name, user.name, by.name, reason)
        if user.account is not None:
            entry.no_longer_inside(user.account, room, invited=False)
        entry.forget_floors(user, room)
        if by.user is not user and not by.person.operator:
            room.end_temporary_role(user, succeeded=False)
        unseen = user in room.unseen
        if not unseen:
            event = room.log.note(room, event)
        answer = event
        for session in list(user.sessions):
            room.passes.pop(session.client, None)
            room.invited.discard(session.client)
            if session in room.members:
                entry.step_out(session, room, "", told=True)
                here = session.here.name if session.here else None
                told = replace(event, own=True, here=here)
                if session is by:
                    answer = told
                else:
                    session.tell(told)
        if not unseen:
            room.announce(event, but=by)
        return answer

    # The whole server

    async def lock_down(self, session: Session, on: bool) -> Lockdown:
        """Let only registered users join, or (False) everybody again."""
        switch = "on" if on else "off"
        act = self._acts.act(session, f"turned lockdown {switch}", None)
        await self._records.put(Fact(LOCKDOWN, switch), act)
        self._lockdown.on = on
        event = Lockdown(on, session.name)
        self._tell_others(session, event)
        return event

    async def announce(self, session: Session, text: str, wallops: bool = False) -> Announced:
        """Send a message to everybody online, in any room."""
        check_words(text)
        await self._acts.note(session, f"announced: {text}", None)
        event = Announced(session.name, text, self._acts.now(), wallops)
        self._tell_others(session, event)
        return event

    def _tell_others(self, session: Session, event: Event) -> None:
        shared = Shared(event)
        for each in self._directory.clients.values():
            if each is not session:
                each.announce(shared)
