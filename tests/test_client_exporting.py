"""`export` from a whole chat in memory, page by page, to files."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from client_house import House
from client_server import result
from staff import SECRET
from twisted.internet.defer import CancelledError, Deferred

from chatsvc.client import export_job
from chatsvc.client.export import FORMATS
from chatsvc.client.export_job import Export, ExportRow, format_of, opened, write_history
from chatsvc.client.login_prompts import Identity
from chatsvc.client.net.connection import Connection
from chatsvc.client.scripts import NotDone
from chatsvc.client.time_points import Point
from chatsvc.dialects.json_events import read_event
from chatsvc.model.events import Event
from chatsvc.model.message_events import Said
from chatsvc.model.requests import Refused

Texts = list[str]


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_job, "PAGE", 3)


@pytest.fixture
def house() -> Any:
    with House() as house:
        yield house


def talk(house: House, count: int, room: str = "#lobby") -> None:
    """Let bob say some lines, one per second: the first one at 1001."""
    bob = house.visitor("bob", f"/join {room}")
    house.chat.clock.advance(1000.0 - house.chat.clock.seconds())
    for number in range(1, count + 1):
        house.chat.clock.advance(1.0)
        bob.send(f"line {number}")
    bob.send("/quit")


class Run:
    """A running export."""

    def __init__(
        self,
        house: House,
        room: str = "#lobby",
        identity: Identity = Identity(),  # noqa: B008
        **points: Point,
    ) -> None:
        self.house = house
        self.complaints: Texts = []
        self.parts: Texts = []
        self.progress: list[tuple[int, float | None]] = []
        self.events: list[Event] = []
        self.export = Export(house, house.clock, identity, self.complaints.append)
        self.export.event = lambda event, tag: self.events.append(event)  # type: ignore[method-assign]
        since, until = points.get("since"), points.get("until")
        format = FORMATS["json"](room)
        work = self.export.run(room, since, until, format, self.write, self.note)
        self.done: Deferred[int] = Deferred.fromCoroutine(work)

    def write(self, text: str) -> None:
        self.parts.append(text)

    def note(self, lines: int, share: float | None) -> None:
        self.progress.append((lines, share))

    @property
    def lines(self) -> list[Said]:
        return [read_event(line)[0] for line in "".join(self.parts).splitlines()]  # type: ignore[misc]

    @property
    def texts(self) -> Texts:
        self.house.pump(10.0)
        assert result(self.done) == len(self.lines)
        return [line.text for line in self.lines]


def numbered(first: int, last: int) -> Texts:
    return [f"line {number}" for number in range(first, last + 1)]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 6, 7, 20])
def test_everything_is_written_once_and_in_order(house: House, count: int) -> None:
    talk(house, count)
    assert Run(house).texts == numbered(1, count)


def test_a_room_is_written_under_its_name(house: House) -> None:
    talk(house, 4, "#tea")
    run = Run(house, "#tea")
    assert run.texts == numbered(1, 4)
    assert {line.room for line in run.lines} == {"#tea"}


@pytest.mark.parametrize(
    ("since", "until", "texts"),
    [
        (3, None, numbered(3, 9)),
        (3, 7, numbered(3, 7)),
        (None, 4, numbered(1, 4)),
        (0, 100, numbered(1, 9)),
        (7, 3, []),
        (100, None, []),
    ],
)
def test_numbers_bound_what_is_written(
    house: House, since: int | None, until: int | None, texts: Texts
) -> None:
    talk(house, 9)
    points: dict[str, Any] = {"since": since, "until": until}
    assert Run(house, **points).texts == texts


@pytest.mark.parametrize(
    ("since", "until", "texts"),
    [
        (1003.0, None, numbered(3, 9)),
        (1003.5, 1007.0, numbered(4, 6)),
        (None, 1005.001, numbered(1, 5)),
        (1009.001, None, []),
        (0.0, 2000.0, numbered(1, 9)),
        (8, 1002.0, []),
        (1008.0, 2, []),
        (1003.0, 7, numbered(3, 7)),
    ],
)
def test_times_bound_what_is_written(
    house: House, since: Point | None, until: Point | None, texts: Texts
) -> None:
    talk(house, 9)
    points: dict[str, Any] = {"since": since, "until": until}
    assert Run(house, **points).texts == texts


@pytest.mark.parametrize("since", [None, 2, 1000.0])
def test_whole_pages_of_lines_that_are_not_for_this_reader_are_passed_over(
    house: House, since: Point | None
) -> None:
    house.visitor("carol", "early", "/quit")
    house.member("/ignore bob")
    talk(house, 10)
    house.visitor("carol", "late", "/quit")
    points: dict[str, Any] = {"since": since}
    run = Run(house, identity=Identity("ann", None, SECRET), **points)
    assert run.texts == (["late"] if since else ["early", "late"])


def test_private_lines_are_those_with_an_account(house: House) -> None:
    house.member()
    bob = house.operator(*(f"/msg ann line {number}" for number in range(1, 6)))
    run = Run(house, "@bob", Identity("ann", None, SECRET))
    assert run.texts == numbered(1, 5)
    assert {line.room for line in run.lines} == {"@bob"}
    bob.send("/quit")


def test_what_may_not_be_read_is_a_sentence(house: House) -> None:
    run = Run(house, "@bob")
    house.pump(10.0)
    with pytest.raises(Refused, match="only between registered users"):
        result(run.done)


def test_a_lost_connection_is_made_good(house: House) -> None:
    talk(house, 20)
    run = Run(house)
    for harm in (house.lose, house.kill, house.lose):
        before = len(run.lines)
        while len(run.lines) == before:
            assert not run.done.called
            step(house)
        harm()
    assert run.texts == numbered(1, 20)
    lost = "Connection lost (closed by the server). Reconnecting."
    assert run.complaints == [lost, "Reconnected."] * 3


def step(house: House) -> None:
    """Let at most one thing happen, so that something stays on its way."""
    house.clock.advance(1.0)
    house.chat.clock.advance(0.0)
    for cable in house.cables:
        if cable.open:
            cable.carry()


def test_lines_said_meanwhile_do_not_disturb(house: House) -> None:
    talk(house, 8)
    run = Run(house)
    while not run.lines:
        step(house)
    house.visitor("carol", "line 9", "/quit")
    assert run.texts == numbered(1, 9)


def test_progress_is_told_while_more_is_to_come(house: House) -> None:
    talk(house, 10)
    run = Run(house, since=2)
    assert run.texts == numbered(2, 10)
    assert run.progress == [(3, 3 / 9), (6, 6 / 9)]
    run = Run(house, until=8)
    assert run.texts == numbered(1, 8)
    assert run.progress == [(3, 3 / 8), (6, 6 / 8)]


def test_pages_are_nobodys_business_but_the_exports(house: House) -> None:
    talk(house, 10)
    run = Run(house)
    assert run.texts == numbered(1, 10)
    assert {type(event).__name__ for event in run.events} <= {"Welcome", "Entered", "Goodbye"}


def test_a_connection_that_does_other_things_too_can_write_its_history(house: House) -> None:
    talk(house, 10)
    visit = Export(house, house.clock, Identity("ann"), print)
    parts: Texts = []

    async def inside(connection: Connection) -> int:
        await connection.open()
        await connection.enter("#lobby")
        text = FORMATS["txt"]("#lobby")
        count = await write_history(connection, "#lobby", 9, None, text, parts.append)
        await connection.close()
        return count

    done = Deferred.fromCoroutine(inside(visit.connection))
    house.pump(10.0)
    assert result(done) == 2
    assert "".join(parts).endswith("<bob> line 9\n[00:16] <bob> line 10\n")


def test_who_stops_reading_has_enough(house: House) -> None:
    talk(house, 10)
    run = Run(house)
    run.parts = Closed()
    house.pump(10.0)
    assert result(run.done) == 0


class Closed(list[str]):
    """A pipe whose reader is gone."""

    def append(self, text: str) -> None:
        raise BrokenPipeError


# Files


def test_a_file_is_there_when_all_is_written(tmp_path: Path) -> None:
    path = tmp_path / "lobby.txt"
    with opened(path, force=False) as write:
        write("one\n")
        assert not path.exists()
        write("two\n\udcff")
    assert path.read_bytes() == b"one\ntwo\n?"
    assert os.listdir(tmp_path) == ["lobby.txt"]
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask


@pytest.mark.parametrize("error", [CancelledError, KeyboardInterrupt, NotDone])
def test_nothing_is_left_of_a_file_that_was_not_finished(tmp_path: Path, error: Any) -> None:
    path = tmp_path / "lobby.txt"
    path.write_text("before")
    with pytest.raises(error):
        write_half(path, error)
    assert os.listdir(tmp_path) == ["lobby.txt"]
    assert path.read_text() == "before"


def write_half(path: Path, error: BaseException) -> None:
    with opened(path, force=True) as write:
        write("half")
        raise error


def test_ctrl_c_ends_an_export_and_leaves_nothing(house: House, tmp_path: Path) -> None:
    talk(house, 20)

    async def work() -> None:
        with opened(tmp_path / "lobby.json", force=False) as write:
            export = Export(house, house.clock, Identity(), print)
            await export.run("#lobby", None, None, FORMATS["json"]("#lobby"), write)

    done = Deferred.fromCoroutine(work())
    for _ in range(8):
        step(house)
    assert len(os.listdir(tmp_path)) == 1
    assert not done.called
    done.cancel()
    house.pump(10.0)
    with pytest.raises(CancelledError):
        result(done)
    assert os.listdir(tmp_path) == []


def test_a_file_is_overwritten_only_by_force(tmp_path: Path) -> None:
    path = tmp_path / "lobby.txt"
    path.write_text("before")
    with (
        pytest.raises(NotDone, match=r"already exists\. To overwrite it, add --force\."),
        opened(path, force=False),
    ):
        raise AssertionError
    with opened(path, force=True) as write:
        write("after")
    assert path.read_text() == "after"


def test_a_file_that_came_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "lobby.txt"
    with pytest.raises(NotDone, match="already exists"), opened(path, force=False):
        path.write_text("meanwhile")
    assert path.read_text() == "meanwhile"
    assert os.listdir(tmp_path) == ["lobby.txt"]


def test_a_link_leads_to_the_file_that_is_written(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.txt"
    link.symlink_to(tmp_path / "real" / "lobby.txt")
    with opened(link, force=False) as write:
        write("hello")
    assert link.is_symlink()
    assert (tmp_path / "real" / "lobby.txt").read_text() == "hello"


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/dev/null", "/dev/null cannot be written: it is not a regular file."),
        ("/", "/ cannot be written: it is not a regular file."),
        ("/nowhere/lobby.txt", "/nowhere/lobby.txt cannot be written: No such file or directory."),
    ],
)
def test_where_no_file_can_be_is_a_sentence(path: str, sentence: str) -> None:
    with pytest.raises(NotDone) as raised, opened(Path(path), force=True):
        raise AssertionError
    assert str(raised.value) == sentence


@pytest.mark.parametrize(
    ("name", "format"),
    [("a.html", "html"), ("a.HTM", "html"), ("a.json", "json"), ("a.txt", "txt"), ("a", "txt")],
)
def test_a_files_name_says_its_format(name: str, format: str) -> None:
    assert format_of(Path(name)) == format
    assert format_of(None) == "txt"


# Progress


def test_progress_is_one_row_that_goes_again() -> None:
    terminal = io.StringIO()
    row = ExportRow("#tea", terminal)
    row(12_500, 0.5)
    row(13_000, None)
    row.clear()
    row.clear()
    row.finish(1, Path("tea.txt"))
    rows = ["#tea: 12,500 messages, 50%", "#tea: 13,000 messages     ", " " * 21]
    assert (
        terminal.getvalue()
        == f"\r{rows[0]}\r{rows[1]}\r{rows[2]}\rSaved 1 message of #tea to tea.txt.\n"
    )


def test_where_nobody_looks_there_is_no_progress() -> None:
    row = ExportRow("#tea", None)
    row(12_500, 0.5)
    row.clear()
    row.finish(12_500, None)
