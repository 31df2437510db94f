"""Bytes out: how they are sent, and when a reader counts as slow."""

from __future__ import annotations

from socket import socket

from twisted.internet.interfaces import IPushProducer
from twisted.internet.tcp import Connection
from zope.interface import implementer

from chatsvc.transports.pacing import Paying

BUFFER = 65536  # bytes waiting for a reader beyond which it counts as slow


class Sending(Paying):
    """Sends bytes, around the transport where that is possible."""

    _direct = False
    _socket: socket
    _buffered = False
    _waiting = 0
    _telling = False  # a long answer

    def output_stuck(self) -> None:
        """Much waits until the reader reads: it is a slow one."""
        raise NotImplementedError

    def output_flows(self) -> None:
        """Everything was taken."""
        raise NotImplementedError

    def _begin_sending(self, greeted: bool) -> None:
        transport = self.transport
        self._direct = isinstance(transport, Connection) and not transport.TLS
        if self._direct:
            self._socket = transport.getHandle()
        # A pull producer is called when nothing waits any more: one may send directly again.
        transport.registerProducer(_Outflow(self), not self._direct)
        self._buffered = greeted  # the greeting may still wait, and comes first

    def _send_after(self, data: bytes) -> None:
        """Send what comes after a long answer."""
        raise NotImplementedError

    def _send(self, data: bytes) -> None:
        if self._closing:
            return
        if self._telling:
            self._send_after(data)
            return
        # transport.write alone costs two epoll_ctl calls and a turn of the reactor per reader.
        if self._direct and not self._buffered:
            try:
                sent = self._socket.send(data)
            except OSError:
                sent = 0  # full, or broken: the transport finds out which
            if sent == len(data):
                return
            data = data[sent:]
        self._buffered = True
        self._waiting += len(data)
        self.transport.write(data)
        if self._direct and self._waiting > BUFFER:
            self.output_stuck()


@implementer(IPushProducer)
class _Outflow:
    """Hears from the transport how its output goes.

    A `LineReceiver` has methods of these names itself, which are about its input.
    """

    __slots__ = ("_protocol",)

    def __init__(self, protocol: Sending) -> None:
        self._protocol = protocol

    def pauseProducing(self) -> None:
        self._protocol.output_stuck()

    def resumeProducing(self) -> None:
        self._protocol.output_flows()

    def stopProducing(self) -> None:
        """The transport is closed; the protocol hears of that by itself."""
