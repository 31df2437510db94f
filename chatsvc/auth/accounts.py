"""Registered names: authenticating and changing accounts, and who may register.  No sessions."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any

from chatsvc.auth import scram
from chatsvc.auth.known_places import Source, stored_as
from chatsvc.auth.passwords import (
    LONGEST_PASSWORD,
    SHORTEST_PASSWORD,
    Hasher,
    Turn,
    check_password,
    hash_password,
    is_current,
    kept_of,
    matches,
)
from chatsvc.auth.throttle import Attempts
from chatsvc.auth.tokens import Tokens
from chatsvc.model.confusables import skeletons
from chatsvc.model.rate_limits import Window
from chatsvc.model.records import AccessToken, Account, Fact, Invitation
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import LONGEST_WORDS, key, span
from chatsvc.store.archive import ArchiveFailed, Records

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def new_account(name: str, kept: Mapping[str, Any], email: str, now: float) -> Account:
    """Return an account with a new id; `kept` is what `kept_of` returns for its password."""
    return Account(secrets.token_hex(6), name, email=email, since=now, **kept)


class Accounts:
    """Every account, and the operations that find, authenticate and change accounts."""

    def __init__(self, records: Records, hasher: Hasher, attempts: Window, mode: str) -> None:
        self.mode = mode  # open, invite or closed
        self.email_required = False
        self.shortest_password = SHORTEST_PASSWORD
        self._records = records
        self._hasher = hasher
        self.attempts = Attempts(attempts, self._work_of_nothing, hasher.pause)
        self.tokens = Tokens(records)
        self.registrations = Window(0, 0.0)  # by address
        self._writes = 0  # changed here; a record that is being read may be older
        self._coming: set[str] = set()  # skeletons of the names that are being registered
        self._invitations: dict[str, Invitation] = {}
        self.when_changed: Callable[[Mapping[str, Account]], None] = lambda before: None
        self._by_looks: dict[str, dict[str, Account]] = {}
        self._learn([])

    def open(self) -> None:
        """Load the accounts; the archive is open."""
        self._learn(self._records.records(Account))
        self.attempts.known.open(self, self._records.records(Fact))
        self.tokens.open(self._by_id)
        self._invitations = {one.code: one for one in self._records.records(Invitation)}

    async def refresh(self) -> None:
        """Load changes by another process; pass the accounts from before to the listeners."""
        if not await self._records.changed():
            return
        read_at = None
        while read_at != self._writes:
            read_at = self._writes
            accounts = await self._records.reread(Account)
        before = self._by_id
        self._learn(accounts)
        ended = self._forget_owners(before)
        self.when_changed(before)
        with suppress(ArchiveFailed):  # then the other process has ended them there
            await self._records.drop(*ended)
        self._invitations = {one.code: one for one in await self._records.reread(Invitation)}

    def _forget_owners(self, before: Mapping[str, Account]) -> list[AccessToken]:
        """Forget the owners of accounts that were deleted or have another password.

        Return their tokens, which are no longer valid.
        """
        ended: list[AccessToken] = []
        for id, old in before.items():
            account = self._by_id.get(id)
            if account is None or account.hash != old.hash:
                self.attempts.known.forget(id)
                ended += self.tokens.of(id)
        self.tokens.forget(*ended)
        return ended

    def _learn(self, accounts: list[Account]) -> None:
        looks = self._known_looks()
        self._by_id = {account.id: account for account in accounts}
        self._by_key = {key(account.name): account for account in accounts}
        self._by_looks = {}
        for account in accounts:
            self._note_looks(account, looks.get(account.name) or skeletons(account.name))

    def _known_looks(self) -> dict[str, list[str]]:
        """Return the skeletons of each account's name, which take long to find again."""
        looks: dict[str, list[str]] = {}
        for shape, accounts in self._by_looks.items():
            for account in accounts.values():
                looks.setdefault(account.name, []).append(shape)
        return looks

    def _note_looks(self, account: Account, looks: Iterable[str]) -> None:
        for shape in looks:
            self._by_looks.setdefault(shape, {})[account.id] = account

    def __iter__(self) -> Iterator[Account]:
        return iter(self._by_id.values())

    def find(self, name: str) -> Account | None:
        """Return the account of this name, if there is one."""
        return self._by_key.get(key(name))

    def get(self, id: str) -> Account | None:
        """Return the account of this id, if there is one."""
        return self._by_id.get(id)

    def name_of(self, id: str) -> str:
        """Return the current or former name of an account; `nobody` if the account was deleted."""
        account = self._by_id.get(id)
        return account.name if account else "nobody"

    @property
    def has_operator(self) -> bool:
        """Return whether any operator can log in."""
        return any(account.operator and not account.disabled for account in self)

    def resembled(self, name: str) -> Account | None:
        """Return another account whose name is confusable with this one, if there is one."""
        found = (one for each in skeletons(name) for one in self._by_looks.get(each, {}).values())
        return next((one for one in found if key(one.name) != key(name)), None)

    # Registering

    async def register(
        self,
        name: str,
        password: str,
        email: str,
        code: str | None,
        source: Source,
        now: float,
        since: float,
    ) -> Account:
        """Register a name; refuse users who may not register or have registered too many names.

        `now` measures intervals, `since` is the time of day.
        """
        self.attempts.check("", source, now)
        check_password(password, self.shortest_password)
        if self.email_required and not email:
            raise Refused(
                "email-needed",
                "Registration needs an e-mail address: /register password ann@example.org",
            )
        if email and (not _EMAIL.fullmatch(email) or len(email) > LONGEST_WORDS):
            raise Refused("bad-argument", "Not an e-mail address. Example: ann@example.org")
        code = code.strip().lower() if code is not None and self.mode == "invite" else None
        await self._check_code(code, source, now)
        self._check_may_register(name, code)
        with self._registering(name, source, now):
            kept = await self._hasher(Turn(source.place, login=True), kept_of, password)
            account = new_account(name, kept, email, since)
            await self.refresh()
            self._check_may_register(name, code)
            with self._used_up(code) as used:
                await self._records.put(account)
        self._enter(account)
        await self.know(account, source)
        with suppress(ArchiveFailed):  # the account is stored; a restart would bring the code back
            await self._records.drop(*used)
        return account

    @contextmanager
    def _registering(self, name: str, source: Source, now: float) -> Iterator[None]:
        """Reserve confusable names meanwhile; the attempt counts unless it fails."""
        looks, where = skeletons(name), "" if source.is_local else source.place
        if not looks.isdisjoint(self._coming):
            raise _is_registered(name)
        self._check_not_too_often(where, now)
        self._coming |= looks
        if where:
            self.registrations.note(where, now)
        try:
            yield
        except (Refused, ArchiveFailed):
            self.registrations.forget(where)
            raise
        finally:
            self._coming -= looks

    def _check_not_too_often(self, where: str, now: float) -> None:
        wait = self.registrations.wait(where, now)
        if wait > 0:
            raise Refused(
                "too-many-accounts",
                f"Too many registrations from your address. Try again in {span(wait)}.",
            )

    async def _check_code(self, code: str | None, source: Source, now: float) -> None:
        """Count a wrong code like a wrong password."""
        if code is None:
            return

        async def look() -> bool:
            return code in self._invitations

        if not await self.attempts.judge_shared("invitation", source, now, look):
            raise Refused(
                "invite-needed",
                "Unknown or used code. Ask an operator for another one.",
            )

    def _check_may_register(self, name: str, code: str | None) -> None:
        if self.mode == "closed":
            raise Refused("closed", "Registration is closed. Ask an operator.")
        if self.mode == "invite" and code is None:
            raise Refused(
                "invite-needed",
                "Registration needs an invitation code. Ask an operator for one. Usage: "
                "/register password code",
            )
        if self.mode == "invite" and code not in self._invitations:
            raise Refused(
                "invite-needed",
                "Unknown or used code. Ask an operator for another one.",
            )
        if key(name) in self._by_key:
            raise _is_registered(name)
        twin = self.resembled(name)
        if twin is not None:
            raise Refused(
                "name-taken",
                f"{name} is too similar to {twin.name}, a"
                " registered name. To choose another: /nick",
            )

    @contextmanager
    def _used_up(self, code: str | None) -> Iterator[list[Invitation]]:
        """Let nobody else use the code meanwhile, nor later unless this fails."""
        used = [self._invitations.pop(code)] if code is not None else []
        try:
            yield used
        except ArchiveFailed:
            self._invitations.update((one.code, one) for one in used)
            raise

    async def invite(self, by: str, now: float) -> Invitation:
        """Create a code with which one user may register."""
        alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
        code = "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(3))
        invitation = Invitation(code, by, now)
        await self._records.put(invitation)
        self._invitations[code] = invitation
        return invitation

    # Authentication

    async def verify(self, account: Account, password: str, source: Source, now: float) -> Account:
        """Return the current account if the password is right; slow down attackers who guess."""
        proved = await self.attempts.judge(
            account.id, source, now, partial(self._proved, account.id, password, source)
        )
        if proved is None:
            raise is_wrong(account)
        proved = await self._rehash(proved, password, source)
        await self.know(proved, source)
        return self._still(proved)

    async def know(self, account: Account, source: Source) -> None:
        """Exempt the places and programs an account's owner has used from delays by strangers."""
        known = self.attempts.known
        if account.id in self._by_id and known.add(account, source):
            with suppress(ArchiveFailed):  # then known only until the next restart
                await self._records.put(known.fact(account.id))

    async def _proved(self, id: str, password: str, source: Source) -> Account | None:
        """Return the account if the password is right and still current after hashing."""
        account = self._by_id.get(id)
        while account is not None:
            right = await self._matches(account.hash, password, Turn(source.place, login=True))
            now = self._by_id.get(id)
            if now is None or now.hash == account.hash:
                return now if right else None
            account = now
        return None

    async def _rehash(self, account: Account, password: str, source: Source) -> Account:
        """Rehash the password with the current parameters when possible, and store it."""
        if is_current(account.hash) and scram.are_current(account.scram):
            return account
        try:
            kept = await self._hasher(Turn(source.place), kept_of, password)
            await self.refresh()
            current = self._by_id.get(account.id)
            if current is not None and current.hash == account.hash:
                return await self._put(replace(current, **kept), current)
        except (Refused, ArchiveFailed):
            return self._still(account)
        proved = await self._proved(account.id, password, source)  # it was changed meanwhile
        if proved is None:
            raise is_wrong(account)
        return proved

    def _still(self, account: Account) -> Account:
        """Return the current account, unless what was proved has changed meanwhile."""
        current = self._by_id.get(account.id)
        if current is None or current.hash != account.hash:
            raise is_wrong(account)
        return current

    async def _matches(self, hash: str, password: str, turn: Turn) -> bool:
        if len(password) > LONGEST_PASSWORD:
            return False
        return await self._hasher(turn, matches, hash, password)

    async def _work_of_nothing(self, source: Source) -> None:
        await self._hasher(Turn(source.place, login=True), int)

    async def hash_room_password(self, password: str, source: Source) -> str:
        """Return the hash of a password for a room."""
        return await self._hasher(Turn(source.place), hash_password, password)

    async def opens(self, hash: str, password: str, room: str, source: Source, now: float) -> bool:
        """Return whether this is a room's password; count a wrong one like a failed login."""
        look = partial(self._matches, hash, password, Turn(source.place))
        return bool(await self.attempts.judge_shared(f"room {room}", source, now, look))

    # Changing

    async def set_password(self, account: Account, password: str, source: Source) -> Account:
        """Change a password, unless it was changed since `account` was authenticated.

        All tokens end, before the change, so that none is left whatever fails. The account's other
        sessions can request more until they end.
        """
        check_password(password, self.shortest_password)
        kept = await self._hasher(Turn(source.place, login=True), kept_of, password)

        def changed(current: Account) -> Account:
            if current.hash != account.hash:
                raise is_wrong(account)
            return replace(current, **kept)

        await self.tokens.end(*self.tokens.of(account.id))
        account = await self.become(account, changed)
        self.attempts.known.forget(account.id)
        await self.know(account, source)
        return self._by_id.get(account.id, account)

    async def change(self, account: Account, **fields: Any) -> Account:
        """Store an account with new values in some fields."""
        return await self.become(account, lambda current: replace(current, **fields))

    async def become(self, account: Account, changed: Callable[[Account], Account]) -> Account:
        """Store what `changed` makes of the current account."""
        await self.refresh()
        current = self._by_id.get(account.id)
        if current is None:
            raise _is_no_more(account)
        return await self._put(changed(current), current)

    async def _put(self, changed: Account, before: Account) -> Account:
        """Store a changed account; show the change at once, so that no other change undoes it."""
        self._enter(changed)
        try:
            await self._records.put(changed)
        except ArchiveFailed:
            if self._by_id.get(changed.id) is changed:
                self._enter(before)
            raise
        return changed

    async def remove(self, account: Account) -> None:
        """Make the name available again."""
        current = self._by_id.get(account.id)
        if current is None:
            return
        self._take_out(current)
        self.attempts.known.forget(current.id)
        known = Fact(stored_as(current.id), "")
        try:
            await self._records.drop(current, known, *self.tokens.of(current.id))
        except ArchiveFailed:
            self._enter(current)
            raise
        self.tokens.forget(*self.tokens.of(current.id))

    def _take_out(self, account: Account) -> None:
        self._writes += 1
        self._by_id.pop(account.id, None)
        if self._by_key.get(key(account.name), account).id == account.id:
            self._by_key.pop(key(account.name), None)
        for shape in skeletons(account.name):
            self._by_looks.get(shape, {}).pop(account.id, None)
            if not self._by_looks.get(shape):
                self._by_looks.pop(shape, None)

    def _enter(self, account: Account) -> None:
        self._writes += 1
        self._by_id[account.id] = account
        self._by_key[key(account.name)] = account
        self._note_looks(account, skeletons(account.name))


def _is_registered(name: str) -> Refused:
    return Refused("registered", f"{name} is already a registered name. To choose another: /nick")


def is_wrong(account: Account) -> Refused:
    """Return the refusal of a wrong password."""
    return Refused("wrong-password", "Wrong password.")


def _is_no_more(account: Account) -> Refused:
    return Refused("no-account", f"The account {account.name} no longer exists.")
