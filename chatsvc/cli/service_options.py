"""The options that name the service on this machine, for every command that needs its files."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from chatsvc.model.explained import Explained

NAMES = ("config", "data", "archive")


class NotDone(Explained):
    """Nothing was done; the message is a sentence for users."""


def check_directory(path: Path) -> None:
    """Refuse a directory that is not there."""
    if not path.is_dir():
        what = "This is not a directory" if path.exists() else "There is no directory"
        raise NotDone(f"{what}: {path}. Create it first: mkdir -p {shlex.quote(str(path))}")


def command_parser(name: str, about: str, epilog: str = "") -> argparse.ArgumentParser:
    """Return a parser for a command, whose texts are printed with their own line ends."""
    return argparse.ArgumentParser(
        prog=f"chatsvc {name}",
        description=about,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_service(parser: argparse.ArgumentParser, of: str = "") -> None:
    """Let a command accept the options that say where a service's files are."""
    parser.add_argument(
        "-c", "--config", metavar="FILE", help=f"configuration file of the service{of}"
    )
    parser.add_argument("--data", metavar="DIR", help=f"its data directory{of}  [this directory]")
    parser.add_argument(
        "-a", "--archive", metavar="ARCHIVE", help="its archive: sqlite:PATH, in DIR if relative,"
        f" or postgresql://{of}  [sqlite:chat.db]",
    )  # fmt: skip
