"""HELP: the messages and the other commands of the chat, in numerics."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap

from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.help_topics import SUBJECTS
from chatsvc.dialects.irc.message import Message
from chatsvc.dialects.irc.pending import Pending
from chatsvc.dialects.irc.registry import in_words, on, refused, told
from chatsvc.model.requests import Refusal
from chatsvc.model.server_events import Command, Help

_WIDTH = 72


@on("HELP")
@on("HELPOP")
def _(client: Client, message: Message) -> None:
    subject = " ".join(message.params)
    usage, words = SUBJECTS.get(subject.upper(), ("", ""))
    if words:
        _tell(client, subject.upper(), usage, wrap(words, _WIDTH))
    elif subject:
        client.ask("help", Pending("HELP", (subject,)), command=subject)
    else:
        client.ask("help", Pending("HELP"))


@refused("HELP")
def _(event: Refusal, client: Client, about: Pending) -> None:
    """Repeat the subject if it can be a parameter (Modern IRC, "ERR_HELPNOTFOUND")."""
    subject = about.first
    client.reply("HELPNOTFOUND", "*" if {*subject} & {*" :"} else subject, event.text)


@told.register
def _(event: Help, client: Client, about: Pending) -> None:
    if about.command != "HELP":
        in_words(client, event)
    elif about.params:
        _about(client, about.first, event.commands[0])
    else:
        _tell(client, "*", "Help topics", _everything(event.commands))


def _about(client: Client, subject: str, command: Command) -> None:
    example = [f"For example: {command.example}"] if command.example else []
    _tell(client, subject, command.usage, [command.help, *example])


def _everything(commands: Iterable[Command]) -> list[str]:
    own = (command.usage.split()[0].removeprefix("/") for command in commands)
    others = sorted(name for name in own if name.upper() not in SUBJECTS)
    return [
        "IRC commands:",
        *wrap(", ".join(sorted(SUBJECTS)), _WIDTH),
        "Chat commands, such as /quote report eve spam:",
        *wrap(", ".join(others), _WIDTH),
        "For details: HELP command",
    ]


def _tell(client: Client, subject: str, title: str, lines: list[str]) -> None:
    client.reply("HELPSTART", subject, title)
    for line in ("", *lines[:-1]):
        client.reply("HELPTXT", subject, line)
    client.reply("ENDOFHELP", subject, lines[-1])
