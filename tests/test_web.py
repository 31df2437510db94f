"""The pages and files that browsers get, and what a connection that loads them may do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import Chat
from tlspeople import Secure, encrypted
from webpeople import ask, got, received, request

from chatsvc.model.rate_limits import Limits
from chatsvc.transports.web.assets import load
from chatsvc.transports.web.site import packaged

ASSETS = packaged()._assets
SCRIPT = next(path for path in ASSETS.files if path.endswith("/main.js"))


# The page and its files


def test_a_browser_gets_the_page_with_the_place_filled_in() -> None:
    chat = Chat(name="Class <4b> {port}")
    page = got(chat)
    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Cache-Control"] == "no-cache"
    assert "<title>Class &lt;4b&gt; &#123;port}</title>" in page.body
    assert "telnet chat 13531" in page.body
    assert "\ntelnet chat 13531\n" in page.body
    assert f'src="{SCRIPT}"' in page.body
    assert f'<link rel="modulepreload" href="{SCRIPT}">' in page.body
    assert not re.search(r"""["']assets/|\{(chat|host|port|commands)\}""", page.body)


def test_the_page_allows_only_what_it_needs(chat: Chat) -> None:
    policy = got(chat).headers["Content-Security-Policy"]
    assert policy == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'none';"
        " connect-src 'self' ws://chat:13531 wss://chat:13531; manifest-src 'self';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
        " require-trusted-types-for 'script'; trusted-types 'none'"
    )


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("GET /", 200),
        ("HEAD /", 200),
        ("GET /?x=y", 200),
        ("GET http://chat:13531/", 200),
        (f"GET {SCRIPT}", 200),
        ("GET /favicon.ico", 404),
        ("GET /index.html", 404),
        ("GET /assets/0/main.js", 404),
        (f"GET {SCRIPT}/../../../etc/passwd", 404),
        ("GET //chat", 404),
        ("GET http://[", 404),
        ("POST /", 405),
        ("OPTIONS *", 405),
        ("CONNECT chat:13531", 405),
        ("M-SEARCH /", 405),
    ],
)
def test_each_answer_has_a_status_and_the_headers_that_protect(
    chat: Chat, line: str, status: int
) -> None:
    if line == "GET /favicon.ico" and ASSETS.icon:
        status = 200
    answer = got(chat, line)
    assert answer.status == status
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'; " in answer.headers["Content-Security-Policy"]
    assert answer.headers["Server"] is None
    if status == 404:
        assert "There is no page at this address." in answer.body
    if status == 405:
        assert answer.headers["Allow"] == "GET, HEAD"
        assert "This server answers GET and HEAD only." in answer.body


@pytest.mark.parametrize("path", sorted(ASSETS.files))
def test_a_file_is_kept_for_ever_under_its_path(chat: Chat, path: str) -> None:
    answer = got(chat, f"GET {path}", Accept="*/*", Accept_Encoding="deflate, gzip;q=0.5")
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    kind = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    wanted = kind.get(path.rpartition(".")[2], "text/")
    assert answer.headers["Content-Type"].startswith(wanted)
    assert answer.headers["Content-Type"].endswith("charset=utf-8")
    assert answer.body.encode() == ASSETS.files[path].body


def test_what_a_browser_has_is_not_sent_again(chat: Chat) -> None:
    for coding in ("identity", "gzip"):
        page = got(chat, Accept_Encoding=coding)
        tag = page.headers["ETag"]
        for known in (tag, f'"x", W/{tag}', "*"):
            again = got(chat, Accept_Encoding=coding, If_None_Match=known)
            assert (again.status, again.body) == (304, "")
            assert again.headers["ETag"] == tag
            assert again.headers["Content-Security-Policy"].startswith("default-src 'none'; script")
        assert got(chat, Accept_Encoding=coding, If_None_Match='"x"').status == 200
        assert got(chat, Accept_Encoding=coding, Range="bytes=0-5").body == page.body


@pytest.mark.parametrize("coding", ["", "identity", "br", "gzip;q=0", "gzip; q=0.0, br"])
def test_who_accepts_no_gzip_gets_none(chat: Chat, coding: str) -> None:
    assert got(chat, Accept_Encoding=coding).headers["Content-Encoding"] is None
    assert got(chat, Accept_Encoding="gzip, br").headers["Content-Encoding"] == "gzip"


