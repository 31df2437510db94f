"""How long `chatsvc archive copy` takes, with its processor time and memory.

    python -m benchmarks.copying [--lines 1000000]

It copies a chat from SQLite to PostgreSQL, and back to another SQLite file.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from benchmarks.clusters import address_in, cluster
from benchmarks.servers import scratch_folder
from chatsvc.store.sqlite.offline import Ledger, create

ROOMS, PEOPLE = 100, 300


def main() -> None:
    """Create a chat, and copy it there and back."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    options = parser.parse_args()
    with scratch_folder() as folder, cluster(folder):
        fill(folder / "chat.db", options.lines)
        print(f"{'':22} {'seconds':>8} {'lines/s':>9} {'CPU, s':>7} {'memory, MiB':>11}")
        places = (str(folder / "chat.db"), address_in(folder), str(folder / "back.db"))
        for name, one, other in zip(("to", "from"), places, places[1:], strict=False):
            measure(f"{name} PostgreSQL", options.lines, one, other)


def fill(path: Path, lines: int) -> None:
    """Store lines, all with tags, in rooms of the same size."""
    create(path)
    with Ledger(path):
        pass  # it creates the tables
    with closing(sqlite3.connect(path)) as database, database:
        rooms = [(number, f"#room{number}", lines // ROOMS) for number in range(1, ROOMS + 1)]
        database.executemany("INSERT INTO room (id, name, last) VALUES (?, ?, ?)", rooms)
        database.execute(
            """WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < ?)
               INSERT INTO said (room, number, time, sender, text, action, client, tag)
               SELECT 1 + i % ?, 1 + i / ?, 1700000000000 + i, 'user' || i % ?,
                      'eight words, as in a message of usual length ' || i, 0,
                      'client' || i % ?, 't' || i FROM n""",
            (lines - 1, ROOMS, ROOMS, PEOPLE, PEOPLE),
        )


def measure(name: str, lines: int, source: str, target: str) -> None:
    """Copy once, and print a row about it."""
    command = [str(Path(sys.executable).with_name("chatsvc")), "archive", "copy", source, target]
    begun = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.monotonic() - begun
    if status:
        raise SystemExit(f"The copy failed: {' '.join(command)}")
    cpu, memory = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    print(f"{name:22} {seconds:8.1f} {lines / seconds:9,.0f} {cpu:7.1f} {memory:11.0f}", flush=True)


if __name__ == "__main__":
    main()
