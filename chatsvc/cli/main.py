"""The command line: `join`, `send`, `tail`, `export`; a server's is in other modules."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

from chatsvc.cli import server_commands


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    _open_standard_files()
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if words and words[0] in server_commands.HELP:
            return server_commands.run(words)
        return _run(words)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _run(words: Sequence[str]) -> int:
    """Run a command of the client; each part is imported only if it is needed, for speed."""
    from chatsvc.cli.client_parser import make_parser

    options = make_parser().parse_args(words)
    from chatsvc.cli.client_jobs import run  # help and mistakes need no network

    return run(options)


def _open_standard_files() -> None:
    """Reserve the descriptors of closed standard files, so that no connection gets them."""
    while (fd := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(fd)
