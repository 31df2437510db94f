"""Archives that the service cannot use."""

from __future__ import annotations

import sqlite3
from pathlib import Path


def make_newer(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 999")
    database.close()


def make_foreign(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE music (title)")
    database.close()


def make_text(path: Path) -> None:
    path.write_text("this is no database, but a long enough text. " * 100)


def make_damaged(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[100:] = b"\xa5" * (len(data) - 100)
    path.write_bytes(data)


def make_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()
