"""Administration in the chat: the state of the service, accounts and settings, for operators."""

from __future__ import annotations

import pytest
from conftest import Chat
from staff import SECRET, guest, member, operator

from chatsvc.model.room_events import Setting
from chatsvc.options.shown import shown
from chatsvc.options.sources import Given
from chatsvc.options.table import TABLE

COMMANDS = ("status", "accounts", "disable eve", "enable eve", "settings")


@pytest.mark.parametrize("command", COMMANDS)
def test_nobody_but_an_operator_can_administer(chat: Chat, command: str) -> None:
    eve = member(chat, "eve")
    for person in (guest(chat, "bob"), eve):
        person.read()
        assert person.send(f"/{command}") == ["* Only operators can do that."]
    name, *arguments = command.split()
    bot = chat.program("bot")
    (refused,) = bot.ask(do=name, **({"name": arguments[0]} if arguments else {}))
    assert refused["code"] == "not-allowed"
    assert not eve.closed
    assert f"/{name}" not in " ".join(eve.send("/help"))


def test_status_says_how_the_service_is_doing(chat: Chat) -> None:
    op = operator(chat)
    guest(chat, "bob").send("/report eve sends spam", "/report op too strict")
    shown = op.send("/status")
    assert shown[0].startswith("* chatsvc ")
    assert shown[1] == "* 2 users online (peak: 2), 2 connections, 1 room, 1 account."
    assert shown[-1] == "* 1 open report. Lockdown is off."
    (event,) = chat.program("bot").ask(do="login", name="op", password=SECRET)[:1]
    assert event["operator"]


def test_a_disabled_account_loses_its_sessions_and_can_be_enabled(chat: Chat) -> None:
    op, eve = operator(chat), member(chat, "eve")
    assert op.send("/disable EVE")[-1] == (
        "* eve is disabled: nobody can log in. To undo it: /enable eve"
    )
    assert "* Your account eve was disabled." in eve.read()
    assert eve.closed
    again = chat.connect()
    (refused,) = again.ask(do="hello", name="eve", account_password=SECRET)
    assert refused["code"] == "disabled"
    assert "disabled" in " ".join(op.send("/accounts e*"))
    assert op.send("/enable eve")[-1] == "* eve can log in again."
    back = chat.connect().ask(do="hello", name="eve", account_password=SECRET)
    assert back[0]["event"] == "welcome"
    audit = " ".join(op.send("/audit"))
    assert "op: disabled the account eve" in audit
    assert "op: enabled the account eve" in audit


def test_disabling_twice_is_noted_once(chat: Chat) -> None:
    op = operator(chat)
    member(chat, "eve")
    op.send("/disable eve", "/disable eve")
    assert " ".join(op.send("/audit")).count("disabled the account") == 1


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("op", "op is an operator. You cannot act against an operator."),
        ("nobody", "nobody is not registered. To list names: /accounts"),
    ],
)
def test_whom_an_operator_cannot_disable(chat: Chat, name: str, why: str) -> None:
    op = operator(chat)
    assert op.send(f"/disable {name}") == [f"* {why}"]


def test_accounts_come_in_pages(chat: Chat) -> None:
    op = operator(chat)
    for name in ("dora", "carol"):
        member(chat, name)
    bot = chat.program("bot")
    bot.ask(do="login", name="op", password=SECRET)
    (page,) = bot.ask(do="accounts", n=2)
    assert ([one["name"] for one in page["accounts"]], page["more"]) == (["carol", "dora"], True)
    (page,) = bot.ask(do="accounts", n=2, after="dora")
    assert [one["name"] for one in page["accounts"]] == ["op"]
    assert page["count"] == 3
    assert "more" not in page
    assert op.send("/accounts x*") == ["* No accounts with such a name."]


def test_settings_are_shown_without_secrets_and_paths(chat: Chat) -> None:
    given = {
        "keep": Given("--keep", "365d"),
        "password": Given("--password", "sesame"),
        "motd": Given("--motd", "/srv/motd.txt"),
        "lan": Given("--lan", True),
        "web-host": Given("--web-host", ["a.example", "b.example"]),
        "port": Given("--port", "7000"),
    }
    settings = {setting.name: setting.value for setting in shown(given)}
    assert settings.keys() == {name for name, option in TABLE.items() if option.live}
    assert settings["keep"] == "365d"
    assert settings["password"] == settings["motd"] == "set"
    assert settings["lan"] == "on"
    assert settings["web-host"] == "a.example, b.example"
    assert settings["accounts"] == "open"
    chat.hub.status.settings = (Setting("keep", "365d", "Delete messages."),)
    assert "*   keep                 365d" in operator(chat).send("/settings")
