"""The file of known servers, and how a client trusts them."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs
import pytest

from chatsvc.client.net.failures import NotTrusted
from chatsvc.client.net.trust import VOUCHED, KnownServers, Trust, known_servers

ADDRESS = "localhost:13531"
ONE, OTHER = "AA:01", "BB:02"


@pytest.fixture
def servers(tmp_path: Path) -> KnownServers:
    return KnownServers(tmp_path / "new" / "known_servers")


def trusted(servers: KnownServers, fingerprint: str = ONE, vouched: bool = False) -> list[str]:
    told: list[str] = []
    Trust(ADDRESS, servers, told.append).decide(fingerprint, vouched)
    return told


def test_servers_are_known_by_host_and_port(servers: KnownServers) -> None:
    servers.remember(f"{ADDRESS}0", OTHER)
    servers.remember("[::1]:13531", OTHER)
    assert servers.find(ADDRESS) is None
    assert len(trusted(servers)) == 1
    assert trusted(servers) == []
    assert servers.find(ADDRESS) == (3, ADDRESS, ONE)
    assert servers.find("[::1]:13531") == (2, "[::1]:13531", OTHER)


def test_a_file_edited_by_hand_is_understood(servers: KnownServers) -> None:
    servers.remember("elsewhere:1", OTHER)
    servers.path.write_bytes(b"# mine \xff\n\n  localhost:13531   AA:01 \nother:1 BB:02")
    assert trusted(servers) == []
    servers.remember("new:1", OTHER)
    assert servers.find("other:1") == (4, "other:1", OTHER)
    assert servers.find("new:1") == (5, "new:1", OTHER)


@pytest.mark.parametrize("line", [ADDRESS, f"{ADDRESS} nonsense", f"{ADDRESS} {ONE}:03"])
def test_a_line_without_this_fingerprint_trusts_nobody(servers: KnownServers, line: str) -> None:
    servers.remember("elsewhere:1", OTHER)
    servers.path.write_text(f"{line}\n")
    with pytest.raises(NotTrusted, match="remove line 1"):
        trusted(servers)


def test_a_known_certificate_stays_known_when_the_system_trusts_another(
    servers: KnownServers,
) -> None:
    trusted(servers)
    assert trusted(servers, OTHER, vouched=True) == []
    assert trusted(servers) == []
    with pytest.raises(NotTrusted):
        trusted(servers, OTHER)


def test_what_cannot_be_remembered_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    servers = KnownServers(tmp_path / "link")
    servers.path.symlink_to(tmp_path / "nowhere" / "known_servers")
    with pytest.raises(NotTrusted, match=r"cannot be saved in .*No such file.*XDG_DATA_HOME"):
        trusted(servers)


def test_what_cannot_be_read_is_not_taken_for_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotTrusted, match=r"cannot be read: Is a directory"):
        trusted(KnownServers(tmp_path))


def test_the_file_is_where_the_system_has_data_of_this_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = os.path.join("chatsvc", "known_servers")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    at_home = tmp_path / "home" / ".local" / "share" / end
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert known_servers().path == tmp_path / "data" / end
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert known_servers().path == at_home
    monkeypatch.delenv("XDG_DATA_HOME")
    assert known_servers().path == at_home


def test_servers_that_are_known_from_before_stay_known_on_systems_with_another_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platformdirs, "user_data_path", lambda: tmp_path / "Library")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    former = KnownServers(tmp_path / "data" / "chatsvc" / "known_servers")
    assert known_servers().path == tmp_path / "Library" / "chatsvc" / "known_servers"
    former.remember("localhost:13531", VOUCHED)
    assert known_servers().path == former.path
