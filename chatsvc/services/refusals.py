"""What the administrator is told about refusals: which option decided, and who guesses."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from chatsvc.core.timer import Timer
from chatsvc.model.rate_limits import Window, is_loopback
from chatsvc.store.archive import ArchiveFailed

QUIET = 60.0  # seconds between two lines about the same cause
GUESSES = Window(10, 60.0)  # lines about one address ...
ALL_GUESSES = Window(1000, 60.0)  # ... and about all of them


class Cause(NamedTuple):
    """What was refused, and the option that decides it."""

    what: str
    option: str
    hint: str


_MANY = "For many users behind one address, raise it; in a private network, use --lan."
CAUSES = {  # by the code of the refusal
    "too-many-connections": Cause("a connection from a busy address", "per-address", _MANY),
    "too-often": Cause("a connection from a busy address", "arrivals", _MANY),
    "full": Cause("a connection, because the server is full", "max-clients", "Raise it."),
    "too-many-attempts": Cause("a login after wrong passwords", "login-attempts", _MANY),
    "too-many-accounts": Cause("a registration from a busy address", "registrations", _MANY),
    "too-many-rooms": Cause("a new room", "new-rooms", _MANY),
    "closed": Cause(
        "a registration", "accounts", "It is closed. Use chatsvc account add, or --accounts open."
    ),
    "invite-needed": Cause(
        "a registration", "accounts", "It needs an invitation code: /invite-code"
    ),
    "email-needed": Cause("a registration without e-mail address", "email-required", ""),
    "password-needed": Cause("a user without the chat's password", "password", ""),
    "tls-needed": Cause("an unencrypted connection", "require-tls", ""),
    "not-spoken": Cause("a connection in another protocol", "speaks", "Add the protocol to it."),
    "no-name": Cause("a connection that sent no name in time", "name-within", ""),
    "slow-reader": Cause("a connection that did not read", "slow-reader-limit", ""),
    "unknown-host": Cause(
        "a browser that used another name for this server", "web-host", "Add the name to it."
    ),
    "unknown-origin": Cause("a page of another server", "web-origin", "Add its origin to it."),
}
GUESSED = frozenset(
    ("wrong-password", "wrong-code", "bad-token", "bad-proof", "too-many-attempts", "too-often")
)  # codes of refusals that a firewall should know about


class Refusals:
    """Logs refusals, so few that a flood of them does not fill the disk."""

    def __init__(self, clock: Timer, log: Callable[[str], object]) -> None:
        self._clock = clock
        self._log = log
        self._failure = "", 0.0  # what was logged last, and when
        self._lines: dict[Cause, tuple[float, int]] = {}  # when it was logged, how many since
        self._guesses = Window(GUESSES.most, GUESSES.within)
        self._all_guesses = Window(ALL_GUESSES.most, ALL_GUESSES.within)
        self.security: Callable[[str, str], object] | None = None  # takes address and reason

    def note(self, code: str, address: str) -> None:
        """Log a refusal with this code, unless the same cause was logged a short time ago."""
        if (cause := CAUSES.get(code)) is not None:
            self._note_cause(cause)
        if self.security is not None and code in GUESSED and address and not is_loopback(address):
            self._note_guess(code, address)

    def failed(self, failure: ArchiveFailed) -> None:
        """Log what users are not told about a failure, unless that was a short time ago."""
        what, now = str(failure), self._clock.seconds()
        said, since = self._failure
        if what != failure.for_users and (what != said or now - since >= QUIET):
            self._failure = what, now
            self._log(f"A request is refused: {what}")

    def _note_cause(self, cause: Cause) -> None:
        since, unlogged = self._lines.get(cause, (-QUIET, 0))
        if self._clock.seconds() - since < QUIET:
            self._lines[cause] = since, unlogged + 1
        else:
            self._write(cause, unlogged)

    def _write(self, cause: Cause, unlogged: int) -> None:
        self._lines[cause] = self._clock.seconds(), 0
        more = f", and {unlogged} more since the last line" if unlogged else ""
        self._log(f"Refused {cause.what}{more} (--{cause.option}). {cause.hint}".rstrip())

    def summarize(self) -> None:
        """Log how many were not logged, once this may be logged again."""
        for cause, (since, unlogged) in list(self._lines.items()):
            if self._clock.seconds() - since < QUIET:
                continue
            del self._lines[cause]
            if unlogged:
                self._write(cause, unlogged - 1)

    def _note_guess(self, code: str, address: str) -> None:
        now = self._clock.seconds()
        if self._guesses.wait(address, now) or self._all_guesses.wait("", now):
            return
        self._guesses.note(address, now)
        self._all_guesses.note("", now)
        if self.security is not None:
            self.security(address, code)
