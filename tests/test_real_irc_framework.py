"""Kiwi's library irc-framework, from npm, talks over WebSocket with a user of telnet."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from real import LIMIT, Service, lacking, needs

SCRIPT = Path(__file__).parent / "web" / "irc_framework.js"
PACKAGES = ("irc-framework@4.14.0", "ws@8.23.0")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which npm has installed what the script needs."""
    folder = tmp_path_factory.mktemp("npm")
    npm = [needs("npm"), "install", "--prefix", str(folder), "--ignore-scripts", "--no-audit"]
    done = subprocess.run([*npm, *PACKAGES], capture_output=True, text=True, timeout=3 * LIMIT)
    if done.returncode != 0:
        lacking(f"npm cannot install {PACKAGES[0]}: {done.stderr[-300:]}")
    return folder


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path, "--archive", "memory:") as service:
        yield service


@pytest.mark.parametrize("subprotocol", ["text.ircv3.net", ""])
def test_irc_framework_talks_with_telnet(chat: Service, packages: Path, subprotocol: str) -> None:
    bob = chat.person("bob")
    command = [needs("node"), str(SCRIPT), str(chat.port), subprotocol]
    with subprocess.Popen(command, cwd=packages) as kiwi:
        bob.until("<kiwi> hello from Kiwi")
        bob.send("welcome")
        bob.until("<kiwi> bob said: welcome")
        bob.until("kiwi left")
        assert kiwi.wait(LIMIT) == 0
