"""Why a connection or an answer failed, in words that complete a sentence."""

from __future__ import annotations

from twisted.internet.error import ConnectionRefusedError as NobodyListens
from twisted.internet.error import DNSLookupError, UserError
from twisted.internet.error import TimeoutError as NobodyAnswers
from twisted.python.failure import Failure


class NotConnected(Exception):
    """There is no connection, for this reason; nothing was done."""


class NotTrusted(Exception):
    """The server's certificate is not trusted; nothing was sent."""


class PutOut(Exception):
    """The server has removed us; the message is its reason."""


class Uncertain(Exception):
    """The connection was lost before the answer arrived: the request may have been carried out."""

    def __init__(self) -> None:
        super().__init__("the connection was lost before the answer arrived")


def not_connected(failure: Failure) -> NotConnected:
    """Return the error for a failed attempt to connect."""
    error = NotConnected(_why(failure))
    error.__cause__ = failure.value
    return error


def _why(failure: Failure) -> str:
    """Return the reason in words."""
    if failure.check(NobodyListens):
        return "connection refused"
    if failure.check(DNSLookupError):
        return "host not found"
    if failure.check(NobodyAnswers, UserError):
        return "the server does not answer"
    return str(failure.value).rstrip(".")
