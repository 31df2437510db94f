"""What operators can do to accounts: look through them, disable them, and enable them again."""

from __future__ import annotations

from chatsvc.auth.accounts import Accounts
from chatsvc.auth.sign_ins import SignIns
from chatsvc.core.chat import Session
from chatsvc.core.directory import Directory
from chatsvc.model.administration_events import AccountInfo
from chatsvc.model.ban_masks import fits
from chatsvc.model.records import Account
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import key
from chatsvc.policy.permissions import check_above_account
from chatsvc.services.account_sessions import AccountSessions
from chatsvc.services.audit import Acts


class AccountAdministration:
    """Changes accounts in the name of an operator; each change is logged for `/audit`."""

    def __init__(
        self,
        directory: Directory,
        accounts: Accounts,
        account_sessions: AccountSessions,
        sign_ins: SignIns,
        acts: Acts,
    ) -> None:
        self._directory = directory
        self._accounts = accounts
        self._account_sessions = account_sessions
        self._sign_ins = sign_ins
        self._acts = acts

    def matching(self, pattern: str) -> list[Account]:
        """Return the accounts whose names fit a pattern with * and ?, in their order."""
        return sorted(
            (account for account in self._accounts if fits(pattern, account.name)),
            key=lambda account: key(account.name),
        )

    def info(self, account: Account) -> AccountInfo | None:
        """Return what operators see of an account, as it is now; None if it was deleted."""
        current = self._accounts.get(account.id)
        if current is None:
            return None
        user = self._directory.by_account.get(account.id)
        return AccountInfo(
            name=current.name,
            since=current.since,
            used=self._sign_ins.last(account.id),
            sessions=len(user.sessions) if user else 0,
            operator=current.operator,
            disabled=current.disabled,
        )

    async def disable(self, session: Session, name: str) -> Account:
        """End an account's sessions, and let nobody log in to it; its name stays reserved."""
        return await self._set(session, name, True)

    async def enable(self, session: Session, name: str) -> Account:
        """Let an account log in again."""
        return await self._set(session, name, False)

    async def _set(self, session: Session, name: str, disabled: bool) -> Account:
        account = self._accounts.find(name)
        if account is None:
            raise Refused("not-registered", f"{name} is not registered. To list names: /accounts")
        check_above_account(session.person, account, None)
        if account.disabled == disabled:
            return account
        done = "disabled" if disabled else "enabled"
        await self._acts.note(session, f"{done} the account {account.name}", None)
        changed = await self._accounts.change(account, disabled=disabled)
        self._account_sessions.follow(changed, account)
        return changed
