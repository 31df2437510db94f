"""Three nodes, people who talk and take names, and faults; then what was seen is compared.

Nothing may be shown that is not stored; nothing may be lost, duplicated or out of order; and no
name may have two owners.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from contextlib import nullcontext
from shutil import which

from benchmarks.nodes.faults import FAULTS, PARTITIONS, Fault
from benchmarks.nodes.sabotage import CONTROLS
from benchmarks.nodes.schedule import NAMES, Plan, Schedule, play
from benchmarks.nodes.site import CHATSVC, Network, Site
from benchmarks.servers import scratch_folder


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nodes", description=__doc__)
    parser.add_argument("--seeds", default="1", help="such as 1-20 (%(default)s)")
    parser.add_argument("--seconds", type=float, default=60, help="of each (%(default)s)")
    parser.add_argument("--no-partitions", action="store_true", help="needs no root")
    parser.add_argument(
        "--control", choices=CONTROLS, help="damage the server; then something must be wrong"
    )
    parser.add_argument("--logs", action="store_true", help="show what the nodes have logged")
    given = parser.parse_args()
    first, _, last = given.seeds.partition("-")
    wrong = sum(_play(seed, given) for seed in range(int(first), int(last or first) + 1))
    return 1 if wrong else 0


def _play(seed: int, given: argparse.Namespace) -> int:
    partitions = not given.no_partitions
    if partitions and os.geteuid() != 0:
        raise SystemExit("Network namespaces need root. Without them: --no-partitions")
    if partitions and (missing := [each for each in ("ip", "iptables") if which(each) is None]):
        raise SystemExit(f"Missing: {', '.join(missing)}. Without them: --no-partitions")
    program = CONTROLS[given.control] if given.control else CHATSVC
    plan = _plan(FAULTS + (PARTITIONS if partitions else ()), given.seconds)
    with scratch_folder() as folder, Network(NAMES) if partitions else nullcontext() as network:
        site = Site(folder, NAMES, network, program)
        return play(f"seed {seed}", Schedule(site, seed, plan), given.logs)


def _plan(faults: tuple[Fault, ...], seconds: float) -> Plan:
    async def cause(schedule: Schedule) -> None:
        """Cause one fault after the other."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await asyncio.sleep(schedule.random.uniform(0.5, 4))
            fault = schedule.random.choice(faults)
            schedule.done.append(await fault(schedule.site, schedule.random))

    return cause


if __name__ == "__main__":
    sys.exit(main())
