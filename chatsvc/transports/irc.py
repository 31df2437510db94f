"""IRC over a connection: a `ChatProtocol` whose dialect has state, and may send requests."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chatsvc.core.wire import Reader
from chatsvc.dialects import irc
from chatsvc.dialects.irc.message import write
from chatsvc.model import costs
from chatsvc.model.batch import Batch, Shared
from chatsvc.model.events import Event
from chatsvc.model.history_events import Part
from chatsvc.model.long_events import LongEvent
from chatsvc.model.message_events import Said
from chatsvc.model.requests import Refused, Request
from chatsvc.model.room_events import Joined
from chatsvc.services.hub import Hub
from chatsvc.transports.adapters import Dialect
from chatsvc.transports.connection import ClientConnection
from chatsvc.transports.heartbeat import Heartbeat

SILENT = 90.0  # seconds of silence after which a client is pinged, and that it has to answer


class IRCAdapter:
    """The dialect of one client, in the form that a connection uses."""

    __slots__ = ("_answer", "about", "client", "dialect", "write_own")

    def __init__(self, answer: Callable[[bytes], None], hub: Hub) -> None:
        self.client = irc.Client(
            hub.origins.mask,
            hub.origins.account,
            hub.now,
            hub.origins.standing,
            hub.visibility.roll,
        )
        self._answer = answer  # sends answers that do not involve the chat
        self.dialect: Dialect = self
        self.about: object = None
        self.write_own = self.client.write_own

    @property
    def said(self) -> tuple[Callable[[Said], bytes], Callable[[Said], bytes]]:
        return self.client.said

    def read(self, line: str, question: str | None) -> Sequence[Request]:
        requests = irc.plain_message(self.client, line)
        if requests is None:
            requests = irc.read(self.client, line)
            self._answer(self.client.taken())
        return requests

    def refuse_encoding(self, line: bytes) -> Sequence[Refused]:
        irc.refuse_encoding(self.client, line)
        self._answer(self.client.taken())
        return ()

    def write(self, event: Event, here: str | None, tag: str | None) -> bytes:
        irc.tell(self.client, event, tag, self.about)
        return self.client.taken()

    def write_part(self, event: LongEvent, here: str | None, tag: str | None, part: Part) -> bytes:
        irc.tell_part(self.client, event, tag, part, self.about)
        return self.client.taken()

    def write_said(self, line: Said, elsewhere: bool) -> bytes:
        return self.client.said[elsewhere](line)


class IRCProtocol(Heartbeat):
    """One IRC client's connection."""

    _silent = _within = SILENT

    def __init__(self, arrival: ClientConnection) -> None:
        ways = IRCAdapter(self.answer, arrival.gate.hub)
        super().__init__(arrival, ways)
        self._client = ways.client
        self._client.secure = arrival.secure
        settings = self.gate.hub.settings
        self._client.registers_early = settings.registers_early
        self._client.sts = settings.sts
        self._client.needs_email = settings.email_required
        self._client.description = settings.description or settings.name

    def _ask(self) -> None:
        self._send(write("PING", self._client.server).encode())

    def refuse_length(self, text: str) -> None:
        self._client.reply("INPUTTOOLONG")
        self._client.error(text)
        self.answer(self._client.taken())

    def answer(self, data: bytes) -> None:
        """Send what the dialect answers by itself."""
        if data:
            self._work += costs.SENT + len(data) * costs.ANSWER
            self._send(data)

    def tell(self, event: Event, here: str | None, tag: str | None) -> None:
        super().tell(event, here, tag)
        self.ask_first(self._client.requests())  # such as the next page of a long list

    def announce(self, event: Shared, here: str | None) -> None:
        if isinstance(event.event, Joined):
            self._send(self._joins(event.event, event))
        else:
            super().announce(event, here)
        self.ask_first(self._client.requests())  # such as the metadata of a monitored user

    def _joins(self, event: Joined, shared: Shared) -> bytes:
        """Return joins as clients with the same capabilities are told of them."""
        return irc.channels.joins(self._client, event, shared)

    # Live lines are later than the join, so `show` need not look for earlier ones.
    def show_personally(self, batch: Batch, elsewhere: bool, reader: Reader) -> None:
        if self._client.earlier:
            show = super().show_personally
            self._show(batch, lambda part: show(part, elsewhere, reader))
        else:
            super().show_personally(batch, elsewhere, reader)

    def _show(self, batch: Batch, show: Callable[[Batch], None]) -> None:
        """Show lines from before the client joined as history, and the others as new."""
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
