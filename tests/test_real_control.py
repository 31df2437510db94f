"""Managing the running service from a shell: the commands, and the socket that they use."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from administrator import acts, fails, listed, run, shell
from real import Person, Service, beside_python

from chatsvc import __version__

LEVELS = "debug, info, warn, error, critical"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("house")


@pytest.fixture(scope="module")
def running(house: Path) -> Iterator[Service]:
    """Return a service that all tests here share; its socket was made under an open umask."""
    with Service(house, preexec_fn=lambda: os.umask(0)) as service:
        yield service


@pytest.fixture
def service(running: Service) -> Iterator[Service]:
    yield running
    running.everybody_leaves()


def test_status_tells_how_the_service_is_doing(service: Service, house: Path) -> None:
    ann = service.person("ann")
    ann.send("hello", "/time")
    ann.until("* It is ")
    (figures,) = listed(house, "status", "--json")
    assert figures["version"] == __version__
    assert figures["pid"] == service.pid
    assert (figures["people"], figures["rooms"], figures["lockdown"]) == (1, 1, False)
    assert figures["connections"] >= 1
    assert figures["messages_per_second"] > 0
    assert 0 < figures["commit_ms"] <= figures["longest_commit_ms"]
    assert figures["archive_bytes"] >= (house / "chat.db").stat().st_size
    assert figures["index_bytes"] > 0
    rows = dict(line.split(maxsplit=1) for line in run(house, "status").splitlines())
    assert rows["version"] == __version__
    assert rows["people"].startswith("1 (peak: ")
    assert rows["lockdown"] == "off"


def test_who_lists_everybody_online(service: Service, house: Path) -> None:
    service.person("bob")
    service.person("ann")
    ((ann, bob),) = (one["people"] for one in listed(house, "who", "--json"))
    assert (ann["name"], bob["name"]) == ("ann", "bob")
    assert ann["rooms"] == ["#lobby"]
    assert ann["account"] is None
    assert [each["tls"] for each in ann["connections"]] == [False]
    assert run(house, "who").splitlines()[-1] == "2 users online."


def test_kick_removes_from_the_server_or_from_a_room(service: Service, house: Path) -> None:
    eve, bob = service.person("eve"), service.person("bob")
    assert run(house, "kick", "eve", "too", "loud") == "Removed eve from the server.\n"
    assert "shell removed you from the server: too loud." in " ".join(eve.rest())
    bob.send("/join #tea")
    bob.until("You are in #tea")
    assert run(house, "kick", "bob", "--room", "tea", "no", "tea") == "Removed bob from #tea.\n"
    bob.until("no tea")
    assert "No user named nobody2 is online." in fails(house, "kick", "nobody2")
    incomplete = shell(house, "kick")
    assert incomplete.returncode == 2
    assert incomplete.stderr.endswith("the following arguments are required: name\n")
    assert "There is no room elsewhere." in fails(house, "kick", "bob", "--room", "elsewhere")


def test_a_ban_keeps_out_until_it_is_lifted(service: Service, house: Path) -> None:
    eve = service.person("eve")
    said = run(house, "ban", "eve", "--for", "2d", "spam")
    assert said == "Banned eve for 2 days. Removed: eve.\n"
    assert eve.rest()
    again = service.person()
    again.send("eve")
    again.until("You are banned: spam.")
    assert run(house, "unban", "eve") == "eve is no longer banned.\n"
    service.person("eve")
    assert "Not a duration." in fails(house, "ban", "eve", "--for", "tomorrow")


def test_a_ban_of_an_operator_works_from_the_shell(service: Service, house: Path) -> None:
    run(house, "account", "add", "boss", "--operator", typed="correct-horse-battery\n")
    boss = service.person()
    boss.send("boss", "correct-horse-battery")
    boss.until("Welcome")
    refused = fails(house, "ban", "boss", "--room", "lobby")
    assert "the bans of a room do not affect operators. Leave out --room" in refused
    assert run(house, "ban", "boss", "rogue") == "Banned boss permanently. Removed: boss.\n"
    assert boss.rest()
    again = service.person()
    again.send("boss")
    again.until("You are banned: rogue.")
    run(house, "unban", "boss")
    run(house, "account", "remove", "boss")


def test_rooms_are_listed_and_removed(service: Service, house: Path) -> None:
    ann = service.person("ann")
    ann.send("/join #spam", "buy", "buy")
    ann.until("You are in #spam")
    ann.send("/time")
    ann.until("* It is ")
    (answer,) = listed(house, "room", "list", "--json")
    (spam,) = (one for one in answer["rooms"] if one["name"] == "#spam")
    assert (spam["people"], spam["last"]) == (1, 2)
    assert any(row.split()[:3] == ["#spam", "1", "user"] for row in table(house))
    assert "--yes" in fails(house, "room", "remove", "spam")
    said = run(house, "room", "remove", "spam", "--yes")
    assert said == "Removed #spam and all its messages.\n"
    ann.until("the room was removed")
    assert not any(row.startswith("#spam") for row in table(house))
    assert "There is no room spam." in fails(house, "room", "remove", "spam", "--yes")
    assert "cannot be removed" in fails(house, "room", "remove", "lobby", "--yes")
    assert "Name the room" in fails(house, "room", "remove")
    assert "This lists all rooms." in fails(house, "room", "list", "spam")


def test_a_room_is_renamed(service: Service, house: Path) -> None:
    ann = service.person("ann")
    ann.send("/join #tea", "hello")
    ann.until("You are in #tea")
    ann.send("/time")
    ann.until("* It is ")
    said = run(house, "room", "rename", "tea", "#coffee", "we", "changed")
    assert said == "Renamed #tea to #coffee.\n"
    ann.until("renamed #tea to #coffee: we changed")
    assert any(row.split()[:3] == ["#coffee", "1", "user"] for row in table(house))
    assert "The name #lobby is taken." in fails(house, "room", "rename", "coffee", "#lobby")
    assert "There is no room none." in fails(house, "room", "rename", "none", "#milk")
    assert "Name the room twice" in fails(house, "room", "rename", "coffee")


def test_a_renamed_room_survives_a_kill(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        ann = service.person("ann")
        ann.send("/join #tea", "hello", "/rename #tea #coffee")
        ann.until("renamed #tea to #coffee")
        service.kill()
    with Service(tmp_path) as service:
        bob = service.person("bob")
        bob.send("/join #tea")
        bob.until("You are in #coffee")
        assert any(row.split()[:4] == ["#coffee", "1", "user", "1"] for row in table(tmp_path))


def table(directory: Path) -> list[str]:
    return run(directory, "room", "list").splitlines()


def test_announce_reaches_everybody(service: Service, house: Path) -> None:
    ann = service.person("ann")
    assert run(house, "announce", "back", "at", "8") == "Announced to 1 user.\n"
    assert fails(house, "announce", "") == "chatsvc: Write what to announce.\n"
    assert "too long: at most 65,536 bytes" in fails(house, "announce", "x" * 66_000)
    assert "shell" in ann.until("back at 8")


def test_lockdown_lets_only_registered_users_join(service: Service, house: Path) -> None:
    assert run(house, "lockdown") == "Lockdown is off: everybody can join.\n"
    run(house, "lockdown", "on")
    guest = service.person()
    guest.send("guest")
    guest.until("Only registered users can join")
    (answer,) = listed(house, "lockdown", "off", "--json")
    assert answer["on"] is False
    guest.send("guest")
    guest.until("You are in #lobby")


def test_the_log_level_leaves_out_what_is_below(service: Service, house: Path) -> None:
    assert run(house, "log-level") == "The log level is info.\n"
    assert run(house, "log-level", "critical") == "The log level is critical.\n"
    assert run(house, "log-level", "info") == "The log level is info.\n"
    assert f"one of {LEVELS}" in fails(house, "log-level", "loud")


def test_each_command_is_in_the_audit_log_as_by_shell(service: Service, house: Path) -> None:
    service.person("carol")
    run(house, "kick", "carol", "for", "the", "record")
    assert ("shell", "kicked carol: for the record") in acts(house)


def test_only_the_owner_can_open_the_socket_whatever_the_umask(
    service: Service, house: Path
) -> None:
    found = (house / "chat.db.control").stat()
    assert stat.S_ISSOCK(found.st_mode)
    assert stat.S_IMODE(found.st_mode) == 0o600


def test_nonsense_on_the_socket_is_refused_line_by_line(service: Service, house: Path) -> None:
    def ask(*lines: bytes) -> list[dict[str, Any]]:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(house / "chat.db.control"))
            connection.sendall(b"".join(line + b"\n" for line in lines))
            connection.shutdown(socket.SHUT_WR)
            with connection.makefile() as answers:
                return [json.loads(line) for line in answers]

    answers = ask(
        b"hello", b"[]", b"{}", b"\xff", b'{"do":"dance"}', b'{"do":"kick"}',
        b'{"do":"kick","name":7}', b'{"do":"lockdown","on":"yes"}', b'{"do":"status"}',
    )  # fmt: skip
    assert [answer.get("code") for answer in answers] == [
        *["not-json"] * 4, "unknown", *["bad-argument"] * 3, None,
    ]  # fmt: skip
    assert answers[-1]["ok"] is True
    assert "lockdown" in answers[4]["text"]


# Starting and stopping


def test_stop_waits_until_the_service_has_ended(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        ann: Person = service.person("ann")
        assert run(tmp_path, "stop") == "Stopping.\n"
        assert "The server is stopping." in " ".join(ann.rest())
        assert service.ended() == 0
    assert not (tmp_path / "chat.db.control").exists()
    assert f"No service is running with the archive {tmp_path}/chat.db." in fails(
        tmp_path, "status"
    )
    assert "No service is running" in fails(tmp_path, "stop")


def test_without_an_archive_the_commands_say_so(tmp_path: Path) -> None:
    assert f"No service is running with the archive {tmp_path}/chat.db." in fails(
        tmp_path, "status"
    )
    assert "--archive must be sqlite:PATH" in fails(tmp_path, "who", "--archive", "memory:")


def test_a_directory_is_no_archive(tmp_path: Path) -> None:
    for words in (("status",), ("backup", "b"), ("account", "list"), ("erase", "ann", "--yes")):
        said = fails(tmp_path, *words, "--archive", "sqlite:.")
        assert said == f"chatsvc: {tmp_path} is a directory. Name the file: sqlite:./chat.db\n"


def test_the_socket_of_a_killed_service_does_not_stop_a_start(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        service.kill()
    assert (tmp_path / "chat.db.control").is_socket()
    assert "No service is running" in fails(tmp_path, "status")
    with Service(tmp_path):
        assert run(tmp_path, "who") == "0 users online.\n"


def test_a_file_at_the_place_of_the_socket_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "chat.db.control").write_text("precious")
    done = subprocess.run(
        [beside_python("twistd"), "-n", "--pidfile=", "chat", "--port", "0"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Cannot create the control socket" in done.stdout + done.stderr
    assert (tmp_path / "chat.db.control").read_text() == "precious"


def test_the_path_of_the_archive_may_be_long(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    with Service(deep):
        assert run(deep, "who") == "0 users online.\n"
    assert not (deep / "chat.db.control").exists()
