"""`chatsvc account export`: everything stored about a person or of guests, as JSON and text."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from chatsvc.auth.known_places import stored_as
from chatsvc.auth.sign_ins import last_sign_ins
from chatsvc.cli.service_options import NotDone
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
from chatsvc.model.selection import Selection
from chatsvc.model.text_rules import key
from chatsvc.store.archive import R
from chatsvc.store.offline import LineFinder, OfflineRecords

PAGE = 5_000  # lines read at once
SECRET = ("hash", "scram", "digest", "account", "owner", "origin", "who", "caught")  # left out

Progress = Callable[[int, int], None]  # how many messages of how many were looked at


class Export(ABC):
    """Collects what an archive has about somebody, without holding up a running service."""

    def __init__(self, ledger: OfflineRecords, finder: LineFinder, name: str) -> None:
        self._ledger = ledger
        self._finder = finder
        self._name = name
        self._rooms = ledger.rooms()

    def write(self, directory: Path, force: bool, progress: Progress) -> tuple[list[Path], int]:
        """Write one file as JSON and one as text; return their paths and the number of messages."""
        paths = [directory / f"{self._file_name()}.{kind}" for kind in ("json", "txt")]
        with ExitStack() as files:
            as_json, as_text = (
                files.enter_context(replacing(path, force=force, mode=0o600)) for path in paths
            )
            begin(as_json, as_text, self._name, self._about())
            count = 0
            for line in self._lines(progress):
                as_json.write(f"{',' if count else ''}\n{_json(self._message(line))}")
                as_text.write(f"[{timestamp(line.time)}] {self._place(line.room)} {spoken(line)}\n")
                count += 1
            as_json.write("\n]}\n")
        return paths, count

    @abstractmethod
    def _file_name(self) -> str: ...

    @abstractmethod
    def _about(self) -> dict[str, Any]:
        """Return everything but the messages."""

    @abstractmethod
    def _lines_in(self, room: str, last: int) -> Iterator[Said]:
        """Yield the lines of a room that are exported."""

    def _lines(self, progress: Progress) -> Iterator[Said]:
        """Yield the lines of all rooms that are exported."""
        looked, of = 0, sum(self._rooms.values())
        for room, last in sorted(self._rooms.items()):
            yield from self._lines_in(room, last)
            looked += last
            progress(looked, of)

    def _place(self, room: str) -> str:
        """Return a room's name as the reader knows it."""
        return room

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

    def _of(self, kind: type[R], wanted: Callable[[R], bool]) -> list[dict[str, Any]]:
        return [_written(one) for one in self._ledger.records(kind) if wanted(one)]

    def _reports(self) -> list[dict[str, Any]]:
        return self._of(Report, lambda one: self._name in (one.by, one.about))

    def _audit(self) -> list[dict[str, Any]]:
        return self._of(Act, lambda one: self._names_word(one.by) or self._names_word(one.what))

    def _is_by_name(self, ban: Ban) -> bool:
        """Return whether a ban is of the name, or mentions it."""
        return str(BanMask.of_name(self._name)) in ban.who or self._names_word(ban.label)

    def _names_word(self, text: str) -> bool:
        return bool(re.search(rf"(?<!\w){re.escape(self._name)}(?!\w)", text))


class PersonExport(Export):
    """What is stored about an account, with both sides of its private messages."""

    def __init__(self, ledger: OfflineRecords, finder: LineFinder, account: Account) -> None:
        super().__init__(ledger, finder, account.name)
        self._account = account
        self._names = {one.id: one.name for one in ledger.records(Account)}

    def _file_name(self) -> str:
        return self._name

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
            "reports": self._reports(),
            "invitations": self._of(Invitation, lambda one: one.by == account.name),
            "audit": self._audit(),
        }

    def _memberships(self) -> list[dict[str, Any]]:
        members = (one for one in self._ledger.records(Member) if one.account == self._account.id)
        return [{**_written(one), "room": self._place(one.room)} for one in members]

    def _places_known(self, facts: list[Fact]) -> int:
        """Return how many addresses and programs are stored, as digests that nobody can read."""
        name = stored_as(self._account.id)
        return sum(len(fact.value.split()) - 2 for fact in facts if fact.name == name)

    def _is_about_them(self, ban: Ban) -> bool:
        return str(BanMask.of_account(self._account.id)) in ban.who or self._is_by_name(ban)

    def _lines_in(self, room: str, last: int) -> Iterator[Said]:
        """Yield their messages in a room, or both sides of their private messages."""
        if room.startswith("@"):
            if self._account.id in room[1:].split(","):
                yield from _every_line(self._finder, room)
            return
        number = 0
        while number < last:
            found = self._finder.lines_of(room, self._name, self._since, number)
            yield from found.lines
            number = found.looked

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


class GuestExport(Export):
    """What guests of a name have said in rooms, and what names them: there is nothing else."""

    def __init__(self, ledger: OfflineRecords, finder: LineFinder, wanted: Selection) -> None:
        super().__init__(ledger, finder, wanted.name)
        self._wanted = wanted
        self._rooms = {
            room: last
            for room, last in self._rooms.items()
            if room.startswith("#") and (not wanted.only or key(room) == key(wanted.only))
        }
        if wanted.only and not self._rooms:
            raise NotDone(f"There is no room {wanted.only}.")

    def _file_name(self) -> str:
        return f"{self._name}.guest"

    def _about(self) -> dict[str, Any]:
        return {
            "guest": "Everybody can use the name of a guest. Nothing else is stored about guests.",
            "bans": self._of(Ban, self._is_by_name),
            "reports": self._reports(),
            "audit": self._audit(),
        }

    def _lines_in(self, room: str, last: int) -> Iterator[Said]:
        number = 0
        while number < last:
            found = self._finder.lines_of(room, "", self._wanted.since * 1000, number)
            yield from filter(self._wanted.includes, found.lines)
            number = found.looked


def _every_line(finder: LineFinder, room: str) -> Iterator[Said]:
    number = 0
    while lines := finder.after(room, number, PAGE):
        yield from lines
        number = lines[-1].number


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
