"""Three nodes under faults, while people talk and take names; `docs/performance.md` has more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from postgresql import lacks
from real import lacking

ROOT = Path(__file__).parent.parent


def play(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the schedule of faults without network namespaces, which need root."""
    if missing := lacks():
        lacking(missing)
    command = [sys.executable, "-m", "benchmarks.nodes", "--no-partitions", *words]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=240, check=False
    )


@pytest.mark.parametrize("seed", ["101", "102"])
def test_nothing_is_lost_duplicated_or_out_of_order_whatever_fails(seed: str) -> None:
    done = play("--seeds", seed, "--seconds", "20")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "; 0 wrong" in done.stdout


@pytest.mark.parametrize(
    ("control", "seconds"), [("lock", "8"), ("frames", "8"), ("names", "8"), ("tags", "20")]
)
def test_the_schedule_notices_a_damaged_server(control: str, seconds: str) -> None:
    done = play("--seeds", "5", "--seconds", seconds, "--control", control)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "WRONG" in done.stdout
