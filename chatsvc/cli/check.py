"""`chatsvc check`: reports each problem of a service before it is started."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from pathlib import Path

from twisted.python.usage import UsageError

from chatsvc.checks.certificates import certificates
from chatsvc.checks.configuration import combined
from chatsvc.checks.databases import look_at
from chatsvc.checks.nodes import about_leader, node
from chatsvc.checks.ports import ports
from chatsvc.checks.problem import Problem
from chatsvc.checks.storage import is_in_use, storage
from chatsvc.model.text_rules import counted
from chatsvc.options.combining import Values
from chatsvc.options.command_line import Options
from chatsvc.store.location import Database


class CheckOptions(Options):
    """The options of the service, which are checked instead of used."""

    program = "chatsvc check"
    synopsis = "Usage: chatsvc check [options]"
    longdesc = (
        "Check the options, files, permissions, ports, certificate, archive and disk of a service."
        " Give the options that the service is started with, and run this as its user or root."
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
    data = _owned_by_another(options)
    return _reported(options) if data is None else _as_owner(data, partial(_reported, options))


def _reported(options: Options) -> int:
    """Print every problem; return the exit code."""
    problems = list(_problems(options))
    for problem in problems:
        print(problem)
    print(f"{counted(len(problems), 'problem')} found." if problems else "No problems found.")
    return 1 if problems else 0


def _problems(options: Options) -> Iterator[Problem]:
    values, problems = combined(options)
    yield from problems
    yield from _seen(storage(values))
    in_use = yield from _archive(values)
    yield from _seen(certificates(values))
    yield from ports(values, in_use)


def _archive(values: Values) -> Generator[Problem, None, bool]:
    """Yield the problems of a database, and say what it is; return whether this service runs."""
    place: Path | Database | None = values["archive"]
    runs = is_in_use(values["beside"])
    if isinstance(place, Database):
        found = look_at(place)
        for sentence in filter(None, (found.about, about_leader(found.leader, values["node"]))):
            print(sentence)
        yield from found.problems
        yield from node(values, found.leader, runs)
    return runs


def _seen(problems: Iterator[Problem]) -> Iterator[Problem]:
    """Yield problems until this user cannot look at something."""
    try:
        yield from problems
    except OSError as error:
        fix = "Let the service's user in there, and run this as that user or root."
        yield Problem(str(error.filename), f"{error.strerror}.", fix)


def _owned_by_another(options: Options) -> Path | None:
    """Return the data directory if this is root, who may do everything, and it is not root's."""
    values, _ = combined(options)
    data: Path | None = values["data"]
    if data is None or os.geteuid() != 0:
        return None
    try:
        return data if data.stat().st_uid != 0 else None
    except OSError:  # it is not there yet, which is reported later if it matters
        return None


def _as_owner(data: Path, report: Callable[[], int]) -> int:
    """Report what the service's user would find, in a process of that user."""
    print(f"As {_owner(data)}, to whom {data} belongs:", flush=True)
    child = os.fork()
    if not child:
        code = 1
        try:
            _become_owner(data)
            code = report()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _become_owner(data: Path) -> None:
    found, name = data.stat(), _owner(data)
    if name.startswith("#"):
        os.setgroups([])
    else:
        os.initgroups(name, found.st_gid)
    os.setgid(found.st_gid)
    os.setuid(found.st_uid)


def _owner(path: Path) -> str:
    """Return the name of a file's owner, or its number if it has none, as in a container."""
    try:
        return path.owner()
    except KeyError:
        return f"#{path.stat().st_uid}"
