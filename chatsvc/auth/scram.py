"""SCRAM-SHA-256 (RFC 5802, RFC 7677): proves a password without sending or storing it.

No accounts.  The package scramp does the steps and computes the keys.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from scramp import ScramException, ScramMechanism
from scramp.utils import ServerError, saslprep

from chatsvc.model.requests import Refused

MECHANISM = "SCRAM-SHA-256"
ITERATIONS = 15_000  # the minimum that RFC 7677, section 4, recommends
UNFIT = "-"  # in the place of keys: SASLprep (RFC 4013) does not allow the password

_mechanism = ScramMechanism(MECHANISM)
_secret = secrets.token_bytes(32)  # of this process: fake salts cannot be told from real ones


class _Keys(NamedTuple):
    """In the order in which scramp expects them."""

    salt: bytes
    stored: bytes
    server: bytes
    iterations: int


def keys(password: str) -> str:
    """Return the keys of a password in the format of RFC 5803; this takes a while."""
    try:
        if len(saslprep(password)) < len(password):  # it contains invisible characters
            return UNFIT
        made = _Keys(*_mechanism.make_auth_info(password, ITERATIONS))
    except ScramException:
        return UNFIT
    salt, stored, server = (b64encode(part).decode() for part in made[:3])
    return f"{MECHANISM}${made.iterations}:{salt}${stored}:{server}"


def are_current(kept: str) -> bool:
    """Return whether `keys` would use the same parameters today."""
    return kept == UNFIT or kept.startswith(f"{MECHANISM}${ITERATIONS}:")


def can_prove(kept: str) -> bool:
    """Return whether there are keys that a password can be verified with."""
    return kept not in ("", UNFIT)


def _read(kept: str) -> _Keys:
    _, salted, pair = kept.split("$")
    iterations, _, salt = salted.partition(":")
    stored, _, server = pair.partition(":")
    return _Keys(b64decode(salt), b64decode(stored), b64decode(server), int(iterations))


def _made_up(name: str) -> _Keys:
    """Return fake keys, always the same for a name, that no password matches."""
    salt, stored, server = (
        hmac.digest(_secret, f"{part} {name}".encode(), "sha256")
        for part in ("salt", "stored", "server")
    )
    return _Keys(salt, stored, server, ITERATIONS)


class Exchange:
    """The server's side of one exchange: two client messages and their answers.

    Channel binding is not offered.
    """

    def __init__(self, kept: Callable[[str], str]) -> None:
        """`kept` returns the keys of a name, nothing if it has none, or UNFIT."""
        self.name = ""  # the account's name, as the client wrote it
        self.kept = ""  # its keys
        self._find = kept
        self._server = _mechanism.make_server(self._keys)

    def _keys(self, name: str) -> _Keys:
        self.name, self.kept = name, self._find(name)
        return _read(self.kept) if can_prove(self.kept) else _made_up(name)

    def begin(self, message: str) -> str:
        """Answer the client's first message; `name` is known after this."""
        with _refused():
            self._server.set_client_first(message)
            return str(self._server.get_server_first())

    def prove(self, message: str) -> str | None:
        """Answer the client's final message; return None if the password is wrong."""
        try:
            with _refused():
                self._server.set_client_final(message)
                return str(self._server.get_server_final())
        except _Wrong:
            return None


class _Wrong(Exception):
    """The proof is well formed, but for another password."""


@contextmanager
def _refused() -> Iterator[None]:
    try:
        yield
    except ScramException as error:
        if error.server_error is ServerError.INVALID_PROOF:
            raise _Wrong from None
        raise Refused("bad-proof", f"Invalid {MECHANISM} message: {error.args[0]}") from None
