"""Logging in: the client's identity, and what is restored afterwards."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from itertools import count

from chatsvc.client.login_prompts import Identity, is_final, wants_proof
from chatsvc.client.net.front import Front
from chatsvc.client.net.outbox import given
from chatsvc.client.net.resume_state import ResumeState
from chatsvc.model.events import Event
from chatsvc.model.requests import Refusal, Refused
from chatsvc.model.server_events import Welcome

ATTEMPTS = 100  # names and passwords to try before giving up on a server

Ask = Callable[..., Awaitable[Event | None]]


class Login:
    """The identity as far as it is known, and the secret that marks the client's own lines."""

    def __init__(self, identity: Identity, front: Front, resume: ResumeState) -> None:
        self._identity = identity  # its passwords are valid; the name may have changed
        self._front = front
        self._resume = resume
        self._client = secrets.token_urlsafe(24)
        self._perhaps: str | None = None  # valid if a lost request was carried out

    def become(self, identity: Identity) -> None:
        """Use another identity from the next login on."""
        self._identity = identity
        self._resume.name = identity.name

    def proved(self, password: str | None) -> None:
        """Use this account password, or none, from now on."""
        self._identity = self._identity._replace(account_password=password)

    def perhaps_proved(self, password: str) -> None:
        """Try this password if the known one is refused, because either may be right."""
        self._perhaps = password

    async def hello(self, ask: Ask) -> Welcome:
        """Log in, with another identity if the front gives one; raise the last `Refused`."""
        identity = self._identity._replace(name=self._resume.account or self._resume.name)
        for attempt in count(1):
            who = given(**identity._asdict(), client=self._client)
            try:
                welcome = await ask(Welcome, "hello", version=1, **who)
            except Refused as refused:
                if attempt == ATTEMPTS:
                    raise
                identity = await self._other(refused, identity)
            else:
                self._identity, self._perhaps = identity, None
                assert isinstance(welcome, Welcome)
                return welcome
        raise AssertionError

    async def _other(self, refused: Refused, identity: Identity) -> Identity:
        if self._perhaps is not None and wants_proof(refused) and is_final(refused):
            perhaps, self._perhaps = self._perhaps, None
            return identity._replace(account_password=perhaps)
        other = await self._front.refused(refused, identity)
        if other is None:
            raise refused
        return other


async def restore(ask: Ask, resume: ResumeState, front: Front, waiting: Callable[[], bool]) -> None:
    """Restore rooms and states; give up a room that refuses us, and tell the front why."""
    for do, arguments in list(resume.to_restore()):
        try:
            await ask(None, do, **arguments)
        except Refused as refused:
            if do == "join":
                resume.give_up(str(arguments["room"]), waiting=waiting())
            front.event(Refusal(refused.code, refused.text), None)
