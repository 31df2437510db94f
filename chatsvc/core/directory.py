"""Who is online and which rooms there are: data with lookups, no rules."""

from __future__ import annotations

from itertools import chain, count

from chatsvc.core.chat import Room, Session, User
from chatsvc.core.direct import DirectConversation
from chatsvc.model.origins import HOST, safe_host
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import key, room_name


class Directory:
    """Every session, user and room of this node."""

    def __init__(self) -> None:
        self.sessions: set[Session] = set()
        self.users: dict[str, User] = {}  # by the key of their name
        self.by_account: dict[str, User] = {}  # by the id of their account
        self._hosts: dict[str, User] = {}  # by the key of their host, if it is not their name's
        self.masks: dict[str, str] = {}  # of users whose mask was needed, by name as written
        self.clients: dict[str, Session] = {}  # by the client's secret
        self.rooms: dict[str, Room] = {}  # by key
        self.former: dict[str, str] = {}  # present keys of renamed rooms, by former ones
        self.conversations: dict[str, DirectConversation] = {}  # by name
        self.leaving: dict[str, Room] = {}  # rooms that are being removed, by name
        self.peak = 0  # maximum number of users online at once

    def add(self, session: Session, user: User) -> None:
        """Add a session of `user`."""
        self.users[user.key] = user
        user.host = user.host or self._free_host(user.name)
        self._enter_host(user)
        self.masks.pop(user.name, None)  # it may be that of an earlier user
        self.clients[session.client] = session
        self.peak = max(self.peak, len(self.users))
        if user.account is not None:
            self.by_account[user.account.id] = user

    def remove(self, session: Session, user: User) -> None:
        """Remove a session of `user`, and with the last one the user."""
        del self.clients[session.client]
        if not user.sessions:
            del self.users[user.key]
            self._hosts.pop(key(user.host), None)
            self.masks.pop(user.name, None)
            if user.account is not None:
                self.by_account.pop(user.account.id, None)

    def _enter_host(self, user: User) -> None:
        host = key(user.host)
        if host != f"{HOST}{user.key}":
            self._hosts[host] = user

    def at(self, host: str) -> User | None:
        """Return the user online who has this host."""
        user = self._hosts.get(key(host)) or self.users.get(key(host).removeprefix(HOST))
        return user if user is not None and key(user.host) == key(host) else None

    def _free_host(self, name: str) -> str:
        """Return a host that nobody online has; a user who was renamed keeps theirs."""
        host = safe_host(name)
        others = (f"{host}-{number}" for number in count(2))
        return next(one for one in chain((host,), others) if self.at(one) is None)

    def rename(self, user: User, name: str) -> None:
        """Enter a user under another name."""
        del self.users[user.key]
        self.masks.pop(user.name, None)
        user.name, user.key = name, key(name)
        self.users[user.key] = user
        self._enter_host(user)

    def room(self, name: str) -> Room | None:
        """Return the room that has this name, or had it before."""
        found = self.rooms.get(key(name))
        return found or self.rooms.get(self.former.get(key(name), ""))

    def find(self, name: str) -> User:
        """Return the user with this name; raise `Refused` if nobody has it."""
        user = self.users.get(key(name))
        if user is None:
            raise Refused("no-such-person", f"No user named {name} is online.")
        return user


def room_of(session: Session, name: str | None) -> Room:
    """Return the named room, or the current one; refuse a room that the session is not in."""
    if name is None:
        if session.here is None:
            raise Refused("no-room", "You are not in a room. To join one: /join #lobby")
        return session.here
    room = session.rooms.get(key(name)) or session.rooms.get(key(name := room_name(name)))
    if room is None:
        rooms = session.rooms.values()
        room = next((one for one in rooms if key(name) in one.former), None)
    if room is None:
        raise Refused("not-in-room", f"You are not in {name}. To join it: /join {name}")
    return room
