"""The shell's side of the control socket: one request, and its answer."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from chatsvc.cli.service_files import ServiceFiles
from chatsvc.cli.service_options import NotDone
from chatsvc.model.control import LONGEST_REQUEST, Answer, socket_of
from chatsvc.model.requests import Refused
from chatsvc.store.location import NAME

LONGEST_PATH = 100  # bytes that the path of a socket can have on every system


class NoService(NotDone):
    """No service can be asked; the message is a sentence for users."""


class Service:
    """A connection to the service that uses an archive."""

    def __init__(self, files: ServiceFiles) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with _short(socket_of(files.beside)) as path:
                self._socket.connect(path)
        except OSError as error:
            self._socket.close()
            raise NoService(_why_not(files, error)) from None
        self._lines = self._socket.makefile("rb")

    def __enter__(self) -> Service:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lines.close()
        self._socket.close()

    def ask(
        self, do: str, progress: Callable[[Answer], None] = lambda answer: None, **arguments: Any
    ) -> Answer:
        """Return the answer to a request; raise `Refused` if it is refused.

        `progress` is called with each report of how far a long command is.
        """
        request = json.dumps({"do": do, **arguments}).encode() + b"\n"
        if len(request) > LONGEST_REQUEST:
            raise Refused("too-long", f"That is too long: at most {LONGEST_REQUEST:,} bytes.")
        self._socket.sendall(request)
        while line := self._line():
            answer: Answer = json.loads(line)
            if answer.get("ok") is False:
                raise Refused(answer["code"], answer["text"])
            if answer.pop("ok", None):
                return answer
            progress(answer)
        raise NoService("The service ended before it answered. Details are in its log.")

    def _line(self) -> bytes:
        with suppress(ConnectionError):
            return self._lines.readline()
        return b""

    def wait_for_end(self) -> None:
        """Return when the service has ended."""
        while self._line():
            pass


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """Yield a path of the socket that is short enough."""
    if len(os.fsencode(path)) <= LONGEST_PATH or not Path("/proc/self/fd").exists():
        yield str(path)
        return
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)


def _why_not(files: ServiceFiles, error: OSError) -> str:
    path = socket_of(files.beside)
    if isinstance(error, PermissionError):
        return (
            f"Permission denied: {path}. Only the user who runs the service, and"
            " root, can manage it."
        )
    if isinstance(error, FileNotFoundError | ConnectionRefusedError):
        return (
            f"No service is running with the archive {_where(files)}. Start it, or"
            f" name the one that is running: {_naming(files)}"
        )
    return f"Cannot reach the service at {path}: {error.strerror or error}."


def _naming(files: ServiceFiles) -> str:
    """Return which options name a service."""
    if not isinstance(files.archive, Path) or socket_of(files.beside.with_name(NAME)).exists():
        return "--config FILE, or both --data DIR and --archive postgresql://…"
    return "--config FILE, --data DIR or --archive sqlite:PATH"


def _where(files: ServiceFiles) -> str:
    """Return where the archive is, and with a database also where the socket must be."""
    if isinstance(files.archive, Path):
        return str(files.archive.absolute())
    return f"{files.archive} and the data directory {files.beside.absolute().parent}"
