"""`chatsvc send` and `chatsvc tail`: a chat for scripts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint
from twisted.python.failure import Failure

from chatsvc.client.line_screen import Pipe
from chatsvc.client.login_prompts import LATER, NAME_REFUSED, Identity
from chatsvc.client.net.connection import Connection
from chatsvc.client.net.failures import NotConnected, Uncertain
from chatsvc.client.words import Words
from chatsvc.dialects.jsonl import JSONL
from chatsvc.model.events import Event
from chatsvc.model.message_events import Said
from chatsvc.model.requests import Refusal, Refused
from chatsvc.model.text_rules import counted, key

FULL = 1000  # lines that may wait before reading pauses
SHOWN = 10  # lines of history shown by default


class NotDone(Exception):
    """The operation failed, for this reason."""


class Script:
    """The common base: asks nothing, and complains to standard error."""

    def __init__(
        self,
        endpoint: IStreamClientEndpoint,
        clock: IReactorTime,
        identity: Identity,
        complain: Callable[[str], None],
    ) -> None:
        self.connection = Connection(endpoint, self, clock, identity)
        self._clock = clock
        self._complain = complain
        self._refused_for = ""  # the code of the last complaint

    def event(self, event: Event, tag: str | None) -> None:
        """Ignore events by default."""

    def lost(self, reason: str) -> None:
        """Do nothing: the connection is restored."""

    def moving(self) -> None:
        """Do nothing: the connection is restored."""

    def back(self) -> None:
        """Forget the last complaint."""
        self._refused_for = ""

    async def refused(self, refusal: Refused, identity: Identity) -> Identity | None:
        if refusal.code in NAME_REFUSED and refusal.suggestion is not None:
            self._complain(f"{refusal.text} Using the name {refusal.suggestion}.")
            return Identity(refusal.suggestion, identity.password)
        if refusal.code in LATER and refusal.code != self._refused_for:
            self._refused_for = refusal.code
            self._complain(f"{refusal.text} Trying again soon.")
        return None


class Send(Script):
    """Sends messages, and waits until they are stored."""

    def __init__(
        self,
        endpoint: IStreamClientEndpoint,
        clock: IReactorTime,
        identity: Identity,
        complain: Callable[[str], None],
        timeout: float,
    ) -> None:
        super().__init__(endpoint, clock, identity, complain)
        self._timeout = timeout
        self._failed = False
        self._late = False

    async def run(self, to: str, texts: Sequence[str] | Pipe, create: bool = False) -> int:
        """Send `texts`, or the lines of a pipe, to a #room or a user.

        Only with `create`, create a room that does not exist.
        """
        work = self.connection.while_wanted(self._work(to, texts, create))
        working = Deferred.fromCoroutine(work)
        self._watch = self._clock.callLater(self._timeout, self._give_up, working)
        try:
            await working
        except CancelledError:
            if not self._late:
                raise
            raise NotDone(self._so_far()) from None
        finally:
            if self._watch.active():
                self._watch.cancel()
            await self.connection.close()
        return int(self._failed)

    async def _work(self, to: str, texts: Sequence[str] | Pipe, create: bool) -> None:
        await self.connection.open()
        if to.startswith("#"):
            await self._enter(to, create)
        if isinstance(texts, Pipe):
            await self._copy(to, texts)
        else:
            for text in texts:
                self._say(to, text)
        await self.connection.settled()

    async def _enter(self, room: str, create: bool) -> None:
        try:
            await self.connection.enter(room, last=0, create=create)
        except Refused as refused:
            if refused.code != "no-such-room":
                raise
            raise NotDone(f"{refused.text} To create it, add --create.") from None

    async def _copy(self, to: str, pipe: Pipe) -> None:
        """Send what `pipe` yields, no faster than it is stored."""
        ended: Deferred[None] = Deferred()

        def flow() -> None:
            if self.connection.unanswered > FULL:
                pipe.pause()
            elif not ended.called:
                pipe.resume()

        def end() -> None:
            if not ended.called:  # the end of the input, or nobody reads the output
                ended.callback(None)

        pipe.open(lambda text: self._say(to, text, flow), end)
        pipe.resume()
        try:
            await ended
        finally:
            pipe.close()

    def _say(self, to: str, text: str, then: Callable[[], None] = lambda: None) -> None:
        if not text.strip():
            return
        if not self.connection.unanswered:
            self._watch.reset(self._timeout)
        say, tell = self.connection.say, self.connection.tell
        answer = say(text, room=to) if to.startswith("#") else tell(to, text)
        answer.addErrback(self._went_wrong, text)
        answer.addCallback(self._answered, then)
        then()

    def _answered(self, _: object, then: Callable[[], None]) -> None:
        if self._watch.active():
            self._watch.reset(self._timeout)
        then()

    def _went_wrong(self, failure: Failure, text: str) -> None:
        self._failed = True
        if isinstance(failure.value, Uncertain):
            self._complain(f"The connection was lost. This may not have arrived: {text}")
        elif isinstance(failure.value, Refused):
            self._complain(failure.value.text)
        else:
            failure.trap(NotConnected)  # the user was told that we have given up

    def _give_up(self, working: Deferred[None]) -> None:
        if self.connection.here and not self.connection.unanswered:
            self._watch = self._clock.callLater(self._timeout, self._give_up, working)
        else:
            self._late = True
            working.cancel()

    def _so_far(self) -> str:
        lines = self.connection.unanswered
        what = "Not stored" if lines < 2 else f"{counted(lines, 'message')} not stored"
        return f"{what}: no answer for {counted(self._timeout, 'second')}."


class Reader(Script):
    """Reads for a long time, and so reports when the connection is lost."""

    def lost(self, reason: str) -> None:
        self._complain(f"Connection lost ({reason}). Reconnecting.")

    def moving(self) -> None:
        self._complain("The server is restarting. Reconnecting.")

    def back(self) -> None:
        super().back()
        self._complain("Reconnected.")


class Tail(Reader):
    """Prints the lines of a room as they arrive."""

    def __init__(
        self,
        endpoint: IStreamClientEndpoint,
        clock: IReactorTime,
        identity: Identity,
        complain: Callable[[str], None],
        write: Callable[[Said], None],
    ) -> None:
        super().__init__(endpoint, clock, identity, complain)
        self._write = write
        self._done: Deferred[None] = Deferred()
        self._room = ""  # its key
        self._until: int | None = None  # the number of the last line wanted

    async def run(self, room: str, since: int | None, follow: bool) -> int:
        """Print lines from number `since` on, or the last ones; with `follow`, do not end."""
        self._room = key(room)
        try:
            await self.connection.while_wanted(self._work(room, since, follow))
        finally:
            await self.connection.close()
        return 0

    async def _work(self, room: str, since: int | None, follow: bool) -> None:
        await self.connection.open()
        after = None if since is None else max(since - 1, 0)
        entered = await self.connection.enter(
            room, after=after, last=SHOWN if since is None else None, create=False
        )
        if not follow:
            self._until = entered.last
            if entered.last <= (after or 0):
                return
        await self._done

    def finish(self, error: OSError | None = None) -> None:
        """Stop, because nobody reads the output or it cannot be written."""
        if self._done.called:
            return
        if error is not None:
            self._done.errback(NotDone(f"Cannot write the output: {error.strerror}."))
        else:
            self._done.callback(None)

    def event(self, event: Event, tag: str | None) -> None:
        if isinstance(event, Said) and key(event.room) == self._room and not self._done.called:
            self._write(event)
            if self._until is not None and event.number >= self._until:
                self.finish()
        elif isinstance(event, Refusal) and not self._done.called:
            self._done.errback(NotDone(event.text))


def as_text(words: Words) -> Callable[[Said], str]:
    """Return a line for people."""
    return lambda line: "".join(f"{text}\n" for text in words.lines(line, line.room))


def as_json(line: Said) -> str:
    """Return a line for programs, as the server sends it."""
    return JSONL.write(line).decode()
