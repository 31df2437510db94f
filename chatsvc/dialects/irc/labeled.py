"""Answers to labeled messages (IRCv3 "labeled-response")."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from chatsvc.dialects.irc import message as wire


class WrittenLine(NamedTuple):
    """A written message, and whether it belongs to a batch."""

    text: str
    inside: bool


@dataclass(slots=True)
class Labeled:
    """The messages in answer to a labeled message, until it is complete.

    IRCv3 "labeled-response": an empty answer is an ACK, one message has the label, several are a
    batch.
    """

    label: str
    waiting: int = 1  # one for reading the message, and one for each request to the chat
    lines: list[WrittenLine] = field(default_factory=list)

    def held(self) -> Labeled:
        """The same with one more pending part."""
        self.waiting += 1
        return self

    def written(self, server: str, batch: str) -> list[str]:
        label = {"label": self.label}
        if not self.lines:
            return [wire.write("ACK", source=server, tags=label)]
        first, *others = self.lines
        if all(line.inside for line in others):  # one message, or one batch
            return [wire.tagged(first.text, label), *(line.text for line in others)]
        begin = wire.write("BATCH", f"+{batch}", "labeled-response", source=server, tags=label)
        inside = [
            line.text if line.inside else wire.tagged(line.text, {"batch": batch})
            for line in self.lines
        ]
        return [begin, *inside, wire.write("BATCH", f"-{batch}", source=server)]
