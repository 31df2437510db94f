"""A proxy whose connections can be cut at any moment, as bad networks do."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from pathlib import Path

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST


class CuttingProxy:
    """Passes connections on to a port of this machine, which may change, or to a UNIX socket."""

    def __init__(self, target: int | Path) -> None:
        self.target = target
        self._listener = socket.create_server(("localhost", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: dict[socket.socket, threading.Event] = {}  # set: answers are passed on
        self._start(self._accept)

    def _start(self, work: object, *arguments: object) -> None:
        threading.Thread(target=work, args=arguments, daemon=True).start()  # type: ignore[arg-type]

    def close(self) -> None:
        """Listen no longer, and cut what is open."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def swallow_answers(self) -> None:
        """Keep back what the server sends over the open connections, as if they were dead."""
        for answers in list(self._open.values()):
            answers.clear()

    def cut(self) -> None:
        """Cut every connection; whatever is under way is lost."""
        cut = list(self._open.items())
        for each, _ in cut:
            with contextlib.suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for _, answers in cut:
            answers.set()  # now that nobody can read them
        self._open.clear()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._start(self._join, self._listener.accept()[0])

    def _join(self, inside: socket.socket) -> None:
        try:
            outside = self._connected()
        except OSError:
            return inside.close()  # nobody listens at the moment
        may_answer, may_ask = threading.Event(), threading.Event()
        may_answer.set()
        may_ask.set()
        self._open[inside] = self._open[outside] = may_answer
        self._start(self._pass_on, outside, inside, may_answer)
        self._pass_on(inside, outside, may_ask)

    def _connected(self) -> socket.socket:
        if isinstance(self.target, int):
            return socket.create_connection(("localhost", self.target))
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(self.target))
        return connection

    def _pass_on(self, source: socket.socket, sink: socket.socket, may: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                may.wait()
                sink.sendall(data)
        for each in (source, sink):
            self._open.pop(each, None)
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)  # closing alone does not wake the other thread
            each.close()
