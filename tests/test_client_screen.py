"""The terminal: what is written to it, in whatever order keys and lines arrive."""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Iterator

import pytest
from real import LIMIT
from twisted.internet.testing import MemoryReactorClock

from chatsvc.client.terminal import Terminal

MARK = b"\x00"


class Desk:
    """A terminal in memory, and the turns of the reactor by hand."""

    def __init__(self) -> None:
        self.reactor = MemoryReactorClock()
        self._person, self._program = os.openpty()
        self.typed: list[str] = []
        self.screen = Terminal(self.reactor, self._program, self._program)
        self.screen.open(self.typed.append, lambda: None)
        self.screen.resume()

    def press(self, keys: str) -> None:
        """Process key presses."""
        os.write(self._person, keys.encode())
        (reader,) = self.reactor.getReaders()
        reader.doRead()

    def turn(self) -> str:
        """End a turn of the reactor; return what was written to the terminal since the last one."""
        self.reactor.advance(0)
        os.write(self._program, MARK)
        written = b""
        while not written.endswith(MARK):
            assert select.select([self._person], [], [], LIMIT)[0]
            written += os.read(self._person, 65536)
        return written.removesuffix(MARK).decode()

    def close(self) -> None:
        self.screen.close()
        os.close(self._person)
        os.close(self._program)


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    desk.screen.prompt("#lobby> ")
    assert desk.turn() == "\r#lobby> \x1b[K"
    yield desk
    desk.close()


def hello_comes(desk: Desk) -> None:
    desk.screen.show("<bob> hello")


def keys_come(desk: Desk) -> None:
    desk.press("half a li")


@pytest.mark.parametrize("events", [(hello_comes, keys_come), (keys_come, hello_comes)])
def test_keys_and_a_line_that_come_at_once_draw_the_row_once(
    desk: Desk, events: tuple[Callable[[Desk], None], ...]
) -> None:
    for event in events:
        event(desk)
    assert desk.turn() == "\r\x1b[K<bob> hello\r\n\r#lobby> half a li\x1b[K"


def test_many_lines_draw_the_row_once(desk: Desk) -> None:
    desk.press("half")
    for number in range(3):
        desk.screen.show(str(number))
    shown = "".join(f"\r\x1b[K{number}\r\n" for number in range(3))
    assert desk.turn() == f"{shown}\r#lobby> half\x1b[K"


def test_the_row_is_drawn_only_when_it_is_another(desk: Desk) -> None:
    desk.screen.prompt("#lobby> ")
    assert desk.turn() == ""
    desk.screen.prompt("#tea> ")
    assert desk.turn() == "\r#tea> \x1b[K"


def test_a_cleared_screen_has_the_row(desk: Desk) -> None:
    desk.press("half\x0c")
    assert desk.turn() == "\x1b[2J\x1b[H\r#lobby> half\x1b[K"


def test_nothing_is_drawn_after_the_terminal_was_given_back(desk: Desk) -> None:
    desk.press("hello\r")
    desk.screen.close()
    assert desk.typed == ["hello"]
    assert desk.turn() == "\r\x1b[K"
