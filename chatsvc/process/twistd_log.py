"""The log file that `twistd` has opened."""

from __future__ import annotations

import fcntl
import os
import signal
from typing import Any

from twisted.python.logfile import LogFile

from chatsvc.process.private_files import restrict


class Log:
    """The log file of `twistd`, which may be renamed or truncated while it is written."""

    def __init__(self, file: LogFile) -> None:
        self._file = file
        self._append()

    def _append(self) -> None:
        """Append even after the file was truncated (logrotate's copytruncate)."""
        opened: Any = self._file._file
        flags = fcntl.fcntl(opened, fcntl.F_GETFL)
        fcntl.fcntl(opened, fcntl.F_SETFL, flags | os.O_APPEND)
        restrict(opened.fileno())  # it contains the code that makes an operator

    def reopen(self) -> bool:
        """Reopen the log file by name; return whether it is another file now."""
        if self._is_current():
            return False
        self._file.reopen()
        self._append()
        return True

    def _is_current(self) -> bool:
        opened: Any = self._file._file
        try:
            return os.path.samestat(os.fstat(opened.fileno()), os.stat(self._file.path))
        except OSError:  # there is no file of that name
            return False

    def rotate(self) -> None:
        """Start a new file; rename the old one, unless it was renamed already."""
        if not self.reopen():
            self._file.rotate()
            self._append()


def find_log() -> Log | None:
    """Return the log file that `twistd` has opened, if there is one.

    `twistd` does not expose it, but its handler of SIGUSR1, which rotates it, refers to it.
    """
    handler: Any = signal.getsignal(signal.SIGUSR1)
    for cell in getattr(handler, "__closure__", None) or ():
        if isinstance(cell.cell_contents, LogFile):
            return Log(cell.cell_contents)
    return None
