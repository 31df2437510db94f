"""Encryption: certificates, and what is the same inside TLS as outside."""

from __future__ import annotations

import hashlib
import os
import ssl
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import Chat
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from OpenSSL import SSL
from test_detect import ALERT, BEGINNINGS, CERTIFICATE, GREETING
from twisted.internet.task import Clock
from twisted.logger import LogEvent, formatEvent, globalLogPublisher

from chatsvc.limits import UNLIMITED, Limits
from chatsvc.transports.certificate import (
    CertificateFailed,
    Files,
    credentials,
    kept_beside,
    make,
)
from chatsvc.transports.tls import RECHECK, TLS


def trusting(pem: bytes = CERTIFICATE) -> ssl.SSLContext:
    """A client that knows one certificate, and checks the name."""
    return ssl.create_default_context(cadata=pem[pem.index(b"-----BEGIN CERT") :].decode())


class Secure:
    """Somebody who comes over TLS, in memory."""

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
        """Carry what was sent, in pieces of this size, and bring the answers; says if there are."""
        data = self._sent.read()
        for start in range(0, len(data), size):
            self.outside.protocol.dataReceived(data[start : start + size])
        self._chat.clock.advance(0)  # small pieces are sent together
        answer = self.outside.transport.value()
        self.outside.transport.clear()
        self._received.write(answer)
        return bool(answer)

    def send(self, *lines: str | bytes) -> list[str]:
        """Send lines; gives what comes in answer."""
        for line in lines:
            self.tls.write((line if isinstance(line, bytes) else line.encode()) + b"\r\n")
        return self.read()

    def read(self) -> list[str]:
        self.carry()
        heard = b""
        try:
            while data := self.tls.read(65536):
                heard += data
        except ssl.SSLWantReadError:
            pass
        self.carry()
        return heard.decode().splitlines()


@pytest.fixture
def chat() -> Chat:
    return encrypted(Chat())


def encrypted(chat: Chat) -> Chat:
    chat.factory.tls = TLS(CERTIFICATE, chat.clock)
    return chat


# Talking


def test_people_talk_over_tls_and_without_it_in_one_room(chat: Chat) -> None:
    ann, bob = Secure(chat).shake_hands(), chat.join("bob")
    bob.read()
    assert "* Welcome, ann. You are in #lobby with bob." in ann.send("ann")[1]
    assert bob.read() == ["* ann came in."]
    ann.send("hello")
    assert bob.read() == ["[1970-01-01 00:00] <ann> hello"]
    bob.send("hello yourself")
    assert ann.read() == ["[1970-01-01 00:00] <bob> hello yourself"]
    assert ann.send("/quit")[-1] == "* Goodbye, ann. Thank you for coming."


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (BEGINNINGS["json"][0], '{"event":"pong"}'),
        (BEGINNINGS["irc"][0], "ERROR :IRC is not spoken here yet."),
        (BEGINNINGS["http"][0], "HTTP/1.1 200 OK"),
        (BEGINNINGS["text"][0], GREETING.decode().strip()),
        (BEGINNINGS["tls"][0] + b"\r\n", GREETING.decode().strip()),
    ],
)
@pytest.mark.parametrize("one_by_one", [False, True])
def test_inside_tls_the_first_bytes_decide_again(
    chat: Chat, data: bytes, answer: str, one_by_one: bool
) -> None:
    peer = Secure(chat).shake_hands()
    for start in range(len(data) if one_by_one else 1):
        peer.tls.write(data[start : start + 1] if one_by_one else data)
        peer.carry()
    assert peer.read()[0].startswith(answer)


