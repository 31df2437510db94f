"""The state of the service, its accounts and settings in words, for operators."""

from __future__ import annotations

from collections.abc import Iterable

from chatsvc.dialects.sentences import clock, lines, part_lines
from chatsvc.model.administration_events import (
    AccountInfo,
    AccountList,
    NodeStatus,
    ServiceStatus,
    Settings,
)
from chatsvc.model.history_events import Part
from chatsvc.model.text_rules import counted, in_bytes


@lines.register
def _(event: ServiceStatus, here: str | None) -> Iterable[str]:
    yield f"* chatsvc {event.version}, running since {clock(event.since)}."
    people, rooms = counted(event.people, "user"), counted(event.rooms, "room")
    connections = counted(event.connections, "connection")
    accounts = counted(event.accounts, "account")
    yield f"* {people} online (peak: {event.peak}), {connections}, {rooms}, {accounts}."
    commits = f"{event.commit_ms:g} ms per commit (longest: {event.longest_commit_ms:g} ms)"
    messages = counted(event.messages_per_second, "message")
    yield f"* {messages} per second in the last minute; {commits}."
    yield f"* Archive: {in_bytes(event.archive_bytes)}; index: {in_bytes(event.index_bytes)}."
    reports = counted(event.reports, "open report")
    yield f"* {reports}. Lockdown is {'on' if event.lockdown else 'off'}."
    yield from map(_node, event.nodes)


def _node(node: NodeStatus) -> str:
    does = "leads" if node.leads else f"relays, with a lag of {node.lag_ms:g} ms"
    connections = counted(node.connections, "connection")
    return f"* Node {node.name} {does}: {connections}, since {clock(node.since)}."


@part_lines.register
def _(event: AccountList, here: str | None, part: Part) -> Iterable[str]:
    if part.begins and not event.accounts:
        yield "* No accounts with such a name."
    for account in event.accounts:
        yield f"* {account.name}: {_facts(account)}."
    if part.ends and event.more:
        yield f"* There are {event.count} in all. To see fewer: /accounts an*"


def _facts(account: AccountInfo) -> str:
    used = f"last sign-in {clock(account.used)}" if account.used else "never signed in"
    seen = f"online ({counted(account.sessions, 'connection')})" if account.sessions else used
    roles = [
        role
        for role, has in (("operator", account.operator), ("disabled", account.disabled))
        if has
    ]
    return ", ".join([*roles, f"registered {clock(account.since)}", seen])


@lines.register
def _(event: Settings, here: str | None) -> Iterable[str]:
    yield "* Settings that can change while the service runs:"
    for setting in event.settings:
        yield f"*   {setting.name:20} {setting.value or '-'}"
    yield "* To change them, edit the configuration on the server, then: chatsvc reload"
