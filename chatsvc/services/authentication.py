"""Authentication: passwords, tokens, SCRAM and certificates."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from chatsvc.auth import scram
from chatsvc.auth.accounts import Accounts, is_wrong
from chatsvc.auth.proof import Proof
from chatsvc.core.chat import Session
from chatsvc.model.characters import clean
from chatsvc.model.records import AccessToken, Account
from chatsvc.model.requests import Refused

MOST_CERTIFICATES = 10  # of one account
LONGEST_PROOF = 60.0  # seconds from the first step to the last

_FINGERPRINT = re.compile("[0-9a-f]{64}")


class Authentication:
    """Authentication in several steps (RFC 4422), or without a secret.

    A step returns the account, or what the client must answer next.
    """

    def __init__(self, accounts: Accounts, now: Callable[[], float]) -> None:
        self._accounts = accounts
        self._now = now

    async def by_password(self, session: Session, name: str, password: str) -> Account:
        """Return the account with that name if the password is right."""
        account = self._accounts.find(name)
        if account is None:
            raise _is_not_registered(name)
        return await self._accounts.verify(account, password, session.source, self._now())

    async def by_token(
        self, session: Session, secret: str, time: float
    ) -> tuple[Account, AccessToken]:
        """Return the account that a token logs in to; `time` is the time of day.

        Only wrong tokens are counted, because a right one is not a guess: so others who guess
        passwords at the same address keep nobody out.
        """
        tokens = self._accounts.tokens
        token = tokens.find(secret)
        if token is not None:
            await tokens.note_use(token, time)
        account = token and tokens.is_valid(token) and self._accounts.get(token.account)
        if not (token and account):
            self._accounts.attempts.count_wrong(session.source, self._now())
            raise Refused("bad-token", "This token is not valid. Log in with your password.")
        return account, token

    def complete(self, account: Account) -> Proof:
        """Return a complete authentication, which `current` checks again when it is used."""
        return Proof(account, self._now())

    def current(self, proof: Proof | None) -> Account | None:
        """Return the current account, if what was proved is still valid."""
        if proof is None or proof.account is None:
            return None
        account = self._accounts.get(proof.account.id)
        if account is None or _credentials(account) != _credentials(proof.account):
            return None
        return account

    def begin(self, session: Session, mechanism: str, data: str) -> Account | str:
        """Take the first step, with the mechanism's name."""
        session.proving = None
        if mechanism == scram.MECHANISM:
            return self._begin_scram(session, data)
        if mechanism == "EXTERNAL":
            return self._by_certificate(session, data)
        raise Refused(
            "bad-proof",
            f"Unknown mechanism {clean(mechanism)[:32]}. Use EXTERNAL or {scram.MECHANISM}.",
        )

    async def go_on(self, session: Session, data: str) -> Account | str:
        """Take a further step; after a refused one, start again."""
        proof, session.proving = session.proving, None
        if proof is not None and proof.exchange is not None:
            self._check_in_time(proof)
            return await self._end_scram(session, proof, proof.exchange, data)
        if proof is None or data:
            raise Refused("bad-proof", "Start authentication with the name of a mechanism.")
        return self._confirmed(proof)

    def _confirmed(self, proof: Proof) -> Account:
        self._check_in_time(proof)
        account = self.current(proof)
        if account is None:
            raise Refused("bad-proof", "The account has changed. Start authentication again.")
        return account

    def _check_in_time(self, proof: Proof) -> None:
        if self._now() - proof.since > LONGEST_PROOF:
            raise Refused("bad-proof", "Authentication took too long. Start again.")

    # SCRAM

    def _begin_scram(self, session: Session, data: str) -> str:
        exchange = scram.Exchange(self._keys)
        answer = exchange.begin(data)
        account = self._accounts.find(exchange.name)
        self._accounts.attempts.check(account.id if account else "", session.source, self._now())
        session.proving = Proof(account, self._now(), exchange)
        return answer

    def _keys(self, name: str) -> str:
        account = self._accounts.find(name)
        return account.scram if account else ""

    async def _end_scram(
        self, session: Session, proof: Proof, exchange: scram.Exchange, data: str
    ) -> str:
        """Return the server's own proof if the client's is right; the client acknowledges it."""

        async def look() -> str | None:
            right = exchange.prove(data)
            return right if self.current(proof) else None

        subject = proof.account.id if proof.account else ""
        answer = await self._accounts.attempts.judge(subject, session.source, self._now(), look)
        account = self.current(proof)
        if answer is None or account is None:
            raise self._is_not_proved(exchange.name)
        await self._accounts.know(account, session.source)
        session.proving = proof._replace(exchange=None)
        return answer

    def _is_not_proved(self, name: str) -> Refused:
        account = self._accounts.find(name)
        if account is None:
            return _is_not_registered(name)
        return is_wrong(account) if scram.can_prove(account.scram) else _has_no_keys(account)

    # Certificates

    def _by_certificate(self, session: Session, name: str) -> Account:
        """Authenticate with EXTERNAL (RFC 4422, appendix A): by this connection's certificate."""
        account = self._owner(_own(session))
        if account is None:
            raise Refused(
                "no-account",
                "Your certificate is not registered to an"
                " account. Log in, then add it: /certificate add",
            )
        if name and self._accounts.find(name) != account:
            raise Refused("no-account", f"Your certificate belongs to {account.name}, not {name}.")
        return account

    def _owner(self, fingerprint: str) -> Account | None:
        return next((one for one in self._accounts if fingerprint in one.certificates), None)

    async def add_certificate(self, session: Session, account: Account, written: str) -> Account:
        """Add a certificate to the account: a written fingerprint, or the connection's own."""
        fingerprint = fingerprint_of(session, written)

        def added(current: Account) -> Account:
            _check_still_here(session)
            owner = self._owner(fingerprint)
            if owner is not None:
                whose = "you" if owner.id == current.id else "another account"
                raise Refused("bad-certificate", f"That certificate already belongs to {whose}.")
            if len(current.certificates) >= MOST_CERTIFICATES:
                raise Refused(
                    "bad-certificate",
                    f"You already have {MOST_CERTIFICATES}"
                    " certificates, the maximum. Remove one first.",
                )
            return replace(current, certificates=(*current.certificates, fingerprint))

        return await self._accounts.become(account, added)

    async def remove_certificate(self, account: Account, fingerprint: str) -> Account:
        """Remove a certificate from the account."""

        def removed(current: Account) -> Account:
            left = tuple(one for one in current.certificates if one != fingerprint)
            if left == current.certificates:
                raise Refused(
                    "bad-certificate", "You have no such certificate. To list yours: /certificate"
                )
            return replace(current, certificates=left)

        return await self._accounts.become(account, removed)


