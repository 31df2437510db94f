"""Where a person, or a pipe, reads and types: lines in, lines out, and nothing torn apart."""

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

READ = 4096  # bytes at once
UNIX = find_spec("termios") is not None  # files can be waited for, and terminals be set
LONGEST = 16_384  # characters of a line that has no end yet


class Screen(Protocol):
    """What the one who talks sees of a screen."""

    @property
    def interactive(self) -> bool:
        """Whether there is a person who can be asked."""

    def open(self, typed: Callable[[str], None], ended: Callable[[], None]) -> None:
        """Begin, paused: `typed` is told each line, `ended` that no more come, or none are read."""

    def pause(self) -> None:
        """Take no lines for now."""

    def resume(self) -> None:
        """Take lines."""

    def show(self, line: str) -> None:
        """Show one line."""

    def prompt(self, text: str, hidden: bool = False) -> None:
        """Say before the cursor what is typed there; a `hidden` line is not shown."""

    def clear(self) -> None:
        """Make it empty."""

    def close(self) -> None:
        """Leave everything as it was found."""


@implementer(IReadDescriptor)
class Input:
    """A file that is read when there is something to read.

    It is not made non-blocking: whoever else has the same terminal open would feel that.
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
        """Read from now on."""
        if self._open:
            self._reactor.addReader(self)

    def pause(self) -> None:
        """Leave what comes where it is."""
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
    """A file that cannot be waited for, as any on Windows: a thread reads it."""

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
        """Read from now on."""
        self._wanted.set()
        if self._thread.ident is None:
            self._thread.start()

    def pause(self) -> None:
        """Read no further than what is being read."""
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
    """A file that is written to at once; `gone` is told when nobody reads it, or why it fails."""

    def __init__(
        self, reactor: IReactorFDSet, fd: int, gone: Callable[[OSError | None], None]
    ) -> None:
        self._fd = fd
        self._gone = gone
        self._open = True
        if UNIX and S_ISFIFO(os.fstat(fd).st_mode):
            # A pipe's end for writing is never readable, but for the error that nobody reads it.
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
    """The lines in a stream of bytes."""

    def __init__(self, typed: Callable[[str], None]) -> None:
        self._typed = typed
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._rest = ""

    def feed(self, data: bytes) -> None:
        """Take some bytes."""
        *lines, self._rest = (self._rest + self._decoder.decode(data)).split("\n")
        for line in lines:
            self._typed(line.removesuffix("\r"))
        if len(self._rest) > LONGEST:
            self.end()

    def end(self) -> None:
        """What has no end yet is a line as well."""
        rest, self._rest = self._rest, ""
        if rest:
            self._typed(rest)


class Pipe:
    """Lines in and lines out, for pipes, files and terminals that can do no more."""

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
        """Nobody looks."""

    def clear(self) -> None:
        """There is nothing to clear."""

    def close(self) -> None:
        self.pause()


def has_colours(environment: Mapping[str, str]) -> bool:
    """Whether colours are seen, and wanted (no-color.org)."""
    return os.isatty(1) and is_able(environment) and not environment.get("NO_COLOR")


def is_able(environment: Mapping[str, str]) -> bool:
    """Whether a terminal can move its cursor; those of Windows can, and have no name."""
    return environment.get("TERM", "dumb" if UNIX else "") != "dumb"
