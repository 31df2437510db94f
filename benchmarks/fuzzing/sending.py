"""Sends a session to the service, and discards everything that comes back."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct

from benchmarks.fuzzing.mutations import mutated
from benchmarks.fuzzing.sessions import Session
from benchmarks.servers import HOST

CLOSE_SECONDS = 1.0  # a session that should be closed is given up after this time
RESET = struct.pack("ii", 1, 0)
TRUSTING = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # does not read the system's certificates
TRUSTING.check_hostname, TRUSTING.verify_mode = False, ssl.CERT_NONE


async def send(session: Session, port: int, patience: float) -> str | None:
    """Play one session; return a failure if the server leaves it hanging."""
    try:
        reader, writer = await asyncio.open_connection(HOST, port)
    except OSError as error:
        return f"the server does not accept connections: {error}"
    draining = asyncio.create_task(_drain(reader))
    try:
        return await _play(session, reader, writer, draining, patience)
    except OSError:
        return None  # it may close the connection at any time
    finally:
        draining.cancel()
        writer.close()


async def _play(
    session: Session,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    draining: asyncio.Task[None],
    patience: float,
) -> str | None:
    if session.inside_tls:
        draining.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await draining
        await _send_inside_tls(session, reader, writer)
        draining = asyncio.create_task(_drain(reader))
    elif not await _send_plainly(session, writer, draining, patience):
        return f"the server read nothing more for {patience:g} s"
    try:
        return await _end(session, writer, draining, patience)
    finally:
        draining.cancel()


async def _send_plainly(
    session: Session,
    writer: asyncio.StreamWriter,
    draining: asyncio.Task[None],
    patience: float,
) -> bool:
    try:
        async with asyncio.timeout(patience):
            for piece in session.pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(session.pause)
                if draining.done() or writer.transport.is_closing():
                    break
    except TimeoutError:
        return False
    return True


async def _end(
    session: Session, writer: asyncio.StreamWriter, draining: asyncio.Task[None], patience: float
) -> str | None:
    if session.ending == "reset":
        socket_of = writer.get_extra_info("socket")
        socket_of.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        writer.transport.abort()
    elif session.ending == "finish":
        writer.write_eof()
        done, _ = await asyncio.wait([draining], timeout=patience)
        if not done:
            return f"the server did not close the connection in {patience:g} s after a half-close"
    return None


async def _drain(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(OSError):
        while await reader.read(1 << 18):
            pass


# ---- inside TLS, where records can be damaged in transit ----


async def _send_inside_tls(
    session: Session, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    random = session.random()
    coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = TRUSTING.wrap_bio(coming, going, server_side=False)
    with contextlib.suppress(ssl.SSLError, TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS * 10):
            await _shake_hands(tls, coming, going, reader, writer)
        for n, piece in enumerate(session.pieces):
            if writer.transport.is_closing():
                break
            tls.write(piece)
            record = going.read()
            writer.write(mutated(random, record) if n in session.damaged else record)
        await writer.drain()


async def _shake_hands(
    tls: ssl.SSLObject,
    coming: ssl.MemoryBIO,
    going: ssl.MemoryBIO,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    while True:
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            writer.write(going.read())
            data = await reader.read(1 << 16)
            if not data:
                raise ConnectionError("closed in the handshake") from None
            coming.write(data)
        else:
            return writer.write(going.read())
