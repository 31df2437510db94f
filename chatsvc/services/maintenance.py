"""Regular maintenance: remove old lines and expired bans, load changes by other processes."""

from __future__ import annotations

from chatsvc.auth.accounts import Accounts
from chatsvc.auth.sign_ins import SignIns
from chatsvc.core.happenings import Happenings
from chatsvc.core.membership import Membership
from chatsvc.core.timer import Timer
from chatsvc.policy.bans import BanList
from chatsvc.services.account_sessions import AccountSessions
from chatsvc.services.banning import Banning
from chatsvc.services.joining import Joining
from chatsvc.services.metadata import MetadataService
from chatsvc.services.presence import Presence
from chatsvc.services.refusals import Refusals
from chatsvc.services.retention import Retention
from chatsvc.services.room_removal import RoomRemoval
from chatsvc.store.archive import ArchiveFailed, Checkpointed, Scrubbable, Start

OFTEN = 2.0  # seconds between checks for changes by another process
SETTLED = 5  # checks between two checkpoints
SELDOM = 30  # checks between two cleanups
IDLE = 10.0  # seconds between checks whether there is anything to scrub
SCRUBBED = 3600.0  # seconds from the end of one pass over the files to the next
BREATH = 0.05  # seconds between two pieces of a pass; `CROWDED` while many talk
CROWDED = 1.0


class Maintenance:
    """Runs until it is ended."""

    def __init__(
        self,
        accounts: Accounts,
        membership: Membership,
        bans: BanList,
        banning: Banning,
        account_sessions: AccountSessions,
        joining: Joining,
        room_removal: RoomRemoval,
        presence: Presence,
        metadata: MetadataService,
        refusals: Refusals,
        happenings: Happenings,
        sign_ins: SignIns,
        retention: Retention,
        store: Checkpointed,
        clock: Timer,
        start: Start,
    ) -> None:
        self._accounts = accounts
        self._membership = membership
        self._bans = bans
        self._banning = banning
        self._account_sessions = account_sessions
        self._joining = joining
        self._room_removal = room_removal
        self._presence = presence
        self._metadata = metadata
        self._refusals = refusals
        self._happenings = happenings
        self._sign_ins = sign_ins
        self._retention = retention
        self._store = store
        self._clock = clock
        self._start = start
        self._round = 0
        self._ended = False

    def begin(self) -> None:
        """Schedule the next check."""
        self._clock.callLater(OFTEN, self._again)

    def end(self) -> None:
        """Stop."""
        self._ended = True

    def _again(self) -> None:
        if not self._ended:
            self._round += 1
            self._start(self._work())

    async def _work(self) -> None:
        try:
            await self._accounts.refresh()
            await self._happenings.save()
            if self._round == 1:
                await self._retention.apply()  # the options may be new
            if self._round % SETTLED == 0:
                await self._store.checkpoint()
            if self._round % SELDOM == 0:
                await self.tidy_up()
        except ArchiveFailed:
            pass  # retried; users who send something meanwhile are told what is wrong
        finally:
            self.begin()

    async def tidy_up(self) -> None:
        """Remove what has expired, and save the read positions."""
        self._refusals.summarize()
        self._account_sessions.forget_removed()
        await self._metadata.forget_removed()
        self._joining.note_what_is_read()
        await self._membership.save()
        await self._sign_ins.forget_removed(self._accounts.get)
        await self._sign_ins.save()
        await self._banning.forget_past()
        await self._bans.save()
        self._presence.reveal_unmuted()
        await self._room_removal.remove_empty()
        await self._retention.apply()


class Scrubbing:
    """Overwrites what deleted lines leave in the files, in pieces, until it is ended.

    However many lines are deleted, a pass over the files begins at most once an hour.
    """

    def __init__(
        self,
        store: Scrubbable,
        clock: Timer,
        start: Start,
    ) -> None:
        self._store = store
        self._clock = clock
        self._start = start
        self._ended = False
        self._scrubbing = False
        self._next_pass = 0.0

    def begin(self) -> None:
        """Schedule the next check."""
        self._later(IDLE)

    def end(self) -> None:
        """Stop."""
        self._ended = True

    def _later(self, delay: float) -> None:
        self._clock.callLater(delay, self._again)

    def _again(self) -> None:
        if not self._ended:
            self._start(self._work())

    async def _work(self) -> None:
        more = False
        try:
            if self._clock.seconds() >= self._next_pass:
                more = await self._store.scrub()
        except ArchiveFailed:
            pass  # a new pass begins later
        finally:
            self._go_on(more)

    def _go_on(self, more: bool) -> None:
        if more:
            self._scrubbing = True
            self._later(CROWDED if self._store.waiting else BREATH)
            return
        if self._scrubbing:
            self._scrubbing = False
            self._next_pass = self._clock.seconds() + SCRUBBED
        self._later(IDLE)
