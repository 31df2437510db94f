"""Every public name of the packages that change most has a docstring."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from imports import PACKAGE, ROOT

PACKAGES = ("model", "store", "services", "commands")
FILES = sorted(path for name in PACKAGES for path in (ROOT / PACKAGE / name).rglob("*.py"))


def undocumented(tree: ast.Module) -> Iterator[str]:
    """Yield the module, and its public classes, functions and methods without a docstring."""
    if not ast.get_docstring(tree):
        yield "the module"
    yield from _undocumented(tree, "")


def _undocumented(parent: ast.Module | ast.ClassDef, prefix: str) -> Iterator[str]:
    for node in parent.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if node.name.startswith("_"):
            continue
        if not ast.get_docstring(node):
            yield f"{prefix}{node.name}"
        if isinstance(node, ast.ClassDef):
            yield from _undocumented(node, f"{prefix}{node.name}.")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / PACKAGE)))
def test_every_public_name_has_a_docstring(path: Path) -> None:
    assert list(undocumented(ast.parse(path.read_text()))) == []


def test_a_name_without_a_docstring_would_be_found() -> None:
    source = "class A:\n    def b(self): ...\n    def _c(self): ...\nasync def d(): 'Say it.'\n"
    assert list(undocumented(ast.parse(source))) == ["the module", "A", "A.b"]
