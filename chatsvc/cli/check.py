"""`chatsvc check`: reports each problem of a service before it is started."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

from twisted.python.usage import UsageError

from chatsvc.checks.certificates import certificates
from chatsvc.checks.configuration import combined
from chatsvc.checks.databases import look_at
from chatsvc.checks.ports import ports
from chatsvc.checks.problem import Problem
from chatsvc.checks.storage import is_in_use, storage
from chatsvc.model.text_rules import counted
from chatsvc.options.command_line import Options
from chatsvc.store.location import Database


class CheckOptions(Options):
    """The options of the service, which are checked instead of used."""

    program = "chatsvc check"
    synopsis = "Usage: chatsvc check [options]"
    longdesc = (
        "Check the options, files, permissions, ports, certificate, archive and disk of a service."
        " Give the options that the service is started with, and run this as its user."
    )

    def postOptions(self) -> None:
        """Accept everything: what is wrong is reported later."""


def main(words: Sequence[str]) -> int:
    """Print every problem; return 0 if there is none."""
    options = CheckOptions()
    try:
        options.parseOptions(words)
    except UsageError as error:
        print(f"chatsvc check: {error}\nTry: chatsvc check --help", file=sys.stderr)
        return 2
    problems = list(_problems(options))
    for problem in problems:
        print(problem)
    print(f"{counted(len(problems), 'problem')} found." if problems else "No problems found.")
    return 1 if problems else 0


def _problems(options: Options) -> Iterator[Problem]:
    values, problems = combined(options)
    yield from problems
    yield from _seen(storage(values))
    in_use = yield from _archive(values["archive"])
    yield from _seen(_other_user(values["data"]))
    yield from _seen(certificates(values))
    yield from ports(values, in_use)


def _archive(place: Path | Database | None) -> Generator[Problem, None, bool]:
    """Yield the problems of a database, and say what it is; return whether a service uses it."""
    if not isinstance(place, Database):
        return is_in_use(place)
    found = look_at(place)
    if found.about:
        print(found.about)
    yield from found.problems
    return found.in_use


def _seen(problems: Iterator[Problem]) -> Iterator[Problem]:
    """Yield problems until this user cannot look at something."""
    try:
        yield from problems
    except OSError as error:
        yield Problem(str(error.filename), f"{error.strerror}.", "Run this as the service's user.")


def _other_user(data: Path | None) -> Iterator[Problem]:
    """Yield a problem if this is root, who can do what the service's user may not be able to."""
    if os.geteuid() == 0 and data is not None and data.exists() and data.stat().st_uid != 0:
        owner = _owner(data)
        fix = f"Run this as {owner}: sudo -u {owner} chatsvc check"
        yield Problem(str(data), f"it belongs to {owner}, and you are root.", fix)


def _owner(path: Path) -> str:
    """Return the name of a file's owner, or its number if it has none, as in a container."""
    try:
        return path.owner()
    except KeyError:
        return f"#{path.stat().st_uid}"
