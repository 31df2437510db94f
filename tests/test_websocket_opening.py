"""Which requests become a WebSocket: names, origins and header fields."""

from __future__ import annotations

import pytest
from conftest import Chat
from hypothesis import given
from hypothesis import strategies as st
from tlspeople import Secure, encrypted
from webpeople import KEY, request

from chatsvc.transports.websocket.access import WebAccess
from chatsvc.transports.websocket.handshake import head_of


def answer(chat: Chat, data: bytes) -> list[str]:
    person = chat.connect()
    person.protocol.dataReceived(data)
    return person.read()


def status(chat: Chat, data: bytes) -> str:
    return answer(chat, data)[0].removeprefix("HTTP/1.1 ")


def test_the_answer_is_that_of_the_rfc(chat: Chat) -> None:
    lines = answer(chat, request(Sec_WebSocket_Protocol="text.ircv3.net, binary.ircv3.net"))
    assert lines == [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        "Sec-WebSocket-Protocol: text.ircv3.net",
        "",
    ]


BAD = {
    "version": ("426", request(Sec_WebSocket_Version="8")),
    "no version": ("426", request(Sec_WebSocket_Version=None)),
    "no key": ("400", request(Sec_WebSocket_Key=None)),
    "short key": ("400", request(Sec_WebSocket_Key="c2hvcnQ=")),
    "long key": ("400", request(Sec_WebSocket_Key=KEY * 2)),
    "no base64": ("400", request(Sec_WebSocket_Key="é" * 22)),
    "no host": ("400", request(Host=None)),
    "no upgrade of the connection": ("400", request(Connection="keep-alive")),
    "HTTP/1.0": ("400", request("GET / HTTP/1.0")),
    "foreign origin": ("403", request(Origin="http://evil.example")),
    "origin of another port": ("403", request(Origin="http://localhost:8000")),
    "origin with another scheme": ("403", request(Origin="https://localhost:13531")),
    "a file's origin": ("403", request(Origin="null")),
    "no origin": ("403", request(Origin="")),
    "unknown host": ("421", request(Host="evil.example:13531")),
    "unknown host and its page": (
        "421",
        request(Host="evil.example:13531", Origin="http://evil.example:13531"),
    ),
    "no host at all": ("421", request(Host="a b")),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_is_refused_in_a_sentence(chat: Chat, name: str) -> None:
    code, data = BAD[name]
    for _ in (1, 2):
        lines = answer(chat, data)
        assert lines[0].split()[1] == code
        assert any(line.rstrip("</p>").endswith((".", "--web-host")) for line in lines[-20:])
        assert ("Sec-WebSocket-Version: 13" in lines) == (code == "426")
    assert not chat.hub.directory.sessions


def test_two_hosts_or_origins_are_refused(chat: Chat) -> None:
    end = b"\r\n\r\n"
    for field in (b"Host: localhost", b"Origin: http://localhost:13531", b"Sec-WebSocket-Key: x"):
        twice = request(Origin="http://localhost:13531").removesuffix(end) + b"\r\n" + field + end
        assert status(chat, twice) == "400 Bad Request"


@pytest.mark.parametrize(
    "line", ["POST / HTTP/1.1", "HEAD / HTTP/1.1", "OPTIONS * HTTP/1.1", "GETS / HTTP/1.1"]
)
def test_other_methods_get_a_page(chat: Chat, line: str) -> None:
    assert not status(chat, request(line)).startswith("101")
    assert status(chat, request(Upgrade="h2c")) == "200 OK"
    assert status(chat, request(Upgrade=None)) == "200 OK"


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:13531", None),
        ("localhost:13531", "http://localhost:13531"),
        ("LOCALHOST:13531", "http://localhost:13531"),
        ("chat", "http://chat"),
        ("chat:80", "http://chat"),
        ("192.168.0.7:13531", "http://192.168.0.7:13531"),
        ("[fe80::1]:13531", "http://[fe80::1]:13531"),
    ],
)
def test_the_page_of_this_server_may_connect(chat: Chat, host: str, origin: str | None) -> None:
    assert status(chat, request(Host=host, Origin=origin)) == "101 Switching Protocols"


def test_inside_tls_the_origin_is_https() -> None:
    chat = encrypted(Chat())
    for scheme, code in (("https", "101"), ("http", "403")):
        secure = Secure(chat).shake_hands()
        secure.tls.write(request(Origin=f"{scheme}://localhost:13531"))
        assert secure.read()[0].split()[1] == code


def test_other_origins_and_hosts_are_for_the_operator_to_choose(chat: Chat) -> None:
    chat.factory.web = WebAccess(["chat.example.org"], ["https://www.example.org"])
    assert status(chat, request(Origin="https://www.example.org"))[:3] == "101"
    assert status(chat, request(Origin="http://www.example.org"))[:3] == "403"
    assert status(chat, request(Host="chat.example.org"))[:3] == "101"
    assert status(chat, b"GET / HTTP/1.1\r\nHost: chat.example.org\r\n\r\n") == "200 OK"


def test_the_page_is_not_shown_under_an_unknown_name_either(chat: Chat) -> None:
    lines = answer(chat, b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")
    assert lines[0] == "HTTP/1.1 421 Misdirected Request"
    assert "evil.example" not in "".join(lines)
    assert any("--web-host" in line for line in lines)
    assert status(chat, b"GET / HTTP/1.0\r\n\r\n") == "200 OK"


def test_names_of_the_certificate_are_known() -> None:
    access = WebAccess(own="box.example.net")
    assert access.knows("box.example.net:13531")
    names = ("chat.example.org", "*.Example.com")
    assert access.knows("chat.example.org.", names)
    assert access.knows("a.example.com:1", names)
    assert not access.knows("a.b.example.com", names)
    assert not access.knows("example.com", names)
    chat = encrypted(Chat())
    assert chat.factory.tls is not None
    assert "localhost" in chat.factory.tls.names


@pytest.mark.parametrize("end", ["local", "lan", "internal", "home.arpa", "localhost"])
def test_local_names_are_known(end: str) -> None:
    access = WebAccess(own="box")
    assert access.knows(f"chat.{end}:13531")
    assert not access.knows(f"chat{end}.example")
    assert not access.knows(f"chat.{end}.example")
    assert not access.knows(f"evil.x{end}")


@given(st.text())
def test_no_host_makes_it_raise(host: str) -> None:
    access = WebAccess()
    assert access.knows(host) in (True, False)
    assert access.trusts(host, host, False) is False or "://" in host


@given(st.binary(max_size=300))
def test_no_head_makes_it_raise(data: bytes) -> None:
    head_of(data).words("host")
    chat = Chat()
    person = chat.connect()
    person.protocol.dataReceived(request().removesuffix(b"\r\n") + data + b"\r\n\r\n")


def test_commands_that_a_browser_is_made_to_send_have_no_effect(chat: Chat) -> None:
    bob = chat.join("bob")
    for line in ("POST / HTTP/1.1", "GET / HTTP/1.1"):
        data = request(line) + b'NICK eve\r\nUSER eve 0 * :Eve\r\n{"do":"hello","name":"eve"}\n'
        browser = chat.connect()
        browser.protocol.dataReceived(data)
        assert browser.closed
        browser.hang_up()
    assert bob.read() == []
    assert len(chat.hub.directory.sessions) == 1
