"""What users say about themselves: names, real names, away, and whom they ignore."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace

from chatsvc.auth.accounts import Accounts
from chatsvc.core.chat import Session, User
from chatsvc.core.directory import Directory
from chatsvc.model.ban_masks import BanMask
from chatsvc.model.batch import Shared
from chatsvc.model.presence_events import Away, Realname, Renamed
from chatsvc.model.records import Account
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import check_name, check_words, key
from chatsvc.policy.bans import BanList
from chatsvc.services.nicknames import Nicknames
from chatsvc.services.presence import Presence
from chatsvc.services.visibility import Visibility
from chatsvc.services.watchlist import Watchlist
from chatsvc.services.whowas import trace_of

MOST_IGNORED = 100  # people that one user can ignore


class Profiles:
    """Changes profiles, and tells those who should know."""

    def __init__(
        self,
        directory: Directory,
        accounts: Accounts,
        bans: BanList,
        nicknames: Nicknames,
        presence: Presence,
        visibility: Visibility,
        watchlist: Watchlist,
    ) -> None:
        self._directory = directory
        self._accounts = accounts
        self._bans = bans
        self._nicknames = nicknames
        self._presence = presence
        self._visibility = visibility
        self._watchlist = watchlist

    def rename(self, session: Session, name: str, account: Account | None = None) -> Renamed:
        """Rename a user; tell everybody who shares a room.

        The name may be that of an `account` which the user is about to have.
        """
        user = session.person
        account = account or user.account
        check_name(name)
        self._check_not_muted(session)
        if key(name) != user.key:
            self._nicknames.check_free(name, account, user)
            self._check_not_banned(session, name)
        elif name != user.name:
            self._nicknames.check_looks(name, account)
        old = user.name
        self._nicknames.went(old)
        changed = key(name) != user.key
        if changed:
            self._presence.gone(user, trace_of(user))
        self._ignore_under_new_name(user, name)
        self._directory.rename(user, name)
        self._nicknames.came(name)
        if changed:
            self._watchlist.came(name)
        own = replace(self._presence.tell_renamed(user, old), own=True)
        for other in user.sessions:
            if other is not session:
                other.tell(own)
        return own

    def _check_not_muted(self, session: Session) -> None:
        """Refuse a new name to a muted user if the mute would hide it from somebody.

        A quiet mute must not be noticed, so the name changes, and the room is not shown it.
        """
        user = session.person
        for room in (None, *user.rooms()):
            mute = self._bans.mute_of(session, room)
            if mute is None or mute.quietly:
                continue
            if room is None or self._visibility.is_silent_to_any(user, room):
                raise self._bans.refusal(mute)

    def _check_not_banned(self, session: Session, name: str) -> None:
        if session.person.operator:
            return
        if self._bans.ban_at_the_door(frozenset({BanMask.of_name(name)}), "") is not None:
            raise Refused("banned", f"{name} is banned. Choose another name.")
        for room in session.person.rooms():
            if self._bans.bans_name(session, name, room):
                raise Refused("banned", f"{name} is banned in {room.name}. Choose another name.")

    def _ignore_under_new_name(self, renamed: User, name: str) -> None:
        """Let users who ignore somebody go on doing so under their first and their latest name.

        An account is known by its own name anyway.
        """
        account = renamed.account
        for user in self._directory.users.values():
            ignores, aliases = user.ignores, dict(user.aliases)
            if not ignores or renamed.key not in ignores:
                continue
            first = aliases.pop(renamed.key, None)
            if first is not None:
                del ignores[renamed.key]
            if key(name) not in ignores and (account is None or key(account.name) not in ignores):
                aliases[key(name)] = first or renamed.key
                ignores[key(name)] = name
            user.aliases = aliases

    async def ignore(self, user: User, name: str) -> None:
        """Hide a user's messages from `user`, now and under later names."""
        check_name(name)
        if key(name) == user.key:
            raise Refused("yourself", "You cannot ignore yourself.")
        if user.ignores is None:
            user.ignores = {}
        if len(user.ignores) - len(user.aliases) >= MOST_IGNORED:
            raise Refused(
                "too-many",
                f"You already ignore {MOST_IGNORED} users, the"
                " maximum. Remove one first: /unignore name",
            )
        user.aliases = _without(user.aliases, {key(name)})
        user.ignores[key(name)] = name
        await self.save_ignores(user)

    async def unignore(self, user: User, name: str) -> None:
        """Show a user's messages again."""
        if not user.ignores or key(name) not in user.ignores:
            raise Refused("no-such-person", f"You are not ignoring {name}.")
        names = {key(name), *(alias for alias, of in user.aliases.items() if of == key(name))}
        user.aliases = _without(user.aliases, names)
        for one in names:
            user.ignores.pop(one, None)
        await self.save_ignores(user)

    async def save_ignores(self, user: User) -> None:
        """Store with the account whom it ignores, and whether it is away."""
        account = user.account
        if account is None:
            return
        named = (user.ignores or {}).items()
        ignores = tuple(name for one, name in named if one not in user.aliases)
        if (account.ignores, account.away) != (ignores, user.away):
            user.account = await self._accounts.change(account, ignores=ignores, away=user.away)

    def set_realname(self, session: Session, realname: str) -> Realname:
        """Set a user's real name, and tell users who share a room."""
        check_words(realname)
        user = session.person
        user.realname = realname
        self._presence.tell_of(session, Shared(Realname(user.name, realname)))
        return Realname(user.name, realname, own=True)

    async def set_away(self, session: Session, reason: str | None) -> Away:
        """Mark a user as away, or (None) back."""
        check_words(reason or "")
        user = session.person
        if user.away != reason:
            user.away = reason
            self._presence.tell_of(session, Shared(Away(user.name, reason)))
        await self.save_ignores(user)
        own = Away(user.name, reason, own=True)
        for other in user.sessions:
            if other is not session:
                other.tell(own)
        return own


def _without(aliases: Mapping[str, str], names: Container[str]) -> Mapping[str, str]:
    """Return the later names of ignored users except these."""
    return {alias: first for alias, first in aliases.items() if alias not in names}
