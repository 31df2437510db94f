"""What is asked of the server itself."""

from __future__ import annotations

from chatsvc.dialects.irc.client import Asked, Client
from chatsvc.dialects.irc.message import Message
from chatsvc.dialects.irc.table import on, told
from chatsvc.dialects.jsonl import timestamp
from chatsvc.events import Census, Clock


@on("MOTD")
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
        client.reply("MOTD", f"- {line}")
    client.reply("ENDOFMOTD")


@on("LUSERS")
def _(client: Client, message: Message) -> None:
    client.ask("census")


@told.register
def _(event: Census, client: Client, about: Asked) -> None:
    statistics(client, event)


def statistics(client: Client, census: Census) -> None:
    """How many people and rooms there are."""
    people, most = str(census.people), str(census.most)
    client.reply("LUSERCLIENT", f"There are {people} users and 0 invisible on 1 servers")
    client.reply("LUSEROP", str(census.operators))
    client.reply("LUSERUNKNOWN", str(census.arriving))
    client.reply("LUSERCHANNELS", str(census.rooms))
    client.reply("LUSERME", f"I have {people} clients and 0 servers")
    for name in ("LOCALUSERS", "GLOBALUSERS"):
        client.reply(name, people, most, f"Current users {people}, max {most}")


@on("VERSION")
def _(client: Client, message: Message) -> None:
    software = client.welcome.software if client.welcome else ""
    client.reply("VERSION", software.replace(" ", "-"), client.server, "")


@told.register
def _(event: Clock, client: Client, about: Asked) -> None:
    client.reply("TIME", client.server, timestamp(event.time))
