"""`chatsvc account` beside the real service, and before its first start."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from administrator import acts, fails, listed, run
from real import Service

SECRET = "correct-horse-battery"


def account(directory: Path, *words: str) -> str:
    """Run an account command that may read a password; return what it prints."""
    return run(directory, "account", *words, typed=f"{SECRET}\n")


def test_accounts_can_be_made_before_the_first_start(tmp_path: Path) -> None:
    assert "Archive not found" in fails(tmp_path, "account", "list")
    assert account(tmp_path, "add", "boss", "--operator") == (
        "Registered boss as an operator.\nCreated the archive chat.db.\n"
    )
    assert stat.S_IMODE((tmp_path / "chat.db").stat().st_mode) == 0o600
    account(tmp_path, "add", "ann")
    with Service(tmp_path) as service:
        assert "There is no operator yet" not in service.log
        boss = service.person()
        boss.send("boss", SECRET)
        boss.until("Welcome back, boss.")
        boss.send("/audit")
        boss.until("shell: registered boss as an operator")
        boss.until("shell: registered ann")


def test_what_root_creates_belongs_to_the_owner_of_the_directory(tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can give files away")
    os.chown(tmp_path, 12345, 12346)
    account(tmp_path, "add", "ann")
    run(tmp_path, "erase", "ann", "--yes")  # which also creates the lock and the index
    owners = {path.name: (path.stat().st_uid, path.stat().st_gid) for path in tmp_path.iterdir()}
    assert owners == dict.fromkeys(owners, (12345, 12346))
    assert {"chat.db", "chat.db.lock", "chat.db.words"} <= set(owners)


def test_disable_ends_sessions_at_once_and_enable_undoes_it(tmp_path: Path) -> None:
    account(tmp_path, "add", "eve")
    with Service(tmp_path) as service:
        eve = service.person()
        eve.send("eve", SECRET, "my words")
        eve.until("Welcome back, eve.")
        (entry,) = listed(tmp_path, "account", "list")
        assert (entry["sessions"], entry["disabled"]) == (1, False)
        assert "eve is disabled: nobody can log in." in account(tmp_path, "disable", "eve")
        assert service.program().ask("hello", name="eve")["code"] == "disabled"  # without waiting
        assert "Your account eve was disabled." in " ".join(eve.rest())
        (entry,) = listed(tmp_path, "account", "list")
        assert (entry["sessions"], entry["disabled"]) == (0, True)
        assert "already disabled" in fails(tmp_path, "account", "disable", "eve")
        assert account(tmp_path, "enable", "eve") == "eve can log in again.\n"
        eve = service.person()
        eve.send("eve", SECRET, "/history")
        eve.until("<eve> my words")
        assert "is not disabled" in fails(tmp_path, "account", "enable", "eve")


def test_remove_ends_sessions_at_once(tmp_path: Path) -> None:
    account(tmp_path, "add", "eve")
    with Service(tmp_path) as service:
        eve = service.person()
        eve.send("eve", SECRET)
        eve.until("Welcome back, eve.")
        account(tmp_path, "remove", "eve")
        assert service.program().ask("hello", name="eve")["event"] == "welcome"  # the name is free
        assert "Your account eve was deleted." in " ".join(eve.rest())


def test_the_list_shows_the_last_sign_in_after_a_restart(tmp_path: Path) -> None:
    account(tmp_path, "add", "ann")
    assert listed(tmp_path, "account", "list")[0]["last_sign_in"] is None
    with Service(tmp_path) as service:
        ann = service.person()
        ann.send("ann", SECRET)
        ann.until("Welcome back, ann.")
    (entry,) = listed(tmp_path, "account", "list")
    assert entry["last_sign_in"] >= entry["since"]
    with Service(tmp_path):
        assert listed(tmp_path, "account", "list") == [entry]
    account(tmp_path, "remove", "ann")
    account(tmp_path, "add", "ann")
    assert listed(tmp_path, "account", "list")[0]["last_sign_in"] is None


def test_every_change_is_in_the_audit_log(tmp_path: Path) -> None:
    account(tmp_path, "add", "ann")
    for words in (
        ["passwd", "ann"], ["operator", "ann"], ["operator", "ann", "--off"], ["disable", "ann"],
        ["enable", "ann"], ["remove", "ann"],
    ):  # fmt: skip
        account(tmp_path, *words)
    assert acts(tmp_path) == [
        ("shell", what)
        for what in (
            "registered ann", "changed the password of ann", "made ann an operator",
            "revoked the operator rights of ann", "disabled the account ann",
            "enabled the account ann", "deleted the account ann",
        )
    ]  # fmt: skip


def test_export_writes_everything_about_a_person_and_nothing_of_others(tmp_path: Path) -> None:
    for name in ("ann", "bob"):
        account(tmp_path, "add", name)
    with Service(tmp_path) as service:
        ann, bob = service.person(), service.person()
        ann.send(
            "ann", SECRET, "/join #tea", "apples", "/me eats", "/msg bob psst", "/token laptop"
        )
        ann.until("to bob: psst")
        bob.send("bob", SECRET, "/msg ann yes?", "berries", "/report ann is hungry")
        bob.until("report")
        (tmp_path / "out").mkdir()
        said = account(tmp_path, "export", "Ann", "--to", "out")
    assert said == ("Wrote 4 messages and all records to out/ann.json and out/ann.txt.\n")
    written, text = ((tmp_path / "out" / f"ann.{kind}").read_text() for kind in ("json", "txt"))
    found = json.loads(written)
    assert [(one["room"], one["from"], one["text"]) for one in found["messages"]] == [
        ("#tea", "ann", "apples"), ("#tea", "ann", "eats"),
        ("@bob", "ann", "psst"), ("@bob", "bob", "yes?"),
    ]  # fmt: skip
    assert found["account"]["name"] == "ann"
    assert {"#tea", "@bob"} <= {one["room"] for one in found["rooms"]}
    assert [one["label"] for one in found["tokens"]] == ["laptop"]
    assert [one["reason"] for one in found["reports"]] == ["is hungry"]
    assert [one["what"] for one in found["audit"]] == ["registered ann"]
    assert all(words in text for words in ("<ann> apples", "* ann eats", "@bob <bob> yes?"))
    for secret in ("argon2", "berries", "registered bob"):
        assert secret not in written + text
    assert stat.S_IMODE((tmp_path / "out" / "ann.json").stat().st_mode) == 0o600
    assert "already exists" in fails(tmp_path, "account", "export", "ann", "--to", "out")
    assert "no directory: nowhere" in fails(tmp_path, "account", "export", "ann", "--to", "nowhere")
    assert acts(tmp_path)[-1] == ("shell", "exported what is stored about ann")
