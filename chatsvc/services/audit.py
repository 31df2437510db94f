"""The log of moderation actions for `/audit`.  The actions themselves are in other modules."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence

from chatsvc.core.chat import Room, Session, User
from chatsvc.model.ban_masks import without_addresses
from chatsvc.model.moderation_events import Audit, Deed
from chatsvc.model.records import Act
from chatsvc.model.text_rules import key
from chatsvc.store.archive import Records


def signed(user: User) -> str:
    """Return a permanent name for a user: names change, an account does not."""
    return with_account(user.name, user.account_name)


def with_account(name: str, account: str) -> str:
    """Return a name, and that of the account (or "") if it differs: `mallory (eve)`."""
    return name if key(account) in ("", key(name)) else f"{name} ({account})"


def because(reason: str) -> str:
    """Return a reason, if there is one, as the end of a sentence."""
    return f": {reason}" if reason else ""


class Acts:
    """The log of actions, oldest first."""

    def __init__(
        self,
        records: Records,
        now: Callable[[], float],
    ) -> None:
        self._records = records
        self._now = now

    def now(self) -> float:
        """Return the current time as it is stored."""
        return round(self._now(), 3)

    def act(self, session: Session, what: str, room: Room | None) -> Act:
        """Return an action, to be stored together with the change that it makes."""
        where = room.name if room else ""
        return Act(
            id=secrets.token_hex(6),
            time=self.now(),
            by=signed(session.person),
            what=what,
            room=where,
        )

    async def note(self, session: Session, what: str, room: Room | None) -> None:
        """Store an action before it is carried out, so that `/audit` shows everything."""
        await self._records.put(self.act(session, what, room))

    async def last(self, count: int, room: Room | None) -> list[Act]:
        """Return the last actions in a room, or (None) everywhere."""
        return await self._records.acts(count, room.name if room else None)

    async def again(self, ids: Sequence[str]) -> list[Act]:
        """Return the audit entries with these ids."""
        return await self._records.acts_of(ids)

    def shown(self, session: Session, acts: Iterable[Act]) -> Audit:
        """Return audit entries as a session may read them; addresses are for operators."""
        show = str if session.person.operator else without_addresses
        return Audit(tuple(Deed(act.time, act.by, show(act.what), act.room) for act in acts))
