"""What systemd does for a service: it reads its notifications and passes sockets to it."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from types import TracebackType

from real import LIMIT

# Run a program with a listening socket, as systemd does: as descriptor 3 (sd_listen_fds(3)).
_PASS = """\
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "chat"}
os.execv(sys.argv[2], sys.argv[2:])
"""


def passing(passed: socket.socket, *command: str) -> list[str]:
    """Return a command that runs another one with this socket; give it to `pass_fds`, too."""
    return [sys.executable, "-c", _PASS, str(passed.fileno()), *command]


class Notified:
    """A socket for the notifications of one service (sd_notify(3))."""

    def __init__(self, directory: Path, abstract: bool = False) -> None:
        name = str(directory / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(LIMIT)
        self._socket.bind(f"\0{name}" if abstract else name)
        self.environment = {**os.environ, "NOTIFY_SOCKET": f"@{name}" if abstract else name}

    def __enter__(self) -> Notified:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def next(self) -> dict[str, str]:
        """Return the assignments of the next notification."""
        rows = self._socket.recv(4096).decode().split("\n")
        return dict(row.split("=", 1) for row in rows)
