"""`chatsvc account export`: everything stored about a person, as JSON and as text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from chatsvc.auth.known_places import stored_as
from chatsvc.auth.sign_ins import last_sign_ins
from chatsvc.client.atomic_write import replacing
from chatsvc.dialects.jsonl import timestamp
from chatsvc.dialects.sentences import spoken
from chatsvc.model.ban_masks import BanMask
from chatsvc.model.message_events import Said
from chatsvc.model.records import (
    AccessToken,
    Account,
    Act,
    Ban,
    Fact,
    Invitation,
    Member,
    MetadataValue,
    Report,
)
from chatsvc.store.archive import R
from chatsvc.store.offline import LineFinder, OfflineRecords

PAGE = 5_000  # lines read at once
SECRET = ("hash", "scram", "digest", "account", "owner", "origin", "who", "caught")  # left out

Progress = Callable[[int, int], None]  # how many messages of how many were looked at


class PersonExport:
    """Collects what an archive has about an account, without holding up a running service."""

    def __init__(self, ledger: OfflineRecords, finder: LineFinder, account: Account) -> None:
        self._ledger = ledger
        self._finder = finder
        self._account = account
        self._names = {one.id: one.name for one in ledger.records(Account)}
        self._rooms = ledger.rooms()

    def write(self, directory: Path, force: bool, progress: Progress) -> tuple[list[Path], int]:
        """Write NAME.json and NAME.txt; return their paths and the number of messages."""
        paths = [directory / f"{self._account.name}.{kind}" for kind in ("json", "txt")]
        with ExitStack() as files:
            as_json, as_text = (
                files.enter_context(replacing(path, force=force, mode=0o600)) for path in paths
            )
            begin(as_json, as_text, self._account.name, self._about())
            count = 0
            for line in self._lines(progress):
                as_json.write(f"{',' if count else ''}\n{_json(self._message(line))}")
                as_text.write(f"[{timestamp(line.time)}] {self._place(line.room)} {spoken(line)}\n")
                count += 1
            as_json.write("\n]}\n")
        return paths, count

    # Records

    def _about(self) -> dict[str, Any]:
        """Return everything but the messages."""
        account, facts = self._account, self._ledger.records(Fact)
        last = last_sign_ins(facts).get(account.id)
        return {
            "account": _written(account),
            "password": "stored as a hash, which is left out here",
            "last_sign_in": timestamp(last) if last else None,
            "known_places": self._places_known(facts),
            "metadata": self._of(MetadataValue, lambda one: one.owner == account.id),
            "tokens": self._of(AccessToken, lambda one: one.account == account.id),
            "rooms": self._memberships(),
            "bans": self._of(Ban, self._is_about_them),
            "reports": self._of(Report, lambda one: account.name in (one.by, one.about)),
            "invitations": self._of(Invitation, lambda one: one.by == account.name),
            "audit": self._of(Act, self._names_them),
        }

    def _of(self, kind: type[R], wanted: Callable[[R], bool]) -> list[dict[str, Any]]:
        return [_written(one) for one in self._ledger.records(kind) if wanted(one)]

    def _memberships(self) -> list[dict[str, Any]]:
        members = (one for one in self._ledger.records(Member) if one.account == self._account.id)
        return [{**_written(one), "room": self._place(one.room)} for one in members]

    def _places_known(self, facts: list[Fact]) -> int:
        """Return how many addresses and programs are stored, as digests that nobody can read."""
        name = stored_as(self._account.id)
        return sum(len(fact.value.split()) - 2 for fact in facts if fact.name == name)

    def _is_about_them(self, ban: Ban) -> bool:
        marks = (BanMask.of_account(self._account.id), BanMask.of_name(self._account.name))
        return not {str(mark) for mark in marks}.isdisjoint(ban.who) or self._names_word(ban.label)

    def _names_them(self, act: Act) -> bool:
        return self._names_word(act.by) or self._names_word(act.what)

    def _names_word(self, text: str) -> bool:
        return bool(re.search(rf"(?<!\w){re.escape(self._account.name)}(?!\w)", text))

    # Messages

    def _lines(self, progress: Progress) -> Iterator[Said]:
        """Yield their messages in rooms, and both sides of their private messages."""
        looked, of = 0, sum(self._rooms.values())
        for room, last in sorted(self._rooms.items()):
            if not room.startswith("@") or self._account.id in room[1:].split(","):
                yield from self._lines_in(room, last)
            looked += last
            progress(looked, of)

    def _lines_in(self, room: str, last: int) -> Iterator[Said]:
        number = 0
        while number < last:
            if room.startswith("@"):
                lines = self._finder.after(room, number, PAGE)
                number = lines[-1].number if lines else last
            else:
                found = self._finder.lines_of(room, self._account.name, self._since, number)
                lines, number = found.lines, found.looked
            yield from lines

    @property
    def _since(self) -> float:
        """When the account was registered, in milliseconds: an earlier one had the same name."""
        return self._account.since * 1000

    def _place(self, room: str) -> str:
        """Return a room's name, or that of the other side of a conversation."""
        if not room.startswith("@"):
            return room
        one, _, other = room[1:].partition(",")
        id_ = other if one == self._account.id else one
        return f"@{self._names.get(id_, 'nobody')}"

    def _message(self, line: Said) -> dict[str, Any]:
        message = {
            "room": self._place(line.room),
            "number": line.number,
            "time": timestamp(line.time),
            "from": line.sender,
            "text": line.text,
            "action": line.action,
            "notice": line.notice,
            "deleted": line.deleted,
        }
        return {name: value for name, value in message.items() if value not in (False, "")}


def begin(as_json: TextIO, as_text: TextIO, name: str, about: dict[str, Any]) -> None:
    """Write what comes before the messages."""
    as_json.write(f'{_json(about)[:-1]}, "messages": [')
    as_text.write(f"Everything stored about {name}\n\n")
    for subject, value in about.items():
        entries = value if isinstance(value, list) else [value]
        as_text.write(f"{subject}:\n")
        as_text.writelines(f"  {_plainly(entry)}\n" for entry in entries)
    as_text.write("\nmessages, and both sides of private ones:\n\n")


def _plainly(entry: object) -> str:
    """Return an entry as words for people."""
    if not isinstance(entry, dict):
        return "none" if entry is None else str(entry)
    return ", ".join(f"{name}: {value}" for name, value in entry.items() if value not in ("", None))


def _written(record: Any) -> dict[str, Any]:
    """Return a record without secrets, and with its times as people read them."""
    values = {name: value for name, value in asdict(record).items() if name not in SECRET}
    return {name: timestamp(v) if _is_time(v) else v for name, v in values.items()}


def _is_time(value: object) -> bool:
    return isinstance(value, float) and value > 0


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
