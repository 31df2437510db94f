"""Client certificates, shown by real programs."""

from __future__ import annotations

from pathlib import Path

from real import Service
from test_real_ways_in import IN_MEMORY, run

from chatsvc.transports.certificate import make


def test_a_certificate_shown_by_openssl_proves_an_account(tmp_path: Path) -> None:
    own = tmp_path / "own.pem"
    own.write_bytes(make())
    with Service(tmp_path, *IN_MEMORY) as chat:
        client = ("openssl", "s_client", "-quiet", "-connect", f"localhost:{chat.port}")
        bearing = (*client, "-cert", str(own), "-key", str(own))
        registering = "ann\n/register correct-horse\n/certificate add\n/quit\n"
        assert "(this connection)" in run(*bearing, text=registering)
        proving = '{"do":"prove","mechanism":"EXTERNAL"}\n{"do":"quit"}\n'
        assert run(*bearing, text=proving).splitlines()[0] == '{"event":"proved","account":"ann"}'
        assert "bad-certificate" in run(*client, text=proving)
