"""`chatsvc restore`: puts a backup where a service finds it, if nothing else is there."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from chatsvc.cli import backup_files
from chatsvc.cli.backup import sync
from chatsvc.cli.backup_files import ARCHIVE, Backup, NotABackup
from chatsvc.cli.exit_code import exit_code
from chatsvc.cli.service_files import ServiceFiles
from chatsvc.cli.service_options import NotDone, add_service, check_directory, command_parser
from chatsvc.client.progress_row import ProgressRow
from chatsvc.model.text_rules import counted
from chatsvc.store.location import Database
from chatsvc.store.sqlite import migrations
from chatsvc.store.sqlite.database import give_to_owner

# SQLite and the service would take each of these for part of the restored archive.
BELONGING = (
    "", "-wal", "-shm", "-journal", ".lock", ".words", ".words-wal", ".words-shm", ".words-journal",
)  # fmt: skip

EPILOG = """\
example:
  chatsvc restore /srv/backup/monday --data /var/lib/chatsvc

Stop the server first. Nothing is replaced: move an old archive away.
"""

_ELSEWHERE = (
    "Nothing restored: a backup contains a file, and the archive is in PostgreSQL. Restore a dump"
    " with pg_restore. For this backup: chatsvc restore {backup} --archive sqlite:restored.db, then"
    " chatsvc archive copy sqlite:restored.db {place}"
)


def main(arguments: Sequence[str]) -> int:
    """Run the command line; return the exit code."""
    options = make_parser().parse_args(arguments)
    return exit_code(lambda: _run(options), "Not restored")


def _run(options: argparse.Namespace) -> None:
    service = ServiceFiles(options)
    if isinstance(service.archive, Database):
        raise NotDone(_ELSEWHERE.format(backup=options.backup, place=service.archive))
    with ProgressRow.on_standard_error() as row, backup_files.opened(options.backup) as backup:
        service.make_directory()
        told = _restore(backup, service.archive, row)
    print(told)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    parser = command_parser("restore", "Restore a backup of a chat server.", EPILOG)
    parser.add_argument("backup", type=Path, help="folder or .tar file that chatsvc backup made")
    add_service(parser)
    return parser


def _restore(backup: Backup, archive: Path, row: ProgressRow) -> str:
    """Restore the files, the archive last; return what to tell."""
    _check_version(backup)
    _check_place(archive)
    places = {name: archive.with_name(_name(name, archive)) for name in backup.files}
    wanted = {name: place for name, place in places.items() if not _is_there(backup, name, place)}
    placing = _Placing(backup, row)
    for name in sorted(wanted, key=lambda name: name == ARCHIVE):
        placing.place(name, wanted[name])
    sync(archive.parent)
    messages = counted(backup.about["messages"], "message")
    others = ", ".join(str(place) for name, place in places.items() if name != ARCHIVE)
    also = f" Other files: {others}." if others else ""
    told = f"Restored {messages} of {backup.about['made']} to {archive}.{also}"
    return "\n".join([told, *_ways_back(backup, places)])


def _ways_back(backup: Backup, places: dict[str, Path]) -> list[str]:
    """Return the commands that move files back to where the configuration expects them."""
    names = [name for name, file in backup.files.items() if "from" in file]
    moves = [(places[name], backup.files[name]["from"]) for name in names]
    ways = [
        f"    mv -i {shlex.join((str(place), old))}" for place, old in moves if old != str(place)
    ]
    return ["To move files back to where they were:", *ways] if ways else []


def _name(name: str, archive: Path) -> str:
    """Return what a file of the backup is called beside the archive."""
    return name.replace(ARCHIVE, archive.name, 1) if name.startswith(ARCHIVE) else name


def _check_version(backup: Backup) -> None:
    if backup.about["schema"] > migrations.newest():
        raise NotDone(
            f"The backup was made by a newer chatsvc ({backup.about['chatsvc']}). Install that"
            " version."
        )


def _check_place(archive: Path) -> None:
    """Refuse a place where parts of another archive are."""
    check_directory(archive.parent)
    found = [path for suffix in BELONGING if os.path.lexists(path := Path(f"{archive}{suffix}"))]
    if found:
        old = archive.parent / "old"
        names = shlex.join(map(str, found))
        raise NotDone(
            f"Nothing restored: {', '.join(map(str, found))} would be mixed with the backup."
            f" Stop the server, then move them away: mkdir -p {shlex.quote(str(old))} &&"
            f" mv {names} {shlex.quote(str(old))}"
        )


def _is_there(backup: Backup, name: str, place: Path) -> bool:
    """Return whether the same file exists; refuse to replace a different one."""
    if not os.path.lexists(place):
        return False
    with open(place, "rb") as file:
        same = backup_files.digest_of(file) == backup.files[name]["sha256"]
    if not same:
        raise NotDone(
            f"Nothing restored: {place} exists, and differs from the one in the backup. Move it"
            " away."
        )
    return True


class _Placing:
    """Copies files to their places, each complete or not at all."""

    def __init__(self, backup: Backup, row: ProgressRow) -> None:
        self._backup, self._row = backup, row
        self._done, self._total = 0, sum(file["bytes"] for file in backup.files.values())

    def place(self, name: str, place: Path) -> None:
        """Copy a file and compare its digest, then give it its name."""
        unfinished = place.with_name(f"{place.name}.unfinished")
        unfinished.unlink(missing_ok=True)
        try:
            with self._backup.open(name) as source:
                digest = backup_files.copy(source, unfinished, self._progress)
            if digest != self._backup.files[name]["sha256"]:
                raise NotABackup(f"Nothing restored: {name} in the backup is damaged.")
            give_to_owner(unfinished, place)
            os.link(unfinished, place)  # which replaces nothing
        finally:
            with suppress(FileNotFoundError):
                unfinished.unlink()

    def _progress(self, count: int) -> None:
        self._done += count
        self._row.show(f"Restoring: {self._done / max(self._total, 1):.0%}")
