"""Keys are defined in one table, and named nowhere else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from imports import ROOT
from textual.keys import Keys

from chatsvc.client.tui.control.app import ChatApp
from chatsvc.client.tui.model.keys import _HELP, HELP, KEYS, Where, label, named
from chatsvc.client.tui.widgets.composer import Composer

TUI = ROOT / "chatsvc" / "client" / "tui"
TABLE = TUI / "model" / "keys.py"
FILES = sorted(path for path in TUI.rglob("*.py") if path != TABLE)
PAGE = (ROOT / "docs" / "client.md").read_text(encoding="utf-8")
BY_TEXTUAL = {"Shift-Tab", "Tab", "Enter", "Down"}  # moves through fields and lists, as everywhere
OF_TERMINALS = {"Ctrl-C", "Ctrl-D"}  # these also work in the line client, an export or a server

# As Textual writes keys, and as users do.
_FOR_TEXTUAL = re.compile(
    r"(?<![\w'#-])((ctrl|alt|shift)\+\w+|escape|enter|tab|pageup|pagedown|f\d{1,2})(?![\w'-])"
)
_FOR_PEOPLE = re.compile(
    r"\b((?:Ctrl|Alt|Shift)[-+]\w+|F\d{1,2}|Esc|Escape|Enter|Tab|PageUp|PageDown|Up|Down)\b"
)


def strings(tree: ast.AST) -> Iterator[str]:
    """Return all strings except docstrings."""
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.value


def named_in(source: str) -> list[str]:
    """Return the keys that a program's strings name."""
    every = list(strings(ast.parse(source)))
    return [
        key for text in every for key in (*_found(_FOR_TEXTUAL, text), *_found(_FOR_PEOPLE, text))
    ]


def _found(pattern: re.Pattern[str], text: str) -> list[str]:
    return [match.group() for match in pattern.finditer(text)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_key_is_named_outside_the_table(path: Path) -> None:
    assert named_in(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text", ["f4", "ctrl+k,alt+down", "escape", "F1 shows", "Ctrl-C", "Esc: x"]
)
def test_a_key_that_is_named_would_be_found(text: str) -> None:
    assert named_in(f"'''Enter.'''\nx = {text!r}") != []


def test_the_page_names_no_key_that_there_is_not() -> None:
    there = {label(key) for one in KEYS.values() for key in one.each}
    assert set(_found(_FOR_PEOPLE, PAGE)) <= there | BY_TEXTUAL | OF_TERMINALS


def test_the_page_has_the_keys_as_the_help_has_them() -> None:
    rows = [f"| {key} | {does} |" for key, does in HELP]
    begin = PAGE.index(rows[0])
    assert PAGE[begin:].splitlines()[: len(rows)] == rows


def test_the_help_tells_every_key_of_the_app_and_the_input() -> None:
    told = "".join(f"{keys} {does}" for keys, does in _HELP)
    for name, one in KEYS.items():
        if one.where in (Where.APP, Where.INPUT) and name != "present":  # described with put_away
            assert f"{{{name}" in told, name


def test_no_key_does_two_things_in_one_place() -> None:
    every = [(one.where, key) for one in KEYS.values() for key in one.each]
    assert len(every) == len(set(every))


def test_the_app_and_the_input_do_what_the_table_says() -> None:
    for one in KEYS.values():
        action = one.action.partition("(")[0]
        if one.where is Where.APP and action:
            assert callable(getattr(ChatApp, f"action_{action}"))
        elif one.where is Where.INPUT:
            assert callable(getattr(Composer, action))


def test_every_key_is_one_that_textual_knows() -> None:
    known = {str(key.value) for key in Keys}
    for one in KEYS.values():
        for key in one.each:
            assert {key, key.rpartition("+")[2]} & known or len(key.rpartition("+")[2]) == 1, key


def test_keys_are_written_as_people_know_them() -> None:
    assert [label(key) for key in ("ctrl+q", "escape", "pageup", "f1", "alt+down", "q")] == [
        "Ctrl-Q", "Esc", "PageUp", "F1", "Alt-Down", "Q"
    ]  # fmt: skip
    assert named("{leave} and {new_line:all}") == "Ctrl-Q and Ctrl-J, Shift-Enter, Alt-Enter"
