"""The connect page: fields for the server and your name, with errors beside them."""

from __future__ import annotations

from typing import NamedTuple

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import Key
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Button, Checkbox, Input, OptionList, Static
from textual.widgets.option_list import Option
from twisted.internet.error import ConnectionRefusedError as NobodyListens

from chatsvc.client.login_prompts import NAME_REFUSED, TLS_NEEDED, Identity
from chatsvc.client.net.address import TLS, Server, port_number, server
from chatsvc.client.net.failures import NotConnected
from chatsvc.client.tui.control.chat_session import Going
from chatsvc.client.tui.control.preferences import RecentServers
from chatsvc.client.tui.model.keys import KEYS, Where, bindings, keys_of, named
from chatsvc.client.tui.widgets.text_field import Field
from chatsvc.model.requests import Refused

HINT = named("{connect}: connect · {next_field}: next field · {leave}: quit")
PUT_OUT = named(
    "{connect} or {connect_again}: reconnect · {next_field}: edit the fields · {leave}: quit"
)
CONNECTING = named("{give_up}: cancel · {leave}: quit")


class InvalidEntry(NamedTuple):
    """An error and the field that it is about; all of them if empty."""

    text: str
    field: str = ""


def wrong(error: BaseException, text: str) -> InvalidEntry:
    """Return an error about joining, with the field that it belongs to."""
    if isinstance(error, Refused):
        if error.code == TLS_NEEDED:
            text = f"This chat requires TLS. Press {KEYS['connect']} to use TLS."
            return InvalidEntry(text, "tls")
        names = error.code in (*NAME_REFUSED, "registered", "no-account")
        return InvalidEntry(text, "name" if names else "")
    if isinstance(error, NotConnected):
        if isinstance(error.__cause__, NotConnected):  # from the TLS handshake
            return InvalidEntry(text, "tls")
        return InvalidEntry(text, "port" if isinstance(error.__cause__, NobodyListens) else "host")
    return InvalidEntry(text)


class Tick(Checkbox):
    """A checkbox that is readable without colours."""

    BUTTON_LEFT = BUTTON_RIGHT = ""  # they would have the background's colour

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override]
        return "[x]" if self.value else "[ ]"


