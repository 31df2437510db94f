"""How to join, for people who are not connected: the commands, and the web page."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from html import escape

LONGEST_HEAD = 16384  # maximum bytes of the head of an HTTP request
METHOD = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # any token (RFC 9110, 9.1 and 5.6.2)

_REQUEST = re.compile(rb"(%b) \S+(?: HTTP/([0-9.]+))?\r?\n?" % METHOD)
_HOST = re.compile(rb"\nhost:[ \t]*([^\s]+)[ \t]*\r?\n", re.IGNORECASE)
# Only what a shell, or the commands themselves, can take for a host and a port.
_SANE = re.compile(r"([a-z0-9][a-z0-9.-]{0,252}|\[[0-9a-f:.]{2,45}\])(?::([0-9]{1,5}))?", re.I)
_END = re.compile(rb"\n\r?\n")

METHODS = ("GET", "HEAD")
SAFE = {  # in every answer
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a chat as users write it, and how to join there."""

    host: str = "HOST"
    port: int | str = "PORT"
    speaks: Collection[str] = ("text", "json")
    plain: bool = True  # without encryption too

    def commands(self, client: str = "chatsvc") -> Iterator[str]:
        """Yield the commands to type at a shell."""
        if self.plain and "json" in self.speaks:
            yield f"{client} join {self._both()}"
        if self.plain and "text" in self.speaks:
            yield f"telnet {self.host} {self.port}"
            yield f"nc {self.host} {self.port}"
        if {"tls", "text"} <= set(self.speaks):
            yield f"openssl s_client -quiet -connect {self._both()}"

    def by_hand(self) -> str:
        """The command that works on most machines."""
        known = (one for one in self.commands() if one.startswith(("telnet", "openssl")))
        return next(known, f"{self.host} {self.port}")

    def by_browser(self) -> str:
        """The address to open in a browser, or "" if that does not lead to the browser client."""
        return self.plain_page() or self.encrypted_page()

    def plain_page(self) -> str:
        """The address of the browser client without encryption, or "" if there is none."""
        return f"http://{self._both()}/" if self.plain and self._has_page() else ""

    def encrypted_page(self) -> str:
        """The address of the browser client over TLS, or "" if there is none."""
        return f"https://{self._both()}/" if "tls" in self.speaks and self._has_page() else ""

    def _has_page(self) -> bool:
        return {"http", "websocket", "json"} <= set(self.speaks)

    def _both(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def is_whole(head: bytes) -> bool:
    """Return whether enough of an HTTP request has arrived to answer it."""
    request = _REQUEST.match(head)
    without_head = request is not None and request[0].endswith(b"\n") and not request[2]  # HTTP/0.9
    return without_head or _END.search(head) is not None


def place_in(head: bytes, place: Address, default_port: int) -> Address:
    """Return the address under the name that a browser used, if it is a valid one."""
    found = _HOST.search(_END.split(head, 1)[0] + b"\n")  # no further: a body can contain anything
    return place_named(found[1].decode("latin-1") if found else "", place, default_port)


def place_named(host: str, place: Address, default_port: int) -> Address:
    """Return the address under the name that a browser used, if it is a valid one."""
    sane = _SANE.fullmatch(host)
    if not sane or not 0 < (port := int(sane[2] or default_port)) < 65536:
        return place
    return replace(place, host=sane[1].strip("[]"), port=port)


def answer(
    head: bytes,
    chat: str,
    place: Address,
    refused: str = "",
    status: str = "200 OK",
    *,
    location: str = "",
) -> bytes:
    """Answer any HTTP request; `refused` says why the browser cannot join, `location` where to."""
    request = _REQUEST.match(head)
    method = request[1] if request else b"GET"
    if len(head) > LONGEST_HEAD and not is_whole(head):
        status = "431 Request Header Fields Too Large"
    elif method.decode() not in METHODS and not status.startswith("400"):
        status = "405 Method Not Allowed"
    body = join_page(chat, place, refused)
    head_lines = (
        f"HTTP/1.1 {status}",
        *([f"Allow: {', '.join(METHODS)}"] if status.startswith("405") else []),
        *([f"Location: {location}"] if location else []),
        "Content-Type: text/html; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in SAFE.items()),
    )
    lines = "".join(f"{line}\r\n" for line in head_lines).encode()
    return lines + b"\r\n" + (b"" if method == b"HEAD" else body)


def join_page(chat: str, place: Address, reason: str = "") -> bytes:
    """Return a page that says how to join, after a sentence that says what went wrong."""
    commands = "\n".join(map(escape, place.commands()))
    sentence = f"<p>{escape(reason)}</p>\n" if reason else ""
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(chat)}</title>\n<h1>{escape(chat)}</h1>\n{sentence}"
        f"<p>This is a chat server{_by_browser(place)} type one of these in a terminal:</p>\n"
        f"<pre>\n{commands}\n</pre>\n</html>\n"
    )
    return page.encode()


def _by_browser(place: Address) -> str:
    url = escape(place.by_browser())
    return (
        f'. To join it, open <a href="{url}">{url}</a> in a browser, or'
        if url
        else (", not a website. To join it,")
    )
