"""The certificates that a user trusts: those that the system trusts, and those seen before."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from chatsvc.client.atomic_write import replacing
from chatsvc.client.net.failures import NotTrusted

VOUCHED = "vouched"  # in place of a fingerprint: the system trusts the certificate


class TrustedCertificates(NamedTuple):
    """A line of the file of known servers."""

    number: int
    address: str
    certificate: str  # its SHA-256 fingerprint, or `VOUCHED`


class KnownServers:
    """A file with a line for each server joined over TLS: `HOST:PORT FINGERPRINT`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def find(self, address: str) -> TrustedCertificates | None:
        """Return what is known about a server; raise `NotTrusted` if the file cannot be read."""
        return next((known for known in self._all() if known.address == address), None)

    def _all(self) -> Iterator[TrustedCertificates]:
        for number, line in enumerate(self._read().splitlines(), 1):
            address, _, certificate = line.strip().partition(" ")
            yield TrustedCertificates(number, address, certificate.strip())

    def _read(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        except OSError as error:
            text = f"The list of known servers, {self.path}, cannot be read: {error.strerror}."
            raise NotTrusted(f"{text} Nothing was sent.") from None

    def remember(self, address: str, certificate: str) -> None:
        """Add a server; raise `OSError` if the file cannot be written."""
        text = self._read()
        begin = "\n" if text and not text.endswith("\n") else ""  # edited by hand
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with open(handle, "w", encoding="utf-8") as file:
            file.write(f"{begin}{address} {certificate}\n")

    def replace(self, known: TrustedCertificates, certificate: str) -> None:
        """Replace a server's certificate; raise `OSError` if the file cannot be written."""
        lines = self._read().splitlines(keepends=True)
        lines[known.number - 1] = f"{known.address} {certificate}\n"
        with replacing(self.path, force=True, mode=0o600) as file:
            file.writelines(lines)


class Trust:
    """Decides whether to trust a server's certificate; reports new ones to the user."""

    def __init__(self, address: str, servers: KnownServers, tell: Callable[[str], None]) -> None:
        self._address = address
        self._servers = servers
        self._tell = tell

    def decide(self, fingerprint: str, vouched: bool, replaced: Collection[str] = ()) -> None:
        """Accept a certificate, or raise `NotTrusted`.

        `vouched` says whether the system trusts it; it has the same key as those in `replaced`.
        """
        if vouched:
            self._take_vouched()
            return
        known = self._servers.find(self._address)
        if known is None:
            self._take_new(fingerprint)
        elif known.certificate in replaced:
            self._take_renewed(known, fingerprint)
        elif known.certificate != fingerprint:
            raise NotTrusted(self._changed(known, fingerprint))

    def _take_vouched(self) -> None:
        """Record that the system trusts it, so that no other is accepted as the first one."""
        try:
            if self._servers.find(self._address) is None:
                self._servers.remember(self._address, VOUCHED)
        except (NotTrusted, OSError):
            pass  # the system's trust is enough

    def _take_new(self, fingerprint: str) -> None:
        path = self._servers.path
        try:
            self._servers.remember(self._address, fingerprint)
        except OSError as error:
            # Accepting a new certificate every time would be no protection at all.
            raise NotTrusted(
                f"The certificate of {self._address} is new and cannot be saved in {path}:"
                f" {error.strerror}. Nothing was sent. Set XDG_DATA_HOME to a writable directory."
            ) from None
        self._tell(
            f"First TLS connection to {self._address}, whose certificate this system does not know:"
            f" SHA-256 {fingerprint}. Compare the fingerprint with the one in the log of the"
            f" service, or ask its administrator. From now on, only this certificate is accepted"
            f" (saved in {path})."
        )

    def _take_renewed(self, known: TrustedCertificates, fingerprint: str) -> None:
        """Remember a certificate in place of the one it replaces."""
        with suppress(OSError):  # then the old one still identifies it
            self._servers.replace(known, fingerprint)
        self._tell(
            f"{self._address} has renewed its certificate, with the key that you know:"
            f" SHA-256 {fingerprint}."
        )

    def _changed(self, known: TrustedCertificates, fingerprint: str) -> str:
        before = f"SHA-256 {known.certificate}"
        if known.certificate == VOUCHED:
            before = "a certificate that this system trusts"
        return (
            f"THE CERTIFICATE OF {self._address} HAS CHANGED. Nothing was sent.\n"
            "Either the server has a new certificate, or an attacker is intercepting the connection"
            " to read your messages and your password.\n"
            f"  before: {before}\n"
            f"  now:    SHA-256 {fingerprint}\n"
            "Ask the administrator, or compare it with the one in the log of the service. If they"
            f" match, remove line {known.number} of {self._servers.path} and join again."
        )


def known_servers() -> KnownServers:
    """Return the current user's file, in the data directory of their system.

    A file in the directory that earlier versions used on every system is used there.
    """
    from platformdirs import user_data_path  # imported here: only TLS needs it

    end = Path("chatsvc", "known_servers")
    path = user_data_path() / end
    given = os.environ.get("XDG_DATA_HOME", "")
    former = Path(given if os.path.isabs(given) else os.path.expanduser("~/.local/share")) / end
    return KnownServers(former if former.exists() and not path.exists() else path)
