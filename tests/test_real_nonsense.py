"""Nonsense that is sent to the real `twistd`, and must harm nobody."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import struct
from collections.abc import Iterator

import pytest
from real import Deadline, Person, Program, Service, proc


@pytest.fixture(scope="module")
def shared_chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("chat"), "--show-history", "0") as service:
        yield service


@pytest.fixture
def chat(shared_chat: Service) -> Iterator[Service]:
    """Return a service without users; it must survive everything that is done to it here."""
    yield shared_chat
    shared_chat.everybody_leaves()


@pytest.mark.parametrize("kind", ["text", "json"])
def test_a_line_too_long_to_say_is_refused_and_the_person_stays(chat: Service, kind: str) -> None:
    bob = chat.person("bob")
    if kind == "text":
        eve = chat.person("eve")
        eve.send("x" * 4097, "é" * 2049)
        for size in (4097, 4098):
            refusal = eve.until("* Not sent: the message has")
            assert refusal == f"* Not sent: the message has {size} bytes, and the maximum is 4096."
        eve.send("y" * 4096)
    else:
        program = chat.program("eve")
        answer = program.ask("say", text="x" * 4097)
        assert (answer["event"], answer["code"]) == ("refused", "too-long")
        assert program.ask("say", text="y" * 4096)["size"] == 4096
    bob.until("eve joined")
    assert bob.until("<eve>").endswith("<eve> " + "y" * 4096)


@pytest.mark.parametrize("kind", ["text", "json"])
def test_sixteen_kilobytes_without_an_end_of_line_end_the_connection(
    chat: Service, kind: str
) -> None:
    bob = chat.person("bob")
    eve: Person | Program = chat.person("eve") if kind == "text" else chat.program("eve")
    with contextlib.suppress(ConnectionError):
        for _ in range(9):
            eve.send_bytes(b"{" * 2048)
    (words,) = (line for line in eve.rest() if "16384" in line)
    assert words.startswith("* " if kind == "text" else '{"event":"refused","code":"too-long"')
    assert bob.until("eve left")
    assert bob.hears_nothing_but_answers()


NASTY = {
    "nul": (b"a\0b", "ab"),
    "bell and backspace": (b"a\x07\x08b", "ab"),
    "colour": (b"\x1b[31mred\x1b[0m", "red"),
    "title": (b"\x1b]0;owned\x07hello", "hello"),
    "clear": (b"\x1b[2J\x1b[Hgone", "gone"),
    "c1 control": ("\u009b31mred".encode(), None),
    "carriage return": (b"over\rwritten", None),
    "right to left": ("abc\u202edef".encode(), "abcdef"),
    "device control": (b'\x1bP$q"p\x1b\\fine', "fine"),
    "unicode": ("😀 né ☃".encode(), "😀 né ☃"),
}


@pytest.mark.parametrize("kind", ["text", "json"])
def test_nobody_can_colour_or_move_anothers_screen(chat: Service, kind: str) -> None:
    bob = chat.person("bob")
    mallory = chat.person("mallory") if kind == "text" else chat.program("mallory")
    for raw, _ in NASTY.values():
        if isinstance(mallory, Person):
            mallory.send(raw, b"/me " + raw, b"/msg bob " + raw, b"/topic " + raw, b"/away " + raw)
        else:
            text = raw.decode()
            for do in ("say", "me", "topic"):
                mallory.request(do, text=text)
            mallory.request("msg", name="bob", text=text)
            mallory.request("away", reason=text)
    mallory.send(
        b"/quit \x1b[31mbye\x1b[0m" if kind == "text" else b'{"do":"quit","words":"\\u001b[31mbye"}'
    )
    heard = bob.lines_until("mallory left")
    assert heard[-1] == "* mallory left: bye"
    assert [line for line in heard if not line.isprintable()] == []
    said = [line.partition("<mallory> ")[2] for line in heard if "<mallory> " in line]
    for (name, (_, expected)), got in zip(NASTY.items(), said, strict=True):
        assert expected is None or got == expected, name


def test_nobody_has_a_name_that_moves_the_screen_or_looks_like_anothers(chat: Service) -> None:
    bob = chat.person("bob")
    names = [b"\x1b[31meve", b"e\0ve", b"a b", b"<ann>", b"*", b"x" * 33, b"b\x1b[0mob"]
    for name in (*names, "bo\u200bb".encode(), "b\u043eb\u202e".encode(), "\uff42ob".encode()):
        chat.person().send(name, b"\x1b[2Jhello")
    chat.person("ann").send("that was all")
    heard = bob.lines_until("<ann> that was all")
    assert [line for line in heard if not line.isprintable()] == []
    assert [line for line in heard if "<bob>" in line or "* bob" in line] == []


def test_what_is_not_utf8_is_refused_and_the_person_stays(chat: Service) -> None:
    bob, eve = chat.person("bob"), chat.person("eve")
    eve.send(b"caf\xe9", b"\xc3(", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80")
    for _ in range(4):
        eve.until("* Not sent: invalid UTF-8.")
    eve.send("café")
    assert [line for line in bob.lines_until("<eve> café") if "<eve>" in line][:-1] == []


def test_what_is_no_request_is_refused_and_the_program_stays(chat: Service) -> None:
    bob, program = chat.person("bob"), chat.program("eve")
    deep = b"[" * 8000 + b"]" * 8000
    nonsense = [
        b"[]", b"{}", b"1", b"null", b'"hi"', b"{", b"not json", deep, b'{"do":' + deep + b"}",
        b'{"do":[]}', b'{"do":"say"}', b'{"do":"say","text":1}', b'{"do":"say","text":null}',
        b'{"do":"say","text":["a"]}', b'{"do":"join","room":{}}', b'{"do":"nonsense"}',
        b'{"do":"say","text":"x","tag":5}', b'{"do":"join","room":"#a b"}', b'{"do":"__init__"}',
        b'{"do":"history","n":-1}', b'{"do":"history","n":1e400}', b'{"do":"history","n":NaN}',
        b'{"do":"history","n":' + b"9" * 5000 + b"}", b'{"do":"hello","name":"again"}',
        b'{"do":"say","text":"\\ud800"}', b'{"do":"say","text":"\xff"}',
    ]  # fmt: skip
    for line in nonsense:
        program.send(line)
        refusal = program.until(lambda event: event["event"] != "joined", repr(line[:60]))
        assert refusal["event"] == "refused", (line[:60], refusal)
        assert refusal["code"]
        assert refusal["text"]
    program.ask("say", text="still here", unknown_field=[1])
    assert [line for line in bob.lines_until("still here") if "<eve>" in line][:-1] == []


def test_half_a_line_and_silence_disturb_nobody(chat: Service) -> None:
    halves = [chat.person() for _ in range(20)]
    for number, half in enumerate(halves):
        half.send_bytes(b'{"do":"hel' if number % 2 else b"half a na")
    ann, bob = chat.person("ann"), chat.person("bob")
    ann.until("bob joined")
    ann.send("anybody there?")
    assert bob.until("<ann>").endswith("anybody there?")
    halves[1].send_bytes(b'lo","name":"eve"}\n')
    assert json.loads(halves[1].until("welcome"))["name"] == "eve"


def test_a_browser_is_told_that_this_is_no_web_site(chat: Service) -> None:
    bob = chat.person("bob")
    for request in (b"GET / HTTP/1.1", b"POST /x HTTP/1.0", b"OPTIONS * HTTP/1.1"):
        browser = chat.person()
        browser.send(request + b"\r", b"Host: localhost\r", b"Accept: */*\r", b"\r")
        browser.send("eve", "what a web page made a browser send", "/msg bob and this")
        answer = browser.rest()
        status = "200 OK" if request.startswith(b"GET") else "405 Method Not Allowed"
        assert answer[0] == f"HTTP/1.1 {status}", "what comes before it is no answer to a browser"
        assert answer[-1] == "</html>"
        assert bob.hears_nothing_but_answers()


def test_what_follows_the_last_word_is_not_obeyed(chat: Service) -> None:
    bob, eve, mallory = chat.person("bob"), chat.person("eve"), chat.person("mallory")
    eve.send("said before", "/quit", "one", "/msg bob two", "/topic three")
    assert eve.rest()[-1] == "* Goodbye, eve."
    mallory.send("x" * 17_000, "four", "/msg bob five")
    assert "Goodbye" in mallory.rest()[-1]
    heard = bob.lines_until("mallory left")
    heard = [line for line in heard if not re.search("(joined|left)[.]$", line)]
    assert [line.partition("] ")[2] for line in heard] == ["<eve> said before"]


def open_files(chat: Service) -> int:
    return len(list(proc(chat.pid, "fd").iterdir()))


def test_a_thousand_visits_leave_nothing_open(chat: Service) -> None:
    bob = chat.program("bob")
    bob.ask("history")  # the archive is open for reading from now on
    bob.ask("stats")
    before = open_files(chat) + 6  # a second reader of the archive may open it
    reset = struct.pack("ii", 1, 0)
    for number in range(1000):
        visitor = socket.create_connection(("127.0.0.1", chat.port))
        if number % 2:
            visitor.sendall(b"eve%d\nhello\nhalf" % number)
        if number % 3 == 0:
            visitor.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        visitor.close()
    deadline = Deadline(20)
    while open_files(chat) > before:
        deadline.left(f"{open_files(chat) - before} files to be closed")
        bob.ask("ping")
    assert bob.ask("who")["count"] == 1
