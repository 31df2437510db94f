"""Registering an account: REGISTER and VERIFY (IRCv3 "account-registration", a draft).

The account has the current nickname; nothing is verified.
"""

from __future__ import annotations

from collections.abc import Sequence

from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.message import Message
from chatsvc.dialects.irc.pending import Pending
from chatsvc.dialects.irc.registry import on, refused
from chatsvc.model.requests import Refusal

CAPABILITY = "draft/account-registration"
_BY_REGISTER = "REGISTER account"
_CODES = {
    "registered": "ACCOUNT_EXISTS",
    "name-taken": "ACCOUNT_EXISTS",
    "bad-name": "BAD_ACCOUNT_NAME",
    "known": "ALREADY_AUTHENTICATED",
    "email-needed": "INVALID_EMAIL",
    "bad-argument": "INVALID_EMAIL",
    "no-name": "COMPLETE_CONNECTION_REQUIRED",
}
_PARAMS = 3


def capability_value(client: Client) -> str:
    """Return what clients learn before they request the capability."""
    tokens = {
        "before-connect": client.registers_early, "email-required": client.needs_email,
    }  # fmt: skip
    return ",".join(token for token, is_so in tokens.items() if is_so)


@on("REGISTER", anybody=True)
def _(client: Client, message: Message) -> None:
    """Register an account, or pass `REGISTER password` to the chat's command."""
    if CAPABILITY in client.capabilities or _is_of_extension(client, message.params):
        _register(client, message.params)
    elif not client.registered:
        client.reply("NOTREGISTERED")
    else:
        client.type("register", " ".join(message.params))


def _is_of_extension(client: Client, params: Sequence[str]) -> bool:
    """Return whether these cannot be a password, an e-mail address and a code."""
    return len(params) >= _PARAMS and (params[0] in ("*", client.wanted_nick) or params[1] == "*")


def _register(client: Client, params: Sequence[str]) -> None:
    if len(params) < _PARAMS:
        client.reply("NEEDMOREPARAMS", "REGISTER")
        return
    account, email, *rest = params
    password = " ".join(rest)  # which the chat refuses if there are several
    nick = client.wanted_nick
    if not client.registered and not client.registers_early:
        words = "Register first, with NICK and USER"
        _fail(client, "COMPLETE_CONNECTION_REQUIRED", nick or account, words)
    elif not nick:
        _fail(client, "NEED_NICK", "*", "Send NICK first")
    elif account not in ("*", nick):
        words = f"Your account name must be your nickname, {nick}"
        _fail(client, "ACCOUNT_NAME_MUST_BE_NICK", account, words)
    else:
        name = {} if client.registered else {"name": nick}
        email = "" if email == "*" else email
        about = Pending(_BY_REGISTER, (nick, _code_of_bad(password)))
        client.ask("register", about, password=password, email=email, **name)


def _code_of_bad(password: str) -> str:
    """Return the code if this password is refused: weak, or "any reason other than weakness"."""
    return "UNACCEPTABLE_PASSWORD" if len(password.split()) > 1 else "WEAK_PASSWORD"


def _fail(client: Client, code: str, account: str, words: str) -> None:
    client.fail("REGISTER", code, account, words)


@on("VERIFY", 2, anybody=True)
def _(client: Client, message: Message) -> None:
    """Refuse a code: accounts need no verification."""
    account, *_ = message.params
    if not client.registered and not client.registers_early:
        words = "Register first, with NICK and USER"
        client.fail("VERIFY", "COMPLETE_CONNECTION_REQUIRED", account, words)
    elif client.account is not None:
        words = f"You are already logged in as {client.account}"
        client.fail("VERIFY", "ALREADY_AUTHENTICATED", client.account, words)
    else:
        client.fail("VERIFY", "INVALID_CODE", account, "Accounts need no verification")


def is_by_register(about: Pending) -> bool:
    """Return whether an answer belongs to a REGISTER of this extension."""
    return about.command == _BY_REGISTER


def succeed(client: Client, account: str) -> None:
    client.send("REGISTER", "SUCCESS", account, f"{account} is now registered to you")


@refused(_BY_REGISTER)
def _(event: Refusal, client: Client, about: Pending) -> None:
    nick, code_of_bad = about.params
    bad = event.code == "bad-password"
    code = code_of_bad if bad else _CODES.get(event.code, "TEMPORARILY_UNAVAILABLE")
    _fail(client, code, nick, event.text)
