"""Where a service on this machine keeps its files, by the options that it is started with."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from chatsvc.cli.service_options import NAMES, NotDone
from chatsvc.options import combining, sources
from chatsvc.options.invalid import InvalidOption
from chatsvc.options.table import TABLE
from chatsvc.process.private_files import make_directory
from chatsvc.store.offline import Place


class ServiceFiles:
    """The files of a service, as its options, variables and configuration file name them."""

    def __init__(self, options: argparse.Namespace) -> None:
        words = {name: value for name in NAMES if (value := getattr(options, name)) is not None}
        try:
            self._config = sources.configuration_file(words, os.environ)
            self._given = sources.collect(self._config, os.environ, words)
            self._data, path = combining.places(self._given)
        except InvalidOption as error:
            raise NotDone(str(error)) from None
        if path is None:
            label = self._given["archive"].label
            raise NotDone(
                f"{label} must be sqlite:PATH or postgresql://… for this: only the service can use"
                " memory:."
            )
        if isinstance(path, Path) and path.is_dir():
            raise NotDone(f"{path.absolute()} is a directory. Name the file: sqlite:{path}/chat.db")
        self.archive: Place = path
        self.beside = combining.beside(self._data, path)

    def make_directory(self) -> None:
        """Create the data directory, as the service does at its first start."""
        if self._data is not None:
            make_directory(self._data)

    def existing_archive(self) -> Place:
        """Return where the archive is; a file must exist."""
        if isinstance(self.archive, Path) and not self.archive.exists():
            raise NotDone(
                f"Archive not found: {self.archive}. Name that of your service: --config FILE,"
                " --data DIR or --archive sqlite:PATH. The service creates it at its first start."
            )
        return self.archive

    def shortest_password(self) -> int:
        """Return the minimum length of an account's password."""
        try:
            return int(combining.value("min-password", self._given))
        except InvalidOption as error:
            raise NotDone(str(error)) from None

    def named(self) -> list[Path]:
        """Return the configuration file, and the files that options name."""
        named = (
            Path(one.value)
            for name, one in self._given.items()
            if TABLE[name].is_path and name != "data"
        )
        return [*filter(None, [self._config]), *named]
