"""Send a live service mutated inputs, and check that other users are not affected.

Each kind has a service of its own, on a free loopback port in a temporary directory, and three
bystanders who talk to each other in its lobby. The program stops by itself, and exits 1 if there
was a traceback, an affected bystander, a hanging connection, a ghost, growing memory, or a service
that does not stop. See README.md in this directory.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.fuzzing.campaign import Campaign, Options, replay
from benchmarks.fuzzing.seeds import KINDS
from benchmarks.servers import Trouble, progress


def read_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="fuzz.py",
        description="Send mutated inputs to a live chat service on this machine, while three "
        "bystanders talk. Exit 1 if anything goes wrong.",
        epilog="Examples: fuzz.py --seconds 10  |  fuzz.py --kind irc --seed 7  |  "
        "fuzz.py --replay fuzz-failures/irc-7-1234.json",
    )
    add = parser.add_argument
    add("--kind", choices=("all", *KINDS), default="all", help="what to speak (%(default)s)")
    add("--inputs", type=whole, metavar="N", help="inputs of each kind (200000)")
    add("--seconds", type=seconds, metavar="S", help="stop each kind after this time at the latest")
    add("--seed", type=int, metavar="K", help="repeat a run: its number (random, printed)")
    add("--limits", choices=("off", "default"), default="off", help=LIMITS_HELP)
    add("--connections", type=whole, metavar="N", help="at a time (8; 32 for http, tls and proxy)")
    add("--within", type=seconds, default=1.0, metavar="S", help=WITHIN_HELP)
    add("--settling", type=seconds, default=5.0, metavar="S", help=SETTLING_HELP)
    add("--growth", type=whole, default=96, metavar="MIB", help=GROWTH_HELP)
    add("--replay", type=Path, metavar="FILE", help="send one saved session, and nothing else")
    add("--save", type=Path, default=Path("fuzz-failures"), metavar="DIR", help=SAVE_HELP)
    beside = Path(sys.executable).with_name("twistd")
    add("--twistd", default=str(beside), metavar="PATH", help="the twistd to run (beside python)")
    return parser.parse_args(words)


LIMITS_HELP = "run the service with its default limits (slow), or with none (%(default)s)"
WITHIN_HELP = "seconds in which a bystander's line must arrive (%(default)g)"
SETTLING_HELP = "seconds in which everybody must have left after a round (%(default)g)"
GROWTH_HELP = "memory that the service may gain after the first tenth (%(default)s)"
SAVE_HELP = "where to save the inputs that caused a failure (%(default)s)"


def whole(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1")
    return int(text)


def seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not 0 < number <= 86_400:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds up to a day")
    return number


def options_of(arguments: argparse.Namespace) -> Options:
    seed = secrets.randbelow(1_000_000) if arguments.seed is None else arguments.seed
    return Options(
        seed=seed,
        inputs=arguments.inputs or 200_000,
        seconds=arguments.seconds,
        limited=arguments.limits == "default",
        connections=arguments.connections,
        within=arguments.within,
        settling=arguments.settling,
        growth=arguments.growth,
        save=arguments.save,
        twistd=arguments.twistd,
    )


def fuzz(arguments: argparse.Namespace, options: Options) -> int:
    kinds = KINDS if arguments.kind == "all" else (arguments.kind,)
    print(f"seed {options.seed}; to run this again: --seed {options.seed}", flush=True)
    failures = 0
    for kind in kinds:
        campaign = Campaign(kind, options)
        asyncio.run(campaign.run())
        print(campaign.summary(), flush=True)
        failures += len(campaign.failures)
    print("No failures." if not failures else f"{failures} different failures.")
    return 1 if failures else 0


def main(words: list[str] | None = None) -> int:
    arguments = read_arguments(words)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    options = options_of(arguments)
    try:
        if arguments.replay:
            return asyncio.run(replay(arguments.replay, options))
        return fuzz(arguments, options)
    except Trouble as trouble:
        progress(f"fuzz.py: {trouble}")
        return 1
    except KeyboardInterrupt:
        progress("fuzz.py: interrupted; everything that was started has been stopped.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
