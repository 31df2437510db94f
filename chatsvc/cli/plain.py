"""`chatsvc join --plain` and pipes: sends each line typed, and prints one line per event."""

from __future__ import annotations

from dataclasses import replace

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint
from twisted.python.failure import Failure

from chatsvc.client.commands import Commands
from chatsvc.client.line_screen import Screen
from chatsvc.client.login_prompts import AtTheDoor, Identity
from chatsvc.client.net.connection import Connection
from chatsvc.client.net.failures import NotConnected, Uncertain
from chatsvc.client.net.front import MOVED
from chatsvc.client.net.resume_state import FIRST_ROOM
from chatsvc.client.passwords import masked
from chatsvc.client.words import Words
from chatsvc.dialects.text import typed
from chatsvc.model.events import Event
from chatsvc.model.requests import Refusal, Refused, Request
from chatsvc.model.room_events import Entered
from chatsvc.model.server_events import Asked, Goodbye, Help, Welcome
from chatsvc.model.text_rules import counted

FULL = 1000  # lines of a pipe that may be unanswered before reading pauses


class PlainChat:
    """Sends what the user types to the chat, and shows the chat's events."""

    def __init__(
        self,
        endpoint: IStreamClientEndpoint,
        clock: IReactorTime,
        screen: Screen,
        words: Words,
        identity: Identity,
    ) -> None:
        self.connection = Connection(endpoint, self, clock, identity, everywhere=True)
        self._screen = screen
        self._words = words
        self._leaving: Deferred[str] = Deferred()
        self._door = AtTheDoor(self)
        self.inside = False
        self._early: list[str] = []  # typed before joining
        self._asking: Deferred[str] | None = None
        self._question: str | None = None  # from the server; the next line answers it
        self._commands = Commands()
        self._unread: dict[str, int] = {}  # joined rooms of the account that were announced
        self._parting = ""
        self._moving = False  # offline because the server restarts
        self._failed = False

    async def run(self, room: str | None = None) -> int:
        """Stay in the chat until the user leaves; return the exit code.

        Without `room`, join the account's rooms, or the default room.
        """
        self._screen.open(self._typed, self._ended)
        try:
            await self.connection.while_wanted(self._visit(room))
        finally:
            try:
                await self._go(self._parting)
            finally:
                self._screen.close()
        return int(self._failed and not self._screen.interactive)

    async def _visit(self, room: str | None) -> None:
        await self._come_in(room)
        self._parting = await self._leaving
        await self._finish()

    async def _come_in(self, room: str | None) -> None:
        await self.connection.open()
        self._commands.learn(await self.connection.request("help"))
        if room is not None or not self.connection.rooms:
            await self.connection.enter(room or FIRST_ROOM)
        self.inside = True
        if self._screen.interactive:
            self.note("Type to talk, /help for commands, /quit to leave.")
        self._screen.resume()
        early, self._early = self._early, []
        for line in early:
            self._typed(line)

    async def _finish(self) -> None:
        """Wait until everything is stored."""
        waiting = self.connection.unanswered
        if waiting and not self.connection.here:
            self.note(
                f"{counted(waiting, 'message')} not sent yet. Waiting to send;"
                " Ctrl-C leaves without sending."
            )
        await self.connection.settled()

    async def _go(self, words: str) -> None:
        self._screen.pause()
        if self.inside and (lost := self.connection.unanswered):
            self.note(f"{counted(lost, 'message')} not sent.")
        await self.connection.close(words)

    # Input

    def _typed(self, line: str) -> None:
        if self._asking is not None:
            asking, self._asking = self._asking, None
            asking.callback(line)
        elif not self.inside:
            self._early.append(line)
        elif not self._leaving.called:
            self._obey(line)

    def _ended(self) -> None:
        if self._asking is not None:
            asking, self._asking = self._asking, None
            asking.errback(NotConnected("you left"))
        else:
            self._leave("")

    def _leave(self, words: str) -> None:
        if not self._leaving.called:
            self._leaving.callback(words)

    def _obey(self, line: str) -> None:
        try:
            request = typed(line, self._question)
        except Refused as refused:
            self._refuse(refused)
            return
        if request is None:
            return
        if request.name == self._question:
            self._question = None
        answer = self._do(request)
        if answer is not None:
            if self._screen.interactive and not self.connection.here:
                self.note(f"Not sent yet: {masked(line)}")
            answer.addErrback(self._went_wrong, line)
            answer.addBoth(self._flow)
            self._flow()

    def _do(self, request: Request) -> Deferred[Event | None] | None:
        name = self._commands.name(request.name)
        rest = request.rest or ""
        if request.literal is not None and request.name not in self._commands:
            return self.connection.say(request.literal)
        match name:
            case "empty":
                return None
            case "clear":
                self._screen.clear()
                return None
            case "quit":
                self._leave(rest)
                return None
            case "say" | "me":
                return self.connection.say(rest, action=name == "me")
        if self._commands.proves(name):
            return self.connection.prove(name, rest)
        return self.connection.request(name, once=self._commands.goes_once(name), rest=rest)

    def _went_wrong(self, failure: Failure, line: str) -> None:
        self._failed = True
        if isinstance(failure.value, Refused):
            self._refuse(failure.value)
        elif isinstance(failure.value, Uncertain):
            what = f"This may not have arrived: {masked(line)}"
            self.note(f"The connection was lost. {what}")
        else:
            failure.trap(NotConnected)  # the user is leaving, and was told how many are unsent

    def _flow(self, _: object = None) -> None:
        """Pause or resume reading as messages are stored."""
        if not self._screen.interactive and not self._leaving.called:
            if self.connection.unanswered > FULL:
                self._screen.pause()
            elif self.connection.unanswered <= FULL // 2:
                self._screen.resume()

    # Events

    def event(self, event: Event, tag: str | None) -> None:
        if isinstance(event, Asked):
            self._question = event.question
        if isinstance(event, Welcome) and not self.inside:
            self._unread = {room.room: room.last - room.seen for room in event.rooms}
        if self._is_known(event):
            return
        if isinstance(event, Entered) and (new := self._unread.pop(event.room, 0)) > 0:
            event = replace(event, new=new)
        self._show(event, own=tag is not None)
        self._screen.prompt(self._prompt())

    def _is_known(self, event: Event) -> bool:
        """Return whether the user already knows about this event, or is told in another way."""
        match event:
            case Help():
                return not self.inside
            case Welcome():
                return self.inside
            case Goodbye():  # the reason of the loss that follows
                return not self._leaving.called
        return False

    def lost(self, reason: str) -> None:
        self._moving = False
        self.note(
            f"Connection lost ({reason}). What you type is saved and sent after reconnecting."
        )

    def moving(self) -> None:
        self._moving = True

    def back(self) -> None:
        self._door.let_in()
        moving, self._moving = self._moving, False
        self.note(MOVED if moving else "Reconnected.")

    async def refused(self, refusal: Refused, identity: Identity) -> Identity | None:
        return await self._door.refused(refusal, identity)

    # Login

    @property
    def interactive(self) -> bool:
        return self._screen.interactive

    async def ask(self, refused: Refused, question: str, hidden: bool = False) -> str:
        self._refuse(refused)
        asking = self._asking = Deferred()
        self._screen.prompt(question, hidden)
        self._screen.resume()
        try:
            return await asking
        finally:
            self._asking = None
            self._screen.pause()
            self._screen.prompt("")

    def _prompt(self) -> str:
        talking = self.connection.talking
        return f"{talking.to or talking.room or ''}> "

    def _refuse(self, refused: Refused) -> None:
        self._show(Refusal(refused.code, refused.text, refused.suggestion))

    def note(self, text: str) -> None:
        self._screen.show(self._words.note(text))

    def _show(self, event: Event, own: bool = False) -> None:
        for line in self._words.lines(event, self.connection.talking.room, own):
            self._screen.show(line)
