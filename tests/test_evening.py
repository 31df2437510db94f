"""The checks of the script that lets real clients spend an evening together."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.clients import evening as script
from benchmarks.clients.evening import Evening
from benchmarks.clients.program import Client


class Paper(Client):
    """A client that shows what its user types."""

    name, nick, programs = "paper", "ida", ()

    def __init__(self, home: Path) -> None:
        super().__init__(home, 0)
        self._text = ""

    def say(self, words: str) -> None:
        self._text += f"<ida> {words}\n"

    def shown(self) -> str:
        return self._text


@pytest.fixture
def evening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Evening:
    monkeypatch.setattr(script, "LIMIT", 0.0)
    return Evening({"ida": Paper(tmp_path / "ida")})


def test_what_is_shown_after_an_action_is_seen(evening: Evening) -> None:
    evening.does("ida", "hello")
    evening.does("ida", "again")
    evening.see("two messages", "hello", ["ida"])
    evening.see("two messages", "again", ["ida"])
    assert not evening.faults


def test_what_was_shown_before_the_action_is_a_fault_of_the_check(evening: Evening) -> None:
    evening.does("ida", "hello")
    evening.see("a message", "hello", ["ida"])
    evening.does("ida", "something else")
    evening.see("a message", "ida", ["ida"])
    assert evening.faults == ["a message: paper (ida) showed /ida/ before"]
    evening.saw("what was said", "hello", ["ida"])
    assert len(evening.faults) == 1


def test_what_is_not_shown_in_time_is_a_fault(evening: Evening) -> None:
    evening.does("ida", "hello")
    evening.see("a message", "goodbye", ["ida"], limit=0.0)
    evening.saw("a message", "goodbye", ["ida"])
    assert evening.faults == ["a message: paper (ida) does not show /goodbye/"] * 2
