"""The service as a process: its pid file, log file, and signals."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from twisted.logger import (
    FilteringLogObserver,
    LogLevel,
    LogLevelFilterPredicate,
    globalLogPublisher,
)
from twisted.python.logfile import LogFile

_ARENA_MAX = -8  # M_ARENA_MAX in glibc's malloc.h
_ARENAS = 2


def share_memory_of_threads() -> None:
    """Let threads share freed memory if the C library is glibc: see mallopt(3).

    Otherwise each thread keeps the memory of the longest page that it has ever read.
    """
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, _ARENAS)


def remove_stale_pid_file(path: str | None) -> None:
    """Remove a stale pid file, which would prevent `twistd` from starting.

    A container that was killed starts again with the same process numbers; after a restart of the
    machine another program may have the number; a power failure leaves the file empty.
    """
    if not path:
        return
    with suppress(OSError):
        written = Path(path).read_bytes().strip(b" \t\r\n\0")
        if not written or (written.isdigit() and _is_another_program(int(written))):
            os.remove(path)


def _is_another_program(pid: int) -> bool:
    if pid == os.getpid():
        return True
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False  # it belongs to nobody, or there is no such directory: `twistd` checks itself
    return b"twist" not in command


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


LEVELS = tuple(level.name for level in LogLevel.iterconstants())


class Threshold:
    """Leaves out log entries below a level, which may change while the service runs."""

    def __init__(self) -> None:
        self.name = LogLevel.info.name
        self._filter = LogLevelFilterPredicate(LogLevel.info)

    def begin(self) -> None:
        """Put the filter in front of everything that writes the log."""
        for observer in list(globalLogPublisher._observers):
            globalLogPublisher.removeObserver(observer)
            globalLogPublisher.addObserver(FilteringLogObserver(observer, [self._filter]))

    def set(self, name: str) -> None:
        """Change the level to one of `LEVELS`."""
        self.name = name
        self._filter.setLogLevelForNamespace("", LogLevel.levelWithName(name))


class Signals:
    """The service's reaction to TERM, INT, HUP and USR1."""

    def __init__(self, reactor: Any, reload: Callable[[], None]) -> None:
        self._reactor = reactor
        self._reload = reload
        self._log = find_log()
        self._on_terminal = _has_terminal()

    def begin(self) -> None:
        # The reactor's handlers end the process by the same signal, which looks like a failure.
        for number in (signal.SIGINT, signal.SIGTERM):
            handler = signal.getsignal(number)
            if getattr(handler, "__self__", None) is self._reactor:
                signal.signal(number, self._stop)
        if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # ignored under nohup
            signal.signal(signal.SIGHUP, self._hang_up)
        if self._log is not None:
            signal.signal(signal.SIGUSR1, self._rotate)

    def _stop(self, number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)  # the second one does not wait
        self._reactor.callFromThread(self._reactor.stop)

    def _hang_up(self, number: int, frame: object) -> None:
        """Stop if the terminal that the service was started from is gone; otherwise reload."""
        if self._on_terminal and not _has_terminal():
            self._stop(number, frame)
        else:
            self._reactor.callFromThread(self._do_reload)

    def _do_reload(self) -> None:
        if self._log is not None:
            self._log.reopen()
        self._reload()

    def _rotate(self, number: int, _frame: object) -> None:
        if self._log is not None:
            self._reactor.callFromThread(self._log.rotate)


def _has_terminal() -> bool:
    try:
        return os.isatty(0)
    except OSError:
        return False
