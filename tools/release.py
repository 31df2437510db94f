"""Builds a release and checks it: `python tools/release.py dist`.

It builds the wheel and the sdist, installs each in a clean environment of the oldest and of the
newest supported Python, starts the service there, and writes the release notes from CHANGELOG.md.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from pythons import ROOT, path_of, supported

LIMIT = 60  # seconds until the service must be ready


class NotReleased(Exception):
    """Something is wrong with the release; the message is a sentence."""


def main() -> int:
    """Build and check; return the exit code."""
    parser = argparse.ArgumentParser(description="Build a release and check it.")
    parser.add_argument("target", type=Path, help="new folder for the release")
    parser.add_argument(
        "--python", action="append", metavar="VERSION",
        help="check on this Python; may be repeated  [the oldest and the newest]",
    )  # fmt: skip
    options = parser.parse_args()
    try:
        _release(options.target, options.python or supported())
    except (NotReleased, subprocess.CalledProcessError) as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    return 0


def _release(target: Path, versions: list[str]) -> None:
    pythons = {version: path_of(version) for version in versions}
    if missing := [version for version, path in pythons.items() if path is None]:
        raise NotReleased(
            f"Python {', '.join(missing)} is missing. Install it, or name others with --python."
        )
    if target.exists() and any(target.iterdir()):
        raise NotReleased(f"{target} is not empty. Name a new folder.")
    version = _version()
    text = notes((ROOT / "CHANGELOG.md").read_text(), version)
    _run(sys.executable, "-m", "build", "--outdir", str(target), str(ROOT))
    for archive in _built(target, version):
        for python, path in pythons.items():
            _check(archive, str(path), version)
            print(f"{archive.name} works on Python {python}.", flush=True)
    (target / "NOTES.md").write_text(text)


def _version() -> str:
    (found,) = re.findall(
        r'^__version__ = "(.+)"$', (ROOT / "chatsvc" / "__init__.py").read_text(), re.MULTILINE
    )
    return str(found)


def notes(changelog: str, version: str) -> str:
    """Return what the changelog says about a version, which must have a date."""
    for section in changelog.split("\n## ")[1:]:
        title, _, text = section.partition("\n")
        if title.partition(" ")[0] == version:
            if not re.search(r"\d{4}-\d\d-\d\d$", title):
                raise NotReleased(f"CHANGELOG.md: replace {title!r} with {version} and a date.")
            return f"# chatsvc {title}\n{text.rstrip()}\n"
    raise NotReleased(f"CHANGELOG.md has no section for {version}.")


def _built(target: Path, version: str) -> list[Path]:
    """Return the wheel and the sdist, of which there is one each."""
    found = [*target.glob(f"chatsvc-{version}-*.whl"), *target.glob(f"chatsvc-{version}.tar.gz")]
    if len(found) != 2:
        raise NotReleased(f"A wheel and an sdist of {version} should be in {target}.")
    return found


def _check(archive: Path, python: str, version: str) -> None:
    """Install an archive in a clean environment, and use what it has installed."""
    with tempfile.TemporaryDirectory() as folder:
        _run(python, "-m", "venv", "--without-pip", f"{folder}/venv")
        install = ["install", "-q", "--no-compile", str(archive)]
        _run(sys.executable, "-m", "pip", "--python", f"{folder}/venv", *install)
        chatsvc = f"{folder}/venv/bin/chatsvc"
        if (said := _run(chatsvc, "--version").strip()) != f"chatsvc {version}":
            raise NotReleased(f"{archive.name} says {said!r}.")
        if not Path(folder, "venv/share/chatsvc/systemd/chatsvc.service").exists():
            raise NotReleased(f"{archive.name} lacks the files of contrib.")
        _use(chatsvc, Path(folder, "data"))


def _use(chatsvc: str, data: Path) -> None:
    """Start a service, and read its page and its health."""
    log = data.parent / "log"
    words = ["serve", "--port", "0", "--interface", "127.0.0.1", "--data", str(data)]
    with log.open("wb") as file:
        process = subprocess.Popen([chatsvc, *words], stderr=file, cwd=data.parent)
    try:
        page = _page_of(process, log)
        for path, part in (("", b"<title>"), ("healthz", b"Messages can be stored.")):
            with urllib.request.urlopen(f"{page}{path}", timeout=LIMIT) as answer:
                if part not in answer.read():
                    raise NotReleased(f"{page}{path} does not contain {part!r}.")
    finally:
        process.terminate()
        process.wait(LIMIT)
    if process.returncode:
        raise NotReleased(f"The service ended with code {process.returncode}.")


def _page_of(process: subprocess.Popen[bytes], log: Path) -> str:
    """Return the address of the page, once the service is ready."""
    for _ in range(LIMIT * 10):
        if found := re.search(r"In a browser, open (\S+)", log.read_text()):
            return found[1]
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
        break
    raise NotReleased(f"The service is not ready:\n{log.read_text()}")


def _run(*command: str) -> str:
    """Run a command that must succeed; return what it prints."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
