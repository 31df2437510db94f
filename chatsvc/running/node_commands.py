"""What administrators ask of a node: the leading one answers, and others pass the question on."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Protocol

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from chatsvc import __version__
from chatsvc.commands.control import COMMANDS, Command
from chatsvc.model.administration_events import NodeStatus
from chatsvc.model.control import Answer, Arguments
from chatsvc.model.requests import Refused
from chatsvc.running.chat import Chat
from chatsvc.services.status import Nodes
from chatsvc.store.leading import Leader
from chatsvc.transports.link.asking import Questions
from chatsvc.transports.link.leading import LeadingEnd, Links
from chatsvc.transports.link.relay import Relay

APPLIED_BY_RELAYS = frozenset(
    ("cert", "certificate", "key", "lan", "log-level", "max-clients", "require-tls")
)

_log = Logger()


@dataclass(slots=True)
class Situation:
    """What a node knows about who leads; times are those of the clock."""

    begun: float  # when it began to lead, or else to relay
    leader: Leader | None = None  # as it was seen last in the database,
    seen: float = 0.0  # at this time
    without: float | None = None  # since when no node leads, as far as this one knows,
    why: str = ""  # and why not


class Serving(Protocol):
    """A node, as far as administrators ask about it."""

    name: str
    chat: Chat | None
    situation: Situation


class NodeCommands:
    """The commands of a node's control socket, and what they say about nodes."""

    def __init__(self, node: Serving, links: Links, relay: Relay, clock: IReactorTime) -> None:
        self._node = node
        self._links = links
        self._relay = relay
        self._clock = clock
        self._begun = clock.seconds()

    def by_name(self) -> Mapping[str, Command]:
        """Return the commands; each is carried out by the node that leads when it is given."""
        obeyed = {name: partial(self._obey, name) for name in COMMANDS}
        return {**obeyed, "status": self._status}

    def of_others(self, chat: Chat) -> Mapping[str, Command]:
        """Return the commands that other nodes can pass on to this one, which leads."""

        async def note(arguments: Arguments) -> Answer:
            await chat.note(arguments.text("what"))
            return {}

        return {**chat.commands(), "note": note}

    async def _obey(self, name: str, arguments: Arguments) -> Answer:
        chat = self._node.chat
        if chat is not None:
            return await chat.commands()[name](arguments)
        return await self._questions().ask(name, arguments.given, arguments.report)

    def _questions(self) -> Questions:
        link = self._relay.link
        if link is None:
            raise Refused("no-leader", self.without_leader())
        return link.questions

    async def note(self, what: str) -> None:
        """Add to the audit log what was done to this node; without a leader, only to the log."""
        noted = f"{what} on the node {self._node.name}"
        if self._node.chat is not None:
            await self._node.chat.note(noted)
            return
        try:
            await self._questions().ask("note", {"what": noted}, lambda report: None)
        except Refused as refused:
            _log.warn(
                "/audit lacks that the administrator {what}. {reason}",
                what=noted, reason=refused.text,
            )  # fmt: skip

    # The state of all nodes

    async def _status(self, arguments: Arguments) -> Answer:
        """Return the figures of the chat, or of this node alone if no node leads."""
        own = {
            "node": self._node.name, "pid": os.getpid(), "version": __version__,
            "since": self._time(self._begun),
        }  # fmt: skip
        try:
            return {**await self._obey("status", arguments), **own}
        except Refused as refused:
            if refused.code != "no-leader":
                raise
        return {**own, **self._alone()}

    def _alone(self) -> Answer:
        situation = self._node.situation
        about = {
            "nodes": [asdict(self._own(self._relay.open))],
            "without_leader": {
                "since": self._time(situation.without or self._clock.seconds()),
                "why": situation.why,
            },
        }
        if situation.leader is None:
            return about
        age = situation.leader.age + self._clock.seconds() - situation.seen
        return {**about, "epoch": situation.leader.epoch, "heartbeat": round(age, 3)}

    def nodes(self) -> Nodes:
        """Return all nodes while this one leads, or none when it stops to."""
        chat, others = self._node.chat, self._links.others
        if chat is None:
            return Nodes()
        elsewhere = sum(len(each.connections) for each in others)
        own = self._own(max(0, len(chat.factory.connections) - elsewhere))
        situation = self._node.situation
        epoch = situation.leader.epoch if situation.leader else None
        heartbeat = round(self._clock.seconds() - situation.seen, 3)
        return Nodes((own, *map(self._other, others)), epoch, heartbeat)

    def _own(self, connections: int) -> NodeStatus:
        leads, since = self._node.chat is not None, self._node.situation.begun
        return NodeStatus(self._node.name, leads, connections, self._time(since), __version__)

    def _other(self, end: LeadingEnd) -> NodeStatus:
        lag, since = round(end.lag * 1000, 3), self._time(end.since)
        return NodeStatus(end.node, False, len(end.connections), since, end.software, lag)

    def _time(self, moment: float) -> float:
        """Return a time of the clock in seconds since 1970."""
        return round(time.time() - (self._clock.seconds() - moment), 3)

    # Sentences

    def without_leader(self) -> str:
        """Return why nothing can be done at the moment."""
        why = self._node.situation.why
        said = "No node leads the chat, as far as this one knows."
        return f"{said} {why}" if why else f"{said} Try again in some seconds."

    def after_reload(self, changed: Sequence[str]) -> Iterator[str]:
        """Yield what an administrator who has changed options should know."""
        others = ", ".join(end.node for end in self._links.others)
        if self._node.chat is not None:
            if changed and others:
                yield f"Each node reads its own configuration. Reload the others, too: {others}."
            return
        later = [name for name in changed if name not in APPLIED_BY_RELAYS]
        if later:
            link = self._relay.link
            leader = f" {link.leader.node}" if link is not None else ""
            yield (
                f"This node relays, so it uses these only when it leads: {', '.join(later)}."
                f" The settings of the leading node{leader} apply: reload that one, too."
            )
