"""What the server answers to HTTP requests: the browser client, its files, or how to join."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, lru_cache
from html import escape
from importlib.resources import files
from urllib.parse import urlsplit

from chatsvc.dialects.join_page import METHODS, SAFE, Address, join_page, place_named
from chatsvc.transports.connection import ClientConnection
from chatsvc.transports.web.assets import Asset, Assets, asset, load
from chatsvc.transports.web.reply import Reply
from chatsvc.transports.websocket.handshake import Head
from chatsvc.transports.websocket.opening import is_known_place

PAGES = ("/", "/admin")  # one file; its scripts show the chat, or the administration
MOST_PAGES = 32  # remembered: the page names the host, for which a browser may use several
UNKNOWN_HOST = (
    "This server does not know the name in the address. The operator can add it: --web-host."
)
NO_HOST = "An HTTP/1.1 request must have one Host field."
_HTML = "text/html; charset=utf-8"
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'none';"
    " connect-src 'self'{sockets}; manifest-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
_CHECKED = {"Cache-Control": "no-cache", "Vary": "Accept, Accept-Encoding"}


class Site:
    """Answers the requests of browsers from memory."""

    def __init__(self, assets: Assets) -> None:
        self._assets = assets
        self._page = lru_cache(MOST_PAGES)(self._make_page)

    def reply(self, arrival: ClientConnection, head: Head) -> Reply:
        """Return the answer to a request that does not ask for a WebSocket."""
        if not is_known_place(arrival, head):
            return _explained(arrival, Head("", {}), 421, UNKNOWN_HOST)
        if not head.is_addressed():
            return _explained(arrival, head, 400, NO_HOST)
        method, target, _ = head.request.split(" ")
        if method not in METHODS:
            refused = _explained(
                arrival, head, 405, f"This server answers {' and '.join(METHODS)} only."
            )
            return refused._replace(headers={**refused.headers, "Allow": ", ".join(METHODS)})
        return self._found(arrival, head, _path(target))

    def _found(self, arrival: ClientConnection, head: Head, path: str) -> Reply:
        by_browser = bool(_place(arrival, head).by_browser())
        if path in PAGES:
            shown = by_browser and "text/html" in ",".join(head.fields.get("accept", []))
            return self._client(arrival, head) if shown else _explained(arrival, head)
        icon = self._assets.icon if path == "/favicon.ico" else None
        found = icon or self._assets.files.get(path)
        if found is None or not by_browser:
            return _explained(arrival, head, 404, "There is no page at this address.")
        return _sent(found, head, _CHECKED if icon else _FOREVER)

    def _client(self, arrival: ClientConnection, head: Head) -> Reply:
        place = _place(arrival, head)
        page = self._page(
            arrival.gate.hub.settings.name, replace(place, speaks=tuple(place.speaks))
        )
        hosts = [host.lower() for host in head.fields.get("host", [])[:1]]
        sockets = "".join(f" {scheme}://{host}" for host in hosts for scheme in ("ws", "wss"))
        policy = {"Content-Security-Policy": _PAGE_POLICY.format(sockets=sockets)}
        return _sent(page, head, {**_CHECKED, **policy})

    def _make_page(self, chat: str, place: Address) -> Asset:
        text = self._assets.page
        values = {
            "{chat}": chat,
            "{host}": place.host,
            "{port}": str(place.port),
            "{commands}": "\n".join(place.commands()),
            "{http}": place.plain_page(),
            "{https}": place.encrypted_page(),
        }
        for marker, value in values.items():
            text = text.replace(marker, escape(value).replace("{", "&#123;"))
        return asset(_HTML, text.encode())


@cache
def packaged() -> Site:
    """Return the site of the browser client that is installed with the server."""
    return Site(load(files("chatsvc") / "web"))


def _path(target: str) -> str:
    """Return the path that is requested; a proxy's request has the whole address."""
    if target.startswith("/"):
        return target.partition("?")[0]
    try:
        return urlsplit(target).path or "/"
    except ValueError:
        return target


def _place(arrival: ClientConnection, head: Head) -> Address:
    host = next(iter(head.fields.get("host", [])), "")
    return place_named(host, arrival.place(), 443 if arrival.secure else 80)


def _explained(arrival: ClientConnection, head: Head, status: int = 200, why: str = "") -> Reply:
    """Return how to join, after a sentence that says what went wrong."""
    place = _place(arrival, head)
    body = join_page(arrival.gate.hub.settings.name, place, why)
    return Reply(status, {**SAFE, "Content-Type": _HTML, "Vary": "Accept"}, body)


def _sent(found: Asset, head: Head, headers: dict[str, str]) -> Reply:
    """Return a file, compressed if the client accepts that, or 304 if the client has it."""
    zipped = _accepts_gzip(head) and len(found.gzipped) < len(found.body)
    tag = f'"{found.digest}-gzip"' if zipped else f'"{found.digest}"'
    headers = {**SAFE, "ETag": tag, **headers}
    if _has(head, tag):
        return Reply(304, headers)
    headers["Content-Type"] = found.kind
    if zipped:
        headers["Content-Encoding"] = "gzip"
    return Reply(200, headers, found.gzipped if zipped else found.body)


def _accepts_gzip(head: Head) -> bool:
    for coding in head.words("accept-encoding"):
        name, _, quality = coding.lower().replace(" ", "").partition(";q=")
        if name in ("gzip", "*"):
            return quality.strip("0.") != "" or not quality
    return False


def _has(head: Head, tag: str) -> bool:
    known = [word.removeprefix("W/") for word in head.words("if-none-match")]
    return tag in known or "*" in known
