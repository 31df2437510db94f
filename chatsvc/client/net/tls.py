"""A TLS endpoint that checks the server's certificate before anything is sent to it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import idna
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from OpenSSL import SSL
from OpenSSL.crypto import X509
from service_identity import CertificateError, VerificationError
from service_identity.pyopenssl import verify_hostname, verify_ip_address
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.error import TimeoutError as NobodyAnswers
from twisted.internet.interfaces import (
    IHandshakeListener,
    IOpenSSLClientConnectionCreator,
    IProtocol,
    IProtocolFactory,
    IReactorTime,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.ssl import CertificateOptions, platformTrust
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from chatsvc.client.net.failures import NotConnected, NotTrusted

PATIENCE = 30.0  # seconds for a handshake

# The certificate's fingerprint, whether the system trusts it, and the fingerprints of those
# that it replaces; raises `NotTrusted`.
Decide = Callable[[str, bool, Collection[str]], None]


@implementer(IStreamClientEndpoint, IOpenSSLClientConnectionCreator)
class Encrypted:
    """A TLS connection to `host` over another endpoint, only if the certificate is trusted."""

    def __init__(
        self, endpoint: IStreamClientEndpoint, host: str, decide: Decide, clock: IReactorTime
    ) -> None:
        self._endpoint = endpoint
        self._host = host
        self._decide = decide
        self._clock = clock
        self._context = CertificateOptions(trustRoot=platformTrust()).getContext()

    def connect(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        """Fire with a protocol that `factory` has built after the certificate was trusted."""
        return Deferred.fromCoroutine(self._connect(factory))

    async def _connect(self, factory: IProtocolFactory) -> IProtocol:
        trusted: Deferred[IProtocol] = Deferred(lambda _: connection.abortConnection())
        first = Factory.forProtocol(lambda: Handshake(factory, self._look_at, trusted))
        over_tls = TLSMemoryBIOFactory(self, True, first, self._clock)
        connection: Any = await self._endpoint.connect(over_tls)
        return await trusted.addTimeout(PATIENCE, self._clock, _too_late)

    def clientConnectionForTLS(self, protocol: Any) -> SSL.Connection:  # required by Twisted
        connection = SSL.Connection(self._context, None)
        connection.set_verify(SSL.VERIFY_PEER, protocol.wrappedProtocol.take_note)
        if not _is_address(self._host):
            connection.set_tlsext_host_name(_in_ascii(self._host).encode())
        return connection

    def _look_at(self, connection: SSL.Connection, vouched: bool) -> None:
        certificate = connection.get_peer_certificate()
        assert certificate is not None  # without one, a handshake fails
        fingerprint = certificate.digest("sha256").decode()
        replaced = [one.digest("sha256").decode() for one in _replaced(connection)]
        self._decide(fingerprint, vouched and _is_for(connection, self._host), replaced)


@implementer(IHandshakeListener)
class Handshake(Protocol):
    """Owns a connection until it is trusted; then another protocol takes over.

    A protocol that had it from the beginning would send its first bytes with the end of the
    handshake, before the certificate could be checked.
    """

    transport: Any

    def __init__(
        self,
        factory: IProtocolFactory,
        look_at: Callable[[SSL.Connection, bool], None],
        trusted: Deferred[IProtocol],
    ) -> None:
        self._factory = factory
        self._look_at = look_at
        self._trusted = trusted
        self._vouched = True

    def take_note(self, connection: object, certificate: object, *what: int) -> bool:
        """Record OpenSSL's verdict on one certificate of the chain, and continue."""
        self._vouched = self._vouched and bool(what[-1])
        return True

    def handshakeCompleted(self) -> None:
        if self._trusted.called:
            return
        try:
            self._look_at(self.transport.getHandle(), self._vouched)
        except NotTrusted:
            self._trusted.errback(Failure())
            self.transport.abortConnection()
        else:
            self._hand_over()

    def _hand_over(self) -> None:
        protocol = self._factory.buildProtocol(self.transport.getPeer())
        assert protocol is not None
        self.transport.wrappedProtocol = protocol
        protocol.makeConnection(self.transport)
        self._trusted.callback(protocol)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if not self._trusted.called:
            self._trusted.errback(Failure(NotConnected(_why(reason))))


def _why(reason: Failure) -> str:
    """Return why the handshake failed, in words."""
    if not reason.check(SSL.Error):
        return "the server disconnected during the TLS handshake"
    said = str(reason.value)
    if "access denied" in said:
        return "the server refuses encrypted connections at the moment"
    if "alert" in said:
        return "the server supports no TLS settings of this client"
    return "the server does not support TLS"


def _too_late(result: object, seconds: float) -> Failure:
    return Failure(NobodyAnswers())


def _replaced(connection: SSL.Connection) -> list[X509]:
    """Return the certificates sent along that have the same key as the server's certificate.

    Trust in any of them is trust in that key.
    """
    chain = connection.get_peer_cert_chain() or []
    key = _key_of(chain[0]) if chain else None
    return [other for other in chain[1:] if key is not None and _key_of(other) == key]


def _key_of(certificate: X509) -> bytes | None:
    """Return a certificate's public key; None if it cannot be read."""
    try:
        key = certificate.to_cryptography().public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _is_for(connection: SSL.Connection, host: str) -> bool:
    """Return whether the server's certificate is for this host name or address."""
    verify = verify_ip_address if _is_address(host) else verify_hostname
    try:
        verify(connection, host if _is_address(host) else _in_ascii(host))
    except (VerificationError, CertificateError, ValueError):
        return False
    return True


def _is_address(host: str) -> bool:
    return isIPAddress(host) or isIPv6Address(host)


def _in_ascii(host: str) -> str:
    host = host.rstrip(".")
    return host if host.isascii() else idna.encode(host).decode()
