"""The client over TLS, in memory: which servers it trusts and refuses, and what it sends before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from client_house import House, Screen, Visit
from client_server import result
from conftest import Chat
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tlspeople import CERTIFICATE, encrypted
from twisted.internet.defer import CancelledError, Deferred

from chatsvc.cli.plain import PlainChat
from chatsvc.client.login_prompts import Identity
from chatsvc.client.net.failures import NotConnected, NotTrusted
from chatsvc.client.net.tls import PATIENCE, Encrypted
from chatsvc.client.net.trust import VOUCHED, KnownServers, Trust
from chatsvc.client.words import Words
from chatsvc.model.requests import Refused
from chatsvc.transports.certificate import credentials
from chatsvc.transports.selfsigned import make
from chatsvc.transports.tls import TLS

ADDRESS = "localhost:13531"
ONE, OTHER = "AA:01", "BB:02"
NEW = make()  # another server's certificate


class SecureHouse(House):
    """The address of a chat that also accepts TLS."""

    def _start(self, *arguments: Any) -> Chat:
        return encrypted(super()._start(*arguments))

    def change_certificate(self) -> None:
        self.chat.factory.tls = TLS(NEW, self.chat.clock)

    @property
    def heard(self) -> list[str]:
        """Return the names of the users who have joined."""
        return [user.name for user in self.chat.hub.directory.users.values()]


class SecureVisit(Visit):
    """A user of the client, who joins over TLS."""

    def __init__(self, house: House, servers: KnownServers, host: str = "localhost") -> None:
        self.house = house
        self.told: list[str] = []
        self.screen = Screen(True)
        trust = Trust(ADDRESS, servers, self.told.append)
        self.endpoint = Encrypted(house, host, trust.decide, house.clock)
        self.talk = PlainChat(
            self.endpoint, house.clock, self.screen, Words(False), Identity("ann")
        )
        self.done: Deferred[int] = Deferred.fromCoroutine(self.talk.run())
        house.visits.append(self)
        house.pump()


@pytest.fixture
def house() -> Iterator[SecureHouse]:
    with SecureHouse() as house:
        assert isinstance(house, SecureHouse)
        yield house


@pytest.fixture
def servers(tmp_path: Path) -> KnownServers:
    return KnownServers(tmp_path / "new" / "known_servers")


# Over TLS


def test_who_is_met_for_the_first_time_is_told_of_once(
    house: SecureHouse, servers: KnownServers
) -> None:
    ann = SecureVisit(house, servers)
    assert house.heard == ["ann"]
    fingerprint = house.chat.factory.tls.fingerprint  # type: ignore[union-attr]
    (told,) = ann.told
    assert f"SHA-256 {fingerprint}." in told
    assert "in the log of the service" in told
    assert servers.path.read_text() == f"{ADDRESS} {fingerprint}\n"
    assert servers.path.stat().st_mode & 0o777 == 0o600
    bob = house.visitor("bob")
    ann.type("hello")
    assert "[1970-01-01 00:00] <ann> hello" in bob.read()
    assert "* Reconnected." in ann.lose()
    ann.type("/quit")
    assert SecureVisit(house, servers).told == []
    assert house.heard == ["bob", "ann"]
    assert len(ann.told) == 1


def test_another_certificate_is_refused_and_nothing_is_sent_to_it(
    house: SecureHouse, servers: KnownServers
) -> None:
    servers.remember("elsewhere:1", ONE)
    servers.remember(ADDRESS, ONE)
    ann = SecureVisit(house, servers)
    with pytest.raises(NotTrusted) as refused:
        result(ann.done)
    text = str(refused.value)
    assert f"THE CERTIFICATE OF {ADDRESS} HAS CHANGED" in text
    assert f"before: SHA-256 {ONE}\n" in text
    assert f"now:    SHA-256 {house.chat.factory.tls.fingerprint}\n" in text  # type: ignore[union-attr]
    assert f"remove line 2 of {servers.path} " in text
    assert house.heard == []
    assert house.cables == []
    house.pump(60.0)
    assert house.tries == 1
    assert ann.told == []


def test_a_renewed_certificate_of_the_same_key_is_accepted_and_remembered(
    house: SecureHouse, servers: KnownServers
) -> None:
    servers.remember("elsewhere:1", ONE)
    SecureVisit(house, servers).type("/quit")
    servers.remember("other:1", OTHER)
    key = serialization.load_pem_private_key(CERTIFICATE, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    house.chat.factory.tls = TLS(make(key, former(CERTIFICATE)), house.chat.clock)
    renewed = house.chat.factory.tls.fingerprint
    ann = SecureVisit(house, servers)
    assert house.heard == ["ann"]
    assert ann.told == [
        f"{ADDRESS} has renewed its certificate, with the key that you know: SHA-256 {renewed}."
    ]
    assert servers.path.read_text() == (
        f"elsewhere:1 {ONE}\n{ADDRESS} {renewed}\nother:1 {OTHER}\n"
    )
    ann.type("/quit")
    assert SecureVisit(house, servers).told == []


def test_a_known_certificate_beside_one_of_another_key_proves_nothing(
    house: SecureHouse, servers: KnownServers
) -> None:
    SecureVisit(house, servers).type("/quit")
    house.chat.factory.tls = TLS(make(former=former(CERTIFICATE)), house.chat.clock)
    stranger = SecureVisit(house, servers)
    with pytest.raises(NotTrusted, match="HAS CHANGED"):
        result(stranger.done)
    assert house.heard == []


def former(pem: bytes) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(pem)


def test_another_certificate_after_a_loss_is_the_end(
    house: SecureHouse, servers: KnownServers
) -> None:
    ann = SecureVisit(house, servers)
    house.change_certificate()
    house.lose()
    ann.type("a secret")
    house.pump(10.0)
    with pytest.raises(NotTrusted, match="HAS CHANGED"):
        result(ann.done)
    assert ann.screen.lines[-1] == "* 1 message not sent."
    assert house.heard == []
    tries = house.tries
    house.pump(60.0)
    assert house.tries == tries == 2


def test_not_one_byte_follows_the_handshake_with_a_stranger(
    house: SecureHouse, servers: KnownServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(Chat, "connect", spying(Chat.connect, sent))
    servers.remember(ADDRESS, ONE)
    ann = SecureVisit(house, servers)
    with pytest.raises(NotTrusted):
        result(ann.done)
    (peer,) = sent
    assert peer.inside == []
    servers.path.unlink()
    SecureVisit(house, servers)
    assert b'"do":"hello"' in b"".join(sent[1].inside)


def spying(connect: Any, peers: list[Any]) -> Any:
    """Records the decrypted bytes of every connection in its `inside`."""

    def connected(chat: Chat, *arguments: Any) -> Any:
        peer = connect(chat, *arguments)
        peer.inside = []
        around = chat.factory.tls.around  # type: ignore[union-attr]

        def watched(protocol: Any) -> Any:
            receive = protocol.dataReceived
            protocol.dataReceived = lambda data: (peer.inside.append(data), receive(data))
            return around(protocol)

        chat.factory.tls.around = watched  # type: ignore[union-attr, method-assign]
        peers.append(peer)
        return peer

    return connected


# The system's trust


@pytest.fixture
def vouching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the system trust the certificate that was made for these tests."""
    roots = tmp_path / "roots.pem"
    roots.write_bytes(CERTIFICATE[CERTIFICATE.index(b"-----BEGIN CERT") :])
    monkeypatch.setenv("SSL_CERT_FILE", str(roots))


