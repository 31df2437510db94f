"""`chatsvc account`: manages accounts in the archive's file, even while the service runs."""

from __future__ import annotations

import argparse
import getpass
import json
import secrets
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from chatsvc.auth.accounts import new_account
from chatsvc.auth.known_places import stored_as
from chatsvc.auth.passwords import check_password, kept_of
from chatsvc.auth.sign_ins import last_sign_ins, sign_in_fact
from chatsvc.cli.control_client import NoService, Service
from chatsvc.cli.exit_code import exit_code
from chatsvc.cli.selecting import SELECTION, selection
from chatsvc.cli.service_files import ServiceFiles
from chatsvc.cli.service_options import NotDone, add_service, check_directory, command_parser
from chatsvc.client.progress_row import ProgressRow
from chatsvc.model.confusables import is_reserved, look_alike
from chatsvc.model.control import SHELL
from chatsvc.model.records import AccessToken, Account, Act, Fact, Member, Record
from chatsvc.model.requests import Refused
from chatsvc.model.selection import Selection
from chatsvc.model.text_rules import check_name, counted, key
from chatsvc.store.offline import OfflineRecords, finder_at, records_at
from chatsvc.store.sqlite.offline import create

EPILOG = """\
examples:
  chatsvc account add ann --operator           prompts for ann's password
  chatsvc account list --data /var/lib/chatsvc
  pwgen 16 1 | chatsvc account passwd ann      reads the password from a pipe

A running service picks up a change at once. /audit shows it as by shell.
"""

Job: TypeAlias = Callable[[OfflineRecords, argparse.Namespace], None]
Arguments: TypeAlias = dict[str, dict[str, Any]]  # of the parser, by name


def main(arguments: Sequence[str]) -> int:
    """Run the command line; return the exit code."""
    options = make_parser().parse_args(arguments)
    return exit_code(lambda: _run(options), "Nothing changed")


def _run(options: argparse.Namespace) -> None:
    service = ServiceFiles(options)
    created = options.job is _add and _created(service)
    options.shortest_password = service.shortest_password()
    place = service.existing_archive()
    options.service = service
    with records_at(place, create=options.job is _add) as ledger:
        options.job(ledger, options)
    if options.job is not _list:
        _have_it_reread(service)
    if created:
        print(f"Created the archive {place}.")


def _created(service: ServiceFiles) -> bool:
    """Create the file before the first start; return False if there is one."""
    service.make_directory()
    return isinstance(service.archive, Path) and create(service.archive)


