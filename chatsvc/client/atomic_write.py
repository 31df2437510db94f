"""Files that are written completely or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def replacing(path: Path, *, force: bool, mode: int = 0o666) -> Iterator[TextIO]:
    """Open a file that replaces `path` if the block succeeds, and is removed otherwise.

    Raise `FileExistsError` if `path` exists, unless `force` is set, and `OSError` if writing fails.
    """
    path = path.resolve()  # follow symbolic links
    _check(path, force)
    beside = path.with_name(f".chatsvc-{secrets.token_hex(8)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with open(handle, "w", encoding="utf-8", errors="replace", newline="\n") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _check(path, force)
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _check(path: Path, force: bool) -> None:
    """Refuse to replace an existing file, or anything but a regular file (such as /dev/null)."""
    if path.is_file():
        if not force:
            raise FileExistsError(errno.EEXIST, "it already exists", str(path))
    elif path.exists():
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
