"""What IRC clients send, and what they ask of the chat by it: one function a command."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from chatsvc.dialects.irc.client import CAPABILITIES, Asked, Client
from chatsvc.dialects.irc.message import Message
from chatsvc.events import Request

Handler = Callable[["Registration", Message], None]

_HANDLERS: dict[str, tuple[Handler, int, bool]] = {}  # needed parameters; also before one's name
_MODES = {"i": "invite-only", "m": "moderated", "s": "hidden", "t": "topic-locked"}
_ROLES = {"o": ("op", "deop"), "v": ("voice", "devoice"), "q": ("transfer", "deop")}
_MOST_ROOMS = 10  # in one JOIN or PART
LONGEST_SASL = 400  # characters of one AUTHENTICATE


def on(command: str, needed: int = 0, anybody: bool = False) -> Callable[[Handler], Handler]:
    """Enter what is done for a command."""

    def enter(handler: Handler) -> Handler:
        _HANDLERS[command] = handler, needed, anybody
        return handler

    return enter


class Registration(Client):
    """A client from its first message on; `read` is all that is wanted of it here."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted = ""  # the nickname
        self.password: str | None = None
        self.account: str | None = None  # proved by SASL
        self.user = False  # USER was sent
        self.negotiating = False
        self.asking = False  # hello is on its way
        self.sasl: str | None = None  # what came of AUTHENTICATE so far

    def read(self, message: Message) -> Request | None:
        """Do what a message says; gives the first thing to be asked of the chat."""
        self.latest = Asked(message.command, tuple(message.params))
        handler, needed, anybody = _HANDLERS.get(message.command, (_typed, 0, False))
        if self.welcome is None and not anybody:
            self.reply("NOTREGISTERED")
        elif len(message.params) < needed:
            self.reply("NEEDMOREPARAMS", message.command)
        else:
            handler(self, message)
        return self.next_request()

    def go_on(self) -> None:
        """Say hello, once everything is known for it."""
        if self.wanted and self.user and not (self.negotiating or self.asking or self.welcome):
            self.asking = True
            self.ask("hello", Asked("NICK", (self.wanted,)), name=self.wanted, **self.passwords())

    def passwords(self) -> dict[str, str]:
        """The chat's own, which PASS may hold instead of the account's."""
        if self.password is None or ":" in self.password:
            return {}
        return {"password": self.password}

    def prove(self) -> bool:
        """Say hello again with the account's password, if PASS holds one; once."""
        password, self.password = self.password, None
        if password is None:
            return False
        name, colon, secret = password.partition(":")
        self.ask(
            "hello",
            Asked("NICK", (self.wanted,)),
            name=self.wanted,
            account_password=secret if colon else name,
            **({} if colon else {"password": name}),
        )
        return True


def _typed(client: Registration, message: Message) -> None:
    """Anything else is a command of the chat's, if it has one of that name."""
    client.type(message.command.lower(), " ".join(message.params))


# Registration


@on("CAP", 1, anybody=True)
def _(client: Registration, message: Message) -> None:
    verb, names = message.params[0].upper(), " ".join(message.params[1:]).split()
    if verb == "LS":
        client.negotiating = client.welcome is None
        values = bool(names and names[0].isdecimal() and int(names[0]) >= 302)
        listed = (f"{cap}={v}" if v and values else cap for cap, v in CAPABILITIES.items())
        client.send("CAP", client.nick, "LS", " ".join(listed))
    elif verb == "LIST":
        client.send("CAP", client.nick, "LIST", " ".join(sorted(client.capabilities)))
    elif verb == "REQ":
        client.negotiating = client.welcome is None
        _request(client, names)
    elif verb == "END":
        client.negotiating = False
        client.go_on()
    else:
        client.send("410", client.nick, message.params[0], "There is no such CAP command")


def _request(client: Registration, names: list[str]) -> None:
    if all(name.removeprefix("-") in CAPABILITIES for name in names):
        gone = {name[1:] for name in names if name.startswith("-")}
        client.capabilities = (client.capabilities | set(names)) & CAPABILITIES.keys() - gone
        client.send("CAP", client.nick, "ACK", " ".join(names))
    else:
        client.send("CAP", client.nick, "NAK", " ".join(names))