class ConnectPage(Screen[None]):
    """The page that asks which server to join."""

    AUTO_FOCUS = ""  # None would mean the first field
    BINDINGS = bindings(Where.CONNECT_PAGE)

    class Chosen(Message):
        """The user wants to join this server."""

        def __init__(self, going: Going) -> None:
            super().__init__()
            self.going = going

    class GivenUp(Message):
        """The user has cancelled joining."""

    def __init__(self, going: Going, recent: list[RecentServers], typing: bool = False) -> None:
        super().__init__()
        self._typing = typing  # the user is still in the chat that they had joined
        self._in_a_line = False
        self._going = going
        self._recent = recent
        self._connecting = False

    def compose(self) -> ComposeResult:
        to, identity, _ = self._going
        with VerticalScroll(id="page", can_focus=False), Vertical(id="form"):
            yield Static("chatsvc — which chat?", classes="title")
            yield Static(markup=False, id="wrong-", classes="wrong")
            yield from self._row("Host", Field(to.host, id="host", compact=True))
            yield from self._row("Port", Field(str(to.port), id="port", compact=True))
            yield from self._row("Your name", Field(identity.name, id="name", compact=True))
            yield from self._row("", Tick("use TLS (encrypted)", to.tls, id="tls", compact=True))
            with Horizontal(classes="buttons"):
                yield Button("Connect", variant="primary", id="connect", compact=True)
                yield Button("Leave", id="leave", compact=True)
            if self._recent:
                yield Static("Lately", classes="heading")
                yield OptionList(*map(_option, self._recent), id="recent", compact=True)
            yield Static(HINT, id="keys", classes="faint")

    def _row(self, label: str, field: Input | Checkbox) -> ComposeResult:
        with Horizontal(classes="row"):
            yield Static(label, classes="label")
            yield field
        yield Static(markup=False, id=f"wrong-{field.id}", classes="wrong beside")

    def on_mount(self) -> None:
        if self._typing:
            self.query_one("#keys", Static).update(self._keys)
        else:
            self.set_focus(self.query_one("#host"))  # before anything typed arrives

    @property
    def _keys(self) -> str:
        return PUT_OUT if self._typing else HINT

    def on_key(self, event: Key) -> None:
        """Connect on Enter, unless it ends a line that was meant for the chat."""
        if self.focused is not None:
            return
        if event.key not in keys_of("connect"):
            self._in_a_line = True
        elif self._in_a_line:
            self._in_a_line = False
        else:
            self.action_connect()

    def on_descendant_focus(self) -> None:
        """Treat the page as intended once a field has the focus."""
        self._typing = False

    # Errors

    def complain(self, wrong: InvalidEntry) -> None:
        """Show an error; the fields are unchanged."""
        self.connecting(False)
        self._say(wrong)
        if wrong.field == "tls":
            self.query_one("#tls", Checkbox).value = True
        if not self._typing:
            self._begin_at(wrong.field or "host")

    def _begin_at(self, name: str) -> None:
        """Select a field's text, ready to be replaced."""
        field = self.query_one(f"#{name}")
        field.focus()
        if isinstance(field, Input):
            field.action_select_all()

    def _say(self, wrong: InvalidEntry | None) -> None:
        for label in self.query(".wrong").results(Static):
            text = wrong.text if wrong and label.id == f"wrong-{wrong.field}" else ""
            label.update(text)
            label.display = bool(text)

    def connecting(self, to: Server | bool, text: str = "") -> None:
        """Show that connecting is in progress, or not."""
        self._connecting = bool(to)
        self.query_one("#keys", Static).update(CONNECTING if to else self._keys)
        for field in self.query("Input, Checkbox, OptionList, #connect"):
            field.disabled = bool(to)
        if to:
            self._say(None)
            about = self.query_one("#wrong-", Static)
            about.update(text or f"Connecting to {to} …")
            about.display = True
        about_class = self.query_one("#wrong-", Static)
        about_class.set_class(bool(to), "going")

    # The user's choice

    def on_input_submitted(self, message: Input.Submitted) -> None:
        self.action_connect()

    def on_button_pressed(self, message: Button.Pressed) -> None:
        if message.button.id == "connect":
            self.action_connect()
        else:
            self.app.exit(0)

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        recent = self._recent[message.option_index]
        self.query_one("#host", Input).value = recent.server.host
        self.query_one("#port", Input).value = str(recent.server.port)
        self.query_one("#tls", Checkbox).value = recent.server.tls
        if recent.name:
            self.query_one("#name", Input).value = recent.name
        self.action_connect()

    def action_connect(self) -> None:
        if self._connecting:
            return
        try:
            to = self._server()
        except ValueError as error:
            text = str(error)
            self._say(InvalidEntry(f"{text[0].upper()}{text[1:]}.", "port"))
            self._begin_at("port")
            return
        self._say(None)
        self.post_message(self.Chosen(self._chosen(to)))

    def _server(self) -> Server:
        """Return the server in the fields; the host field may contain a whole address."""
        host = self.query_one("#host", Input).value.strip()
        port = port_number(self.query_one("#port", Input).value.strip())
        tls = self.query_one("#tls", Checkbox).value
        whole = server(host)
        if whole.host != host.strip("[]"):
            port = whole.port if ":" in host.lower().removeprefix(TLS) else port
            tls = tls or whole.tls
        return Server(whole.host, port, tls)

    def _chosen(self, to: Server) -> Going:
        name = self.query_one("#name", Input).value.strip()
        identity, room = self._going.identity, self._going.room
        if name != identity.name:
            identity = Identity(name, identity.password)
        self._going = Going(to, identity, room)
        return self._going

    def action_give_up(self) -> None:
        if self._connecting:
            self.connecting(False)
            self._say(None)
            self._begin_at("host")
            self.post_message(self.GivenUp())


def _option(recent: RecentServers) -> Option:
    text = Text(str(recent.server), no_wrap=True, overflow="ellipsis")
    if recent.name:
        text.append(f"  as {recent.name}", "dim")
    return Option(text)
