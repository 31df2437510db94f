"""Certificates: created, stored, provided, and replaced while users are connected."""

from __future__ import annotations

import hashlib
import os
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import Chat
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from OpenSSL import SSL
from tlspeople import CERTIFICATE, Secure, encrypted, trusting
from twisted.internet.task import Clock
from twisted.logger import LogEvent, formatEvent, globalLogPublisher

from chatsvc.transports import selfsigned
from chatsvc.transports.certificate import CertificateFailed, Files, credentials
from chatsvc.transports.selfsigned import VALID, kept_beside, make
from chatsvc.transports.tls import RECHECK, TLS


def certificate(pem: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem)


def secret(key: object, password: bytes | None = None) -> bytes:
    assert hasattr(key, "private_bytes")
    cipher: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password:
        cipher = serialization.BestAvailableEncryption(password)
    form = serialization.PrivateFormat.PKCS8
    pem: bytes = key.private_bytes(serialization.Encoding.PEM, form, cipher)
    return pem


def names_in(made: x509.Certificate) -> tuple[list[str], list[str]]:
    """Return the names and the addresses of a certificate."""
    found = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = map(str, found.get_values_for_type(x509.IPAddress))
    return found.get_values_for_type(x509.DNSName), list(addresses)


def test_what_is_made_here_lasts_ten_years_and_names_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("socket.getfqdn", lambda host: f"{host}.example.org")
    for host, names in (
        ("chat.example.org", ["chat.example.org", "localhost"]),
        ("chat", ["chat", "chat.example.org", "localhost"]),
        ("bücher", ["localhost"]),
        ("x" * 200, ["localhost"]),
    ):
        monkeypatch.setattr("socket.gethostname", lambda host=host: host)
        made = certificate(make())
        found, addresses = names_in(made)
        assert found == names
        assert addresses[:2] == ["127.0.0.1", "::1"]
        assert made.subject.rfc4514_string() == f"CN={names[0]},O=chatsvc"
        left = made.not_valid_after_utc - datetime.now(UTC)
        assert timedelta(days=3650) < left < timedelta(days=3660)
    key = serialization.load_pem_private_key(make(), None)
    assert getattr(key, "curve").name == "secp256r1"  # noqa: B009  # keys of all kinds are found


def test_it_may_be_its_own_issuer_as_nss_asks_and_openssl_in_its_strictest_mode() -> None:
    made = certificate(CERTIFICATE)
    usage = made.extensions.get_extension_for_class(x509.KeyUsage)
    basic = made.extensions.get_extension_for_class(x509.BasicConstraints)
    assert usage.critical
    assert basic.critical
    assert usage.value.digital_signature
    assert usage.value.key_cert_sign
    assert (basic.value.ca, basic.value.path_length) == (True, 0)
    with pytest.raises(x509.ExtensionNotFound):  # with one, NSS does not accept it as an issuer
        made.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    trust = trusting()
    trust.verify_flags |= ssl.VERIFY_X509_STRICT
    chat = encrypted(Chat())
    assert Secure(chat, trust=trust).shake_hands().send("ann")


# Renewing it


