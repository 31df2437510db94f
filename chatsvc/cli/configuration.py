"""A service's configuration file, for commands that copy what it names."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from chatsvc.cli.archive_option import NotDone

NAMED = ("cert", "key", "motd", "password-file", "metrics-token")  # options that name files


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

    @property
    def archive(self) -> str | None:
        """The archive as an option names it."""
        return self._values.get("archive")

    @property
    def data(self) -> Path | None:
        """The data directory; a relative one starts where the file is."""
        data = self._values.get("data")
        return None if data is None else self.path.parent / str(data)

    def files(self) -> list[Path]:
        """Return the file itself, and those that it names."""
        named = (str(self._values[name]) for name in NAMED if self._values.get(name))
        return [self.path, *(self.path.parent / name for name in named)]
