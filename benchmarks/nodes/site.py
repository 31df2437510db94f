"""A site: a PostgreSQL server and some nodes on this machine, and how each of them can fail.

With a network of its own (`Network`), each node is in a namespace, as on a machine, and its cable
can be cut.  That needs root.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from benchmarks.clusters import Cluster
from benchmarks.servers import UNLIMITED, free_port

CHATSVC = [str(Path(sys.executable).with_name("chatsvc"))]
ADDRESS = "10.213.0."  # of the network; its first one is this machine's


class Network:
    """A bridge, and a namespace with an address for each node."""

    def __init__(self, names: list[str]) -> None:
        self._hosts = {name: f"{ADDRESS}{number}" for number, name in enumerate(names, 2)}
        self._bridge = f"chat{os.getpid() % 10_000}"
        self.own = f"{ADDRESS}1"

    def __enter__(self) -> Network:
        _ip("link", "add", self._bridge, "type", "bridge")
        _ip("addr", "add", f"{self.own}/24", "dev", self._bridge)
        _ip("link", "set", self._bridge, "up")
        for name, host in self._hosts.items():
            space, cable = self.space(name), self._cable(name)
            _ip("netns", "add", space)
            _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", space)
            _ip("link", "set", cable, "master", self._bridge, "up")
            _ip("-n", space, "addr", "add", f"{host}/24", "dev", "eth0")
            _ip("-n", space, "link", "set", "eth0", "up")
            _ip("-n", space, "link", "set", "lo", "up")
        return self

    def __exit__(self, *_: object) -> None:
        for name in self._hosts:
            _ip("link", "del", self._cable(name))  # at once, and not with the namespace's last user
            _ip("netns", "del", self.space(name))
        _ip("link", "del", self._bridge)

    def _cable(self, name: str) -> str:
        return f"{self._bridge}{name}"

    def space(self, name: str) -> str:
        """Return the name of a node's namespace."""
        return f"{self._bridge}-{name}"

    def host(self, name: str) -> str:
        """Return the address of a node."""
        return self._hosts[name]

    def cut(self, name: str, is_cut: bool) -> None:
        """Let nothing through to a node or from it; or (False) everything again."""
        self._block(name, is_cut)

    def cut_from(self, name: str, other: str, is_cut: bool) -> None:
        """Let nothing through between a node and an address."""
        self._block(name, is_cut, other)

    def _block(self, name: str, is_cut: bool, other: str | None = None) -> None:
        how = "-A" if is_cut else "-D"
        for chain, end in (("INPUT", "-s"), ("OUTPUT", "-d")):
            where = [] if other is None else [end, other]
            _ip(
                "netns", "exec", self.space(name),
                "iptables", "-w", how, chain, "!", "-i" if chain == "INPUT" else "-o", "lo",
                *where, "-j", "DROP",
            )  # fmt: skip


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


class Node:
    """A process of `chatsvc serve`."""

    def __init__(
        self,
        name: str,
        folder: Path,
        address: str,
        network: Network | None,
        program: list[str],
    ) -> None:
        self.program = program
        self.has_name = True  # not before there were nodes
        self.name = name
        self.host = network.host(name) if network else "127.0.0.1"
        self.port = free_port()
        self._folder = folder
        self._space = network.space(name) if network else None
        self._words = [
            "serve", "--data", str(folder / name), "--archive", address, "--interface", self.host,
            "--port", str(self.port), *UNLIMITED,
        ]  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None
        self.is_stopped = False  # by SIGSTOP

    def start(self) -> None:
        """Start it."""
        named = ["--node", self.name] if self.has_name else []
        within = ["ip", "netns", "exec", self._space] if self._space else []
        with (self._folder / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*within, *self.program, *self._words, *named],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run it alone until the end of the block."""
        self.start()
        try:
            self.wait()
            yield
        finally:
            self.signal(signal.SIGTERM)
            self.end()

    def wait(self) -> None:
        """Wait until it accepts connections."""
        end = time.monotonic() + 20
        while not self.accepts():
            if time.monotonic() > end:
                raise SystemExit(f"{self.name} does not accept connections: {self.log()}")
            time.sleep(0.05)

    def end(self) -> None:
        """Wait for its end."""
        if self.process is not None:
            self.process.wait(60)

    @property
    def runs(self) -> bool:
        """Whether the process is there, stopped or not."""
        return self.process is not None and self.process.poll() is None

    def signal(self, number: int) -> None:
        """Send a signal to the process, if it is there."""
        if self.process is not None and self.runs:
            self.process.send_signal(number)
            self.is_stopped = number == signal.SIGSTOP

    def kill(self) -> None:
        """Kill it, and wait for its end."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(20)
            self.is_stopped = False

    def accepts(self) -> bool:
        """Return whether it accepts connections."""
        try:
            socket.create_connection((self.host, self.port), 1).close()
        except OSError:
            return False
        return True

    def log(self) -> str:
        """Return what it has written."""
        return (self._folder / f"{self.name}.log").read_text()


class Site:
    """The database and the nodes."""

    at_first: int | None = None  # how many nodes begin; all if it is not set

    def __init__(
        self,
        folder: Path,
        names: list[str],
        network: Network | None = None,
        program: list[str] = CHATSVC,
    ) -> None:
        self.network = network
        self.database = Cluster(folder, host=network.own if network else None)
        self.nodes = [Node(name, folder, self.database.address, network, program) for name in names]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run all of it until the end of the block; the first node leads."""
        with self.database.running():
            try:
                for node in self.nodes[: self.at_first]:
                    node.start()
                    node.wait()
                yield
            finally:
                for node in self.nodes:
                    node.signal(signal.SIGCONT)
                    node.signal(signal.SIGTERM)
                for node in self.nodes:
                    node.end()

    def query(self, query: str) -> list[tuple[object, ...]]:
        """Return rows of the database."""
        with psycopg.connect(self.database.address, connect_timeout=5) as link:
            return link.execute(query.encode()).fetchall()

    def leader(self) -> Node | None:
        """Return the node that leads, as the database knows it."""
        try:
            names = {str(name) for (name,) in self.query("SELECT node FROM leader")}
        except psycopg.Error:
            return None
        return next((node for node in self.nodes if node.name in names), None)
