"""When users last spoke in a room."""

from __future__ import annotations

MOST = 1000  # users whose last message's time a room remembers


class Spoken(dict[str, float]):
    """Times of the last messages by speaker, by the clock; the latest is last.

    A user who leaves and returns has the same one.
    """

    def note(self, speaker: str, now: float) -> None:
        """Note that a user speaks."""
        self.pop(speaker, None)
        self[speaker] = now
        if len(self) > MOST:
            del self[next(iter(self))]
