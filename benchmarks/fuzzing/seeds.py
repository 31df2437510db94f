"""The seeds: one file per dialect in `benchmarks/seeds/`, each with some meaningful sessions.

`%% title` begins a session; every other line is one input. `\\xHH` is a byte, and `%me%` a name
that only this session uses. `tls.txt` has records in hexadecimal, and sessions that are sent
inside TLS ("session text"); `telnet.txt` has its line ends written out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "seeds"
KINDS = ("text", "json", "irc", "telnet", "http", "websocket", "tls", "proxy")
ME = b"%me%"

_BYTE = re.compile(rb"\\x([0-9a-fA-F]{2})")
_LINE_END = {"text": b"\n", "json": b"\n", "irc": b"\r\n", "http": b"\r\n", "proxy": b"\r\n"}


@dataclass(frozen=True)
class Seed:
    """One session of a dialect: its inputs, each with its line end."""

    kind: str
    inputs: tuple[bytes, ...]
    inside_tls: bool = False

    @property
    def one_input(self) -> bool:
        """True if the server answers only the first input, so that all of it counts as one."""
        return self.kind in ("http", "proxy") or (self.kind == "tls" and not self.inside_tls)


@cache
def seeds_of(kind: str) -> tuple[Seed, ...]:
    """Return the sessions of a dialect."""
    blocks = (FOLDER / f"{kind}.txt").read_bytes().split(b"%% ")[1:]
    return tuple(_seed(kind, block) for block in blocks)


@cache
def words() -> tuple[bytes, ...]:
    """Return every word in every seed, as candidates for a parser's keywords."""
    found = {
        word
        for kind in KINDS
        for seed in seeds_of(kind)
        for line in seed.inputs
        for word in re.findall(rb"[A-Za-z]+|[^\sA-Za-z0-9]+", line)
        if kind != "tls" or seed.inside_tls
    }
    return tuple(sorted(found))


def _seed(kind: str, block: bytes) -> Seed:
    title, *lines = block.removesuffix(b"\n").split(b"\n")
    if kind == "tls" and not title.startswith(b"session "):
        return Seed(kind, tuple(bytes.fromhex(line.decode()) for line in lines))
    inside_tls = kind == "tls"
    ending = _LINE_END.get(title.split()[-1].decode() if inside_tls else kind, b"")
    return Seed(kind, tuple(_bytes(line) + ending for line in lines), inside_tls)


def _bytes(line: bytes) -> bytes:
    return _BYTE.sub(lambda match: bytes.fromhex(match[1].decode()), line)
