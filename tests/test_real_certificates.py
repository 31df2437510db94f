"""Certificates of the real service: created at the first start, provided, renewed, unusable."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pytest
from real import LIMIT, Deadline, Person, Service
from real_connections import IN_MEMORY, run, secure, trusting
from test_real_service import fails_with

from chatsvc.transports.selfsigned import make


def test_the_certificate_made_at_the_first_start_stays_the_same(tmp_path: Path) -> None:
    found = []
    for _ in range(2):
        with Service(tmp_path) as chat:
            found.append(chat.wait_for(r"SHA-256 ([0-9A-F:]{95})\n")[1])
            command = f"openssl s_client -quiet -connect localhost:{chat.port}"
            assert f"    {command}\n" in chat.log
            pem = tmp_path / "chat.db.pem"
            assert pem.stat().st_mode & 0o777 == 0o600
            with secure(chat, trusting(pem.read_bytes())) as peer:
                Person(peer).come_in("ann")
    assert found[0] == found[1]
    written = run("openssl", "x509", "-in", str(pem), "-noout", "-fingerprint", "-sha256")
    assert written.partition("=")[2].strip() == found[0]


def test_a_certificate_is_given_and_renewed_while_people_talk(tmp_path: Path) -> None:
    old, new = make(), make()
    for file in ("cert.pem", "key.pem"):
        (tmp_path / file).write_bytes(old)
    given = ("--cert", "cert.pem", "--key", "key.pem")
    with Service(tmp_path, *given) as chat:
        assert "SHA-256" not in chat.log
        assert not (tmp_path / "chat.db.pem").exists()
        with secure(chat, trusting(old)) as peer:
            ann = Person(peer)
            ann.come_in("ann")
            (tmp_path / "cert.pem").write_bytes(b"half a certificate")
            deadline = Deadline(LIMIT)
            while "The previous certificate stays in use." not in chat.log:
                deadline.left("a word about the broken file")
                secure(chat, trusting(old)).close()
            for file in ("cert.pem", "key.pem"):
                (tmp_path / file).write_bytes(new)
            while not shows(chat, new):
                deadline.left("the new certificate")
            assert ann.hears_nothing_but_answers()
        chat.wait_for("is in use now.")
    assert "stays in use" in chat.log  # once more, if it looked between the two files
    assert chat.log.count("is in use now.") == 1


def shows(chat: Service, pem: bytes) -> bool:
    try:
        secure(chat, trusting(pem)).close()
    except ssl.SSLCertVerificationError:
        return False
    return True


@pytest.mark.parametrize(
    ("files", "options", "sentence"),
    [
        ({}, "--cert a.pem --key b.pem", "Cannot read a.pem: No such file or directory."),
        ({"a.pem": b"", "b.pem": b""}, "--cert a.pem --key b.pem", "no certificate in PEM"),
        ({"chat.db.pem": b""}, "", "To make a new one, move the file away and restart."),
        ({}, "--cert a.pem", "Give both --cert and --key, or neither."),
        ({}, "--require-tls --speaks text", "--require-tls requires tls in --speaks."),
        ({}, "--speaks text,latin", "--speaks lists some of tls, json, irc, http, text"),
    ],
)
def test_a_certificate_that_cannot_be_used_is_a_sentence(
    tmp_path: Path, files: dict[str, bytes], options: str, sentence: str
) -> None:
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    assert sentence in fails_with(tmp_path, "--port", "0", *options.split())


def test_people_come_in_by_every_endpoint_with_tls_and_without(tmp_path: Path) -> None:
    listen = ("--listen", "unix:chat.sock", "--listen", "tcp:0:interface=127.0.0.1")
    with Service(tmp_path, *IN_MEMORY, *listen) as chat, secure(chat) as peer:
        Person(peer).come_in("ann")
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(tmp_path / "chat.sock"))
            with trusting().wrap_socket(connection) as inside:
                assert "with ann" in Person(inside).come_in("bob")
