"""Connections to the real service: over TLS, behind a proxy, by other programs."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import subprocess
from functools import cache
from http.client import HTTPConnection
from pathlib import Path
from typing import TypeVar

from real import LIMIT, Peer, Service, needs, proc

P = TypeVar("P", bound=Peer)

OF_NODES = {
    "chatsvc_node_connections", "chatsvc_node_leads", "chatsvc_node_lag_seconds", "chatsvc_epoch",
    "chatsvc_heartbeat_age_seconds",
}  # fmt: skip
IN_MEMORY = ("--archive", "memory:")
BEHIND_PROXY = ("--listen", "haproxy:tcp:0:interface=127.0.0.1")


@cache
def trusting(pem: bytes | None = None) -> ssl.SSLContext:
    """Return a client that trusts one certificate, or any."""
    if pem is not None:
        return ssl.create_default_context(cadata=pem[pem.index(b"-----BEGIN CERT") :].decode())
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def connected(chat: Service) -> socket.socket:
    return socket.create_connection(("127.0.0.1", chat.port), LIMIT)


def secure(chat: Service, trust: ssl.SSLContext | None = None) -> ssl.SSLSocket:
    """Return a connection over TLS."""
    return (trust or trusting()).wrap_socket(connected(chat), server_hostname="localhost")


def run(*command: str, text: str = "") -> str:
    """Return what a program prints for this input."""
    path = needs(command[0])
    done = subprocess.run(
        [path, *command[1:]], input=text.encode(), capture_output=True, timeout=LIMIT
    )
    return done.stdout.decode()


def proxied(chat: Service, kind: type[P], address: str) -> P:
    """Return a user at an address, through a proxy."""
    peer = chat.peer(kind, "127.0.0.1")
    family = "TCP6 {} 2001:db8::" if ":" in address else "TCP4 {} 192.0.2.254"
    peer.send_bytes(f"PROXY {family.format(address)} 1000 13531\r\n".encode())
    return peer


def memory(chat: Service) -> int:
    """Return how many bytes of memory the service uses."""
    status = proc(chat.pid, "status").read_text()
    (kilobytes,) = re.findall(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
    return int(kilobytes) * 1024


def connections(chat: Service) -> int:
    """Return how many sockets the service has open."""
    files = 0
    for link in proc(chat.pid, "fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            files += link.readlink().name.startswith("socket:")
    return files


def get(service: Service, path: str, **fields: str) -> tuple[int, str]:
    """Request a page; return the status and the body."""
    connection = HTTPConnection("localhost", service.port, timeout=LIMIT)
    try:
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def named_in_manual() -> set[str]:
    """Return the measurements that the administrator's manual names."""
    page = (Path(__file__).parent.parent / "docs" / "operating.md").read_text()
    return set(re.findall(r"`[^`\n]*?(chatsvc_[a-z_]+)", page))
