"""Tokens: logging in to an account without its password, and how they end."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from archive_files import sqlite
from conftest import Chat, Person, Worker, at_once, no_turn, start
from ircpeople import irc
from staff import SECRET, THREE_ATTEMPTS, MoodyArchive, member, operator, refusal, reopened

from chatsvc.auth.tokens import LONGEST_LABEL, MOST_TOKENS, PRECISION
from chatsvc.cli.accounts import main as manage
from chatsvc.model.records import AccessToken, Account, Fact
from chatsvc.services.login import KNOCKS
from chatsvc.store.memory import MemoryArchive

LABEL = "Firefox on ann's laptop"


def owner(chat: Chat, name: str = "ann") -> Person:
    """Return a program of a registered user, logged in with the password."""
    if chat.hub.accounts.find(name) is None:
        member(chat, name).hang_up()
    return chat.program(name, account_password=SECRET)


def new_token(person: Person, label: str = LABEL) -> str:
    """Return the secret of a new token."""
    (event,) = person.ask(do="token", label=label, tag="t")
    assert (event["event"], event["tag"], event.get("label", "")) == ("token", "t", label)
    return str(event["token"])


def come_in(chat: Chat, token: str, **more: object) -> tuple[Person, dict[str, Any]]:
    """Return a program that logs in with a token, and the answer."""
    person = chat.connect()
    return person, person.ask(do="hello", token=token, **more)[-1]


def is_in(chat: Chat, token: str) -> bool:
    person, answer = come_in(chat, token)
    person.hang_up()
    assert answer["event"] == "welcome" or answer["code"] == "bad-token"
    return bool(answer["event"] == "welcome")


def tokens(person: Person) -> list[dict[str, Any]]:
    """Return the tokens that `sessions` lists."""
    (event,) = person.ask(do="sessions")
    return list(event.get("tokens", []))


def test_a_token_logs_in_its_account_without_password_or_name(chat: Chat) -> None:
    secret = new_token(owner(chat))
    _, welcome = come_in(chat, secret)
    assert (welcome["name"], welcome["account"]) == ("ann", "ann")
    assert [room["room"] for room in welcome["rooms"]] == ["#lobby"]
    _, welcome = come_in(chat, secret, name="somebody", client="5f0c-ann-phone")
    assert (welcome["name"], welcome["client"]) == ("ann", "5f0c-ann-phone")


def test_a_token_is_random_and_only_its_digest_is_stored(chat: Chat) -> None:
    ann = owner(chat)
    first, second = new_token(ann), new_token(ann)
    assert first != second
    assert len(first) == 32
    stored = chat.archive.records(AccessToken)
    assert {token.digest for token in stored} == {
        sha256(secret.encode()).hexdigest() for secret in (first, second)
    }
    everything = repr([chat.archive.records(kind) for kind in (AccessToken, Account, Fact)])
    assert first not in everything


def test_a_token_works_under_a_new_name_and_with_the_user_online(chat: Chat) -> None:
    ann = owner(chat)
    secret = new_token(ann)
    ann.ask(do="nick", name="anna")
    _, welcome = come_in(chat, secret, name="ann")
    assert welcome["name"] == "anna"
    assert list(chat.hub.directory.users) == ["anna"]


def test_a_wrong_token_is_refused_and_logs_nobody_in(chat: Chat) -> None:
    new_token(owner(chat))
    stranger = chat.connect()
    text = "This token is not valid. Log in with your password."
    assert refusal(stranger, do="hello", name="ann", token="x" * 32) == ("bad-token", text)
    assert refusal(stranger, do="hello", name="ann", token="")[0] == "bad-token"
    assert refusal(stranger, do="hello", name="ann", token="\N{SNOWMAN}")[0] == "bad-token"
    for _ in range(KNOCKS - 3):
        stranger.ask(do="hello", token="wrong")
    assert stranger.closed


def test_wrong_tokens_count_like_wrong_passwords_and_right_ones_are_no_guesses() -> None:
    chat = Chat(limits=THREE_ATTEMPTS)
    secret = new_token(owner(chat))
    stranger = chat.connect()
    codes = [refusal(stranger, do="hello", token="wrong")[0] for _ in range(4)]
    assert codes == ["bad-token"] * 3 + ["too-many-attempts"]
    again = chat.connect()
    hello = {"do": "hello", "name": "ann", "account_password": SECRET}
    assert refusal(chat.connect("198.51.100.3"), do="hello", token="wrong")[0] == "bad-token"
    assert is_in(chat, secret)
    assert refusal(again, **{**hello, "account_password": "wrong"})[0] == "too-many-attempts"


def test_the_chat_password_is_still_needed() -> None:
    chat = Chat(password="sesame")
    member_of = chat.program("ann", password="sesame")
    member_of.ask(do="register", password=SECRET)
    secret = new_token(member_of)
    _, answer = come_in(chat, secret)
    assert answer["code"] == "password-needed"
    _, answer = come_in(chat, secret, password="sesame")
    assert answer["event"] == "welcome"


def test_tokens_work_during_lockdown_and_not_for_the_banned(chat: Chat) -> None:
    op, ann = operator(chat), owner(chat)
    secret = new_token(ann)
    ann.hang_up()
    op.send("/lockdown on")
    assert is_in(chat, secret)
    op.send("/ban account=ann")
    person, answer = come_in(chat, secret)
    assert answer["code"] == "banned"
    assert person.closed


def test_tokens_are_listed_with_their_labels_and_ended_by_number(chat: Chat) -> None:
    ann = owner(chat)
    assert tokens(ann) == []
    laptop, bot = new_token(ann), new_token(ann, "")
    chat.clock.advance(2 * PRECISION)
    phone, _ = come_in(chat, laptop)
    since, used = "1970-01-01T00:00:00.000Z", "1970-01-01T02:00:00.000Z"
    assert tokens(phone) == [
        {"number": 1, "label": LABEL, "since": since, "used": used, "own": True},
        {"number": 2, "since": since, "used": since},
    ]
    (event,) = phone.ask(do="sessions", end=2, token=True)
    assert [token["number"] for token in event["tokens"]] == [1]
    assert not is_in(chat, bot)
    assert is_in(chat, laptop)
    assert refusal(ann, do="sessions", end=2, token=True) == (
        "no-such-session",
        "You have no token 2. To list yours: /sessions",
    )
    assert refusal(ann, do="sessions", token=True)[0] == "usage"


def test_ending_a_token_closes_the_connections_that_used_it(chat: Chat) -> None:
    ann = owner(chat)
    stolen, other = new_token(ann), new_token(ann)
    thief, _ = come_in(chat, stolen)
    phone, _ = come_in(chat, other)
    thief.read()
    ann.ask(do="sessions", end=1, token=True)
    (goodbye,) = thief.events()
    assert (goodbye["event"], goodbye["final"]) == ("goodbye", True)
    assert thief.closed
    assert not phone.closed
    assert not ann.closed


def test_the_own_token_can_be_ended_and_the_connection_stays(chat: Chat) -> None:
    secret = new_token(owner(chat))
    phone, _ = come_in(chat, secret)
    assert "tokens" not in phone.ask(do="sessions", end=1, token=True)[0]
    assert not phone.closed
    assert not is_in(chat, secret)


def test_another_account_cannot_end_or_see_a_token(chat: Chat) -> None:
    secret = new_token(owner(chat))
    bob = owner(chat, "bob")
    assert tokens(bob) == []
    assert refusal(bob, do="sessions", end=1, token=True)[0] == "no-such-session"
    assert is_in(chat, secret)


def test_guests_have_no_tokens(chat: Chat) -> None:
    assert refusal(chat.program("bob"), do="token")[0] == "no-account"
    assert refusal(chat.connect(), do="token")[0] == "no-name"


def test_logging_out_ends_the_token_of_the_connection(chat: Chat) -> None:
    ann = owner(chat)
    laptop, bot = new_token(ann), new_token(ann)
    phone, _ = come_in(chat, laptop)
    assert phone.ask(do="logout")[0]["how"] == "logout"
    assert not is_in(chat, laptop)
    assert is_in(chat, bot)
    ann.ask(do="logout")
    assert is_in(chat, bot)


def test_a_new_password_ends_all_tokens(chat: Chat) -> None:
    ann = owner(chat)
    first, second = new_token(ann), new_token(ann)
    phone, _ = come_in(chat, first)
    assert refusal(phone, do="passwd", old="wrong", new="new-staple")[0] == "wrong-password"
    assert is_in(chat, first)
    phone.ask(do="passwd", old=SECRET, new="new-staple")
    assert not phone.closed
    assert ann.closed
    assert not is_in(chat, first)
    assert not is_in(chat, second)
    assert tokens(phone) == []
    assert chat.archive.records(AccessToken) == []
    assert is_in(chat, new_token(phone))


def test_deleting_the_account_ends_its_tokens_also_for_the_next_owner_of_the_name(
    chat: Chat,
) -> None:
    ann = owner(chat)
    secret = new_token(ann)
    ann.ask(do="unregister", password=SECRET)
    assert not is_in(chat, secret)
    assert chat.archive.records(AccessToken) == []
    ann.ask(do="register", password=SECRET)
    assert tokens(ann) == []
    assert not is_in(chat, secret)


def test_an_account_has_a_limited_number_and_the_least_used_one_goes(chat: Chat) -> None:
    ann = owner(chat)
    some = []
    for _ in range(MOST_TOKENS):
        some.append(new_token(ann))
        chat.clock.advance(1)
    chat.clock.advance(PRECISION)
    assert is_in(chat, some[0])
    more = new_token(ann)
    assert not is_in(chat, some[1])
    assert is_in(chat, some[0])
    assert is_in(chat, some[2])
    assert is_in(chat, more)
    assert len(chat.archive.records(AccessToken)) == MOST_TOKENS


def test_a_label_is_one_short_line(chat: Chat) -> None:
    ann = owner(chat)
    assert refusal(ann, do="token", label="x" * (LONGEST_LABEL + 1))[0] == "too-long"
    (event,) = ann.ask(do="token", label=" my\nbot\x1b[1m ")
    assert event["label"] == "my bot"


class CountingArchive(MemoryArchive):
    """An archive that counts how often tokens are written."""

    written = 0

    async def put(self, *records: Any) -> None:
        self.written += sum(isinstance(record, AccessToken) for record in records)
        await super().put(*records)


def test_the_last_use_is_written_at_most_once_an_hour() -> None:
    archive = CountingArchive(at_once, no_turn, start)
    chat = Chat(archive)
    secret = new_token(owner(chat))
    for _ in range(3):
        chat.clock.advance(PRECISION / 4)
        assert is_in(chat, secret)
    assert archive.written == 1
    chat.clock.advance(PRECISION / 4)
    assert is_in(chat, secret)
    assert is_in(chat, secret)
    assert archive.written == 2


def test_tokens_survive_a_restart(tmp_path: Path) -> None:
    chat = Chat(sqlite(tmp_path / "chat.db"))
    ann = owner(chat)
    kept, ended = new_token(ann), new_token(ann)
    ann.ask(do="sessions", end=2, token=True)
    later = reopened(chat, tmp_path / "chat.db")
    assert is_in(later, kept)
    assert not is_in(later, ended)
    start(later.archive.close())


@pytest.mark.parametrize("job", ["passwd", "remove"])
def test_the_shell_ends_tokens_too(
    job: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = Chat(sqlite(tmp_path / "chat.db"))
    secret = new_token(owner(chat))
    phone, _ = come_in(chat, secret)
    (tmp_path / "password").write_text("new-staple\n")
    more = ["--password-file", str(tmp_path / "password")] if job == "passwd" else []
    assert manage([job, "ann", "--archive", f"sqlite:{tmp_path / 'chat.db'}", *more]) == 0
    start(chat.hub.accounts.refresh())
    assert phone.closed or job == "remove"
    assert not is_in(chat, secret)
    start(chat.archive.close())


def test_a_token_that_cannot_be_stored_or_ended_is_as_before() -> None:
    archive = MoodyArchive()
    chat = Chat(archive)
    ann = owner(chat)
    secret = new_token(ann)
    archive.fails = True
    assert refusal(ann, do="token")[0] == "not-kept"
    assert refusal(ann, do="sessions", end=1, token=True)[0] == "not-kept"
    assert refusal(ann, do="passwd", old=SECRET, new="new-staple")[0] == "not-kept"
    assert [token["number"] for token in tokens(ann)] == [1]
    chat.clock.advance(2 * PRECISION)
    assert is_in(chat, secret)  # although its last use cannot be written


@pytest.mark.parametrize("steps", range(6))
def test_a_token_requested_while_the_password_changes_ends_too(steps: int) -> None:
    archive = MoodyArchive()
    chat = Chat(archive)
    thief, ann = owner(chat), owner(chat)
    archive.worker = worker = Worker()
    ann.protocol.dataReceived(b'{"do":"passwd","old":"%b","new":"new-staple"}\n' % SECRET.encode())
    for _ in range(steps):
        if worker.pieces:
            worker.step()
    thief.protocol.dataReceived(b'{"do":"token"}\n')
    worker.work()
    assert archive.records(AccessToken) == []
    account = chat.hub.accounts.find("ann")
    assert account is not None
    assert chat.hub.accounts.tokens.of(account.id) == []
    assert thief.closed


def test_a_token_ended_while_its_use_is_written_logs_nobody_in() -> None:
    archive = MoodyArchive()
    chat = Chat(archive)
    ann = owner(chat)
    secret = new_token(ann)
    chat.clock.advance(2 * PRECISION)
    archive.worker = worker = Worker()
    person = chat.connect()
    person.protocol.dataReceived(f'{{"do":"hello","token":"{secret}"}}\n'.encode())
    ann.ask(do="sessions", end=1, token=True)
    worker.work()
    assert person.events()[-1]["code"] == "bad-token"


def test_a_program_that_leaves_while_it_logs_in_is_nobody() -> None:
    archive = MoodyArchive()
    chat = Chat(archive)
    secret = new_token(owner(chat))
    chat.clock.advance(2 * PRECISION)
    archive.worker = worker = Worker()
    person = chat.connect()
    person.protocol.dataReceived(f'{{"do":"hello","token":"{secret}"}}\n'.encode())
    person.hang_up()
    worker.work()
    assert len(chat.hub.directory.users["ann"].sessions) == 1


def test_people_create_list_and_end_tokens_too(chat: Chat) -> None:
    ann = member(chat, "ann")
    shown = ann.send("/token the weather bot")
    secret = shown[0].removeprefix("* Token 1: ")
    assert shown[1:] == [
        "* Copy it now: it is not shown again. It logs in to your account until you end it.",
        "* To end it: /sessions --token 1",
    ]
    listed = ann.send("/sessions")
    assert listed[-2].startswith("* Token 1: since ")
    assert listed[-2].endswith("  the weather bot")
    assert is_in(chat, secret)
    assert ann.send("/sessions --token 1")[-1] == "* To end one: /sessions number"
    assert not is_in(chat, secret)
    assert "/token [label]: creates a secret" in ann.send("/help token")[0]


def test_irc_users_can_create_tokens(chat: Chat) -> None:
    ann = irc(chat, "ann")
    ann.send(f"NS REGISTER {SECRET}")
    shown = [line for line in ann.send("TOKEN my bot") if "Token 1: " in line]
    assert is_in(chat, shown[0].rpartition(" ")[2])
