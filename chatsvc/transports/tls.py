"""TLS around a connection; the certificate can be replaced while users are connected."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from OpenSSL import SSL, crypto
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator, IReactorTime
from twisted.internet.protocol import Factory
from twisted.logger import Logger
from twisted.protocols.tls import BufferingTLSTransport, TLSMemoryBIOFactory
from zope.interface import implementer

from chatsvc.transports.certificate import CertificateFailed, Files, credentials

RECHECK = 3.0  # seconds between checks for changed files

_log = Logger()


def fingerprint_of(transport: Any) -> str:
    """Return the SHA-256 of the peer's certificate in lower-case hexadecimal; "" if none."""
    certificate = transport.getPeerCertificate()
    if certificate is None:
        return ""
    # Its fields are not parsed: a peer can put anything into its own certificate.
    return sha256(crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate)).hexdigest()


class _Connection(SSL.Connection):
    def do_handshake(self) -> None:
        """Report a peer that gives up in the middle (RFC 8446, 6.1) in a way that Twisted knows."""
        try:
            super().do_handshake()
        except SSL.ZeroReturnError as error:
            # Twisted reads the reason from the first argument, and this exception has none.
            raise SSL.Error([("SSL routines", "", "unexpected eof")]) from error


class _Transport(BufferingTLSTransport):
    def abortConnection(self) -> None:
        """Abort the connection, unless it is lost already, which Twisted does not expect."""
        if self.connected:
            super().abortConnection()


@implementer(IOpenSSLServerConnectionCreator)
class TLS:
    """Encrypts connections; open ones keep the certificate that they began with."""

    def __init__(self, certificate: Files | bytes, clock: IReactorTime) -> None:
        self._clock = clock
        self._files: Files | None = None
        self._seen: object = None
        self._looked_at = clock.seconds()
        if isinstance(certificate, Files):
            self._files, self._seen = certificate, certificate.state()
            self._credentials = certificate.credentials()
        else:
            self._credentials = credentials(certificate, certificate, "the self-signed certificate")
        self._factory = TLSMemoryBIOFactory(self, False, Factory(), clock)

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the current certificate."""
        return self._credentials.fingerprint

    @property
    def names(self) -> tuple[str, ...]:
        """The host names in the certificate."""
        return self._credentials.names

    @property
    def self_signed(self) -> bool:
        """Whether the certificate is self-signed, so that clients do not trust it."""
        return self._credentials.self_signed

    def around(self, protocol: Any) -> BufferingTLSTransport:
        """Return a protocol that decrypts incoming bytes for `protocol`."""
        return _Transport(self._factory, protocol)

    def serverConnectionForTLS(self, protocol: object) -> SSL.Connection:  # required by Twisted
        self._look_at_files()
        return _Connection(self._credentials.context, None)

    def _look_at_files(self) -> None:
        now = self._clock.seconds()
        if self._files is None or 0 <= now - self._looked_at < RECHECK:
            return
        self.reload()

    def use(self, files: Files) -> None:
        """Use the certificate in these files from now on, or raise `CertificateFailed`."""
        files.renew()
        state, new = files.state(), files.credentials()
        self._files, self._seen, self._looked_at = files, state, self._clock.seconds()
        self._credentials = new

    def reload(self) -> None:
        """Use the certificate in the files, if it has changed."""
        if self._files is None:
            return
        self._looked_at = self._clock.seconds()
        try:
            self._files.renew()
        except CertificateFailed as failed:
            _log.warn("{failed} The previous certificate stays in use.", failed=failed)
        state = self._files.state()
        if state == self._seen:
            return
        self._seen = state
        try:
            self._credentials = self._files.credentials()
        except CertificateFailed as failed:
            _log.warn("{failed} The previous certificate stays in use.", failed=failed)
        else:
            _log.info("The certificate in {files} is in use now.", files=self._files)
