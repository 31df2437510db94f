"""The options that say where a service's files are, for commands that read them."""

from __future__ import annotations

import argparse
from pathlib import Path


class NotDone(Exception):
    """Nothing was done; the message is a sentence for users."""


def add_archive(parser: argparse.ArgumentParser, of: str = "") -> None:
    """Let a command accept `--archive` and `--data`; `of` says for what they are needed."""
    parser.add_argument(
        "--archive", metavar="sqlite:PATH", help=f"archive{of}, in DIR if relative  [chat.db]"
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help=f"directory of the archive{of}")


def archive_path(archive: str | None, data: Path | None) -> Path:
    """Return the path in the values of `--archive` and `--data`."""
    kind, _, path = (archive or "sqlite:chat.db").partition(":")
    if kind != "sqlite" or not path:
        raise NotDone(f"--archive must be sqlite:PATH, not {archive!r}.")
    return (data or Path()) / path


def existing_archive(archive: str | None, data: Path | None) -> Path:
    """Return the path of an archive that must exist."""
    path = archive_path(archive, data)
    if not path.exists():
        raise NotDone(f"Archive not found: {path}. The service creates it at its first start.")
    return path
