"""Users who connect over TLS, in memory."""

from __future__ import annotations

import ssl

from conftest import Chat

from chatsvc.transports.selfsigned import make
from chatsvc.transports.tls import TLS

CERTIFICATE = make()
ALERT = "\x15\x03\x03\x00\x02\x02\x31"


def trusting(pem: bytes = CERTIFICATE) -> ssl.SSLContext:
    """Return a client that trusts one certificate, and checks the name."""
    return ssl.create_default_context(cadata=pem[pem.index(b"-----BEGIN CERT") :].decode())


class Secure:
    """A user who connects over TLS, in memory."""

    def __init__(
        self, chat: Chat, address: str = "192.0.2.1", trust: ssl.SSLContext | None = None
    ) -> None:
        self._chat = chat
        self.outside = chat.connect(address)
        self._received, self._sent = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = (trust or trusting()).wrap_bio(
            self._received, self._sent, server_hostname="localhost"
        )
        self.plain = b""

    def shake_hands(self) -> Secure:
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                assert self.carry(), "nobody answers"
            else:
                self.carry()
                return self

    def carry(self, size: int = 1 << 20) -> bool:
        """Deliver what was sent, in pieces of this size, and any answers; return if any came."""
        data = self._sent.read()
        for start in range(0, len(data), size):
            self.outside.protocol.dataReceived(data[start : start + size])
        self._chat.clock.advance(0)  # small pieces are sent together
        answer = self.outside.transport.value()
        self.outside.transport.clear()
        self._received.write(answer)
        return bool(answer)

    def send(self, *lines: str | bytes) -> list[str]:
        """Send lines; return the answers."""
        for line in lines:
            self.tls.write((line if isinstance(line, bytes) else line.encode()) + b"\r\n")
        return self.read()

    def read(self) -> list[str]:
        return self.received().decode().splitlines()

    def received(self) -> bytes:
        """The bytes that have come."""
        self.carry()
        heard = b""
        try:
            while data := self.tls.read(65536):
                heard += data
        except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            pass
        self.carry()
        return heard


def encrypted(chat: Chat) -> Chat:
    chat.factory.tls = TLS(CERTIFICATE, chat.clock)
    return chat
