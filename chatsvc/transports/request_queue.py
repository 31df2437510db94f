"""The requests of one connection that are not done yet, and what is being done."""

from __future__ import annotations

from collections import deque

from twisted.internet.interfaces import IDelayedCall

from chatsvc.model.requests import Refused, Request


class RequestQueue(deque[Request | Refused]):
    """What was asked and waits, in order, and why nothing else is begun meanwhile.

    An object of its own, because a protocol of more than 30 attributes costs 1 KiB more.
    """

    __slots__ = ("answers", "following", "going_on", "pace")

    def __init__(self) -> None:
        super().__init__()
        self.answers = 0  # that are under way
        self.going_on = False  # doing what waits
        self.following = False  # doing what an answer asked for
        self.pace: IDelayedCall | None = None  # until what came too fast is done