@on("PASS", 1, anybody=True)
def _(client: Registration, message: Message) -> None:
    if client.welcome is not None:
        client.reply("ALREADYREGISTERED")
    else:
        client.password = message.params[0]


@on("NICK", anybody=True)
def _(client: Registration, message: Message) -> None:
    if not message.params or not message.params[0]:
        client.reply("NONICKNAMEGIVEN")
    elif client.welcome is not None:
        client.ask("nick", name=message.params[0])
    else:
        client.wanted = message.params[0]
        client.go_on()


@on("USER", 4, anybody=True)
def _(client: Registration, message: Message) -> None:
    if client.welcome is not None:
        client.reply("ALREADYREGISTERED")
    else:
        client.user = True
        client.go_on()


@on("AUTHENTICATE", 1, anybody=True)
def _(client: Registration, message: Message) -> None:
    word = message.params[0]
    if client.account is not None or client.welcome is not None:
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
    elif len(word) > LONGEST_SASL or len(client.sasl) > 4 * LONGEST_SASL:
        client.sasl = None
        client.reply("SASLTOOLONG")
    else:
        client.sasl += "" if word == "+" else word
        if len(word) < LONGEST_SASL:
            _authenticate(client, client.sasl)


def _authenticate(client: Registration, encoded: str) -> None:
    """PLAIN (RFC 4616): an identity to act as, which is not used; the account; its password."""
    client.sasl = None
    try:
        _, account, password = base64.b64decode(encoded, validate=True).decode().split("\0")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        client.reply("SASLFAIL", "That is not PLAIN")
        return
    client.ask("prove", Asked("AUTHENTICATE", (account,)), name=account, password=password)


@on("PING", 1, anybody=True)
def _(client: Registration, message: Message) -> None:
    client.send("PONG", client.server, message.params[0])


@on("PONG", anybody=True)
def _(client: Registration, message: Message) -> None:
    """It is there."""


@on("QUIT", anybody=True)
def _(client: Registration, message: Message) -> None:
    client.ask("quit", words=" ".join(message.params))


# Channels


@on("JOIN", 1)
def _(client: Registration, message: Message) -> None:
    keys = message.params[1].split(",") if len(message.params) > 1 else []
    seen = {unread.room: unread for unread in client.welcome.rooms} if client.welcome else {}
    for position, room in enumerate(message.params[0].split(",")[:_MOST_ROOMS]):
        if room == "0":
            continue
        more: dict[str, object] = {"last": 0} if "draft/chathistory" in client.capabilities else {}
        if room in seen:
            more = {"after": max(seen[room].seen, seen[room].last - 200)}
        if position < len(keys):
            more["password"] = keys[position]
        client.ask("join", Asked("JOIN", (room,)), room=room, **more)


@on("PART", 1)
def _(client: Registration, message: Message) -> None:
    for room in message.params[0].split(",")[:_MOST_ROOMS]:
        client.ask("leave", Asked("PART", (room,)), room=room)


@on("NAMES", 1)
def _(client: Registration, message: Message) -> None:
    client.ask("who", room=message.params[0])


@on("TOPIC", 1)
def _(client: Registration, message: Message) -> None:
    text = {"text": message.params[1]} if len(message.params) > 1 else {}
    client.ask("topic", room=message.params[0], **text)


@on("LIST")
def _(client: Registration, message: Message) -> None:
    client.ask("rooms")


@on("KICK", 2)
def _(client: Registration, message: Message) -> None:
    room, name, *reason = message.params
    client.ask("kick", room=room, name=name, reason=" ".join(reason))


@on("INVITE", 2)
def _(client: Registration, message: Message) -> None:
    client.ask("invite", name=message.params[0], room=message.params[1])


