"""A chat in a file that has something of every kind, and how to compare it row by row."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeAlias, get_type_hints

from archive_files import sqlite
from keeper import Keeper, expire, line, now, tallies

from chatsvc.model.records import Act, Fact
from chatsvc.store.copying import KINDS
from chatsvc.store.location import Database
from chatsvc.store.renaming import NewName

Place: TypeAlias = Path | Database

ODD = "Grüße 🙂 \N{ZERO WIDTH JOINER} 'quoted' \"twice\" \\back %s \t tab"
EACH = 3  # records of each kind


def make(path: Path, lines: int = 200) -> None:
    """Create the chat; `lines` plain messages are among it."""
    keeper = Keeper(sqlite(path))
    archive = keeper.archive
    _say(keeper)
    now(archive.set_topic("#tea", ODD, "ann", 12.345))
    now(archive.set_topic("#empty", "nobody has said anything", "bob", 1.0))
    tallies(keeper)
    now(archive.delete("#tea", 2, "eve"))
    now(archive.erase("#tea", [3], "shell", Fact("done", "3")))
    expire(keeper, 1.2, room="#old")
    now(archive.clear("#gone", 10))
    now(archive.rename(NewName("#first", "#second", False, ()), lambda: None))
    keeper.keep(line("under the new name", room="#second", time=5.0))
    keeper.keep(line("not in the tally yet", time=9.0))
    for kind in KINDS:
        now(archive.put(*(_record(kind, number) for number in range(EACH))))
    now(archive.put(Act("earlier", 0.5, "ann", ODD, "#tea")))
    now(archive.put(Act("act-id-0", 99.0, "bob", "again, so it is the last one", "")))
    now(archive.close())
    _add_many(path, lines)


def _add_many(path: Path, lines: int) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("INSERT INTO room (id, name, last) VALUES (50, '#many', ?)", (lines,))
        database.execute(
            """WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?)
               INSERT INTO said (room, number, time, sender, text, action, client, tag)
               SELECT 50, i, 1700000000000 + i, 'sue', 'plain message ' || i, 0, 'sue', 'p' || i
               FROM n""",
            (lines,),
        )


def _say(keeper: Keeper) -> None:
    keeper.keep(
        line(ODD, tag="t1", account="ann"),
        line("deleted", tag="t2"),
        line("erased", tag="t3", account="bob", sender="bob"),
        line("waves", action=True, bot=True, account="bob"),
        line("notice", notice=True, bot=True),
        line("unheard", quiet=True, sender="mallory"),
        line("tagged", signs={"+b": "2", "+a": "1\u2028", "+draft/reply": ""}, tag=""),
        line("first\nsecond"),
        line("", tag="\u00e9" * 64, client="x" * 64),
        *(line(f"gone {n}", room="#gone") for n in range(4)),
        *(line(f"old {n}", room="#old", time=1.0 + n / 10) for n in range(6)),
        line("private", room="@id-1,id-2", account="ann"),
        line("under the old name", room="#first"),
    )


def _record(kind: type[Any], number: int) -> Any:
    """Return a record whose fields have unusual values that differ from each other's."""
    hints = get_type_hints(kind)
    return kind(
        **{
            one.name: _value(hints[one.name], f"{kind.TABLE}-{one.name}", number)
            for one in fields(kind)
        }
    )


def _value(hint: Any, name: str, number: int) -> object:
    if hint is bool:
        return bool(number % 2)
    if hint is int:
        return number * 10**12 + 7
    if hint is float:
        return number / 3 + 1.7e9
    if hint == tuple[str, ...]:
        return tuple(f"{name} {ODD} {i}" for i in range(number))
    if hint == str | None and not number:
        return None
    return f"{name}-{number}" if name.endswith(("-id", "-room", "-name")) else f"{ODD} {number}"


def rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of a file that is not open; acts with the order of their rows."""
    with closing(sqlite3.connect(path)) as database:
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name: database.execute(f"SELECT * FROM {name} {_order(name)}").fetchall()
            for (name,) in names
        }


def _order(table: str) -> str:
    if table == Fact.TABLE:
        return "WHERE name <> 'traces' ORDER BY name"
    return (
        "ORDER BY rowid"
        if table == Act.TABLE
        else "ORDER BY 1"
        if table == "copying"
        else "ORDER BY 1, 2"
    )
