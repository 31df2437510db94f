"""What a connection that loads pages may do, and for how long."""

from __future__ import annotations

import pytest
from conftest import Chat, Person
from webpeople import ask, received, request

from chatsvc.model.rate_limits import Limits
from chatsvc.transports.connection import HEAD_WITHIN, LAST_WORDS
from chatsvc.transports.web.channel import KEEP_ALIVE, READ_WITHIN

# Time


def test_an_idle_connection_is_closed(chat: Chat) -> None:
    browser = chat.connect()
    browser.protocol.dataReceived(ask())
    chat.clock.advance(KEEP_ALIVE - 1)
    browser.protocol.dataReceived(ask())
    chat.clock.advance(KEEP_ALIVE - 1)
    assert not browser.closed
    chat.clock.advance(1)
    assert browser.closed
    assert len(received(browser)) == 2
    browser.hang_up()
    assert not chat.clock.getDelayedCalls()


@pytest.mark.parametrize("first", [b"", ask()])
def test_a_head_that_never_ends_is_cut_off(chat: Chat, first: bytes) -> None:
    browser = chat.connect()
    browser.protocol.dataReceived(first)
    chat.clock.advance(0)
    for byte in b"GET / HTTP/1.1\r\nHost: chat\r\n" + b"x" * 100:
        browser.protocol.dataReceived(bytes([byte]))
        chat.clock.advance(HEAD_WITHIN / 100)
        if not browser.transport.connected:
            break
    else:
        pytest.fail("It is read without end.")
    assert not chat.factory.connections


def test_an_answer_that_nobody_takes_is_cut_off(chat: Chat) -> None:
    browser = chat.connect()
    browser.protocol.dataReceived(ask()[:-2])
    browser.stop_reading_after_this()
    browser.protocol.dataReceived(b"\r\n")
    chat.clock.advance(READ_WITHIN + LAST_WORDS)
    chat.clock.advance(LAST_WORDS)
    assert not browser.transport.connected
    assert not chat.factory.connections
    assert not chat.clock.getDelayedCalls()


# Counting


def load_page(chat: Chat, address: str = "192.0.2.1") -> Person:
    browser = chat.connect(address)
    browser.protocol.dataReceived(ask())
    return browser


def upgraded(browser: Person) -> bool:
    browser.transport.clear()
    browser.protocol.dataReceived(request())
    chat_data: bytes = browser.transport.value()
    return chat_data.startswith(b"HTTP/1.1 101") and b"\x88" not in chat_data


def test_reloading_a_page_locks_nobody_out() -> None:
    chat = Chat(limits=Limits(flood=None))
    chat.factory.max_clients = 1000
    for _ in range(2):
        browsers = [load_page(chat) for _ in range(30 * 6)]
        silent = [chat.connect() for _ in range(30)]
        assert {answer.status for one in browsers for answer in received(one)} == {200}
        for one in (*browsers, *silent):
            one.hang_up()
    assert all(upgraded(chat.connect()) for _ in range(16))


def test_a_websocket_counts_as_a_user() -> None:
    chat = Chat(limits=Limits(per_address=2))
    for browser in (load_page(chat), chat.connect()):
        chat.clock.advance(0)
        assert upgraded(browser)
    browser = load_page(chat)
    chat.clock.advance(0)
    assert [answer.status for answer in received(browser)] == [200]
    assert not upgraded(browser)
    assert "192.0.2.1 already has 2 connections" in chat.connect().send("eve")[0]


def test_a_websocket_has_as_much_time_for_a_name_as_anybody() -> None:
    chat = Chat(limits=Limits(name_within=60))
    browser = load_page(chat)
    chat.clock.advance(3)
    assert upgraded(browser)
    chat.clock.advance(59)
    assert not browser.closed
    chat.clock.advance(1)
    assert browser.closed


def test_pages_have_limits_of_their_own() -> None:
    chat = Chat(limits=Limits(flood=None, pages_open=2, pages=4, pages_in_all=3))
    first, second = load_page(chat), load_page(chat)
    (refused,) = received(load_page(chat))
    assert refused.status == 503
    assert "192.0.2.1 already has 2 connections" in refused.body
    assert received(load_page(chat, "192.0.2.2"))[0].status == 200
    for _ in range(2):
        first.hang_up()
        first = load_page(chat)
        assert received(first)[0].status == 200
    second.hang_up()
    assert "Too many new connections" in received(load_page(chat))[0].body
    assert "Welcome, ann" in chat.connect().send("ann")[1]
    assert upgraded(chat.connect())


def test_pages_make_room_for_users(chat: Chat) -> None:
    chat.factory.max_clients = 3
    browsers = [load_page(chat) for _ in range(4)]
    assert [browser.transport.connected for browser in browsers] == [False, True, True, True]
    for name in ("ann", "bob", "eve"):
        assert f"Welcome, {name}" in chat.connect().send(name)[1]
    assert not any(browser.transport.connected for browser in browsers)
    assert "The server is full" in chat.connect().send("dan")[0]


def test_connections_that_never_said_anything_are_forgotten() -> None:
    chat = Chat(limits=Limits(arrivals=1))
    for _ in range(9):
        chat.connect().hang_up()
    assert "Welcome, ann" in chat.connect().send("ann")[1]
