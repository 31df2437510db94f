"""The top line (room and topic) and the status line (connection and name)."""

from __future__ import annotations

from heapq import nsmallest
from math import ceil

from rich.text import Text
from textual.widgets import Static

from chatsvc.client.tui.control.chat_session import ChatSession
from chatsvc.client.tui.model.buffers import SERVER, Buffer
from chatsvc.client.tui.model.state import State

NAMED = 8  # people in the top line


class StatusLine(Static):
    """A line of text that is redrawn when it changes."""

    def __init__(self, name: str) -> None:
        super().__init__(id=name, markup=False)
        self._shown = Text()

    def show(self, text: Text) -> None:
        if text != self._shown or text.spans != self._shown.spans:
            self._shown = text
            self.update(text)


def topic(pane: Buffer, state: State, listed: bool) -> Text:
    """Return the room, its members unless they are `listed` beside it, and its topic."""
    if pane.name == SERVER:
        return Text(state.chat or "chatsvc", "bold", no_wrap=True)
    text = Text(pane.name, "bold", no_wrap=True, overflow="ellipsis")
    if pane.private:
        return text.append("  private: only the two of you can read this", "not bold dim")
    if not listed:
        here = len(pane.people)
        names = nsmallest(NAMED, (one.name for one in pane.people.values()), key=str.casefold)
        text.append(f"  {here} in the room: {', '.join(names)}", "not bold dim")
        text.append("…" if here > NAMED else "", "not bold dim")
    if pane.topic:
        text.append(f"  {pane.topic}", "not bold")
    return text


def status(state: State, visit: ChatSession, doing: str, width: int) -> Text:
    """Return your name and connection, typing users, and unread messages elsewhere."""
    left = Text(no_wrap=True, overflow="ellipsis")
    left.append(f" {state.name or visit.going.identity.name or 'guest'}", "bold")
    left.append("  ")
    left.append_text(connection(visit, state.waiting))
    if doing:
        left.append(f"  {doing}")
    elif names := state.typing():
        left.append(f"  {_typing(names)}", "italic")
    right = elsewhere(state)
    room = width - right.cell_len - 1
    left.truncate(max(room, 0), overflow="ellipsis", pad=True)
    return left.append_text(right)


def connection(visit: ChatSession, waiting: int) -> Text:
    """Return the state of the connection, in words."""
    tls = "TLS" if visit.going.server.tls else "no TLS"
    if visit.online:
        latency = visit.pulse.latency
        time = "" if latency is None else f" {latency * 1000:.0f} ms"
        return Text(f"● {tls}{time}", "green" if visit.going.server.tls else "")
    if visit.arriving:
        return Text(f"○ connecting to {visit.going.server} …", "yellow")
    seconds = visit.next_try
    if visit.is_moving and (seconds or 0) <= 1:
        return Text("○ reconnecting …", "yellow")
    lost = "○ not connected"
    if seconds is not None:
        lost += f", next try in {ceil(seconds)} s" if seconds else ", trying …"
    if waiting:
        lost += f", {waiting} waiting"
    return Text(lost, "bold red")


def elsewhere(state: State) -> Text:
    """Return the number of unread messages in other conversations."""
    others = [pane for name, pane in state.panes.items() if name != state.here]
    unread, mentions = sum(p.unread for p in others), sum(p.mentions for p in others)
    text = Text(f"{unread} new elsewhere" if unread else "")
    if mentions:
        text.append(" ").append(f"@{mentions}", "bold reverse")
    return text.append(" ") if text else text


def _typing(names: list[str]) -> str:
    if len(names) > 2:
        return f"{len(names)} are typing …"
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} typing …"
