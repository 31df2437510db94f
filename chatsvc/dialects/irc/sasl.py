"""Proving whose account one comes with: AUTHENTICATE (IRCv3 "SASL 3.1" and "SASL 3.2")."""

from __future__ import annotations

import base64
import binascii

from chatsvc.dialects.irc.client import Asked, Client
from chatsvc.dialects.irc.lines import mask
from chatsvc.dialects.irc.message import Message
from chatsvc.dialects.irc.table import on, told
from chatsvc.governance import Proved, You

LONGEST = 400  # characters of one AUTHENTICATE


@on("AUTHENTICATE", 1, anybody=True)
def _(client: Client, message: Message) -> None:
    word = message.params[0]
    if client.coming.account is not None or client.welcome is not None:
        client.reply("SASLALREADY")
    elif word == "*":
        client.sasl = None
        client.reply("SASLABORTED")
    elif client.sasl is None:
        if word.upper() == "PLAIN":
            client.sasl = ""
            client.send("AUTHENTICATE", "+")
        else:
            client.reply("SASLMECHS", "PLAIN")
            client.reply("SASLFAIL", "There is no such mechanism here")
    elif len(word) > LONGEST or len(client.sasl) > 4 * LONGEST:
        client.sasl = None
        client.reply("SASLTOOLONG")
    else:
        client.sasl += "" if word == "+" else word
        if len(word) < LONGEST:
            _authenticate(client, client.sasl)


def _authenticate(client: Client, encoded: str) -> None:
    """PLAIN (RFC 4616): an identity to act as, which is not used; the account; its password."""
    client.sasl = None
    try:
        _, account, password = base64.b64decode(encoded, validate=True).decode().split("\0")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        client.reply("SASLFAIL", "That is not PLAIN")
        return
    client.ask("prove", Asked("AUTHENTICATE", (account,)), name=account, password=password)


@told.register
def _(event: Proved, client: Client, about: Asked) -> None:
    client.coming.account = event.account
    who = mask(client.coming.name or "*")
    client.reply("LOGGEDIN", who, event.account, f"You are logged in as {event.account}")
    client.reply("SASLSUCCESS")


@told.register
def _(event: You, client: Client, about: Asked) -> None:
    if event.name != client.nick:
        client.send("NICK", event.name, source=mask(client.nick))
        client.nick = event.name
    if event.account is None:
        client.reply("LOGGEDOUT", mask(event.name), "You are logged out")
    else:
        words = f"You are logged in as {event.account}"
        client.reply("LOGGEDIN", mask(event.name), event.account, words)
