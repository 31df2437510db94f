"""From the first message to the welcome, and quitting: CAP, NICK, USER, PASS, PING, QUIT."""

from __future__ import annotations

from chatsvc.dialects.irc import accounts, channels, metadata, monitor, people
from chatsvc.dialects.irc.capabilities import CAPABILITIES
from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.message import LONGEST, Message, pieces, reason, write
from chatsvc.dialects.irc.pending import LATER, Pending
from chatsvc.dialects.irc.registration_state import Registration, RegistrationEvent
from chatsvc.dialects.irc.registry import on, told
from chatsvc.dialects.irc.sasl import abort, mechanisms
from chatsvc.dialects.irc.server import statistics, supported
from chatsvc.model.requests import Refusal
from chatsvc.model.server_events import Goodbye, Pong, Welcome
from chatsvc.model.text_rules import key

FIRST_VERSION = 301
WITH_VALUES = 302  # the version of capability negotiation that introduced values


@on("CAP", 1, anybody=True)
def _(client: Client, message: Message) -> None:
    verb, written = message.params[0].upper(), " ".join(message.params[1:])
    names = written.split()
    if verb == "LS":
        client.registration.note(RegistrationEvent.CAP)
        version = _version(names)
        client.version = max(client.version, version)
        _list(client, "LS", _offered(client, version), several=version >= WITH_VALUES)
    elif verb == "LIST":
        several = client.version >= WITH_VALUES
        _list(client, "LIST", sorted(client.capabilities), several)
    elif verb == "REQ":
        client.registration.note(RegistrationEvent.CAP)
        _request(client, names, written)
    elif verb == "END":
        client.registration.note(RegistrationEvent.CAP_END)
        go_on(client)
    else:
        client.reply("INVALIDCAPCMD", message.params[0])


def _version(names: list[str]) -> int:
    """Return the version that CAP LS requests, by default the first."""
    return int(names[0]) if names and names[0].isdecimal() and len(names[0]) < 9 else FIRST_VERSION


def _list(client: Client, verb: str, names: list[str], several: bool) -> None:
    """Send a list in one message, or in several, of which all but the last have a `*`.

    Clients of the first version do not know `*`; they get what fits into one message.
    """
    if not several:
        names = sorted(names, key=lambda name: name.startswith("draft/"))
    head = write("CAP", client.nick, verb, "*", " ", source=client.server)
    *others, last = pieces(" ".join(names), LONGEST - len(head.encode()) + 1)
    if others and not several:
        others, last = [], others[0].rstrip()
    for some in others:
        client.send("CAP", client.nick, verb, "*", some.rstrip())
    client.send("CAP", client.nick, verb, last)


def _offered(client: Client, version: int) -> list[str]:
    """Return the capabilities as that version lists them, whatever the client has requested before.

    IRCv3 "Capability Negotiation", "CAP LS Version".
    """
    values = version >= WITH_VALUES
    offered = {
        **CAPABILITIES,
        "sasl": mechanisms(client),
        accounts.CAPABILITY: accounts.capability_value(client),
        metadata.CAPABILITY: metadata.capability_value(),
    }
    if values and client.sts is not None:
        offered |= _sts(client.secure, *client.sts)
    return [f"{name}={value}" if value and values else name for name, value in offered.items()]


def _sts(secure: bool, duration: int, port: int) -> dict[str, str]:
    """Return the policy (IRCv3 "sts"): over TLS how long it lasts, otherwise where TLS is.

    A duration of 0 ends it.
    """
    if secure:
        return {"sts": f"duration={duration}"}
    return {"sts": f"port={port}"} if duration else {}


def _request(client: Client, names: list[str], written: str) -> None:
    """Enable and disable all of these or none; the answer repeats the list as it was written."""
    if all(_may_change(client, name) for name in names):
        chosen = dict.fromkeys(client.capabilities, True)
        chosen |= {name.removeprefix("-"): not name.startswith("-") for name in names}
        before = client.capabilities
        client.choose(frozenset(name for name, wanted in chosen.items() if wanted))
        client.send("CAP", client.nick, "ACK", written)
        if client.registered and monitor.EXTENDED in before ^ client.capabilities:
            monitor.attend(client)
        if (before - client.capabilities) & {metadata.CAPABILITY, "batch"}:
            metadata.end_subscriptions(client)
    else:
        client.send("CAP", client.nick, "NAK", written)


def _may_change(client: Client, name: str) -> bool:
    """Return whether a capability exists; clients of version 302 keep "cap-notify"."""
    if name == "-cap-notify" and client.version >= WITH_VALUES:
        return False
    return name.removeprefix("-") in CAPABILITIES


@on("PASS", 1, anybody=True)
def _(client: Client, message: Message) -> None:
    if client.registered:
        client.reply("ALREADYREGISTERED")
    else:
        client.registration.password = message.params[0]