def test_files_change_their_paths_when_one_changes(tmp_path: Path) -> None:
    (tmp_path / "icons").mkdir()
    (tmp_path / "index.html").write_text('<head></head><img src="assets/icons/favicon.svg">')
    (tmp_path / "icons" / "favicon.svg").write_text("<svg/>")
    (tmp_path / "__init__.py").touch()
    before = load(tmp_path)
    assert len(before.files) == 1
    (path,) = before.files
    assert re.fullmatch(r"/assets/[0-9a-f]{16}/icons/favicon\.svg", path)
    assert f'src="{path}"' in before.page
    assert before.icon is not None
    assert before.icon.kind == "image/svg+xml; charset=utf-8"
    (tmp_path / "index.html").write_text("<head></head>")
    assert set(load(tmp_path).files) != {path}


# How to join


@pytest.mark.parametrize("accept", ["*/*", "application/json", ""])
def test_a_program_is_shown_how_to_join(chat: Chat, accept: str) -> None:
    answer = got(chat, Accept=accept)
    assert answer.status == 200
    assert '<a href="http://chat:13531/">http://chat:13531/</a>' in answer.body
    assert "\ntelnet chat 13531\n" in answer.body


@pytest.mark.parametrize("missing", ["websocket", "json"])
def test_where_the_page_could_not_connect_a_browser_is_shown_how_to_join(
    chat: Chat, missing: str
) -> None:
    chat.factory.speaks = tuple(name for name in chat.factory.speaks if name != missing)
    page = got(chat)
    assert page.status == 200
    assert "<p>This is a chat server, not a website. To join it, type one of these" in page.body
    assert got(chat, f"GET {SCRIPT}").status == 404


def test_where_tls_is_required_the_page_to_open_is_encrypted() -> None:
    chat = encrypted(Chat())
    chat.factory.require_tls = True
    for line in ("GET /", "HEAD /", "GET /?from=here"):
        moved = got(chat, line)
        assert (moved.status, moved.headers["Location"]) == (308, "https://chat:13531/")
        assert moved.headers["Cache-Control"] == "no-store"
    assert '<a href="https://chat:13531/">' in got(chat).body
    browser = Secure(chat).shake_hands()
    assert "HTTP/1.1 200 OK" in browser.send(ask().decode())


@pytest.mark.parametrize(
    ("line", "host", "speaks", "status"),
    [
        ("GET /favicon.ico", "chat:13531", None, 200),
        ("POST /", "chat:13531", None, 405),
        ("GET /", "evil.example:13531", None, 421),
        ("GET /", "chat:99999", None, 200),
        ("GET /", "chat:13531", ("tls", "text", "json", "http"), 200),
    ],
)
def test_only_requests_for_a_page_that_exists_lead_to_it(
    line: str, host: str, speaks: tuple[str, ...] | None, status: int
) -> None:
    chat = encrypted(Chat())
    chat.factory.require_tls = True
    chat.factory.speaks = speaks or chat.factory.speaks
    answer = got(chat, line, host=host)
    assert (answer.status, answer.headers["Location"]) == (status, None)


@pytest.mark.parametrize("line", ["GET / HTTP/1.1", f"GET {SCRIPT} HTTP/1.1", "POST /x HTTP/1.1"])
@pytest.mark.parametrize("hosts", [(), ("Host: chat", "Host: chat")])
@pytest.mark.parametrize("require_tls", [False, True])
def test_a_request_must_say_for_which_host_it_is(
    line: str, hosts: tuple[str, ...], require_tls: bool
) -> None:
    """RFC 9112, section 3.2."""
    chat = encrypted(Chat())
    chat.factory.require_tls = require_tls
    browser = chat.connect()
    head = "\r\n".join([line, *hosts, "Accept: text/html", "", ""])
    browser.protocol.dataReceived(head.encode())
    (refused,) = received(browser)
    assert refused.status == 400
    assert "An HTTP/1.1 request must have one Host field." in refused.body


def test_a_request_of_http_1_0_needs_no_host(chat: Chat) -> None:
    browser = chat.connect()
    browser.protocol.dataReceived(b"GET / HTTP/1.0\r\nAccept: text/html\r\n\r\n")
    (page,) = received(browser)
    assert page.status == 200


