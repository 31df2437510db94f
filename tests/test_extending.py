"""The examples of `docs/extending.md`, each applied to a copy of the project and run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "extending.md").read_text()
EXAMPLES = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))
COPIED = ("chatsvc", "tests", "twisted", "docs", "README.md", "pyproject.toml", "setup.cfg")

# The line above a block of code, and the block.
_BLOCK = re.compile(
    r"^(?:(?P<new>New file)|Add to) `(?P<file>[^`]+)`"
    r"(?:, (?P<side>after|before) `(?P<line>[^`]+)`)?:?\n\n"
    r"```python\n(?P<code>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_COMMANDS = re.compile(r"^```sh\npytest (.*?)\n```$", re.MULTILINE)


def apply(example: str, copy: Path) -> None:
    """Apply an example to the files of a copy."""
    for block in _BLOCK.finditer(example):
        file, code = copy / block["file"], block["code"]
        assert file.exists() != bool(block["new"]), block["file"]
        if block["new"]:
            file.write_text(code)
        elif block["side"]:
            file.write_text(inserted(file.read_text(), block["side"], block["line"], code))
        else:
            gap = "\n" if code.startswith(" ") else "\n\n"
            file.write_text(file.read_text() + gap + code)


def inserted(text: str, side: str, line: str, code: str) -> str:
    """Return the text with code inserted after or before the only line that begins so."""
    lines = text.splitlines(keepends=True)
    (place,) = (n for n, each in enumerate(lines) if each.strip().startswith(line))
    place += side == "after"
    return "".join([*lines[:place], code, *lines[place:]])


def run(command: str, copy: Path) -> subprocess.CompletedProcess[str]:
    """Run pytest with these arguments in a copy, which is imported instead of the project."""
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *shlex.split(command)],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the project, with its compiled modules, but not those being written."""
    for name in COPIED:
        source, target = ROOT / name, tmp_path / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.pyc.*"))
        else:
            shutil.copy(source, target)
    return tmp_path


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_works_as_it_is_on_the_page(name: str, copy: Path) -> None:
    example = EXAMPLES[name]
    (command,) = _COMMANDS.findall(example)
    new = [block["file"] for block in _BLOCK.finditer(example) if block["new"]]
    tests = [file for file in new if file.startswith("tests/")]
    assert tests
    assert set(tests) <= set(command.split())
    assert not any((copy / file).exists() for file in new), "the copy has the example already"
    apply(example, copy)
    done = run(command, copy)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-4000:]


def test_every_block_on_the_page_is_one_that_the_test_applies() -> None:
    applied = len(_BLOCK.findall(PAGE)) + len(_COMMANDS.findall(PAGE))
    assert PAGE.count("\n```python\n") + PAGE.count("\n```sh\n") == applied
    assert applied * 2 == len(re.findall(r"^```", PAGE, re.MULTILINE))


def test_the_newcomers_tasks_are_on_the_page() -> None:
    assert list(EXAMPLES) == [
        "A command",
        "A room rule",
        "A dialect",
        "A store",
        "A client command",
    ]
