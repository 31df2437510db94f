"""Functions and files stay small."""

from __future__ import annotations

import ast
from pathlib import Path
from statistics import median

from imports import modules
from sources import statements

LONGEST_FILE = 450


def lengths() -> list[int]:
    """Return how many lines each function has, shortest first."""
    sources = (path.read_text() for path in modules().values())
    nodes = (node for source in sources for node in statements(source))
    return sorted(length(node) for node in nodes if is_function(node))


def is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def length(node: ast.AST) -> int:
    """Return the number of lines from the name to the end, the docstring included."""
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


def test_most_functions_are_short() -> None:
    every = lengths()
    assert median(every) <= 5
    assert every[len(every) * 9 // 10] <= 13


def test_files_are_short() -> None:
    files = modules() | {path.stem: path for path in Path(__file__).parent.glob("*.py")}
    counts = {name: len(path.read_text().splitlines()) for name, path in files.items()}
    assert {name for name, count in counts.items() if count > LONGEST_FILE} == set()


def test_the_length_of_a_function_is_its_lines() -> None:
    tree = ast.parse("@given\ndef f(\n    a: int,\n) -> None:\n    'Say.'\n    pass\n")
    assert [length(node) for node in tree.body] == [5]