def test_an_unknown_name_is_refused_for_every_request(chat: Chat) -> None:
    browser = chat.connect()
    browser.protocol.dataReceived(ask())
    browser.protocol.dataReceived(ask(host="evil.example"))
    chat.clock.advance(0)
    page, refused = received(browser)
    assert (page.status, refused.status) == (200, 421)
    assert "--web-host" in refused.body
    assert "evil" not in refused.body


# Requests one after the other


def test_requests_are_answered_in_turn(chat: Chat) -> None:
    browser = chat.connect()
    browser.protocol.dataReceived(ask() + ask(f"GET {SCRIPT}") + ask("GET /x"))
    assert [answer.status for answer in received(browser)] == [200]
    chat.clock.advance(0)
    script, missing = received(browser)
    assert script.body == ASSETS.files[SCRIPT].body.decode()
    assert missing.status == 404
    assert not browser.closed


def test_a_busy_browser_has_to_wait() -> None:
    chat = Chat(limits=Limits())
    browser = chat.connect()
    browser.protocol.dataReceived(ask() * 10_000)
    for _ in range(6000):
        chat.clock.advance(0)
    answered = len(received(browser))
    assert 300 < answered < 5000
    chat.clock.advance(1)
    assert received(browser)
    browser.hang_up()
    assert not chat.clock.getDelayedCalls()


def test_nothing_more_is_answered_until_the_reader_has_taken_an_answer(chat: Chat) -> None:
    browser = chat.connect()
    browser.protocol.dataReceived(ask())
    browser.stop_reading()
    browser.protocol.dataReceived(ask() * 9)
    chat.clock.advance(0)
    assert len(received(browser)) == 1
    browser.read_on()
    for _ in range(20):
        chat.clock.advance(0)
    assert len(received(browser)) == 9


@pytest.mark.parametrize(
    "second",
    [
        b"eve\nNICK eve\n",
        b"nonsense\r\n\r\n",
        b"GET / HTTP/3.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nno field\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\nx: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: chat\r\nx: " + b"y" * 20_000,
        b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 9000,
    ],
)
def test_a_bad_second_request_is_answered_and_has_no_effect(chat: Chat, second: bytes) -> None:
    bob, browser = chat.join("bob"), chat.connect()
    bob.read()
    browser.protocol.dataReceived(ask() + second + b'{"do":"hello","name":"eve"}\neve\n')
    chat.clock.advance(0)
    page, refused = received(browser)
    assert page.status == 200
    assert refused.status in (400, 431)
    assert refused.headers["X-Content-Type-Options"] == "nosniff"
    assert browser.closed
    assert bob.read() == []
    browser.hang_up()
    assert len(chat.hub.directory.sessions) == 1
    assert not chat.clock.getDelayedCalls()


@pytest.mark.parametrize("fields", ["Content-Length: 99999999", "Transfer-Encoding: chunked"])
def test_a_body_is_not_read(chat: Chat, fields: str) -> None:
    bob, browser = chat.join("bob"), chat.connect()
    bob.read()
    head = f"GET / HTTP/1.1\r\nHost: chat\r\nExpect: 100-continue\r\n{fields}\r\n\r\n"
    browser.protocol.dataReceived(head.encode() + b"NICK eve\r\n" + ask())
    (page,) = received(browser)
    assert page.headers["Connection"] == "close"
    assert browser.closed
    for _ in range(20):
        browser.protocol.dataReceived(b"eve\r\n" * 20_000)
        if not browser.transport.connected:
            break
    else:
        pytest.fail("It is read without end.")
    assert bob.read() == []


def test_a_kept_connection_can_become_a_websocket(chat: Chat) -> None:
    browser = chat.connect()
    browser.protocol.dataReceived(ask() + request(Sec_WebSocket_Protocol="text.ircv3.net"))
    chat.clock.advance(0)
    data = browser.transport.value()
    assert b"HTTP/1.1 101 Switching Protocols" in data
    assert len(chat.hub.directory.sessions) == 1
    browser.hang_up()
    assert not chat.clock.getDelayedCalls()


def test_who_sends_nothing_more_gets_all_answers(chat: Chat) -> None:
    browser = chat.connect()
    browser.protocol.dataReceived(ask() * 3)
    browser.protocol.readConnectionLost()
    for _ in range(4):
        chat.clock.advance(0)
    assert [answer.status for answer in received(browser)] == [200] * 3
    assert browser.closed
