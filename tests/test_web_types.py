"""The browser client: the types in its comments are right, and its folders import in layers."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from real import needs

HERE = Path(__file__).parent
WEB = HERE.parent / "chatsvc" / "web"
MODULES = sorted(path for path in WEB.rglob("*.js") if "vendor" not in path.parts)
MAY_IMPORT = {
    "model": {"model"},
    "net": {"net", "model"},
    "control": {"control", "net", "model"},
    "admin": {"admin", "views", "control", "net", "model"},
    "views": {"views", "control", "net", "model"},
}


def test_the_types_are_right() -> None:
    checked = subprocess.run(
        [needs("tsc"), "-p", str(HERE / "web" / "tsconfig.json")], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(WEB)))
def test_a_module_imports_only_from_its_folder_and_those_below(path: Path) -> None:
    text = path.read_text()
    imported = [(path.parent / name).resolve() for name in re.findall(r'from "(\.[^"]+)"', text)]
    assert all(module.is_file() for module in imported)
    folders = {module.parent.name for module in imported}
    allowed = MAY_IMPORT.get(path.parent.name, set(MAY_IMPORT))
    assert folders - allowed <= ({"vendor"} if path.name == "dom.js" else set())
