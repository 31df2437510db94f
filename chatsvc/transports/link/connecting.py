"""Opening a link to the leading node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import ClientFactory
from twisted.internet.ssl import CertificateOptions
from twisted.python.failure import Failure

from chatsvc.transports.link.relaying import RelayingEnd

CONNECTED_WITHIN = 3  # seconds


def connect(link: RelayingEnd, reactor: Any, when_failed: Callable[[str], object]) -> None:
    """Connect to the address that the leader has announced; the link checks its certificate.

    `when_failed` is called with the reason if nobody answers there.
    """
    host, _, port = link.leader.address.rpartition(":")
    reactor.connectSSL(
        host.strip("[]"), int(port), _Once(link, when_failed), CertificateOptions(),
        timeout=CONNECTED_WITHIN,
    )  # fmt: skip


class _Once(ClientFactory):
    """Connects once."""

    noisy = False

    def __init__(self, link: RelayingEnd, when_failed: Callable[[str], object]) -> None:
        self._link = link
        self._when_failed = when_failed

    def buildProtocol(self, addr: IAddress | None) -> Any:
        return self._link

    def clientConnectionFailed(self, connector: Any, reason: Failure) -> None:
        self._when_failed(reason.getErrorMessage())
