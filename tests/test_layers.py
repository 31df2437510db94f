"""Who may import whom; `docs/design.md` says why."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "chatsvc").rglob("*.py"))
# What the chat knows and does, from the bottom to the top: each may import those before it.
CHAT = [
    "characters", "governance", "presence", "events", "batch", "records", "rules", "masks",
    "lookalikes",
    "limits", "words", "seeking", "query", "archive", "scram", "attempts", "passwords", "session",
    "walk",
    "room", "conversation", "roster", "accounts", "proofs", "charter", "rights", "sanctions",
    "watching", "departed", "sight", "talk", "past", "search", "entry", "naming", "profiles",
    "door", "audit", "reports", "meaning", "moderation", "stewards", "room_keeping", "chores",
    "hub", "dispatch", "commands",
]  # fmt: skip
STORE = {"archive", "events", "records", "seeking"}

MAY_IMPORT = {
    **{module: set(CHAT[:position]) for position, module in enumerate(CHAT)},
    "governance": set(),
    "presence": set(),
    "characters": set(),
    "events": {"governance", "presence"},
    "batch": {"events"},
    "records": set(),
    "steady": set(),
    "words": {"characters"},
    "seeking": {"events", "rules", "words"},
    "archive": {"events", "records", "seeking"},
    "database": {"archive"},
    "migrations": {"archive", "database", "tables"},
    "tables": STORE | {"database"},
    "lines": {"events"},
    "archive_file": {"archive", "database"},
    "scrubbing": {"database"},
    "terms": {"events", "rules", "seeking", "words"},
    "index": STORE | {"archive_file", "database", "lines", "scrubbing", "terms", "words"},
    "finding": STORE | {"database", "index", "lines", "terms"},
    "sql": STORE
    | {
        "archive_file",
        "tables",
        "database",
        "migrations",
        "lines",
        "index",
        "finding",
        "scrubbing",
    },
    "ledger": STORE | {"archive_file", "tables", "database", "migrations"},
    "dialects": {"characters", "events", "governance", "presence", "rules", "dialects"},
    "commands": {*CHAT},
    "transports": {*CHAT, "dialects", "transports"},
    "process": set(),
    "options": {"characters", "limits", "process", "rules", "transports"},
    "admin": STORE | {"accounts", "passwords", "rules", "lookalikes", "ledger"},
    "tap": {*CHAT, "options", "process", "sql", "dialects", "steady", "transports"},
    "client": {
        "client",
        "events",
        "governance",
        "presence",
        "dialects",
        "rules",
        "admin",
        "steady",
    },
}
MAY_IMPORT_TWISTED = {"transports", "options", "process", "tap", "client"}


def module(path: Path) -> str:
    """The module or directory directly in `chatsvc` that a file belongs to."""
    return path.relative_to(ROOT / "chatsvc").parts[0].removesuffix(".py")


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def imported(path: Path, types: bool = False) -> set[str]:
    """Everything that a file imports when it runs, or also what it needs `types` of."""
    todo: list[ast.AST] = [ast.parse(path.read_text())]
    names: set[str] = set()
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports something relative to itself"
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif types or not is_for_types(node):
            todo.extend(ast.iter_child_nodes(node))
    return names


def ours(names: set[str]) -> Iterator[str]:
    """Which of our modules are among these names; `chatsvc` itself has but the version."""
    for name in names:
        top, _, rest = name.partition(".")
        if top == "chatsvc" and rest != "__version__":
            yield rest.partition(".")[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_it_may(path: Path) -> None:
    may = MAY_IMPORT.get(module(path), set())
    names = imported(path)
    assert set(ours(names)) - may == set()
    if module(path) not in MAY_IMPORT_TWISTED:
        assert [name for name in names if name.startswith(("twisted", "zope"))] == []


def test_a_session_knows_rooms_by_type_only() -> None:
    path = ROOT / "chatsvc" / "session.py"
    assert set(ours(imported(path, types=True))) - set(ours(imported(path))) <= {"room"}


def test_the_plugin_names_the_server_and_does_not_import_it() -> None:
    (path,) = (ROOT / "twisted").rglob("*.py")  # and no __init__.py beside or above it
    assert imported(path) == {"twisted.application.service.ServiceMaker"}
    assert '"chatsvc.tap"' in path.read_text()


def test_every_module_has_its_place_in_this_picture() -> None:
    assert {module(path) for path in MODULES} == {*MAY_IMPORT, "__init__"}
