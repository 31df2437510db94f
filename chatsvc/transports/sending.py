"""Output: how bytes are sent, and when a reader counts as slow."""

from __future__ import annotations

from socket import socket

from twisted.internet.interfaces import IPushProducer
from twisted.internet.tcp import Connection
from zope.interface import implementer

from chatsvc.transports.pacing import Paying

BUFFER = 65536  # bytes waiting for a reader, beyond which it counts as slow


class Sending(Paying):
    """Sends bytes, bypassing the transport's buffer where possible."""

    __slots__ = ("_buffered", "_direct", "_socket", "_telling", "_waiting")

    def __init__(self) -> None:
        super().__init__()
        self._direct = False
        self._socket: socket
        self._buffered = False
        self._waiting = 0
        self._telling = False  # a long answer

    def output_stuck(self) -> None:
        """Note that much waits for the reader, which is slow."""
        raise NotImplementedError

    def output_flows(self) -> None:
        """Note that everything was taken."""
        raise NotImplementedError

    def _begin_sending(self, answered: bool) -> None:
        """Prepare to send; `answered` says that something was written on this connection before."""
        transport = self.transport
        self._direct = isinstance(transport, Connection) and not transport.TLS
        if self._direct:
            self._socket = transport.getHandle()
        # A pull producer is called when nothing waits any more, so direct sends are possible again.
        transport.registerProducer(_Outflow(self), not self._direct)
        self._buffered = answered  # what was written may still wait, and comes first

    def _send_after(self, data: bytes) -> None:
        """Send something after a long answer."""
        raise NotImplementedError

    def _send(self, data: bytes) -> None:
        if self._closing:
            return
        if self._telling:
            self._send_after(data)
            return
        if not self._direct:
            self.transport.write(data)
            return
        # transport.write alone costs two epoll_ctl calls and a turn of the reactor per reader.
        if not self._buffered:
            try:
                sent = self._socket.send(data)
            except OSError:
                sent = 0  # full or broken: the transport finds out which
            if sent == len(data):
                return
            data = data[sent:]
        self._buffered = True
        self._waiting += len(data)
        self.transport.write(data)
        if self._waiting > BUFFER:
            self.output_stuck()


@implementer(IPushProducer)
class _Outflow:
    """Receives the transport's flow control.

    A `LineReceiver` has methods of these names itself, for its input.
    """

    __slots__ = ("_protocol",)

    def __init__(self, protocol: Sending) -> None:
        self._protocol = protocol

    def pauseProducing(self) -> None:
        self._protocol.output_stuck()

    def resumeProducing(self) -> None:
        self._protocol.output_flows()

    def stopProducing(self) -> None:
        """Do nothing: the protocol notices by itself that the transport is closed."""
