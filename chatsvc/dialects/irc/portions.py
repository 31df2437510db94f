"""Long answers, sent in parts as the client reads them."""

from __future__ import annotations

from chatsvc.dialects.irc.client import NOTHING, Client, Labeled, Pending
from chatsvc.dialects.irc.registry import told
from chatsvc.dialects.sentences import part_lines
from chatsvc.model.events import Found, History, Part


def tell_part(client: Client, event: History | Found, tag: str | None, part: Part) -> None:
    """Write part of a long answer."""
    if part is Part.FIRST:
        _begin(client, event, client.asked(tag))
    with client.inside(client.opened):
        if isinstance(event, Found):
            _tell_found(client, event, part)
        elif part is not Part.END:
            told(event, client, NOTHING)
    if part is Part.END:
        client.end_batch(client.opened)


def _begin(client: Client, event: History | Found, asked: Pending) -> None:
    """Open the batch of the answer, if the client supports batches and the answer needs one."""
    label = _label(client, asked.labeled)
    client.teller, client.opened = asked.service, ""
    if isinstance(event, History) and "batch" in client.capabilities:
        client.opened = client.begin_batch(label, "chathistory", event.room.removeprefix("@"))
    elif label:
        client.opened = client.begin_batch(label, "labeled-response")


def _label(client: Client, labeled: Labeled | None) -> str:
    """Return the label of a message to which this is the whole answer."""
    if labeled is None:
        return ""
    if labeled.waiting == 1 and not labeled.lines:
        return labeled.label
    with client.answering(labeled):
        return ""


def _tell_found(client: Client, event: Found, part: Part) -> None:
    for line in part_lines(event, None, part):
        client.notice(line.removeprefix("* "), client.teller)
