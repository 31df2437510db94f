"""IRC over a connection: a `ChatProtocol` whose dialect remembers the client, and may ask."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from twisted.internet.interfaces import IDelayedCall

from chatsvc.core.session import Session
from chatsvc.dialects import irc
from chatsvc.dialects.irc.message import write
from chatsvc.model import costs
from chatsvc.model.batch import Batch
from chatsvc.model.events import (
    Event,
    Found,
    Goodbye,
    History,
    Part,
    Refused,
    Request,
    Said,
)
from chatsvc.transports.chat_protocol import ChatProtocol, lines_in
from chatsvc.transports.connection import ClientConnection, stop
from chatsvc.transports.pacing import FIRST

SILENT = 90.0  # seconds after which a client is asked whether it is there, and it has to answer
JITTER = 0.001  # seconds by which a timer may fire early

_SAID = ("say", "me", "msg", "mods", "signal")


class IRCAdapter:
    """The dialect of one client, in the form in which a connection uses dialects."""

    def __init__(self) -> None:
        self.client = irc.Client()

    @property
    def dialect(self) -> IRCAdapter:
        return self

    @property
    def said(self) -> tuple[Callable[[Said], bytes], Callable[[Said], bytes]]:
        way = self.client.write_said
        return way, way

    def read(self, line: str, question: str | None) -> Request | None:
        return irc.read(self.client, line)

    def write(self, event: Event, here: str | None, tag: str | None) -> bytes:
        irc.tell(self.client, event, tag)
        return self.client.taken()

    def write_part(
        self, event: History | Found, here: str | None, tag: str | None, part: Part
    ) -> bytes:
        irc.tell_part(self.client, event, tag, part)
        return self.client.taken()

    def write_said(self, line: Said, elsewhere: bool) -> bytes:
        return self.client.write_said(line)

    def write_own(self, line: Said, elsewhere: bool) -> bytes:
        return self.client.write_own(line)


class IRCProtocol(ChatProtocol):
    """One IRC client's connection."""

    _going_on = False
    _heard = 0.0  # when something came last
    _asked = False  # whether the client is there, and nothing came since
    _overdue = False
    _pulse: IDelayedCall | None = None

    def __init__(self, arrival: ClientConnection) -> None:
        ways = IRCAdapter()
        super().__init__(arrival, ways)
        self._client = ways.client
        self._client.secure = arrival.secure

    def connectionMade(self) -> None:
        super().connectionMade()
        self._hear()
        self._pulse = self.gate.clock.callLater(SILENT, self._feel_pulse)

    def _stop_timers(self) -> None:
        super()._stop_timers()
        stop(self._pulse)

    def dataReceived(self, data: bytes) -> None:
        self._hear()
        super().dataReceived(data)

    def _hear(self) -> None:
        self._heard = self.gate.clock.seconds()
        self._asked = self._overdue = False

    def _feel_pulse(self) -> None:
        """Ask a silent client whether it is there; close one that does not answer that either."""
        if self.paused:
            self._hear()  # nothing is read at the moment, and its answer may be what waits
        if self._overdue:
            self._give_up()
        else:
            self._pulse = self.gate.clock.callLater(self._next_look(), self._feel_pulse)

    def _next_look(self) -> float:
        """Ask if it is time to, and return the seconds until the next look."""
        if self._asked:
            self._overdue = True
            return 0.0  # after a stall, read first what has come meanwhile
        left = self._heard + SILENT - self.gate.clock.seconds()
        if left > JITTER:
            return left
        self._asked = True
        self._send(write("PING", self._client.server).encode())
        return SILENT

    def _give_up(self) -> None:
        self.session.tell(Goodbye("Ping timeout. Goodbye."))
        self.gate.hub.sessions.leave(self.session, "ping timeout")
        self.close()

    def _obey(self, raw: bytes) -> None:
        super()._obey(raw)
        self._said = self._ways.said  # it may have asked for other capabilities
        self._go_on()

    def _do(self, request: Request) -> None:
        with self._client.doing_request():
            super()._do(request)

    def _refuse_encoding(self, raw: bytes) -> None:
        self._work += costs.REFUSAL
        irc.refuse_encoding(self._client, raw)

    def tell(self, event: Event, here: str | None, tag: str | None) -> None:
        super().tell(event, here, tag)
        self._go_on()

    def _obey_late(self) -> None:
        super()._obey_late()
        self._go_on()

    def output_flows(self) -> None:
        super().output_flows()
        self._go_on()

    def _go_on(self) -> None:
        """Send what was answered without the chat, and ask the chat what else is wanted of it.

        Who reads slowly is asked for nothing more meanwhile, such as the next page of a long list.
        """
        if self._going_on:
            return
        self._going_on = True
        client = self._client
        try:
            while (data := client.taken()) or self._may_ask():
                if data:
                    self._work += costs.SENT + len(data) * costs.ANSWER
                    self._send(data)
                elif (request := client.next_request()) is not None:
                    self._do(request)
                else:
                    break
        finally:
            self._going_on = False

    def _may_ask(self) -> bool:
        """What a message asks for is asked in order: what came too fast goes before the rest."""
        if self._late is not None:
            return False
        if not self.transport.connected:
            return True
        if self._work >= costs.MESSAGE and self._client.wanted:
            self._end_turn()
        return not self._reasons & FIRST

    def show(self, batch: Batch, elsewhere: bool) -> None:
        self._show(batch, partial(super().show, elsewhere=elsewhere))

    def show_personally(self, batch: Batch, elsewhere: bool, session: Session) -> None:
        show = super().show_personally
        self._show(batch, lambda part: show(part, elsewhere, session))

    def _show(self, batch: Batch, show: Callable[[Batch], None]) -> None:
        """Show lines from before the client joined as such, and the others as new."""
        client, room = self._client, batch.lines[0].room
        joined_after = client.earlier.get(room, 0)
        if batch.first > joined_after:
            client.earlier.pop(room, None)
            show(batch)
            return
        earlier = [line for line in batch.lines if line.number <= joined_after]
        if earlier:
            with client.telling_earlier_lines():
                self._said = self._ways.said
                show(Batch(earlier))
            self._said = self._ways.said
        if len(earlier) < len(batch.lines):
            show(Batch(batch.lines[len(earlier) :]) if earlier else batch)

    def _weight(self, what: Request | Refused) -> int:
        """What is said to several at once counts for each of them, as lines do of several lines."""
        others = (request for request in self._client.wanted if request.name in _SAID)
        return lines_in(what) + sum(map(lines_in, others))
