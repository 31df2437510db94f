"""Browsers in memory: requests for pages, and WebSocket clients built on `websockets`."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from http.client import HTTPMessage, parse_headers
from io import BytesIO
from typing import Any, NamedTuple

from conftest import Chat, Person
from tlspeople import Secure
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.uri import parse_uri

ACCEPTED = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"  # by browsers
KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # of RFC 6455, 1.3
ORDINARY = {
    "Host": "localhost:13531",
    "Upgrade": "websocket",
    "Connection": "keep-alive, Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
}


def request(line: str = "GET / HTTP/1.1", **changes: str | None) -> bytes:
    """Return a request for a WebSocket; `changes` replace fields, or remove them."""
    fields = {**ORDINARY, **{name.replace("_", "-"): value for name, value in changes.items()}}
    lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join([line, *lines, "", ""]).encode()


class Answer(NamedTuple):
    """An answer to an HTTP request."""

    status: int
    headers: HTTPMessage
    body: str


def ask(line: str = "GET /", host: str = "chat:13531", **fields: str) -> bytes:
    """Return a request as a browser sends it."""
    fields = {"Host": host, "Accept": ACCEPTED, **fields}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join([f"{line} HTTP/1.1", *lines, "", ""]).encode()


def answers(data: bytes) -> list[Answer]:
    """Return the answers in what was received; none has a body if HEAD was requested."""
    found, file = [], BytesIO(data)
    while line := file.readline():
        headers = parse_headers(file)
        body = file.read(int(headers.get("Content-Length", "0")))
        unzipped = gzip.decompress(body) if headers["Content-Encoding"] == "gzip" else body
        found.append(Answer(int(line.split()[1]), headers, unzipped.decode()))
    return found


def received(person: Person) -> list[Answer]:
    data = person.transport.value()
    person.transport.clear()
    return answers(data)


def got(chat: Chat, line: str = "GET /", **fields: str) -> Answer:
    person = chat.connect()
    person.protocol.dataReceived(ask(line, **fields))
    (answer,) = received(person)
    return answer


class Browser:
    """A user who connects over WebSocket."""

    def __init__(self, chat: Chat, *subprotocols: str, person: Person | None = None) -> None:
        self.person = person or chat.connect()
        self._secure: Secure | None = None
        self._begin("ws", subprotocols)

    @classmethod
    def over_tls(cls, secure: Secure, *subprotocols: str) -> Browser:
        """Return a user who connects over TLS."""
        self = cls.__new__(cls)
        self.person, self._secure = secure.outside, secure
        self._begin("wss", subprotocols)
        return self

    def _begin(self, scheme: str, subprotocols: tuple[str, ...]) -> None:
        names: Any = subprotocols
        uri = parse_uri(f"{scheme}://localhost:13531/")
        self.client = ClientProtocol(uri, subprotocols=names or None)
        self.answer: Response | None = None
        self.frames: list[Frame] = []
        self.client.send_request(self.client.connect())
        self.exchange()

    def exchange(self) -> None:
        """Deliver what was sent, and read what arrived."""
        for _ in range(3):  # what arrives may have to be answered
            data = b"".join(self.client.data_to_send())
            self._read(self._carried(data))

    def _carried(self, data: bytes) -> bytes:
        if self._secure is not None:
            if data:
                self._secure.tls.write(data)
            return self._secure.received()
        if data and not self.person.transport.disconnecting:
            self.person.protocol.dataReceived(data)
        answer: bytes = self.person.transport.value()
        self.person.transport.clear()
        return answer

    def _read(self, data: bytes) -> None:
        if data:
            self.client.receive_data(data)
        for event in self.client.events_received():
            if isinstance(event, Response):
                self.answer = event
            elif isinstance(event, Frame):
                self.frames.append(event)

    def send(self, *texts: str | bytes) -> list[str]:
        """Send each as a message, and return the messages that answer them."""
        for text in texts:
            if isinstance(text, str):
                self.client.send_text(text.encode())
            else:
                self.client.send_binary(text)
        self.exchange()
        return self.read()

    def ask(self, **request: object) -> list[dict[str, Any]]:
        """Send a JSON request, and return the events that answer it."""
        return [json.loads(text) for text in self.send(json.dumps(request))]

    def read(self) -> list[str]:
        """The messages that have come since the last time."""
        self.exchange()
        frames, self.frames = self.frames, []
        texts, whole = [], b""
        for frame in frames:
            if frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                whole += bytes(frame.data)
                if frame.fin:
                    texts.append(whole.decode())
                    whole = b""
        return texts

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.read()]

    @property
    def ended(self) -> tuple[int, str] | None:
        """The code and the reason with which the server has closed."""
        self.exchange()
        close = self.client.close_rcvd
        return None if close is None else (close.code, close.reason)


def program(chat: Chat, name: str, open_: Callable[[Chat], Browser] = Browser) -> Browser:
    """Return a program in the lobby that uses JSON over WebSocket."""
    browser = open_(chat)
    browser.ask(do="hello", name=name)
    browser.ask(do="join", room="#lobby")
    return browser
