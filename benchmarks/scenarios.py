"""The scenarios for each server, and the load generator that runs them."""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import Figures, Results, print_deep, print_idle, print_talking
from benchmarks.servers import (
    HOST,
    STOPPING_SECONDS,
    Running,
    Server,
    Trouble,
    known_servers,
    progress,
    running,
    running_in,
    scratch_folder,
    start,
    stop,
)

HERE = Path(__file__).resolve().parent
ARRIVING_SECONDS = 120
CROWD_ARRIVING_SECONDS = 900
SETTLING_SECONDS = 2
REPLY_SECONDS = 10


@dataclass(frozen=True)
class Work:
    """A job for the load generator, with a title for the table."""

    title: str
    mode: str
    options: tuple[str, ...]


# ---- the load generator ----


class Generator:
    """The compiled load generator."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "load")
        compiler = os.environ.get("CC", "cc")
        command = [compiler, "-O2", "-o", self.path, str(HERE / "load.c")]
        try:
            built = subprocess.run(command, capture_output=True, text=True, timeout=120)
        except OSError as error:
            raise Trouble(f"The C compiler {compiler} cannot be started.") from error
        if built.returncode:
            raise Trouble(f"The load generator cannot be compiled:\n{built.stderr}")

    def command(self, on: Running, mode: str, options: tuple[str, ...], limit: float) -> list[str]:
        target = ["--port", str(on.port), "--protocol", on.server.protocol, "--pid", str(on.pid)]
        return [self.path, mode, *target, "--limit", str(int(limit)), *options]

    def run(self, on: Running, work: Work, seconds: float, warmup: float) -> Figures:
        """Run the job and return the figures, which include the server's faults."""
        limit = warmup + seconds + ARRIVING_SECONDS
        options = (*work.options, "--seconds", str(seconds), "--warmup", str(warmup))
        options = (*options, "--arriving", str(on.server.arriving))
        return self._run(self.command(on, work.mode, options, limit), limit)

    def run_at(
        self, ports: list[int], mode: str, options: tuple[str, ...], seconds: float
    ) -> Figures:
        """Let users of several nodes talk, and return the figures."""
        limit = seconds + ARRIVING_SECONDS
        places = [word for port in ports for word in ("--port", str(port))]
        command = [self.path, mode, *places, "--protocol", "text", *options]
        times = ["--seconds", str(seconds), "--warmup", "2", "--limit", str(int(limit))]
        return self._run([*command, *times, "--arriving", "20"], limit)

    def _run(self, command: list[str], limit: float) -> Figures:
        process = start(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            output, problem = process.communicate(timeout=limit + 10)
        finally:
            stop(process)
        return self.figures(process.returncode, output, problem)

    @contextmanager
    def holding(self, on: Running, clients: int) -> Iterator[Figures]:
        """Keep so many idle clients connected in the block; yield how they arrived."""
        options = ("--members", str(clients), "--arriving", str(on.server.arriving_in_crowd))
        process = start(
            self.command(on, "hold", options, CROWD_ARRIVING_SECONDS),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stderr is not None
        try:
            arrived = process.stderr.readline()
            if not arrived.startswith("holding"):
                raise Trouble(arrived.strip())
            yield {"arrival_seconds": float(arrived.split()[-2])}
            process.communicate("go on\n", timeout=STOPPING_SECONDS)
        finally:
            stop(process)

    @staticmethod
    def figures(code: int, output: str, problem: str) -> Figures:
        if code not in (0, 3):
            raise Trouble(problem.strip() or f"The load generator ended with code {code}.")
        figures: Figures = json.loads(output)
        return figures


FAULTS = ("lost", "repeated", "reordered", "damaged", "misdirected")


def faults_in(figures: Figures) -> str:
    return ", ".join(f"{figures[name]:.0f} {name}" for name in FAULTS if figures[name])


# ---- scenarios that measure talking ----


def crowd() -> Work:
    options = ("--rooms", "1", "--members", "200", "--talkers", "10", "--inflight", "10")
    return Work(
        "crowd: one room of 200, 10 talking, 10 lines in flight each", "throughput", options
    )


def rooms(inflight: int) -> Work:
    options = ("--rooms", "200", "--members", "10", "--talkers", "2", "--inflight", str(inflight))
    title = f"rooms: 200 rooms of 10, 2 talking in each, {inflight} in flight each"
    return Work(title, "throughput", options)


def hall() -> Work:
    options = ("--rooms", "1", "--members", "1000", "--talkers", "10", "--rate", "50")
    return Work("hall: one room of 1,000, 50 lines a second", "paced", options)


def club() -> Work:
    options = ("--rooms", "1", "--members", "20", "--talkers", "10", "--rate", "50")
    return Work("club: one room of 20, 50 lines a second", "paced", options)


def work_of(scenario: str, arguments: argparse.Namespace) -> list[Work]:
    if scenario == "crowd":
        return [crowd()]
    if scenario == "rooms":
        return [rooms(inflight) for inflight in arguments.inflight]
    return [club() if scenario == "club" else hall()]


@dataclass(frozen=True)
class Comparison:
    arguments: argparse.Namespace
    servers: list[Server]
    generator: Generator
    results: Results

    def talking(self, work: Work) -> None:
        for repeat in range(1, self.arguments.repeats + 1):
            for server in self.servers:
                figures = self.talk_once(work, server)
                self.results.add(work.title, server.name, figures)
                self.report(f"{work.title} [{repeat}] {server.name}", figures)
        print_talking(work.title, self.results.medians(work.title))

    def talk_once(self, work: Work, server: Server) -> Figures:
        with running(server) as it:
            return self.generator.run(it, work, self.arguments.seconds, self.arguments.warmup)

    def report(self, what: str, figures: Figures) -> None:
        progress(
            f"{what}: {figures['deliveries_per_second']:,.0f} deliveries/s, "
            f"{figures['cpu_us_per_delivery']:.3f} µs each"
        )
        if faults := faults_in(figures):
            self.results.faults.append(f"{what}: {faults}")

    def idle(self) -> None:
        clients = self.arguments.connections
        title = f"idle: {clients:,} connections held, in one room"
        for server in self.servers:
            if clients > server.largest_crowd:
                progress(f"{title}, {server.name}: left out, it would take too long to let them in")
                continue
            progress(f"{title}, {server.name}: arriving")
            with running(server) as it:
                figures = self.hold_once(it, clients)
            self.results.add(title, server.name, figures)
            progress(f"{title}, {server.name}: {figures['kib_per_client']:.1f} KiB each")
        if title in self.results.runs:
            print_idle(title, self.results.medians(title))

    def hold_once(self, it: Running, clients: int) -> Figures:
        before = memory_kib(it.pid)
        with self.generator.holding(it, clients) as arrival:
            time.sleep(SETTLING_SECONDS)
            after = memory_kib(it.pid)
        per_client = (after - before) / clients
        memory = {"kib_before": before, "kib_after": after, "kib_per_client": per_client}
        return arrival | memory

    def deep(self) -> None:
        """Compare an archive with many lines in #lobby with one that has just enough to show."""
        server = known_servers(self.arguments)["chatsvc"]
        sizes = (SHOWN_ON_JOINING, self.arguments.history)
        title = f"deep: #lobby with {sizes[0]} and with {sizes[1]:,} lines behind it"
        with ExitStack() as stack:
            running_with = {}
            for size in sizes:
                folder = stack.enter_context(scratch_folder())
                fill(self.generator, server, folder, size)
                running_with[size] = stack.enter_context(running_in(server, folder))
            self.visit_each(title, running_with)
            self.talk_in_each(title, running_with)
        print_deep(title, self.results.medians(title), SHOWN_ON_JOINING)

    def visit_each(self, title: str, running_with: dict[int, Running]) -> None:
        for _ in range(self.arguments.repeats):
            for size, it in running_with.items():
                figures = visiting_figures(it.port)
                self.results.add(title, f"{size:,} lines", figures)
                progress(f"{title}: {size:,}: joined in {figures['join_ms']:.2f} ms")

    def talk_in_each(self, title: str, running_with: dict[int, Running]) -> None:
        """Run last, because it adds lines to both archives."""
        options = ("--members", "2", "--talkers", "1", "--inflight", "1")
        work = Work(title, "throughput", options)
        for repeat in range(self.arguments.repeats):
            for size, it in running_with.items():
                figures = self.generator.run(it, work, self.arguments.seconds, 0.5)
                name = f"{size:,} lines"
                self.report(f"{title}: {size:,}", figures)
                self.results.runs[title][name][repeat].update(figures)


def memory_kib(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise Trouble(f"The memory of process {pid} cannot be read.")


# ---- the deep archive ----

SHOWN_ON_JOINING = 20
VISITS = 100
FILLING_SECONDS = 5.0


def fill(generator: Generator, server: Server, folder: Path, lines: int) -> None:
    """Leave an archive in the directory whose #lobby has at least so many lines."""
    with running_in(server, folder) as it:
        said = 0.0
        while said + SHOWN_ON_JOINING < lines:
            figures = generator.run(it, FILLING, FILLING_SECONDS, 0)
            said += figures["lines"]
            progress(f"deep: filling the archive, {said:,.0f} of {lines:,} lines")
        say_enough_to_show(it.port)


FILLING = Work("filling", "throughput", ("--members", "2", "--talkers", "2", "--inflight", "2000"))


class Visitor:
    """A user in #lobby who waits for expected lines."""

    def __init__(self, port: int, name: str) -> None:
        self.connection = socket.create_connection((HOST, port), timeout=REPLY_SECONDS)
        self.received = b""
        self.say(name)

    def say(self, line: str) -> None:
        self.connection.sendall(line.encode() + b"\r\n")

    def wait_for(self, words: str) -> None:
        """Read until a whole line with these words has arrived, and drop everything up to it."""
        wanted = words.encode()
        while True:
            line, newline, rest = self.received.partition(b"\n")
            if newline:
                self.received = rest
                if wanted in line:
                    return
            else:
                self.read_more(words)

    def read_more(self, wanted: str) -> None:
        try:
            data = self.connection.recv(65536)
        except TimeoutError as error:
            raise Trouble(f"chatsvc did not say {wanted!r} in {REPLY_SECONDS} s.") from error
        if not data:
            raise Trouble(f"chatsvc closed a connection instead of saying {wanted!r}.")
        self.received += data

    def close(self) -> None:
        self.connection.close()


FIRST_SHOWN = "shown 1 of"
LAST_SHOWN = f"shown {SHOWN_ON_JOINING} of"


def say_enough_to_show(port: int) -> None:
    """Say the same last lines in every archive, so that a visitor is shown equally much."""
    talker, listener = Visitor(port, "talker"), Visitor(port, "listener")
    talker.wait_for("You are in #lobby")
    listener.wait_for("You are in #lobby")
    for number in range(1, SHOWN_ON_JOINING + 1):
        talker.say(f"shown {number} of {SHOWN_ON_JOINING} lines that every visitor is shown")
    listener.wait_for(LAST_SHOWN)
    talker.close()
    listener.close()


def visiting_figures(port: int) -> Figures:
    joins, histories = [], []
    for number in range(VISITS):
        begin = time.perf_counter()
        visitor = Visitor(port, f"v{number}")
        visitor.wait_for(LAST_SHOWN)
        joined = time.perf_counter()
        visitor.say(f"/history {SHOWN_ON_JOINING}")
        visitor.wait_for(LAST_SHOWN)
        histories.append(time.perf_counter() - joined)
        joins.append(joined - begin)
        visitor.close()
    return {
        "join_ms": statistics.median(joins) * 1000,
        "history_ms": statistics.median(histories) * 1000,
    }