def old(days: float = 0, usage: bool = True) -> bytes:
    """Store a certificate with so many days left, or (not usage) one of an earlier version."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "chat")])
    end = datetime.now(UTC) + timedelta(days=days)
    builder = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(end - timedelta(days=3653))
        .not_valid_after(end)
    )
    if not usage:
        flags = [True] + [False] * 8
        builder = builder.add_extension(x509.KeyUsage(*flags), critical=True)
    signed = builder.sign(key, hashes.SHA256())
    pem: bytes = secret(key) + signed.public_bytes(serialization.Encoding.PEM)
    return pem


@pytest.mark.parametrize(
    ("before", "due"),
    [
        (old(days=61), False),
        (old(days=3652), False),
        (old(days=59), True),
        (old(days=-1), True),
        (old(days=4000), True),  # made while the clock was wrong
        (old(days=3000, usage=False), True),  # which Pidgin cannot accept
    ],
)
def test_it_is_renewed_in_time_with_its_key(tmp_path: Path, before: bytes, due: bool) -> None:
    file = tmp_path / "chat.db.pem"
    file.write_bytes(before)
    kept_beside(tmp_path / "chat.db").credentials()
    now = file.read_bytes()
    assert (now != before) is due
    if due:
        new, *former = x509.load_pem_x509_certificates(now)
        assert former == [certificate(before)]
        assert new.public_key() == certificate(before).public_key()
        assert new.not_valid_after_utc > datetime.now(UTC) + timedelta(days=3650)
        kept_beside(tmp_path / "chat.db")
        assert file.read_bytes() == now


def test_few_former_certificates_are_sent_along(tmp_path: Path) -> None:
    file = tmp_path / "chat.db.pem"
    file.write_bytes(old(days=1) + b"".join(map(public, [old() for _ in range(5)])))
    kept_beside(tmp_path / "chat.db")
    assert len(x509.load_pem_x509_certificates(file.read_bytes())) == 4


def public(pem: bytes) -> bytes:
    return pem[pem.index(b"-----BEGIN CERT") :]


def test_somebody_elses_certificate_is_not_renewed(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    names = [
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]) for name in ("chat", "ca")
    ]
    end = datetime.now(UTC) + timedelta(days=1)
    signed = (
        x509.CertificateBuilder(names[1], names[0], key.public_key(), 1)
        .not_valid_before(end - timedelta(days=90))
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )
    pem = secret(key) + signed.public_bytes(serialization.Encoding.PEM)
    (tmp_path / "chat.db.pem").write_bytes(pem)
    kept_beside(tmp_path / "chat.db").credentials()
    assert (tmp_path / "chat.db.pem").read_bytes() == pem


def test_it_is_renewed_while_people_talk(
    chat: Chat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logged: list[str]
) -> None:
    chat.factory.tls = TLS(kept_beside(tmp_path / "chat.db"), chat.clock)
    before = chat.factory.tls.fingerprint
    monkeypatch.setattr(selfsigned, "_now", lambda: datetime.now(UTC) + VALID)
    chat.clock.advance(RECHECK)
    trust = trusting((tmp_path / "chat.db.pem").read_bytes())
    trust.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    assert Secure(chat, trust=trust).shake_hands().send("ann")
    assert chat.factory.tls.fingerprint != before
    assert f"The certificate in {tmp_path / 'chat.db.pem'} was renewed with the same key." in (
        logged
    )


def test_what_cannot_be_renewed_stays_in_use(chat: Chat, tmp_path: Path) -> None:
    (tmp_path / "chat.db.pem").write_bytes(CERTIFICATE)
    chat.factory.tls = TLS(kept_beside(tmp_path / "chat.db"), chat.clock)
    before = chat.factory.tls.fingerprint
    (tmp_path / "chat.db.pem").write_bytes(b"nonsense")
    chat.factory.tls.reload()
    assert chat.factory.tls.fingerprint == before


def test_it_is_kept_beside_the_archive_and_nobody_else_reads_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        files = kept_beside(tmp_path / "chat.db")
    finally:
        os.umask(before)
    (file,) = tmp_path.iterdir()
    assert file.name == "chat.db.pem"
    assert file.stat().st_mode & 0o777 == 0o600
    first = file.read_bytes()
    assert kept_beside(tmp_path / "chat.db").credentials().fingerprint == (
        files.credentials().fingerprint
    )
    assert file.read_bytes() == first


def test_a_file_that_was_not_finished_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "chat.db.pem.new").write_bytes(b"half a k")
    kept_beside(tmp_path / "chat.db").credentials()
    assert [file.name for file in tmp_path.iterdir()] == ["chat.db.pem"]


def test_where_nothing_can_be_kept_it_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CertificateFailed) as failed:
        kept_beside(tmp_path / "missing" / "chat.db")
    assert str(failed.value).endswith("chat.db.pem: No such file or directory.")


def test_the_fingerprint_is_that_of_the_certificate() -> None:
    expected = ssl.PEM_cert_to_DER_cert(
        CERTIFICATE.decode().partition("-----END PRIVATE KEY-----\n")[2]
    )
    digest = hashlib.sha256(expected).hexdigest().upper()
    found = credentials(CERTIFICATE, CERTIFICATE, "x").fingerprint
    assert found.replace(":", "") == digest
    assert found.count(":") == 31


@pytest.mark.parametrize(
    ("chain", "key", "sentence"),
    [
        (b"", CERTIFICATE, "no certificate in PEM format."),
        (b"nonsense", CERTIFICATE, "no certificate in PEM format."),
        (CERTIFICATE, b"", "no private key in PEM format."),
        (CERTIFICATE, b"nonsense", "no private key in PEM format."),
        (CERTIFICATE, make(), "the key does not match the certificate."),
        (
            CERTIFICATE,
            secret(serialization.load_pem_private_key(CERTIFICATE, None), b"sesame"),
            "the key is encrypted. Remove its passphrase.",
        ),
        (
            CERTIFICATE,
            secret(rsa.generate_private_key(65537, 2048)),
            "the key does not match the certificate.",
        ),
    ],
)
def test_what_is_wrong_with_a_certificate_is_a_sentence(
    tmp_path: Path, chain: bytes, key: bytes, sentence: str
) -> None:
    files = Files(tmp_path / "cert.pem", tmp_path / "key.pem")
    files.certificate.write_bytes(chain)
    files.key.write_bytes(key)
    with pytest.raises(CertificateFailed) as failed:
        files.credentials()
    assert str(failed.value) == f"{files.certificate} and {files.key}: {sentence}"
    files.certificate.unlink()
    with pytest.raises(CertificateFailed, match=r"Cannot read .*cert\.pem: No such file"):
        files.credentials()


def test_all_that_vouch_for_a_certificate_are_sent(chat: Chat) -> None:
    chat.factory.tls = TLS(CERTIFICATE + make() + make(), chat.clock)
    client, ann = SSL.Connection(SSL.Context(SSL.TLS_METHOD), None), chat.connect()
    client.set_connect_state()
    for _ in range(2):
        try:
            client.do_handshake()
        except SSL.WantReadError:
            ann.protocol.dataReceived(client.bio_read(65536))
            client.bio_write(ann.transport.value())
    chain = client.get_peer_cert_chain()
    assert chain is not None
    assert len(chain) == 3


# Replacing them


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Return what is written to the log."""
    lines: list[str] = []

    def observe(event: LogEvent) -> None:
        lines.append(formatEvent(event))

    globalLogPublisher.addObserver(observe)  # type: ignore[arg-type]
    yield lines
    globalLogPublisher.removeObserver(observe)  # type: ignore[arg-type]