@on("MODE", 1)
def _(client: Registration, message: Message) -> None:
    target, *words = message.params
    if not target.startswith("#"):
        if target.lower() != client.nick.lower():
            client.reply("USERSDONTMATCH")
        else:
            client.reply("UMODEIS", "+")
    elif not words:
        client.ask("room", room=target)
    else:
        _change_modes(client, target, words[0], words[1:])


def _change_modes(client: Registration, room: str, letters: str, words: list[str]) -> None:
    on = True
    for letter in letters:
        if letter in "+-":
            on = letter == "+"
        elif letter in _MODES:
            client.ask("set", room=room, rule=_MODES[letter], value="on" if on else "off")
        elif letter in _ROLES and words:
            client.ask(_ROLES[letter][not on], room=room, name=words.pop(0))
        elif letter == "b" and words:
            who = _banned(words.pop(0))
            client.ask("ban" if on else "unban", room=room, who=who)
        elif letter == "b":
            client.ask("bans", Asked("BANS", (room,)), room=room)
        elif letter in "kl":
            value = words.pop(0) if words else ""
            rule = "password" if letter == "k" else "limit"
            client.ask("set", room=room, rule=rule, value=value if on else "off")
        else:
            client.reply("UNKNOWNMODE", letter)


def _banned(pattern: str) -> str:
    """Whom a ban mask means: somebody's name, or the address after the @."""
    name, exclaims, rest = pattern.partition("!")
    host = rest.partition("@")[2]
    if exclaims and name.strip("*") == "" and host.strip("*"):
        return f"ip={host}"
    return f"name={name}" if exclaims else pattern


# Saying something


@on("PRIVMSG", 1)
@on("NOTICE", 1)
def _(client: Registration, message: Message) -> None:
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


def _nickserv(client: Registration, text: str) -> None:
    """The services that IRC people know: thin names for commands of the chat's."""
    word, _, rest = text.strip().partition(" ")
    names = {"identify": "login", "login": "login", "register": "register", "logout": "logout"}
    if word.lower() in names:
        client.type(names[word.lower()], rest)
    else:
        client.notice("NickServ knows IDENTIFY [name] password, REGISTER password, and LOGOUT.")


# People


@on("WHO", 1)
def _(client: Registration, message: Message) -> None:
    if message.params[0].startswith("#"):
        client.ask("who", room=message.params[0])
    else:
        client.ask("whois", name=message.params[0])


@on("WHOIS", 1)
def _(client: Registration, message: Message) -> None:
    client.ask("whois", name=message.params[-1])


@on("AWAY")
def _(client: Registration, message: Message) -> None:
    reason = " ".join(message.params)
    client.ask("away", reason=reason) if reason else client.ask("back")


# The server


@on("MOTD")
def _(client: Registration, message: Message) -> None:
    motd(client)


def motd(client: Client) -> None:
    """The message of the day, if there is one."""
    text = client.welcome.motd if client.welcome else ""
    if not text:
        client.reply("NOMOTD")
        return
    client.reply("MOTDSTART", f"- {client.server} Message of the day - ")
    for line in text.splitlines():
        client.reply("MOTD", f"- {line}")
    client.reply("ENDOFMOTD")


@on("VERSION")
def _(client: Registration, message: Message) -> None:
    software = client.welcome.software if client.welcome else ""
    client.reply("VERSION", software.replace(" ", "-"), client.server, "")


@on("CHATHISTORY", 4)
def _(client: Registration, message: Message) -> None:
    verb, target, selector, limit = message.params[:4]
    number = selector.rpartition("-")[2]
    n = int(limit) if limit.isdecimal() and len(limit) < 5 else 50
    room = target if target.startswith("#") else f"@{target}"
    before = {"before": int(number)} if verb.upper() == "BEFORE" and number.isdecimal() else {}
    if verb.upper() not in ("LATEST", "BEFORE") or (verb.upper() == "BEFORE" and not before):
        client.send("FAIL", "CHATHISTORY", "INVALID_PARAMS", verb, "LATEST and BEFORE are known")
    else:
        client.ask("history", room=room, n=n, **before)
