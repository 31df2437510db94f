"""The service that is fuzzed: a fresh one in a temporary directory, and its log."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.servers import (
    HOST,
    Server,
    free_port,
    scratch_folder,
    start,
    stop,
    wait_until_accepting,
)

NO_LIMITS = (
    *("--flood", "off", "--per-address", "off", "--arrivals", "off", "--name-within", "off"),
    *("--registrations", "off", "--login-attempts", "off"),
)

_TRACEBACK = re.compile(
    r"Traceback \(most recent call last\):\n(?:(?!\d{4}-\d\d-\d\dT).*\n)*", re.MULTILINE
)


@dataclass
class Service:
    """A running `twistd chat`: at `port`, and behind a PROXY header at `proxied`."""

    process: subprocess.Popen[str]
    port: int
    proxied: int
    output: Path
    stopped: bool = True
    _read: int = field(default=0)

    def tracebacks(self) -> list[str]:
        """Return every traceback that was logged since the last time."""
        text = self.output.read_text(errors="replace")
        end = text.rfind("\n") + 1
        new, self._read = text[self._read : end], end
        return _TRACEBACK.findall(new)

    def memory(self) -> int:
        """Return the resident memory of the process, in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (kilobytes,) = re.findall(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
        return int(kilobytes) // 1024

    @property
    def alive(self) -> bool:
        return self.process.poll() is None


@contextmanager
def running(twistd: Sequence[str], limits: Sequence[str]) -> Iterator[Service]:
    """Start a service; afterwards `stopped` says whether SIGTERM was enough to stop it."""
    port, proxied = free_port(), free_port()
    with scratch_folder() as folder:
        output = folder / "output"
        command = [*twistd, "-n", "--pidfile=", "chat", *limits]
        command += ["--listen", f"tcp:{port}:interface={HOST}"]
        command += ["--listen", f"haproxy:tcp:{proxied}:interface={HOST}"]
        with output.open("wb") as log:
            process = start(command, cwd=folder, stdout=log, stderr=log)
        service = Service(process, port, proxied, output)
        try:
            named = Server("chatsvc", "text", 0, 0, 0, lambda *_: command)
            wait_until_accepting(named, process, port, folder)
            yield service
        finally:
            service.stopped = stop(process)
