"""WebSocket frames: every way of cutting them gives the same lines, and nothing raises."""

from __future__ import annotations

from itertools import pairwise

import pytest
from conftest import Chat
from hypothesis import example, given, settings
from hypothesis import strategies as st
from webpeople import request
from websockets.exceptions import ProtocolError
from websockets.frames import Close, Frame, Opcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from chatsvc.transports.websocket.frames import (
    FIN,
    LONGEST_MESSAGE,
    End,
    FrameReader,
    client_frame,
    close_frame,
    frame,
    framed,
    line_of,
)

texts = st.text(max_size=300).map(str.encode) | st.integers(120, 300).map(lambda n: b"x" * n)
cuts = st.lists(st.integers(0, 2000), max_size=8)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place for place in places if place < len(data)), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


def fragments(message: bytes, places: list[int], pings: bool) -> bytes:
    """A message in fragments, perhaps with a ping after each."""
    pieces = cut(message, places)
    sent = b""
    for number, piece in enumerate(pieces):
        opcode = Opcode.CONT if number else Opcode.TEXT
        last = number == len(pieces) - 1
        sent += Frame(opcode, piece, fin=last).serialize(mask=True)
        if pings:
            sent += Frame(Opcode.PING, b"%d" % number).serialize(mask=True)
    return sent


def whole_lines(pieces: list[bytes]) -> tuple[list[bytes], FrameReader]:
    reader = FrameReader()
    return [reader.lines(piece) for piece in pieces], reader


@given(st.lists(st.tuples(texts, cuts, st.booleans()), max_size=5), cuts)
def test_any_cutting_and_any_fragments_give_the_same_lines(
    messages: list[tuple[bytes, list[int], bool]], places: list[int]
) -> None:
    sent = b"".join(fragments(*each) for each in messages)
    lines, reader = whole_lines(cut(sent, places))
    assert b"".join(lines) == b"".join(line_of(message) for message, _, _ in messages)
    assert b"".join(lines).count(b"\n") == len(messages)
    assert reader.end is None
    assert reader.rest() == b""
    pings = sum(sent_pings and len(cut(text, at)) for text, at, sent_pings in messages)
    assert reader.answer.count(b"\x8a") >= pings


@given(st.lists(st.tuples(texts, cuts, st.booleans()), max_size=3), st.binary(max_size=60))
def test_it_does_not_matter_when_the_bytes_come_one_by_one(
    messages: list[tuple[bytes, list[int], bool]], rubbish: bytes
) -> None:
    sent = b"".join(fragments(*each) for each in messages) + rubbish
    at_once, reader = whole_lines([sent])
    one_by_one, other = whole_lines([bytes([byte]) for byte in sent])
    assert at_once[0] == b"".join(one_by_one)
    assert reader.end == other.end
    assert reader.answer == other.answer


def unchecked(first: int, payload: bytes) -> bytes:
    """A frame that need not be allowed."""
    return bytes((first,)) + client_frame(payload)[1:]


frames_of_any_kind = st.builds(
    unchecked,
    st.sampled_from([opcode | fin for opcode in Opcode for fin in (0, FIN, FIN)])
    | st.integers(0, 255),
    st.binary(max_size=130) | st.sampled_from([b"x" * 9000, b"\x03\xe8", b""]),
)


def of_the_library(data: bytes) -> tuple[list[bytes], int | None]:
    """The messages that `websockets` reads, and the code with which it ends."""
    server = ServerProtocol(state=OPEN, max_size=LONGEST_MESSAGE)
    server.receive_data(data)
    messages, parts = [], b""
    for event in server.events_received():
        assert isinstance(event, Frame)
        if event.opcode in (Opcode.TEXT, Opcode.CONT):
            parts += bytes(event.data)
            if event.fin:
                messages.append(parts)
                parts = b""
    close = server.close_rcvd or server.close_sent
    return messages, None if close is None else close.code


@given(st.lists(frames_of_any_kind, max_size=6).map(b"".join))
@settings(max_examples=300)
def test_it_reads_what_the_library_reads(data: bytes) -> None:
    ours = FrameReader()
    lines = ours.lines(data)
    messages, code = of_the_library(data)
    if {1003, 1007} & {code, ours.end and ours.end.code}:
        return  # the library leaves binary and UTF-8 to its user
    assert lines == b"".join(map(line_of, messages))
    ended = ours.end and ours.end.code
    # A control frame that is too long is also a message that is.
    assert ended == (1000 if code == 1005 else code) or (ended, code) == (1002, 1009)


@given(st.binary(max_size=400))
@example(b"\x88\x80\0\0\0\0")
def test_random_bytes_never_raise(data: bytes) -> None:
    for reader in (FrameReader(), FrameReader(binary=True)):
        reader.lines(data)
        assert len(reader.rest()) <= LONGEST_MESSAGE + 14


@given(st.binary(max_size=300), st.sampled_from([None, "text.ircv3.net", "binary.ircv3.net"]))
@settings(max_examples=60)
def test_random_bytes_after_the_upgrade_harm_nobody(data: bytes, subprotocol: str | None) -> None:
    chat = Chat()
    person = chat.connect()
    person.protocol.dataReceived(request(Sec_WebSocket_Protocol=subprotocol) + data[:100])
    for piece in (data[100:150], data[150:]):
        if person.transport.connected:
            person.protocol.dataReceived(piece)
    if person.transport.connected:
        person.hang_up()
    assert not chat.hub.directory.sessions


@given(st.lists(texts.map(lambda text: text.replace(b"\n", b"").rstrip(b"\r"))))
def test_each_line_is_written_as_one_frame(lines: list[bytes]) -> None:
    data = framed(b"".join(line + b"\r\n" for line in lines))
    assert data == framed(b"".join(line + b"\n" for line in lines))
    assert data == b"".join(Frame(Opcode.TEXT, line).serialize(mask=False) for line in lines)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 70_000])
def test_frames_of_every_size_are_those_of_the_library(size: int) -> None:
    payload = b"x" * size
    assert frame(payload) == Frame(Opcode.TEXT, payload).serialize(mask=False)
    if size <= LONGEST_MESSAGE:
        assert FrameReader().lines(client_frame(payload)) == payload + b"\n"


@given(st.text(max_size=200))
def test_a_reason_is_cut_to_what_fits(words: str) -> None:
    data = close_frame(1008, words)
    assert data[0] == FIN | 8
    assert len(data) <= 127
    close = Close.parse(data[2:])
    assert close.code == 1008
    assert words.startswith(close.reason)
    assert len(words.encode()) - len(close.reason.encode()) < 4 or len(data) > 123


@pytest.mark.parametrize("code", [999, 1004, 1005, 1006, 1015, 2999, 5000])
def test_codes_that_cannot_be_sent_are_refused(code: int) -> None:
    reader = FrameReader()
    reader.lines(client_frame(code.to_bytes(2)).replace(b"\x81", b"\x88", 1))
    assert reader.end == End(1002, "The code of a close frame is not valid.")
    with pytest.raises(ProtocolError):
        Close.parse(code.to_bytes(2)).check()
