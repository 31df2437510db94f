"""`chatsvc backup`: copies the archive and the files beside it, even while the service runs."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shlex
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from chatsvc import __version__
from chatsvc.cli import backup_files
from chatsvc.cli.backup_files import ABOUT, ARCHIVE, CERTIFICATE, FORMAT
from chatsvc.cli.exit_code import exit_code
from chatsvc.cli.service_files import ServiceFiles
from chatsvc.cli.service_options import NotDone, add_service, check_directory, command_parser
from chatsvc.client.progress_row import ProgressRow
from chatsvc.model.text_rules import counted
from chatsvc.store.location import Database
from chatsvc.store.sqlite import snapshot

MARKER = "UNFINISHED"  # a file in the folder of a backup that is being made

EPILOG = """\
examples:
  chatsvc backup /srv/backup/monday --verify
  chatsvc backup monday.tar --data /var/lib/chatsvc
  chatsvc backup monday.tar --config /etc/chatsvc.toml

To restore it: chatsvc restore
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command line; return the exit code."""
    options = make_parser().parse_args(arguments)
    os.nice(19)  # the service goes first
    return exit_code(lambda: _run(options), "Not backed up")


def _run(options: argparse.Namespace) -> None:
    with ProgressRow.on_standard_error() as row:
        told = _back_up(options, row)
    print(told)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    about = "Back up a chat server on this machine, running or not, with its certificate and files."
    parser = command_parser("backup", about, EPILOG)
    parser.add_argument("target", type=Path, help="new folder, or new file if it ends in .tar")
    add_service(parser)
    parser.add_argument(
        "--also", type=Path, action="append", default=[], metavar="FILE",
        help="another file to add; may be repeated",
    )  # fmt: skip
    parser.add_argument("--verify", action="store_true", help="check every page of the copy")
    return parser


def _back_up(options: argparse.Namespace, row: ProgressRow) -> str:
    """Make the backup; return what to tell."""
    archive, files = _sources(options)
    target: Path = options.target
    if target.exists() or target.is_symlink():
        raise NotDone(f"{target} already exists. Choose another name, or move it away.")
    check_directory(target.parent)
    with _unfinished(target) as folder:
        _fill(folder, archive, files, row)
        found = _verified(folder / ARCHIVE, options.verify, row)
        _describe(folder, found, files)
        row.show("Finishing")
        _finish(folder, target)
    checked = " Verified: every page of the copy is intact." if options.verify else ""
    return (
        f"Backed up {counted(found.messages, 'message')}, {counted(found.rooms, 'room')} and"
        f" {counted(found.accounts, 'account')} to {target}.{checked}"
    )


def _sources(options: argparse.Namespace) -> tuple[Path, dict[str, Path]]:
    """Return the archive, and the other files by their names in the backup."""
    service = ServiceFiles(options)
    archive = service.existing_archive()
    if isinstance(archive, Database):
        raise NotDone(_elsewhere(archive, service))
    certificate = archive.with_name(f"{archive.name}.pem")
    files = {CERTIFICATE: certificate} if certificate.exists() else {}
    for path in (*service.named(), *options.also):
        if path.name in (*files, ARCHIVE, ABOUT, MARKER) and files.get(path.name) != path:
            raise NotDone(f"Two files of the backup would be called {path.name}. Rename one.")
        files[path.name] = path
    return archive, files


def _elsewhere(archive: Database, service: ServiceFiles) -> str:
    """Return how to back up an archive that is not on this machine's disk, and what else."""
    certificate = Path(f"{service.beside.absolute()}.pem")
    files = [*([certificate] if certificate.exists() else []), *service.named()]
    also = f" Copy these files, too: {', '.join(map(str, files))}." if files else ""
    dump = f"pg_dump --format=custom --file=chat.dump --dbname={shlex.quote(archive.shown)}"
    return (
        f"Not backed up: the archive is in PostgreSQL. Back it up there, for example with: {dump}"
        f"{also and '.'}{also}"
    )


@contextmanager
def _unfinished(target: Path) -> Iterator[Path]:
    """Yield a new folder beside the target; what an interrupted backup left is replaced."""
    folder = target.with_name(f"{target.name}.unfinished")
    folder.mkdir(mode=0o700, exist_ok=True)
    with _held(folder):
        _clear(folder)
        (folder / MARKER).write_text("This backup is not finished. Delete it.\n")
        try:
            yield folder
        except BaseException:
            shutil.rmtree(folder)
            raise


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Keep other backups away from a folder."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise NotDone(f"Another backup is writing to {folder}.") from None
    finally:
        os.close(handle)


def _clear(folder: Path) -> None:
    """Empty the folder of an interrupted backup."""
    found = list(folder.iterdir())
    if found and not {MARKER, ABOUT} & {path.name for path in found}:
        raise NotDone(f"{folder} is not an interrupted backup. Move it away.")
    for path in found:
        path.unlink()


def _fill(folder: Path, archive: Path, files: dict[str, Path], row: ProgressRow) -> None:
    snapshot.copy(archive, folder / ARCHIVE, lambda done: row.show(f"Copying: {done:.0%}"))
    for name, path in files.items():
        with open(path, "rb") as file:
            backup_files.copy(file, folder / name)


def _verified(copy: Path, whole: bool, row: ProgressRow) -> snapshot.Contents:
    if whole:
        row.show("Checking every page")
        snapshot.check(copy)
    row.show("Counting")
    return snapshot.contents(copy)


def _describe(folder: Path, found: snapshot.Contents, files: dict[str, Path]) -> None:
    copies = {path.name: backup_files.described(path) for path in _copies(folder)}
    for name, path in files.items():
        if name != CERTIFICATE:  # which is beside the archive
            copies[name]["from"] = str(path.absolute())
    about = {
        "format": FORMAT,
        "chatsvc": __version__,
        "made": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        **found._asdict(),
        "files": copies,
    }
    with backup_files.PacedFile(folder / ABOUT) as file:
        file.write((json.dumps(about, indent=1) + "\n").encode())


def _copies(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name != MARKER)


def _finish(folder: Path, target: Path) -> None:
    """Give the backup its name, once everything is on the disk."""
    (folder / MARKER).unlink()
    if target.suffix == ".tar":
        os.rename(backup_files.pack(folder), target)
        shutil.rmtree(folder)
    else:
        sync(folder)
        os.rename(folder, target)
    sync(target.parent)


def sync(folder: Path) -> None:
    """Write the names in a folder to the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
