"""The full-screen client: one person, one chat; what is typed goes there, what happens is shown."""

from __future__ import annotations

from collections.abc import Callable
from time import time

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.events import AppBlur, AppFocus
from textual.widgets import ContentSwitcher, OptionList, Static
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint
from twisted.python.failure import Failure

from chatsvc.client.connection import Connection
from chatsvc.client.door import Identity, is_final
from chatsvc.client.failures import NotConnected, Uncertain
from chatsvc.client.passwords import masked
from chatsvc.client.standing import FIRST_ROOM
from chatsvc.client.tui.composer import Composer
from chatsvc.client.tui.conversation import Conversation
from chatsvc.client.tui.lists import People, Places
from chatsvc.client.tui.state import SERVER, Pane, State
from chatsvc.events import Entered, Event, Goodbye, Help, History, Refused

PAGE = 200  # lines of history fetched at once


class ChatApp(App[int]):
    """What a person has before them; the `Front` of their connection."""

    CSS_PATH = "chat.tcss"
    TITLE = "chatsvc"
    BINDINGS = [
        Binding("ctrl+q", "quit", "Quit", priority=True),
        Binding("ctrl+n,alt+down", "go(1)", "Next", priority=True),
        Binding("ctrl+p,alt+up", "go(-1)", "Previous", priority=True, show=False),
        Binding("pageup", "scroll(-1)", "Earlier", priority=True),
        Binding("pagedown", "scroll(1)", show=False, priority=True),
    ]

    def __init__(
        self,
        endpoint: IStreamClientEndpoint,
        clock: IReactorTime,
        identity: Identity,
        room: str | None = None,
        now: Callable[[], float] = time,
    ) -> None:
        super().__init__()
        self.state = State(now, self._changed)
        self.connection = Connection(endpoint, self, clock, identity, everywhere=True)
        self.outcome: BaseException | None = None
        self._room = room
        self._dirty = False
        self._drawable = False
        self._online = False
        self._fetching: set[str] = set()
        self._conversations: dict[str, Conversation] = {}
        self._places, self._people, self._composer = Places(), People(), Composer()
        self._topic, self._status = Static(id="topic", markup=False), Static(id="status")
        self._middle = ContentSwitcher(id="conversations")

    def compose(self) -> ComposeResult:
        yield self._topic
        with Horizontal(id="main"):
            yield self._places
            with Vertical():
                yield self._middle
            yield self._people
        yield self._status
        yield self._composer

    def on_mount(self) -> None:
        self._drawable = True
        self._composer.focus()
        self._changed()
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        Deferred.fromCoroutine(self._visit()).addErrback(self._ended)

    async def _visit(self) -> None:
        await self.connection.while_wanted(self._come_in())

    async def _come_in(self) -> None:
        await self.connection.open()
        self._online = True
        if self._room is not None or not self.connection.rooms:
            await self.connection.enter(self._room or FIRST_ROOM)
        self._changed()
        await Deferred()  # until the connection is not wanted any more

    def _ended(self, failure: Failure) -> None:
        self.outcome = failure.value
        self.exit(1)

    # What happens

    def event(self, event: Event, tag: str | None) -> None:
        if isinstance(event, (History, Help)) or (isinstance(event, Goodbye) and self._online):
            return
        self.state.event(event, own=tag is not None)
        if isinstance(event, Entered):
            self._ask_who(event.room)

    def _ask_who(self, room: str) -> None:
        asked = self.connection.request("who", shown=False, room=room)
        asked.addCallbacks(self._answered, self._went_wrong)

    def _answered(self, event: Event | None) -> None:
        if event is not None:
            self.state.event(event)

    def lost(self, reason: str) -> None:
        self._online = False
        self.state.note(f"The connection is lost ({reason}). What you type waits.", wrong=True)

    def back(self) -> None:
        self._online = True
        self.state.note("The connection is back.")

    async def refused(self, refusal: Refused, identity: Identity) -> Identity | None:
        if refusal.suggestion and not is_final(refusal):
            self.state.note(f"{refusal.text} You are {refusal.suggestion} instead.", wrong=True)
            return Identity(refusal.suggestion, identity.password)
        return None

    # What is typed

    def on_composer_sent(self, message: Composer.Sent) -> None:
        text = message.text
        if text.startswith("/") and not text.startswith("//"):
            name, _, rest = text[1:].partition(" ")
            self._command(name.lower(), rest)
        else:
            self._say(text.removeprefix("/") if text.startswith("//") else text)

    def _say(self, text: str) -> None:
        pane = self.state.pane
        if pane.name == SERVER:
            self.state.note("This is no conversation: /join #lobby enters one.", wrong=True)
            return
        if pane.private:
            answer = self.connection.tell(pane.name[1:], text)
        else:
            answer = self.connection.say(text, pane.name)
        answer.addErrback(self._went_wrong, text)

    def _command(self, name: str, rest: str) -> None:
        if name in ("quit", "exit"):
            self.exit(0)
            return
        self.connection.request(name, rest=rest).addErrback(self._went_wrong, f"/{name} {rest}")

    def _went_wrong(self, failure: Failure, text: str = "") -> None:
        if isinstance(failure.value, Refused):
            self.state.note(failure.value.text, wrong=True)
        elif isinstance(failure.value, Uncertain):
            self.state.note(f"Nobody knows whether this arrived: {masked(text)}", wrong=True)
        else:
            failure.trap(NotConnected)

    # Looking around

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        if message.option_list is self._places:
            self._look_at(self._places.name_at(message.option_index))
        self._composer.focus()

    def action_go(self, steps: int) -> None:
        """Look at the next pane in the list, or the one before."""
        names = [self._places.name_at(n) for n in range(self._places.option_count)]
        self._look_at(names[(names.index(self.state.here) + steps) % len(names)])

    def _look_at(self, name: str) -> None:
        self.state.pane.draft = self._composer.text
        pane = self.state.select(name)
        self._composer.load_text(pane.draft)
        if pane.name.startswith("#"):
            self._stand_in(pane.name)

    def _stand_in(self, room: str) -> None:
        """Let the server know to where commands belong."""
        self.connection.request("room", shown=False, name=room).addErrback(self._went_wrong)

    def action_scroll(self, pages: int) -> None:
        shown = self._conversations[self.state.here]
        shown.scroll_relative(y=pages * max(shown.size.height - 2, 1), animate=False)

    def on_conversation_at_the_top(self, message: Conversation.AtTheTop) -> None:
        self._fetch_earlier(message.pane)

    def _fetch_earlier(self, pane: Pane) -> None:
        if pane.name in self._fetching or pane.name == SERVER or pane.whole:
            return
        self._fetching.add(pane.name)
        asked = self.connection.request(
            "history", shown=False, room=pane.name, n=PAGE, before=pane.first or None
        )
        asked.addCallbacks(self._fetched, self._went_wrong, (pane,))
        asked.addBoth(lambda _: self._fetching.discard(pane.name))

    def _fetched(self, page: Event | None, pane: Pane) -> None:
        assert isinstance(page, History)
        self.state.earlier(pane.name, page.lines, page.more)

    def on_app_focus(self, event: AppFocus) -> None:
        self.state.looking = True
        self.state.seen()

    def on_app_blur(self, event: AppBlur) -> None:
        self.state.looking = False

    # What is shown

    def _changed(self) -> None:
        """Draw what is another by now, once for all that happens in a turn."""
        if self._drawable and not self._dirty:
            self._dirty = True
            self.call_later(self._draw)

    async def _draw(self) -> None:
        self._dirty = False
        state = self.state
        if state.here not in self._conversations:
            self._conversations[state.here] = shown = Conversation(state.pane, "%H:%M")
            shown.id = f"pane-{len(self._conversations)}"
            await self._middle.add_content(shown)
        shown = self._conversations[state.here]
        self._middle.current = shown.id
        shown.sync()
        self._places.sync(state)
        self._people.display = not state.pane.private and state.here != SERVER
        self._people.sync(state.pane)
        self._topic.update(f"{state.here or state.chat}  {state.pane.topic}".strip())
        self._status.update(self._status_line())

    def _status_line(self) -> str:
        typing = self.state.typing()
        about = f"{', '.join(typing)} typing…" if typing else ""
        where = "connected" if self._online else "not connected"
        return f" {self.state.name}  {where}  {about}"
