"""Why there is no connection, or no answer, in words that complete a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionRefusedError as NobodyListens
from twisted.internet.error import DNSLookupError, UserError
from twisted.internet.error import TimeoutError as NobodyAnswers
from twisted.internet.interfaces import IProtocolFactory, IStreamClientEndpoint
from twisted.python.failure import Failure
from zope.interface import implementer


class NotConnected(Exception):
    """There is no connection, for this reason; nothing was done."""


class NotTrusted(Exception):
    """Nobody knows whether it is the server that answers there; nothing was sent to it."""


class PutOut(Exception):
    """The server does not want us any more; this is its sentence."""


class Uncertain(Exception):
    """The connection was lost before the answer came: it may have been done, or not."""

    def __init__(self) -> None:
        super().__init__("the connection was lost before the answer came")


@implementer(IStreamClientEndpoint)
class Watched:
    """An endpoint; `failed` is told of every connection that does not come about."""

    def __init__(
        self, endpoint: IStreamClientEndpoint, failed: Callable[[Failure], Failure]
    ) -> None:
        self._endpoint = endpoint
        self._failed = failed

    def connect(self, factory: IProtocolFactory) -> Deferred[Any]:
        return self._endpoint.connect(factory).addErrback(self._failed)


def not_connected(failure: Failure) -> NotConnected:
    """A connection that did not come about, and why."""
    error = NotConnected(_why(failure))
    error.__cause__ = failure.value
    return error


def _why(failure: Failure) -> str:
    """It, for people."""
    if failure.check(NobodyListens):
        return "nothing is listening there"
    if failure.check(DNSLookupError):
        return "host not found"
    if failure.check(NobodyAnswers, UserError):
        return "it does not answer"
    return str(failure.value).rstrip(".")
