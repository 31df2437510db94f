"""The states of a client's connection, and the transitions between them."""

from __future__ import annotations

from enum import Enum, auto


class ConnectionState(Enum):
    """A connection's current state."""

    CLOSED = auto()  # not opened yet, or no longer open
    CONNECTING = auto()  # connecting to the server
    LOGGING_IN = auto()  # hello is sent; waiting for the welcome
    RESTORING = auto()  # logged in; restoring rooms, ignored users and "away"
    ONLINE = auto()  # requests are sent at once
    WAITING = auto()  # until the next attempt
    LEAVING = auto()  # until the server has closed the connection


class ConnectionEvent(Enum):
    """Events that change the state of a connection."""

    TRY = auto()  # connect, for the first time or again
    UNREACHABLE = auto()
    CONNECTED = auto()
    WELCOME = auto()
    RESTORED = auto()
    LOST = auto()
    LEAVE = auto()  # the front closes it, or the server refuses us
    GONE = auto()  # it has ended completely


# States in which we are logged in.
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
    """An event that is impossible in this state: a programming error."""

    def __init__(self, state: ConnectionState, event: ConnectionEvent) -> None:
        super().__init__(f"{event.name} cannot happen while {state.name}")


class ConnectionMachine:
    """The state of one connection; initially closed."""

    __slots__ = ("state",)

    def __init__(self) -> None:
        self.state = ConnectionState.CLOSED

    def note(self, event: ConnectionEvent) -> None:
        """Go to the next state; raise `IllegalTransition` if the table has none."""
        following = _NEXT.get((self.state, event))
        if following is None:
            raise IllegalTransition(self.state, event)
        self.state = following
