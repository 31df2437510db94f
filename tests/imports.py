"""The import graph of the package, read from its source, types included; and its layers.

`python tests/imports.py` prints the cycles.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from sources import statements

ROOT = Path(__file__).parent.parent
PACKAGE = "chatsvc"

LAYERS = (  # lowest first
    ("model",),
    ("store",),
    ("auth",),
    ("core",),
    ("policy",),
    ("services",),
    ("commands",),
    ("dialects",),
    ("transports",),
    ("process",),
    ("options",),
    ("checks",),
    ("running",),
    ("tap",),
    ("client",),
    ("cli",),
)
Graph = dict[str, set[str]]


def layer(module: str) -> str:
    """Return the package, or the module at the top, that a module belongs to."""
    return module.removeprefix(f"{PACKAGE}.").partition(".")[0]


def modules() -> dict[str, Path]:
    """Return the project's modules by their dotted names."""
    paths = sorted((ROOT / PACKAGE).rglob("*.py"))
    return {_name(path): path for path in paths}


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path) -> set[str]:
    """Return the dotted names of everything a file imports, also for types only."""
    names: set[str] = set()
    for node in statements(path.read_text()):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports something relative to itself"
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


@cache
def graph() -> Graph:
    """Return which of the project's modules each of them imports."""
    known = modules()
    return {
        name: {_module(one, known) for one in imported(path)} - {name, ""}
        for name, path in known.items()
    }


def _module(imported: str, known: dict[str, Path]) -> str:
    """Return the project's module that an imported name is, or is defined in."""
    if imported in known:
        return imported
    parent = imported.rpartition(".")[0]
    return parent if parent in known and parent != PACKAGE else ""


def cycles(graph: Graph) -> list[list[str]]:
    """Return the groups of modules that import each other, directly or indirectly (Tarjan)."""
    return [sorted(group) for group in _components(graph) if len(group) > 1]


def _components(graph: Graph) -> Iterator[set[str]]:
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []

    def visit(name: str) -> Iterator[set[str]]:
        order[name] = lowest[name] = len(order)
        stack.append(name)
        for other in sorted(graph[name]):
            if other not in order:
                yield from visit(other)
                lowest[name] = min(lowest[name], lowest[other])
            elif other in stack:
                lowest[name] = min(lowest[name], order[other])
        if lowest[name] == order[name]:
            position = stack.index(name)
            group, stack[position:] = set(stack[position:]), []
            yield group

    for name in sorted(graph):
        if name not in order:
            yield from visit(name)


if __name__ == "__main__":
    found = cycles(graph())
    for group in found:
        print(" <-> ".join(group))
    print(f"{len(found)} cycles among {len(modules())} modules")
    raise SystemExit(bool(found))
