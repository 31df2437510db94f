"""Administration by operators: the state of the service, its accounts and settings."""

from __future__ import annotations

from chatsvc.commands.long_answers import Listing
from chatsvc.commands.registry import Answer, command
from chatsvc.core.chat import Session
from chatsvc.model.administration_events import AccountList, Settings
from chatsvc.model.events import Event
from chatsvc.model.server_events import Notice
from chatsvc.model.text_rules import key
from chatsvc.services.hub import Hub

ACCOUNTS = 500  # listed at once


@command("status", help="shows how the service is doing", level="operator")
def status(hub: Hub, session: Session) -> Answer:
    """Tell the figures of the service."""
    return hub.status.summary()


@command(
    "accounts [names]",
    help="lists accounts; names can contain * and ?",
    example="/accounts an*",
    level="operator",
)
def accounts(
    hub: Hub, session: Session, names: str = "*", after: str = "", n: int = ACCOUNTS
) -> Answer:
    """List the accounts with a name that fits."""
    found = hub.account_administration.matching(names.strip())
    rest = [account for account in found if key(account.name) > key(after)]
    page = rest[: min(n, ACCOUNTS)]
    frame = AccountList((), len(found), len(rest) > len(page))
    return Listing(frame, page, hub.account_administration.info)


@command(
    "disable name",
    help="ends an account's connections and refuses others; the name stays reserved",
    example="/disable eve",
    level="operator",
)
async def disable(hub: Hub, session: Session, name: str) -> Event:
    """Let nobody log in to an account."""
    account = await hub.account_administration.disable(session, name)
    name = account.name
    return Notice(f"{name} is disabled: nobody can log in. To undo it: /enable {name}")


@command(
    "enable name",
    help="lets a disabled account log in again",
    example="/enable eve",
    level="operator",
)
async def enable(hub: Hub, session: Session, name: str) -> Event:
    """Let an account log in again."""
    account = await hub.account_administration.enable(session, name)
    return Notice(f"{account.name} can log in again.")


@command("settings", help="shows the server's settings", level="operator")
def settings(hub: Hub, session: Session) -> Answer:
    """Tell the settings that can change while the service runs."""
    return Settings(hub.status.settings)
