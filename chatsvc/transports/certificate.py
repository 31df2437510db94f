"""Certificates and their keys, read from files."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL

from chatsvc.model.explained import Explained

_CIPHERS = b"ECDHE+AESGCM:ECDHE+CHACHA20"  # of TLS 1.2 (RFC 9325, 4.2)
_OPTIONS = SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION | SSL.OP_CIPHER_SERVER_PREFERENCE
_KEYS = (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey, Ed25519PrivateKey)


class CertificateFailed(Explained):
    """A certificate cannot be used; the message is a sentence for users."""


class Credentials(NamedTuple):
    """A certificate and its key, ready for use."""

    context: SSL.Context
    fingerprint: str  # SHA-256, as `openssl x509 -fingerprint -sha256` writes it
    names: tuple[str, ...] = ()  # of hosts
    self_signed: bool = False


class Files:
    """A certificate and its key, in two files or in one."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self.certificate, self.key = certificate, key

    def __str__(self) -> str:
        both = f"{self.certificate} and {self.key}"
        return str(self.key) if self.certificate == self.key else both

    def state(self) -> tuple[tuple[int, ...], ...]:
        """Return what changes when the files change."""
        return _state(self.certificate), _state(self.key)

    def renew(self) -> None:
        """Do nothing: whoever provided the files renews them."""

    def credentials(self) -> Credentials:
        """Return the current content of the files."""
        return credentials(_read(self.certificate), _read(self.key), str(self))


def _state(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CertificateFailed(f"Cannot read {path}: {error.strerror}.") from None


def validity(files: Files) -> tuple[datetime, datetime]:
    """Return when a certificate that can be used begins and ends to be valid."""
    certificate = x509.load_pem_x509_certificates(_read(files.certificate))[0]
    return certificate.not_valid_before_utc, certificate.not_valid_after_utc


def credentials(certificates: bytes, key: bytes, name: str) -> Credentials:
    """Return a server's certificate, its chain and its key, all in PEM format."""
    try:
        first, *others = x509.load_pem_x509_certificates(certificates)
    except ValueError:
        raise CertificateFailed(f"{name}: no certificate in PEM format.") from None
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_cipher_list(_CIPHERS)
    context.set_options(_OPTIONS)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)  # idle connections are many
    _ask_for_certificate(context)
    try:
        context.use_certificate(first)
        for other in others:
            context.add_extra_chain_cert(other)
    except SSL.Error:
        raise CertificateFailed(f"{name}: OpenSSL does not accept the certificate.") from None
    try:
        private = load_pem_private_key(key, None)
        if not isinstance(private, _KEYS):
            raise CertificateFailed(f"{name}: this kind of key does not work with TLS.")
        context.use_privatekey(private)
        context.check_privatekey()  # OpenSSL accepts one of another type silently
    except TypeError:
        raise CertificateFailed(f"{name}: the key is encrypted. Remove its passphrase.") from None
    except (ValueError, UnsupportedAlgorithm):
        raise CertificateFailed(f"{name}: no private key in PEM format.") from None
    except SSL.Error:
        raise CertificateFailed(f"{name}: the key does not match the certificate.") from None
    fingerprint = first.fingerprint(hashes.SHA256()).hex(":").upper()
    own = first.issuer == first.subject
    return Credentials(context, fingerprint, _names(first), self_signed=own)


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):  # browsers look nowhere else
        return ()
    return tuple(found.value.get_values_for_type(x509.DNSName))


def _ask_for_certificate(context: SSL.Context) -> None:
    """Request a client certificate, any or none: only its key is looked at.

    Browsers are not asked, because some would ask their users.
    """

    def begin(connection: SSL.Connection, offered: list[bytes]) -> Any:
        if any(protocol.startswith((b"http/", b"h2")) for protocol in offered):
            connection.set_verify(SSL.VERIFY_NONE)
        return SSL.NO_OVERLAPPING_PROTOCOLS

    context.set_verify(SSL.VERIFY_PEER, lambda *anything: True)
    context.set_session_id(b"chatsvc")  # else no session with a client certificate can be resumed
    context.set_alpn_select_callback(begin)
