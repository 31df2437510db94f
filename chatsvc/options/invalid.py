"""What the options refuse, without Twisted, which commands that read them need not load."""

from __future__ import annotations

from chatsvc.model.explained import Explained


class InvalidOption(Explained):
    """An option cannot be used; the message is a sentence for users."""
