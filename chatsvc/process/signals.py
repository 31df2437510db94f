"""The reaction of the service to signals."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any, Protocol


class Log(Protocol):
    """A log file that can be renamed while it is written."""

    def reopen(self) -> bool:
        """Open the file by its name, if it is another one now."""

    def rotate(self) -> None:
        """Begin a new file."""


class Signals:
    """The service's reaction to TERM, INT, HUP and USR1."""

    def __init__(self, reactor: Any, reload: Callable[[], object], log: Log) -> None:
        self._reactor = reactor
        self._reload = reload
        self._log = log
        self._on_terminal = has_terminal()

    def begin(self) -> None:
        # The reactor's handlers end the process by the same signal, which looks like a failure.
        for number in (signal.SIGINT, signal.SIGTERM):
            handler = signal.getsignal(number)
            if getattr(handler, "__self__", None) is self._reactor:
                signal.signal(number, self._stop)
        if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # ignored under nohup
            signal.signal(signal.SIGHUP, self._hang_up)
        signal.signal(signal.SIGUSR1, self._rotate)

    def _stop(self, number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)  # the second one does not wait
        self._reactor.callFromThread(self._reactor.stop)

    def _hang_up(self, number: int, frame: object) -> None:
        """Stop if the terminal that the service was started from is gone; otherwise reload."""
        if self._on_terminal and not has_terminal():
            self._stop(number, frame)
        else:
            self._reactor.callFromThread(self._do_reload)

    def _do_reload(self) -> None:
        self._log.reopen()
        self._reload()

    def _rotate(self, number: int, _frame: object) -> None:
        self._reactor.callFromThread(self._log.rotate)


def has_terminal() -> bool:
    """Return whether this process has a controlling terminal (termios(3), tty(4)).

    Whatever its standard files are: when the terminal is closed, the system takes it away from all
    processes of its session before it sends SIGHUP, and the terminal can no longer be opened.
    """
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError:
        return False
    return True
