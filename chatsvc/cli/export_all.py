"""`chatsvc export --all`: writes every room of an archive to files, even while the service runs."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, TextIO

from chatsvc.cli.exit_code import exit_code
from chatsvc.cli.service_files import ServiceFiles
from chatsvc.cli.service_options import NotDone, check_directory
from chatsvc.client.export import AsJSON, AsText, Format
from chatsvc.client.progress_row import ProgressRow
from chatsvc.model.text_rules import counted
from chatsvc.store.archive import KeptRoom
from chatsvc.store.offline import OfflineLines, Place, lines_at

PAGE = 1000  # lines in memory
_UNSAFE = re.compile(r"[%/\0]|^\.")

Told = Callable[[int], object]  # given the number of lines of each page


class Written(NamedTuple):
    """A room that was exported."""

    name: str
    topic: str
    messages: int
    text: str
    jsonl: str


def run(options: argparse.Namespace) -> int:
    """Export every room to a new folder; return the exit code."""
    return exit_code(lambda: _run(options), "Not exported")


def _run(options: argparse.Namespace) -> None:
    archive = ServiceFiles(options).existing_archive()
    with ProgressRow.on_standard_error() as row:
        rooms = _export(archive, options.all, row)
    messages = counted(sum(room.messages for room in rooms), "message")
    print(f"Exported {messages} of {counted(len(rooms), 'room')} to {options.all}.")


def _export(archive: Place, folder: Path, row: ProgressRow) -> list[Written]:
    if os.path.lexists(folder):
        raise NotDone(f"{folder} already exists. Choose another name, or move it away.")
    check_directory(folder.parent)
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    if os.path.lexists(unfinished):
        raise NotDone(f"{unfinished} is left of an interrupted export. Delete it first.")
    with lines_at(archive) as reader:
        unfinished.mkdir(mode=0o700)
        try:
            rooms = list(_rooms(reader, unfinished, row))
            _write_index(unfinished, rooms)
            os.rename(unfinished, folder)
        except BaseException:
            shutil.rmtree(unfinished)
            raise
    return rooms


def _rooms(reader: OfflineLines, folder: Path, row: ProgressRow) -> Iterator[Written]:
    """Export room by room."""
    rooms = [room for room in reader.rooms() if room.name.startswith("#")]
    total, done = sum(room.last for room in rooms), 0
    for room in rooms:
        before = done

        def progress(number: int, room: KeptRoom = room, before: int = before) -> None:
            row.show(f"{room.name}: {(before + number) / max(total, 1):.0%}")

        yield _write_room(reader, room, folder, progress)
        done += room.last


def _write_room(reader: OfflineLines, room: KeptRoom, folder: Path, progress: Told) -> Written:
    name = file_name(room.name)
    formats: tuple[Format, ...] = (AsText(room.name), AsJSON(room.name))
    text, jsonl = f"{name}.txt", f"{name}.jsonl"
    count, after = 0, 0
    with ExitStack() as files:
        outputs = [files.enter_context(_new(folder / file)) for file in (text, jsonl)]
        while lines := reader.after(room.name, after, PAGE):
            for format, output in zip(formats, outputs, strict=True):
                output.writelines(format.page(lines))
            count, after = count + len(lines), lines[-1].number
            progress(after)
    return Written(room.name, room.topic, count, text, jsonl)


def file_name(room: str) -> str:
    """Return a room's name as that of a file."""
    return _UNSAFE.sub(lambda found: f"%{ord(found[0]):02X}", room.removeprefix("#")) or "%"


def _write_index(folder: Path, rooms: list[Written]) -> None:
    with _new(folder / "rooms.jsonl") as file:
        for room in rooms:
            file.write(json.dumps(room._asdict(), ensure_ascii=False) + "\n")


def _new(path: Path) -> TextIO:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    return open(handle, "w", encoding="utf-8", errors="replace", newline="\n")
