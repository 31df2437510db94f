"""An evening of irssi, WeeChat, telnet and the terminal client: each shows what it should."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from real import needs

EVENING = Path(__file__).resolve().parent.parent / "benchmarks" / "clients" / "evening.py"


def test_clients_show_an_evening_of_talking_moderating_and_reconnecting() -> None:
    for program in ("irssi", "weechat", "telnet", "tmux"):
        needs(program)
    done = subprocess.run(
        [sys.executable, str(EVENING), "--limit", "180", "ida", "wes", "tom", "cleo"],
        capture_output=True,
        encoding="utf-8",
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    assert "=== WeeChat" in done.stdout
