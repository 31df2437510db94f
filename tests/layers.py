"""Draws the layers of the package, from its source: `python tests/layers.py docs/layers.svg`."""

from __future__ import annotations

import ast
import sys
from html import escape
from pathlib import Path

from imports import LAYERS, PACKAGE, layer, modules

WIDTH, ROW, GAP = 860, 46, 8
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1b1f24}.name{font-weight:600}.count{fill:#57606a}"
    "rect{fill:#f6f8fa;stroke:#8c959f}"
)


def picture() -> str:
    """Return the layers as an SVG image, the highest on top."""
    rows = [name for names in reversed(LAYERS) for name in names]
    height = len(rows) * (ROW + GAP) + GAP
    parts = [_row(name, position) for position, name in enumerate(rows)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"'
        f' viewBox="0 0 {WIDTH} {height}">\n<style>{STYLE}</style>\n{"".join(parts)}</svg>\n'
    )


def _row(name: str, position: int) -> str:
    top = GAP + position * (ROW + GAP)
    count = sum(layer(module) == name for module in modules() if module != PACKAGE)
    says = _sentence(modules()[f"{PACKAGE}.{name}"])
    return (
        f'<rect x="{GAP}" y="{top}" width="{WIDTH - 2 * GAP}" height="{ROW}" rx="6"/>\n'
        f'<text class="name" x="22" y="{top + 20}">{name}</text>'
        f'<text class="count" x="{WIDTH - 100}" y="{top + 20}">'
        f"{count} module{'s' * (count != 1)}</text>\n"
        f'<text x="22" y="{top + 38}">{escape(says)}</text>\n'
    )


def _sentence(path: Path) -> str:
    """Return the first sentence of a module's docstring."""
    text = ast.get_docstring(ast.parse(path.read_text())) or ""
    return text.partition("\n\n")[0].replace("\n", " ").partition(".  ")[0].rstrip(".")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(picture())
