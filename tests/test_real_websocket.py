"""WebSocket with the real service and the client of the `websockets` library."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from real import LIMIT, Service, proc
from real_connections import BEHIND_PROXY, IN_MEMORY, connected, secure
from tls_bridge import bridged
from webpeople import request
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Close
from websockets.sync.client import ClientConnection, connect

from chatsvc.transports.websocket.frames import client_frame

SCHEMES = pytest.mark.parametrize("scheme", ["ws", "wss"])


@pytest.fixture(scope="module")
def shared_chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("chat"), *IN_MEMORY, "--show-history", "0") as service:
        yield service


@pytest.fixture
def chat(shared_chat: Service) -> Iterator[Service]:
    """Return the service, in which nobody is left of the test before."""
    yield shared_chat
    shared_chat.everybody_leaves()


def opened(chat: Service, scheme: str = "ws", *subprotocols: str, **more: Any) -> ClientConnection:
    if scheme == "wss":
        more["sock"] = bridged(secure(chat))
    names: Any = subprotocols
    chosen = {"subprotocols": names or None, "compression": None, "proxy": None, **more}
    connection: ClientConnection = connect(f"ws://localhost:{chat.port}/", **chosen)
    return connection


def until(connection: ClientConnection, wanted: Callable[[str], bool]) -> str:
    """The next message that is wanted."""
    while True:
        message = connection.recv(LIMIT)
        text = message if isinstance(message, str) else message.decode()
        if wanted(text):
            return text


def event(connection: ClientConnection, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        until(connection, lambda text: json.loads(text)["event"] == kind)
    )
    return found


def closing(connection: ClientConnection) -> Close:
    """Return the code and reason with which the server closes the connection."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            connection.recv(LIMIT)
    close = connection.protocol.close_rcvd
    assert close is not None
    return close


def ask(connection: ClientConnection, **request: object) -> None:
    connection.send(json.dumps(request))


@SCHEMES
@pytest.mark.parametrize("subprotocol", ["text.ircv3.net", "binary.ircv3.net"])
def test_json_irc_and_telnet_share_a_room(chat: Service, scheme: str, subprotocol: str) -> None:
    tom = chat.person("tom")
    page = f"{'https' if scheme == 'wss' else 'http'}://localhost:{chat.port}"
    with (
        opened(chat, scheme, origin=page) as ann,
        opened(chat, scheme, subprotocol, "x") as bob,
    ):
        assert ann.subprotocol is None
        assert bob.subprotocol == subprotocol
        ask(ann, do="hello", name="ann")
        ask(ann, do="join", room="#lobby")
        event(ann, "entered")
        for line in ("NICK bob", "USER bob 0 * :Bob", "JOIN #lobby"):
            bob.send(line.encode() if subprotocol.startswith("binary") else line)
        until(bob, lambda line: " 366 bob #lobby " in line)
        ask(ann, do="say", room="#lobby", text="tëa?")
        assert tom.until("<ann>").endswith("<ann> tëa?")
        until(bob, lambda line: line.endswith("PRIVMSG #lobby :tëa?"))
        tom.send("yes")
        until(ann, lambda text: json.loads(text).get("text") == "yes")
        assert until(bob, lambda line: line.endswith(":yes")).startswith(":tom!")
        ask(ann, do="quit")
        event(ann, "goodbye")
        assert closing(ann).code == 1000
    tom.until("* bob left.")


def test_the_example_in_python_works(chat: Service, tmp_path: Path) -> None:
    page = (Path(__file__).parent.parent / "docs" / "protocol.md").read_text()
    example = page.partition("with the `websockets` package:\n")[2].partition("\nThe first")[0]
    program = textwrap.dedent(example).replace("13531", str(chat.port))
    (tmp_path / "example.py").write_text(program)
    tom = chat.person("tom")
    running = subprocess.Popen([sys.executable, str(tmp_path / "example.py")])
    try:
        tom.until("* bot joined.")
    finally:
        running.kill()
        running.wait(LIMIT)


