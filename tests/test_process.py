"""The service as a process: stale pid files, renamed logs, signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from twisted.logger import LogLevel
from twisted.python.failure import Failure
from twisted.python.logfile import LogFile

from chatsvc.options.command_line import Options
from chatsvc.process import signals
from chatsvc.process.log import ServiceLog
from chatsvc.process.pid_file import remove_stale_pid_file
from chatsvc.process.signals import Signals
from chatsvc.process.threshold import Threshold
from chatsvc.process.twistd_log import Log, find_log

NO_FILE = ServiceLog(None, Threshold())

# The pid file


def is_removed(path: Path, content: bytes) -> bool:
    path.write_bytes(content)
    remove_stale_pid_file(str(path))
    return not path.exists()


def test_a_pid_file_with_the_process_s_own_number_is_stale(tmp_path: Path) -> None:
    for content in (b"%d", b"%d\n", b" %d \r\n"):
        assert is_removed(tmp_path / "twistd.pid", content % os.getpid())


@pytest.mark.parametrize(("words", "stale"), [(["web"], True), (["twistd", "-n", "chat"], False)])
def test_a_pid_file_is_stale_if_another_program_has_the_number(
    tmp_path: Path, words: list[str], stale: bool
) -> None:
    code = "print('ready', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert is_removed(tmp_path / "pid", b"%d" % other.pid) is stale
        other.kill()


@pytest.mark.parametrize("content", [b"", b"\n", b"\0\0\0\0"])
def test_a_pid_file_that_was_never_written_is_stale(tmp_path: Path, content: bytes) -> None:
    assert is_removed(tmp_path / "twistd.pid", content)


@pytest.mark.parametrize("content", [b"notes", b"12 34", b"-1", b"99999999999999999999"])
def test_what_is_no_pid_file_or_of_nobody_is_left_to_twistd(tmp_path: Path, content: bytes) -> None:
    assert not is_removed(tmp_path / "twistd.pid", content)


def test_without_a_pid_file_nothing_is_removed(tmp_path: Path) -> None:
    for path in (None, "", str(tmp_path / "none"), str(tmp_path)):
        remove_stale_pid_file(path)
    assert tmp_path.exists()


def test_the_options_know_twistd_s_pid_file(tmp_path: Path) -> None:
    path = tmp_path / "twistd.pid"
    path.write_text(str(os.getpid()))
    options, parent = Options(), Options()
    parent["pidfile"] = str(path)
    options.parent = parent
    options.parseOptions([])
    assert not path.exists()


# The log


@pytest.fixture
def file(tmp_path: Path) -> Iterator[LogFile]:
    file = LogFile.fromFullPath(str(tmp_path / "d.log"))
    yield file
    file.close()


def test_a_renamed_log_is_written_again_under_its_name(tmp_path: Path, file: LogFile) -> None:
    log = Log(file)
    file.write("one\n")
    assert not log.reopen()
    os.rename(tmp_path / "d.log", tmp_path / "d.log.1")
    file.write("two\n")
    assert log.reopen()
    file.write("three\n")
    assert (tmp_path / "d.log.1").read_text() == "one\ntwo\n"
    assert (tmp_path / "d.log").read_text() == "three\n"


def test_a_log_whose_name_another_file_has_goes_on_at_its_end(
    tmp_path: Path, file: LogFile
) -> None:
    log = Log(file)
    os.rename(tmp_path / "d.log", tmp_path / "d.log.1")
    (tmp_path / "d.log").write_text("made by logrotate\n")
    assert log.reopen()
    file.write("one\n")
    assert (tmp_path / "d.log").read_text() == "made by logrotate\none\n"


def test_an_emptied_log_has_no_hole(tmp_path: Path, file: LogFile) -> None:
    Log(file)
    file.write("one\n")
    os.truncate(tmp_path / "d.log", 0)
    file.write("two\n")
    assert (tmp_path / "d.log").read_bytes() == b"two\n"


@pytest.mark.parametrize("renamed", [False, True])
def test_rotating_renames_the_log_once(tmp_path: Path, file: LogFile, renamed: bool) -> None:
    log = Log(file)
    file.write("one\n")
    if renamed:
        os.rename(tmp_path / "d.log", tmp_path / "d.log.1")
    log.rotate()
    file.write("two\n")
    assert (tmp_path / "d.log.1").read_text() == "one\n"
    assert (tmp_path / "d.log").read_text() == "two\n"
    assert len(list(tmp_path.iterdir())) == 2


@pytest.fixture
def service_log(tmp_path: Path) -> Iterator[Callable[..., ServiceLog]]:
    """Return a function that makes a log, which is closed at the end."""
    with ExitStack() as closing:

        def make(format: str = "text", level: str = "info") -> ServiceLog:
            log = ServiceLog(tmp_path / "chat.log", Threshold(level), format)
            closing.callback(log.close)
            return log

        yield make


def test_a_failure_is_one_object_of_json(
    service_log: Callable[..., ServiceLog], tmp_path: Path
) -> None:
    log = service_log("json")
    try:
        raise ValueError("tea")
    except ValueError:
        event = {"log_failure": Failure(), "log_format": "A command failed", "log_time": 0.0}
    log({**event, "log_level": LogLevel.critical})
    (line,) = (tmp_path / "chat.log").read_text().splitlines()
    entry = json.loads(line)
    assert entry["level"] == "critical"
    assert entry["text"].startswith("A command failed\nTraceback")
    assert entry["text"].endswith("ValueError: tea")


def test_a_log_that_cannot_be_opened_again_goes_on_in_the_old_file(
    service_log: Callable[..., ServiceLog], tmp_path: Path
) -> None:
    log = service_log()
    log({"log_format": "one"})
    (tmp_path / "chat.log").rename(tmp_path / "old")
    (tmp_path / "chat.log").mkdir()
    log({"log_format": "two"})
    assert [line[25:] for line in (tmp_path / "old").read_text().splitlines()] == [
        "info one",
        "info two",
    ]


@pytest.mark.parametrize(
    ("level", "written"),
    [("debug", "note tea milk"), ("info", "tea milk"), ("warn", "milk"), ("critical", "")],
)
def test_entries_below_the_level_are_left_out(
    service_log: Callable[..., ServiceLog], tmp_path: Path, level: str, written: str
) -> None:
    log = service_log(level=level)
    log({"log_format": "note", "log_namespace": "log_legacy", "log_level": LogLevel.info})
    log({"log_format": "tea", "log_level": LogLevel.info})
    log({"log_format": "milk", "log_level": LogLevel.warn})
    log({"log_format": "guess", "log_kind": "security", "log_level": LogLevel.warn})
    lines = (tmp_path / "chat.log").read_text().splitlines()
    assert [line.split()[-1] for line in lines] == [*written.split(), "guess"]


# Signals


class Reactor:
    """A reactor, as far as signals use one."""

    stopped = False

    def stop(self) -> None:
        self.stopped = True

    def callFromThread(self, call: Any) -> None:
        call()

    def its_own(self, number: int, frame: object) -> None:
        """The handler that the reactor installs for INT and TERM."""


@pytest.fixture
def reactor() -> Iterator[Reactor]:
    """Return a reactor with signals as `twistd` leaves them."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
    before = {number: signal.getsignal(number) for number in numbers}
    reactor = Reactor()
    signal.signal(signal.SIGTERM, reactor.its_own)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield reactor
    for number, handler in before.items():
        signal.signal(number, handler)


