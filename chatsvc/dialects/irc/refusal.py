"""The numeric of a refusal, or its words if it has none."""

from __future__ import annotations

from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.numerics import REFUSALS
from chatsvc.dialects.irc.pending import Pending
from chatsvc.model.requests import Refusal

_IN_WORDS = (None, "INPUTTOOLONG", "NEEDMOREPARAMS", "PASSWDMISMATCH")
_SAID = ("PRIVMSG", "NOTICE", "TAGMSG")
_SILENCED = ("banned", "muted", "moderated", "slow-mode")
_OF_NAMES = ("NICKNAMEINUSE", "ERRONEUSNICKNAME")


def refuse(event: Refusal, client: Client, about: Pending) -> None:
    """Answer in the usual way."""
    room = next((word for word in about.params if word.startswith(("#", "@#"))), None)
    name = _numeric(event, about, room)
    if name is None or name in _IN_WORDS:
        _in_words(event, client, about)
    elif name == "NOTEXTTOSEND":
        client.reply(name)
    elif name in _OF_NAMES:
        client.reply(name, about.first, event.text)
    elif name == "INVALIDMODEPARAM":
        client.reply(name, *(*about.params, "*")[:3], event.text)
    elif name == "CHANOPRIVSNEEDED" and not room:
        client.reply("NOPRIVILEGES", event.text)
    elif name == "USERNOTINCHANNEL":
        client.reply(name, about.params[-1], room or "*", event.text)
    elif name == "NOSUCHNICK" and about.command in ("KICK", "MODE"):
        client.reply(name, about.params[-1], event.text)
    else:
        client.reply(name, room or about.first, event.text)


def _numeric(event: Refusal, about: Pending, room: str | None) -> str | None:
    """Return the name of the numeric for a refusal, which depends on the request."""
    if about.command in _SAID and event.code == "empty":
        return "NOTEXTTOSEND"
    if about.command in _SAID and room and event.code in ("not-in-room", "banned"):
        return "CANNOTSENDTOCHAN"
    if about.command == "JOIN" and event.code == "wrong-password":
        return "BADCHANNELKEY"
    if about.command == "NICK" and event.code in ("banned", "muted"):
        return "UNAVAILRESOURCE"
    if about.command == "TOPIC" and event.code in _SILENCED:
        return "CHANOPRIVSNEEDED"
    return REFUSALS.get(event.code)


def _in_words(event: Refusal, client: Client, about: Pending) -> None:
    if "standard-replies" in client.capabilities:
        client.fail(about.command or "*", event.code.upper().replace("-", "_"), event.text)
    else:
        client.notice(event.text)
