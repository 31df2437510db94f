"""Searching the real service: after kills, with a lost index, and while it is rebuilt."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from real import LIMIT, Deadline, Program, Service


def found(person: Program, query: str) -> list[str]:
    return [line["text"] for line in person.ask("search", query=query)["lines"]]


def test_what_was_said_is_found_at_once_and_after_a_kill(tmp_path: Path) -> None:
    with Service(tmp_path) as chat:
        ann = chat.program("ann")
        for n in range(3):
            ann.ask("say", text=f"tea number {n}")
            assert found(ann, "tea")[0] == f"tea number {n}"
        chat.kill()
    with Service(tmp_path) as chat:
        ann = chat.program("ann")
        assert found(ann, '"tea number"') == [f"tea number {n}" for n in (2, 1, 0)]
        chat.kill()
    (tmp_path / "chat.db.words").unlink()
    with Service(tmp_path) as chat:
        ann, deadline = chat.program("ann"), Deadline(LIMIT)
        while len(found(ann, "tea")) < 3:
            deadline.left("the index that is made again")
        said = ann.ask("say", text="no more tea")
        assert found(ann, "tea")[0] == "no more tea"
        assert ann.ask("delete", number=said["number"])["event"] == "deleted"
        assert found(ann, "tea") == [f"tea number {n}" for n in (2, 1, 0)]


def test_an_old_archive_is_indexed_while_people_talk(tmp_path: Path) -> None:
    with Service(tmp_path) as chat:
        chat.program("ann").ask("say", text="hello")
    with closing(sqlite3.connect(tmp_path / "chat.db")) as old, old:
        old.execute(
            """WITH RECURSIVE n(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM n WHERE n < 30001)
               INSERT INTO said (room, number, time, sender, text, action, client)
               SELECT 1, n, 1582200000000 + n, 'bob', 'tea number ' || n, 0, 'c' FROM n"""
        )
        old.execute("UPDATE room SET last = 30001")
    for one in tmp_path.glob("chat.db.words*"):
        one.unlink()
    with Service(tmp_path) as chat:
        ann = chat.program("ann")
        answer = ann.ask("search", query="tea", n=1)
        while answer.get("unfinished"):
            ann.ask("say", text="still talking")
            assert found(ann, "talking")[0] == "still talking"
            answer = ann.ask("search", query="tea 2")
        assert [line["text"] for line in answer["lines"]] == ["tea number 2"]
        chat.wait_for(r"(\S+) of \1 earlier messages indexed")
