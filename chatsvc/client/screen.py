"""Where a person, or a pipe, reads and types: lines in, lines out, and nothing torn apart."""

from __future__ import annotations

import codecs
import os
import signal
import termios
from collections.abc import Callable, Mapping
from stat import S_ISFIFO
from typing import Any, Protocol

from twisted.internet.interfaces import IReactorFDSet, IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

from chatsvc.client.editor import Editor, Key

READ = 4096  # bytes at once
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


class Output:
    """A file that is written to at once; `gone` is told when nobody reads it, or why it fails."""

    def __init__(
        self, reactor: IReactorFDSet, fd: int, gone: Callable[[OSError | None], None]
    ) -> None:
        self._fd = fd
        self._gone = gone
        self._open = True
        if S_ISFIFO(os.fstat(fd).st_mode):
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

        self._input = Input(self._reactor, self._source, lines.feed, end)
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


class Terminal:
    """A terminal whose last row is the line being typed; whatever comes is shown above it.

    Keys and lines that come in one turn of the reactor draw that row once, at the turn's end.
    """

    interactive = True

    def __init__(self, reactor: Any, source: int = 0, sink: int = 1) -> None:
        self._reactor = reactor
        self._source = source
        self._sink = sink
        self._editor = Editor()
        self._open = False
        self._drawing = False  # at the end of this turn
        self._modes: list[Any] = []

    def open(self, typed: Callable[[str], None], ended: Callable[[], None]) -> None:
        self._typed, self._ended = typed, ended
        self._input = Input(self._reactor, self._source, self._keys, ended)
        self._output = Output(self._reactor, self._sink, lambda error: ended())
        self._modes = termios.tcgetattr(self._source)
        self._open = True
        self._take()
        signal.signal(signal.SIGTSTP, self._suspend)

    def pause(self) -> None:
        self._input.pause()

    def resume(self) -> None:
        self._input.resume()

    def show(self, line: str) -> None:
        self._output.write(f"\r\x1b[K{line}\n")
        self._draw_soon()

    def prompt(self, text: str, hidden: bool = False) -> None:
        if (text, hidden) != (self._editor.prompt, self._editor.hidden):
            self._editor.prompt, self._editor.hidden = text, hidden
            self._draw_soon()

    def clear(self) -> None:
        self._output.write("\x1b[2J\x1b[H")
        self._draw_soon()

    def close(self) -> None:
        self.pause()
        self._open = False
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        self._give_back()

    def _keys(self, data: bytes) -> None:
        for typed in self._editor.feed(data):
            if typed is Key.END:
                self._ended()
            elif typed is Key.CLEAR:
                self.clear()
            elif isinstance(typed, str):
                self._typed(typed)
        self._draw_soon()

    def _draw_soon(self) -> None:
        if not self._drawing:
            self._drawing = True
            self._reactor.callLater(0, self._draw)

    def _draw(self) -> None:
        self._drawing = False
        if self._open:
            self._output.write(self._row())

    def _row(self) -> str:
        return self._editor.row(os.get_terminal_size(self._sink).columns or 80)

    def _take(self) -> None:
        """Have each key at once, not shown by the terminal; Ctrl-C and Ctrl-Z work as ever."""
        modes = termios.tcgetattr(self._source)
        modes[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
        modes[6][termios.VMIN], modes[6][termios.VTIME] = 1, 0
        termios.tcsetattr(self._source, termios.TCSADRAIN, modes)

    def _give_back(self) -> None:
        self._output.write("\r\x1b[K")
        termios.tcsetattr(self._source, termios.TCSADRAIN, self._modes)

    def _suspend(self, signum: int, frame: object) -> None:
        self._give_back()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)  # returns when we are in the foreground again
        signal.signal(signal.SIGTSTP, self._suspend)
        self._take()
        self._output.write(self._row())


def screen(reactor: Any, environment: Mapping[str, str]) -> Pipe | Terminal:
    """What standard input and output are good for."""
    if os.isatty(0) and os.isatty(1) and _is_able(environment):
        return Terminal(reactor)
    return Pipe(reactor)


def has_colours(environment: Mapping[str, str]) -> bool:
    """Whether colours are seen, and wanted (no-color.org)."""
    return os.isatty(1) and _is_able(environment) and not environment.get("NO_COLOR")


def _is_able(environment: Mapping[str, str]) -> bool:
    return environment.get("TERM", "dumb") != "dumb"
