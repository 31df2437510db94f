"""A direct conversation of two accounts: an unlisted room whose lines are sent as private messages.

Its name consists of its two accounts; the hub knows who they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

from chatsvc.core.chat import Room, Session, User
from chatsvc.core.timer import Timer
from chatsvc.model.batch import Batch
from chatsvc.model.events import Event
from chatsvc.model.message_events import Said, Told
from chatsvc.store.archive import Lines, Start

LATE = 60.0  # seconds after which a message is shown with its time

E = TypeVar("E", bound=Event)

NameOf: TypeAlias = Callable[[str], str]


def conversation_name(one: str, other: str) -> str:
    """Return the name of a conversation, the same from either side."""
    return "@" + ",".join(sorted((one, other)))


def both_in(name: str) -> tuple[str, str]:
    """Return the ids of a conversation's accounts."""
    one, _, other = name[1:].partition(",")
    return one, other


def other_in(name: str, account: str) -> str:
    """Return the other account of a conversation."""
    one, other = both_in(name)
    return other if one == account else one


class DirectConversation(Room):
    """A room of two."""

    __slots__ = ("_name_of", "_nick_of", "_now")

    def __init__(
        self,
        name: str,
        lines: Lines,
        clock: Timer,
        start: Start,
        name_of: NameOf,
        nick_of: NameOf,
        now: Callable[[], float],
    ) -> None:
        super().__init__(name, lines, clock, start)
        self._name_of = name_of
        self._nick_of = nick_of  # the present name of an account's user
        self._now = now

    def _of(self, session: Session) -> dict[str, Any]:
        if not isinstance(session.conversations, dict):
            session.conversations = {}
        return session.conversations

    def called(self, session: Session) -> str:
        """Return the other account's name, as `@bob`."""
        account = session.person.account
        return f"@{self._name_of(other_in(self.name, account.id))}" if account else self.name

    def announce(self, event: E, but: Session | User | None = None) -> E:
        """Do nothing: joins and leaves of the other user are not shown."""
        return event

    def give(self, session: Session, batch: Batch) -> None:
        """Show a session its next lines as private messages."""
        for line in batch.lines:
            if not session.hides(line):
                tag = line.tag if line.client == session.client else None
                session.tell(self.told(session, line), tag)

    def give_page(self, session: Session, batch: Batch) -> None:
        """Show a session lines that it has missed as private messages."""
        self.give(session, batch)

    def told(self, session: Session, line: Said) -> Told:
        """Return a line of this conversation as an event for `session`."""
        account = session.person.account
        assert account is not None
        own = line.account == account.name  # but not what else was said over the same connection
        to = self._nick_of(other_in(self.name, account.id)) if own else session.name
        late = self._now() - line.time > LATE
        room = self.called(session)
        told = Told(
            line.sender, to, line.text, line.time, line.action, own, line.number, late, room
        )
        return replace(
            told, notice=line.notice, account=line.account, signs=line.signs, bot=line.bot
        )