@given(st.lists(st.integers(1, 1500), max_size=6), st.lists(st.booleans(), min_size=7, max_size=7))
@settings(max_examples=50, deadline=None)
def test_it_does_not_matter_how_a_handshake_is_cut_nor_how_long_it_takes(
    cuts: list[int], pauses: list[bool]
) -> None:
    chat = encrypted(Chat())
    ann = Secure(chat)
    with pytest.raises(ssl.SSLWantReadError):
        ann.tls.do_handshake()
    data = ann._sent.read()
    places = [0, *sorted({cut for cut in cuts if cut < len(data)}), len(data)]
    for (start, end), pause in zip(pairwise(places), pauses, strict=False):
        ann.outside.protocol.dataReceived(data[start:end])
        if pause:
            chat.clock.advance(1)
    ann.shake_hands()
    assert ann.send("ann")[0] == GREETING.decode().strip()


def test_who_is_silent_inside_tls_is_greeted_there_and_not_before(chat: Chat) -> None:
    ann = Secure(chat)
    with pytest.raises(ssl.SSLWantReadError):
        ann.tls.do_handshake()
    ann.carry()
    chat.clock.advance(5)
    assert ann.outside.transport.value() == b""
    ann.shake_hands()
    chat.clock.advance(0.2)
    assert ann.read() == []
    chat.wait_for_greeting()
    assert ann.read() == [GREETING.decode().strip()]


def test_a_slow_reader_over_tls_costs_nothing_and_reads_on(chat: Chat) -> None:
    ann, bob = chat.join("ann"), Secure(chat).shake_hands()
    bob.send("bob")
    bob.outside.stop_reading()
    ann.send(*(f"line {n}" for n in range(500)))
    assert bob.read() == []
    bob.outside.read_on()
    missed = bob.read()
    assert [line.rpartition("> ")[2] for line in missed] == [f"line {n}" for n in range(500)]


@pytest.mark.parametrize("finished", [False, True])
def test_who_says_farewell_or_nonsense_is_gone_and_nothing_is_logged(
    chat: Chat, finished: bool
) -> None:
    ann, bob, eve = chat.join("ann"), Secure(chat), Secure(chat)
    if finished:
        for peer, name in ((bob, "bob"), (eve, "eve")):
            peer.shake_hands().send(name)
        with pytest.raises(ssl.SSLWantReadError):
            bob.tls.unwrap()
        bob.carry()
        eve.outside.protocol.dataReceived(b"\x17\x03\x03\x00\x05wrong")
    else:
        for peer in (bob, eve):
            with pytest.raises(ssl.SSLWantReadError):
                peer.tls.do_handshake()
            peer.carry()
        bob.outside.protocol.dataReceived(bytes.fromhex("15030300020228"))  # an alert
        eve.outside.protocol.dataReceived(b"\x16\x03\x01 and garbage" * 100)
    for peer in (bob, eve):
        assert peer.outside.closed
        peer.outside.hang_up()
    assert len(chat.factory.connections) == len(chat.hub.sessions) == 1
    assert ann.send("/time") != []
    chat.clock.advance(60)
    assert not chat.clock.getDelayedCalls()


# Limits


def test_a_connection_is_counted_once() -> None:
    chat = encrypted(Chat(limits=Limits(flood=None, per_address=2, arrivals=4, name_within=0)))
    chat.factory.max_clients = 3
    ann, bob = Secure(chat).shake_hands(), Secure(chat).shake_hands()
    ann.send("ann"), bob.send("bob")
    assert len(chat.factory.connections) == 2
    third = Secure(chat)
    with pytest.raises(ssl.SSLError, match=r"(?i)access.denied"):
        third.shake_hands()
    assert third.outside.closed
    third.outside.hang_up()
    bob.outside.hang_up()
    Secure(chat).shake_hands().send("zoe")
    other = Secure(chat, "192.0.2.2").shake_hands()
    other.send("eve")
    assert set(chat.hub.users) == {"ann", "zoe", "eve"}
    full = chat.connect("192.0.2.3")
    assert "server is full" in full.send("dave")[0]


def test_refused_connections_cost_no_handshake() -> None:
    chat = encrypted(Chat(limits=Limits(per_address=1)))
    chat.connect()
    refused = chat.connect()
    refused.protocol.dataReceived(BEGINNINGS["tls"][0])
    assert refused.transport.value() == ALERT.encode("latin-1")
    assert refused.closed


