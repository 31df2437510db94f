"""The states of a client's connection, and what takes it from one to another."""

from __future__ import annotations

from enum import Enum, auto


class ConnectionState(Enum):
    """What a connection is doing."""

    CLOSED = auto()  # not opened yet, or not any more
    CONNECTING = auto()  # the server is being called
    LOGGING_IN = auto()  # hello is sent; the welcome is awaited
    RESTORING = auto()  # logged in; rooms, ignored people and "away" are being restored
    ONLINE = auto()  # requests are sent at once
    WAITING = auto()  # until the next try
    LEAVING = auto()  # until the server has closed the connection


class ConnectionEvent(Enum):
    """What happens to a connection."""

    TRY = auto()  # to connect, for the first time or again
    UNREACHABLE = auto()
    CONNECTED = auto()
    WELCOME = auto()
    RESTORED = auto()
    LOST = auto()
    LEAVE = auto()  # because the front closes it, or because the server does not want us
    GONE = auto()  # nothing of it is left


# States in which the server has let us in.
LOGGED_IN = (ConnectionState.RESTORING, ConnectionState.ONLINE)

_NEXT = {
    (ConnectionState.CLOSED, ConnectionEvent.TRY): ConnectionState.CONNECTING,
    (ConnectionState.CONNECTING, ConnectionEvent.UNREACHABLE): ConnectionState.WAITING,
    (ConnectionState.CONNECTING, ConnectionEvent.CONNECTED): ConnectionState.LOGGING_IN,
    (ConnectionState.CONNECTING, ConnectionEvent.LEAVE): ConnectionState.LEAVING,
    (ConnectionState.LOGGING_IN, ConnectionEvent.WELCOME): ConnectionState.RESTORING,
    (ConnectionState.LOGGING_IN, ConnectionEvent.LOST): ConnectionState.WAITING,
    (ConnectionState.LOGGING_IN, ConnectionEvent.LEAVE): ConnectionState.LEAVING,
    (ConnectionState.RESTORING, ConnectionEvent.RESTORED): ConnectionState.ONLINE,
    (ConnectionState.RESTORING, ConnectionEvent.LOST): ConnectionState.WAITING,
    (ConnectionState.RESTORING, ConnectionEvent.LEAVE): ConnectionState.LEAVING,
    (ConnectionState.ONLINE, ConnectionEvent.LOST): ConnectionState.WAITING,
    (ConnectionState.ONLINE, ConnectionEvent.LEAVE): ConnectionState.LEAVING,
    (ConnectionState.WAITING, ConnectionEvent.TRY): ConnectionState.CONNECTING,
    (ConnectionState.WAITING, ConnectionEvent.LEAVE): ConnectionState.LEAVING,
    (ConnectionState.LEAVING, ConnectionEvent.GONE): ConnectionState.CLOSED,
}


class IllegalTransition(Exception):
    """Something happened that cannot happen in this state: a mistake in this program."""

    def __init__(self, state: ConnectionState, event: ConnectionEvent) -> None:
        super().__init__(f"{event.name} cannot happen while {state.name}")


class ConnectionMachine:
    """The state of one connection; closed at first."""

    __slots__ = ("state",)

    def __init__(self) -> None:
        self.state = ConnectionState.CLOSED

    def note(self, event: ConnectionEvent) -> None:
        """Go to the next state; raise `IllegalTransition` where the table has none."""
        following = _NEXT.get((self.state, event))
        if following is None:
            raise IllegalTransition(self.state, event)
        self.state = following
