"""The service's own log: lines of text or JSON, in a file or on standard error."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from twisted.logger import ILogObserver, LogEvent, eventAsText
from zope.interface import implementer

from chatsvc.process import private_files
from chatsvc.process.threshold import Threshold, level_of

FIELDS = ("option", "address", "reason")  # of events, shown to programs too


@implementer(ILogObserver)
class ServiceLog:
    """Writes events, and starts a new file when the old one was renamed."""

    def __init__(self, path: Path | None, threshold: Threshold, format: str = "text") -> None:
        self._path = path
        self._write = _as_json if format == "json" else _as_text
        self._file: IO[str] | None = None
        self._threshold = threshold

    def __call__(self, event: LogEvent) -> None:
        """Write an event; `log_kind` is shown in the place of its level."""
        if not self._threshold.lets_pass(event) or (_is_note(event) and not self._is_curious()):
            return
        file = self._current()
        file.write(f"{self._write(event, event.get('log_kind') or level_of(event))}\n")
        file.flush()

    def _is_curious(self) -> bool:
        return self._threshold.name == "debug"

    def _current(self) -> IO[str]:
        """Return the file of that name, which another program may have renamed."""
        if self._path is None:
            return sys.__stderr__ or sys.stderr
        self.reopen()
        if self._file is None:
            self._file = private_files.opened(self._path, "a")
        return self._file

    def reopen(self) -> bool:
        """Open the file by its name, unless it is open; return whether it is another file now."""
        if self._path is None or (self._file is not None and self._is_current(self._file)):
            return False
        try:
            new = private_files.opened(self._path, "a")
        except OSError:
            if self._file is None:
                raise
            return False  # better in the old file than nowhere
        if self._file is not None:
            self._file.close()
        self._file = new
        return True

    def close(self) -> None:
        """Close the file; another entry would open it again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def rotate(self) -> None:
        """Open the file by its name: whoever renames it decides about its old name."""
        self.reopen()

    def _is_current(self, file: IO[str]) -> bool:
        try:
            return os.path.samestat(os.fstat(file.fileno()), os.stat(str(self._path)))
        except OSError:  # there is no file of that name
            return False


def _is_note(event: LogEvent) -> bool:
    """Return whether it is a note of Twisted's own, such as those about factories."""
    return event.get("log_namespace") == "log_legacy" and level_of(event) == "info"


def _as_text(event: LogEvent, kind: str) -> str:
    """Return a line, and further ones that are indented, so that none looks like a first one."""
    return f"{_time(event):%Y-%m-%dT%H:%M:%S%z} {kind} {_text(event)}".replace("\n", "\n    ")


def _as_json(event: LogEvent, kind: str) -> str:
    fields: dict[str, Any] = {
        "time": _time(event).isoformat(timespec="milliseconds"),
        "level": kind,
    }
    fields |= {name: event[name] for name in FIELDS if name in event}
    return json.dumps(fields | {"text": _text(event)}, ensure_ascii=False)


def _time(event: LogEvent) -> datetime:
    return datetime.fromtimestamp(event.get("log_time", 0.0), UTC).astimezone()


def _text(event: LogEvent) -> str:
    return eventAsText(event, includeTimestamp=False, includeSystem=False).rstrip("\n")
