"""The hub combines directory, policy and services, opens them and closes them.

Commands and transports reach the services through it.  No service has a reference to it.
"""

from __future__ import annotations

from collections.abc import Callable
from traceback import print_exception

from chatsvc.auth.accounts import Accounts
from chatsvc.auth.passwords import Hasher
from chatsvc.auth.sign_ins import SignIns
from chatsvc.core.directory import Directory
from chatsvc.core.happenings import Happenings
from chatsvc.core.membership import Membership
from chatsvc.core.passing_ids import PassingIds
from chatsvc.core.room_log import RoomLog
from chatsvc.core.safely import Safely
from chatsvc.core.timer import Timer
from chatsvc.model.rate_limits import Limits, Window
from chatsvc.model.server_events import Goodbye
from chatsvc.policy.bans import BanList
from chatsvc.policy.lockdown import LockdownSwitch
from chatsvc.services.account_administration import AccountAdministration
from chatsvc.services.account_sessions import AccountSessions
from chatsvc.services.audit import Acts
from chatsvc.services.authentication import Authentication
from chatsvc.services.ban_targets import BanTargets
from chatsvc.services.banning import Banning
from chatsvc.services.deleting import Deleting
from chatsvc.services.erasing import Erasing
from chatsvc.services.guest_messages import GuestMessages
from chatsvc.services.history import HistoryReader
from chatsvc.services.hosting import Hosting
from chatsvc.services.joining import Joining
from chatsvc.services.login import Login
from chatsvc.services.maintenance import Maintenance, Scrubbing
from chatsvc.services.measurements import Measurements
from chatsvc.services.messaging import Messaging
from chatsvc.services.metadata import MetadataService
from chatsvc.services.moderation import Moderation
from chatsvc.services.new_rooms import NewRooms
from chatsvc.services.nicknames import Nicknames
from chatsvc.services.origins import Origins
from chatsvc.services.presence import Presence
from chatsvc.services.profiles import Profiles
from chatsvc.services.refusals import Refusals
from chatsvc.services.renaming import Renaming
from chatsvc.services.reports import Inbox
from chatsvc.services.retention import Retention
from chatsvc.services.room_administration import RoomAdministration
from chatsvc.services.room_removal import RoomRemoval
from chatsvc.services.room_roles import RoomRoles
from chatsvc.services.rooms import Rooms
from chatsvc.services.search import Search
from chatsvc.services.sessions import MOVING, Sessions
from chatsvc.services.settings import ServiceSettings
from chatsvc.services.status import Status
from chatsvc.services.subscriptions import Subscriptions
from chatsvc.services.topics import Topics
from chatsvc.services.visibility import Visibility
from chatsvc.services.watchlist import Watchlist
from chatsvc.services.whowas import Whowas
from chatsvc.store.archive import Archive, Start

_SAVED = Goodbye("The server is stopping. All messages are saved. Goodbye.")
_REFUSED = Goodbye(
    "The server is stopping. Messages that it refused are not saved; all others are. Goodbye."
)


