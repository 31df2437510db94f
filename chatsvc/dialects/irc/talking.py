"""Saying something: PRIVMSG, NOTICE, and the services that are thin names for commands."""

from __future__ import annotations

from chatsvc.dialects.irc.client import Asked, Client
from chatsvc.dialects.irc.message import Message
from chatsvc.dialects.irc.table import on, told
from chatsvc.events import Kept, Said, Told


@on("PRIVMSG", 1)
@on("NOTICE", 1)
def _(client: Client, message: Message) -> None:
    if len(message.params) < 2 or not message.params[1]:
        client.reply("NOTEXTTOSEND")
        return
    target, text = message.params[0], message.params[1]
    action = text.startswith("\x01ACTION ")
    if action:
        text = text[8:].rstrip("\x01")
    elif text.startswith("\x01"):
        return  # other CTCP is for clients, and there is none of ours
    if target.startswith("#"):
        client.say("me" if action else "say", room=target, text=text)
    elif target.lower() == "nickserv":
        _nickserv(client, text)
    else:
        client.ask("msg", name=target, text=text, action=action)


def _nickserv(client: Client, text: str) -> None:
    """The services that IRC people know: thin names for commands of the chat's."""
    word, _, rest = text.strip().partition(" ")
    names = {"identify": "login", "login": "login", "register": "register", "logout": "logout"}
    if word.lower() in names:
        client.type(names[word.lower()], rest)
    else:
        client.notice("NickServ knows IDENTIFY [name] password, REGISTER password, and LOGOUT.")


@told.register
def _(event: Told, client: Client, about: Asked) -> None:
    if not event.own or "echo-message" in client.capabilities:
        client.private_line(event)


@told.register
def _(event: Said, client: Client, about: Asked) -> None:
    client.line(event, event.room)


@told.register
def _(event: Kept, client: Client, about: Asked) -> None:
    """The client was shown its line, or does not want to be."""
