"""Files with the number of the process."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from chatsvc.model.explained import Explained
from chatsvc.process import private_files


def remove_stale_pid_file(path: str | None) -> None:
    """Remove a stale pid file, which would prevent `twistd` from starting.

    A container that was killed starts again with the same process numbers; after a restart of the
    machine another program may have the number; a power failure leaves the file empty.
    """
    if not path:
        return
    with suppress(OSError):
        written = Path(path).read_bytes().strip(b" \t\r\n\0")
        if not written or (written.isdigit() and _is_another_program(int(written))):
            os.remove(path)


def _is_another_program(pid: int) -> bool:
    if pid == os.getpid():
        return True
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False  # it belongs to nobody, or there is no such directory: `twistd` checks itself
    return b"twist" not in command


class Running(Explained):
    """Another process holds the pid file; the message is a sentence for users."""


class PidFile:
    """A file with the number of this process, locked while the process runs.

    A stale file is not locked, so it keeps nobody from starting, whatever number is in it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = private_files.opened(path, "a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            number = self._file.read().strip()
            self._file.close()
            raise Running(
                f"Another chatsvc (process {number}) uses the directory {path.parent}."
                " Stop it, or use another directory with --data: each node needs one of its own."
            ) from None
        self._write()

    def _write(self) -> None:
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def remove(self) -> None:
        """Remove the file; the process ends."""
        self._path.unlink(missing_ok=True)
        self._file.close()
