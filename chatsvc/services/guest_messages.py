"""Private messages with guests: in memory, for the history of the account on the other side.

A guest has no history: whoever takes the name next must not read it.  There are limits, because
nothing is written to the disk; the conversation that was quiet the longest is forgotten first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from chatsvc.core.chat import Session, User
from chatsvc.model.history_events import History, Latest
from chatsvc.model.message_events import Said, Told
from chatsvc.model.records import Account
from chatsvc.model.text_rules import key

MOST_LINES = 100  # of one conversation
MOST_CONVERSATIONS = 20  # of one account
MOST_IN_ALL = 2_000  # lines
MOST_IDS = 1_000  # of messages between guests, which can be retracted

_Owner = tuple[str, str]  # the account's id, and the key of the guest's name


class Within(NamedTuple):
    """Which lines are requested, as numbers or times."""

    after: int | float | None
    before: int | float | None
    around: int | float | None
    n: int
    first: bool


class GuestMessages:
    """The latest private messages between accounts and guests."""

    def __init__(self) -> None:
        self._lines: dict[_Owner, deque[Said]] = {}  # latest conversation last
        self._count = 0
        self._between: dict[int, tuple[str, str]] = {}  # clients of two guests, by the id

    def note(self, sender: User, reader: User, told: Told) -> None:
        """Remember a message for a side that has an account, if the other side has none.

        Of a message between guests, remember only whose it is.
        """
        if sender.account is None and reader.account is None:
            self._note_between(sender, reader, told)
        for one, other in ((sender, reader), (reader, sender)):
            if one.account is not None and other.account is None:
                line = _line(told, f"@{other.name}", sender.sessions[0].client)
                self._add(one.account.id, other, line)

    def remove(self, session: Session, other: User, id: int) -> bool:
        """Forget a message to `other` that a session has sent; return whether it was there.

        A guest is recognized by the connection: others may have the name later.
        """
        user = session.person
        account, guest = (user, other) if user.account is not None else (other, user)
        if account.account is None:
            return self._remove_between(session, other, id)
        owner = account.account.id, guest.key
        lines = self._lines.get(owner, deque())
        found = next((line for line in lines if line.number == id and session.owns(line)), None)
        if found is None:
            return False
        lines.remove(found)
        self._count -= 1
        if not lines:
            del self._lines[owner]
        return True

    def _note_between(self, sender: User, reader: User, told: Told) -> None:
        assert told.id is not None
        self._between[told.id] = sender.sessions[0].client, reader.sessions[0].client
        if len(self._between) > MOST_IDS:
            del self._between[next(iter(self._between))]

    def _remove_between(self, session: Session, other: User, id: int) -> bool:
        if self._between.get(id) != (session.client, other.sessions[0].client):
            return False
        del self._between[id]
        return True

    def _add(self, account: str, guest: User, line: Said) -> None:
        owner = account, guest.key
        lines = self._lines.pop(owner, None)
        if lines is None:
            lines = deque(maxlen=MOST_LINES)
            self._keep_few(account)
        self._count += len(lines) < MOST_LINES
        lines.append(line)
        self._lines[owner] = lines
        while self._count > MOST_IN_ALL:
            self._forget(next(iter(self._lines)))

    def _keep_few(self, account: str) -> None:
        own = [owner for owner in self._lines if owner[0] == account]
        for owner in own[: len(own) - MOST_CONVERSATIONS + 1]:
            self._forget(owner)

    def _forget(self, owner: _Owner) -> None:
        self._count -= len(self._lines.pop(owner))

    def erase(self, is_gone: Callable[[Said], bool]) -> int:
        """Forget the messages for which that is true; return how many that were."""
        count = 0
        for owner, lines in list(self._lines.items()):
            kept = [line for line in lines if not is_gone(line)]
            count += len(lines) - len(kept)
            self._count -= len(lines) - len(kept)
            lines.clear()
            lines.extend(kept)
            if not kept:
                del self._lines[owner]
        return count

    def page(self, account: Account, name: str, within: Within) -> History | None:
        """Return a page of the conversation with a guest; None if there is none."""
        lines = self._lines.get((account.id, key(name)))
        if lines is None:
            return None
        after, before, around, n, first = within
        if after is not None and before is not None and _is_reversed(lines, after, before):
            after, before, first = before, after, not first
        found = [line for line in lines if _is_between(line, after, before)]
        start = 0 if first else max(0, len(found) - n)
        if around is not None:
            start = _start_around(found, around, n)
        return History(lines[-1].room, tuple(found[start : start + n]), len(found) > n)

    def latest(self, account: Account) -> Iterator[Latest]:
        """Return the last message of each conversation of an account."""
        for (owner, _), lines in self._lines.items():
            if owner == account.id:
                yield Latest(lines[-1].room, lines[-1].number, lines[-1].time)


def _start_around(lines: list[Said], around: int | float, n: int) -> int:
    """Return where `n` lines begin that have a point in their middle."""
    middle = sum(_point(line, around) < around for line in lines)
    return max(0, min(middle - n // 2, len(lines) - n))


def _line(told: Told, room: str, client: str) -> Said:
    assert told.id is not None
    return Said(
        room=room,
        number=told.id,
        time=told.time,
        sender=told.sender,
        text=told.text,
        action=told.action,
        client=client,
        tag=None,
        account=told.account,
        notice=told.notice,
        signs=told.signs,
        bot=told.bot,
    )


def _point(line: Said, like: int | float) -> int | float:
    """Return a line's number, or its time if that is what it is compared with."""
    return line.number if isinstance(like, int) else line.time


def _is_between(line: Said, after: int | float | None, before: int | float | None) -> bool:
    return (after is None or _point(line, after) > after) and (
        before is None or _point(line, before) < before
    )


def _is_reversed(lines: deque[Said], after: int | float, before: int | float) -> bool:
    """Return whether the first point is later than the second."""
    from_after = sum(_point(line, after) < after for line in lines)
    return from_after > sum(_point(line, before) < before for line in lines)
