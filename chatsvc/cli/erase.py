"""`chatsvc erase`: deletes what a person has said, through the running service or without one."""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any, TypeAlias, TypeVar

from chatsvc.cli.control_client import NoService, Service
from chatsvc.cli.exit_code import exit_code
from chatsvc.cli.service_files import ServiceFiles
from chatsvc.cli.service_options import NotDone, add_service, command_parser
from chatsvc.client.progress_row import ProgressRow
from chatsvc.model.control import SHELL, Answer
from chatsvc.model.message_events import Line
from chatsvc.model.records import Account, Act, Fact
from chatsvc.model.text_rules import counted, key
from chatsvc.store.archive import Archive, Commit, Workers
from chatsvc.store.archives import archive_at
from chatsvc.store.erasing import Eraser, Erasure, pending, told
from chatsvc.store.offline import Place

T = TypeVar("T")
Show: TypeAlias = Callable[[Answer], None]  # given how far it is

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
    return exit_code(lambda: _run(options), "Not erased")


def _run(options: argparse.Namespace) -> None:
    files = ServiceFiles(options)
    files.existing_archive()
    _confirm(options)
    answer = _erase(files, options.name)
    print(json.dumps(answer, ensure_ascii=False) if options.json else answer["text"])


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    parser = command_parser("erase", ABOUT)
    parser.add_argument("name")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    add_service(parser)
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


def _erase(files: ServiceFiles, name: str) -> Answer:
    with ProgressRow.on_standard_error() as row:
        show = partial(_show, row)
        try:
            with Service(files) as service:
                return service.ask("erase", progress=show, name=name)
        except NoService:
            return asyncio.run(_erase_alone(files.archive, name, show))


def _show(row: ProgressRow, progress: Answer) -> None:
    looked, of = progress["looked"], counted(progress["of"], "message")
    row.show(f"{progress['erased']:,} erased, {looked:,} of {of} checked")


async def _erase_alone(place: Place, name: str, show: Show) -> Answer:
    """Erase in an archive that no service uses; it is locked meanwhile."""
    archive = archive_at(place, Workers(*[_at_once] * 5), _no_turn, _start)
    rooms = {room.name: room.last for room in archive.open(_Nobody())}
    try:
        erasure = await _erased(archive, name, rooms, show)
        while await archive.scrub():
            pass  # overwrite what the files still have of them
    finally:
        await archive.close()
    counts = {name: asdict(erasure)[name] for name in ("account", "public", "private")}
    return {**counts, "text": told(erasure)}


async def _erased(archive: Archive, name: str, rooms: dict[str, int], show: Show) -> Erasure:
    """Erase what the account has said; return what that was."""
    looked = 0

    def advance(erasure: Erasure, more: int) -> None:
        nonlocal looked
        looked += more
        show({"looked": looked, "of": sum(rooms.values()), "erased": erasure.count})

    begun = _begun(archive, name)
    await archive.put(begun.fact())
    erasure = await Eraser(archive, SHELL).run(begun, rooms, advance)
    await archive.put(_act(f"erased {counted(erasure.count, 'message')} of {erasure.account}"))
    await archive.drop(erasure.fact())
    return erasure


def _begun(archive: Archive, name: str) -> Erasure:
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