def _have_it_reread(files: ServiceFiles) -> None:
    """Let a running service load the change at once; it also looks every two seconds."""
    with suppress(NoService, Refused), Service(files) as service:
        service.ask("reread")


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of this command and its jobs."""
    about = "Manage the accounts of a chat server on this machine."
    parser = command_parser("account", about, EPILOG)
    jobs = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, (does, job, arguments) in _JOBS.items():
        own = jobs.add_parser(name, help=does, description=does)
        own.set_defaults(job=job)
        add_service(own)
        for flags, details in arguments.items():
            own.add_argument(flags, **details)
    return parser


def _add(ledger: OfflineRecords, options: argparse.Namespace) -> None:
    check_name(options.name)
    if is_reserved(options.name, ""):
        raise NotDone(f"{options.name} is reserved for the server. Choose another name.")
    for account in ledger.records(Account):
        if key(account.name) == key(options.name):
            raise NotDone(f"{account.name} is already registered.")
        if look_alike(account.name, options.name):
            raise NotDone(f"{options.name} is too similar to {account.name}, a registered name.")
    kept = kept_of(_password(options))
    account = new_account(options.name, kept, options.email, round(time.time(), 3))
    role = " as an operator" if options.operator else ""
    done = _act(f"registered {account.name}{role}")
    ledger.put(replace(account, operator=options.operator), done)
    print(f"Registered {account.name}{role}.")


def _act(what: str) -> Act:
    """Return an entry for `/audit`, to be stored together with the change."""
    return Act(secrets.token_hex(6), round(time.time(), 3), SHELL, what, "")


def _passwd(ledger: OfflineRecords, options: argparse.Namespace) -> None:
    account = _find(ledger, options.name)
    kept = kept_of(_password(options))
    ended: list[Record] = [_known(account), *_tokens(ledger, account)]
    done = _act(f"changed the password of {account.name}")
    ledger.exchange(ended, replace(account, **kept), done)
    print(f"Password changed for {account.name}.")


def _operator(ledger: OfflineRecords, options: argparse.Namespace) -> None:
    account = replace(_find(ledger, options.name), operator=not options.off)
    done = "made {} an operator" if account.operator else "revoked the operator rights of {}"
    ledger.put(account, _act(done.format(account.name)))
    print(f"{account.name} is {'now' if account.operator else 'no longer'} an operator.")


def _disable(ledger: OfflineRecords, options: argparse.Namespace) -> None:
    account = _find(ledger, options.name)
    if account.disabled:
        raise NotDone(f"{account.name} is already disabled.")
    ledger.put(replace(account, disabled=True), _act(f"disabled the account {account.name}"))
    print(
        f"{account.name} is disabled: nobody can log in. The name stays reserved, and the messages"
        f" remain. To undo it: chatsvc account enable {account.name}"
    )


def _enable(ledger: OfflineRecords, options: argparse.Namespace) -> None:
    account = _find(ledger, options.name)
    if not account.disabled:
        raise NotDone(f"{account.name} is not disabled.")
    ledger.put(replace(account, disabled=False), _act(f"enabled the account {account.name}"))
    print(f"{account.name} can log in again.")


def _remove(ledger: OfflineRecords, options: argparse.Namespace) -> None:
    account = _find(ledger, options.name)
    members = [one for one in ledger.records(Member) if one.account == account.id]
    facts = [_known(account), sign_in_fact(account.id)]
    done = _act(f"deleted the account {account.name}")
    ledger.exchange([account, *members, *_tokens(ledger, account), *facts], done)
    print(f"Account {account.name} deleted. The name is available.")


def _export(ledger: OfflineRecords, options: argparse.Namespace) -> None:
    from chatsvc.cli.person_export import GuestExport, PersonExport  # it loads every kind of event

    wanted = selection(options)
    account = None if wanted.guest else _whole_account(ledger, wanted)
    check_directory(options.to)
    try:
        with ProgressRow.on_standard_error() as row, finder_at(options.service.archive) as finder:
            export = (
                PersonExport(ledger, finder, account)
                if account
                else GuestExport(ledger, finder, wanted)
            )
            written = export.write(options.to, options.force, partial(_show, row))
    except FileExistsError as error:
        raise NotDone(f"{error.filename} already exists. To replace it: --force") from None
    except OSError as error:
        raise NotDone(f"Cannot write to {options.to}: {error.strerror}.") from None
    ledger.put(_act(f"exported what is stored about {account.name if account else wanted.whose}"))
    (as_json, as_text), count = written
    print(f"Wrote {counted(count, 'message')} and all records to {as_json} and {as_text}.")


def _whole_account(ledger: OfflineRecords, wanted: Selection) -> Account:
    """Return the account to be exported, of which everything is."""
    if wanted.only or wanted.since or wanted.until:
        raise NotDone("--room, --since and --until need --guest: of an account, all is exported.")
    return _find(ledger, wanted.name)


def _show(row: ProgressRow, looked: int, of: int) -> None:
    row.show(f"{looked:,} of {counted(of, 'message')} checked")


def _tokens(ledger: OfflineRecords, account: Account) -> list[AccessToken]:
    return [token for token in ledger.records(AccessToken) if token.account == account.id]


def _known(account: Account) -> Fact:
    """Return an empty fact, which deletes the account's known places."""
    return Fact(stored_as(account.id), "")


def _list(ledger: OfflineRecords, options: argparse.Namespace) -> None:
    accounts = sorted(ledger.records(Account), key=lambda account: key(account.name))
    last, online = last_sign_ins(ledger.records(Fact)), _sessions(options.service)
    for account in accounts:
        entry = _entry(account, last.get(account.id), online.get(account.name, 0))
        if options.json or not sys.stdout.isatty():
            print(json.dumps(entry, ensure_ascii=False))
        else:
            print(_row(entry))
    if not accounts and sys.stdout.isatty() and not options.json:
        print("No accounts yet.")


