"""Metadata in words, for people."""

from __future__ import annotations

from collections.abc import Iterable

from chatsvc.dialects.sentences import lines, listing, part_lines
from chatsvc.model.history_events import Part
from chatsvc.model.metadata_events import Metadata, Subscribed


@part_lines.register
def _(event: Metadata, here: str | None, part: Part) -> Iterable[str]:
    for item in event.items:
        value = "is not set" if item.value is None else f"= {item.value}"
        yield f"* {item.target}: {item.key} {value}"
    if part.ends and not part.start:
        yield f"* {event.target} has no metadata."


@lines.register
def _(event: Subscribed, here: str | None) -> Iterable[str]:
    if event.left_out:
        yield f"* Too many subscriptions. Not added: {listing(event.left_out)}."
    keys = listing(event.keys) if event.keys else "nothing"
    yield f"* You are shown changes of: {keys}"
