"""Registering an account: REGISTER and VERIFY (IRCv3 draft "account-registration").

Only a connected user can register, under the current name; nothing is verified.
"""

from __future__ import annotations

from collections.abc import Sequence

from chatsvc.dialects.irc.client import Client, Pending
from chatsvc.dialects.irc.message import Message
from chatsvc.dialects.irc.registry import on
from chatsvc.model.account_events import You
from chatsvc.model.requests import Refusal

CAPABILITY = "draft/account-registration"
_CODES = {
    "registered": "ACCOUNT_EXISTS",
    "name-taken": "BAD_ACCOUNT_NAME",
    "bad-name": "BAD_ACCOUNT_NAME",
    "known": "ALREADY_AUTHENTICATED",
    "bad-password": "WEAK_PASSWORD",
    "bad-argument": "INVALID_EMAIL",
}


@on("REGISTER", anybody=True)
def _(client: Client, message: Message) -> None:
    if CAPABILITY in client.capabilities:
        _register(client, message.params)
    elif not client.registered:
        client.reply("NOTREGISTERED")
    else:
        client.type("register", " ".join(message.params))


def _register(client: Client, params: Sequence[str]) -> None:
    if len(params) < 3:
        client.reply("NEEDMOREPARAMS", "REGISTER")
        return
    account, email, password = params[:3]
    if not client.registered:
        words = "Register first, with NICK and USER"
        client.fail("REGISTER", "COMPLETE_CONNECTION_REQUIRED", words)
    elif account not in ("*", client.nick):
        words = f"Your account name must be your nickname, {client.nick}"
        client.fail("REGISTER", "ACCOUNT_NAME_MUST_BE_NICK", account, words)
    else:
        about = Pending("REGISTER", (client.nick,))
        client.ask("register", about, password=password, email="" if email == "*" else email)


@on("VERIFY", 2, anybody=True)
def _(client: Client, message: Message) -> None:
    words = "Accounts need no verification"
    client.fail("VERIFY", "INVALID_CODE", message.params[0], words)


def is_by_register(client: Client, about: Pending) -> bool:
    """Return whether an answer belongs to a REGISTER of this extension."""
    return about.command == "REGISTER" and CAPABILITY in client.capabilities


def succeed(client: Client, event: You) -> None:
    client.send(
        "REGISTER", "SUCCESS", event.account or "", f"{event.name} is now registered to you"
    )


def refuse(client: Client, event: Refusal, about: Pending) -> None:
    code = _CODES.get(event.code, "TEMPORARILY_UNAVAILABLE")
    client.fail("REGISTER", code, about.first, event.text)
