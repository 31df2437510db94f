"""The retention options of the real service, which applies them soon after its start."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from real import Service

DAY = 86_400
MANY = 400


def fill(directory: Path) -> None:
    """Store old and new messages in a room and between two accounts."""
    with Service(directory):
        pass  # it creates the archive
    first = round(time.time()) - MANY * DAY
    with closing(sqlite3.connect(directory / "chat.db")) as database, database:
        rooms = [(8, "#big", MANY), (9, "@a,b", MANY)]
        database.executemany("INSERT INTO room (id, name, last) VALUES (?, ?, ?)", rooms)
        database.executemany(
            "INSERT INTO said (room, number, time, sender, text, action, client)"
            " VALUES (?, ?, ?, 'ann', ?, 0, 'x')",
            (
                (room, number, (first + number * DAY) * 1000, "words " * 1000)
                for room, *_ in rooms
                for number in range(1, MANY + 1)
            ),
        )


def left(directory: Path) -> list[int]:
    """Return how many messages the room and the conversation have."""
    with closing(sqlite3.connect(directory / "chat.db")) as database:
        query = "SELECT count(*) FROM said GROUP BY room ORDER BY room"
        return [count for (count,) in database.execute(query)]


def test_old_messages_are_deleted_and_the_log_says_so(tmp_path: Path) -> None:
    fill(tmp_path)
    with Service(tmp_path, "--keep", "100d", "--keep-private", "10d") as service:
        service.wait_for("--keep: deleted 300 messages older than 100 days.")
        service.wait_for("--keep-private: deleted 390 messages older than 10 days.")
        assert left(tmp_path) == [100, 10]


def test_the_oldest_messages_make_room_for_new_ones(tmp_path: Path) -> None:
    fill(tmp_path)
    with Service(tmp_path, "--max-archive", "2M") as service:
        service.wait_for("--max-archive: deleted the oldest .* of 2 MiB")
        room, conversation = left(tmp_path)
        assert 50 < room < MANY
        assert abs(room - conversation) <= 8
