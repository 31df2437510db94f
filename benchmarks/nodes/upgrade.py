"""People talk while a server of an older version is replaced by nodes of this one.

They must notice nothing but reconnecting.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from benchmarks.nodes.schedule import NAMES, Schedule, play
from benchmarks.nodes.site import CHATSVC, Site
from benchmarks.servers import scratch_folder


async def _upgrade(schedule: Schedule) -> None:
    """Add nodes of this version, stop the old server, and start it again in this version."""
    old, *new = schedule.site.nodes
    await asyncio.sleep(5)
    for node in new:
        node.start()
    await asyncio.sleep(5)
    old.signal(signal.SIGTERM)
    while old.runs:
        await asyncio.sleep(0.05)
    schedule.done.append("stopped the old server")
    await asyncio.sleep(5)
    old.program = CHATSVC
    old.start()
    await asyncio.sleep(5)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nodes.upgrade", description=__doc__)
    parser.add_argument("old", metavar="CHATSVC", help="the program of the older version")
    parser.add_argument("--without-nodes", action="store_true", help="it has no option --node")
    given = parser.parse_args()
    with scratch_folder() as folder:
        site = Site(folder, NAMES)
        site.at_first = 1
        site.nodes[0].program = [given.old]
        site.nodes[0].has_name = not given.without_nodes
        return 1 if play("upgrade", Schedule(site, 1, _upgrade)) else 0


if __name__ == "__main__":
    sys.exit(main())
