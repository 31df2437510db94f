"""`chatsvc archive copy`: copies a whole chat to another archive, and counts both."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple, Protocol

from chatsvc.cli import backup_files
from chatsvc.cli.exit_code import exit_code
from chatsvc.cli.service_options import NotDone, command_parser
from chatsvc.client.progress_row import ProgressRow
from chatsvc.model.records import Account
from chatsvc.model.text_rules import counted
from chatsvc.store.copying import Copy, CopySource, CopyTarget, Outcome
from chatsvc.store.location import NAME, PASSWORD_SHOWN, database
from chatsvc.store.offline import Place
from chatsvc.store.postgresql.opening import require_psycopg
from chatsvc.store.sqlite.copying import SQLiteCopySource, SQLiteCopyTarget
from chatsvc.store.sqlite.database import give_to_owner

STEPS = 20  # lines of progress for a program

EPILOG = """\
examples:
  chatsvc archive copy sqlite:chat.db postgresql://chat@db.example.org/chat
  chatsvc archive copy service=chat sqlite:/var/lib/chatsvc/chat.db

Stop the services of both archives first. If the copy is interrupted, run the
same command again: it goes on. No service uses an unfinished copy. Put the
password of a database into ~/.pgpass or the variable PGPASSWORD.
"""


class OpenSource(CopySource, Protocol):
    """A source that is locked until it is closed."""

    def close(self) -> None:
        """Unlock it."""


class OpenTarget(CopyTarget, Protocol):
    """A target that is locked until it is closed."""

    def close(self) -> None:
        """Unlock it."""


def main(arguments: Sequence[str]) -> int:
    """Run the command line; return the exit code."""
    options = make_parser().parse_args(arguments)
    return exit_code(lambda: _run(options), "Not copied")


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of this command and its jobs."""
    parser = command_parser("archive", "Copy what a chat server has stored.")
    jobs = parser.add_subparsers(metavar="COMMAND", required=True)
    does = "Copy a chat with all its messages, accounts and settings to an empty archive."
    copy = jobs.add_parser(
        "copy",
        help=does,
        description=does,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    places = "sqlite:PATH, PATH, postgresql://USER@HOST/DATABASE or service=NAME"
    copy.add_argument("source", help=f"the archive to copy: {places}")
    copy.add_argument("destination", help="an empty archive, named in the same way")
    copy.add_argument("--json", action="store_true", help="print progress and result as JSON")
    return parser


def _run(options: argparse.Namespace) -> int:
    places = _place(options.source), _place(options.destination)
    if places[0] == places[1]:
        raise NotDone("Source and destination are the same archive.")
    with ExitStack() as opening, ProgressRow.on_standard_error() as row:
        source = opening.enter_context(closing(source_of(places[0])))
        target = opening.enter_context(closing(target_of(places[1])))
        outcome = Copy(source, target, _Progress(row, options.json).show).run()
        certificate = None if outcome.differences else copied_certificate(*places)
        row.clear()
        return _Told(outcome, source.name, target.name, certificate).tell(options.json)


def _place(place: str) -> Place:
    """Return the file or database that somebody has named."""
    found = database(place)
    if found is None:
        return Path(place.removeprefix("sqlite:")).expanduser().resolve()
    if found.has_password:
        raise NotDone(PASSWORD_SHOWN.format(label="The address"))
    return found


def source_of(place: Place) -> OpenSource:
    """Open and lock an archive that is to be copied."""
    if isinstance(place, Path):
        return SQLiteCopySource(place)
    require_psycopg()
    from chatsvc.store.postgresql.copying import PostgreSQLCopySource

    return PostgreSQLCopySource(place)


def target_of(place: Place) -> OpenTarget:
    """Open and lock an archive that is to be a copy."""
    if isinstance(place, Path):
        return SQLiteCopyTarget(place)
    require_psycopg()
    from chatsvc.store.postgresql.copying import PostgreSQLCopyTarget

    return PostgreSQLCopyTarget(place)


def copied_certificate(source: Place, target: Place) -> Path | None:
    """Copy the self-signed certificate, so that clients know the server again; return its path.

    That of a database is in the data directory: here, that of the other archive.
    """
    beside, other = _certificate_of(source, target), _certificate_of(target, source)
    if beside is None or other is None or not beside.exists() or other.exists():
        return None
    unfinished = other.with_name(f"{other.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    with beside.open("rb") as file:
        backup_files.copy(file, unfinished)
    give_to_owner(unfinished, other)
    unfinished.rename(other)
    return other


def _certificate_of(place: Place, other: Place) -> Path | None:
    if isinstance(place, Path):
        return Path(f"{place}.pem")
    return other.with_name(f"{NAME}.pem") if isinstance(other, Path) else None


class _Progress:
    """Shows how far the copy is: a row on a terminal, otherwise a line now and then."""

    def __init__(self, row: ProgressRow, as_json: bool) -> None:
        self._row = row
        self._as_json = as_json
        self._step = 0

    def show(self, done: int, of: int) -> None:
        """Show that so many messages are copied."""
        self._row.show(f"{done:,} of {counted(of, 'message')}")
        step = done * STEPS // max(of, 1)
        if step > self._step:
            self._step = step
            self._write(done, of)

    def _write(self, done: int, of: int) -> None:
        if self._as_json:
            print(json.dumps({"done": done, "of": of}), flush=True)
        elif not os.isatty(2):
            text = f"{done:,} of {counted(of, 'message')} ({done / of:.0%})"
            print(text, file=sys.stderr, flush=True)


class _Told(NamedTuple):
    """What to say at the end."""

    outcome: Outcome
    source: str
    target: str
    certificate: Path | None

    def tell(self, as_json: bool) -> int:
        """Print what was copied, or how the archives differ; return the exit code."""
        outcome = self.outcome
        text = "\n".join(self._differences() or self._copied())
        answer = {
            "text": text,
            "messages": outcome.counts.lines,
            "rooms": outcome.counts.rooms,
            "tables": outcome.counts.tables,
            "differences": [difference._asdict() for difference in outcome.differences],
        }
        told = json.dumps(answer, ensure_ascii=False) if as_json else text
        is_error = bool(outcome.differences) and not as_json
        print(told, file=sys.stderr if is_error else sys.stdout, flush=True)
        return 1 if outcome.differences else 0

    def _differences(self) -> list[str]:
        if not self.outcome.differences:
            return []
        rows = (
            f"  {what}: {one:,}, copied {other:,}" for what, one, other in self.outcome.differences
        )
        return [
            "chatsvc: The copy is not complete:",
            *rows,
            "No service can use it. Run the same command again; if it still differs, report this.",
        ]

    def _copied(self) -> list[str]:
        if self.outcome.was_there:
            told = [f"Nothing to do: {self.target} already contains all of {self.source}."]
        else:
            told = [
                f"Copied {self._contents()} from {self.source} to {self.target}.",
                "Verified: both have the same number of rows in each table and room.",
            ]
        if self.certificate is not None:
            told.append(f"The certificate was copied to {self.certificate}")
        return told

    def _contents(self) -> str:
        tables, rooms = self.outcome.counts.tables, self.outcome.counts.rooms
        records = {name: count for name, count in tables.items() if name != "tally"}
        accounts = records.pop(Account.TABLE)
        shown = sum(name.startswith("#") for name in rooms)
        return (
            f"{counted(self.outcome.counts.lines, 'message')}, {counted(shown, 'room')},"
            f" {counted(accounts, 'account')} and"
            f" {counted(sum(records.values()), 'other record')}"
        )
