"""Authentication by real programs: a certificate with openssl, SASL with IRC clients."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from real import Program, Service, Terminal, needs
from real_connections import IN_MEMORY, run

from chatsvc.transports.selfsigned import make

SECRET = "correct-horse"


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path, *IN_MEMORY) as service:
        yield service


@pytest.fixture
def own(tmp_path: Path, chat: Service) -> Path:
    """Return the certificate of ann, who is registered, and its key."""
    path = tmp_path / "own.pem"
    path.write_bytes(make())
    lines = f"ann\n/register {SECRET}\n/certificate add\n/quit\n"
    assert "(this connection)" in run(*openssl(chat, path), text=lines)
    return path


def openssl(chat: Service, certificate: Path | None = None) -> tuple[str, ...]:
    shown = ("-cert", str(certificate), "-key", str(certificate)) if certificate else ()
    return ("openssl", "s_client", "-quiet", "-connect", f"localhost:{chat.port}", *shown)


def test_a_certificate_shown_by_openssl_proves_an_account(chat: Service, own: Path) -> None:
    proving = '{"do":"prove","mechanism":"EXTERNAL"}\n{"do":"quit"}\n'
    proved = '{"event":"proved","account":"ann"}'
    assert run(*openssl(chat, own), text=proving).splitlines()[0] == proved
    assert "bad-certificate" in run(*openssl(chat), text=proving)


IRSSI = """
servers = ({{ address = "localhost"; chatnet = "chat"; port = "{port}"; autoconnect = "yes";
              use_tls = "yes"; tls_verify = "no"; tls_cert = "{own}"; }});
chatnets = {{ chat = {{ type = "IRC"; nick = "ann"; sasl_mechanism = "{mechanism}"; {secret} }}; }};
channels = ({{ name = "#lobby"; chatnet = "chat"; autojoin = "yes"; }});
"""


def comes_in(watcher: Program) -> str | None:
    """Return the account of the next user who joins the room.

    That is not read from a screen, because curses draws only what was not there before.
    """
    (name,) = watcher.event("joined")["names"]
    account = watcher.ask("whois", name=name).get("account")
    return None if account is None else str(account)


@pytest.mark.parametrize("mechanism", ["PLAIN", "EXTERNAL"])
def test_irssi_logs_in(tmp_path: Path, chat: Service, own: Path, mechanism: str) -> None:
    secret = f'sasl_username = "ann"; sasl_password = "{SECRET}";'
    values = {"port": chat.port, "own": own, "mechanism": mechanism}
    config = IRSSI.format(**values, secret="" if mechanism == "EXTERNAL" else secret)
    (tmp_path / "config").write_text(config)
    watcher = chat.program("eve")
    with contextlib.closing(Terminal(needs("irssi"), f"--home={tmp_path}")):
        assert comes_in(watcher) == "ann"


@pytest.mark.parametrize("mechanism", ["plain", "scram-sha-256", "external"])
def test_weechat_logs_in(tmp_path: Path, chat: Service, own: Path, mechanism: str) -> None:
    options = {
        f"{encryption}_{name}": value
        for encryption in ("ssl", "tls")  # up to WeeChat 3, and since
        for name, value in (("verify", "off"), ("cert", str(own)))
    }
    options |= {"ssl": "on", "tls": "on", "sasl_mechanism": mechanism, "nicks": "ann"}
    options |= {"sasl_username": "ann", "sasl_password": SECRET, "autojoin": "#lobby"}
    settings = [f"/set irc.server.chat.{name} {value}" for name, value in options.items()]
    commands = [f"/server add chat localhost/{chat.port}", *settings, "/connect chat"]
    running = [word for command in commands for word in ("-r", command)]
    watcher = chat.program("eve")
    weechat = Terminal(needs("weechat"), "--dir", str(tmp_path / "weechat"), *running)
    with contextlib.closing(weechat):
        assert comes_in(watcher) == "ann"
