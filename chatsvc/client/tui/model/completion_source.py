"""The commands, rooms and people that can be completed, as far as the server has sent them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from chatsvc.client.commands import Commands, name_of
from chatsvc.client.net.connection import Connection
from chatsvc.client.net.failures import NotConnected
from chatsvc.client.tui.model.buffers import Buffer
from chatsvc.client.tui.model.completion import Candidates
from chatsvc.client.tui.model.state import State
from chatsvc.model.requests import Refused
from chatsvc.model.room_events import Place, Rooms
from chatsvc.model.server_events import Command, Help
from chatsvc.model.text_rules import key

FRESH = 30.0  # seconds for which a list of rooms is reused


class Knowing:
    """Requests the commands and rooms when the user is about to type one."""

    def __init__(
        self,
        connection: Connection,
        state: State,
        clock: IReactorTime,
        learnt: Callable[[], object],
    ) -> None:
        self.commands = Commands()
        self.rooms: tuple[Place, ...] = ()
        self.own: Sequence[Command] = ()  # commands of this program
        self.words: Mapping[str, Sequence[str]] = {}  # which may follow a command
        self._connection = connection
        self._state = state
        self._clock = clock
        self._learnt = learnt  # called when there is more to choose from
        self._as_whom: tuple[str, str | None] | None = None  # where the commands were requested
        self._rooms_at = -FRESH

    def known(self, pane: Buffer) -> Candidates:
        """Return the candidates in a conversation."""
        return Candidates(
            self.all_commands(),
            self._names(pane),
            self._places(),
            self.words,
        )

    def all_commands(self) -> list[Command]:
        """All commands; those of this program replace the server's of the same name."""
        own = {name_of(command) for command in self.own}
        return [*self.own, *(one for one in self.commands.listed if name_of(one) not in own)]

    def _names(self, pane: Buffer) -> list[str]:
        if pane.private:
            return [pane.name[1:]]
        me = key(self._state.name)
        others = [one for known, one in pane.people.items() if known != me]
        others.sort(key=lambda one: (-one.spoke, one.name.casefold()))
        return [one.name for one in others]

    def _places(self) -> list[str]:
        inside = [name for name in self._state.panes if name.startswith("#")]
        return list(dict.fromkeys([*inside, *(place.room for place in self.rooms)]))

    def about_to_name(self, text: str) -> None:
        """Request what will be needed for what the user is typing."""
        if text.startswith("/"):
            self.ask_commands()
        if "#" in text or text.startswith("/join"):
            self.ask_rooms()

    def ask_commands(self) -> None:
        """Request the commands, which depend on the account and the room."""
        whom = (self._state.here, self._state.account)
        if self._connection.here and whom != self._as_whom:
            self._as_whom = whom
            asked = Deferred.fromCoroutine(self._connection.ask(Help, "help"))
            asked.addCallbacks(self._learn_commands, self._not_told)

    def ask_rooms(self) -> None:
        now = self._clock.seconds()
        if self._connection.here and now - self._rooms_at >= FRESH:
            self._rooms_at = now
            asked = Deferred.fromCoroutine(self._connection.ask(Rooms, "rooms"))
            asked.addCallbacks(self._learn_rooms, self._not_told)

    def _learn_commands(self, help: Help) -> None:
        self.commands.learn(help)
        self._learnt()

    def _learn_rooms(self, rooms: Rooms) -> None:
        self.rooms = rooms.rooms
        self._learnt()

    def _not_told(self, failure: Failure) -> None:
        """Forget the request, so that it is made again when needed."""
        failure.trap(Refused, NotConnected)
        self._as_whom, self._rooms_at = None, -FRESH
