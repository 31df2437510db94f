"""Incoming events: the request each one answers, what it changes, and what the front is shown."""

from __future__ import annotations

from chatsvc.client.net.front import Front
from chatsvc.client.net.login import Login
from chatsvc.client.net.outgoing import Requests, result
from chatsvc.client.net.phases import Linked
from chatsvc.client.net.resume_state import ResumeState
from chatsvc.client.net.wire import FOREIGN
from chatsvc.model.account_events import You
from chatsvc.model.events import Event
from chatsvc.model.requests import Refusal

STOPPING = "stopping"  # the code of a refusal by a server that stops


class Incoming:
    """Processes each event of a server once."""

    def __init__(self, front: Front, login: Login, resume: ResumeState, requests: Requests) -> None:
        self._front = front
        self._login = login
        self._resume = resume
        self._requests = requests

    def take(self, link: Linked, event: Event | None, tag: str | None) -> None:
        """Note what an event changes, show it, and answer its request."""
        if not self._is_answer(link, event, tag):
            link.drop(FOREIGN)
            return
        if isinstance(event, Refusal) and event.code == STOPPING and self._requests.repeats(tag):
            return  # it is sent again after reconnecting
        new = self._resume.is_new(event)
        outgoing, asked = self._requests.answered(tag), link.answered(tag)
        self._resume.notice(event, asked=outgoing is not None)
        if isinstance(event, You) and event.account is None:
            self._login.proved(None)
        refused = isinstance(event, Refusal) and (outgoing is not None or asked is not None)
        hidden = refused or (outgoing is not None and not outgoing.shown)
        if event is not None and new and not hidden:
            self._front.event(event, tag)
        if outgoing is not None:
            self._requests.answer(outgoing, event)
        elif asked is not None:
            asked.answer.callback(result(event))

    def _is_answer(self, link: Linked, event: Event | None, tag: str | None) -> bool:
        """Return whether `event` can answer the request with `tag`, if there is such a request."""
        request = self._requests.sent(tag) or link.asked(tag)
        kind = request.answers if request is not None else None
        return kind is None or isinstance(event, (kind, Refusal))
