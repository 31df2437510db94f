"""The service's self-signed certificate, and its renewal."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID
from twisted.logger import Logger

from chatsvc.transports.certificate import CertificateFailed, Files
from chatsvc.transports.machine import addresses
from chatsvc.transports.machine import names as host_names

VALID = timedelta(days=3652)
RENEWED = timedelta(days=60)  # before it expires
FORMER = 3  # earlier certificates of the same key that are sent along

_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
    "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip

_log = Logger()


class SelfSigned(Files):
    """A self-signed certificate in a file with its key and the certificates it replaced."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, path)

    def renew(self) -> None:
        """Create a new certificate of the same key in time, or if clients cannot accept this one.

        Clients that know the former one recognize the key by it, so it is sent along.
        """
        try:
            pem = self.key.read_bytes()
            key = load_pem_private_key(pem, None)
            former = x509.load_pem_x509_certificates(pem)
        except (OSError, TypeError, ValueError):
            return  # reading the credentials reports what is wrong
        if isinstance(key, ec.EllipticCurvePrivateKey) and _is_due(former[0]):
            _keep(self.key, make(key, former[:FORMER]))
            _log.info("The certificate in {files} was renewed with the same key.", files=self)


def kept_beside(archive: Path) -> SelfSigned:
    """Return the certificate that belongs to an archive; create it if there is none."""
    path = archive.with_name(f"{archive.name}.pem")
    if not path.exists():
        _keep(path, make())
    files = SelfSigned(path)
    files.renew()
    return files


def _is_due(certificate: x509.Certificate) -> bool:
    if certificate.issuer != certificate.subject:
        return False  # it is signed by somebody else
    now = _now()
    current = certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - RENEWED
    return not current or not _can_sign(certificate)


def _can_sign(certificate: x509.Certificate) -> bool:
    """Return whether it may be its own issuer: NSS, and so Pidgin, accepts no other."""
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound:
        return True


def _now() -> datetime:
    return datetime.now(UTC)


def _keep(path: Path, pem: bytes) -> None:
    """Write a secret file, completely or not at all."""
    unfinished = path.with_name(f"{path.name}.new")
    try:
        unfinished.unlink(missing_ok=True)
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "wb") as file:
            os.fchmod(handle, 0o600)
            file.write(pem)
            file.flush()
            os.fsync(handle)
        unfinished.replace(path)
    except OSError as error:
        raise CertificateFailed(f"Cannot create {path}: {error.strerror}.") from None


def make(
    key: ec.EllipticCurvePrivateKey | None = None, former: Sequence[x509.Certificate] = ()
) -> bytes:
    """Create a self-signed certificate for this machine's names and addresses.

    Its key comes before it, and after it the certificates that it replaces.
    """
    key = key or ec.generate_private_key(ec.SECP256R1())
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    certificates = (_certificate(key), *former)
    return secret + b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)


def _certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """Return a certificate marked as a CA, which clients require of self-signed ones.

    It has no extended key usage: NSS does not accept a server-only certificate as an issuer.
    """
    names, public, now = list(host_names()), key.public_key(), _now()
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "chatsvc"),
            x509.NameAttribute(NameOID.COMMON_NAME, names[0]),
        ]
    )
    usage = dict.fromkeys(_USAGES, False) | {"digital_signature": True, "key_cert_sign": True}
    known_as = [*map(x509.DNSName, names), *map(x509.IPAddress, addresses())]
    return (
        x509.CertificateBuilder(name, name, public, x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # clocks differ
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName(known_as), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), False)
        .sign(key, hashes.SHA256())
    )