@pytest.mark.parametrize("sent", [0, 1, 2, 5, 200, None])
def test_a_handshake_that_never_ends_is_closed_in_time(sent: int | None) -> None:
    chat = encrypted(Chat(limits=Limits()))
    ann = Secure(chat)
    with pytest.raises(ssl.SSLWantReadError):
        ann.tls.do_handshake()
    if sent is None:
        ann.carry()  # the server has answered, and waits
    else:
        ann.outside.protocol.dataReceived(ann._sent.read()[:sent])
    chat.clock.advance(59.9)
    assert ann.outside.transport.connected
    assert not ann.outside.closed
    chat.clock.advance(0.1)
    assert ann.outside.closed or not ann.outside.transport.connected
    chat.clock.advance(10)
    assert not chat.factory.connections
    assert not chat.clock.getDelayedCalls()


def test_inside_tls_one_has_as_long_as_outside_to_say_ones_name() -> None:
    chat = encrypted(Chat(limits=Limits()))
    ann, bob = Secure(chat), Secure(chat)
    chat.clock.advance(0.1)
    for peer in (ann, bob):
        peer.shake_hands()
    chat.clock.advance(59)
    bob.send("bob")
    assert not ann.outside.closed
    chat.clock.advance(0.9)
    words = "* You did not say your name within 60 seconds. Goodbye."
    assert ann.read() == [GREETING.decode().strip(), words]
    assert bob.send("/time") != []
    chat.clock.advance(10)
    assert len(chat.factory.connections) == 1


@pytest.mark.parametrize("limits", [Limits(per_address=0, arrivals=0), UNLIMITED])
def test_connections_come_and_go_without_a_trace(limits: Limits) -> None:
    chat = encrypted(Chat(limits=limits))
    tls = chat.factory.tls
    assert tls is not None
    for number in range(30):
        peer = Secure(chat)
        if number % 3:
            peer.shake_hands()
        if number % 3 == 2:
            peer.send("ann", "hello")
        peer.outside.hang_up()
    chat.clock.advance(0)
    assert not chat.clock.getDelayedCalls()
    assert not chat.factory.connections
    assert not chat.hub.sessions
    assert not tls._factory.protocols


def test_where_tls_is_required_it_suffices(chat: Chat) -> None:
    chat.factory.require_tls = True
    ann = Secure(chat).shake_hands()
    assert "* Welcome, ann." in ann.send("ann")[1]
    browser = Secure(chat).shake_hands()
    page = browser.send("GET / HTTP/1.1", "Host: chat", "")
    assert "openssl s_client -quiet -connect chat:443" in page
    assert not [line for line in page if line.startswith("telnet")]


# Versions


@pytest.mark.parametrize(
    ("version", "understood"),
    [(SSL.TLS1_1_VERSION, False), (SSL.TLS1_2_VERSION, True), (SSL.TLS1_3_VERSION, True)],
)
def test_old_versions_are_not_spoken(chat: Chat, version: int, understood: bool) -> None:
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_cipher_list(b"ALL:@SECLEVEL=0")
    context.set_min_proto_version(version)
    context.set_max_proto_version(version)
    client, ann = SSL.Connection(context, None), chat.connect()
    client.set_connect_state()
    done, said = False, ""
    for _ in range(4):
        try:
            client.do_handshake()
            done = True
        except SSL.WantReadError:
            ann.protocol.dataReceived(client.bio_read(65536))
            client.bio_write(ann.transport.value() or b"nothing")
            ann.transport.clear()
        except SSL.Error as error:
            said = str(error)
            break
    assert done is understood
    assert ("alert protocol version" in said) is not understood


# Certificates


def certificate(pem: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem)


