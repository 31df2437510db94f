"""Sends one kind of input to one service after another, until there were enough inputs."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.fuzzing.bystanders import NAMES, Bystanders
from benchmarks.fuzzing.sending import send
from benchmarks.fuzzing.service import NO_LIMITS, Service, running
from benchmarks.fuzzing.sessions import Session, load, save, session

# Sessions between two checks, if not 64: more if a session is a single input.
ROUND = {"http": 512, "tls": 256, "proxy": 512}
MOST_FAILURES = 20  # different ones, or failed rounds, after which to stop
PATIENCE = 120.0  # seconds until a connection counts as hanging: hashing takes time

_FRAME = re.compile(r'File "[^"]*?((?:chatsvc|twisted|site-packages)/[^"]+)", line (\d+), in (\S+)')


@dataclass(frozen=True)
class Options:
    """The options of the command line."""

    seed: int
    inputs: int
    seconds: float | None
    limited: bool
    connections: int | None
    within: float
    settling: float
    growth: int
    save: Path
    twistd: str

    @property
    def limits(self) -> tuple[str, ...]:
        return () if self.limited else NO_LIMITS

    def at_a_time(self, kind: str) -> int:
        """Return how many connections to use: many, if they mostly wait."""
        return self.connections or (32 if kind in ("http", "tls", "proxy") else 8)

    @property
    def every(self) -> float:
        """The seconds between the lines of bystanders, who respect the default rate limit."""
        return 0.2 if self.limited else 0.05


@dataclass
class Failure:
    """Something that went wrong, and the sessions that were sent at the time."""

    what: str
    sessions: list[Session]

    @property
    def key(self) -> str:
        """Equal for failures with the same cause."""
        frames = _FRAME.findall(self.what)
        if not frames:
            return re.sub(rf"\d+|b'.*|b\".*|{'|'.join(NAMES)}", "", self.what)
        error = self.what.strip().splitlines()[-1].strip().partition(":")[0]
        return f"{frames[-1]} {error}"

    @property
    def lasting(self) -> bool:
        """True if the failure persisted afterwards."""
        return "Traceback" not in self.what and "no clean text" not in self.what


@dataclass
class Campaign:
    """The fuzzing of one kind; `failures` are different from each other."""

    kind: str
    options: Options
    failures: dict[str, Failure] = field(default_factory=dict)
    inputs: int = 0
    sessions: int = 0
    failed_rounds: int = 0
    latencies: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)  # of the present service, after each round
    grown: tuple[int, int] = (0, 0)
    began: float = field(default_factory=time.monotonic)

    async def run(self) -> None:
        while not self._enough():
            await self._with_a_service()
        _progress("")

    async def _with_a_service(self) -> None:
        async with _service(self.options) as (service, bystanders):
            self.memory = [service.memory()]
            wrong, sessions = list[Failure](), list[Session]()
            while not self._enough():
                sessions = self._next_sessions()
                wrong = await _round(sessions, service, self.options)
                wrong += self._look_around(service, bystanders, sessions)
                _progress(f"{self.kind}: {self.inputs:,} inputs, {len(self.failures)} failures")
                if any(one.lasting or one.key not in self.failures for one in wrong):
                    break
        if not service.stopped:
            wrong.append(Failure("the service did not stop after SIGTERM", sessions))
        await self._record(wrong)

    def _next_sessions(self) -> list[Session]:
        first = self.sessions
        self.sessions += ROUND.get(self.kind, 64)
        numbers = range(first, self.sessions)
        sessions = [session(self.kind, self.options.seed, n) for n in numbers]
        self.inputs += sum(one.inputs for one in sessions)
        return sessions

    def _look_around(
        self, service: Service, bystanders: Bystanders, sessions: list[Session]
    ) -> list[Failure]:
        """Return what went wrong in a round, according to log, bystanders and memory use."""
        wrong = []
        deadline = time.monotonic() + self.options.settling
        troubles, said = list[str](), 0
        while service.alive:
            report = bystanders.report(count=True)
            troubles += report.troubles
            self.latencies += report.latencies
            said = said or report.said
            settled = report.online == len(NAMES) and report.arrived >= said
            if settled or time.monotonic() > deadline:
                break
            time.sleep(0.05)
        if not service.alive:
            troubles = ["the service ended"]
        elif report.online is None:
            troubles.append("nobody answers how many are online")
        elif report.online != len(NAMES):
            ghosts = report.online - len(NAMES)
            troubles.append(f"{ghosts} are still online after all have left")
        wrong += [Failure(words, sessions) for words in service.tracebacks()]
        wrong += [Failure(words, sessions) for words in troubles]
        if service.alive and self._grows(service.memory()):
            before, now = self.grown
            words = f"the memory of the service grew from {before} to {now} MiB"
            wrong.append(Failure(words, sessions))
        return wrong

    def _grows(self, memory: int) -> bool:
        self.memory.append(memory)
        settled = self.memory[len(self.memory) // 10]
        self.grown = settled, memory
        return memory - settled > self.options.growth

    async def _record(self, wrong: list[Failure]) -> None:
        self.failed_rounds += bool(wrong)
        for failure in wrong:
            if failure.key not in self.failures:
                self.failures[failure.key] = failure
                await self._describe(failure)

    async def _describe(self, failure: Failure) -> None:
        """Find the session that caused it, and save that one; or all, if none causes it alone."""
        if "Traceback" in failure.what:
            failure.sessions = await _culprit(failure, self.options) or failure.sessions
        numbers = f"{failure.sessions[0].number}" + "-round" * (len(failure.sessions) > 1)
        name = f"{self.kind}-{self.options.seed}-{numbers}-{len(self.failures)}.json"
        path = self.options.save / name
        save(path, failure.sessions, what=failure.what)
        _progress("")
        print(f"FAILURE ({self.kind}, seed {self.options.seed}), saved as {path}:")
        print(_shortened(failure.what), flush=True)

    def _enough(self) -> bool:
        seconds = self.options.seconds
        late = seconds is not None and time.monotonic() - self.began > seconds
        hopeless = max(len(self.failures), self.failed_rounds) >= MOST_FAILURES
        return late or hopeless or self.inputs >= self.options.inputs

    def summary(self) -> str:
        took = time.monotonic() - self.began
        sorted_ = sorted(self.latencies) or [0.0]
        p50, p99 = (1000 * sorted_[int(len(sorted_) * part)] for part in (0.5, 0.99))
        before, now = self.grown
        return (
            f"{self.kind}: {self.inputs:,} inputs in {self.sessions:,} connections, {took:.0f} s; "
            f"{len(self.latencies):,} lines of bystanders: p50 {p50:.0f} ms, p99 {p99:.0f} ms, "
            f"at most {1000 * sorted_[-1]:.0f} ms; memory {before} -> {now} MiB; "
            f"{len(self.failures)} failures"
        )


@asynccontextmanager
async def _service(options: Options) -> AsyncIterator[tuple[Service, Bystanders]]:
    with (
        running([options.twistd], options.limits) as service,
        Bystanders(service.port, service.process.pid, options.within, options.every) as bystanders,
    ):
        yield service, bystanders


async def _round(sessions: Sequence[Session], service: Service, options: Options) -> list[Failure]:
    """Send sessions, some in parallel; return those that were left hanging."""
    waiting = iter(sessions)
    wrong: list[Failure] = []

    async def work() -> None:
        for one in waiting:
            port = service.proxied if one.kind == "proxy" else service.port
            if words := await send(one, port, PATIENCE):
                wrong.append(Failure(words, [one]))

    await asyncio.gather(*(work() for _ in range(options.at_a_time(sessions[0].kind))))
    return wrong


async def _culprit(failure: Failure, options: Options) -> list[Session]:
    """Send the sessions again, one by one, until the same traceback is logged."""
    with running([options.twistd], options.limits) as service:
        for one in failure.sessions:
            await _round([one], service, options)
            await asyncio.sleep(0.05)
            if failure.key in {Failure(words, []).key for words in service.tracebacks()}:
                return [one]
    return []


async def replay(path: Path, options: Options) -> int:
    """Send saved sessions to a fresh service; return the exit code."""
    sessions = load(path)
    campaign = Campaign(sessions[0].kind, options)
    async with _service(options) as (service, bystanders):
        wrong = await _round(sessions, service, options)
        wrong += campaign._look_around(service, bystanders, sessions)
    if not service.stopped:
        wrong.append(Failure("the service did not stop after SIGTERM", sessions))
    for failure in wrong:
        print(f"FAILURE: {failure.what.rstrip()}")
    print("It fails." if wrong else "Nothing went wrong.")
    return 1 if wrong else 0


def _shortened(words: str, lines: int = 12) -> str:
    rows = words.rstrip().splitlines()
    return "\n".join(rows if len(rows) <= lines else [*rows[:1], "    ...", *rows[-lines + 2 :]])


def _progress(words: str) -> None:
    if sys.stdout.isatty():
        print(f"\r{words}\x1b[K", end="", flush=True)
