"""`chatsvc account`: manages accounts in the archive's file, even while the service runs."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from chatsvc.auth.accounts import new_account
from chatsvc.auth.known_places import stored_as
from chatsvc.auth.passwords import check_password, kept_of
from chatsvc.model.confusables import look_alike
from chatsvc.model.records import AccessToken, Account, Fact, Member
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import check_name, key
from chatsvc.store.archive import ArchiveFailed
from chatsvc.store.sqlite.offline import Ledger

EPILOG = """\
examples:
  chatsvc account add ann --operator           prompts for ann's password
  chatsvc account list --archive sqlite:/var/lib/chatsvc/chat.db
  pwgen 16 1 | chatsvc account passwd ann      reads the password from a pipe

A running service picks up a change within two seconds.
"""


class NotChanged(Exception):
    """Nothing was changed; the message is a sentence for users."""


def main(arguments: Sequence[str]) -> int:
    """Run the command line; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        with Ledger(_path(options.archive)) as ledger:
            options.job(ledger, options)
    except (NotChanged, ArchiveFailed, Refused) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _path(archive: str) -> Path:
    kind, _, path = archive.partition(":")
    if kind != "sqlite" or not path:
        raise NotChanged(f"--archive must be sqlite:PATH, not {archive!r}.")
    if not Path(path).exists():
        raise NotChanged(f"Archive not found: {path}. The service creates it at its first start.")
    return Path(path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="chatsvc account",
        description="Manage the accounts of a chat server on this machine.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    jobs = parser.add_subparsers(metavar="add | list | passwd | operator | remove", required=True)

    def job(
        name: str, does: str, function: Callable[[Ledger, argparse.Namespace], None]
    ) -> argparse.ArgumentParser:
        own = jobs.add_parser(name, help=does, description=does)
        own.add_argument(
            "--archive", default="sqlite:chat.db", help="sqlite:PATH [default: %(default)s]"
        )
        own.set_defaults(job=function)
        if name != "list":
            own.add_argument("name")
        return own

    add = job("add", "Register a name.", _add)
    add.add_argument("--operator", action="store_true", help="make the account an operator")
    add.add_argument("--email", default="")
    for one in (add, job("passwd", "Change an account's password.", _passwd)):
        one.add_argument(
            "--password-file", metavar="FILE", help="file with the password in its first line"
        )
    listing = job("list", "List the accounts.", _list)
    listing.add_argument("--json", action="store_true", help="print one JSON object per line")
    operator = job("operator", "Make an account an operator, or revoke that with --off.", _operator)
    operator.add_argument("--off", action="store_true", help="revoke operator rights")
    job("remove", "Delete an account; its messages remain.", _remove)
    return parser


def _add(ledger: Ledger, options: argparse.Namespace) -> None:
    check_name(options.name)
    for account in ledger.records(Account):
        if key(account.name) == key(options.name):
            raise NotChanged(f"{account.name} is already registered.")
        if look_alike(account.name, options.name):
            raise NotChanged(f"{options.name} is too similar to {account.name}, a registered name.")
    kept = kept_of(_password(options))
    account = new_account(options.name, kept, options.email, round(time.time(), 3))
    ledger.put(replace(account, operator=options.operator))
    print(f"Registered {account.name}{' as an operator' if options.operator else ''}.")


def _passwd(ledger: Ledger, options: argparse.Namespace) -> None:
    account = _find(ledger, options.name)
    kept = kept_of(_password(options))
    ledger.drop(_known(account), *_tokens(ledger, account))
    ledger.put(replace(account, **kept))
    print(f"Password changed for {account.name}.")


def _operator(ledger: Ledger, options: argparse.Namespace) -> None:
    account = replace(_find(ledger, options.name), operator=not options.off)
    ledger.put(account)
    print(f"{account.name} is {'now' if account.operator else 'no longer'} an operator.")


def _remove(ledger: Ledger, options: argparse.Namespace) -> None:
    account = _find(ledger, options.name)
    members = [one for one in ledger.records(Member) if one.account == account.id]
    ledger.drop(account, *members, *_tokens(ledger, account), _known(account))
    print(f"Account {account.name} deleted. The name is available.")


def _tokens(ledger: Ledger, account: Account) -> list[AccessToken]:
    return [token for token in ledger.records(AccessToken) if token.account == account.id]


def _known(account: Account) -> Fact:
    """Return an empty fact, which deletes the account's known places."""
    return Fact(stored_as(account.id), "")


def _list(ledger: Ledger, options: argparse.Namespace) -> None:
    accounts = sorted(ledger.records(Account), key=lambda account: key(account.name))
    for account in accounts:
        since = datetime.fromtimestamp(account.since, UTC)
        if options.json or not sys.stdout.isatty():
            print(_as_json(account, since))
        else:
            role = "operator" if account.operator else ""
            print(f"{account.name:32} {since:%Y-%m-%d}  {role:8}  {account.email}".rstrip())
    if not accounts and sys.stdout.isatty() and not options.json:
        print("No accounts yet.")


def _as_json(account: Account, since: datetime) -> str:
    value = {
        "name": account.name,
        "since": f"{since:%Y-%m-%dT%H:%M:%SZ}",
        "operator": account.operator,
        "email": account.email,
    }
    return json.dumps(value, ensure_ascii=False)


def _find(ledger: Ledger, name: str) -> Account:
    for account in ledger.records(Account):
        if key(account.name) == key(name):
            return account
    raise NotChanged(f"{name} is not registered. To list accounts: chatsvc account list")


def _password(options: argparse.Namespace) -> str:
    """Return the new password: from a file, from a pipe, or typed twice."""
    if options.password_file is not None:
        try:
            text = Path(options.password_file).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise NotChanged(f"Cannot read {options.password_file}: {error}.") from None
        password = (text.splitlines() or [""])[0]
    elif sys.stdin.isatty():
        password = _typed_twice(options.name)
    else:
        password = sys.stdin.readline().removeprefix("\ufeff").rstrip("\r\n")
        if not password:
            raise NotChanged("No password on standard input.")
    check_password(password)
    return password


def _typed_twice(name: str) -> str:
    try:
        password = getpass.getpass(f"New password of {name}: ")
        if getpass.getpass("Repeat the password: ") != password:
            raise NotChanged("The passwords do not match. Nothing changed.")
    except EOFError:
        raise NotChanged("No password entered. Nothing changed.") from None
    return password
