"""What HTTP clients are answered at a node that cannot pass them on."""

from __future__ import annotations

import re

from chatsvc.dialects.join_page import METHODS, SAFE

UNAVAILABLE = "The chat cannot be reached at the moment. Try again soon."

_PATHS = ("/healthz", "/readyz", "/metrics")
_PROBES = tuple(f"{method} {path}".encode() for method in METHODS for path in _PATHS)
_PROBE = re.compile(rb"(?:%b)[ ?]" % b"|".join(_PROBES))
_REQUEST = re.compile(rb"(?:GET|HEAD) /")


def is_probe(data: bytes) -> bool | None:
    """Return whether this asks for the health of the service; None if too little has come."""
    if _PROBE.match(data):
        return True
    return None if any(probe.startswith(data) for probe in _PROBES) else False


def is_about_room(probe: bytes) -> bool:
    """Return whether a probe asks whether users can join."""
    return b" /readyz" in probe[: len(b"HEAD /readyz")]


def is_http(data: bytes) -> bool:
    """Return whether a browser or another HTTP client has sent this."""
    return _REQUEST.match(data) is not None


def unavailable(request: bytes, why: str) -> bytes:
    """Return the answer 503."""
    body = f"{why}\n".encode()
    lines = (
        "HTTP/1.1 503 Service Unavailable",
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in SAFE.items()),
    )
    head = "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n"
    return head if request.startswith(b"HEAD") else head + body
