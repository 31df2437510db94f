"""The real service, and real programs that talk to it; every wait has a condition and a limit.

It ends only what it has started.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, TypeVar

import pytest
from waiting import LIMIT as LIMIT
from waiting import Deadline as Deadline
from waiting import wait_until as wait_until

_BESIDE_PYTHON = Path(sys.executable).parent
_ESCAPE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[^\[]|\r(?=\r*\n)")

P = TypeVar("P", bound="Peer")


def beside_python(program: str) -> str:
    """Return the path of a program that is installed beside this Python."""
    return str(_BESIDE_PYTHON / program)


def needs(program: str) -> str:
    """Return the path of a program; without it, skip the test, or fail where CI must run it."""
    path = shutil.which(program)
    if path is None:
        lacking(f"{program} is not installed")
    return path


def lacking(reason: str) -> NoReturn:
    """Skip the test for a reason, or fail where CI must run it."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def proc(pid: int, file: str) -> Path:
    """Return a file of /proc about a process."""
    path = Path("/proc") / str(pid) / file
    if not path.exists():
        pytest.skip("this system has no /proc")
    return path


class Stopwatch:
    """Measures how long the service takes, without the time that other programs take.

    A message goes through several threads of the service: each may wait for a processor.
    """

    def __init__(self, service: Service) -> None:
        self._pid = service.pid
        self._begun, self._starved = time.monotonic(), self._waited()

    def seconds(self) -> float:
        """Return the seconds since this was made."""
        return time.monotonic() - self._begun - (self._waited() - self._starved)

    def _waited(self) -> float:
        """Return how many seconds we and the service's threads have waited for a processor."""
        threads = [os.getpid(), *(int(one.name) for one in proc(self._pid, "task").iterdir())]
        nanoseconds = (proc(one, "schedstat").read_text().split()[1] for one in threads)
        return sum(map(int, nanoseconds)) / 1e9


class Service:
    """The real `twistd chat` in `directory`; it is stopped at the end of its `with` block.

    It must then end by itself, and log no traceback, unless the test has ended it before.  Users
    may send as fast as they can, unless the test limits them.  Without `twistd`'s options it is
    `chatsvc serve`.
    """

    def __init__(
        self,
        directory: Path,
        *options: str,
        twistd: Sequence[str] | None = ("-n", "--pidfile="),
        **popen: Any,
    ) -> None:
        port = () if "--listen" in options else ("--port", "0")
        flood = () if "--flood" in options else ("--flood", "off")
        self._peers = contextlib.ExitStack()
        command = [beside_python("chatsvc"), "serve"]
        if twistd is not None:
            command = [beside_python("twistd"), *twistd, "chat"]
        self.process = subprocess.Popen(
            [*command, *port, *flood, *options],
            **{"cwd": directory, **popen},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._output = _Output(self.process)

    def __enter__(self) -> Service:
        try:
            self.wait_for("To stop the service")
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._peers.close()
        if kind is not None:
            self.kill()
        elif self.process.poll() is None:
            self.process.terminate()
            try:
                self.ended()
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"it does not stop:\n{self.log}") from None
            assert "Traceback" not in self.log

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def log(self) -> str:
        """Return what the service has printed so far."""
        return self._output.text

    @property
    def port(self) -> int:
        return int(self.wait_for(r"chatsvc join \S+:(\d+)\n").group(1))

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until the service has printed what `pattern` matches."""
        return self._output.wait_for(pattern)

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        """End it as a power failure would."""
        self.process.kill()
        self.ended()

    def ended(self) -> int:
        """Wait until it has ended; return the exit code."""
        code = self.process.wait(LIMIT)
        self._output.wait_for_end()
        return code

    # The users; their connections end when the service stops

    def person(self, name: str | None = None) -> Person:
        """Return a user of the text dialect, in the lobby if they have a name."""
        person = self.peer(Person)
        if name is not None:
            person.come_in(name)
        return person

    def program(self, name: str | None = None, room: str | None = "#lobby") -> Program:
        """Return a program that speaks JSON lines."""
        program = self.peer(Program)
        if name is not None:
            program.ask("hello", version=1, name=name)
            if room is not None:
                program.ask("join", room=room)
        return program

    def everybody_leaves(self, *others: Service) -> None:
        """Close every connection, also to other nodes, and wait until the service has noticed."""
        for service in (self, *others):
            service._peers.close()
        observer = self.program("observer", room=None)
        deadline = Deadline(LIMIT)
        while any(place["count"] for place in observer.ask("rooms").get("rooms", ())):
            deadline.left("an empty chat")
        self._peers.close()

    def peer(self, kind: Callable[[socket.socket], P], host: str = "localhost") -> P:
        connection = socket.create_connection((host, self.port), LIMIT)
        return self._peers.enter_context(contextlib.closing(kind(connection)))

    def terminal(self, *command: str) -> Terminal:
        """Return a program at a terminal."""
        return self._peers.enter_context(contextlib.closing(Terminal(*command)))


class _Output:
    """What a process prints, read continuously, so that the process never waits for us."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.text = ""
        self._ended = False
        self._changed = threading.Condition()
        threading.Thread(target=self._read, args=(process.stdout,), daemon=True).start()

    def _read(self, pipe: Any) -> None:
        with pipe:
            while data := os.read(pipe.fileno(), 65536):
                self._change(data.decode(errors="replace"))
        self._change("", ended=True)

    def _change(self, text: str, ended: bool = False) -> None:
        with self._changed:
            self.text += text
            self._ended = ended
            self._changed.notify_all()

    def wait_for(self, pattern: str) -> re.Match[str]:
        def found() -> re.Match[str] | bool | None:
            return re.search(pattern, self.text) or self._ended

        with self._changed:
            match = self._changed.wait_for(found, LIMIT)
        if not isinstance(match, re.Match):
            raise AssertionError(f"no {pattern!r} in what was printed:\n{self.text}")
        return match

    def wait_for_end(self) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self._ended, LIMIT), "it prints on and on"


