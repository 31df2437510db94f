"""`chatsvc erase`: deletes what a person has said, through the running service or without one."""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any, TypeAlias, TypeVar

from chatsvc.cli.control_client import NoService, Service
from chatsvc.cli.exit_code import exit_code
from chatsvc.cli.selecting import SELECTION, selection
from chatsvc.cli.service_files import ServiceFiles
from chatsvc.cli.service_options import NotDone, add_service, command_parser
from chatsvc.client.progress_row import ProgressRow
from chatsvc.model.control import SHELL, Answer
from chatsvc.model.happened import Trace, selected
from chatsvc.model.message_events import Line
from chatsvc.model.records import Account, Act, Fact, Happening
from chatsvc.model.selection import Selection
from chatsvc.model.text_rules import counted, key
from chatsvc.store.archive import Archive, ArchiveFailed, Commit, Workers
from chatsvc.store.archives import archive_at
from chatsvc.store.erasing import Eraser, Erasure, outcome, pending
from chatsvc.store.offline import Place

T = TypeVar("T")
Show: TypeAlias = Callable[[Answer], None]  # given how far it is

ABOUT = """\
Delete everything that an account has said: its messages in rooms, its side of
private messages, also those that nobody has read yet, and their words in the
search index. The account itself remains; see chatsvc account remove. If it was
removed already, give its name exactly as it was.

With --guest, delete what guests have said under a name. Everybody can use the
name of a guest, so limit it to the room and the time that the request is about.

If this is interrupted, the service continues at its next start.
"""
EPILOG = """\
examples:
  chatsvc erase ann
  chatsvc erase eve --guest --room tea --since 2026-11-21 --until 2026-11-22
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command line; return the exit code."""
    options = make_parser().parse_args(arguments)
    return exit_code(lambda: _run(options), "Not erased")


def _run(options: argparse.Namespace) -> None:
    files = ServiceFiles(options)
    files.existing_archive()
    wanted = selection(options)
    _confirm(options, wanted)
    answer = _erase(files, wanted)
    print(json.dumps(answer, ensure_ascii=False) if options.json else _text(answer, wanted))


def _text(answer: Answer, wanted: Selection) -> str:
    """Return what was done, and what else could have been meant."""
    if answer["public"] or answer["private"] or wanted.guest:
        return str(answer["text"])
    return f"{answer['text']} For what guests of this name have said, add --guest."


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    parser = command_parser("erase", ABOUT, EPILOG)
    for name, details in SELECTION.items():
        parser.add_argument(name, **details)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    add_service(parser)
    return parser


def _confirm(options: argparse.Namespace, wanted: Selection) -> None:
    if options.yes:
        return
    if not sys.stdin.isatty():
        raise NotDone("Erased messages cannot be restored. To erase without a question: --yes")
    which = "those messages" if wanted.since or wanted.until else "all messages"
    question = f"Erase {which} of {wanted.whose}? They cannot be restored. Type the name: "
    try:
        answer = input(question)
    except EOFError:
        answer = ""
    if key(answer.strip()) != key(options.name):
        raise NotDone("Nothing erased.")


def _erase(files: ServiceFiles, wanted: Selection) -> Answer:
    with ProgressRow.on_standard_error() as row:
        show = partial(_show, row)
        try:
            with Service(files) as service:
                return service.ask("erase", progress=show, **_asked(wanted))
        except NoService:
            return asyncio.run(_erase_alone(files.archive, wanted, show))


def _asked(wanted: Selection) -> dict[str, Any]:
    """Return the arguments for the service."""
    return {
        "name": wanted.name,
        "guest": wanted.guest,
        "room": wanted.only,
        "since": wanted.since,
        "until": wanted.until,
    }


def _show(row: ProgressRow, progress: Answer) -> None:
    looked, of = progress["looked"], counted(progress["of"], "message")
    row.show(f"{progress['erased']:,} erased, {looked:,} of {of} checked")


async def _erase_alone(place: Place, wanted: Selection, show: Show) -> Answer:
    """Erase in an archive that no service uses; it is locked meanwhile."""
    archive = archive_at(place, Workers(*[_at_once] * 5), _no_turn, _start)
    rooms = {room.name: room.last for room in archive.open(_Nobody())}
    try:
        erasure = await _erased(archive, _resolved(archive, wanted, rooms), rooms, show)
        while await archive.scrub():
            pass  # overwrite what the files still have of them
    finally:
        await archive.close()
    return outcome(erasure)


async def _erased(archive: Archive, wanted: Erasure, every: dict[str, int], show: Show) -> Erasure:
    """Erase what is wanted, or go on with that after an interruption; return what that was."""
    rooms = {room: last for room, last in every.items() if wanted.only in ("", room)}
    looked = 0

    def advance(erasure: Erasure, more: int) -> None:
        nonlocal looked
        looked += more
        show({"looked": looked, "of": sum(rooms.values()), "erased": erasure.count})

    begun = (one for one in pending(archive.records(Fact)) if one.id == wanted.id)
    erasure = next(begun, wanted)
    await archive.put(erasure.fact())
    erasure = await Eraser(archive, SHELL).run(erasure, rooms, advance)
    await _erase_events(archive, erasure)
    await archive.put(_act(f"erased {counted(erasure.count, 'message')} of {erasure.whose}"))
    await archive.drop(erasure.fact())
    return erasure


async def _erase_events(archive: Archive, erasure: Erasure) -> None:
    """Erase the events of rooms that the user has caused, or that name them."""
    events = list(archive.records(Happening))
    traces = (Trace(one.room, one.time, one.account, json.loads(one.fields)) for one in events)
    numbers = selected(traces, erasure)
    await archive.drop(*(events[number] for number in numbers))


def _resolved(archive: Archive, wanted: Selection, rooms: dict[str, int]) -> Erasure:
    """Return an erasure with the names as they are stored."""
    for account in archive.records(Account) if not wanted.guest else ():
        if key(account.name) == key(wanted.name):
            since = max(wanted.since, account.since)
            wanted = replace(wanted, name=account.name, since=since)
    found = next((room for room in rooms if key(room) == key(wanted.only)), "")
    if wanted.only and not found:
        raise NotDone(f"There is no room {wanted.only}.")
    return Erasure(**asdict(replace(wanted, only=found)))


def _act(what: str) -> Act:
    return Act(secrets.token_hex(6), round(time.time(), 3), SHELL, what, "")


class _Nobody:
    """The owner of an archive in which nobody says anything."""

    def kept(self, commit: Commit) -> Iterator[None]:
        return iter(())

    def not_kept(self, lines: list[Line], failed: ArchiveFailed) -> None:
        pass


async def _at_once(work: Callable[..., T], *arguments: Any) -> T:
    return work(*arguments)


async def _no_turn() -> None:
    pass


def _start(coroutine: Coroutine[Any, Any, None]) -> None:
    coroutine.close()  # nobody says anything, so nothing is committed
