"""The HTTP request that asks for a WebSocket (RFC 6455, section 4), and its answer.  No I/O."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error
from hashlib import sha1
from typing import NamedTuple

from chatsvc.dialects.join_page import LONGEST_HEAD, SAFE

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_END = re.compile(rb"\n\r?\n")
_REQUEST = re.compile(r"GET \S+ HTTP/1\.[1-9]")
_FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*")
_LISTED = ("connection", "upgrade", "sec-websocket-protocol")  # which may be given several times

IRC_SUBPROTOCOLS = {"text.ircv3.net": False, "binary.ircv3.net": True}  # whether it is binary


class NotUpgraded(Exception):
    """A request for a WebSocket is refused, with a status and a sentence."""

    def __init__(self, status: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


class Head(NamedTuple):
    """A request line and its header fields, by their names in lower case."""

    request: str
    fields: dict[str, list[str]]

    def one(self, name: str) -> str | None:
        """Return the only value of a field; raise `NotUpgraded` if there are several."""
        values = self.fields.get(name, [])
        if len(values) > 1:
            raise NotUpgraded("400 Bad Request", f"The request has more than one {name}.")
        return values[0] if values else None

    def is_addressed(self) -> bool:
        """Return whether the request has one Host, or none before HTTP/1.1 (RFC 9112, 3.2)."""
        hosts = len(self.fields.get("host", []))
        return hosts == 1 or (not hosts and not self.request.endswith(" HTTP/1.1"))

    def words(self, name: str) -> list[str]:
        """Return the elements of a field that is a list."""
        return [word.strip() for value in self.fields.get(name, []) for word in value.split(",")]


def split(data: bytes) -> tuple[bytes, bytes]:
    """Return the head of a request, and what follows it."""
    found = _END.search(data)
    return (data[: found.end()], data[found.end() :]) if found else (data, b"")


def head_of(data: bytes) -> Head:
    """Parse the head of a request; skip lines that are not fields."""
    request, *lines = data[:LONGEST_HEAD].decode("latin-1").split("\n")
    fields: dict[str, list[str]] = {}
    for line in lines:
        found = _FIELD.fullmatch(line.removesuffix("\r"))
        if found:
            fields.setdefault(found[1].lower(), []).append(found[2])
    return Head(request.removesuffix("\r"), fields)


def wants_websocket(head: Head) -> bool:
    """Return whether this is a GET request with `Upgrade: websocket`."""
    asked = "websocket" in map(str.lower, head.words("upgrade"))
    return asked and head.request.startswith("GET ")


def accept(head: Head) -> tuple[bytes, str]:
    """Return the answer that upgrades, and the subprotocol; raise `NotUpgraded`."""
    if not _REQUEST.fullmatch(head.request) or "upgrade" not in map(
        str.lower, head.words("connection")
    ):
        raise NotUpgraded("400 Bad Request", "A WebSocket needs HTTP/1.1 and Connection: Upgrade.")
    if head.one("sec-websocket-version") != "13":
        raise NotUpgraded("426 Upgrade Required", "This server supports WebSocket version 13.")
    key = _key(head.one("sec-websocket-key") or "")
    offered = head.words("sec-websocket-protocol")
    chosen = next((name for name in offered if name in IRC_SUBPROTOCOLS), "")
    return _switching(key, chosen), chosen


def _key(value: str) -> bytes:
    try:
        if len(b64decode(value, validate=True)) == 16:
            return value.encode()
    except (Error, ValueError):
        pass
    raise NotUpgraded("400 Bad Request", "Sec-WebSocket-Key must be 16 bytes in base64.")


def _switching(key: bytes, subprotocol: str) -> bytes:
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {b64encode(sha1(key + _GUID).digest()).decode()}",
        *([f"Sec-WebSocket-Protocol: {subprotocol}"] if subprotocol else []),
    ]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()


def refusal(refused: NotUpgraded) -> bytes:
    """Return the answer to a request that is not upgraded."""
    body = f"{refused.sentence}\n".encode()
    lines = [
        f"HTTP/1.1 {refused.status}",
        *(["Upgrade: websocket", "Sec-WebSocket-Version: 13"] if "426" in refused.status else []),
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in SAFE.items()),
        "Connection: close",
    ]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode() + body
