"""The chat servers that are compared: how to start and stop each of them."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.clusters import address_in, cluster
from benchmarks.scraping import scraped

HOST = "127.0.0.1"
STARTING_SECONDS = 30
STOPPING_SECONDS = 20


class Trouble(Exception):
    """The benchmark cannot continue; the message is a sentence for the user."""


@dataclass(frozen=True)
class Server:
    """How to start one kind of server, and how its clients may connect.

    `arriving` clients log in in parallel: few for a server with a short accept queue (the rest
    would wait a second to retry), many for one that accepts one client per second. When a whole
    crowd joins one room, everybody is told about everybody: fewer in parallel, so that the server's
    memory shows its members and not what was waiting to be sent to them.
    """

    name: str
    protocol: str
    arriving: int
    arriving_in_crowd: int
    largest_crowd: int
    command: Callable[[Path, int], list[str]]
    scraped: bool = False
    in_postgresql: bool = False


@dataclass(frozen=True)
class Running:
    server: Server
    port: int
    pid: int


def progress(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


# ---- the servers ----


UNLIMITED = (
    "--flood",
    "off",
    "--per-address",
    "off",
    "--arrivals",
    "off",
    "--name-within",
    "off",
    "--new-rooms",
    "off",
)
# Counted as everywhere, and never reached.
LIMITED = (
    "--flood",
    "1000000/1000000",
    "--work",
    "1000000/1000000",
    "--per-address",
    "100000",
    "--arrivals",
    "1000000/1",
    "--new-rooms",
    "off",
)


def chatsvc(
    twistd: str, archive: str, limits: Sequence[str], extra: Sequence[str]
) -> Callable[[Path, int], list[str]]:
    def command(folder: Path, port: int) -> list[str]:
        where = archive.format(folder=folder, database=address_in(folder))
        service = ["chat", "--port", str(port), "--interface", HOST, "--archive", where]
        return [twistd, "-n", "--pidfile=", *service, *limits, *extra]

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
    kept = chatsvc(twistd, "sqlite:{folder}/chat.db", UNLIMITED, extra)
    forgetful = chatsvc(twistd, "memory:", UNLIMITED, extra)
    limited = chatsvc(twistd, "sqlite:{folder}/chat.db", LIMITED, extra)
    in_database = chatsvc(twistd, "{database}", UNLIMITED, extra)
    servers = [
        Server("chatsvc", "text", 100, 500, 60_000, kept),
        Server("chatsvc-postgresql", "text", 100, 500, 60_000, in_database, in_postgresql=True),
        Server("chatsvc-memory", "text", 100, 500, 60_000, forgetful),
        Server("chatsvc-limited", "text", 100, 500, 60_000, limited),
        Server("chatsvc-scraped", "text", 100, 500, 60_000, kept, scraped=True),
        Server("chatsvc-irc", "irc", 100, 500, 60_000, kept),
        Server("inspircd", "irc", 1000, 200, 60_000, inspircd_command),
        # Each of thousands who join one room takes it a tenth of a second.
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
        # A server that drops root privileges still has to read its files.
        folder.chmod(0o755)
        yield folder


@contextmanager
def running(server: Server) -> Iterator[Running]:
    with (
        scratch_folder() as folder,
        cluster(folder) if server.in_postgresql else nullcontext(),
        running_in(server, folder) as it,
    ):
        yield it


@contextmanager
def running_in(server: Server, folder: Path) -> Iterator[Running]:
    port = free_port()
    command = server.command(folder, port)
    with (folder / "output").open("wb") as output:
        process = start(command, cwd=folder, stdout=output, stderr=output)
    try:
        wait_until_accepting(server, process, port, folder)
        with scraped(port) if server.scraped else nullcontext():
            yield Running(server, port, process.pid)
    finally:
        stop(process)


def start(command: list[str], **options: Any) -> subprocess.Popen[str]:
    """Start in a separate session, so that Ctrl-C reaches only this program, which cleans up."""
    options.setdefault("stdin", subprocess.DEVNULL)
    try:
        return subprocess.Popen(command, text=True, start_new_session=True, **options)
    except OSError as error:
        raise Trouble(f"{command[0]} cannot be started: {error.strerror}.") from error


def stop(process: subprocess.Popen[str]) -> bool:
    """Stop a process; return whether SIGTERM was enough."""
    process.terminate()
    try:
        process.wait(STOPPING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return False
    return True


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
