"""The control socket: JSON lines over a UNIX socket that only the owner of the files can open."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IAddress, IHalfCloseableProtocol, IListeningPort
from twisted.internet.protocol import ServerFactory
from twisted.protocols.basic import LineOnlyReceiver
from zope.interface import implementer

from chatsvc.commands.control import Command
from chatsvc.model.control import LONGEST_REQUEST, Answer
from chatsvc.transports.control_requests import answered, encoded

LONGEST_PATH = 100  # bytes that the path of a socket can have on every system


@implementer(IHalfCloseableProtocol)
class ControlProtocol(LineOnlyReceiver):
    """Answers one request after the other."""

    delimiter = b"\n"
    MAX_LENGTH = LONGEST_REQUEST
    transport: Any

    def __init__(self, commands: Mapping[str, Command]) -> None:
        self._commands = commands
        self._requests: list[bytes] = []
        self._busy = False
        self._ended = False  # no more requests follow

    def lineReceived(self, line: bytes) -> None:
        self._requests.append(line)
        if not self._busy:
            self._busy = True
            Deferred.fromCoroutine(self._answer_all())

    async def _answer_all(self) -> None:
        try:
            while self._requests:
                request = self._requests.pop(0)
                self._write(await answered(request, self._commands, self._write))
        finally:
            self._busy = False
            self._leave_if_ended()

    def readConnectionLost(self) -> None:
        """Note that no more requests follow; those that were sent are still answered."""
        self._ended = True
        self._leave_if_ended()

    def writeConnectionLost(self) -> None:
        """Do nothing: this side never ends its half alone."""

    def _leave_if_ended(self) -> None:
        if self._ended and not self._busy:
            self.transport.loseConnection()

    def _write(self, answer: Answer) -> None:
        self.transport.write(encoded(answer) + b"\n")


class ControlSocket(ServerFactory):
    """Listens for administrators; their connections stay open until the service has stopped."""

    noisy = False

    def __init__(self, path: Path, commands: Callable[[], Mapping[str, Command]]) -> None:
        self.path = path
        self._commands = commands
        self._directory = -1  # an open handle of it, if the path is too long for a socket
        self._port: IListeningPort | None = None

    def buildProtocol(  # type: ignore[override]  # Twisted's type wants no factory in particular
        self, addr: IAddress | None
    ) -> ControlProtocol:
        return ControlProtocol(self._commands())

    def open(self, reactor: Any) -> None:
        """Listen, and replace what a killed service left.

        The archive, or the directory if the archive is elsewhere, is locked, so none runs.

        Nobody can connect before Twisted has set the mode: it does so before it listens.
        """
        if self.path.is_socket():
            self.path.unlink()
        self._port = reactor.listenUNIX(self._short_path(), self, mode=0o600)

    def _short_path(self) -> str:
        if len(os.fsencode(self.path)) <= LONGEST_PATH or not Path("/proc/self/fd").exists():
            return str(self.path)
        self._directory = os.open(self.path.parent, os.O_RDONLY | os.O_CLOEXEC)
        return f"/proc/self/fd/{self._directory}/{self.path.name}"

    async def close(self) -> None:
        """Accept no more connections, and remove the socket."""
        if self._port is None:
            return
        if not self.path.exists():  # somebody has removed it; Twisted would fail to
            self.path.touch()
        port, self._port = self._port, None
        await maybeDeferred(port.stopListening)
        if self._directory >= 0:
            os.close(self._directory)
