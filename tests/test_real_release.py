"""The release script, the archives that it builds, and the container."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from real import LIMIT, Service

ROOT = Path(__file__).parent.parent
MINUTES = 20 * 60.0  # for building, and for installing everything twice
THIS = f"{sys.version_info.major}.{sys.version_info.minor}"


def release(*words: str, limit: float = LIMIT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tools" / "release.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=limit)


def test_a_release_works_in_a_clean_environment(tmp_path: Path) -> None:
    done = release(str(tmp_path / "dist"), "--python", THIS, limit=MINUTES)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(f" works on Python {THIS}.\n") == 2
    names = sorted(path.name for path in (tmp_path / "dist").iterdir())
    assert [name.partition("-")[0] for name in names] == ["NOTES.md", "chatsvc", "chatsvc"]
    notes = (tmp_path / "dist" / "NOTES.md").read_text()
    assert notes.startswith(f"# chatsvc {names[1].split('-')[1].removesuffix('.tar.gz')}"), names
    assert "### Upgrading from " in notes
    assert "\n## " not in notes


def test_a_missing_python_or_a_used_folder_is_refused(tmp_path: Path) -> None:
    done = release(str(tmp_path / "dist"), "--python", "3.1")
    assert (done.returncode, done.stderr) == (
        1,
        "release: Python 3.1 is missing. Install it, or name others with --python.\n",
    )
    (tmp_path / "old.whl").touch()
    done = release(str(tmp_path), "--python", THIS)
    assert (done.returncode, done.stderr) == (
        1,
        f"release: {tmp_path} is not empty. Name a new folder.\n",
    )


def test_the_changelog_begins_with_this_version() -> None:
    version = re.search(r'"(.+)"', (ROOT / "chatsvc" / "__init__.py").read_text().split("=")[1])
    assert version is not None
    assert f"\n## {version[1]} — " in (ROOT / "CHANGELOG.md").read_text()[:40]


# The container


def instructions(name: str) -> list[str]:
    """Return the arguments of one kind of instruction."""
    text = (ROOT / "Containerfile").read_text().replace("\\\n", "")
    return re.findall(rf"(?m)^{name} (.*)$", text)


def healthy(command: str, environment: dict[str, str]) -> bool:
    done = subprocess.run(["sh", "-c", command], env=environment, stderr=subprocess.DEVNULL)
    return done.returncode == 0


def test_the_container_serves_as_an_unprivileged_user(tmp_path: Path) -> None:
    """Its commands run here, with a folder for the volume, and a stale pid file in it."""
    (variables,) = instructions("ENV")
    container = dict(pair.split("=", 1) for pair in shlex.split(variables))
    assert instructions("VOLUME") == [container["CHATSVC_DATA"]] == instructions("WORKDIR")
    assert instructions("USER") == ["chatsvc"]
    assert instructions("EXPOSE") == [container["CHATSVC_PORT"]]
    words = [json.loads(instructions(name)[0]) for name in ("ENTRYPOINT", "CMD")]
    assert words == [["chatsvc"], ["serve"]]

    (tmp_path / "chatsvc.pid").write_text("1")
    environment = {**os.environ, "CHATSVC_DATA": str(tmp_path)}
    with Service(tmp_path, twistd=None, env=environment) as chat:
        (check,) = instructions("HEALTHCHECK")
        command = f"{check.partition(' CMD ')[2]}".replace("python ", f"{sys.executable} ", 1)
        environment["CHATSVC_PORT"] = str(chat.port)
        assert healthy(command, environment)
    assert (tmp_path / "chat.db").exists()
    assert not healthy(command, environment)


def test_everything_that_the_build_needs_reaches_it() -> None:
    rows = (ROOT / ".dockerignore").read_text().splitlines()
    kept = {row[1:] for row in rows if row.startswith("!")}
    assert rows[0] == "*"
    assert {"setup.cfg", "pyproject.toml", "README.md", "LICENSE", "chatsvc", "twisted"} <= kept
    assert "contrib" in kept
    assert all((ROOT / name).exists() for name in kept)