def test_hup_reopens_the_log_and_reloads(tmp_path: Path, file: LogFile, reactor: Reactor) -> None:
    def rotate(number: int, frame: object) -> None:  # as `twistd` has it
        file.rotate()

    signal.signal(signal.SIGUSR1, rotate)
    reloaded: list[bool] = []
    Signals(reactor, lambda: reloaded.append(True), find_log() or NO_FILE).begin()
    os.rename(tmp_path / "d.log", tmp_path / "d.log.1")
    os.kill(os.getpid(), signal.SIGHUP)
    assert reloaded == [True]
    assert (tmp_path / "d.log").exists()
    os.rename(tmp_path / "d.log", tmp_path / "d.log.2")
    os.kill(os.getpid(), signal.SIGUSR1)
    assert (tmp_path / "d.log").exists()
    assert not reactor.stopped


def test_term_stops(reactor: Reactor) -> None:
    Signals(reactor, lambda: None, NO_FILE).begin()
    os.kill(os.getpid(), signal.SIGTERM)
    assert reactor.stopped
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_hup_stops_a_service_whose_terminal_is_gone(
    reactor: Reactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signals, "has_terminal", lambda: True)
    reloaded: list[bool] = []
    Signals(reactor, lambda: reloaded.append(True), find_log() or NO_FILE).begin()
    os.kill(os.getpid(), signal.SIGHUP)
    assert (reloaded, reactor.stopped) == ([True], False)
    monkeypatch.setattr(signals, "has_terminal", lambda: False)
    os.kill(os.getpid(), signal.SIGHUP)
    assert (reloaded, reactor.stopped) == ([True], True)


def test_hup_that_nohup_has_ignored_stays_so(reactor: Reactor) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    Signals(reactor, lambda: None, NO_FILE).begin()
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_without_a_log_file_there_is_none() -> None:
    assert find_log() is None
