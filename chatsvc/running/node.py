"""A node: one of several processes that serve a chat together.

One node holds the archive and runs the whole chat.  The others pass their connections on to it over
a link, watch it in the database, and one of them takes over when it is gone.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, cast

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IProtocol
from twisted.logger import Logger

from chatsvc.commands.control import Command
from chatsvc.options.command_line import Options
from chatsvc.process.threads import Threads
from chatsvc.running.chat import Chat, Step, start
from chatsvc.running.lease import Lease
from chatsvc.running.node_commands import NodeCommands, Situation
from chatsvc.running.succession import Succession, last_leader
from chatsvc.services.sessions import MOVING
from chatsvc.store.archive import Archive, ArchiveFailed
from chatsvc.store.leading import LEASE, Announcement, Deposed, InUse, Leader
from chatsvc.store.location import Database
from chatsvc.store.postgresql.opening import postgresql_archive, require_psycopg
from chatsvc.transports.connection import stop
from chatsvc.transports.gate import STOPPING
from chatsvc.transports.link.connecting import connect
from chatsvc.transports.link.leading import Links
from chatsvc.transports.link.relay import Relay
from chatsvc.transports.link.relaying import RelayingEnd
from chatsvc.transports.selfsigned import make
from chatsvc.transports.tls import TLS

OFTEN, SOON = 1.0, 0.2  # seconds between looks, and while there is no link
AGAIN = 1.0  # seconds between attempts to join the same leader
STORED = 5.0  # seconds that people wait for the last messages to be stored, or refused
LEAVING = 10.0  # seconds for everybody to leave a node that stops

_log = Logger()


class Node:
    """Leads or relays, whatever is needed at the moment."""

    def __init__(
        self,
        options: Options,
        reactor: Any,
        threads: Threads,
        make_chat: Callable[[Archive], Chat],
        take: Callable[[Step], Awaitable[None]],
    ) -> None:
        require_psycopg()
        from chatsvc.store.postgresql.leadership import Watcher

        self.name: str = options["node"]
        self._reactor = reactor
        self._threads = threads
        self._make_chat = make_chat
        self._take = take
        self._database: Database = options["archive"]
        self._watcher = Watcher(self._database)
        self._where: tuple[str, int] = options["node-address"]
        self._relay = Relay(
            reactor, options["limits"], options["max-clients"], options["speaks"],
            bool(options["require-tls"]),
        )  # fmt: skip
        self._secret = secrets.token_urlsafe(32)
        tls = TLS(make(), reactor)
        self._fingerprint = tls.fingerprint.replace(":", "").lower()
        self._links = Links(self.name, self._secret, tls, reactor)
        self._port: IListeningPort | None = None
        self._address = ""  # at which others reach this node
        self._tls: TLS | None = None
        self.chat: Chat | None = None  # while it leads
        self._renew: Callable[[], Awaitable[None]]  # stores its heartbeat then
        self._lease: Lease
        self._link: RelayingEnd | None = None  # being opened, or open
        self._succession = Succession(self.name, reactor)
        self._said = ""  # what was logged last, which need not be repeated
        self._tried = "", 0.0  # the secret of the leader that it has tried to join, and when
        self._resting: Deferred[None] | None = None  # until it looks again
        self.situation = Situation(reactor.seconds())
        self._commands = NodeCommands(self, self._links, self._relay, reactor)
        self._stopping = False

    # What the process uses

    def connect(self, tls_only: bool = False) -> IProtocol:
        """Return the protocol of a new connection."""
        return (self.chat or self._relay).connect(tls_only)

    def apply(self, options: Options) -> None:
        """Use the options that can change, as they are now."""
        self._relay.change(options["limits"], options["max-clients"], bool(options["require-tls"]))
        if self.chat is not None:
            self.chat.apply(options)

    def use_tls(self, tls: TLS) -> None:
        """Accept TLS."""
        self._tls = self._relay.tls = tls
        if self.chat is not None:
            self.chat.use_tls(tls)

    def open(self) -> None:
        """Accept other nodes, and lead if nobody does; raise `ArchiveFailed` if it cannot."""
        last = last_leader(self._watcher.look, self.name)
        host, port = self._where
        try:
            self._port = self._reactor.listenTCP(port, self._links)
        except CannotListenError as error:
            raise ArchiveFailed(
                f"Cannot listen for other nodes on port {port}: {error.socketError.strerror}."
                " Choose another --node-address."
            ) from None
        host = host or self._watcher.own_address()
        self._address = f"{host}:{cast(Any, self._port.getHost()).port}"
        self._succession.host = host
        try:
            if not self._succession.obstacle(last):
                self._lead()
        except InUse:
            pass  # another node leads
        if self.chat is None:
            self._be_without("It has not joined the leading node yet.")

    def begin(self) -> None:
        """Start what works in the background."""
        if self.chat is not None:
            self.chat.begin()
        start(self._watch())

    def stopping(self, stop_listening: Step) -> Iterator[Step]:
        """Yield the steps of stopping; another node can lead as soon as everything is stored."""
        self._stopping = True
        if self.chat is not None:
            moving = self._links.leave() or self._lease.in_doubt
            factory = self.chat.factory
            yield stop_listening
            yield partial(self.chat.hub.close, moving)
            yield self._release
            yield partial(factory.all_closed, MOVING if moving else STOPPING)
        else:
            # A load balancer that finds nobody listening ends connections before they are told.
            yield self._leave
            yield stop_listening
        yield self._close

    async def _release(self) -> None:
        """Close the archive, so that another node can lead."""
        chat, self.chat = self.chat, None
        if chat is not None:
            self._lease.end()
            await chat.archive.close()

    async def _leave(self) -> None:
        """Let everybody here reconnect to another node."""
        self._relay.leave()
        if self._link is not None:
            self._link.leave()
        for _ in range(round(LEAVING / SOON)):
            if not self._relay.open:
                return
            await self._threads.pause(SOON)

    async def _close(self) -> None:
        if self._link is not None and self._link.transport is not None:
            self._link.close()
        self._links.close()
        if self._port is not None:
            await maybeDeferred(self._port.stopListening)
        await self._threads.watcher(self._watcher.close)

    def commands(self) -> Mapping[str, Command]:
        """Return the commands of the control socket."""
        return self._commands.by_name()

    async def note(self, what: str) -> None:
        """Add to the audit log what the administrator of this machine has done."""
        await self._commands.note(what)

    def after_reload(self, changed: Sequence[str]) -> Iterator[str]:
        """Yield what an administrator who has changed options should know."""
        return self._commands.after_reload(changed)

    def ready(self) -> Iterator[str]:
        """Yield what the administrator should know."""
        if self.chat is not None:
            yield f"The node {self.name} leads the chat. Other nodes reach it at {self._address}"
            yield from self.chat.ready()
        else:
            yield f"The node {self.name} joins a chat that another node leads."

    @property
    def speaking(self) -> Any:
        """What knows which protocols are accepted."""
        return self.chat.factory if self.chat is not None else self._relay

    @property
    def is_empty(self) -> bool:
        """Whether it leads, and nobody is here."""
        return self.chat is not None and self.chat.is_empty

    # Watching

    async def _watch(self) -> None:
        while self.chat is not None or not self._stopping:
            try:
                await self._look()
                if self._relay.link is not None:
                    self._say("")
            except ArchiveFailed as failed:
                self._say(str(failed))
                if self.situation.without is not None:
                    self.situation.why = str(failed)
            except Exception:
                _log.failure("A node cannot go on as it should")
            await self._rest(OFTEN if self.chat or self._relay.link else SOON)

    async def _rest(self, seconds: float) -> None:
        self._resting = Deferred()
        due = self._reactor.callLater(seconds, self._wake)
        await self._resting
        stop(due)

    def _wake(self) -> None:
        """Look at once: something has changed."""
        resting, self._resting = self._resting, None
        if resting is not None:
            resting.callback(None)

    async def _look(self) -> None:
        """Show others that this node leads; or follow the one that does."""
        if self.chat is not None:
            await self._show(self.chat)
            return
        leader = await self._threads.watcher(self._watcher.look)
        self._see(leader)
        await self._follow(leader)

    async def _show(self, chat: Chat) -> None:
        """Store a heartbeat."""
        begun = self._reactor.seconds()
        try:
            await self._renew()
        except ArchiveFailed as failed:
            self._say(str(failed))
            if isinstance(failed, Deposed) and self.chat is chat:
                self._step_down(chat, "Another node has begun to lead.")
        else:
            self._say("")
            self.situation.seen = self._reactor.seconds()
            if self.chat is chat:
                self._lease.renewed(begun)

    async def _follow(self, leader: Leader | None) -> None:
        if self._stopping:
            return
        if leader is not None and self._is_superseded(leader):
            self._abandon(self._relay.link)
            self._be_without("Another node has begun to lead.")
        if self._relay.link is not None:
            if not self._succession.is_late(leader):
                return  # the database may have restarted, and the leader is about to notice
        elif leader is not None and leader.present and leader.age <= LEASE:
            if not self._succession.is_stopping(leader):
                self._join(leader)
            return
        if leader is not None and leader.present:
            if not await self._threads.watcher(self._watcher.depose, leader):
                return
        elif why := self._succession.obstacle(leader):
            self._say(why)
            self._be_without(why)
            return
        if not self._stopping:
            self._try_to_lead()

    def _is_superseded(self, leader: Leader) -> bool:
        """Return whether there is a link to a leader that does not know yet that another leads."""
        link, is_leading = self._relay.link, leader.present and leader.age <= LEASE
        return link is not None and is_leading and leader.secret not in ("", link.leader.secret)

    def _say(self, sentence: str) -> None:
        if sentence and sentence != self._said:
            _log.warn("{sentence}", sentence=sentence)
        self._said = sentence

    # Leading

    def _lead(self) -> None:
        """Open the archive and lead; raise `InUse` if another node does."""
        archive = postgresql_archive(
            self._database, self._threads.of_archive, self._threads.turn, start,
            announcement=Announcement(self.name, self._address, self._fingerprint, self._secret),
        )  # fmt: skip
        chat = self._make_chat(archive)
        try:
            chat.open()
            begun = self._reactor.seconds()
            archive.renew_at_once()  # loading may have taken long
        except InUse:
            raise
        except ArchiveFailed:
            start(archive.close())  # which holds the lock
            raise
        self.chat, self._renew = chat, archive.renew
        now = self._reactor.seconds()
        self.situation = Situation(now, Leader(archive.epoch, self.name, present=True), now)
        chat.hub.status.nodes = self._commands.nodes
        chat.factory.node = lambda: self.name if self._links.others else ""
        self._links.commands = self._commands.of_others(chat)
        if self._tls is not None:
            chat.use_tls(self._tls)
        self._links.chat = chat.factory
        self._lease = Lease(self._reactor, begun, chat.factory.doubt, partial(self._give_up, chat))
        self._links.when_left = self._lease.alone

    def _try_to_lead(self) -> None:
        try:
            self._lead()
        except InUse:
            return  # another node was faster
        chat = self.chat
        assert chat is not None
        self._let_go(self._link)
        chat.begin()
        self._succession.begins()
        _log.info("{text}", text="\n".join(self.ready()))
        self._relay.hand_over(chat.factory.accept)

    def _give_up(self, chat: Chat) -> None:
        """Step down, because no heartbeat could be stored for long."""
        if self.chat is chat:
            self._step_down(chat, self._said or "The database does not answer.")

    def _step_down(self, chat: Chat, why: str) -> None:
        """Disconnect everybody, because another node leads now, or could."""
        if self._stopping:
            return
        self.chat = None
        self._lease.end()
        self._links.chat = None
        self._be_without(why)
        self._links.cut()
        self._relay.use(None)
        start(self._end(chat))

    async def _end(self, chat: Chat) -> None:
        late = self._reactor.callLater(STORED, chat.hub.say_goodbye, MOVING)
        for step in chat.ending(moving=True):
            await self._take(step)
        stop(late)

    # Relaying

    def _join(self, leader: Leader) -> None:
        """Open a link to the leader, unless that is in progress."""
        if not leader.address or (
            self._link is not None and self._link.leader.secret == leader.secret
        ):
            return
        tried, now = self._tried, self._reactor.seconds()
        if leader.secret == tried[0] and now < tried[1] + AGAIN:
            return
        self._tried = leader.secret, now
        self._let_go(self._link)  # with a former leader, which does not answer
        self._link = link = RelayingEnd(
            self.name, leader, self._reactor, self._linked, self._left_by, self._unlinked
        )
        connect(link, self._reactor, partial(self._unlinked, link))

    def _linked(self, link: RelayingEnd) -> None:
        if self._link is not link or self._stopping:
            link.close()
            return
        _log.info(
            "The node {node} relays to {leader} at {address}.",
            node=self.name, leader=link.leader.node, address=link.leader.address,
        )  # fmt: skip
        self._succession.begins()
        self._relay.use(link)
        now = self._reactor.seconds()
        self.situation = Situation(now, link.leader, now)

    def _left_by(self, link: RelayingEnd) -> None:
        """Let new connections wait: the leading node stops, and says goodbye to the others."""
        self._succession.stops(link.leader)
        self._let_go(link)
        self._be_without(f"The leading node {link.leader.node} stops.")
        self._wake()

    def _let_go(self, link: RelayingEnd | None) -> None:
        """Send nobody over a link any more; it ends when its connections have ended."""
        if link is not None and self._link is link:
            self._link = None
            self._relay.use(None)
            if self.chat is not None and link.transport is not None:
                link.close()

    def _abandon(self, link: RelayingEnd | None) -> None:
        """Close a link and all its connections."""
        self._let_go(link)
        if link is not None:
            link.abort()

    def _unlinked(self, link: RelayingEnd, reason: str) -> None:
        if link.was_ended:
            self._succession.ended(link.leader)
        if self._link is link:
            was_used = self._relay.link is link
            self._link = None
            self._relay.use(None)
            if was_used:
                self._wake()
            if not self._stopping and self.chat is None:
                why = f"No link to the leading node {link.leader.node}. {reason}".rstrip()
                self._say(why)
                self._be_without(why)

    def _be_without(self, why: str) -> None:
        """Note that this node knows of no other that it can relay to, since now if it is new."""
        if self.situation.without is None:
            now = self._reactor.seconds()
            leader, seen = self.situation.leader, self.situation.seen
            self.situation = Situation(now, leader, seen, without=now)
        self.situation.why = why

    def _see(self, leader: Leader | None) -> None:
        """Note who leads, as the database says."""
        self.situation.leader, self.situation.seen = leader, self._reactor.seconds()
