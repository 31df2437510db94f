"""Each command of an administrator with a chat in PostgreSQL, with a service and without."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from administrator import fails, listed, run, shell
from postgresql import Server
from real import Program, Service, wait_until
from real_connections import get

SECRET = "correct-horse-battery"
DAY = 86_400

Home = tuple[Path, str]  # the data directory of a service, and the address of its archive


@pytest.fixture
def address(server: Server) -> Iterator[str]:
    server.execute("CREATE DATABASE chat")
    yield server.uri(database="chat")
    server.execute("DROP DATABASE chat WITH (FORCE)")


@pytest.fixture
def home(address: str, tmp_path: Path) -> Path:
    """Return the directory of a service, with a configuration that names its archive."""
    config = f'archive = "{address}"\ndata = "."\n'
    (tmp_path / "chatsvc.toml").write_text(config)
    return tmp_path


def serve(home: Path, *options: str) -> Service:
    return Service(home, "--config", "chatsvc.toml", *options)


def admin(home: Path, *words: str, typed: str | None = f"{SECRET}\n") -> str:
    """Run a command that must succeed; return what it prints."""
    return run(home, *words, "--config", "chatsvc.toml", typed=typed)


def refused(home: Path, *words: str) -> str:
    """Run a command that must fail; return its sentence."""
    return fails(home, *words, "--config", "chatsvc.toml")


def query(address: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(address, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def signed_in(service: Service, name: str) -> Program:
    program = service.program()
    program.ask("hello", version=1, name=name, account_password=SECRET)
    program.ask("join", room="#lobby")
    return program


def test_accounts_are_managed_before_the_first_start_and_beside_the_service(
    home: Path, address: str
) -> None:
    assert "contains no chat" in refused(home, "account", "list")
    assert (
        admin(home, "account", "add", "boss", "--operator") == "Registered boss as an operator.\n"
    )
    admin(home, "account", "add", "ann")
    with serve(home) as service:
        assert "There is no operator yet" not in service.log
        signed_in(service, "boss")
        ann = signed_in(service, "ann")
        rows = {
            one["name"]: one for one in map(json.loads, admin(home, "account", "list").splitlines())
        }
        assert rows["boss"]["operator"]
        assert rows["ann"]["sessions"] == 1
        admin(home, "account", "disable", "ann")
        assert ann.event("goodbye")["text"].startswith("Your account ann was disabled.")
        assert service.program().ask("hello", version=1, name="ann")["code"] == "disabled"
        admin(home, "account", "enable", "ann")
        admin(home, "account", "passwd", "ann", typed="another-horse-battery\n")
        assert "is already registered" in refused(home, "account", "add", "ANN")
    admin(home, "account", "operator", "boss", "--off")
    admin(home, "account", "remove", "ann")
    assert query(address, "SELECT name, operator FROM account") == [("boss", False)]
    acts = [what for (what,) in query(address, "SELECT what FROM act ORDER BY position")]
    assert acts[0] == "registered boss as an operator"
    assert acts[-1] == "deleted the account ann"


def test_the_running_service_is_managed_through_its_socket(home: Path) -> None:
    assert "No service is running with the archive postgresql:///chat" in refused(home, "status")
    assert f"and the data directory {home}" in refused(home, "status")
    with serve(home) as service:
        only_data = shell(home, "status", "--data", str(home))
        assert "both --data DIR and --archive postgresql://" in only_data.stderr
        ann = service.program("ann", room="#tea")
        for number in range(20):
            ann.ask("say", room="#tea", text=f"message {number}")
        ann.request("say", room="#tea", text="last")
        ann.until(lambda event: event.get("text") == "last", "the last message")
        (status,) = listed(home, "status", "--json", "--config", "chatsvc.toml")
        assert status["archive_bytes"] > 0
        assert status["index_bytes"] > 0
        assert status["commit_ms"] > 0
        assert status["messages_per_second"] > 0
        table = admin(home, "status")
        assert "archive " in table
        assert "ann" in admin(home, "who")
        assert "#tea" in admin(home, "room", "list")
        admin(home, "announce", "hello")
        assert ann.event("announced")["text"] == "hello"
        admin(home, "room", "rename", "#tea", "#coffee")
        assert ann.ask("history", room="#coffee", after=0)["lines"][-1]["text"] == "last"
        admin(home, "lockdown", "on")
        admin(home, "kick", "ann")
        admin(home, "room", "remove", "#coffee", "--yes")
        assert "#coffee" not in admin(home, "room", "list")
        assert admin(home, "stop").startswith("Stopping")
        assert service.ended() == 0
    with serve(home) as service:
        assert "on" in admin(home, "lockdown")


def test_health_and_metrics_follow_the_database(home: Path, server: Server) -> None:
    with serve(home) as service:
        service.program("ann").ask("say", text="hello")
        assert get(service, "/healthz") == (200, "Messages can be stored.\n")
        assert get(service, "/readyz") == (200, "Users can join.\n")
        metrics = dict(
            row.split(" ") for row in get(service, "/metrics")[1].splitlines() if row[0] != "#"
        )
        assert float(metrics['chatsvc_file_bytes{file="archive"}']) > 0
        assert float(metrics['chatsvc_file_bytes{file="index"}']) > 0
        assert float(metrics["chatsvc_commit_seconds_count"]) >= 1
        server.stop()
        try:
            for path in ("/healthz", "/readyz"):
                status, said = get(service, path)
                assert status == 503
                assert "archive" in said
            assert get(service, "/metrics")[0] == 200
        finally:
            server.start()
        wait_until(
            lambda: get(service, "/healthz")[0] == get(service, "/readyz")[0] == 200, "health"
        )


def talk(home: Path) -> None:
    """Let ann and bob say something in a room and to each other."""
    for name in ("ann", "bob"):
        admin(home, "account", "add", name)
    with serve(home) as service:
        for name, other in (("ann", "bob"), ("bob", "ann")):
            person = service.person()
            person.send(name, SECRET, f"gibberish of {name}", f"/msg {other} whisper of {name}")
            person.until(f"to {other}: whisper of {name}")


@pytest.mark.parametrize("is_running", [True, False])
def test_erase_leaves_nothing_to_read_or_find(home: Path, address: str, is_running: bool) -> None:
    talk(home)
    if is_running:
        with serve(home):
            told = admin(home, "erase", "ann", "--yes")
    else:
        told = admin(home, "erase", "ann", "--yes")
    assert told == "Erased 1 message of ann in rooms, and 1 private message.\n"
    texts = query(address, "SELECT text FROM said WHERE text <> '' ORDER BY text")
    assert texts == [("gibberish of bob",), ("whisper of bob",)]
    assert query(address, "SELECT count(*) FROM words WHERE terms::text LIKE '%ann%'") == [(0,)]
    assert ("erased 2 messages of ann",) in query(address, "SELECT what FROM act")


def test_exports_have_every_message(home: Path) -> None:
    talk(home)
    assert "Exported 2 messages of 1 room to rooms." in admin(home, "export", "--all", "rooms")
    assert "gibberish of bob" in (home / "rooms" / "lobby.txt").read_text()
    with serve(home):
        admin(home, "export", "--all", "beside")
        told = admin(home, "account", "export", "ann")
    assert (home / "beside" / "lobby.jsonl").read_text() == (
        home / "rooms" / "lobby.jsonl"
    ).read_text()
    assert told.startswith("Wrote 3 messages and all records")
    about = json.loads((home / "ann.json").read_text())
    assert [one["text"] for one in about["messages"] if one["room"] == "#lobby"] == [
        "gibberish of ann"
    ]


def test_backup_and_restore_say_what_to_do_instead(home: Path, address: str) -> None:
    with serve(home):
        pass
    said = refused(home, "backup", "monday")
    assert "Not backed up: the archive is in PostgreSQL." in said
    assert f"pg_dump --format=custom --file=chat.dump --dbname='{address}'" in said
    assert f"Copy these files, too: {home / 'chatsvc.pem'}, chatsvc.toml." in said
    assert said == refused(home, "backup", "monday", "--verify")
    assert not list(home.glob("monday*"))
    run(home, "archive", "copy", address, "sqlite:chat.db")
    run(home, "backup", "monday")
    said = refused(home, "restore", "monday")
    assert "chatsvc restore monday --archive sqlite:restored.db" in said
    assert f"chatsvc archive copy sqlite:restored.db {address}" in said


def fill(home: Path, address: str) -> None:
    """Store old and new messages in a room and between two accounts."""
    with serve(home):
        pass  # it creates the archive
    first = round(time.time()) - 400 * DAY
    query(address, "INSERT INTO room (id, name, last) VALUES (8, '#big', 400), (9, '@a,b', 400)")
    query(
        address,
        f"""INSERT INTO said (room, number, time, sender, text, action, client, account, quiet)
            SELECT room, n, ({first} + n * {DAY}::bigint) * 1000, 'ann', repeat(md5(n::text), 180),
                   0, 'x', '', false
            FROM unnest(ARRAY[8, 9]) AS room, generate_series(1, 400) AS n""",
    )


def left(address: str) -> list[int]:
    return [
        count
        for (count,) in query(address, "SELECT count(*) FROM said GROUP BY room ORDER BY room")
    ]


def test_old_messages_are_deleted(home: Path, address: str) -> None:
    fill(home, address)
    with serve(home, "--keep", "100d", "--keep-private", "10d") as service:
        service.wait_for("--keep: deleted 300 messages older than 100 days.")
        service.wait_for("--keep-private: deleted 390 messages older than 10 days.")
        assert left(address) == [100, 10]


def test_the_oldest_messages_make_room_for_new_ones(home: Path, address: str) -> None:
    fill(home, address)
    query(address, "UPDATE said SET text = repeat(md5(random()::text), 60)")
    with serve(home, "--max-archive", "1M") as service:
        service.wait_for("--max-archive: deleted the oldest .* of 1 MiB")
        room, conversation = left(address)
        assert 50 < room < 400
        assert abs(room - conversation) <= 8


def test_the_options_name_postgresql_and_hide_its_password(home: Path) -> None:
    assert "postgresql://" in run(home, "config", "--example")
    secret = "postgresql://chat:sesame@db.example.org/chat"
    (home / "chatsvc.toml").write_text(f'archive = "{secret}"\n')
    told = admin(home, "config")
    assert 'archive = "postgresql://chat:***@db.example.org/chat"' in told


# What `chatsvc check` finds


def check(home: Path, *words: str) -> str:
    """Return what is printed about a service with problems."""
    done = shell(home, "check", "--port", "0", *words)
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    return done.stdout


def test_a_database_without_problems_has_none(home: Path, address: str) -> None:
    home.chmod(0o700)
    words = ("check", "--port", "0", "--config", "chatsvc.toml")
    (home / "chatsvc.toml").chmod(0o600)
    empty = run(home, *words)
    assert empty.startswith(f"{address}: PostgreSQL 1")
    assert ", no archive yet, 0 bytes\nNo problems found.\n" in empty
    assert query(address, "SELECT FROM pg_tables WHERE schemaname = 'public'") == []
    with serve(home) as service:
        told = run(home, "check", "--port", str(service.port), "--config", "chatsvc.toml")
        assert ", archive version " in told
        assert "No problems found." in told


Spoil = Callable[[Server, str], str]  # returns the address to check


def _lost(server: Server, address: str) -> str:
    return address.replace("/chat?", "/lost?")


def _unreachable(server: Server, address: str) -> str:
    return "postgresql://chat@127.0.0.1:1/chat"


def _without_rights(server: Server, address: str) -> str:
    query(
        address, "DO $$ BEGIN CREATE ROLE guest LOGIN; EXCEPTION WHEN duplicate_object THEN END $$"
    )
    query(address, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    return address.replace("user=chat", "user=guest")


def _foreign(server: Server, address: str) -> str:
    guest = _without_rights(server, address)
    query(address, "CREATE TABLE account (id text)")
    query(address, "GRANT ALL ON SCHEMA public TO guest")
    return guest


def _newer(server: Server, address: str) -> str:
    query(address, "CREATE TABLE chatsvc (version integer)")
    query(address, "INSERT INTO chatsvc VALUES (999)")
    return address


def _unfinished(server: Server, address: str) -> str:
    query(address, "CREATE TABLE copying (origin text)")
    return address


def _unsafe(server: Server, address: str) -> str:
    server.execute("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    wait_until(lambda: query(address, "SHOW fsync") == [("off",)], "the setting")
    return address


def _read_only(server: Server, address: str) -> str:
    query(address, "ALTER DATABASE chat SET default_transaction_read_only = on")
    return address


def _latin(server: Server, address: str) -> str:
    server.execute("DROP DATABASE IF EXISTS latin WITH (FORCE)")
    server.execute("CREATE DATABASE latin ENCODING LATIN1 TEMPLATE template0 LOCALE 'C'")
    return address.replace("/chat?", "/latin?")


SPOILED: dict[str, tuple[Spoil, str, str]] = {
    "lost": (_lost, 'database "lost" does not exist', "Create the database first"),
    "unreachable": (_unreachable, "Connection refused", "Check the address"),
    "rights": (
        _without_rights,
        "the user guest cannot create tables",
        "GRANT ALL ON SCHEMA public",
    ),
    "foreign": (_foreign, "does not own the tables account", "ALTER TABLE public.account OWNER TO"),
    "newer": (_newer, "was written by a newer chatsvc", "Install the newer chatsvc"),
    "unfinished": (_unfinished, "is an unfinished copy", "run the same chatsvc archive copy"),
    "read-only": (_read_only, "database is read-only", "ALTER DATABASE chat RESET default_tra"),
    "unsafe": (_unsafe, "fsync is off", "Set fsync = on"),
    "latin": (_latin, "has the encoding LATIN1", "createdb --encoding UTF8"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_problems_of_a_database_have_a_remedy(
    home: Path, server: Server, address: str, name: str
) -> None:
    spoil, what, fix = SPOILED[name]
    place = spoil(server, address)
    try:
        told = check(home, "--archive", place)
    finally:
        server.execute("ALTER SYSTEM SET fsync = on", "SELECT pg_reload_conf()")
    rows = told.splitlines()
    (problem,) = [row for row in rows if what in row]
    remedy = rows[rows.index(problem) + 1]
    assert problem.startswith(place)
    assert remedy.startswith("    Fix: ")
    assert fix in remedy


def test_a_password_in_a_readable_file_is_a_problem(home: Path) -> None:
    (home / "chatsvc.toml").write_text('archive = "postgresql://chat:sesame@127.0.0.1:1/chat"\n')
    (home / "chatsvc.toml").chmod(0o644)
    told = check(home, "--config", "chatsvc.toml")
    assert "other users can read the password in it." in told
    assert "sesame" not in told
