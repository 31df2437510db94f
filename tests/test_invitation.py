"""How to join: the commands, and the answers to HTTP requests."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsvc.dialects.join_page import LONGEST_HEAD, Address, answer, is_whole, place_in

GET = b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n"
HERE = Address("chat.example.org", 13531, ("text", "json", "tls"))


def test_each_way_to_join_is_a_command() -> None:
    assert list(HERE.commands("./chatsvc")) == [
        "./chatsvc join chat.example.org:13531",
        "telnet chat.example.org 13531",
        "nc chat.example.org 13531",
        "openssl s_client -quiet -connect chat.example.org:13531",
    ]
    assert "telnet ::1 7" in list(Address("::1", 7).commands())
    assert "chatsvc join [::1]:7" in list(Address("::1", 7).commands())


@pytest.mark.parametrize(
    ("speaks", "plain", "known"),
    [
        (["text"], True, "telnet HOST 7"),
        (["text", "tls"], False, "openssl s_client -quiet -connect HOST:7"),
        (["json"], True, "HOST 7"),
    ],
)
def test_only_ways_that_lead_in_are_named(speaks: list[str], plain: bool, known: str) -> None:
    place = Address(port=7, speaks=speaks, plain=plain)
    assert place.by_hand() == known
    joined = "".join(place.commands())
    assert ("telnet" in joined) == (plain and "text" in speaks)
    assert ("join" in joined) == (plain and "json" in speaks)
    assert ("openssl" in joined) == ("tls" in speaks)


@pytest.mark.parametrize(
    ("host", "place"),
    [
        (b"localhost:13531", ("localhost", 13531)),
        (b"chat.example.org", ("chat.example.org", 80)),
        (b"CHAT-1.example.org.:7000", ("CHAT-1.example.org.", 7000)),
        (b"192.0.2.1:7000", ("192.0.2.1", 7000)),
        (b"[2001:db8::1]:7000", ("2001:db8::1", 7000)),
        (b"[::1]", ("::1", 80)),
    ],
)
def test_a_browser_is_shown_the_name_that_it_knows(host: bytes, place: tuple[str, int]) -> None:
    found = place_in(GET % host, HERE, 80)
    assert (found.host, found.port) == place
    assert found.speaks == HERE.speaks


@pytest.mark.parametrize(
    "host",
    [
        b"",
        b"-oProxyCommand=evil",
        b"localhost;rm",
        b"$(rm):1",
        b"`rm`",
        b"<script>alert(1)</script>",
        b'"><script>:80',
        b"chat:0",
        b"chat:65536",
        b"chat:13531:1",
        b"chat:-1",
        b"chat evil",
        b"b\xc3\xbccher.example:80",
        b"a" * 254,
        b"[::1",
        b"2001:db8::1",
        b"chat\x1b[2J",
    ],
)
def test_a_name_that_is_not_sane_is_not_repeated(host: bytes) -> None:
    assert place_in(GET % host, HERE, 80) == HERE


def test_only_the_head_names_the_host() -> None:
    head = b"POST / HTTP/1.1\r\nX-Host: b:1\r\n\r\nHost: evil.example:1\r\n\r\n"
    assert place_in(head, HERE, 80) == HERE
    assert place_in(b"GET /\r\nhOsT:\tchat:1 \r\n", HERE, 80).host == "chat"


@pytest.mark.parametrize(
    ("head", "whole"),
    [
        (b"GET / HTTP/1.1\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r", False),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", True),
        (b"GET / HTTP/1.0\n\n", True),
        (b"GET /", False),
        (b"GET /\n", True),
        (b"GET /\r\n", True),
    ],
)
def test_a_request_is_answered_when_it_is_whole(head: bytes, whole: bool) -> None:
    assert is_whole(head) is whole


def parts(response: bytes) -> tuple[str, dict[str, str], str]:
    """Return the status line, headers and body."""
    head, _, body = response.decode().partition("\r\n\r\n")
    status, *lines = head.split("\r\n")
    return status, dict(line.split(": ", 1) for line in lines), body


def test_the_page_says_how_to_join_and_does_nothing_else() -> None:
    status, headers, body = parts(answer(GET % b"", "Class 4b", HERE))
    assert status == "HTTP/1.1 200 OK"
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert int(headers["Content-Length"]) == len(body.encode())
    assert headers["Connection"] == "close"
    assert headers["Content-Security-Policy"].startswith("default-src 'none';")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "<title>Class 4b</title>" in body
    for command in HERE.commands():
        assert f"\n{command}\n" in body
    assert not re.search(r"<(script|style|img|link|form|iframe|a)\b| on\w+=", body)


def test_whatever_the_chat_is_called_is_text() -> None:
    name = "<script>alert('é')</script> & \"co\""
    refused = "<b>no</b>"
    body = parts(answer(GET % b"", name, HERE, refused))[2]
    assert "<script" not in body
    assert "<b>" not in body
    assert "&lt;script&gt;alert(&#x27;é&#x27;)&lt;/script&gt; &amp; &quot;co&quot;" in body


@pytest.mark.parametrize(
    ("method", "status", "has_body"),
    [
        (b"GET", "200 OK", True),
        (b"HEAD", "200 OK", False),
        (b"POST", "405 Method Not Allowed", True),
        (b"OPTIONS", "405 Method Not Allowed", True),
        (b"DELETE", "405 Method Not Allowed", True),
    ],
)
def test_only_reading_is_allowed(method: bytes, status: str, has_body: bool) -> None:
    answered, headers, body = parts(answer(method + b" / HTTP/1.1\r\n\r\n", "chat", HERE))
    assert answered == f"HTTP/1.1 {status}"
    assert bool(body) is has_body
    assert int(headers["Content-Length"]) > 300
    assert (headers.get("Allow") == "GET, HEAD") is status.startswith("405")


def test_a_long_body_makes_no_head_too_long() -> None:
    whole = b"POST / HTTP/1.1\r\n\r\n" + b"x" * LONGEST_HEAD
    assert parts(answer(whole, "chat", HERE))[0] == "HTTP/1.1 405 Method Not Allowed"
    endless = b"GET /" + b"x" * LONGEST_HEAD
    assert parts(answer(endless, "chat", HERE))[0] == "HTTP/1.1 431 Request Header Fields Too Large"


def test_who_may_not_come_in_is_told_why() -> None:
    status, _, body = parts(answer(GET % b"", "chat", HERE, "The server is full.", "503 Full"))
    assert status == "HTTP/1.1 503 Full"
    assert "<p>The server is full.</p>" in body


@given(st.binary(max_size=300))
def test_any_bytes_are_answered(data: bytes) -> None:
    head = b"GET /" + data
    status, headers, body = parts(answer(head, "chat", place_in(head, HERE, 80)))
    assert status.startswith("HTTP/1.1 200")
    assert int(headers["Content-Length"]) == len(body.encode())
    is_whole(head)
