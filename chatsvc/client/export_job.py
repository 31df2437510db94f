"""`chatsvc export`: saves a conversation from the archive, page by page, to a file or a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from chatsvc.client.atomic_write import replacing
from chatsvc.client.export import Format
from chatsvc.client.net.connection import Connection
from chatsvc.client.progress_row import ProgressRow
from chatsvc.client.scripts import NotDone, Reader
from chatsvc.client.time_points import Point
from chatsvc.dialects.jsonl import timestamp
from chatsvc.model.history_events import History
from chatsvc.model.message_events import Said
from chatsvc.model.text_rules import counted

PAGE = 500  # lines, the maximum that a server sends at once
INSTANT = 0.001  # seconds: the times of lines are in whole ms

Progress = Callable[[int, float | None], None]  # given the lines so far and their fraction of all
Sink = Callable[[str], object]


async def write_history(
    connection: Connection,
    room: str,
    since: Point | None,
    until: Point | None,
    format: Format,
    sink: Sink,
    progress: Progress = lambda lines, share: None,
) -> int:
    """Write the history of a #room or a conversation (@name); return the number of lines.

    Wait while the connection is lost.  `progress` is called before each further page.
    """
    pages = Pages(connection, room, since, until)
    count = 0
    sink(format.begin())
    while pages.more:
        lines = await pages.next()
        count += len(lines)
        sink("".join(format.page(lines)))
        if pages.more:
            progress(count, await pages.share())
    sink(format.end())
    return count


class Pages:
    """The lines between two points in pages, oldest first."""

    def __init__(
        self, connection: Connection, room: str, since: Point | None, until: Point | None
    ) -> None:
        self.more = True
        self._connection = connection
        self._room = room
        self._since = since
        self._until = until
        self._after: Point = 0
        if isinstance(since, int):
            self._after = max(since - 1, 0)
        elif since is not None:
            self._after = since - INSTANT
        self._first: int | None = None  # the number of the first line returned
        self._last: int | None = None  # the number of the last line at the time of the request

    async def next(self) -> list[Said]:
        """Return the next page, which may be empty."""
        page = await self._history(first=True, n=PAGE, after=_written(self._after))
        lines = [line for line in page.lines if self._is_wanted(line)]
        self.more = page.more and not any(map(self._is_behind, page.lines))
        before, self._after = self._after, page.next or self._behind(page)
        if self._after == before:
            self.more = False  # the same page would be returned again
        if self._first is None and lines:
            self._first = lines[0].number
        return lines

    def _behind(self, page: History) -> Point:
        """Return the line after which the next page begins: never before the start of this one."""
        after = self._after if isinstance(self._after, int) else 0
        if page.lines:
            return max(page.lines[-1].number, after)
        return after + PAGE if page.more else after  # every line of it was hidden from us

    async def share(self) -> float | None:
        """Return the fraction of lines returned so far, if it can be computed."""
        if self._first is None or not isinstance(self._after, int):
            return None
        if self._last is None:
            self._last = await self._ask_last()
        length = self._last - self._first + 1
        return min((self._after - self._first + 1) / length, 1.0) if length > 0 else None

    async def _ask_last(self) -> int:
        before = self._until + 1 if isinstance(self._until, int) else self._until
        bounds = {} if before is None else {"before": _written(before)}
        lines = (await self._history(n=1, **bounds)).lines
        return lines[0].number if lines else 0

    async def _history(self, **bounds: Any) -> History:
        return await self._connection.ask(History, "history", room=self._room, **bounds)

    def _is_wanted(self, line: Said) -> bool:
        late_enough = not isinstance(self._since, float) or line.time >= self._since
        return late_enough and not self._is_behind(line)

    def _is_behind(self, line: Said) -> bool:
        if isinstance(self._until, int):
            return line.number > self._until
        return self._until is not None and line.time >= self._until


def _written(point: Point) -> Point | str:
    """Return a point in the protocol's format."""
    return point if isinstance(point, int) else timestamp(point)


class Export(Reader):
    """Exports a conversation, and ends."""

    async def run(
        self,
        room: str,
        since: Point | None,
        until: Point | None,
        format: Format,
        sink: Sink,
        progress: Progress = lambda lines, share: None,
    ) -> int:
        """Write the history of a #room or a conversation (@name); return the number of lines."""

        async def work() -> int:
            await self.connection.open()
            if room.startswith("#"):
                await self.connection.enter(room, last=0, create=False)
            return await write_history(self.connection, room, since, until, format, sink, progress)

        try:
            return await self.connection.while_wanted(work())
        except BrokenPipeError:
            return 0  # the reader has closed the pipe
        finally:
            await self.connection.close()


@contextmanager
def opened(path: Path | None, force: bool) -> Iterator[Sink]:
    """Open the output: a file that appears when it is complete, or standard output."""
    try:
        if path is None:
            yield _to_standard_output
        else:
            with replacing(path, force=force) as file:
                yield file.write
    except FileExistsError:
        raise NotDone(f"{path} already exists. To overwrite it, add --force.") from None
    except OSError as error:
        what = path or "The output"
        raise NotDone(f"{what} cannot be written: {error.strerror}.") from None


class ExportRow(ProgressRow):
    """Shows the progress of an export, and reports its end."""

    def __init__(self, room: str, terminal: TextIO | None) -> None:
        super().__init__(terminal)
        self._room = room

    def __call__(self, lines: int, share: float | None) -> None:
        percent = "" if share is None else f", {share:.0%}"
        self.show(f"{self._room}: {counted(lines, 'message')}{percent}")

    def finish(self, lines: int, file: Path | None) -> None:
        """Report what was saved, if there is a terminal."""
        if self._terminal is not None and file is not None:
            saved = counted(lines, "message")
            self._terminal.write(f"Saved {saved} of {self._room} to {file}.\n")


def terminal(file: Path | None) -> TextIO | None:
    """Return the terminal, if the lines themselves are not printed there."""
    return sys.stderr if os.isatty(2) and (file is not None or not os.isatty(1)) else None


def _to_standard_output(text: str) -> None:
    """Write everything; raise `OSError` if that fails."""
    data = text.encode("utf-8", "replace")
    while data:
        data = data[os.write(1, data) :]


def format_of(path: Path | None) -> str:
    """Return the format that a file's name suggests."""
    ending = "" if path is None else path.suffix.lower()
    return {".json": "json", ".jsonl": "json", ".html": "html", ".htm": "html"}.get(ending, "txt")
