"""The Pythons that chatsvc supports, and where this machine has them.

`python3 tools/pythons.py` prints the oldest and the newest, each with its path, or - if it is
missing.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent


def supported() -> list[str]:
    """Return the oldest and the newest version that `setup.cfg` names."""
    text = (ROOT / "setup.cfg").read_text()
    found = sorted(map(int, re.findall(r"Python :: 3\.(\d+)$", text, re.MULTILINE)))
    return [f"3.{minor}" for minor in dict.fromkeys((found[0], found[-1]))]


def path_of(version: str) -> str | None:
    """Return the path of a Python that can make environments, or None if there is none."""
    for path in _candidates(version):
        if _works(path):
            return path
    return None


def _candidates(version: str) -> Iterator[str]:
    """Yield paths of a Python, from PATH or from pyenv, whose shims need not work."""
    if found := shutil.which(f"python{version}"):
        yield found
    if pyenv := shutil.which("pyenv"):
        done = subprocess.run([pyenv, "root"], capture_output=True, text=True)
        releases = Path(done.stdout.strip(), "versions").glob(f"{version}.*/bin/python{version}")
        yield from map(str, sorted(releases, reverse=True))


def _works(path: str) -> bool:
    return subprocess.run([path, "-c", "import ensurepip"], capture_output=True).returncode == 0


if __name__ == "__main__":
    for one in supported():
        print(one, path_of(one) or "-")
