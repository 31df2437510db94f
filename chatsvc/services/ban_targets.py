"""Whom moderators mean by what they write: the marks by which a ban knows people."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from chatsvc.auth.accounts import Accounts
from chatsvc.core.chat import Room, Session
from chatsvc.core.directory import Directory
from chatsvc.model.events import Refused
from chatsvc.model.rate_limits import is_loopback, network
from chatsvc.model.records import Ban
from chatsvc.model.text_rules import key
from chatsvc.policy.bans import check_not_too_wide, without_addresses
from chatsvc.policy.permissions import check_above, check_above_account
from chatsvc.services.audit import signed
from chatsvc.services.whowas import Trace, Whowas, trace_of


class BanTargets:
    """Finds people, accounts and addresses."""

    def __init__(
        self,
        directory: Directory,
        accounts: Accounts,
        whowas: Whowas,
        now: Callable[[], float],
    ) -> None:
        self._directory = directory
        self._accounts = accounts
        self._whowas = whowas
        self._now = now

    def signed(self, who: str) -> str:
        """What people wrote to say whom they mean, with the account of who is here."""
        users = ((word, self._directory.users.get(key(word))) for word in who.split())
        return " ".join(signed(user) if user else word for word, user in users)

    def marks(self, session: Session, who: str, room: Room | None) -> set[str]:
        """What a ban of `who`, which is labelled, knows them by."""
        marks: set[str] = set()
        for word in who.split():
            kind, equals, value = word.partition("=")
            if not equals:
                marks |= self.marks_of(session, word, room)
            elif kind == "name":
                marks |= self._marks_of_name(session, value, room)
            else:
                marks.add(self._named_mark(session, kind, value, room))
        if not marks:
            raise Refused("usage", "Whom? It goes like this: /ban who, or /mute who")
        return marks

    def _marks_of_name(self, session: Session, name: str, room: Room | None) -> set[str]:
        """A name, and whoever has it now, or had it last, so that another one does not help."""
        with suppress(Refused):  # nobody has it, or somebody whom no ban holds
            return self.marks_of(session, name, room)
        return {f"name={key(name)}"}

    def _named_mark(self, session: Session, kind: str, value: str, room: Room | None) -> str:
        if kind == "name":
            return f"name={key(value)}"
        if kind == "ip":
            check_not_too_wide(value)
            return f"ip={value}"
        account = self._accounts.find(value)
        if account is None:
            raise Refused("no-such-person", f"There is no account {value}: /whois shows accounts.")
        check_above_account(session.person, account, room)
        return f"account={account.id}"

    def marks_of(self, session: Session, name: str, room: Room | None) -> set[str]:
        """All that is known of somebody, except an address that others here have, too."""
        user = self._directory.users.get(key(name))
        account = user.account if user else self._accounts.find(name)
        trace = self._whowas.trace(name, self._now()) if user is None else None
        if user is None and account is None and trace is None:
            raise Refused(
                "no-such-person",
                f"There is nobody called {name} here. To name somebody who is not: name={name}",
            )
        if user is not None:
            check_above(session.person, user, room)
            trace = trace_of(user)
        marks = {f"name={key(name)}"}
        if trace is not None:
            account = self._accounts.get(trace.account) or account
            marks |= {f"client={client}" for client in trace.clients}
            marks |= {f"ip={network(one)}" for one in trace.addresses if self._is_only(trace, one)}
        if account is not None:
            if user is None or user is not session.user:
                check_above_account(session.person, account, room)
            marks |= {f"account={account.id}", f"name={key(account.name)}"}
        return marks

    def _is_only(self, trace: Trace, address: str) -> bool:
        """Nobody else who is here has this address."""
        if not address or is_loopback(address):
            return False
        where = network(address)
        return not any(
            network(session.wire.address) == where
            for session in self._directory.sessions
            if session.user is not None and not trace.is_of(session)
        )

    def marks_to_exempt(self, session: Session, who: str, room: Room) -> set[str]:
        """What one person alone is known by; of an account that is its own."""
        marks: set[str] = set()
        for word in who.split():
            kind, equals, value = word.partition("=")
            user = self._directory.users.get(key(word))
            account = user.account if user else self._accounts.find(word)
            if equals:
                marks.add(self._named_mark(session, kind, value, room))
            elif account is not None:
                marks.add(f"account={account.id}")
            else:
                user = self._directory.find(word)
                marks |= {f"name={user.key}", *(f"client={each.client}" for each in user.sessions)}
        return marks

    def names(self, who: str, ban: Ban) -> bool:
        """Whether a ban goes by this label, or by any of the marks in it, or of whom it names."""
        if key(who) in (key(ban.label), key(without_addresses(ban.label))):
            return True
        return not self._wanted(who).isdisjoint(ban.who)

    def _wanted(self, who: str) -> set[str]:
        wanted = {who, f"name={key(who)}"}
        for word in who.split():
            kind, _, value = word.rpartition("=")
            account = self._accounts.find(value) if kind in ("", "account") else None
            wanted |= {word, f"name={key(value)}"} if kind in ("", "name") else {word}
            wanted |= {f"account={account.id}"} if account else set()
        user = self._directory.users.get(key(who))
        for session in user.sessions if user else ():
            wanted |= session.marks
        return wanted
