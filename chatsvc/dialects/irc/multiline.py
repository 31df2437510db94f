"""Several lines sent as one (IRCv3 "draft/multiline"): a batch of PRIVMSG is one line here."""

from __future__ import annotations

from chatsvc.dialects.irc.capabilities import CONCAT, MULTILINE
from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.collected import Collected
from chatsvc.dialects.irc.composition import LATEST
from chatsvc.dialects.irc.message import Message
from chatsvc.dialects.irc.pending import Pending
from chatsvc.dialects.irc.registry import on
from chatsvc.dialects.irc.talking import client_tags, speak
from chatsvc.model.characters import clean_message
from chatsvc.model.text_rules import key


@on("BATCH")
def _(client: Client, message: Message) -> None:
    """Handle the beginning of a batch, its end, or one of the messages in it."""
    reference = message.params[0] if message.params else ""
    if "batch" in message.tags:
        _go_on(client, message)
    elif reference.startswith("+"):
        _begin(client, message, reference[1:], *message.params[1:])
    else:
        _end(client, reference)


def _begin(
    client: Client, message: Message, reference: str, kind: str = "", target: str = "", *_: str
) -> None:
    if client.collected is not None:
        _drop(client, client.collected)
    elif kind == "draft/multiline" and client.capabilities >= MULTILINE and reference and target:
        labeled = client.latest.labeled
        about = Pending("PRIVMSG", (target,), labeled and labeled.held())
        client.collected = Collected(reference, target, about, client_tags(client, message))
    else:
        _refuse(client, "MULTILINE_INVALID", "Unsupported batch type")


def _drop(client: Client, collected: Collected) -> None:
    client.collected = None
    with client.answering(collected.about.labeled):
        _refuse(client, "MULTILINE_INVALID", "Batches cannot be nested")


def _end(client: Client, reference: str) -> None:
    collected = client.collected
    if collected is None or reference != f"-{collected.reference}":
        _refuse(client, "MULTILINE_INVALID", "No such batch")
        return
    client.collected, client.latest = None, collected.about
    with client.answering(collected.about.labeled):
        if not collected.failed:
            _say(client, collected)


def _say(client: Client, collected: Collected) -> None:
    text = collected.text
    if text.strip():
        LATEST.note(clean_message(text), collected.pieces)
        speak(client, "PRIVMSG", collected.target, text, collected.signs)
    else:
        _refuse(client, "MULTILINE_INVALID", "The batch is empty")


def _go_on(client: Client, message: Message) -> None:
    collected = client.collected
    if collected is None or message.tags["batch"] != collected.reference:
        _refuse(client, "MULTILINE_INVALID", "No such batch")
    elif not collected.failed:
        labeled = collected.about.labeled
        with client.answering(labeled and labeled.held()):
            _collect(client, collected, message)


def _collect(client: Client, collected: Collected, message: Message) -> None:
    limits = client.welcome.limits if client.welcome else {}
    concat = CONCAT in message.tags
    if (
        message.command != "PRIVMSG"
        or len(message.params) < 2
        or (concat and not message.params[1])
    ):
        _fail(
            client,
            collected,
            "MULTILINE_INVALID",
            "This command is not allowed in a multiline batch",
        )
        return
    target, text = message.params[:2]
    collected.add(text, concat)
    if key(target) != key(collected.target):
        code = "MULTILINE_INVALID_TARGET"
        _fail(
            client, collected, code, collected.target, target, "All lines must have the same target"
        )
    elif collected.lines > limits["lines"]:
        most = str(limits["lines"])
        _fail(client, collected, "MULTILINE_MAX_LINES", most, f"The maximum is {most} lines")
    elif collected.size > limits["text"]:
        most = str(limits["text"])
        _fail(client, collected, "MULTILINE_MAX_BYTES", most, f"The maximum is {most} bytes")


def _fail(client: Client, collected: Collected, code: str, *words: str) -> None:
    collected.drop()
    _refuse(client, code, *words)


def _refuse(client: Client, code: str, *words: str) -> None:
    client.fail("BATCH", code, *words)
