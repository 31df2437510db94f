"""Line-based input and output for a terminal or a pipe."""

from __future__ import annotations

import codecs
import os
import threading
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from stat import S_ISFIFO
from typing import Any, Protocol

from twisted.internet.interfaces import IReactorFDSet, IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

READ = 4096  # bytes per read
UNIX = find_spec("termios") is not None  # files can be polled, and terminals configured
LONGEST = 16_384  # maximum length of an unfinished line, in characters


class Screen(Protocol):
    """A screen as the chat client uses it."""

    @property
    def interactive(self) -> bool:
        """Whether a user is present who can be asked."""

    def open(self, typed: Callable[[str], None], ended: Callable[[], None]) -> None:
        """Start, paused: call `typed` with each line, and `ended` at the end or on failure."""

    def pause(self) -> None:
        """Stop reading lines for now."""

    def resume(self) -> None:
        """Resume reading lines."""

    def show(self, line: str) -> None:
        """Show one line."""

    def prompt(self, text: str, hidden: bool = False) -> None:
        """Show a prompt before the cursor; a `hidden` line is not echoed."""

    def clear(self) -> None:
        """Clear the screen."""

    def close(self) -> None:
        """Restore everything to its original state."""


@implementer(IReadDescriptor)
class Input:
    """A file that is read when input is available.

    It is not made non-blocking, because that would affect other programs on the same terminal.
    """

    def __init__(
        self,
        reactor: IReactorFDSet,
        fd: int,
        received: Callable[[bytes], None],
        ended: Callable[[], None],
    ) -> None:
        self._reactor = reactor
        self._fd = fd
        self._received = received
        self._ended = ended
        self._open = True

    def resume(self) -> None:
        """Start or resume reading."""
        if self._open:
            self._reactor.addReader(self)

    def pause(self) -> None:
        """Leave further input unread."""
        self._reactor.removeReader(self)

    def doRead(self) -> None:
        try:
            data = os.read(self._fd, READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._received(data)
        else:
            self._end()

    def fileno(self) -> int:
        return self._fd

    def logPrefix(self) -> str:
        return "input"

    def connectionLost(self, reason: Failure) -> None:
        self._end()

    def _end(self) -> None:
        self.pause()
        if self._open:
            self._open = False
            self._ended()


class BlockingInput:
    """A file that cannot be polled, such as any on Windows: a thread reads it."""

    def __init__(
        self,
        reactor: Any,
        fd: int,
        received: Callable[[bytes], None],
        ended: Callable[[], None],
    ) -> None:
        self._reactor = reactor
        self._fd = fd
        self._received = received
        self._ended = ended
        self._wanted = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def resume(self) -> None:
        """Start or resume reading."""
        self._wanted.set()
        if self._thread.ident is None:
            self._thread.start()

    def pause(self) -> None:
        """Stop after the current read."""
        self._wanted.clear()

    def _read(self) -> None:
        data = b"begin"
        while data and self._wanted.wait():
            try:
                data = os.read(self._fd, READ)
            except OSError:
                data = b""
            self._reactor.callFromThread(self._take, data)

    def _take(self, data: bytes) -> None:
        if data:
            self._received(data)
        else:
            self._ended()


class Output:
    """A file that is written at once; `gone` is called when its reader is gone or writing fails."""

    def __init__(
        self, reactor: IReactorFDSet, fd: int, gone: Callable[[OSError | None], None]
    ) -> None:
        self._fd = fd
        self._gone = gone
        self._open = True
        if UNIX and S_ISFIFO(os.fstat(fd).st_mode):
            # A pipe's write end becomes readable only to report that its reader is gone.
            Input(reactor, fd, lambda data: None, self._end).resume()

    def write(self, text: str) -> None:
        """Write all of it."""
        data = text.encode("utf-8", "replace")
        try:
            while data and self._open:
                data = data[os.write(self._fd, data) :]
        except BrokenPipeError:
            self._end()
        except OSError as error:
            self._end(error)

    def _end(self, error: OSError | None = None) -> None:
        if self._open:
            self._open = False
            self._gone(error)


class Lines:
    """Splits a stream of bytes into lines."""

    def __init__(self, typed: Callable[[str], None]) -> None:
        self._typed = typed
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._rest = ""

    def feed(self, data: bytes) -> None:
        """Process some bytes."""
        *lines, self._rest = (self._rest + self._decoder.decode(data)).split("\n")
        for line in lines:
            self._typed(line.removesuffix("\r"))
        if len(self._rest) > LONGEST:
            self.end()

    def end(self) -> None:
        """Yield an unfinished last line."""
        rest, self._rest = self._rest, ""
        if rest:
            self._typed(rest)


class Pipe:
    """Lines in and lines out, for pipes, files and simple terminals."""

    interactive = False

    def __init__(self, reactor: IReactorFDSet, source: int = 0, sink: int = 1) -> None:
        self._reactor = reactor
        self._source = source
        self._sink = sink

    def open(self, typed: Callable[[str], None], ended: Callable[[], None]) -> None:
        lines = Lines(typed)

        def end() -> None:
            lines.end()
            ended()

        reading = Input if UNIX else BlockingInput
        self._input = reading(self._reactor, self._source, lines.feed, end)
        self._output = Output(self._reactor, self._sink, lambda error: ended())

    def pause(self) -> None:
        self._input.pause()

    def resume(self) -> None:
        self._input.resume()

    def show(self, line: str) -> None:
        self._output.write(f"{line}\n")

    def prompt(self, text: str, hidden: bool = False) -> None:
        """Do nothing: there is no user."""

    def clear(self) -> None:
        """Do nothing: there is nothing to clear."""

    def close(self) -> None:
        self.pause()


def has_colours(environment: Mapping[str, str]) -> bool:
    """Return whether colours are supported and wanted (no-color.org)."""
    return os.isatty(1) and is_able(environment) and not environment.get("NO_COLOR")


def is_able(environment: Mapping[str, str]) -> bool:
    """Return whether a terminal can move its cursor; those of Windows can, and have no name."""
    return environment.get("TERM", "dumb" if UNIX else "") != "dumb"
