"""Compare chatsvc with other chat servers on this machine: the same work, one after the other.

Builds the load generator beside it, starts each server in turn in a directory of its own, and
prints tables in Markdown on stdout and its progress on stderr. See README.md in this directory.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shlex
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

HERE = Path(__file__).resolve().parent
HOST = "127.0.0.1"
SCENARIOS = ("crowd", "rooms", "hall", "idle", "deep")
PEERS = ("inspircd", "ngircd")
STARTING_SECONDS = 30
STOPPING_SECONDS = 20
ARRIVING_SECONDS = 120
CROWD_ARRIVING_SECONDS = 900
SETTLING_SECONDS = 2
REPLY_SECONDS = 10

Figures = dict[str, float]


class Trouble(Exception):
    """A sentence for the person who runs this: it cannot go on."""


@dataclass(frozen=True)
class Server:
    """How to start one kind of server, and how its clients may arrive.

    `arriving` clients are let in at the same time: few for a server with a short accept queue
    (the rest would wait a second to try again), many for one that admits people once a second.
    When a whole crowd comes into one room, everybody is told of everybody: fewer at a time, so
    that the server's memory shows its members and not what was waiting to be sent to them.
    """

    name: str
    protocol: str
    arriving: int
    arriving_in_crowd: int
    largest_crowd: int
    command: Callable[[Path, int], list[str]]


@dataclass(frozen=True)
class Running:
    server: Server
    port: int
    pid: int


@dataclass(frozen=True)
class Work:
    """What is asked of the load generator, under a title for the table."""

    title: str
    mode: str
    options: tuple[str, ...]


@dataclass
class Results:
    """The figures of every run, by scenario and server, and what went wrong in them."""

    runs: dict[str, dict[str, list[Figures]]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def add(self, title: str, server: str, figures: Figures) -> None:
        self.runs.setdefault(title, {}).setdefault(server, []).append(figures)

    def medians(self, title: str) -> dict[str, Figures]:
        return {server: median_figures(runs) for server, runs in self.runs[title].items()}


def median_figures(runs: list[Figures]) -> Figures:
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def progress(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


# ---- the servers ----


def chatsvc(twistd: str, archive: str, extra: list[str]) -> Callable[[Path, int], list[str]]:
    def command(folder: Path, port: int) -> list[str]:
        where = archive.format(folder=folder)
        service = ["chat", "--port", str(port), "--interface", HOST, "--archive", where]
        return [twistd, "-n", "--pidfile=", *service, *extra]

    return command


INSPIRCD_CONFIG = """\
<server name="irc.benchmark.test" description="benchmark" network="benchmark" id="1AA">
<path configdir="{folder}" datadir="{folder}" logdir="{folder}" runtimedir="{folder}">
<pid file="{folder}/pid">
<log method="file" type="*" level="default" target="{folder}/inspircd.log">
<bind address="127.0.0.1" port="{port}" type="clients">
<performance somaxconn="4096" softlimit="100000" netbuffersize="10240">
<connect name="all" allow="*" timeout="600" pingfreq="600" maxchans="1000"
    limit="100000" localmax="100000" globalmax="100000" maxconnwarn="no" useconnflood="no"
    softsendq="1073741824" hardsendq="1073741824" recvq="1048576"
    threshold="1000000" commandrate="1000000000" fakelag="no"
    useident="no" resolvehostnames="no">
"""

NGIRCD_CONFIG = """\
[Global]
Name = irc.benchmark.test
Info = benchmark
Listen = 127.0.0.1
Ports = {port}

