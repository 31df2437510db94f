"""Compare chatsvc with other chat servers on this machine, with the same work, one by one.

Builds the load generator beside it, starts each server in turn in a directory of its own, and
prints tables in Markdown on stdout and its progress on stderr. See README.md in this directory.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.report import COMPARED, Results
from benchmarks.scenarios import Comparison, Generator, work_of
from benchmarks.servers import Trouble, known_servers, program, progress, scratch_folder

SCENARIOS = ("crowd", "rooms", "hall", "club", "idle", "deep")
PEERS = ("inspircd", "ngircd")


def read_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="compare.py",
        description="Run chatsvc and other chat servers in turn with the same work, on this "
        "machine only, and print tables of what they did.",
        epilog="Example: compare.py crowd rooms --repeats 5 --json results.json",
    )
    add = parser.add_argument
    # No choices= here: before Python 3.12 an empty list of words would not be among them.
    add("scenarios", nargs="*", metavar="SCENARIO", help=f"{', '.join(SCENARIOS)} (all)")
    kinds = ("postgresql", "memory", "limited", "scraped", "irc")
    own = ("chatsvc", *(f"chatsvc-{kind}" for kind in kinds))
    everything = (*own, *PEERS)
    chosen = [*COMPARED, *PEERS]
    help_servers = f"among {', '.join(everything)} ({', '.join(chosen)})"
    add(
        "--servers",
        nargs="+",
        choices=everything,
        default=chosen,
        metavar="NAME",
        help=help_servers,
    )
    add(
        "--repeats",
        type=whole,
        default=3,
        metavar="N",
        help="rounds; the median counts (%(default)s)",
    )
    add(
        "--seconds",
        type=positive,
        default=5.0,
        metavar="S",
        help="measured, each time (%(default)s)",
    )
    add(
        "--warmup",
        type=positive,
        default=1.0,
        metavar="S",
        help="seconds before that (%(default)s)",
    )
    add("--inflight", type=whole, nargs="+", default=[1, 10], metavar="W", help=INFLIGHT_HELP)
    add("--connections", type=whole, default=9000, metavar="N", help="held in idle (%(default)s)")
    add("--history", type=whole, default=1_000_000, metavar="N", help="lines in deep (%(default)s)")
    beside = Path(sys.executable).with_name("twistd")
    add(
        "--twistd",
        default=str(beside),
        metavar="PATH",
        help="the twistd that has chatsvc (beside python)",
    )
    add("--chat-options", default="", metavar="WORDS", help="more options for `twistd chat`")
    add("--json", type=Path, metavar="FILE", help="also write every figure of every run there")
    arguments = parser.parse_args(words)
    if unknown := set(arguments.scenarios) - set(SCENARIOS):
        parser.error(f"there is no scenario {', '.join(sorted(unknown))}")
    arguments.scenarios = arguments.scenarios or list(SCENARIOS)
    return arguments


INFLIGHT_HELP = "lines in flight per talker in rooms, one table for each (1 10)"


def whole(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1")
    return int(text)


def positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not 0 < number <= 300:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds up to 300")
    return number


def raise_file_limit() -> None:
    """Raise the limit for the servers, which inherit it: most use the one they are started with."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def run(arguments: argparse.Namespace, results: Results) -> None:
    known = known_servers(arguments)
    servers = [known[name] for name in arguments.servers]
    for peer in set(arguments.servers) & set(PEERS):
        program(peer)
    with scratch_folder() as folder:
        comparison = Comparison(arguments, servers, Generator(folder), results)
        for scenario in arguments.scenarios:
            if scenario == "idle":
                comparison.idle()
            elif scenario == "deep":
                comparison.deep()
            else:
                for work in work_of(scenario, arguments):
                    comparison.talking(work)


def write_json(path: Path, arguments: argparse.Namespace, results: Results) -> None:
    about = {
        "system": platform.platform(),
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "seconds": arguments.seconds,
        "warmup": arguments.warmup,
        "repeats": arguments.repeats,
    }
    everything = {"about": about, "runs": results.runs, "faults": results.faults}
    path.write_text(json.dumps(everything, indent=1) + "\n")


def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def main(words: list[str] | None = None) -> int:
    arguments, results = read_arguments(words), Results()
    signal.signal(signal.SIGTERM, interrupt)
    raise_file_limit()
    try:
        run(arguments, results)
    except (Trouble, subprocess.TimeoutExpired) as trouble:
        progress(f"compare.py: {trouble}")
        return 1
    except KeyboardInterrupt:
        progress("compare.py: interrupted; everything that was started has been stopped.")
        return 130
    finally:
        if arguments.json:
            write_json(arguments.json, arguments, results)
    for fault in results.faults:
        progress(f"compare.py: lines went wrong in {fault}")
    return 1 if results.faults else 0


if __name__ == "__main__":
    sys.exit(main())