class Hub:
    """Every service of this node."""

    def __init__(
        self,
        archive: Archive,
        clock: Timer,
        start: Start,
        hasher: Hasher,
        attempts: Window,
        settings: ServiceSettings | None = None,
        now: Callable[[], float] | None = None,
        report: Callable[[Exception], object] = print_exception,
        log: Callable[[str], object] = print,
    ) -> None:
        self.archive = archive
        self.clock = clock
        self.start = start
        self.now = now = now or clock.seconds  # the time of day, in seconds since 1970
        self.settings = settings = settings or ServiceSettings()
        safely = Safely(report)
        self.refusals = Refusals(clock, log)
        self.measurements = measurements = Measurements()
        self.directory = directory = Directory()
        self.lockdown = lockdown = LockdownSwitch()
        self.accounts = accounts = Accounts(archive, hasher, attempts, settings.accounts)
        accounts.email_required = settings.email_required
        accounts.shortest_password = settings.shortest_password
        self.sign_ins = sign_ins = SignIns(archive, now)
        self.authentication = Authentication(accounts, clock.seconds)
        self.membership = membership = Membership(archive, clock, start)
        self.bans = bans = BanList(archive, now)
        self.watchlist = watchlist = Watchlist(directory.users)
        self.whowas = whowas = Whowas()
        self.origins = Origins(directory, whowas)
        self.audit = acts = Acts(archive, now)
        self.visibility = visibility = Visibility(directory, bans, clock)
        self.subscriptions = subscriptions = Subscriptions()
        self.metadata = metadata = MetadataService(
            directory=directory, accounts=accounts, records=archive, bans=bans,
            visibility=visibility, watchlist=watchlist, subscriptions=subscriptions, clock=clock,
        )  # fmt: skip
        ids = PassingIds(now)
        self.happenings = happenings = Happenings(archive, ids, now)
        self.rooms = rooms = Rooms(
            directory=directory, lines=archive, records=archive, accounts=accounts,
            membership=membership, bans=bans, clock=clock, now=now, start=start,
            described=metadata.stored.keys(), log=RoomLog(happenings, directory.users),
        )  # fmt: skip
        self.new_rooms = new_rooms = NewRooms(directory, rooms, clock)
        guest_messages = GuestMessages()
        self.history = history = HistoryReader(
            directory=directory, lines=archive, accounts=accounts, membership=membership,
            guest_messages=guest_messages, happenings=happenings,
        )  # fmt: skip
        self.search = Search(lines=archive, history=history, clock=clock, now=now, start=start)
        self.presence = presence = Presence(
            directory=directory, bans=bans, visibility=visibility, watchlist=watchlist,
            whowas=whowas, happenings=happenings, now=now,
        )  # fmt: skip
        self.messaging = messaging = Messaging(
            directory=directory, rooms=rooms, accounts=accounts, intake=archive, bans=bans,
            visibility=visibility, guest_messages=guest_messages, ids=ids, happenings=happenings,
            clock=clock, now=now, safely=safely, measurements=measurements, log=log,
        )  # fmt: skip
        self.hosting = hosting = Hosting(
            directory=directory, membership=membership, bans=bans, records=archive, clock=clock,
            start=start,
        )  # fmt: skip
        self.joining = joining = Joining(
            directory=directory, rooms=rooms, new_rooms=new_rooms, membership=membership,
            bans=bans, history=history, hosting=hosting, happenings=happenings,
            settings=settings, now=now,
        )  # fmt: skip
        self.nicknames = nicknames = Nicknames(directory, accounts, settings)
        self.sessions = sessions = Sessions(
            directory=directory, rooms=rooms, joining=joining, membership=membership,
            messaging=messaging, presence=presence, visibility=visibility, bans=bans,
            watchlist=watchlist, subscriptions=subscriptions, nicknames=nicknames, safely=safely,
            sign_ins=sign_ins, now=now,
        )  # fmt: skip
        self.profiles = profiles = Profiles(
            directory=directory, accounts=accounts, bans=bans, nicknames=nicknames,
            presence=presence, visibility=visibility, watchlist=watchlist,
        )  # fmt: skip
        self.login = login = Login(
            directory=directory, sessions=sessions, joining=joining, messaging=messaging,
            nicknames=nicknames, bans=bans, accounts=accounts,
            authentication=self.authentication, visibility=visibility, lockdown=lockdown,
            settings=settings, clock=clock, now=now,
        )  # fmt: skip
        self.account_sessions = account_sessions = AccountSessions(
            directory=directory, sessions=sessions, login=login, joining=joining,
            hosting=hosting, presence=presence, profiles=profiles, metadata=metadata,
            nicknames=nicknames,
            membership=membership, bans=bans, accounts=accounts,
            authentication=self.authentication, clock=clock, now=now,
        )  # fmt: skip
        self.reports = reports = Inbox(directory, accounts, archive, acts)
        self.status = Status(
            directory=directory, accounts=accounts, lockdown=lockdown, reports=reports,
            store=archive, clock=clock, now=now,
        )  # fmt: skip
        self.account_administration = AccountAdministration(
            directory=directory, accounts=accounts, account_sessions=account_sessions,
            sign_ins=sign_ins, acts=acts,
        )  # fmt: skip
        self.moderation = moderation = Moderation(
            directory=directory, sessions=sessions, joining=joining, bans=bans, records=archive,
            acts=acts, reports=reports, lockdown=lockdown,
        )  # fmt: skip
        self.banning = Banning(
            directory=directory, moderation=moderation, hosting=hosting, bans=bans, acts=acts,
            targets=BanTargets(directory, accounts, whowas, now), presence=presence,
        )  # fmt: skip
        self.deleting = Deleting(
            bans=bans, lines=archive, store=archive, happenings=happenings,
            guest_messages=guest_messages, acts=acts, clock=clock,
        )  # fmt: skip
        self.room_administration = RoomAdministration(
            directory=directory, accounts=accounts, membership=membership, bans=bans,
            hosting=hosting, lines=archive, records=archive, acts=acts,
            topics=Topics(archive, bans, clock, now), visibility=visibility,
        )  # fmt: skip
        self.room_roles = RoomRoles(
            directory=directory, accounts=accounts, membership=membership, hosting=hosting,
            records=archive, acts=acts,
        )  # fmt: skip
        self.room_removal = room_removal = RoomRemoval(
            directory=directory, membership=membership, bans=bans, records=archive, store=archive,
            acts=acts, moderation=moderation, metadata=metadata, happenings=happenings,
            now=now,
        )  # fmt: skip
        self.erasing = Erasing(
            directory=directory, accounts=accounts, guest_messages=guest_messages,
            happenings=happenings, store=archive, acts=acts, now=now, start=start,
        )  # fmt: skip
        self.renaming = Renaming(
            directory=directory, new_rooms=new_rooms, membership=membership, bans=bans,
            metadata=metadata, happenings=happenings, erasing=self.erasing, store=archive,
            acts=acts, clock=clock,
        )  # fmt: skip
        self.retention = retention = Retention(
            directory=directory, store=archive, happenings=happenings,
            limits=settings.retention, clock=clock, now=now, log=log,
        )  # fmt: skip
        self.maintenance = Maintenance(
            accounts=accounts, membership=membership, bans=bans, banning=self.banning,
            account_sessions=account_sessions, joining=joining, room_removal=room_removal,
            presence=presence, metadata=metadata, happenings=happenings, sign_ins=sign_ins,
            retention=retention, refusals=self.refusals, store=archive, clock=clock, start=start,
        )  # fmt: skip
        self.scrubbing = Scrubbing(archive, clock, start)
        accounts.when_changed = account_sessions.take_over

    @property
    def since(self) -> float:
        """Return when the service started, in seconds since 1970 by the current time of day."""
        return self.status.since

    def change_settings(self, new: ServiceSettings) -> None:
        """Use other settings of the administrator from now on."""
        self.settings.become(new)
        self.retention.change(new.retention)
        self.accounts.mode = new.accounts
        self.accounts.email_required = new.email_required
        self.accounts.shortest_password = new.shortest_password

    def change_limits(self, limits: Limits) -> None:
        """Use other limits from now on; what was counted stays counted."""
        self.sessions.lan = limits.lan
        self.accounts.attempts.change(limits.attempts, limits.attempts_within)
        self.accounts.registrations.change(limits.registrations, limits.registrations_within)
        self.new_rooms.new.change(limits.rooms, limits.rooms_within)

    def open(self) -> None:
        """Open the archive and load what is stored."""
        known = self.archive.open(self.messaging)
        self.accounts.open()
        self.sign_ins.open()
        self.membership.open()
        self.bans.open()
        self.metadata.open()
        self.moderation.open()
        self.rooms.open(known)
        self.happenings.open()
        self.hosting.open()

    async def close(self, moving: bool = False) -> None:
        """Accept no more lines, store and show those accepted, and say goodbye to everybody.

        With `moving`, users can continue at another node.
        """
        self.messaging.stopping = True
        self.maintenance.end()
        self.scrubbing.end()
        self.erasing.end()
        self.search.end()
        saved = await self._store_the_rest()
        self.say_goodbye(MOVING if moving else saved)
        self.joining.note_what_is_read()
        await self.membership.save()
        await self.sign_ins.save()
        await self.bans.save()
        await self.happenings.save()

    def say_goodbye(self, goodbye: Goodbye) -> None:
        """Close all sessions."""
        for session in list(self.directory.sessions):
            session.tell(goodbye)
            session.close()

    async def _store_the_rest(self) -> Goodbye:
        """Store and show the lines that wait, and return what is true of all of them."""
        before = self.measurements.refusals["not-kept"]
        await self.archive.flush()
        refused = self.measurements.refusals["not-kept"] > before or not self.messaging.storing
        return _REFUSED if refused else _SAVED