@on("NICK", anybody=True)
def _(client: Client, message: Message) -> None:
    if not message.params or not message.params[0]:
        client.reply("NONICKNAMEGIVEN")
    elif not client.registered:
        client.registration.name = message.params[0]
        go_on(client)
    elif message.params[0] != client.nick:
        client.ask("nick", name=message.params[0])


@on("USER", 4, anybody=True)
def _(client: Client, message: Message) -> None:
    if client.registered:
        client.reply("ALREADYREGISTERED")
    elif not message.params[3]:
        client.reply("NEEDMOREPARAMS", "USER")
    else:
        client.registration.user = message.params[0] or "*"
        client.registration.realname = reason(message.params[3])
        go_on(client)


def go_on(client: Client) -> None:
    """Send hello to the chat once everything is known for it."""
    if client.registration.is_complete:
        _hello(client, **_chat_password(client.registration))


def _hello(client: Client, **passwords: str) -> None:
    registration = client.registration
    registration.note(RegistrationEvent.HELLO)
    if client.sasl is not None:
        abort(client)
    about = Pending("NICK", (registration.name,))
    identity = {"username": registration.user, "realname": registration.realname}
    client.ask("hello", about, name=registration.name, **identity, **passwords)


def _chat_password(registration: Registration) -> dict[str, str]:
    """Return the chat's password, which PASS may contain instead of the account's."""
    if registration.password is None or ":" in registration.password:
        return {}
    return {"password": registration.password}


def _prove(client: Client, wanted: str) -> bool:
    """Repeat hello with the password that is wanted, if PASS contains one; once."""
    password, client.registration.password = client.registration.password, None
    if password is None:
        return False
    name, colon, secret = password.partition(":")
    if colon and wanted == "password-needed":  # the chat's, which may have a colon
        _hello(client, password=password)
    elif colon:
        _hello(client, account_password=secret)
    else:
        _hello(client, account_password=name, password=name)
    return True


@told.register
def _(event: Welcome, client: Client, about: Pending) -> None:
    client.registration.note(RegistrationEvent.WELCOME)
    client.welcome, client.nick = event, event.name
    client.realname, client.account = client.registration.realname, event.account
    client.operator = event.operator
    client.unread = {key(unread.room): unread for unread in event.rooms}
    software = event.software.replace(" ", "-")
    client.reply("WELCOME", f"Welcome to {event.chat}, {client.mask(event.name)}")
    client.reply("YOURHOST", f"Your host is {client.server}, running version {software}")
    client.reply("CREATED", "This server stores messages")
    client.reply("MYINFO", client.server, software, "Biow", "CbeIiklmnoqstv", "beIklqov")
    supported(client)
    if event.census is not None:
        statistics(client, event.census)
    client.reply("UMODEIS", f"+{client.modes}")
    people.away_from_the_start(client)
    channels.rejoin(client)
    metadata.greet(client)


def refuse_at_the_door(event: Refusal, client: Client, about: Pending) -> None:
    """Answer that joining failed, or not under the requested name."""
    registration = client.registration
    registration.note(RegistrationEvent.REFUSED)
    if event.code in ("registered", "password-needed") and _prove(client, event.code):
        pass  # hello is on its way again
    elif event.code in ("name-taken", "registered", "bad-name"):
        taken = event.code != "bad-name"
        client.reply(
            "NICKNAMEINUSE" if taken else "ERRONEUSNICKNAME", registration.name, event.text
        )
        registration.name = ""
    elif event.code in ("password-needed", "wrong-password", "no-account"):
        client.reply("PASSWDMISMATCH", event.text)
    elif event.code in ("banned", "disabled"):
        client.reply("YOUREBANNEDCREEP", event.text)
        client.error(event.text)
    else:
        client.error(event.text)


@on("PING", 1, anybody=True)
def _(client: Client, message: Message) -> None:
    """Answer once the client's earlier messages are shown, so that answers keep their order."""
    if message.params[0]:
        client.ask("settle")
    else:
        client.reply("NOORIGIN")


@on("PONG", anybody=True)
def _(client: Client, message: Message) -> None:
    """Confirm that the client is there."""


@told.register
def _(event: Pong, client: Client, about: Pending) -> None:
    if about.command == "PING":
        client.send("PONG", client.server, about.first)
    elif about.command == LATER:
        client.reply(*about.params)


@on("QUIT", anybody=True)
def _(client: Client, message: Message) -> None:
    words = reason(" ".join(message.params))
    client.closing = f"Quit: {words}" if words else "Quit"
    client.ask("quit", words=words)


@told.register
def _(event: Goodbye, client: Client, about: Pending) -> None:
    client.error(client.closing or event.text)
