"""Handles what the user types: messages, which are shown as waiting, and commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatsvc.client.commands import Commands, aliases_of, name_of
from chatsvc.client.net.connection import Connection
from chatsvc.client.net.failures import NotConnected, Uncertain
from chatsvc.client.passwords import is_secret, masked
from chatsvc.client.tui.control.local_command import LocalCommand, commands_of, local_command
from chatsvc.client.tui.model.buffers import SERVER, Buffer
from chatsvc.client.tui.model.emojis import emojized
from chatsvc.client.tui.model.items import Spoken
from chatsvc.client.tui.model.keys import KEYS
from chatsvc.client.tui.model.split_message import parts
from chatsvc.client.tui.model.state import State
from chatsvc.dialects.text import typed
from chatsvc.model.events import Event
from chatsvc.model.requests import Refused, Request
from chatsvc.model.room_events import Entered, Talking
from chatsvc.model.server_events import Asked, Command
from chatsvc.model.text_rules import clean_lines


class Desk(Protocol):
    """The parts of the screen that input affects."""

    def look_at(self, name: str, left: bool = False) -> None:
        """Show a conversation; if the old one was `left`, its draft moves along."""

    def give_back(self, text: str, pane: Buffer) -> bool:
        """Restore a text to the input; return whether it is there, and not only in the history."""

    def end(self, words: str) -> None:
        """Leave; ask first if messages are waiting to be sent."""


class Held(NamedTuple):
    """A message that waits for a command before it."""

    typed: str
    send: Callable[[Buffer], None]
    item: Spoken


@dataclass
class Leading:
    """A command whose answer may lead elsewhere, and what was typed after it in the same buffer."""

    pane: Buffer
    typed: bool  # into the input, so that a draft was begun after it
    held: list[Held] = field(default_factory=list)


class InputHandler:
    """Sends the user's messages and commands."""

    def __init__(
        self, connection: Connection, state: State, commands: Commands, desk: Desk
    ) -> None:
        self.emoji = True  # replace names such as :tea: with emoji
        self._connection = connection
        self._state = state
        self._commands = commands
        self._desk = desk
        self._question: str | None = None  # from the server; the next line answers it
        self._leading: Leading | None = None  # the last one, until it is answered
        self._own: dict[str, LocalCommand] = {}
        self.add(self)

    def add(self, owner: object) -> None:
        """Add the commands that a class of this program declares."""
        for command in commands_of(owner):
            about = command.about
            self._own.update(dict.fromkeys((name_of(about), *aliases_of(about)), command))

    @property
    def own(self) -> list[Command]:
        """The commands of this program."""
        return list(dict.fromkeys(one.about for one in self._own.values()))

    def typed(self, text: str, pane: Buffer) -> None:
        """Carry out what was typed in a buffer."""
        request = typed(clean_lines(text), self._question)
        if request is None or request.name == "empty":
            return
        if request.name == self._question:
            self._question = None
        self._try(lambda: self._do(request, text, pane), text, pane)

    def _try(self, act: Callable[[], None], text: str, pane: Buffer) -> None:
        try:
            act()
        except Refused as refused:
            self._went_wrong(Failure(refused), text, pane)

    def _do(self, request: Request, text: str, pane: Buffer) -> None:
        name, rest = self._commands.name(request.name), request.rest or ""
        own = self._own.get(name.lower()) or self._own.get(request.name.lower())
        if request.literal is not None and own is None and request.name not in self._commands:
            self.say(request.literal, pane)
        elif own is not None:
            own.do(rest, pane)
        elif name == "say":
            self.say(rest, pane)
        elif name == "me":
            self._act(rest, text, pane)
        elif name == "msg" and len(rest.split()) == 1:
            self._query(rest, pane)
        elif name == "delete" and pane.private:
            self._ask(name, _placed(rest, pane.name), text, pane)
        else:
            self._ask(name, rest, text, pane)

    # Messages

    def say(self, text: str, pane: Buffer) -> None:
        """Send a text, in as many messages as necessary."""
        if self._hold(text, text, pane, lambda there: self.say(text, there)):
            return
        self._check_place(pane)
        said = list(parts(self._emojized(text)))
        if len(said) > 1:
            self._state.note(f"Too long: sent as {len(said)} messages.", where=pane.name)
        for part in said:
            self._wait(self._sent(part, pane), part, pane, part)

    def _sent(self, text: str, pane: Buffer) -> Deferred[Event | None]:
        if pane.private:
            return self._connection.tell(pane.name[1:], text)
        return self._connection.say(text, pane.name)

    def _act(self, what: str, text: str, pane: Buffer) -> None:
        if self._hold(what, text, pane, lambda there: self._act(what, text, there)):
            return
        self._check_place(pane)
        what = self._emojized(what)
        if pane.private:
            name = pane.name[1:]
            asked = self._connection.request("msg", once=True, name=name, text=what, action=True)
        else:
            asked = self._connection.say(what, pane.name, action=True)
        self._wait(asked, what, pane, text, action=True)

    def _hold(self, text: str, typed: str, pane: Buffer, send: Callable[[Buffer], None]) -> bool:
        """Let a message wait if a command before it may lead elsewhere; return whether it does."""
        leading = self._leading
        if leading is None or leading.pane is not pane:
            return False
        item = self._state.wait(pane, text, action=typed != text)
        leading.held.append(Held(typed, send, item))
        return True

    def _released(self, result: object, leading: Leading) -> object:
        """Send what was held to where the command has led; restore it if it was refused."""
        if self._leading is leading:
            self._leading = None
        for each in leading.held:
            self._state.settled(leading.pane, each.item)
        if not isinstance(result, Failure):
            there = self._state.find(_place_of(result) or leading.pane.name) or leading.pane
            for held in leading.held:
                self._send_held(held, there)
        elif leading.held:
            self._desk.give_back("\n".join(each.typed for each in leading.held), leading.pane)
        return result

    def _send_held(self, held: Held, there: Buffer) -> None:
        self._try(lambda: held.send(there), held.typed, there)

    def _check_place(self, pane: Buffer) -> None:
        if pane.name == SERVER:
            raise Refused("nowhere", "You are not in a room. To join one: /join #lobby")

    def _emojized(self, text: str) -> str:
        return emojized(text) if self.emoji else text

    # Commands

    def ask(self, name: str, rest: str, pane: Buffer) -> None:
        """Send a command to the server that was not typed, or that this program has as well."""
        self._ask(name, rest, f"/{name} {rest}".rstrip(), pane, typed=False)

    def _ask(self, name: str, rest: str, text: str, pane: Buffer, typed: bool = True) -> None:
        if self._commands.proves(name):
            asked = self._connection.prove(name, rest)
        else:
            rest = self._emojized(rest) if self._commands.is_speech(name) else rest
            asked = self._connection.request(name, once=self._commands.goes_once(name), rest=rest)
        leading = Leading(pane, typed) if self._commands.leads(name) else None
        asked.addCallback(self._answered, leading)
        if leading is not None:
            self._leading = leading
            asked.addBoth(self._released, leading)
        self._wait(asked, clean_lines(masked(text)), pane, text)

    def _answered(self, event: Event | None, leading: Leading | None = None) -> Event | None:
        """Switch to the room or user in the answer; remember a question."""
        if isinstance(event, Asked):
            self._question = event.question
        place = _place_of(event)
        if place is not None:
            typed = leading is not None and leading.typed and leading.pane is self._state.pane
            self._desk.look_at(place, left=typed)
        return event

    def _wait(
        self,
        asked: Deferred[Event | None],
        shown: str,
        pane: Buffer,
        text: str,
        action: bool = False,
    ) -> None:
        """Show a request as waiting until it is answered; restore it to the input if refused."""
        waiting = self._state.wait(pane, shown, action)
        asked.addBoth(self._settled, pane, waiting)
        asked.addErrback(self._went_wrong, text, pane)

    def _settled(self, result: object, pane: Buffer, waiting: Spoken) -> object:
        self._state.settled(pane, waiting)
        return result

    def _went_wrong(self, failure: Failure, text: str, pane: Buffer) -> None:
        where = pane.name if self._state.panes.get(pane.name) is pane else None
        if isinstance(failure.value, Refused):
            back = is_secret(text) or self._desk.give_back(text, pane)
            again = "" if back else f" To edit it, press {KEYS['older']}: {_short(text)}"
            self._state.note(f"{failure.value.text}{again}", wrong=True, where=where)
        elif isinstance(failure.value, Uncertain):
            unsure = "The connection was lost. This may not have arrived"
            self._state.note(f"{unsure}: {masked(text)}", wrong=True, where=where)
        else:
            failure.trap(NotConnected)  # the user has left, and was told

    # Commands of this program

    @local_command("close", "leaves this room or conversation")
    def _close(self, rest: str, pane: Buffer) -> None:
        if pane.private or not pane.inside:
            self._state.close(pane.name)
        elif pane.name != SERVER:
            self._ask("leave", pane.name, f"/leave {pane.name}", pane)

    @local_command("query name [text]", "opens a private conversation")
    def _query(self, rest: str, pane: Buffer) -> None:
        name, _, text = rest.lstrip().partition(" ")
        if not name:
            raise Refused("usage", "Usage: /query name [text]")
        self._desk.look_at(f"@{name.removeprefix('@')}")
        if text.strip():
            self.say(text, self._state.pane)

    @local_command("clear", "clears this conversation on the screen")
    def _clear(self, rest: str, pane: Buffer) -> None:
        self._state.clear(pane)

    @local_command("quit [words]", "leaves the chat", "exit")
    def _quit(self, words: str, pane: Buffer) -> None:
        """Leave after everything is sent."""
        if self._connection.here:
            settled = Deferred.fromCoroutine(self._connection.settled())
            settled.addCallback(lambda _: self._desk.end(words))
        else:
            self._desk.end(words)


def _place_of(answer: object) -> str | None:
    """Return the room or conversation that an answer leads to."""
    match answer:
        case Entered():
            return answer.room
        case Talking(to=str(name)) if name:
            return f"@{name}"
        case Talking():
            return answer.room
        case _:
            return None


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:39]}…"


def _placed(rest: str, place: str) -> str:
    """Return the arguments of `/delete` with the current conversation."""
    number, _, after = rest.strip().partition(" ")
    return rest if after.lstrip().startswith(("#", "@")) else f"{number} {place} {after}".strip()
