"""The scripts that the page loads at the start are small; everything else is loaded on demand."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from chatsvc.transports.web.assets import Asset, load

MOST = 120_000  # bytes of script
MOST_GZIPPED = 40_000
ON_DEMAND = ("emojis", "completion", "sentences", "notifications", "unsent", "app", "dialog")
ASSETS = load(files("chatsvc") / "web")


def loaded_at_the_start() -> dict[str, Asset]:
    """Return the scripts that the page names, by their paths."""
    paths = re.findall(r'<link rel="modulepreload" href="([^"]+)">', ASSETS.page)
    return {path: ASSETS.files[path] for path in paths}


def test_the_scripts_at_the_start_are_small() -> None:
    scripts = loaded_at_the_start().values()
    sizes = sum(len(each.body) for each in scripts), sum(len(each.gzipped) for each in scripts)
    assert sizes[0] <= MOST
    assert sizes[1] <= MOST_GZIPPED


def test_what_is_seldom_needed_is_loaded_later() -> None:
    at_the_start = " ".join(loaded_at_the_start())
    for name in ON_DEMAND:
        assert f"/{name}.js" in " ".join(ASSETS.files)
        assert f"/{name}.js" not in at_the_start


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("/**\n * Says it.\n */\nsay();\n    b(); // once\n", "say();\nb(); // once\n"),
        ("    // Why.\n    a();\n", "a();\n"),
        ("/** @type {A} */ (b).c();\n/** D. */\nd();\n", "/** @type {A} */ (b).c();\nd();\n"),
        (
            'a = "http://b/*";\nhtml`<p>\n    ${d}</p>`;\n',
            'a = "http://b/*";\nhtml`<p>\n${d}</p>`;\n',
        ),
    ],
)
def test_scripts_lose_comments_and_indentation(tmp_path: Path, script: str, expected: str) -> None:
    (tmp_path / "index.html").write_text("")
    (tmp_path / "main.js").write_text(script)
    (served,) = load(tmp_path).files.values()
    assert served.body.decode() == expected
