"""Which archive, and so which service, a command of the administrator is about."""

from __future__ import annotations

import argparse
from pathlib import Path


class NoArchive(Exception):
    """There is no archive at the given place; the message is a sentence for users."""


def add_archive(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the archive."""
    parser.add_argument(
        "--archive", default="sqlite:chat.db", help="sqlite:PATH  [default: %(default)s]"
    )


def path_of(archive: str, must_exist: bool = True) -> Path:
    """Return the path in the value of --archive."""
    kind, _, path = archive.partition(":")
    if kind != "sqlite" or not path:
        raise NoArchive(f"--archive must be sqlite:PATH, not {archive!r}.")
    if must_exist and not Path(path).exists():
        raise NoArchive(f"Archive not found: {path}. The service creates it at its first start.")
    return Path(path)