@pytest.mark.usefixtures("vouching")
def test_nothing_is_said_about_a_certificate_that_the_system_trusts(
    house: SecureHouse, servers: KnownServers
) -> None:
    ann = SecureVisit(house, servers)
    assert house.heard == ["ann"]
    assert ann.told == []
    assert servers.path.read_text() == f"{ADDRESS} {VOUCHED}\n"
    ann.lose()
    assert house.heard == ["ann"]
    assert servers.path.read_text() == f"{ADDRESS} {VOUCHED}\n"
    house.change_certificate()
    ann.lose()
    with pytest.raises(NotTrusted, match="before: a certificate that this system trusts"):
        result(ann.done)


@pytest.mark.usefixtures("vouching")
@pytest.mark.parametrize("host", ["chat.example.org", "192.0.2.5", "2001:db8::5"])
def test_a_certificate_for_another_name_is_not_trusted(
    house: SecureHouse, servers: KnownServers, host: str
) -> None:
    assert len(SecureVisit(house, servers, host).told) == 1
    assert VOUCHED not in servers.path.read_text()


@pytest.mark.usefixtures("vouching")
def test_the_systems_word_needs_no_file(house: SecureHouse, tmp_path: Path) -> None:
    SecureVisit(house, KnownServers(tmp_path))
    assert house.heard == ["ann"]


