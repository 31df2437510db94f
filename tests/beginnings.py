"""The first bytes of connections, by protocol."""

from __future__ import annotations

import ssl

import pytest

GREETING = b"Welcome to chatsvc. What is your name?\r\n"


def client_hello() -> bytes:
    """The first bytes of a TLS client."""
    sent = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), sent, False, "chat").do_handshake()
    return sent.read()


BEGINNINGS = {
    "tls": [client_hello(), b"\x16\x03\x01\x00\x07garbage"],
    "json": [b'{"do":"ping"}\n', b'{ \t"do":"ping"}\n', b'{"do":1\n', b"{}\n", b"{\n"],
    "irc": [
        b"CAP LS 302\r\nNICK ann\r\nUSER ann 0 * :Ann\r\n",
        b"CAP LS\r\n",
        b"CAP REQ :sasl\n",
        b"NICK ann\r\n",
        b"NICK :ann\n",
        b"USER ann 0 * :Ann Example\r\n",
        b"USER ann ann localhost Ann\r\n",
        b"PASS sesame\r\nNICK ann\r\n",
        b"PASS :/open sesame\r\n",
        b"nick ann\r\n",
        b"nick :ann\n",
        b"user ann 0 * :Ann Example\r\n",
        b"cap ls 302\r\n",
        b"CAP ls\r\n",
        b"cap END\r\n",
        b"pass sesame\r\nnick ann\r\n",
    ],
    "http": [
        b"GET / HTTP/1.1\r\nHost: chat:13531\r\n\r\n",
        b"HEAD / HTTP/1.0\n\n",
        b"POST /?/quit HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n/me\nspam\n",
        b"OPTIONS * HTTP/1.1\r\n\r\n",
        b"CONNECT chat:13531 HTTP/1.1\r\n\r\n",
        b"PROPFIND /x HTTP/1.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET http://chat/ HTTP/1.1\r\n\r\n",
        b"GET /\r\n",
        b"PASS /x HTTP/1.1\r\n\r\nNICK eve\r\nUSER eve 0 * :Eve\r\n",
        b"eve /x HTTP/1.1\r\n\r\nspam\r\n",
        b"M-SEARCH /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\nspam\r\n",
        b"POST /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\nevil\r\n",
    ],
    "text": [
        b"ann\r\nhello\r\n",
        b"\r\n",
        b"nick\r\nNICK ann\r\n",
        b"NICK\r\n",
        b"NICK \r\n",
        b"nick\r\nann\r\n",
        b"nick \r\n",
        b"nick ann bob\r\n",
        b"user ann\r\n",
        b"cap in hand\r\n",
        b"capslock\r\n",
        b"password\r\n",
        b"Pass the salt\r\n",
        b"Nick Cave\r\n",
        b"NICKY\r\n",
        b"NICK " + b"x" * 600 + b"\r\n",
        b"CAP\r\n",
        b"CAPTAIN\r\n",
        b"Captain Haddock\r\n",
        b"PASS\r\n",
        b"PASSWORD\r\n",
        b"USER\r\nhello\r\n",
        b"USER ann\r\n",
        b"GET\r\n",
        b"GET lost\r\n",
        b"POST office HTTP\r\n",
        b"see /help please\r\n",
        b"HELLO\r\n",
        b"{ann}\r\nhello\r\n",
        b"/help\r\n",
        b"\xff\xfd\x03ann\r\n",
        b"\x16\x16\x03\r\n",
        b"\x15\x03\x01\x00\x02\x02\x28\r\n",
        "é\r\n".encode(),
        b"A" * 9000 + b" / HTTP/1.1\r\n\r\n",
    ],
}
EVERYTHING = [(name, data) for name, several in BEGINNINGS.items() for data in several]
