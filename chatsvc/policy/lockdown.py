"""Whether only registered users can join the chat.  The moderation service turns it on and off."""

from __future__ import annotations


class LockdownSwitch:
    """The lockdown of the whole server."""

    __slots__ = ("on",)

    def __init__(self) -> None:
        self.on = False
