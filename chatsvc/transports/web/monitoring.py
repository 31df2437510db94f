"""`/healthz`, `/readyz` and `/metrics`, for this machine and for programs with a token."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Coroutine
from hashlib import sha256
from typing import Any

from twisted.internet import defer

from chatsvc.dialects.join_page import SAFE
from chatsvc.store.archive import ArchiveFailed
from chatsvc.transports.gate import Gate
from chatsvc.transports.web.exposition import CONTENT_TYPE, exposed
from chatsvc.transports.web.reply import Reply
from chatsvc.transports.websocket.access import is_loopback_host
from chatsvc.transports.websocket.handshake import Head

CHECKED_WITHIN = 5.0  # seconds in which the archive must answer

_TEXT = "text/plain; charset=utf-8"
_FRESH = {**SAFE, "Cache-Control": "no-store"}
_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
_DENIED = (
    "Only programs on the server's machine, at localhost, and programs with the token of"
    " --metrics-token can read this."
)


class Monitoring:
    """Answers programs that watch the service."""

    def __init__(self, gate: Gate, token: str | None = None) -> None:
        self._gate = gate
        self._token = None if token is None else _digest(token)
        self._pages: dict[str, Callable[[], Coroutine[Any, Any, Reply]]] = {
            "/healthz": self._health, "/readyz": self._readiness, "/metrics": self._metrics,
        }  # fmt: skip

    def find(self, head: Head, local: bool, relayed: bool) -> Coroutine[Any, Any, Reply] | None:
        """Begin to answer a request, or return None if it is for another page."""
        method, target, _ = head.request.split(" ")
        path, _, query = target.partition("?")
        page = self._pages.get(path)
        if page is None or method not in ("GET", "HEAD"):
            return None
        if not (local and _is_direct(head)) and not self._has_token(head):
            return self._denied(head)
        if page == self._readiness and query == "relaying":
            return self._relaying(relayed)
        return page()

    def _has_token(self, head: Head) -> bool:
        scheme, _, given = " ".join(head.fields.get("authorization", [])).partition(" ")
        if self._token is None or scheme.lower() != "bearer":
            return False
        return hmac.compare_digest(_digest(given.strip()), self._token)

    async def _denied(self, head: Head) -> Reply:
        if self._token is None:
            return _said(403, _DENIED)
        refused = _said(401, _DENIED)
        return refused._replace(headers={**refused.headers, "WWW-Authenticate": "Bearer"})

    async def _health(self) -> Reply:
        if self._gate.hub.messaging.stopping:
            return _said(503, "The server is stopping.")
        try:
            await self._in_time(self._gate.hub.archive.check())
        except ArchiveFailed as failed:
            return _said(503, str(failed))
        except defer.TimeoutError:
            return _said(503, "The archive does not answer. Check the disk or PostgreSQL.")
        return _said(200, "Messages can be stored.")

    def _in_time(self, work: Coroutine[Any, Any, None]) -> Awaitable[None]:
        checked: defer.Deferred[None] = defer.Deferred.fromCoroutine(work)
        return checked.addTimeout(CHECKED_WITHIN, self._gate.clock)

    async def _readiness(self) -> Reply:
        if self._gate.is_full():
            return _said(503, "The server is full.")
        health = await self._health()
        return _said(200, "Users can join.") if health.status == 200 else health

    async def _relaying(self, relayed: bool) -> Reply:
        """Say whether users should come to this node, who wait there while PostgreSQL is away."""
        if not relayed:
            return _said(503, "This node does not relay.")
        if self._gate.is_full():
            return _said(503, "The server is full.")
        return _said(200, "Users can join at this node.")

    async def _metrics(self) -> Reply:
        return Reply(200, {**_FRESH, "Content-Type": CONTENT_TYPE}, await exposed(self._gate))


def _is_direct(head: Head) -> bool:
    """Return whether a request from this machine was made for it, and not forwarded to it.

    A page cannot make a browser send such a request under a name of its own, either.
    """
    hosts = head.fields.get("host", [])
    forwarded = any(name in head.fields for name in _FORWARDED)
    return not forwarded and len(hosts) == 1 and is_loopback_host(hosts[0])


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


def _said(status: int, sentence: str) -> Reply:
    return Reply(status, {**_FRESH, "Content-Type": _TEXT}, f"{sentence}\n".encode())