def _sessions(files: ServiceFiles) -> dict[str, int]:
    """Return how many connections each account has, by name."""
    try:
        with Service(files) as service:
            people = service.ask("who")["people"]
    except NoService:
        return {}
    return {one["account"]: len(one["connections"]) for one in people if one["account"]}


def _entry(account: Account, last: float | None, sessions: int) -> dict[str, Any]:
    """Return what the list says about an account."""
    return {
        "name": account.name,
        "since": _as_utc(account.since),
        "last_sign_in": _as_utc(last) if last is not None else None,
        "sessions": sessions,
        "operator": account.operator,
        "disabled": account.disabled,
        "email": account.email,
    }


def _as_utc(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _row(entry: dict[str, Any]) -> str:
    """Return a row of the list for people."""
    last = entry["last_sign_in"] or "never"
    seen = counted(entry["sessions"], "session") if entry["sessions"] else last[:10]
    role = "disabled" if entry["disabled"] else "operator" if entry["operator"] else ""
    row = f"{entry['name']:32} {entry['since'][:10]}  {seen:10}  {role:8}  {entry['email']}"
    return row.rstrip()


def _find(ledger: OfflineRecords, name: str) -> Account:
    for account in ledger.records(Account):
        if key(account.name) == key(name):
            return account
    raise NotDone(f"{name} is not registered. To list accounts: chatsvc account list")


def _password(options: argparse.Namespace) -> str:
    """Return the new password: from a file, from a pipe, or typed twice."""
    if options.password_file is not None:
        try:
            text = Path(options.password_file).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "invalid UTF-8"
            raise NotDone(f"Cannot read {options.password_file}: {why}.") from None
        password = (text.splitlines() or [""])[0]
    elif sys.stdin.isatty():
        password = _typed_twice(options.name)
    else:
        password = sys.stdin.readline().removeprefix("\ufeff").rstrip("\r\n")
        if not password:
            raise NotDone("No password on standard input.")
    check_password(password, options.shortest_password)
    return password


def _typed_twice(name: str) -> str:
    try:
        password = getpass.getpass(f"New password of {name}: ")
        if getpass.getpass("Repeat the password: ") != password:
            raise NotDone("The passwords do not match. Nothing changed.")
    except EOFError:
        raise NotDone("No password entered. Nothing changed.") from None
    return password


_NAME: Arguments = {"name": {}}
_PASSWORD: Arguments = {
    "--password-file": {"metavar": "FILE", "help": "file with the password in its first line"}
}
_JOBS: dict[str, tuple[str, Job, Arguments]] = {
    "add": (
        "Register a name.",
        _add,
        _NAME
        | {
            "--operator": {"action": "store_true", "help": "make the account an operator"},
            "--email": {"default": "", "metavar": "ADDRESS"},
        }
        | _PASSWORD,
    ),
    "passwd": ("Change an account's password.", _passwd, _NAME | _PASSWORD),
    "list": (
        "List the accounts.",
        _list,
        {"--json": {"action": "store_true", "help": "print one JSON object per line"}},
    ),
    "operator": (
        "Make an account an operator, or revoke that with --off.",
        _operator,
        _NAME | {"--off": {"action": "store_true", "help": "revoke operator rights"}},
    ),
    "disable": ("End an account's sessions and refuse others; keep its name.", _disable, _NAME),
    "enable": ("Let a disabled account log in again.", _enable, _NAME),
    "export": (
        "Write everything stored about a person, or what guests of a name have said.",
        _export,
        SELECTION
        | {
            "--to": {
                "type": Path,
                "default": Path(),
                "metavar": "DIR",
                "help": "where to write  [this directory]",
            },
            "--force": {"action": "store_true", "help": "replace existing files"},
        },
    ),
    "remove": ("Delete an account and end its sessions; its messages remain.", _remove, _NAME),
}
