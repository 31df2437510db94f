"""Source files as trees."""

from __future__ import annotations

import ast
from functools import lru_cache


@lru_cache(maxsize=1)
def statements(source: str) -> list[ast.AST]:
    """Return the statements of a module, those inside others too, without their expressions."""
    found: list[ast.AST] = [ast.parse(source)]
    for node in found:
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            found += getattr(node, name, ())
    return found
