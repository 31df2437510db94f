"""The memory of the process."""

from __future__ import annotations

import ctypes
from contextlib import suppress

_ARENA_MAX = -8  # M_ARENA_MAX in glibc's malloc.h
_ARENAS = 2


def share_memory_of_threads() -> None:
    """Let threads share freed memory if the C library is glibc: see mallopt(3).

    Otherwise each thread keeps the memory of the longest page that it has ever read.
    """
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, _ARENAS)
