"""The options of `chatsvc serve` and `twistd chat`, combined from all sources."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from twisted.python.usage import Options as BaseOptions
from twisted.python.usage import UsageError

from chatsvc import __version__
from chatsvc.options import sources
from chatsvc.options.combining import combine
from chatsvc.options.invalid import InvalidOption
from chatsvc.options.sources import Given
from chatsvc.options.table import TABLE
from chatsvc.process.pid_file import remove_stale_pid_file

_FLAGS = {option.name for option in TABLE.values() if option.flag}
_PARAMETERS = [option for option in TABLE.values() if not option.flag and not option.repeats]


class Options(BaseOptions):
    """The values of all options by name, and what the service makes of them."""

    program = "twistd chat"
    synopsis = "[options]"
    longdesc = (
        "Start a chat server. Users join with a browser, telnet, netcat, an IRC client or"
        " `chatsvc join`. Messages are stored in chat.db in the data directory. Each option can"
        " also be set in the file given with --config, and by a variable: CHATSVC_PORT for --port."
        " To turn off a flag that is on there, add --no-, as in --no-require-tls."
    )
    optFlags = [
        [option.name, option.short, option.about] for option in TABLE.values() if option.flag
    ]
    optParameters = [
        ["config", "c", None, "TOML file with options; see `chatsvc config --example`."],
        *([option.name, option.short, option.default, option.about] for option in _PARAMETERS),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.clear()  # only what is written on the command line is left after parsing
        self.words: list[str] = []
        self.given: dict[str, Given] = {}
        self.start = os.getcwd()  # a daemon changes its working directory

    def opt_listen(self, endpoint: str) -> None:
        self.setdefault("listen", []).append(endpoint)

    opt_l = opt_listen

    def opt_web_host(self, names: str) -> None:
        self.setdefault("web-host", []).append(names)

    def opt_web_origin(self, origins: str) -> None:
        self.setdefault("web-origin", []).append(origins)

    opt_listen.__doc__ = TABLE["listen"].about
    opt_web_host.__doc__ = TABLE["web-host"].about
    opt_web_origin.__doc__ = TABLE["web-origin"].about

    def parseArgs(self, *words: str) -> None:
        if words:
            raise UsageError(f"{' '.join(words)} is not an option: options begin with --.")

    def opt_version(self) -> None:
        """Print the version and exit."""
        print(f"chatsvc {__version__}")
        raise SystemExit(0)

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        self.words = list(options or [])
        off = {f"--no-{name}" for name in _FLAGS}
        try:
            super().parseOptions([word for word in self.words if word not in off])
        except UsageError as error:
            if self.parent is None:
                raise
            # twistd would print two screens of its own options before the message.
            raise SystemExit(f"{self.program}: {error}\nTry: {self.program} --help") from None

    def again(self) -> Options:
        """Return the options as they are now: the same command line, the files read again."""
        options = Options()
        options.start = self.start
        options.parseOptions(self.words)
        return options

    def postOptions(self) -> None:
        if isinstance(self.parent, BaseOptions):
            remove_stale_pid_file(self.parent.get("pidfile"))
        try:
            self.given = self.collect()
            self.update(combine(self.given))
        except InvalidOption as error:
            raise UsageError(str(error)) from None

    def collect(self, failed: sources.Failed = sources.refuse) -> dict[str, Given]:
        """Return what each option is set to, and where."""
        typed = {name: value for name, value in self.items() if name in TABLE}
        typed |= {name: bool(typed[name]) for name in _FLAGS & set(typed)}
        typed |= {name: False for name in _FLAGS if f"--no-{name}" in self.words}
        return self._here(sources.collect(self.file, os.environ, typed, failed))

    def _here(self, given: dict[str, Given]) -> dict[str, Given]:
        """Return what is given, with paths of files that are read now as they were at the start."""
        if os.getcwd() == self.start:
            return given
        early = {name: one for name, one in given.items() if TABLE[name].early}
        return given | {
            name: one._replace(value=os.path.join(self.start, one.value))
            for name, one in early.items()
        }

    @property
    def pid_file(self) -> Path | None:
        """The pid file that `twistd` writes, if it does."""
        path: Any = self.parent.get("pidfile") if isinstance(self.parent, BaseOptions) else None
        return Path(path).absolute() if path else None

    @property
    def file(self) -> Path | None:
        """The configuration file, if there is one."""
        path = sources.configuration_file(self, os.environ)
        return path if path is None or os.getcwd() == self.start else self.start / path
