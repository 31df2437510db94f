"""The client over TLS with the real service, whose certificate may change."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from real import Service, Terminal
from real_client import CHATSVC, client

from chatsvc.transports.certificate import Credentials, credentials
from chatsvc.transports.selfsigned import make

OURS = ("--cert", "cert.pem", "--key", "cert.pem")


@pytest.fixture(autouse=True)
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file of known servers of these tests' clients."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "chatsvc" / "known_servers"


@pytest.fixture
def first(tmp_path: Path) -> Credentials:
    """Return the service's first certificate."""
    return certificate(tmp_path)


@pytest.fixture
def service(tmp_path: Path, first: Credentials) -> Iterator[Service]:
    with Service(tmp_path, *OURS) as service:
        yield service


def certificate(directory: Path) -> Credentials:
    """Put a new certificate into the service's files."""
    pem = make()
    (directory / "cert.pem").write_bytes(pem)
    return credentials(pem, pem, "x")


def where(service: Service) -> str:
    return f"tls://localhost:{service.port}"


def send(service: Service, text: str) -> subprocess.CompletedProcess[str]:
    return client("send", text, "--server", where(service), "--name", "ann")


def test_the_fingerprint_that_is_told_once_is_that_in_the_services_log(
    tmp_path: Path, known: Path
) -> None:
    with Service(tmp_path) as service:
        logged = service.wait_for(r"SHA-256 ([0-9A-F:]{95})\n")[1]
        sent = send(service, "hello")
        assert (sent.returncode, sent.stdout) == (0, "")
        assert sent.stderr.startswith(f"chatsvc: First TLS connection to localhost:{service.port}")
        assert f"SHA-256 {logged}." in sent.stderr
        assert known.read_text() == f"localhost:{service.port} {logged}\n"
        assert known.stat().st_mode & 0o777 == 0o600
        read = client("tail", "lobby", "--since", "1", "-n", "--server", where(service))
        assert (read.returncode, read.stderr) == (0, "")
        assert "<ann> hello" in read.stdout


def test_a_person_is_told_on_the_screen_and_comes_back_to_the_same_server(
    tmp_path: Path, first: Credentials
) -> None:
    with Service(tmp_path, *OURS) as service:
        port, command = (
            str(service.port),
            [*CHATSVC, "join", "--plain", where(service), "--name", "ann"],
        )
        with closing(Terminal(*command)) as ann:
            ann.until(rf"\* First TLS connection to localhost:{port}")
            ann.until("#lobby> ")
            assert first.fingerprint in re.sub(r"\s", "", ann.text)
            service.kill()
            ann.until("Connection lost")
            ann.type("while it was away\r")
            with Service(tmp_path, *OURS, "--port", port):
                ann.until("Reconnected")
                ann.until("You: while it was away")
                ann.type("/quit\r")
                assert ann.ended() == 0
            assert ann.text.count("First TLS connection") == 1


def test_another_certificate_is_refused_until_its_line_is_removed(
    tmp_path: Path, known: Path, first: Credentials
) -> None:
    with Service(tmp_path, *OURS) as service:
        port = str(service.port)
        assert send(service, "one").returncode == 0
    second = certificate(tmp_path)
    with Service(tmp_path, *OURS, "--port", port) as again:
        for command in (["send", "two", "--server"], ["tail", "lobby", "--server"], ["join"]):
            refused = client(*command, where(again), text="two\n")
            assert (refused.returncode, refused.stdout) == (1, "")
            assert f"THE CERTIFICATE OF localhost:{port} HAS CHANGED" in refused.stderr
            assert f"before: SHA-256 {first.fingerprint}\n" in refused.stderr
            assert f"now:    SHA-256 {second.fingerprint}\n" in refused.stderr
            assert f"remove line 1 of {known} and" in refused.stderr
        known.unlink()
        assert send(again, "three").returncode == 0
        read = client("tail", "lobby", "--since", "1", "-n", "--server", where(again))
        assert re.findall(r"> (\w+)", read.stdout) == ["one", "three"]


def test_another_certificate_after_a_loss_ends_the_client(
    tmp_path: Path, first: Credentials
) -> None:
    with Service(tmp_path, *OURS) as service:
        port, command = (
            str(service.port),
            [*CHATSVC, "join", "--plain", where(service), "--name", "ann"],
        )
        with closing(Terminal(*command)) as ann:
            ann.until("#lobby> ")
            service.kill()
            ann.until("Connection lost")
            ann.type("for nobody else\r")
            ann.until("Not sent yet")
            certificate(tmp_path)
            with Service(tmp_path, *OURS, "--port", port) as again:
                ann.until("1 message not sent")
                ann.until(rf"THE CERTIFICATE OF localhost:{port} HAS CHANGED")
                assert ann.ended() == 1
                assert again.person("ann")


def test_a_certificate_that_the_system_trusts_needs_no_words(
    tmp_path: Path, service: Service, known: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = (tmp_path / "cert.pem").read_bytes()
    (tmp_path / "roots.pem").write_bytes(pem[pem.index(b"-----BEGIN CERT") :])
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "roots.pem"))
    sent = send(service, "hello")
    assert (sent.returncode, sent.stderr) == (0, "")
    assert known.read_text() == f"localhost:{service.port} vouched\n"
    monkeypatch.setenv("SSL_CERT_FILE", os.devnull)
    refused = send(service, "hello")
    assert refused.returncode == 1
    assert "before: a certificate that this system trusts\n" in refused.stderr
