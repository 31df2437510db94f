"""Authentication: AUTHENTICATE (IRCv3 "SASL 3.1" and "SASL 3.2").

The dialect carries the mechanism's messages, in base64 and in chunks; the chat verifies them.
"""

from __future__ import annotations

import base64

from chatsvc.dialects.irc.accounts import is_by_register, succeed
from chatsvc.dialects.irc.client import Client, Sasl
from chatsvc.dialects.irc.message import Message
from chatsvc.dialects.irc.pending import Pending
from chatsvc.dialects.irc.people import become
from chatsvc.dialects.irc.registry import in_words, on, told
from chatsvc.model.account_events import Challenge, Proved, You
from chatsvc.model.requests import Refusal
from chatsvc.model.text_rules import key

PIECE = 400  # characters of one AUTHENTICATE
LONGEST = 4 * PIECE  # of one response


def mechanisms(client: Client) -> str:
    """Return the mechanisms that may work for a client; without TLS it has no certificate."""
    return "PLAIN,EXTERNAL,SCRAM-SHA-256" if client.secure else "PLAIN,SCRAM-SHA-256"


@on("AUTHENTICATE", 1, anybody=True)
def _(client: Client, message: Message) -> None:
    word = message.params[0]
    if word == "*":
        abort(client)
    elif client.sasl is None:
        _begin(client, word.upper())
    elif len(word) > PIECE:
        client.sasl = None
        client.reply("SASLTOOLONG")
    elif len(client.sasl.said) + len(word) > LONGEST:
        _fail(client, f"A response has at most {LONGEST} characters")
    else:
        client.sasl.said += "" if word == "+" else word
        if len(word) < PIECE:
            _respond(client, client.sasl)


def abort(client: Client) -> None:
    """End any authentication in progress."""
    client.sasl = None
    client.reply("SASLABORTED")


def _begin(client: Client, mechanism: str) -> None:
    if mechanism in mechanisms(client).split(","):
        client.sasl = Sasl(mechanism)
        client.send("AUTHENTICATE", "+")
    else:
        client.reply("SASLMECHS", mechanisms(client))
        client.reply("SASLFAIL", "Unsupported mechanism")


def _respond(client: Client, sasl: Sasl) -> None:
    """Pass a complete response to the chat."""
    encoded, sasl.said = sasl.said, ""
    try:
        data = base64.b64decode(encoded, validate=True).decode()
    except ValueError:
        _fail(client, "Invalid base64 or UTF-8")
        return
    about = Pending("AUTHENTICATE")
    if sasl.mechanism == "PLAIN":
        _plain(client, data, about)
    elif sasl.begun:
        client.ask("prove", about, data=data, keep_name=True)
    else:
        sasl.begun = True
        client.ask("prove", about, mechanism=sasl.mechanism, data=data, keep_name=True)


def _plain(client: Client, data: str, about: Pending) -> None:
    """Read PLAIN (RFC 4616): an identity to act as, if it differs; the account; the password."""
    parts = data.split("\0")
    if len(parts) != 3:
        _fail(client, "Invalid PLAIN message")
        return
    identity, account, password = parts
    if identity and key(identity) != key(account):
        _fail(client, f"{account} cannot act as {identity}")
        return
    client.ask("prove", about, name=account, password=password, keep_name=True)


def _fail(client: Client, text: str) -> None:
    client.sasl = None
    client.reply("SASLFAIL", text)


def refuse(client: Client, event: Refusal) -> None:
    """Answer that the authentication was refused."""
    client.sasl = None
    if event.code == "known":
        client.reply("SASLALREADY")
    elif event.code in ("banned", "disabled"):
        client.reply("NICKLOCKED", event.text)
    else:
        client.reply("SASLFAIL", event.text)


@told.register
def _(event: Challenge, client: Client, about: Pending) -> None:
    encoded = base64.b64encode(event.data.encode()).decode()
    for start in range(0, len(encoded) + 1, PIECE):
        client.send("AUTHENTICATE", encoded[start : start + PIECE] or "+")


@told.register
def _(event: Proved, client: Client, about: Pending) -> None:
    client.sasl = None
    if about.service:
        in_words(client, event)
        return
    _logged_in(client, client.wanted_nick or "*", event.account)
    if is_by_register(about):
        succeed(client, event.account)
    else:
        client.reply("SASLSUCCESS")


@told.register
def _(event: You, client: Client, about: Pending) -> None:
    if event.how == "logout":
        _part_from_all(client)
    become(client, event.name)
    client.account = event.account
    if event.operator != client.operator:
        client.operator = event.operator
        change = "+o" if event.operator else "-o"
        client.send("MODE", client.nick, change, by=client.nick)
    if event.account is None:
        client.reply("LOGGEDOUT", client.mask(event.name), "You are logged out")
    else:
        _logged_in(client, event.name, event.account)
    if about.command == "AUTHENTICATE":
        client.sasl = None
        client.reply("SASLSUCCESS")
    elif is_by_register(about):
        succeed(client, event.account or "")
    elif about.service:
        in_words(client, event)


def _part_from_all(client: Client) -> None:
    """Part all of the account's rooms: a user who logs out leaves them."""
    for room in client.rooms.values():
        client.send("PART", room, by=client.nick)
    client.rooms.clear()
    client.earlier.clear()


def _logged_in(client: Client, nick: str, account: str) -> None:
    mask = "*!*@*" if nick == "*" else client.mask(nick)
    client.reply("LOGGEDIN", mask, account, f"You are logged in as {account}")
