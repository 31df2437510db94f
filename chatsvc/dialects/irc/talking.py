"""Sending messages: PRIVMSG, NOTICE, TAGMSG."""

from __future__ import annotations

import re

from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.message import LONGEST, Message, longer
from chatsvc.dialects.irc.pending import Pending
from chatsvc.dialects.irc.privmsg import sign_tags
from chatsvc.dialects.irc.registry import on, told
from chatsvc.dialects.irc.services import is_service, talk_to
from chatsvc.model.message_events import Kept, Said, Signal, Told
from chatsvc.model.text_rules import key

_MOST_TARGETS = 4  # of one message
_CTCP = {"PRIVMSG": "ctcp", "NOTICE": "ctcp-reply"}  # CTCP queries, as client tags
_SHORT = 42  # characters of a text that fits for sure
_SHORT_ASCII = 170
_ACTION = "\x01ACTION "
_CLIENT_TAG = re.compile(r"\+[\w./-]+", re.ASCII)
_PERSIST = "draft/persist"
_REACTION = "+draft/react"


@on("PRIVMSG")
@on("NOTICE")
def _(client: Client, message: Message) -> None:
    if len(message.params) < 2 or not (message.params[0] and message.params[1]):
        _refuse_incomplete(client, message)
        return
    target, text = message.params[:2]
    long = len(text) > (_SHORT_ASCII if text.isascii() else _SHORT)
    if long and message.command == "PRIVMSG" and _is_too_long(client, target, text):
        client.reply("INPUTTOOLONG")
        return
    speak(client, message.command, target, text, client_tags(client, message))


def _refuse_incomplete(client: Client, message: Message) -> None:
    """Answer a message without target or text; nothing answers a notice (Modern IRC, "NOTICE")."""
    if message.command == "NOTICE":
        return
    if "".join(message.params[:1]):
        client.reply("NOTEXTTOSEND")
    else:
        client.reply("NORECIPIENT", f"No recipient given ({message.command})")


def _is_too_long(client: Client, target: str, text: str) -> bool:
    """Return whether others could not be shown a message in one piece, with its source."""
    longest = max(target.split(","), key=len)
    around = len(": PRIVMSG  :\r\n")
    return longer(f"{client.mask(client.nick)}{longest}{text}", LONGEST - around)


def client_tags(client: Client, message: Message) -> dict[str, str]:
    """Return the tags that are for other clients."""
    if not message.tags or "message-tags" not in client.capabilities:
        return {}
    return {name[1:]: value for name, value in message.tags.items() if _CLIENT_TAG.fullmatch(name)}


def speak(
    client: Client, command: str, target: str, text: str, signs: dict[str, str] | None = None
) -> None:
    """Send a message to channels, users, or a service."""
    manner: dict[str, object] = {"notice": True} if command == "NOTICE" else {}
    if signs:
        manner["signs"] = signs
    if "," not in target:  # nearly always
        _speak(client, target, text, None, manner)
        return
    targets = [each for each in target.split(",") if each]
    if len(targets) > _MOST_TARGETS:
        client.reply("TOOMANYTARGETS", target, f"Not sent: at most {_MOST_TARGETS} targets at once")
        return
    for each in targets:
        about = Pending(command, (each,)) if len(targets) > 1 else None
        _speak(client, each, text, about, manner)


def _speak(
    client: Client, target: str, text: str, about: Pending | None, manner: dict[str, object]
) -> None:
    """Send a message to one target; `manner` says how it differs from a plain one."""
    if not text.startswith("\x01"):
        _say(client, target, text, about, manner)
    elif text.startswith(_ACTION):
        text = text.removeprefix(_ACTION).rstrip("\x01")
        _say(client, target, text, about, {"action": True, **manner})
    else:
        kind = _CTCP["NOTICE" if "notice" in manner else "PRIVMSG"]
        signs = manner.get("signs", {})
        assert isinstance(signs, dict)
        _show(client, target, {kind: text.strip("\x01"), **signs}, about)


def _say(
    client: Client, target: str, text: str, about: Pending | None, manner: dict[str, object]
) -> None:
    if target.startswith("#"):
        how = manner.copy()
        do = "me" if how.pop("action", False) else "say"
        client.say(do, about, room=target, text=text, **how)
    elif target.startswith("@#"):
        client.ask("mods", about, room=target[1:], text=text, **manner)
    elif is_service(target):
        talk_to(client, target, text)
    else:
        client.ask_in_context("msg", about, name=target, text=text, remind=True, **manner)


@told.register
def _(event: Told, client: Client, about: Pending) -> None:
    if event.own and event.number and key(event.sender) == key(event.to):
        client.private_line(event)  # the recipient is the sender
    if not event.own or "echo-message" in client.capabilities:
        client.private_line(event)


@told.register
def _(event: Said, client: Client, about: Pending) -> None:
    client.line(event, event.room)


@told.register
def _(event: Kept, client: Client, about: Pending) -> None:
    """Ignore the answer: the client was shown its line, or does not want it."""


@on("TAGMSG")
def _(client: Client, message: Message) -> None:
    """IRCv3 "message-tags": sends what is only for clients, such as typing notices."""
    target, *_ = (*message.params, "")
    signs = client_tags(client, message)
    if not target:
        _refuse_incomplete(client, message)
    elif "message-tags" in client.capabilities:
        wanted = {_PERSIST, f"+{_PERSIST}", _REACTION} & message.tags.keys()
        for each in client.targets(target, _MOST_TARGETS):
            _show(client, each, signs, Pending("TAGMSG", (each,)), persist=bool(wanted))


def _show(
    client: Client,
    target: str,
    signs: dict[str, str],
    about: Pending | None,
    persist: bool = False,
) -> None:
    """Show clients what is not a message; the history has it if it is to `persist`."""
    to: dict[str, object] = {"name": target}
    if target.startswith(("#", "@#")):
        to = {"room": target.removeprefix("@"), "mods": target.startswith("@")}
    client.ask("signal", about, signs=signs, **({"persist": True} if persist else {}), **to)


@told.register
def _(event: Signal, client: Client, about: Pending) -> None:
    if event.own and "echo-message" not in client.capabilities:
        return
    signs = {sign: value for sign, value in event.signs.items() if sign not in _CTCP.values()}
    tags = sign_tags(signs)
    for command, sign in _CTCP.items():
        if sign in event.signs:
            words = f"\x01{event.signs[sign]}\x01"
            client.send(command, event.to, words, by=event.sender, stamp=event.stamp, tags=tags)
            return
    if "message-tags" in client.capabilities:
        client.send("TAGMSG", event.to, by=event.sender, stamp=event.stamp, tags=tags)
