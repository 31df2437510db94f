"""Three nodes behind HAProxy, configured as docs/nodes.md shows it, and people who talk there."""

from __future__ import annotations

import contextlib
import json
import random
import re
import socket
import subprocess
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from administrator import run
from postgresql import database_at
from real import LIMIT, Peer, Person, Program, Service, needs, wait_until

P = TypeVar("P", bound=Peer)

MANUAL = Path(__file__).parent.parent / "docs" / "nodes.md"
NAMES = "abc"


def configuration() -> str:
    """Return the configuration of HAProxy in the manual."""
    (block,) = (each for each in _examples() if "frontend chat" in each)
    return textwrap.dedent(block).strip() + "\n"


def with_a_share_at_the_leader() -> str:
    """Return it with the line that lets the leading node have a share of the users."""
    (line,) = (each for each in _examples() if "rand(" in each)
    return re.sub(r".*use_backend relays.*", line.strip("\n"), configuration())


def _examples() -> list[str]:
    """Return the indented blocks of the manual."""
    return re.findall(r"(?:^(?: {4}.*)?\n)+", MANUAL.read_text(encoding="utf-8"), re.MULTILINE)


def free_ports(count: int) -> list[int]:
    """Return ports on which nobody listens."""
    with contextlib.ExitStack() as open_sockets:
        sockets = [open_sockets.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


class Balanced:
    """The nodes, and HAProxy, which connects people to them."""

    def __init__(self, directory: Path, configured: str) -> None:
        self._haproxy = needs("haproxy")
        self._configured = configured
        self._directory = directory
        self.address = database_at(directory / "archive").address
        self.port, *ports = free_ports(len(NAMES) + 1)
        self._ports = dict(zip(NAMES, ports, strict=True))
        self._stack = self._balancer = contextlib.ExitStack()
        self.nodes: dict[str, Service] = {}
        self.log = directory / "haproxy.log"

    def __enter__(self) -> Balanced:
        with contextlib.ExitStack() as stack:
            for name in NAMES:
                self.nodes[name] = stack.enter_context(self._node(name))
                self.nodes[name].wait_for(f"The node {name} (leads|relays)")
            self._balancer = stack.enter_context(contextlib.ExitStack())
            self._balancer.enter_context(self._balancing())
            self._stack = stack.pop_all()
        self.everybody_is_ready()
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    def _node(self, name: str) -> Service:
        directory = self._directory / name
        directory.mkdir(exist_ok=True)
        listen = f"haproxy:tcp:{self._ports[name]}:interface=127.0.0.1"
        options = ("--archive", self.address, "--node", name, "--listen", listen)
        limits = ("--arrivals", "off", "--per-address", "off")
        return Service(directory, *options, *limits, twistd=None)

    @contextlib.contextmanager
    def _balancing(self) -> Iterator[None]:
        text = self._configured.replace("bind :13531", f"bind 127.0.0.1:{self.port}")
        for number, name in enumerate(NAMES, 1):
            text = text.replace(f"10.0.0.1{number}:13531", f"127.0.0.1:{self._ports[name]}")
        file = self._directory / "haproxy.cfg"
        file.write_text(text)
        with self.log.open("w") as log:
            command = [self._haproxy, "-db", "-f", str(file)]
            with subprocess.Popen(command, stdout=log, stderr=log) as process:
                try:
                    wait_until(self._answers, "HAProxy")
                    yield
                finally:
                    process.terminate()

    def _answers(self) -> bool:
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", self.port), LIMIT).close()
            return True
        return False

    def everybody_is_ready(self) -> None:
        """Wait until HAProxy takes no node for stopped, and knows which one leads."""
        for name in NAMES:
            wait_until(lambda name=name: self._is_up(name), f"HAProxy to use the node {name}")  # type: ignore[misc]
        wait_until(self.leader_is_spared, "HAProxy to know which node leads")

    def _is_up(self, name: str) -> bool:
        return self._last_state("nodes", name) == "UP"

    def leader_is_spared(self) -> bool:
        """Return whether HAProxy leaves new users to the nodes that relay."""
        return self._last_state("relays", self.leader) == "stopping"

    def relays(self, name: str) -> bool:
        """Return whether HAProxy gives users to a node because it relays."""
        return self._last_state("relays", name) == "UP"

    def _last_state(self, backend: str, name: str) -> str:
        said = re.findall(rf"Server {backend}/{name} is (\w+)", self.log.read_text())
        return said[-1] if said else "UP"

    def connections(self, name: str) -> dict[str, int]:
        """Return how many connections each node has, as one of them says."""
        words = ("status", "--archive", self.address, "--json")
        figures = json.loads(run(self._directory / name, *words))
        return {each["name"]: each["connections"] for each in figures["nodes"]}

    @property
    def leader(self) -> str:
        """The name of the node that leads."""
        said = {name: self._last_said(node) for name, node in self.nodes.items()}
        return next(name for name, words in said.items() if words == "leads")

    def _last_said(self, node: Service) -> str:
        runs = node.process.poll() is None
        said = re.findall(r"The node \w+ (leads|relays to|joins|no longer leads)", node.log)
        return said[-1] if runs and said else ""

    def stop(self, name: str) -> None:
        """Stop a node with SIGTERM."""
        self.nodes[name].process.terminate()
        assert self.nodes[name].ended() == 0

    def start(self, name: str) -> None:
        """Start a node again, and wait until HAProxy uses it."""
        self.nodes[name] = self._stack.enter_context(self._node(name))
        wait_until(lambda: self._is_up(name), f"HAProxy to use the node {name}")

    def restart_haproxy(self) -> None:
        """Stop HAProxy, which ends all connections, and start it again."""
        self._balancer.close()
        self._balancer.enter_context(self._balancing())

    def restart(self, name: str) -> None:
        """Stop a node with SIGTERM, and start it again."""
        self.stop(name)
        self.start(name)

    # People

    def peer(self, kind: Callable[[socket.socket], P], address: str = "127.0.0.1") -> P:
        """Return a user of HAProxy's port, who has this address."""
        place = ("127.0.0.1", self.port)
        connection = socket.create_connection(place, LIMIT, (address, 0))
        return self._stack.enter_context(contextlib.closing(kind(connection)))

    def person(self, name: str, address: str = "127.0.0.1") -> Person:
        """Return a user of the text dialect, in the lobby."""
        person = self.peer(Person, address)
        person.come_in(name)
        return person

    def program(self, name: str) -> Program:
        """Return a program in the lobby."""
        program = self.peer(Program)
        program.ask("hello", version=1, name=name)
        program.ask("join", room="#lobby")
        return program


class Talker(threading.Thread):
    """A program that talks in the lobby, and resumes as docs/protocol.md says."""

    def __init__(self, chat: Balanced, name: str) -> None:
        super().__init__(name=name)
        self._chat = chat
        self._waiting: dict[str, dict[str, object]] = {}  # what is not acknowledged, by its tag
        self._end = threading.Event()
        self._inside = False
        self._said = 0
        self.shown: list[tuple[int, str]] = []  # numbers and texts
        self.goodbyes: list[dict[str, Any]] = []
        self.refused: list[dict[str, Any]] = []
        self.silence = 0.0  # the longest time without a message, in seconds
        self._heard = time.monotonic()

    def __enter__(self) -> Talker:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    @property
    def texts(self) -> list[str]:
        """Everything that was said, in order."""
        return [f"{self.name} {number}" for number in range(1, self._said + 1)]

    def has_heard(self, names: set[str], since: int) -> bool:
        """Return whether something by each of these was shown after the first so many messages."""
        return {text.split()[0] for _, text in self.shown[since:]} >= names

    def finish(self) -> None:
        """Say nothing more, and leave when everything is acknowledged."""
        self._end.set()
        self.join(LIMIT)

    def run(self) -> None:
        while not self._is_done():
            with contextlib.suppress(ConnectionError, TimeoutError):
                self._visit()
            self._inside = False
            time.sleep(random.random() * 0.5)

    def _is_done(self) -> bool:
        return self._end.is_set() and not self._waiting

    def _visit(self) -> None:
        with socket.create_connection(("127.0.0.1", self._chat.port), LIMIT) as self._socket:
            self._send(
                {"do": "hello", "version": 1, "name": self.name, "client": f"client-of-{self.name}"}
            )
            self._socket.settimeout(0.02)
            rest = b""
            while not self._is_done():
                *lines, rest = (rest + self._received()).split(b"\n")
                for line in lines:
                    self._hear(json.loads(line))
                if self._inside and not self._end.is_set():
                    self._say()

    def _received(self) -> bytes:
        try:
            data = self._socket.recv(1 << 16)
        except TimeoutError:
            return b""
        if not data:
            raise ConnectionResetError
        return data

    def _send(self, request: dict[str, object]) -> None:
        self._socket.sendall(json.dumps(request).encode() + b"\n")

    def _say(self) -> None:
        self._said += 1
        tag = f"tag-{self._said}"
        request: dict[str, object] = {
            "do": "say",
            "room": "#lobby",
            "text": self.texts[-1],
            "tag": tag,
        }
        self._waiting[tag] = request
        self._send(request)

    def _hear(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        if kind == "welcome":
            after = self.shown[-1][0] if self.shown else 0
            self._send({"do": "join", "room": "#lobby", "after": after})
        elif kind == "entered":
            self._inside = True
            for request in self._waiting.values():
                self._send(request)
        elif kind == "said":
            now = time.monotonic()
            self.silence, self._heard = max(self.silence, now - self._heard), now
            self.shown.append((event["number"], event["text"]))
            self._waiting.pop(event.get("tag", ""), None)
        elif kind == "kept":
            self._waiting.pop(event["tag"], None)
        elif kind == "goodbye":
            self.goodbyes.append(event)
        elif kind == "refused":
            self.refused.append(event)