class Renewed:
    """A chat whose certificate is in files, and changes."""

    def __init__(self, directory: Path) -> None:
        self.chat = Chat()
        self.files = Files(directory / "cert.pem", directory / "key.pem")
        self.write(CERTIFICATE, CERTIFICATE)
        self.chat.factory.tls = TLS(self.files, self.chat.clock)

    def write(self, chain: bytes, key: bytes) -> None:
        for path, data in ((self.files.certificate, chain), (self.files.key, key)):
            path.with_suffix(".new").write_bytes(data)
            path.with_suffix(".new").replace(path)

    def shows(self, pem: bytes) -> bool:
        """Return whether a new connection is shown this certificate."""
        try:
            Secure(self.chat, trust=trusting(pem)).shake_hands()
        except ssl.SSLCertVerificationError:
            return False
        return True


def test_a_new_certificate_is_used_without_losing_anybody(
    tmp_path: Path, logged: list[str]
) -> None:
    place, new = Renewed(tmp_path), make()
    ann = Secure(place.chat).shake_hands()
    ann.send("ann")
    place.write(new, new)
    assert place.shows(CERTIFICATE), "it is not looked at all the time"
    place.chat.clock.advance(RECHECK)
    assert place.shows(new)
    assert not place.shows(CERTIFICATE)
    assert ann.send("/time") != []
    assert [line for line in logged if "certificate" in line] == [
        f"The certificate in {place.files} is in use now."
    ]


def test_a_broken_new_certificate_is_said_once_and_the_old_one_stays(
    tmp_path: Path, logged: list[str]
) -> None:
    place, new = Renewed(tmp_path), make()
    place.write(new, CERTIFICATE)
    for _ in range(5):
        place.chat.clock.advance(RECHECK)
        assert place.shows(CERTIFICATE)
    assert [line for line in logged if "certificate" in line] == [
        f"{place.files}: the key does not match the certificate."
        " The previous certificate stays in use."
    ]
    place.files.key.unlink()
    for _ in range(2):
        place.chat.clock.advance(RECHECK)
        assert place.shows(CERTIFICATE)
    assert len([line for line in logged if "Cannot read" in line and "key.pem" in line]) == 1
    place.write(new, new)
    place.chat.clock.advance(RECHECK)
    assert place.shows(new)


def test_files_are_not_looked_at_for_every_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, looks = Renewed(tmp_path), list[int]()
    state = Files.state

    def counted(files: Files) -> object:
        looks.append(1)
        return state(files)

    monkeypatch.setattr(Files, "state", counted)
    for _ in range(20):
        place.shows(CERTIFICATE)
        place.chat.clock.advance(RECHECK / 10)
    assert len(looks) in (1, 2)


def test_a_clock_that_is_set_back_does_not_keep_an_old_certificate(tmp_path: Path) -> None:
    place, new = Renewed(tmp_path), make()
    place.write(new, new)
    tls = place.chat.factory.tls
    assert tls is not None
    tls._looked_at = 1e9
    assert place.shows(new)
    assert isinstance(tls._clock, Clock)
