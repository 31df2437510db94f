"""IRC over a connection: a `ChatProtocol` whose dialect remembers the client, and may ask."""

from __future__ import annotations

from collections.abc import Callable

from chatsvc.dialects.irc.asking import Registration
from chatsvc.dialects.irc.client import parsed
from chatsvc.dialects.irc.telling import tell
from chatsvc.events import Event, Request, Said
from chatsvc.transports.arrival import Arrival
from chatsvc.transports.line import ChatProtocol


class IRCWays:
    """The dialect of one client, in the form in which a connection uses dialects."""

    def __init__(self) -> None:
        self.client = Registration()

    @property
    def dialect(self) -> IRCWays:
        return self

    @property
    def said(self) -> tuple[Callable[[Said], bytes], Callable[[Said], bytes]]:
        way = self.client.write_said
        return way, way

    def read(self, line: str, question: str | None) -> Request | None:
        message = parsed(self.client, line)
        return None if message is None else self.client.read(message)

    def write(self, event: Event, here: str | None, tag: str | None) -> bytes:
        tell(self.client, event, tag)
        return self.client.taken()

    def write_said(self, line: Said, elsewhere: bool) -> bytes:
        return self.client.write_said(line)

    def write_own(self, line: Said, elsewhere: bool) -> bytes:
        return self.client.write_own(line)


class IRCProtocol(ChatProtocol):
    """One IRC client's connection."""

    _going_on = False

    def __init__(self, arrival: Arrival) -> None:
        ways = IRCWays()
        super().__init__(arrival, ways)
        self._client = ways.client

    def _obey(self, raw: bytes) -> None:
        super()._obey(raw)
        self._go_on()

    def tell(self, event: Event, here: str | None, tag: str | None) -> None:
        super().tell(event, here, tag)
        self._go_on()

    def _go_on(self) -> None:
        """Send what was answered without the chat, and ask the chat what else is wanted of it."""
        if self._going_on:
            return
        self._going_on = True
        client = self._client
        try:
            while (data := client.taken()) or (request := client.next_request()):
                if data:
                    self._send(data)
                elif request is not None:
                    self._do(request)
        finally:
            self._going_on = False