class Peer:
    """A connection that is read line by line."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.socket.settimeout(LIMIT)
        self._unread = b""
        self.ended = False

    def close(self) -> None:
        self.socket.close()

    def finish(self) -> None:
        """Half-close, as `nc -N` does at the end of its input."""
        self.socket.shutdown(socket.SHUT_WR)

    def send(self, *lines: str | bytes) -> None:
        """Send lines; use `send_bytes` for anything that must not end as a line does."""
        encoded = (line if isinstance(line, bytes) else line.encode() for line in lines)
        self.send_bytes(b"".join(line + b"\n" for line in encoded))

    def send_bytes(self, data: bytes) -> None:
        self.socket.sendall(data)

    def raw_line(self, waiting_for: str, deadline: Deadline | None = None) -> bytes | None:
        """Return the next line as it was sent, or None when the connection was closed."""
        deadline = deadline or Deadline(LIMIT)
        while b"\n" not in self._unread:
            if self.ended:
                return None
            self.socket.settimeout(deadline.left(waiting_for))
            try:
                data = self.socket.recv(1 << 18)
            except ConnectionResetError:
                data = b""
            except TimeoutError:
                continue
            self.ended = not data
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def rest(self) -> list[str]:
        """Return every line until the server closes the connection."""
        waiting_for = "the end of the connection"
        return [
            line.decode().rstrip("\r") for line in iter(lambda: self.raw_line(waiting_for), None)
        ]


class Person(Peer):
    """A user of the text dialect."""

    def come_in(self, name: str) -> str:
        """Send a name; return the welcome."""
        self.send(name)
        return self.until("You are in #")

    def until(self, words: str) -> str:
        """Return the next line that contains these words."""
        return self.lines_until(words)[-1]

    def lines_until(self, words: str) -> list[str]:
        """Return all lines up to the next one that contains these words."""
        deadline, lines = Deadline(LIMIT), list[str]()
        while not lines or words not in lines[-1]:
            waiting_for = f"{words!r}; there came {[line[:200] for line in lines[-9:]]}"
            raw = self.raw_line(waiting_for, deadline)
            if raw is None:
                raise AssertionError(f"closed before {waiting_for}")
            lines.append(raw.decode().removesuffix("\r"))
        return lines

    def hears_nothing_but_answers(self) -> bool:
        """Check that nothing was sent to this user before they asked for the time."""
        self.send("/time")
        return len(self.lines_until("* It is ")) == 1


class Program(Peer):
    """A program that speaks JSON lines."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(connection)
        self._tags = count(1)

    def request(self, do: str, **arguments: object) -> None:
        self.send(json.dumps({"do": do, **arguments}))

    def ask(self, do: str, **arguments: object) -> dict[str, Any]:
        """Send a request, and return the event that answers it; skip others."""
        tag = arguments.setdefault("tag", f"tag-{next(self._tags)}")
        self.request(do, **arguments)
        return self.until(lambda event: event.get("tag") == tag, f"the answer to {do}")

    def until(
        self, wanted: Callable[[dict[str, Any]], bool], name: str = "an event"
    ) -> dict[str, Any]:
        """Return the next event that is `wanted`."""
        deadline = Deadline(LIMIT)
        return next(event for event in self._events(name, deadline) if wanted(event))

    def event(self, kind: str) -> dict[str, Any]:
        """Return the next event of a kind."""
        return self.until(lambda event: event["event"] == kind, kind)

    def _events(self, name: str, deadline: Deadline) -> Iterator[dict[str, Any]]:
        while (line := self.raw_line(name, deadline)) is not None:
            yield json.loads(line)
        raise AssertionError(f"closed before {name}")


