"""Client certificates: the accounts that they log in to, and that nobody needs one."""

from __future__ import annotations

import hashlib
import re
import ssl
from pathlib import Path
from typing import Any

import pytest
from conftest import Chat, Person
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from staff import SECRET, member, refusal
from tlspeople import Secure, encrypted, trusting

from chatsvc.transports.selfsigned import make


@pytest.fixture
def chat() -> Chat:
    return encrypted(Chat())


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Return a file with a self-signed certificate and its key."""
    path = tmp_path / "own.pem"
    path.write_bytes(make())
    return path


VERSION_3, VERSION_5 = b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x04"
PEM = re.compile("-----BEGIN CERT.*END CERTIFICATE-----\n", re.DOTALL)


def fingerprint(path: Path) -> str:
    return x509.load_pem_x509_certificate(path.read_bytes()).fingerprint(SHA256()).hex()


def bearing(path: Path, **options: object) -> ssl.SSLContext:
    """Return a client that sends a certificate on request."""
    context = trusting()
    context.load_cert_chain(path)
    for name, value in options.items():
        setattr(context, name, value)
    return context


def secure(chat: Chat, path: Path | None = None, **options: object) -> Secure:
    return Secure(chat, trust=bearing(path, **options) if path else None).shake_hands()


def registered(chat: Chat, name: str, path: Path | None) -> Secure:
    person = secure(chat, path)
    person.send(name)
    person.send(f"/register {SECRET}")
    return person


def ask(person: Secure, line: str) -> str:
    (answer,) = person.send(line)
    return answer


EXTERNAL = '{"do":"prove","mechanism":"EXTERNAL","data":"%s"}'


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_certificate_that_was_added_proves_the_account(
    chat: Chat, own: Path, version: ssl.TLSVersion
) -> None:
    ann = registered(chat, "ann", own)
    assert ann.send("/certificate") == [
        "* Your account has no certificates.",
        f"* This connection uses {fingerprint(own)}. To add it: /certificate add",
    ]
    assert ann.send("/certificate add") == [f"* {fingerprint(own)} (this connection)"]
    again = secure(chat, own, maximum_version=version)
    assert ask(again, EXTERNAL % "") == '{"event":"proved","account":"ann"}'
    assert '"account":"ann"' in ask(again, '{"do":"hello"}')


def test_whom_one_wants_to_be_must_be_whose_the_certificate_is(chat: Chat, own: Path) -> None:
    registered(chat, "ann", own).send("/certificate add")
    member(chat, "bob")
    again = secure(chat, own)
    assert "Your certificate belongs to ann, not bob." in ask(again, EXTERNAL % "bob")
    assert ask(again, EXTERNAL % "Ann") == '{"event":"proved","account":"ann"}'


def test_a_certificate_of_nobody_s_proves_nothing(chat: Chat, own: Path) -> None:
    assert '"code":"no-account"' in ask(secure(chat, own), EXTERNAL % "")
    assert '"code":"bad-certificate"' in ask(secure(chat), EXTERNAL % "")
    code, _ = refusal(chat.connect(), do="prove", mechanism="EXTERNAL")
    assert code == "bad-certificate"


def test_a_certificate_is_one_account_s_and_can_be_taken_away(chat: Chat, own: Path) -> None:
    ann = registered(chat, "ann", own)
    ann.send("/certificate add")
    bob = registered(chat, "bob", own)
    assert bob.send("/certificate add") == [
        "* That certificate already belongs to another account."
    ]
    assert ann.send("/certificate add")[-1] == "* That certificate already belongs to you."
    assert bob.send("/certificate remove") == [
        "* You have no such certificate. To list yours: /certificate"
    ]
    assert ann.send("/certificate remove")[0] == "* Your account has no certificates."
    assert bob.send("/certificate add") == [f"* {fingerprint(own)} (this connection)"]


def test_a_certificate_with_odd_fields_proves_what_any_other_does(chat: Chat, own: Path) -> None:
    """OpenSSL accepts a version that no certificate has; parsers do not."""
    certificate = x509.load_pem_x509_certificate(own.read_bytes())
    odd = certificate.public_bytes(Encoding.DER).replace(VERSION_3, VERSION_5, 1)
    own.write_text(PEM.sub(ssl.DER_cert_to_PEM_cert(odd), own.read_text()))
    ann = registered(chat, "ann", own)
    known = hashlib.sha256(odd).hexdigest()
    assert ann.send("/certificate add") == [f"* {known} (this connection)"]


def test_a_fingerprint_may_be_written_as_openssl_prints_it(chat: Chat) -> None:
    ann = member(chat, "ann")
    written = ":".join(["AB"] * 32)
    assert ann.send(f"/certificate add {written}") == [f"* {'ab' * 32}"]
    assert ann.send(f"/cert remove {'ab' * 32}") == ["* Your account has no certificates."]
    assert "64 hexadecimal digits" in ann.send("/certificate add abcd")[0]
    assert "This connection has no certificate" in ann.send("/certificate add")[0]
    assert ann.send("/certificate show") == ["* Usage: /certificate add, or: /certificate remove"]


def test_an_account_has_so_many_certificates(chat: Chat) -> None:
    ann = member(chat, "ann")
    for n in range(10):
        ann.send(f"/certificate add {n:064x}")
    assert "the maximum" in ann.send(f"/certificate add {10:064x}")[0]


def test_guests_have_no_certificates(chat: Chat) -> None:
    assert chat.join("bob").send("/certificate") == [
        "* Only registered users can do that. To register: /register password"
    ]


def fingerprints(chat: Chat) -> list[str]:
    connections: list[Any] = list(chat.factory.connections)
    return [one.fingerprint for one in connections]


def test_browsers_are_not_asked_for_a_certificate(chat: Chat, own: Path) -> None:
    context = bearing(own)
    context.set_alpn_protocols(["h2", "http/1.1"])
    browser = Secure(chat, trust=context).shake_hands()
    browser.send("ann")
    assert fingerprints(chat) == [""]
    context.set_alpn_protocols(["irc"])
    Secure(chat, trust=context).shake_hands()
    assert fingerprint(own) in fingerprints(chat)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_that_goes_on_still_has_its_certificate(
    chat: Chat, own: Path, version: ssl.TLSVersion
) -> None:
    context = bearing(own, maximum_version=version)
    first = Secure(chat, trust=context).shake_hands()
    first.read()
    again = Secure(chat, trust=context)
    again.tls = context.wrap_bio(
        again._received, again._sent, server_hostname="localhost", session=first.tls.session
    )
    again.shake_hands()
    assert again.tls.session_reused
    assert fingerprints(chat) == [fingerprint(own)] * 2


def test_a_certificate_is_remembered_after_a_restart(own: Path) -> None:
    chat = encrypted(Chat())
    registered(chat, "ann", own).send("/certificate add")
    later = encrypted(Chat(chat.archive))
    assert ask(secure(later, own), EXTERNAL % "") == '{"event":"proved","account":"ann"}'


def test_nothing_of_a_certificate_is_known_without_tls(chat: Chat) -> None:
    person: Person = chat.join("ann")
    assert person.protocol.fingerprint == ""
