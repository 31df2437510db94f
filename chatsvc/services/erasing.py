"""Erasing what an account or guests have said, while everybody else goes on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from chatsvc.auth.accounts import Accounts
from chatsvc.core.chat import Room
from chatsvc.core.directory import Directory
from chatsvc.core.happenings import Happenings
from chatsvc.core.shell import shell_session
from chatsvc.model.control import SHELL
from chatsvc.model.message_events import Deleted, Said
from chatsvc.model.records import Fact
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import counted, room_name
from chatsvc.policy.permissions import may_read
from chatsvc.services.audit import Acts
from chatsvc.services.guest_messages import GuestMessages
from chatsvc.store.archive import ArchiveFailed, Start
from chatsvc.store.erasing import ErasableStore, Eraser, Erasure, Progress, pending

SHOWN = 200  # last lines of a room that are probably on screens, so that clients are told


class Erasing:
    """Erases on request, and resumes at the start what a kill has interrupted."""

    def __init__(
        self,
        directory: Directory,
        accounts: Accounts,
        guest_messages: GuestMessages,
        happenings: Happenings,
        store: ErasableStore,
        acts: Acts,
        now: Callable[[], float],
        start: Start,
    ) -> None:
        self._directory = directory
        self._accounts = accounts
        self._guest_messages = guest_messages
        self._happenings = happenings
        self._store = store
        self._acts = acts
        self._now = now
        self._start = start
        self._eraser = Eraser(store, SHELL, self._tell, lambda: self._ended)
        self._running: set[str] = set()
        self._ended = False

    def begin(self) -> None:
        """Resume what was interrupted; the archive is open."""
        for erasure in pending(self._store.records(Fact)):
            self._start(self._resume(erasure))

    def end(self) -> None:
        """Stop after the current piece; the next start resumes."""
        self._ended = True

    async def _resume(self, erasure: Erasure) -> None:
        with suppress(ArchiveFailed):  # the next start resumes
            await self._run(erasure, lambda erasure, looked: None)

    async def erase(
        self, wanted: Erasure, progress: Callable[[Erasure, int, int], None]
    ) -> Erasure:
        """Erase what an account, a removed one of exactly this name, or guests have said.

        `progress` is told how many lines of how many were looked at.
        """
        erasure = self._resolved(wanted)
        if erasure.id in self._running:
            raise Refused("busy", f"The messages of {erasure.whose} are being erased already.")
        if any(room.moving for room in self._directory.rooms.values()):
            raise Refused("busy", "A room is being renamed. Try again in a moment.")
        self._running.add(erasure.id)
        try:
            return await self._erase(erasure, progress)
        finally:
            self._running.discard(erasure.id)

    def _resolved(self, wanted: Erasure) -> Erasure:
        """Return an erasure with the names as they are stored."""
        account = None if wanted.guest else self._accounts.find(wanted.name)
        if account is not None:
            since = max(wanted.since, account.since)
            wanted = replace(wanted, name=account.name, since=since)
        if not wanted.only:
            return wanted
        room = self._directory.room(room_name(wanted.only))
        if room is None:
            raise Refused("no-such-room", f"There is no room {wanted.only}.")
        return replace(wanted, only=room.name)

    async def _erase(
        self, erasure: Erasure, progress: Callable[[Erasure, int, int], None]
    ) -> Erasure:
        what = f"erases the messages of {erasure.whose}"
        await self._acts.note(shell_session(self._now()), what, None)
        await self._store.put(erasure.fact())
        looked, of = 0, sum(self._rooms(erasure).values())

        def advance(erasure: Erasure, more: int) -> None:
            nonlocal looked
            looked += more
            progress(erasure, looked, of)

        return await self._run(erasure, advance)

    async def _run(self, erasure: Erasure, progress: Progress) -> Erasure:
        self._running.add(erasure.id)
        try:
            erasure = await self._eraser.run(erasure, self._rooms(erasure), progress)
        finally:
            self._running.discard(erasure.id)
        if self._ended:
            raise ArchiveFailed("The service is stopping. The next start continues.")
        self._happenings.erase(erasure)
        await self._happenings.save()
        passing = 0 if erasure.only else self._guest_messages.erase(erasure.includes)
        erasure = erasure.past("@", 0, passing)
        what = f"erased {counted(erasure.count, 'message')} of {erasure.whose}"
        await self._store.drop(erasure.fact())
        await self._acts.note(shell_session(self._now()), what, None)
        return erasure

    @property
    def running(self) -> bool:
        """Whether anything is being erased; no room is renamed meanwhile."""
        return bool(self._running)

    def _rooms(self, erasure: Erasure) -> dict[str, int]:
        """Return the last numbers of the rooms and conversations, by their stored names."""
        rooms = [*self._directory.rooms.values(), *self._directory.conversations.values()]
        return {room.name: room.last for room in rooms if erasure.only in ("", room.name)}

    def _tell(self, lines: list[Said]) -> None:
        """Tell the clients in a room which of its last lines are gone."""
        room = self._room(lines[0].room)
        if room is None:
            return
        for line in lines:
            if line.number > room.last - SHOWN and not line.deleted:
                self._tell_members(room, line)

    def _room(self, name: str) -> Room | None:
        conversations: dict[str, Room] = {**self._directory.conversations}
        rooms = {room.name: room for room in self._directory.rooms.values()}
        return conversations.get(name) or rooms.get(name)

    def _tell_members(self, room: Room, line: Said) -> None:
        for each in room.members:
            if may_read(each, room, line):
                event = Deleted(room.called(each), line.number, line.sender, SHELL)
                each.tell(event)
