"""Sessions to send: a seed, its mutated inputs, and how they are sent.

A session depends only on its seed number, its kind and its own number, so it can be reproduced.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.fuzzing.mutations import mutated
from benchmarks.fuzzing.seeds import KINDS, ME, Seed, seeds_of
from benchmarks.fuzzing.websocket import in_frames

ENDINGS = ("finish", "finish", "finish", "close", "reset")


@dataclass(frozen=True)
class Session:
    """Everything that one connection does.

    `pieces` are sent one by one with `pause` seconds between them, inside TLS if `inside_tls`;
    then the record of each piece in `damaged` is mutated too. `ending`: `finish` (half-close, and
    wait for the server), `close`, or `reset`.
    """

    kind: str
    seed: int
    number: int
    inputs: int
    pieces: tuple[bytes, ...]
    pause: float
    ending: str
    inside_tls: bool = False
    damaged: tuple[int, ...] = ()

    def random(self) -> Random:
        """Return the source of everything else that is random when the session is sent."""
        return Random(f"{self.seed}/{self.kind}/{self.number}/sent")


def save(path: Path, sessions: Sequence[Session], **about: Any) -> None:
    """Write a readable file for `load`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    saved = [{**vars(one), "pieces": [p.decode("latin-1") for p in one.pieces]} for one in sessions]
    path.write_text(json.dumps({**about, "sessions": saved}, indent=1) + "\n")


def load(path: Path) -> list[Session]:
    """Read sessions from a file."""
    return [_loaded(fields) for fields in json.loads(path.read_text())["sessions"]]


def _loaded(fields: dict[str, Any]) -> Session:
    pieces = tuple(piece.encode("latin-1") for piece in fields["pieces"])
    return Session(**{**fields, "pieces": pieces, "damaged": tuple(fields["damaged"])})


def session(kind: str, seed: int, number: int) -> Session:
    """Return session `number` of a kind."""
    random = Random(f"{seed}/{kind}/{number}")
    base = random.choice(seeds_of(kind))
    lines, inputs = _one_input(random, base) if base.one_input else _many_inputs(random, base)
    me = b"f%d" % number
    lines = [line.replace(ME, me) for line in lines]
    if kind == "websocket":
        lines = in_frames(random, lines)
    damaged = [n for n in range(len(lines)) if base.inside_tls and random.random() < 0.03]
    pieces, pause = _cut(random, lines, whole=base.inside_tls)
    ending = random.choice(ENDINGS)
    kept = tuple(damaged)
    return Session(kind, seed, number, inputs, pieces, pause, ending, base.inside_tls, kept)


def _one_input(random: Random, base: Seed) -> tuple[list[bytes], int]:
    lines = list(base.inputs)
    for _ in range(random.randint(1, 3)):
        n = random.randrange(len(lines))
        lines[n] = mutated(random, lines[n])
    _rearrange(random, lines, base.kind)
    return lines, 1


def _many_inputs(random: Random, base: Seed) -> tuple[list[bytes], int]:
    intact = random.choice((0, 1, 3, 5, 5)) if random.random() < 0.9 else 0
    lines, rest = list(base.inputs[:intact]), list(base.inputs[intact:])
    _rearrange(random, rest, base.kind)
    rest += [_any_line(random, base) for _ in range(random.randint(0, 30))]
    inputs = 0
    for line in rest:
        if random.random() < 0.8:
            line = mutated(random, line)
            inputs += 1
        lines.append(line)
    return lines, inputs


def _any_line(random: Random, base: Seed) -> bytes:
    same = [seed for seed in seeds_of(base.kind) if seed.inside_tls == base.inside_tls]
    return random.choice(random.choice(same).inputs)


def _rearrange(random: Random, lines: list[bytes], kind: str) -> None:
    """Swap, repeat and drop inputs, and insert some of another dialect."""
    for _ in range(random.choice((0, 0, 1, 2, 4))):
        n = random.randint(0, len(lines))
        match random.randrange(5):
            case 0:
                random.shuffle(lines)
            case 1 if lines:
                lines[n:n] = [random.choice(lines)] * random.choice((1, 1, 2, 20))
            case 2:
                del lines[n : n + 1]
            case 3:
                lines[n:n] = random.choice(random.choice(seeds_of(kind)).inputs), b""
            case 4 if random.random() < 0.3:
                lines[n:n] = random.choice(seeds_of(random.choice(KINDS))).inputs


def _cut(random: Random, lines: list[bytes], whole: bool) -> tuple[tuple[bytes, ...], float]:
    """Return pieces to send, and the seconds between them: usually all at once."""
    chosen = random.random()
    if whole:
        return tuple(line for line in lines if line), 0.0
    if chosen < 0.08:  # slowly, split anywhere
        data = b"".join(lines)
        cuts = sorted(random.randint(0, len(data)) for _ in range(random.randint(1, 8)))
        edges = [0, *cuts, len(data)]
        return tuple(data[a:b] for a, b in pairwise(edges)), 0.01
    if chosen < 0.3:  # input by input
        return tuple(lines), 0.0
    return (b"".join(lines),), 0.0