def test_what_is_made_here_lasts_ten_years_and_names_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for host, names in (
        ("chat.example.org", ["chat.example.org", "localhost"]),
        ("localhost", ["localhost"]),
        ("bücher", ["localhost"]),
        ("x" * 200, ["localhost"]),
    ):
        monkeypatch.setattr("socket.gethostname", lambda host=host: host)
        made = certificate(make())
        found = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert found.get_values_for_type(x509.DNSName) == names
        assert made.subject.rfc4514_string() == f"CN={names[0]}"
        left = made.not_valid_after_utc - datetime.now(timezone.utc)
        assert timedelta(days=3650) < left < timedelta(days=3660)
    key = serialization.load_pem_private_key(make(), None)
    assert getattr(key, "curve").name == "secp256r1"  # noqa: B009  # keys of all kinds are found


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
    assert str(failed.value).endswith("chat.db.pem cannot be made: No such file or directory.")


def test_the_fingerprint_is_that_of_the_certificate() -> None:
    expected = ssl.PEM_cert_to_DER_cert(
        CERTIFICATE.decode().partition("-----END PRIVATE KEY-----\n")[2]
    )
    digest = hashlib.sha256(expected).hexdigest().upper()
    found = credentials(CERTIFICATE, CERTIFICATE, "x").fingerprint
    assert found.replace(":", "") == digest
    assert found.count(":") == 31


def secret(key: object, password: bytes | None = None) -> bytes:
    assert hasattr(key, "private_bytes")
    cipher: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password:
        cipher = serialization.BestAvailableEncryption(password)
    form = serialization.PrivateFormat.PKCS8
    pem: bytes = key.private_bytes(serialization.Encoding.PEM, form, cipher)
    return pem


@pytest.mark.parametrize(
    ("chain", "key", "sentence"),
    [
        (b"", CERTIFICATE, "there is no certificate in PEM format."),
        (b"nonsense", CERTIFICATE, "there is no certificate in PEM format."),
        (CERTIFICATE, b"", "there is no private key in PEM format."),
        (CERTIFICATE, b"nonsense", "there is no private key in PEM format."),
        (CERTIFICATE, make(), "the key is not that of the certificate."),
        (
            CERTIFICATE,
            secret(serialization.load_pem_private_key(CERTIFICATE, None), b"sesame"),
            "the key has a password, and must have none.",
        ),
        (
            CERTIFICATE,
            secret(rsa.generate_private_key(65537, 2048)),
            "the key is not that of the certificate.",
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
    with pytest.raises(CertificateFailed, match=r"cert\.pem cannot be read: No such file"):
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
def logged() -> Callable[[], list[str]]:
    """What is written to the log from now on."""
    lines: list[str] = []

    def observe(event: LogEvent) -> None:
        lines.append(formatEvent(event))

    globalLogPublisher.addObserver(observe)
    return lambda: lines


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
        """Whether somebody new is shown this certificate."""
        try:
            Secure(self.chat, trust=trusting(pem)).shake_hands()
        except ssl.SSLCertVerificationError:
            return False
        return True


def test_a_new_certificate_is_used_without_losing_anybody(
    tmp_path: Path, logged: Callable[[], list[str]]
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
    assert [line for line in logged() if "certificate" in line] == [
        f"The certificate in {place.files} is in use now."
    ]


def test_a_broken_new_certificate_is_said_once_and_the_old_one_stays(
    tmp_path: Path, logged: Callable[[], list[str]]
) -> None:
    place, new = Renewed(tmp_path), make()
    place.write(new, CERTIFICATE)
    for _ in range(5):
        place.chat.clock.advance(RECHECK)
        assert place.shows(CERTIFICATE)
    assert [line for line in logged() if "certificate" in line] == [
        f"{place.files}: the key is not that of the certificate."
        " The certificate from before stays in use."
    ]
    place.files.key.unlink()
    for _ in range(2):
        place.chat.clock.advance(RECHECK)
        assert place.shows(CERTIFICATE)
    assert len([line for line in logged() if "key.pem cannot be read" in line]) == 1
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
