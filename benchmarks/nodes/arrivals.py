"""How long many programs take to come back to a relaying node, and the memory of each of them."""

from __future__ import annotations

import argparse
import json
import re
import socket
import time
from pathlib import Path

from benchmarks.nodes.capacity import NAMES, trusting_anybody, wait_for_links
from benchmarks.nodes.site import Node, Site
from benchmarks.servers import scratch_folder


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.nodes.arrivals", description=__doc__
    )
    parser.add_argument("--people", type=int, default=4000, help="(%(default)s)")
    parser.add_argument("--tls", action="store_true", help="with TLS")
    given = parser.parse_args()
    with scratch_folder() as folder:
        site = Site(folder, NAMES[:2])
        with site.running():
            wait_for_links(site)
            before = [_memory(node) for node in site.nodes]
            begun = time.monotonic()
            people = [_come(site.nodes[1], number, given.tls) for number in range(given.people)]
            for each in people:
                _wait_until_inside(each)
            took = time.monotonic() - begun
            leader, relay = (
                (_memory(node) - one) / given.people
                for node, one in zip(site.nodes, before, strict=True)
            )
            print(f"{given.people} people are in their rooms after {took:.1f} s.")
            print(f"KiB for each: {leader:.1f} at the leader, {relay:.1f} at the relay.")


def _come(node: Node, number: int, tls: bool) -> socket.socket:
    link = socket.create_connection((node.host, node.port), 10)
    if tls:
        link = trusting_anybody().wrap_socket(link)
    hello = {"do": "hello", "version": 1, "name": f"u{number}", "client": f"client-{number:06}"}
    join = {"do": "join", "room": f"#r{number // 10}", "tag": "joined"}
    link.sendall(b"".join(json.dumps(each).encode() + b"\n" for each in (hello, join)))
    return link


def _wait_until_inside(link: socket.socket) -> None:
    received = b""
    while b'"tag":"joined"' not in received:
        data = link.recv(65536)
        if not data:
            raise SystemExit(f"The connection was closed: {received.decode()}")
        received += data


def _memory(node: Node) -> int:
    """Return the resident memory of a node, in KiB."""
    assert node.process is not None
    status = Path(f"/proc/{node.process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", status)
    assert found is not None
    return int(found[1])


if __name__ == "__main__":
    main()
