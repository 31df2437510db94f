"""Requests of administrators at one node, which the leading node carries out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from twisted.internet.defer import Deferred

from chatsvc.commands.control import Command
from chatsvc.model.control import Answer
from chatsvc.model.requests import Refused
from chatsvc.transports.control_requests import answered, encoded
from chatsvc.transports.link.frames import PIECE, Kind

Send = Callable[[Kind, int, bytes], None]
Report = Callable[[Answer], None]

_LOST = (
    "The link to the leading node was lost before it answered. Look whether the command was"
    " carried out, and repeat it if it was not."
)


class Questions:
    """The requests of a relaying node that are not answered yet."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._last = 0
        self._open: dict[int, tuple[Deferred[Answer], Report]] = {}
        self._parts: dict[int, bytes] = {}

    async def ask(self, do: str, given: Mapping[str, object], report: Report) -> Answer:
        """Return the answer to a request; raise `Refused` if it is refused, or the link lost."""
        self._last += 1
        done: Deferred[Answer] = Deferred()
        self._open[self._last] = done, report
        self._send(Kind.ASK, self._last, json.dumps({**given, "do": do}).encode())
        answer = await done
        if not answer.pop("ok"):
            raise Refused(answer["code"], answer["text"])
        return answer

    def received(self, kind: Kind, number: int, payload: bytes) -> None:
        """Note what has come about a request."""
        whole = self._parts.pop(number, b"") + payload
        if kind is Kind.PART:
            self._parts[number] = whole
        elif number in self._open:
            self._note(number, json.loads(whole))

    def _note(self, number: int, answer: Answer) -> None:
        done, report = self._open[number]
        if "ok" in answer:
            del self._open[number]
            done.callback(answer)
        else:
            report(answer)

    def lost(self) -> None:
        """Note that nothing more is answered."""
        unanswered, self._open = self._open, {}
        for done, _ in unanswered.values():
            done.callback({"ok": False, "code": "no-leader", "text": _LOST})


def carry_out(
    request: bytes, number: int, commands: Mapping[str, Command], send: Send
) -> Deferred[Any]:
    """Carry out a request of another node, and send the answer in frames."""

    def report(answer: Answer) -> None:
        for kind, piece in _pieces(encoded(answer)):
            send(kind, number, piece)

    return Deferred.fromCoroutine(answered(request, commands, report)).addCallback(report)


def _pieces(data: bytes) -> Iterator[tuple[Kind, bytes]]:
    """Yield the frames of an answer, none of which is too long."""
    for start in range(0, len(data), PIECE):
        is_last = start + PIECE >= len(data)
        yield Kind.ANSWER if is_last else Kind.PART, data[start : start + PIECE]
