"""The page's scripts are small; most of what a visit may need is loaded on demand."""

from __future__ import annotations

import re
from importlib.resources import files

from chatsvc.transports.web.assets import Asset, load

MOST, MOST_GZIPPED = 120_000, 40_000  # bytes at the start; tests/test_page_first_minute.py has more
ALL, ALL_GZIPPED = 210_000, 80_000  # that the chat may need
ADMIN, ADMIN_GZIPPED = 12_000, 6_000  # in addition, at /admin
ON_DEMAND = ("emojis", "completion", "sentences", "notifications", "dialog", "menus")
ASSETS = load(files("chatsvc") / "web")


def loaded_at_the_start() -> dict[str, Asset]:
    """Return the scripts that the page names, by their paths."""
    paths = re.findall(r'<link rel="modulepreload" href="([^"]+)">', ASSETS.page)
    return {path: ASSETS.files[path] for path in paths}


def sizes(scripts: list[Asset]) -> tuple[int, int]:
    return sum(len(each.body) for each in scripts), sum(len(each.gzipped) for each in scripts)


def test_the_scripts_at_the_start_are_small_and_few() -> None:
    scripts = list(loaded_at_the_start().values())
    raw, gzipped = sizes(scripts)
    assert raw <= MOST
    assert gzipped <= MOST_GZIPPED
    assert len(scripts) == 3  # a bundle, and two that are vendored


def test_all_scripts_together_have_a_limit() -> None:
    scripts = {path: each for path, each in ASSETS.files.items() if path.endswith(".js")}
    of_operators = {path for path in scripts if "/admin/" in path}
    raw, gzipped = sizes([scripts[path] for path in scripts.keys() - of_operators])
    assert raw <= ALL
    assert gzipped <= ALL_GZIPPED
    raw, gzipped = sizes([scripts[path] for path in of_operators])
    assert 0 < raw <= ADMIN
    assert gzipped <= ADMIN_GZIPPED


def test_what_is_seldom_needed_is_loaded_later() -> None:
    for name in ON_DEMAND:
        assert f"/{name}.js" in " ".join(ASSETS.files)
        assert f"/{name}.js" not in " ".join(loaded_at_the_start())
