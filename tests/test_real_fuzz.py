"""The fuzzer finds what it looks for in a service with a deliberate fault."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).resolve().parent.parent / "benchmarks" / "fuzz.py"

FAULTY_TWISTD = """\
#!{python}
from twisted.internet.protocol import Protocol
from twisted.internet.tcp import Connection
from twisted.scripts.twistd import run

from chatsvc import tap

tap.STEP = 1.0  # stopping waits that long for those who never leave
count = 0
data_received, connection_lost = Connection._dataReceived, Connection.connectionLost

def raises(self, data):
    if b"/who" in data:
        raise LookupError("planted")
    return data_received(self, data)

def loses_a_line(self, data):
    global count
    count += b"PRIVMSG #lobby" in data
    return None if count == 5 and data.count(b"\\n") == 1 else data_received(self, data)

def never_leaves(self, reason):
    self.protocol = Protocol()
    return connection_lost(self, reason)

{patch}
run()
"""

FAULTS = {
    "raises": ("Connection._dataReceived = raises", "LookupError: planted"),
    "loses": ("Connection._dataReceived = loses_a_line", "was not shown line"),
    "ghosts": ("Connection.connectionLost = never_leaves", "are still online after all have left"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_and_its_input_saved(fault: str, tmp_path: Path) -> None:
    patch, words = FAULTS[fault]
    twistd = tmp_path / "twistd"
    twistd.write_text(FAULTY_TWISTD.format(python=sys.executable, patch=patch))
    twistd.chmod(0o755)
    options = ["--kind", "text", "--inputs", "1", "--seed", "1", "--twistd", str(twistd)]
    if fault == "ghosts":  # they stay, however long the fuzzer waits
        options += ["--settling", "0.5"]
    done = subprocess.run(
        [sys.executable, str(FUZZ), *options, "--save", str(tmp_path / "saved")],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert words in done.stdout
    saved = list((tmp_path / "saved").iterdir())
    assert any(words in path.read_text() for path in saved)


def test_a_session_follows_from_its_numbers(tmp_path: Path) -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(FUZZ.parent.parent)!r})\n"
        "from benchmarks.fuzzing.sessions import session\n"
        "print([session(kind, 7, n) for kind in ('text', 'irc', 'tls') for n in range(50)])"
    )
    first, second = (
        subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout
        for _ in range(2)
    )
    assert first == second
    assert len(set(first.split(b"Session("))) > 100, "and sessions differ"
