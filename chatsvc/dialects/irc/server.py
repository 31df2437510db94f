"""Queries about the server itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from fnmatch import fnmatchcase

from chatsvc.dialects.irc.capabilities import ISUPPORT
from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.message import Message, pieces
from chatsvc.dialects.irc.pending import Pending
from chatsvc.dialects.irc.registry import Handler, handle, on, refused, told
from chatsvc.dialects.sentences import there
from chatsvc.model.requests import Refusal
from chatsvc.model.server_events import Census, Cleared, Clock
from chatsvc.model.text_rules import key

EXTENDED_ISUPPORT = "draft/extended-isupport"
OF_USER = "server of a user"
_TOKENS = 12  # in one ISUPPORT reply
_WIDTH = 300  # maximum bytes of a line of the message of the day


def here(position: int = 0) -> Callable[[Handler], Handler]:
    """Handle it if no other server is named: there is none.

    A user stands for the server that they are connected to (Modern IRC, "VERSION message").
    """

    def only(handler: Handler) -> Handler:
        def look(client: Client, message: Message) -> None:
            wanted = "".join(message.params[position : position + 1])
            known = (client.server, key(client.nick))
            if not wanted or any(fnmatchcase(one, key(wanted)) for one in known):
                handler(client, message)
            elif set(wanted) & {*"*?."}:
                client.reply("NOSUCHSERVER", wanted)
            else:
                about = Pending(OF_USER, (wanted, message.command, *message.params))
                client.ask("whois", about, name=wanted)

        return look

    return only


@refused(OF_USER)
def _(event: Refusal, client: Client, about: Pending) -> None:
    client.reply("NOSUCHSERVER", about.first)


def answer_of_user(client: Client, about: Pending) -> None:
    """Answer for the server of an online user, which is always this one."""
    wanted, command, *params = about.params
    here = [client.server if param == wanted else param for param in params]
    handle(client, Message(command, here))


@on("MOTD")
@here()
def _(client: Client, message: Message) -> None:
    motd(client)


def motd(client: Client) -> None:
    """The message of the day, if there is one."""
    text = client.welcome.motd if client.welcome else ""
    if not text:
        client.reply("NOMOTD")
        return
    client.reply("MOTDSTART", f"- {client.server} Message of the day - ")
    for line in text.splitlines():
        for piece in pieces(line, _WIDTH):
            client.reply("MOTD", f"- {piece}")
    client.reply("ENDOFMOTD")


@on("LUSERS")
@here(1)
def _(client: Client, message: Message) -> None:
    client.ask("census")


@told.register
def _(event: Census, client: Client, about: Pending) -> None:
    statistics(client, event)


def statistics(client: Client, census: Census) -> None:
    """Send the numbers of users and rooms."""
    people, most = str(census.people), str(census.most)
    visible, invisible = census.people - census.invisible, census.invisible
    words = f"There are {visible} users and {invisible} invisible on 1 servers"
    client.reply("LUSERCLIENT", words)
    client.reply("LUSEROP", str(census.operators))
    client.reply("LUSERUNKNOWN", str(census.arriving))
    client.reply("LUSERCHANNELS", str(census.rooms))
    client.reply("LUSERME", f"I have {people} clients and 0 servers")
    for name in ("LOCALUSERS", "GLOBALUSERS"):
        client.reply(name, people, most, f"Current users {people}, max {most}")


@on("VERSION")
@here()
def _(client: Client, message: Message) -> None:
    client.reply("VERSION", _software(client).replace(" ", "-"), client.server, "")
    supported(client)


def _software(client: Client) -> str:
    return client.welcome.software if client.welcome else ""


def _chat(client: Client) -> str:
    return client.welcome.chat if client.welcome else ""


def supported(client: Client) -> None:
    """Send what clients can rely on here."""
    tokens = list(ISUPPORT)
    if client.welcome is not None:  # before that, the name of the chat is not known here
        tokens.insert(0, f"NETWORK={_chat(client).replace(' ', '_')}")
    together = EXTENDED_ISUPPORT in client.capabilities
    with client.batch("draft/isupport") if together else nullcontext():
        for start in range(0, len(tokens), _TOKENS):
            client.reply("ISUPPORT", *tokens[start : start + _TOKENS])


@on("ISUPPORT", anybody=True)
def _(client: Client, message: Message) -> None:
    """Answer, with IRCv3 "extended-isupport" also before registration is complete."""
    if client.registered or EXTENDED_ISUPPORT in client.capabilities:
        supported(client)
    else:
        client.reply("NOTREGISTERED")


@on("TIME")
@here()
def _(client: Client, message: Message) -> None:
    client.ask("time", Pending("TIME"))


@on("STATS", 1)
def _(client: Client, message: Message) -> None:
    """Answer a letter, which asks for statistics; pass anything else to the chat's command."""
    if len(message.params[0]) == 1:
        _stats(client, message)
    else:
        client.type("stats", " ".join(message.params))


