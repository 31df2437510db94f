"""The states of a login: what is asked next, and that it ends with a user."""

from __future__ import annotations

import pytest
from conftest import Chat
from staff import SECRET, member

from chatsvc.core.login_state import LoginGate, LoginState, Step

PASSWORDS = ("wrong-password", "too-many-attempts", "busy")


@pytest.mark.parametrize(
    ("gate", "codes", "step"),
    [
        (LoginGate.CHAT, ("password-needed", *PASSWORDS), Step.CHAT_PASSWORD),
        (LoginGate.ACCOUNT, ("registered", *PASSWORDS), Step.ACCOUNT_PASSWORD),
        (LoginGate.CHAT, ("bad-name", "banned", "registered"), Step.NAME),
        (LoginGate.ACCOUNT, ("bad-name", "name-taken", "no-account", "password-needed"), Step.NAME),
    ],
)
@pytest.mark.parametrize("before", Step)
def test_what_is_asked_after_a_refusal(
    gate: LoginGate, codes: tuple[str, ...], step: Step, before: Step
) -> None:
    for code in codes:
        login = LoginState()
        login.gate, login.step = gate, before
        login.refuse(code, "ann2")
        assert (login.step, login.suggestion, login.gate) == (step, "ann2", gate)


def test_the_questions_of_a_chat_with_both_passwords_follow_each_other() -> None:
    chat = Chat(password="open sesame")
    ann = chat.connect()
    ann.send("ann")
    ann.send("open sesame")
    ann.send(f"/register {SECRET}")
    ann.hang_up()
    again = chat.connect()
    asked = []
    for line in ("!", "ann", "wrong", "open sesame", "wrong", SECRET):
        again.send(line)
        asked.append(again.protocol.session.question)
    assert asked == ["name", "password", "password", "login", "login", None]


def test_a_session_loses_its_login_once_it_is_a_user(chat: Chat) -> None:
    member(chat, "ann").hang_up()
    ann = chat.connect()
    ann.send("ann")
    session = ann.protocol.session
    assert session.user is None
    assert session.logging_in.name == "ann"
    ann.send(SECRET)
    assert session.user is not None
    assert session.login is None
    ann.send("/logout")
    assert session.login is None
