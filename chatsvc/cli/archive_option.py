"""The options that say where a service's files are, for commands that read them."""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path
from typing import Any

NAMED = ("cert", "key", "motd", "password-file", "metrics-token")  # options that name files


class NotDone(Exception):
    """Nothing was done; the message is a sentence for users."""


def add_archive(parser: argparse.ArgumentParser) -> None:
    """Let a command accept `--archive`."""
    parser.add_argument(
        "--archive", metavar="sqlite:PATH", help="the archive  [default: sqlite:chat.db]"
    )


def archive_path(archive: str | None) -> Path:
    """Return the path in the value of `--archive`."""
    kind, _, path = (archive or "sqlite:chat.db").partition(":")
    if kind != "sqlite" or not path:
        raise NotDone(f"--archive must be sqlite:PATH, not {archive!r}.")
    return Path(path)


def existing_archive(archive: str | None) -> Path:
    """Return the path of an archive that must exist."""
    path = archive_path(archive)
    if not path.exists():
        raise NotDone(f"Archive not found: {path}. The service creates it at its first start.")
    return path


class Configuration:
    """A configuration file, as far as it says where other files are."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise NotDone(f"Cannot read {path}: {error.strerror}.") from None
        except ValueError as error:
            raise NotDone(f"{path} is not a valid configuration file: {error}.") from None

    def archive(self) -> str | None:
        """Return the archive as an option names it."""
        if "archive" in self._values:
            kind, _, path = str(self._values["archive"]).partition(":")
            return f"{kind}:{self.path.parent / path}"
        data = self._values.get("data")
        return None if data is None else f"sqlite:{self.path.parent / str(data) / 'chat.db'}"

    def files(self) -> list[Path]:
        """Return the file itself, and those that it names."""
        named = (str(self._values[name]) for name in NAMED if self._values.get(name))
        return [self.path, *(self.path.parent / name for name in named)]