class Terminal:
    """A program at its own terminal, as if used by a person."""

    def __init__(
        self, *command: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        self._screen, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        # The terminal that a session's first process, the shell, opens becomes its controlling
        # terminal: so Ctrl-C is a signal.
        opening = 'exec <"$0" >"$0" 2>&1 && exec "$@"'
        self.process = subprocess.Popen(
            ["sh", "-c", opening, os.ttyname(slave), *command],
            cwd=cwd,
            env={**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", **(env or {})},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.text = ""  # everything printed, without colours, cursor movements, and CR
        self._read = 0  # how much of it was waited for

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(LIMIT)
        self.hang_up()

    def hang_up(self) -> None:
        """Close the terminal, as when its window is closed or its connection is lost."""
        if self._screen >= 0:
            os.close(self._screen)
            self._screen = -1

    def type(self, keys: str) -> None:
        """Press keys; Enter is \\r, Ctrl-C is \\x03."""
        os.write(self._screen, keys.encode())

    def until(self, pattern: str) -> re.Match[str]:
        """Wait for something to appear after the end of the last wait."""
        deadline = Deadline(LIMIT)
        while not (found := re.compile(pattern).search(self.text, self._read)):
            waiting_for = f"{pattern!r} on the screen:\n{self.text[-2000:]}"
            if not self._more(deadline.left(waiting_for)):
                raise AssertionError(f"it ended without {waiting_for}")
        self._read = found.end()
        return found

    def ended(self) -> int:
        """Wait until the program has ended; return its exit code."""
        deadline = Deadline(LIMIT)
        while self._more(deadline.left(f"the end of the program:\n{self.text[-2000:]}")):
            pass
        return self.process.wait(LIMIT)

    def _more(self, limit: float) -> bool:
        ready, _, _ = select.select([self._screen], [], [], limit)
        if not ready:
            return True
        try:
            data = os.read(self._screen, 65536)
        except OSError:  # EIO: no process has the terminal open any more
            return False
        self.text = _ESCAPE.sub("", self.text + data.decode(errors="replace"))
        return bool(data)


def wait_for_process(pid: int) -> None:
    """Wait until a process that is not our child has ended."""
    handle = os.pidfd_open(pid)
    try:
        ready, _, _ = select.select([handle], [], [], LIMIT)
        assert ready, f"process {pid} does not end"
    finally:
        os.close(handle)


@contextlib.contextmanager
def ended_at_last(pid: int) -> Iterator[None]:
    """Make sure that this process, which a test has started, ends."""
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
