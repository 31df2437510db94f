"""The requests of one connection that wait or are being carried out."""

from __future__ import annotations

from twisted.internet.interfaces import IDelayedCall

from chatsvc.model.requests import Refused, Request


class RequestQueue(list[Request | Refused]):
    """Waiting requests, in order, and why no other is started meanwhile.

    A list, because an empty deque takes half a KiB, and mostly one request waits, if any.
    """

    __slots__ = ("answers", "following", "going_on", "pace")

    def __init__(self) -> None:
        super().__init__()
        self.answers = 0  # that are being carried out
        self.going_on = False  # carrying out what waits
        self.following = False  # carrying out what an answer requested
        self.pace: IDelayedCall | None = None  # until what came too fast is done
