"""Limits on creating rooms, so that nobody can use up all of them."""

from __future__ import annotations

from chatsvc.core.chat import FIRST_ROOM, Room, Session, User
from chatsvc.core.directory import Directory
from chatsvc.core.timer import Timer
from chatsvc.model.rate_limits import Window, network
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import key, span
from chatsvc.services.rooms import Rooms

# With this many rooms, guests, accounts and operators can create no more.
GUESTS, ACCOUNTS, OPERATORS = 8_000, 9_500, 10_000


class NewRooms:
    """Creates rooms within limits."""

    def __init__(
        self,
        directory: Directory,
        rooms: Rooms,
        clock: Timer,
    ) -> None:
        self._directory = directory
        self._rooms = rooms
        self._clock = clock
        self.new = Window(0, 0.0)  # rooms created from one address, or by one account

    def make(self, session: Session, name: str) -> Room:
        """Create a room for a user, or refuse to."""
        self.check(session, name)
        return self._rooms.room(name)

    def check(self, session: Session, name: str) -> None:
        """Refuse a user another room, or another name of one; else count it."""
        if any(key(name) == room.key for room in self._directory.leaving.values()):
            raise Refused("busy", f"{name} is being removed. Try again in a moment.")
        if not session.person.operator and key(name) != key(FIRST_ROOM):
            self._check_place(session.person)
            self._check_quota(session)

    def _check_place(self, user: User) -> None:
        if len(self._directory.rooms) < (GUESTS if user.account is None else ACCOUNTS):
            return
        hint = "To see existing rooms: /rooms"
        if user.account is None and len(self._directory.rooms) < ACCOUNTS:
            hint = f"Registered users can still create rooms. {hint}"
        raise Refused("too-many-rooms", f"The server has too many rooms. {hint}")

    def _check_quota(self, session: Session) -> None:
        account, now = session.person.account, self._clock.seconds()
        if account is None and session.shares_address:
            return
        maker = account.id if account else network(session.wire.address)
        wait = self.new.wait(maker, now)
        if wait:
            raise Refused(
                "too-many-rooms",
                "Too many new rooms from your address. Try again"
                f" in {span(wait)}, or join an existing room: /rooms"
                if account is None
                else f"You have created too many rooms. Try again in {span(wait)}.",
            )
        self.new.note(maker, now)
