"""Storing lines: one call for all lines of a commit, whatever happens to the connection."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

import psycopg

from chatsvc.model.message_events import Line
from chatsvc.store.archive import Commit
from chatsvc.store.line_rows import manner, signs_column
from chatsvc.store.postgresql.columns import (
    Statement,
    bigints,
    booleans,
    integers,
    smallints,
    texts,
)
from chatsvc.store.postgresql.connection import Link
from chatsvc.store.postgresql.line_rows import tag_column
from chatsvc.store.postgresql.text import stored_all

_KEEP = Statement(
    "keep",
    """SELECT place, base
       FROM keep_v1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)""",
)
_LOCK = "SELECT lock_rooms_v1(%s::text[])"
_KNOWN = """SELECT given.client, given.tag, said.number
            FROM unnest(%s::text[], %s::text[]) AS given (client, tag)
            JOIN said ON said.client = given.client AND said.tag = given.tag"""

Tag = tuple[str, str]  # with the client before it


class _Columns(NamedTuple):
    """The lines of a commit, column by column, without the numbers."""

    rooms: Sequence[str]
    times: Sequence[int]
    senders: Sequence[str]
    texts: Sequence[str]
    actions: Sequence[int]
    clients: Sequence[str]
    tags: Sequence[str]
    accounts: Sequence[str]
    quiets: Sequence[bool]
    signs: Sequence[str]

    def at(self, positions: Sequence[int]) -> _Columns:
        """Return only some of the lines."""
        return _Columns(*(_some(column, positions) for column in self))


def _some(column: Sequence[Any], positions: Sequence[int]) -> Sequence[Any]:
    return [column[position] for position in positions]


class HiddenTags:
    """Makes the tags of lines whose clients gave none; no two are the same, in any process."""

    def __init__(self) -> None:
        self._prefix = f"{secrets.token_urlsafe(9)}."
        self._numbers = count()

    def columns(self, lines: Sequence[Line]) -> _Columns:
        """Return lines column by column; each has a tag."""
        columns: tuple[Any, ...] = tuple(zip(*lines, strict=True))
        rooms, times, senders, texts, actions, clients, tags, accounts, quiets, *rest = columns
        notices, signs, bots = rest
        return _Columns(
            rooms,
            [round(time * 1000) for time in times],
            stored_all(senders),
            stored_all(texts),
            list(map(manner, actions, notices, bots)),
            stored_all(clients),
            stored_all([tag_column(tag, self._numbers, self._prefix) for tag in tags]),
            stored_all(accounts),
            list(quiets),
            stored_all([signs_column(some) if some else "" for some in signs]),
        )


class Job:
    """One commit, which may be tried several times.

    The first attempt assumes that no tag is known, and leaves it to the unique index to notice one.
    `before` has the last numbers of the rooms before it: a line with a greater number was stored by
    an earlier attempt, of which the answer was lost, so nobody has seen it yet.
    """

    def __init__(self, lines: Sequence[Line], columns: _Columns, before: Mapping[str, int]) -> None:
        self._lines = lines
        self._columns = columns
        self._before = before
        self._is_first = True

    def store(self, link: Link) -> Commit:
        """Store the lines that are not stored yet."""
        if self._is_first:
            self._is_first = False
            try:
                return self._commit(range(len(self._lines)), _keep(link, self._columns), {})
            except psycopg.errors.UniqueViolation:
                pass
        with link.transaction():
            return self._store_unknown(link)

    def _store_unknown(self, link: Link) -> Commit:
        """Look up the tags once the rooms are locked: before, another commit may be under way."""
        columns = self._columns
        link.execute(_LOCK, [list(stored_all(list(dict.fromkeys(columns.rooms))))])
        found = link.execute(_KNOWN, [list(columns.clients), list(columns.tags)])
        known: dict[Tag, int] = {(client, tag): number for client, tag, number in found}
        tags: list[Tag] = list(zip(columns.clients, columns.tags, strict=True))
        first = {tag: position for position, tag in reversed(list(enumerate(tags)))}
        new = sorted(position for tag, position in first.items() if tag not in known)
        bases = _keep(link, columns.at(new)) if new else {}
        return self._commit(new, bases, known)

    def _commit(self, new: Sequence[int], bases: dict[str, int], known: dict[Tag, int]) -> Commit:
        """Number the new lines, and sort out those that were stored before."""
        commit = Commit()
        added = frozenset(new) if known or len(new) < len(self._lines) else None
        numbers = {**known}
        for position, line in enumerate(self._lines):
            if added is None or position in added:
                bases[line.room] = number = bases[line.room] + 1
                commit.said.setdefault(line.room, []).append(line.numbered(number))
                if added is not None:
                    numbers[self._tag(position)] = number
            else:
                self._add_known(commit, line, numbers[self._tag(position)])
        return commit

    def _add_known(self, commit: Commit, line: Line, number: int) -> None:
        said = commit.said.get(line.room, [])
        is_new = number > self._before.get(line.room, 0) and all(
            one.number != number for one in said
        )
        if is_new:
            commit.said.setdefault(line.room, []).append(line.numbered(number))
        else:
            commit.again.append((line, number))

    def _tag(self, position: int) -> Tag:
        return self._columns.clients[position], self._columns.tags[position]


def _keep(link: Link, columns: _Columns) -> dict[str, int]:
    """Store lines; return the last numbers that their rooms had before."""
    names = list(dict.fromkeys(columns.rooms))
    places = {name: place for place, name in enumerate(names, 1)}
    steps: dict[str, int] = dict.fromkeys(names, 0)
    counted = []
    for room in columns.rooms:
        steps[room] += 1
        counted.append(steps[room])
    rows = _KEEP.execute(
        link,
        texts(stored_all(names)),
        integers([places[room] for room in columns.rooms]),
        integers(counted),
        bigints(columns.times),
        texts(columns.senders),
        texts(columns.texts),
        smallints(columns.actions),
        texts(columns.clients),
        texts(columns.tags),
        texts(columns.accounts),
        booleans(columns.quiets),
        texts(columns.signs),
    )
    return {names[place - 1]: base for place, base in rows}
