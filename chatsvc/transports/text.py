"""People with telnet, netcat or a pipe: a `ChatProtocol` that adapts to these programs."""

from __future__ import annotations

from chatsvc.model import costs
from chatsvc.model.events import Event
from chatsvc.model.server_events import Notice
from chatsvc.model.text_rules import LONGEST_LINE
from chatsvc.transports.adapters import TEXT_WAYS
from chatsvc.transports.chat_protocol import ChatProtocol
from chatsvc.transports.connection import ClientConnection
from chatsvc.transports.editing import KEYS, LineEditor, needs_no_editing
from chatsvc.transports.telnet import IAC, TelnetFilter

_SECRETS = ("login", "password")  # questions whose answers should not be visible
_NVT_ENDS = (b"\r\n", b"\r\x00")  # line ends; netcat and pipes use LF


class TextProtocol(ChatProtocol):
    """One person's connection, an NVT (RFC 854) as far as it behaves like one."""

    _is_nvt = False
    _hidden = False  # the client does not echo
    _filter: TelnetFilter | None = None  # made when it is needed, like the editor:
    _editor: LineEditor | None = None  # programs that send whole lines need neither

    def __init__(self, arrival: ClientConnection) -> None:
        super().__init__(arrival, TEXT_WAYS)

    @property
    def _telnet(self) -> TelnetFilter:
        if self._filter is None:
            self._filter = TelnetFilter()
        return self._filter

    def readConnectionLost(self) -> None:
        rest = self.clearLineBuffer() + (self._editor.rest() if self._editor else b"")
        if rest:
            self.lineReceived(rest)
        super().readConnectionLost()

    def _as_lines(self, data: bytes) -> bytes:
        self._is_nvt = self._is_nvt or IAC in data or data.endswith(_NVT_ENDS)
        if (self._filter is not None and self._filter.inside) or IAC in data:
            data = self._without_telnet(data)
        elif (self._editor is None or self._editor.idle) and needs_no_editing(data):
            return data
        elif data[-1:] >= b"\x80":
            data = self._without_telnet(data)  # a Telnet command can split a character
        self._work += (len(data) - len(data.translate(None, KEYS))) * costs.KEY
        if self._editor is None:
            self._editor = LineEditor(LONGEST_LINE)
        return self._editor.feed(data)

    def _without_telnet(self, data: bytes) -> bytes:
        received = len(data)
        data = self._telnet.feed(data)
        self._work += (received - len(data)) * costs.COMMAND
        if self._telnet.answer:
            self._send(self._telnet.answer)
        if self._telnet.interrupted:
            self.session.tell(Notice("To leave, type /quit"))
        return data

    def tell(self, event: Event, here: str | None, tag: str | None) -> None:
        self._hide(self.session.question in _SECRETS)
        super().tell(event, here, tag)

    def _hide(self, hidden: bool) -> None:
        """Turn a telnet client's echo off while a password is asked for (RFC 857)."""
        if self._is_nvt and hidden != self._hidden:
            self._hidden = hidden
            self._line_end = b"\r\n" if hidden else b""
            self._send(self._telnet.echo(hidden))
