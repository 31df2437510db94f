"""What services count while they work: per batch of lines or per refusal, never per reader."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from chatsvc.model.histogram import Histogram


@dataclass(slots=True)
class Measurements:
    """Totals since the service started."""

    messages: int = 0  # that were stored and shown
    deliveries: int = 0  # messages, times the connections in their rooms
    shown: Histogram = field(default_factory=Histogram)  # seconds from arrival to being shown
    refusals: Counter[str] = field(default_factory=Counter)  # by code

    def note_shown(self, messages: int, readers: int, waited: float) -> None:
        """Count messages that a room was shown, and how long the first of them has waited."""
        self.messages += messages
        self.deliveries += messages * readers
        self.shown.add(max(waited, 0.0), messages)  # the system clock may have been set