[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxPenaltyTime = 0
PingTimeout = 600
PongTimeout = 600

[Options]
DNS = no
Ident = no
PAM = no
"""


def inspircd_command(folder: Path, port: int) -> list[str]:
    config = folder / "inspircd.conf"
    config.write_text(INSPIRCD_CONFIG.format(folder=folder, port=port))
    command = [program("inspircd"), "--nofork", "--config", str(config)]
    return [*command, "--runasroot"] if os.geteuid() == 0 else command


def ngircd_command(folder: Path, port: int) -> list[str]:
    config = folder / "ngircd.conf"
    config.write_text(NGIRCD_CONFIG.format(port=port))
    return [program("ngircd"), "--nodaemon", "--config", str(config)]


def program(name: str) -> str:
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if path is None:
        raise Trouble(f"{name} is not installed; leave it out with --servers.")
    return path


def known_servers(arguments: argparse.Namespace) -> dict[str, Server]:
    twistd, extra = arguments.twistd, shlex.split(arguments.chat_options)
    kept = chatsvc(twistd, "sqlite:{folder}/chat.db", extra)
    forgetful = chatsvc(twistd, "memory:", extra)
    servers = [
        Server("chatsvc", "text", 100, 500, 60_000, kept),
        Server("chatsvc-memory", "text", 100, 500, 60_000, forgetful),
        Server("inspircd", "irc", 1000, 200, 60_000, inspircd_command),
        # Each of thousands who enter one room takes it a tenth of a second.
        Server("ngircd", "irc", 10, 10, 3_000, ngircd_command),
    ]
    return {server.name: server for server in servers}


# ---- starting and stopping ----


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def scratch_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="chat-benchmark-") as name:
        folder = Path(name)
        # A server that gives up being root still has to read its files.
        folder.chmod(0o755)
        yield folder


@contextmanager
def running(server: Server) -> Iterator[Running]:
    with scratch_folder() as folder, running_in(server, folder) as it:
        yield it


@contextmanager
def running_in(server: Server, folder: Path) -> Iterator[Running]:
    port = free_port()
    command = server.command(folder, port)
    with (folder / "output").open("wb") as output:
        process = start(command, cwd=folder, stdout=output, stderr=output)
    try:
        wait_until_accepting(server, process, port, folder)
        yield Running(server, port, process.pid)
    finally:
        stop(process)


def start(command: list[str], **options: Any) -> subprocess.Popen[str]:
    """In a session of its own, so that Ctrl-C reaches this program only, which then tidies up."""
    options.setdefault("stdin", subprocess.DEVNULL)
    try:
        return subprocess.Popen(command, text=True, start_new_session=True, **options)
    except OSError as error:
        raise Trouble(f"{command[0]} cannot be started: {error.strerror}.") from error


def stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOPPING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_until_accepting(
    server: Server, process: subprocess.Popen[str], port: int, folder: Path
) -> None:
    deadline = time.monotonic() + STARTING_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    words = (folder / "output").read_text(errors="replace")[-1000:]
    raise Trouble(f"{server.name} does not accept connections. It said:\n{words}")


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
        """Do the work and return the figures; faults of the server are among them."""
        limit = warmup + seconds + ARRIVING_SECONDS
        options = (*work.options, "--seconds", str(seconds), "--warmup", str(warmup))
        options = (*options, "--arriving", str(on.server.arriving))
        process = start(
            self.command(on, work.mode, options, limit),
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
        """Within, so many clients are connected and idle; yields how they arrived."""
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


def work_of(scenario: str, arguments: argparse.Namespace) -> list[Work]:
    if scenario == "crowd":
        return [crowd()]
    if scenario == "rooms":
        return [rooms(inflight) for inflight in arguments.inflight]
    return [hall()]


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
        """An archive with many lines in #lobby against one with just enough to show."""
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
        print_deep(title, self.results.medians(title))

    def visit_each(self, title: str, running_with: dict[int, Running]) -> None:
        for _ in range(self.arguments.repeats):
            for size, it in running_with.items():
                figures = visiting_figures(it.port)
                self.results.add(title, f"{size:,} lines", figures)
                progress(f"{title}: {size:,}: joined in {figures['join_ms']:.2f} ms")

    def talk_in_each(self, title: str, running_with: dict[int, Running]) -> None:
        """After all the visits, because it adds lines to both archives."""
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
    """Leave an archive in the folder whose #lobby holds at least so many lines."""
    with running_in(server, folder) as it:
        said = 0.0
        while said + SHOWN_ON_JOINING < lines:
            figures = generator.run(it, FILLING, FILLING_SECONDS, 0)
            said += figures["lines"]
            progress(f"deep: filling the archive, {said:,.0f} of {lines:,} lines")
        say_enough_to_show(it.port)


FILLING = Work("filling", "throughput", ("--members", "2", "--talkers", "2", "--inflight", "2000"))


class Visitor:
    """Somebody in #lobby who waits for what they expect to read."""

    def __init__(self, port: int, name: str) -> None:
        self.connection = socket.create_connection((HOST, port), timeout=REPLY_SECONDS)
        self.received = b""
        self.say(name)

    def say(self, line: str) -> None:
        self.connection.sendall(line.encode() + b"\r\n")

    def wait_for(self, words: str) -> None:
        """Read until a whole line with these words has come, and forget all up to there."""
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
    """The same last lines in every archive, so that a visitor is shown equally much."""
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


# ---- tables ----


def print_table(title: str, head: list[str], rows: list[list[str]]) -> None:
    print(f"\n### {title}\n")
    print("| " + " | ".join(head) + " |")
    print("|---|" + "---:|" * (len(head) - 1))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    sys.stdout.flush()


def ratio(mine: Figures | None, other: Figures, key: str) -> str:
    """How many times this server's figure chatsvc's is."""
    if mine is None or mine is other or not other[key]:
        return ""
    return f"{mine[key] / other[key]:.2f}"


def print_talking(title: str, medians: dict[str, Figures]) -> None:
    head = ["server", "deliveries/s", "µs CPU per delivery", "p50 ms", "p99 ms"]
    head += ["server busy", "generator busy", "others busy"]
    head += ["chatsvc ÷ it: deliveries/s", "CPU", "p99"]
    mine = medians.get("chatsvc")
    rows = []
    for server, figures in medians.items():
        row = [server, f"{figures['deliveries_per_second']:,.0f}"]
        row += [f"{figures['cpu_us_per_delivery']:.3f}"]
        row += [f"{figures['p50_ms']:.2f}", f"{figures['p99_ms']:.2f}"]
        row += [f"{figures[who + '_busy']:.0%}" for who in ("server", "generator", "others")]
        compared = ("deliveries_per_second", "cpu_us_per_delivery", "p99_ms")
        rows.append(row + [ratio(mine, figures, key) for key in compared])
    print_table(title, head, rows)


def print_idle(title: str, medians: dict[str, Figures]) -> None:
    head = ["server", "all there after s", "MiB before", "MiB with them", "KiB each"]
    head += ["chatsvc ÷ it"]
    mine = medians.get("chatsvc")
    rows = []
    for server, figures in medians.items():
        row = [server, f"{figures['arrival_seconds']:.1f}"]
        row += [f"{figures[key] / 1024:.1f}" for key in ("kib_before", "kib_after")]
        rows.append(
            [*row, f"{figures['kib_per_client']:.1f}", ratio(mine, figures, "kib_per_client")]
        )
    print_table(title, head, rows)


def print_deep(title: str, medians: dict[str, Figures]) -> None:
    few, many = medians
    measured = {
        "joining, ms": "join_ms",
        f"/history {SHOWN_ON_JOINING}, ms": "history_ms",
        "a line said and heard, p50 ms": "p50_ms",
        "a line said and heard, p99 ms": "p99_ms",
        "lines/s, one in flight": "lines_per_second",
    }
    rows = []
    for words, key in measured.items():
        both = [f"{medians[size][key]:,.3f}" for size in (few, many)]
        rows.append([words, *both, ratio(medians[many], medians[few], key)])
    print_table(title, ["", few, many, "ratio"], rows)


# ---- the command line ----


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
    everything = ("chatsvc", "chatsvc-memory", *PEERS)
    chosen = ["chatsvc", *PEERS]
    help_servers = f"among {', '.join(everything)} (all but chatsvc-memory)"
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
    """For the servers, which inherit it: most take the limit they are started with."""
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
