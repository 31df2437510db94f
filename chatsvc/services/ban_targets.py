"""Translates what moderators write into the marks by which a ban recognizes users."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from chatsvc.auth.accounts import Accounts
from chatsvc.core.chat import Room, Session
from chatsvc.core.directory import Directory
from chatsvc.model.ban_masks import ACCOUNT, AT, MASK, NAME, BanMask, without_addresses
from chatsvc.model.rate_limits import is_loopback, network
from chatsvc.model.records import Ban
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import key
from chatsvc.policy.bans import check_not_too_wide, masks_of
from chatsvc.policy.permissions import check_above, check_above_account
from chatsvc.services.audit import signed
from chatsvc.services.whowas import Trace, Whowas, trace_of


class BanTargets:
    """Finds users, accounts and addresses."""

    def __init__(
        self,
        directory: Directory,
        accounts: Accounts,
        whowas: Whowas,
        now: Callable[[], float],
    ) -> None:
        self._directory = directory
        self._accounts = accounts
        self._whowas = whowas
        self._now = now

    def signed(self, who: str) -> str:
        """Return what people wrote to name users, with the accounts of users online."""
        users = ((word, self._directory.users.get(key(word))) for word in who.split())
        return " ".join(signed(user) if user else word for word, user in users)

    def marks(self, session: Session, who: str, room: Room | None) -> set[BanMask]:
        """Return the marks of a ban of `who`, which is labelled."""
        marks: set[BanMask] = set()
        for word in who.split():
            mask = BanMask.parse(word)
            if not mask.kind:
                marks |= self.marks_of(session, word, room)
            elif mask.kind == AT:
                marks |= self._marks_at(session, mask.value, room)
            elif mask.kind == NAME:
                marks |= self._marks_of_name(session, mask.value, room)
            else:
                self._check_may_ban(session, mask, room)
                marks.add(self._named_mark(mask))
        if not marks:
            raise Refused("usage", "Name a user. Usage: /ban who, or /mute who")
        return marks

    def _marks_at(self, session: Session, host: str, room: Room | None) -> set[BanMask]:
        """Return the marks of the user with this host, or of the last one who had it.

        In a room, also the mark of a user who has this host later.
        """
        user = self._directory.at(host) or self._whowas.at(host)
        later = {BanMask.of_origin(f"*!*@{host}")} if room is not None else set()
        if user is None and not later:
            raise Refused("no-such-person", f"Nobody online has the host {host}.")
        return later if user is None else later | self.marks_of(session, user.name, room)

    def _marks_of_name(self, session: Session, name: str, room: Room | None) -> set[BanMask]:
        """Return the marks of a name and its current or last user, who may have taken another."""
        with suppress(Refused):  # nobody has it, or a user who cannot be banned
            return self.marks_of(session, name, room)
        return {BanMask.of_name(name)}

    def _check_may_ban(self, session: Session, mask: BanMask, room: Room | None) -> None:
        account = self._accounts.find(mask.value) if mask.kind == ACCOUNT else None
        if account is not None:
            check_above_account(session.person, account, room)

    def _named_mark(self, mask: BanMask) -> BanMask:
        if mask.kind == NAME:
            return BanMask.of_name(mask.value)
        if mask.kind == MASK:
            return BanMask.of_origin(mask.value)
        if mask.is_of_address:
            check_not_too_wide(mask.value)
            return mask
        account = self._accounts.find(mask.value)
        if account is None:
            return BanMask.of_future_account(mask.value)
        return BanMask.of_account(account.id)

    def marks_of(self, session: Session, name: str, room: Room | None) -> set[BanMask]:
        """Return all marks of a user, except an address that others online share."""
        user = self._directory.users.get(key(name))
        account = user.account if user else self._accounts.find(name)
        trace = self._whowas.trace(name, self._now()) if user is None else None
        if user is None and account is None and trace is None:
            raise Refused(
                "no-such-person",
                f"No user named {name} is online. To match the name anyway: {BanMask(NAME, name)}",
            )
        if user is not None:
            check_above(session.person, user, room)
            trace = trace_of(user)
        marks = {BanMask.of_name(name)}
        if trace is not None:
            account = self._accounts.get(trace.account) or account
            marks |= set(map(BanMask.of_client, trace.clients))
            own = (one for one in trace.addresses if self._is_only(trace, one))
            marks |= {BanMask.of_address(network(one)) for one in own}
        if account is not None:
            if user is None or user is not session.user:
                check_above_account(session.person, account, room)
            marks |= {BanMask.of_account(account.id), BanMask.of_name(account.name)}
        return marks

    def _is_only(self, trace: Trace, address: str) -> bool:
        """Return whether nobody else online has this address."""
        if not address or is_loopback(address):
            return False
        where = network(address)
        return not any(
            network(session.wire.address) == where
            for session in self._directory.sessions
            if session.user is not None and not trace.is_of(session)
        )

    def marks_to_exempt(self, who: str) -> set[BanMask]:
        """Return the marks that identify a user alone; for a user with an account, that account."""
        marks: set[BanMask] = set()
        for word in who.split():
            mask = BanMask.parse(word)
            if mask.kind == AT:
                online = self._directory.at(mask.value)
                marks.add(BanMask.of_origin(f"*!*@{mask.value}"))
                if online is None:
                    continue
                mask = BanMask("", word := online.name)
            user = self._directory.users.get(key(word))
            account = user.account if user else self._accounts.find(word)
            if mask.kind:
                marks.add(self._named_mark(mask))
            elif account is not None:
                marks.add(BanMask.of_account(account.id))
            else:
                user = self._directory.find(word)
                marks.add(BanMask.of_name(user.name))
                marks |= {BanMask.of_client(each.client) for each in user.sessions}
        return marks

    def names(self, who: str, ban: Ban) -> bool:
        """Return whether a ban has this label, a mark in it, or affects the user it names."""
        if key(who) in (key(ban.label), key(without_addresses(ban.label))):
            return True
        return not self._wanted(who).isdisjoint(masks_of(ban))

    def _wanted(self, who: str) -> set[BanMask]:
        wanted = {BanMask.of_name(who)}
        for mask in map(BanMask.parse, who.split()):
            account = self._accounts.find(mask.value) if mask.kind in ("", ACCOUNT) else None
            wanted.add(_by_key(mask))
            wanted |= {BanMask.of_account(account.id)} if account else set()
            wanted |= {BanMask.of_future_account(mask.value)} if mask.kind == ACCOUNT else set()
        user = self._directory.users.get(key(who))
        for session in user.sessions if user else ():
            wanted |= session.marks
        return wanted


def _by_key(mask: BanMask) -> BanMask:
    """Return a mask as it is stored, whatever its spelling."""
    if mask.kind in ("", NAME):
        return BanMask.of_name(mask.value)
    return BanMask.of_origin(mask.value) if mask.kind == MASK else mask
