"""A Unix terminal for input line by line."""

from __future__ import annotations

import os
import signal
import termios
from collections.abc import Callable
from typing import Any

from chatsvc.client.line_editor import Editor, Key
from chatsvc.client.line_screen import Input, Output


class Terminal:
    """A terminal whose last row is the line being typed; messages are printed above it.

    The row is drawn once at the end of each reactor turn, however many keys and lines arrive.
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
        """Read each key at once, without echo; Ctrl-C and Ctrl-Z keep their usual effect."""
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
