"""The form of a backup: a folder or a tar file with the copies, and `backup.json` about them."""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from io import FileIO
from pathlib import Path
from typing import Any, BinaryIO, cast

from chatsvc.cli.service_options import NotDone

ABOUT = "backup.json"
ARCHIVE = "chat.db"  # the archive's name in every backup
CERTIFICATE = f"{ARCHIVE}.pem"
FORMAT = 1
PIECE = 1 << 18  # bytes written to the disk at once, so that a service waits no longer for it

Progress = Callable[[int], object]  # given the bytes of each piece


class NotABackup(NotDone):
    """A backup cannot be used; the message is a sentence for users."""


class PacedFile(FileIO):
    """A new file, private, each piece of which is on the disk before the next one is written."""

    def __init__(self, path: Path) -> None:
        super().__init__(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w")

    def write(self, data: Any) -> int:
        view = memoryview(data)
        for start in range(0, len(view), PIECE):
            self._write_all(view[start : start + PIECE])
            os.fdatasync(self.fileno())
        return len(view)

    def _write_all(self, piece: memoryview) -> None:
        while piece:
            piece = piece[super().write(piece) or 0 :]


def copy(source: BinaryIO, target: Path, progress: Progress = lambda count: None) -> str:
    """Copy to a new file; return the SHA-256 of the content."""
    digest = sha256()
    with PacedFile(target) as file:
        while data := source.read(PIECE):
            digest.update(data)
            file.write(data)
            progress(len(data))
    return digest.hexdigest()


def described(path: Path) -> dict[str, Any]:
    """Return what `backup.json` says about a file."""
    with open(path, "rb") as file:
        return {"bytes": path.stat().st_size, "sha256": digest_of(file)}


def digest_of(file: BinaryIO) -> str:
    """Return the SHA-256 of the rest of a file."""
    digest = sha256()
    while data := file.read(PIECE):
        digest.update(data)
    return digest.hexdigest()


def pack(folder: Path) -> Path:
    """Write the files of a folder to a tar file in it, `backup.json` first; return its path."""
    paths = sorted(folder.iterdir(), key=lambda path: (path.name != ABOUT, path.name))
    target = folder / "backup.tar"
    with PacedFile(target) as file, tarfile.open(fileobj=file, mode="w") as tar:
        for path in paths:
            tar.add(path, path.name, filter=_anonymous)
    return target


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


class Backup:
    """A backup that is read: its files by name, and what `backup.json` says about them."""

    def __init__(self, about: dict[str, Any], open: Callable[[str], BinaryIO]) -> None:
        self.about = about
        self.open = open

    @property
    def files(self) -> dict[str, dict[str, Any]]:
        """The size and digest of each file."""
        return cast(dict[str, dict[str, Any]], self.about["files"])


@contextmanager
def opened(path: Path) -> Iterator[Backup]:
    """Open a backup, a folder or a tar file; raise `NotABackup` if it is none."""
    if path.is_dir():
        yield _checked(path, lambda name: FileIO(path / name))
        return
    try:
        with tarfile.open(path, "r:") as tar:
            yield _checked(path, lambda name: _extracted(tar, name))
    except tarfile.TarError:
        raise NotABackup(f"{path} is damaged, or not a backup.") from None


def _extracted(tar: tarfile.TarFile, name: str) -> BinaryIO:
    found = tar.extractfile(name) if name in tar.getnames() else None
    if found is None:
        raise FileNotFoundError(name)
    return cast(BinaryIO, found)


def _checked(path: Path, open: Callable[[str], BinaryIO]) -> Backup:
    try:
        with open(ABOUT) as file:
            about = json.load(file)
        names = list(about["files"])
        usable = about["format"] == FORMAT and ARCHIVE in names
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        raise NotABackup(
            f"{path} is not a complete backup: it has no {ABOUT} that this version can read."
        ) from None
    if not usable or any(name != os.path.basename(name) or not name for name in names):
        raise NotABackup(f"{path} was made by another version of chatsvc. Install that version.")
    return Backup(about, open)
