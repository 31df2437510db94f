"""`chatsvc serve`: the service in the foreground, without `twistd`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from errno import ENOSPC, EROFS
from pathlib import Path
from typing import Any

from twisted.internet import reactor as installed
from twisted.logger import globalLogBeginner
from twisted.python.usage import UsageError

from chatsvc.options.command_line import Options
from chatsvc.process.pid_file import PidFile, Running
from chatsvc.process.private_files import make_directory
from chatsvc.tap import ChatService, service_of

NAME = "chatsvc.pid"

_reactor: Any = installed


class ServeOptions(Options):
    """The same options under another program's name."""

    program = "chatsvc serve"
    synopsis = "Usage: chatsvc serve [options]"


def main(words: Sequence[str]) -> int:
    """Run the service until it is stopped; return the exit code."""
    options = ServeOptions()
    try:
        options.parseOptions(words)
    except UsageError as error:
        print(f"chatsvc serve: {error}\nTry: chatsvc serve --help", file=sys.stderr)
        return 2
    os.umask(0o077)
    try:
        pid_file = _hold(options["data"])
    except Running as running:
        print(running, file=sys.stderr)
        return 1
    try:
        return _run(options)
    finally:
        if pid_file is not None:
            pid_file.remove()


def _hold(data: Path | None) -> PidFile | None:
    """Hold the data directory, where it is given, so that no other service uses it."""
    if data is None:
        return None
    try:
        make_directory(data)
        return PidFile(data / NAME)
    except OSError as error:
        fix = f"Create it for this user: install -d -m 700 -o USER {data}"
        if error.errno in (ENOSPC, EROFS):
            fix = "Free some space, or use a directory on another disk."
        raise Running(f"Cannot use --data {data}: {error.strerror}. {fix}") from None


def _run(options: Options) -> int:
    service: ChatService = service_of(options)
    globalLogBeginner.beginLoggingTo([service.log], redirectStandardIO=False)
    try:
        service.privilegedStartService()
        service.startService()
        _reactor.addSystemEventTrigger("before", "shutdown", service.stopService)
        _reactor.run()
    finally:
        service.log.close()
    return 0