def _check_still_here(session: Session) -> None:
    """Refuse a user who was removed meanwhile, for example by a new password."""
    if session.leaving:
        raise Refused("no-account", "You are no longer connected.")


def _credentials(account: Account) -> tuple[object, ...]:
    """Return what an authentication relies on; users with other permissions must repeat it."""
    return account.hash, account.scram, account.certificates, account.operator


def fingerprint_of(session: Session, written: str) -> str:
    """Return the given fingerprint, or that of the user's own certificate."""
    return _read(written) if written else _own(session)


def _own(session: Session) -> str:
    if not session.wire.fingerprint:
        raise Refused(
            "bad-certificate",
            "This connection has no certificate. Connect over"
            " TLS with one, or give its SHA-256 fingerprint.",
        )
    return session.wire.fingerprint


def _read(written: str) -> str:
    """Normalize a fingerprint; programs write it with or without colons, in either case."""
    fingerprint = written.replace(":", "").lower()
    if not _FINGERPRINT.fullmatch(fingerprint):
        raise Refused(
            "bad-certificate",
            "Not a SHA-256 fingerprint. Use the 64 hexadecimal"
            " digits that `openssl x509 -fingerprint -sha256` prints.",
        )
    return fingerprint


def _is_not_registered(name: str) -> Refused:
    return Refused("no-account", f"{name} is not registered. To register: /register password")


def _has_no_keys(account: Account) -> Refused:
    return Refused(
        "wrong-password",
        f"SCRAM is not set up for {account.name}. Log in once in"
        " another way, such as PLAIN. If SCRAM still fails,"
        " the password has characters that SCRAM does not allow.",
    )