@SCHEMES
def test_long_histories_and_long_messages_arrive_whole(chat: Service, scheme: str) -> None:
    room = f"#{scheme}"
    with opened(chat, scheme) as ann:
        ask(ann, do="hello", name="ann")
        ask(ann, do="join", room=room)
        for number in range(100):
            ask(ann, do="say", room=room, text=f"{number} " + "ü" * 1000, tag=f"t{number}")
        for number in range(100):
            assert event(ann, "said")["number"] == number + 1
        ask(ann, do="history", room=room, n=100)
        assert [len(line["text"]) for line in event(ann, "history")["lines"]][-1] == 1003
        ann.ping().wait(LIMIT)
        ann.send(["{" + " " * 15_000, '"do":"ping"}'])
        event(ann, "pong")
        ann.send("x" * 16_385)
        assert closing(ann).code == 1009


def test_a_foreign_page_is_refused(chat: Service) -> None:
    with pytest.raises(InvalidStatus) as refused:
        opened(chat, origin="http://evil.example")
    assert refused.value.response.status_code == 403


@SCHEMES
def test_when_the_service_stops_it_says_1001(tmp_path: Path, scheme: str) -> None:
    with Service(tmp_path, *IN_MEMORY) as chat:
        with opened(chat, scheme) as ann, opened(chat, scheme) as silent:
            ask(ann, do="hello", name="ann")
            event(ann, "welcome")
            chat.process.terminate()
            for connection in (ann, silent):
                assert closing(connection).code == 1001
        assert chat.ended() == 0


def test_behind_a_proxy_the_address_that_it_tells_counts(tmp_path: Path) -> None:
    with Service(tmp_path, *IN_MEMORY, *BEHIND_PROXY, "--per-address", "1") as chat:

        def arrived(address: str) -> ClientConnection:
            peer = socket.create_connection(("127.0.0.1", chat.port), LIMIT)
            peer.sendall(f"PROXY TCP4 {address} 192.0.2.254 1000 13531\r\n".encode())
            return opened(chat, sock=peer)

        with arrived("192.0.2.1") as first, arrived("192.0.2.1") as second, arrived("192.0.2.2"):
            close = closing(second)
            assert close.code == 1008
            assert close.reason.startswith("192.0.2.1 already has 1 connection")
            ask(first, do="ping")
            event(first, "pong")


def test_a_reader_that_stops_reading_costs_no_memory_and_misses_nothing(chat: Service) -> None:
    tom = chat.program("tom")
    with opened(chat, max_queue=1) as ann:
        ask(ann, do="hello", name="ann")
        ask(ann, do="join", room="#lobby", last=0)
        event(ann, "entered")
        before = int(proc(chat.pid, "statm").read_text().split()[1])
        for _ in range(1500):  # 6 MB, which ann does not take
            tom.request("say", room="#lobby", text="x" * 4000)
            tom.event("said")
        assert int(proc(chat.pid, "statm").read_text().split()[1]) - before < 20_000  # pages
        numbers = [event(ann, "said")["number"] for _ in range(1500)]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == numbers[0] + 1499


def test_the_answer_to_the_request_comes_before_those_to_messages_sent_with_it(
    tmp_path: Path,
) -> None:
    page = b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n"
    ping = client_frame(b'{"do":"ping"}')
    with Service(tmp_path, *IN_MEMORY, "--speaks", "http,websocket,json") as chat:
        for before in (b"", page):
            heard = exchanged(chat, before + request() + ping, b"pong")
            assert heard.startswith(b"HTTP/1.1 404" if before else b"HTTP/1.1 101")
            assert heard.endswith(b'\r\n\r\n\x81\x10{"event":"pong"}')
        irc = request(Sec_WebSocket_Protocol="text.ircv3.net")
        heard = exchanged(chat, irc, b"does not accept irc")
        assert heard.startswith(b"HTTP/1.1 101")


def exchanged(chat: Service, data: bytes, last: bytes) -> bytes:
    """Return what answers these bytes, up to these words."""
    with contextlib.closing(connected(chat)) as peer:
        peer.sendall(data)
        heard = b""
        while last not in heard and (more := peer.recv(4096)):
            heard += more
    return heard
