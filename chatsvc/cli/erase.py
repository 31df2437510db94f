"""`chatsvc erase`: deletes what a person has said, through the running service or without one."""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from chatsvc.cli.archive_option import NotDone, add_archive, existing_archive
from chatsvc.cli.control_client import NoService, Service
from chatsvc.cli.progress import Row
from chatsvc.model.control import SHELL, Answer
from chatsvc.model.message_events import Line
from chatsvc.model.records import Account, Act, Fact
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import counted, key
from chatsvc.store.archive import ArchiveFailed, Commit
from chatsvc.store.erasing import Eraser, Erasure, pending, told
from chatsvc.store.sqlite.archive import SQLArchive, Workers

T = TypeVar("T")

ABOUT = """\
Delete everything that an account has said: its messages in rooms, its side of
private messages, also those that nobody has read yet, and their words in the
search index. The account itself remains; see chatsvc account remove. If it was
removed already, give its name exactly as it was.

If this is interrupted, the service continues at its next start.
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command line; return the exit code."""
    options = make_parser().parse_args(arguments)
    try:
        _confirm(options)
        answer = _erase(existing_archive(options.archive, options.data), options.name)
    except (NotDone, NoService, ArchiveFailed) as error:
        print(f"chatsvc: {error}", file=sys.stderr)
        return 1
    except Refused as refused:
        print(f"chatsvc: {refused.text}", file=sys.stderr)
        return 1
    print(json.dumps(answer, ensure_ascii=False) if options.json else answer["text"])
    return 0


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="chatsvc erase",
        description=ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    add_archive(parser)
    return parser


def _confirm(options: argparse.Namespace) -> None:
    if options.yes:
        return
    if not sys.stdin.isatty():
        raise NotDone("Erased messages cannot be restored. To erase without a question: --yes")
    question = f"Erase all messages of {options.name}? They cannot be restored. Type the name: "
    try:
        answer = input(question)
    except EOFError:
        answer = ""
    if key(answer.strip()) != key(options.name):
        raise NotDone("Nothing erased.")


def _erase(path: Path, name: str) -> Answer:
    with _row() as show:
        try:
            with Service(path) as service:
                return service.ask("erase", progress=show, name=name)
        except NoService:
            return asyncio.run(_erase_alone(path, name, show))


@contextmanager
def _row() -> Iterator[Callable[[Answer], None]]:
    """Yield a function that shows how far it is, if somebody watches."""
    row = Row(sys.stderr)

    def show(progress: Answer) -> None:
        looked, of = progress["looked"], counted(progress["of"], "message")
        row.show(f"{progress['erased']:,} erased, {looked:,} of {of} checked")

    try:
        yield show
    finally:
        row.clear()


async def _erase_alone(path: Path, name: str, show: Callable[[Answer], None]) -> Answer:
    """Erase in an archive that no service uses; it is locked meanwhile."""
    archive = SQLArchive(path, Workers(*[_at_once] * 5), _no_turn, _start)
    rooms = {room.name: room.last for room in archive.open(_Nobody())}
    try:
        erasure = _begun(archive, name)
        await archive.put(erasure.fact())
        looked = 0

        def advance(erasure: Erasure, more: int) -> None:
            nonlocal looked
            looked += more
            show({"looked": looked, "of": sum(rooms.values()), "erased": erasure.count})

        erasure = await Eraser(archive, SHELL).run(erasure, rooms, advance)
        await archive.put(_act(f"erased {counted(erasure.count, 'message')} of {erasure.account}"))
        await archive.drop(erasure.fact())
        while await archive.scrub():
            pass  # overwrite what the files still have of them
    finally:
        await archive.close()
    counts = {name: asdict(erasure)[name] for name in ("account", "public", "private")}
    return {**counts, "text": told(erasure)}


def _begun(archive: SQLArchive, name: str) -> Erasure:
    """Return a new erasure, or the one of this account that was interrupted."""
    for account in archive.records(Account):
        if key(account.name) == key(name):
            erasure = Erasure(account.name, account.since)
            break
    else:
        erasure = Erasure(name)
    begun = (one for one in pending(archive.records(Fact)) if one.account == erasure.account)
    return next(begun, erasure)


def _act(what: str) -> Act:
    return Act(secrets.token_hex(6), round(time.time(), 3), SHELL, what, "")


class _Nobody:
    """The owner of an archive in which nobody says anything."""

    def kept(self, commit: Commit) -> Iterator[None]:
        return iter(())

    def not_kept(self, lines: list[Line], reason: str) -> None:
        pass


async def _at_once(work: Callable[..., T], *arguments: Any) -> T:
    return work(*arguments)


async def _no_turn() -> None:
    pass


def _start(coroutine: Coroutine[Any, Any, None]) -> None:
    coroutine.close()  # nobody says anything, so nothing is committed
