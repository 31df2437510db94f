"""A real service that writes its log to a file."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from real import LIMIT, Deadline, beside_python, wait_until

SERVE = [beside_python("chatsvc"), "serve"]
TWISTD = [beside_python("twistd"), "-n", "--pidfile=chat.pid", "chat"]


@contextmanager
def started(
    directory: Path, command: Sequence[str], log: Path, pass_fds: Sequence[int] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a service, and stop it at the end; it must end with success."""
    words = [*command, "--port", "0"]
    with subprocess.Popen(words, cwd=directory, pass_fds=pass_fds) as process:
        try:
            wait_until(lambda: "To stop the" in text_of(log), "the chat")
            yield process
        finally:
            process.terminate()
    assert process.returncode == 0, text_of(log)


def text_of(log: Path) -> str:
    """Return what was logged so far."""
    return log.read_text() if log.exists() else ""


def port_of(log: Path) -> int:
    """Return the port in the start message."""
    deadline = Deadline(LIMIT)
    while (found := re.search(r"(?:join|telnet) \S+[: ](\d+)\b", text_of(log))) is None:
        deadline.left("a port")
    return int(found[1])
