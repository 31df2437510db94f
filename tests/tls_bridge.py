"""TLS for clients with several threads, two of which can break a connection in CPython 3.11."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading

from real import LIMIT


def bridged(tls: ssl.SSLSocket) -> socket.socket:
    """Return a socket whose data one thread passes on over TLS, and back, until either ends."""
    inside, outside = socket.socketpair()
    threading.Thread(target=_pass_on, args=(tls, outside), daemon=True).start()
    return inside


def _pass_on(tls: ssl.SSLSocket, outside: socket.socket) -> None:
    with tls, outside, contextlib.suppress(OSError):  # one of them is gone
        while True:
            ready = [tls] if tls.pending() else select.select([tls, outside], [], [])[0]
            for one in ready:
                data = _read(tls) if one is tls else outside.recv(65536)
                if data == b"":
                    return
                _write(outside if one is tls else tls, data or b"")


def _read(tls: ssl.SSLSocket) -> bytes | None:
    """Return what has come, or None if that was only about TLS itself."""
    tls.settimeout(0)
    try:
        return tls.recv(65536)
    except ssl.SSLWantReadError:
        return None


def _write(to: socket.socket, data: bytes) -> None:
    to.settimeout(LIMIT)
    to.sendall(data)