@here(1)
def _stats(client: Client, message: Message) -> None:
    if message.params[0] == "u":
        client.ask("time", Pending("STATS", ("u",)))
    else:
        client.reply("ENDOFSTATS", message.params[0])


@told.register
def _(event: Clock, client: Client, about: Pending) -> None:
    if about.command == "STATS":
        client.reply("STATSUPTIME", f"Server Up {_span(event.time - event.since)}")
        client.reply("ENDOFSTATS", *about.params)
    else:
        client.reply("TIME", client.server, str(int(event.time)), "0", there(event))


@told.register
def _(event: Cleared, client: Client, about: Pending) -> None:
    """Answer that the client clears its own screen."""


def _span(seconds: float) -> str:
    days, rest = divmod(int(seconds), 86400)
    return f"{days} days {rest // 3600}:{rest // 60 % 60:02}:{rest % 60:02}"


@on("LINKS")
def _(client: Client, message: Message) -> None:
    """List the server, if the mask matches it (RFC 2812, 3.4.5)."""
    *other, mask = message.params[:2] or ["*"]
    if other and not fnmatchcase(client.server, key(other[0])):
        client.reply("NOSUCHSERVER", other[0])
        return
    if fnmatchcase(client.server, key(mask)):
        client.reply("LINKS", client.server, client.server, f"0 {client.description}")
    client.reply("ENDOFLINKS", mask)


@on("INFO")
@here()
def _(client: Client, message: Message) -> None:
    client.reply("INFO", f"This is {_chat(client)}, running {_software(client)}.")
    client.reply("INFO", "IRC clients, telnet users and programs share the same channels.")
    client.reply("INFO", "Every channel message is stored before it is shown.")
    client.reply("ENDOFINFO")


@on("ADMIN")
@here()
def _(client: Client, message: Message) -> None:
    client.reply("NOADMININFO", client.server)


@on("USERS")
@here()
def _(client: Client, message: Message) -> None:
    client.reply("USERSDISABLED")


@on("SUMMON")
def _(client: Client, message: Message) -> None:
    client.reply("SUMMONDISABLED")


@on("DIE")
@on("REHASH")
@on("RESTART")
def _(client: Client, message: Message) -> None:
    _manage(client, message.command)


@on("CONNECT", 1)
@on("SQUIT", 2)
def _(client: Client, message: Message) -> None:
    """Refuse to link servers: there is no other one."""
    if client.operator and not fnmatchcase(client.server, key(message.params[0])):
        client.reply("NOSUCHSERVER", message.params[0])
    else:
        _manage(client, message.command)


def _manage(client: Client, command: str) -> None:
    """Refuse what operators of other servers do (RFC 2812, 4; Modern IRC, "ERR_NOPRIVS")."""
    if client.operator:
        client.reply("NOPRIVS", command.lower())
    else:
        client.reply("NOPRIVILEGES", "Only operators can do that.")