# Servers that require TLS


def test_a_server_that_needs_tls_is_not_tried_again_without_it(house: SecureHouse) -> None:
    ann = Visit(house)
    house.chat.factory.require_tls = True
    ann.lose()
    with pytest.raises(Refused, match="requires TLS") as refused:
        result(ann.done)
    assert refused.value.code == "tls-needed"
    tries = house.tries
    house.pump(60.0)
    assert house.tries == tries == 2
    with pytest.raises(Refused, match="requires TLS"):
        result(Visit(house).done)


def test_over_tls_one_is_let_in_where_it_is_needed(
    house: SecureHouse, servers: KnownServers
) -> None:
    house.chat.factory.require_tls = True
    SecureVisit(house, servers)
    assert house.heard == ["ann"]


# Failed handshakes


class Mute(House):
    """A server that accepts connections, and sends what it is told to."""

    def connect(self, factory: Any) -> Deferred[Any]:
        connected = super().connect(factory)
        self.cable = self.cables.pop()
        return connected


def failing(servers: KnownServers, house: Mute) -> Deferred[Any]:
    """A user who tries to join there."""
    return SecureVisit(house, servers).done


def test_whoever_does_not_speak_tls_is_said_so(servers: KnownServers) -> None:
    house = Mute()
    done = failing(servers, house)
    house.cable.protocol.dataReceived(b"220 mail.example.org ESMTP ready\r\n")
    house.cable.lose()
    house.pump()
    with pytest.raises(NotConnected, match="the server does not support TLS"):
        result(done)


def test_whoever_hangs_up_during_the_handshake_is_said_so(servers: KnownServers) -> None:
    house = Mute()
    done = failing(servers, house)
    house.cable.lose()
    house.pump()
    with pytest.raises(NotConnected, match="the server disconnected during the TLS handshake"):
        result(done)


def test_a_server_that_speaks_no_tls_says_so_by_an_alert(servers: KnownServers) -> None:
    with House() as house:
        house.chat.factory.speaks = frozenset({"json"})
        with pytest.raises(NotConnected, match="the server refuses encrypted connections"):
            result(SecureVisit(house, servers).done)


def test_a_handshake_that_does_not_end_is_given_up(servers: KnownServers) -> None:
    house = Mute()
    done = failing(servers, house)
    house.clock.advance(PATIENCE - 1)
    assert not done.called
    house.clock.advance(1)
    assert house.cable.transport.disconnecting
    house.pump()
    with pytest.raises(NotConnected, match="the server does not answer"):
        result(done)


def test_who_leaves_during_the_handshake_leaves_no_connection_behind(servers: KnownServers) -> None:
    house = Mute()
    done = failing(servers, house)
    done.cancel()
    house.pump()
    with pytest.raises(CancelledError):
        result(done)
    assert house.cable.transport.disconnecting


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("localhost", [b"localhost"]),
        ("bücher.example.", [b"xn--bcher-kva.example"]),
        ("::1", []),  # addresses are not allowed there (RFC 6066, 3)
    ],
)
def test_the_server_is_told_which_name_is_meant(
    house: SecureHouse, servers: KnownServers, host: str, told: list[bytes]
) -> None:
    heard: list[bytes | None] = []
    ours = TLS(NEW, house.chat.clock)
    ours._credentials.context.set_tlsext_servername_callback(
        lambda connection: heard.append(connection.get_servername())
    )
    house.chat.factory.tls = ours
    SecureVisit(house, servers, host)
    assert house.heard == ["ann"]
    assert [name for name in heard if name is not None] == told


def test_a_fingerprint_is_written_as_the_service_writes_it(
    house: SecureHouse, servers: KnownServers
) -> None:
    house.change_certificate()
    (told,) = SecureVisit(house, servers).told
    assert credentials(NEW, NEW, "x").fingerprint in told
