"""Telling users in shared rooms, and watchers, who comes online, goes offline or changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from chatsvc.core.chat import Room, Session, User
from chatsvc.core.directory import Directory
from chatsvc.core.happenings import Happenings
from chatsvc.model.batch import Shared
from chatsvc.model.presence_events import Renamed
from chatsvc.policy.bans import BanList
from chatsvc.services.visibility import Visibility
from chatsvc.services.watchlist import Watchlist
from chatsvc.services.whowas import Trace, Whowas


class Presence:
    """Tells the users who should know, as far as mutes allow."""

    def __init__(
        self,
        directory: Directory,
        bans: BanList,
        visibility: Visibility,
        watchlist: Watchlist,
        whowas: Whowas,
        happenings: Happenings,
        now: Callable[[], float],
    ) -> None:
        self._directory = directory
        self._bans = bans
        self._visibility = visibility
        self._watchlist = watchlist
        self._whowas = whowas
        self._happenings = happenings
        self._now = now

    def gone(self, user: User, trace: Trace) -> None:
        """Note that nobody has this user's name any more."""
        realname = "" if self._visibility.is_silent_somewhere(user) else user.realname
        self._whowas.note(user, self._now(), trace, realname)
        self._watchlist.went(user.name)

    def tell_renamed(self, user: User, old: str) -> Renamed:
        """Tell everybody who shares a room with a user that they have another name now.

        Where the user is muted, those who must not see the new name see the old name leave.
        """
        told: set[Session] = set()
        revealing = []
        stamp = self._happenings.stamp(user.account_name, user.bot)
        renamed = Renamed(old, user.name, stamp=stamp)
        self._bans.follow(user, None)
        for room in user.rooms():
            self._bans.follow(user, room)
            if self._is_kept_back(user, room):
                room.conceal(user, old)
            elif user in room.unseen:
                revealing.append(room)
            else:
                room.roll = None
                told |= room.members.keys()
                self._happenings.note(room.key, room.last, renamed, stamp)
        event = Shared(renamed)
        for each in told - set(user.sessions):
            each.announce(event)
        for room in revealing:
            room.reveal(user)
        return renamed

    def _is_kept_back(self, user: User, room: Room) -> bool:
        """Return whether a mute hides the new name of `user` from somebody in a room."""
        concealed = self._bans.conceals_change(user, room)
        return concealed and self._visibility.is_silent_to_any(user, room)

    def reveal_unmuted(self) -> None:
        """Show users again whose names were hidden by a mute that has ended."""
        for room in self._directory.rooms.values():
            for user in [each for each in room.unseen if not self._bans.silences(each, room)]:
                room.reveal(user)

    def tell_of(self, session: Session, event: Shared, crowds: bool = False) -> None:
        """Tell close watchers, and users in shared rooms; in crowded ones only with `crowds`."""
        rooms = [room for room in session.person.rooms() if crowds or not room.crowded]
        self._tell(rooms, session, event, self._watchlist.closely(session.person))

    def _tell(
        self, rooms: list[Room], session: Session, event: Shared, others: Iterable[Session] = ()
    ) -> None:
        user = session.person
        if self._bans.silences(user, None):
            return
        heard = [room for room in rooms if not self._bans.silences(user, room)]
        told = {each for each in others if not self._visibility.is_silent(user, each.person)}
        told |= {member for room in heard for member in room.members}
        for each in told - set(user.sessions):
            each.announce(event)
