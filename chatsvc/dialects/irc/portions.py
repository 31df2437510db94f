"""Long answers, sent in parts as the client reads them."""

from __future__ import annotations

from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.history import target_of
from chatsvc.dialects.irc.labeled import Labeled
from chatsvc.dialects.irc.pending import Pending
from chatsvc.dialects.irc.registry import told_part
from chatsvc.dialects.irc.search import BY_ATTRIBUTES
from chatsvc.model.history_events import History, Part
from chatsvc.model.long_events import LongEvent
from chatsvc.model.metadata_events import Metadata


def tell_part(client: Client, event: LongEvent, tag: str | None, part: Part, about: object) -> None:
    """Write part of a long answer; `about` is the subject of one without a tag."""
    if part.begins:
        _begin(client, event, client.asked(tag, about))
    with client.inside(client.opened):
        told_part(event, client, client.telling, part)
    if part.ends:
        client.end_batch(client.opened)


def _begin(client: Client, event: LongEvent, asked: Pending) -> None:
    """Open the batch of the answer, if the client supports batches and the answer needs one."""
    label = _label(client, asked.labeled)
    client.telling, client.opened = asked, ""
    if isinstance(event, History) and "batch" in client.capabilities:
        client.opened = client.begin_batch(label, "chathistory", target_of(event, asked))
    elif asked.command == BY_ATTRIBUTES and "batch" in client.capabilities:
        client.opened = client.begin_batch(label, "search")
    elif isinstance(event, Metadata) and "batch" in client.capabilities:
        client.opened = client.begin_batch(label, "metadata", event.target)
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
