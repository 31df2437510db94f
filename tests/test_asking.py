"""Requests of administrators on their way over a link: what both ends make of the frames."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import start
from keeper import now
from twisted.internet.defer import Deferred

from chatsvc.model.control import Answer, Arguments
from chatsvc.model.requests import Refused
from chatsvc.store.archive import ArchiveFailed
from chatsvc.transports.link.asking import Questions, carry_out
from chatsvc.transports.link.frames import PIECE, Kind

LONG = "x" * 3 * PIECE


class Commands:
    """What the leading node can do."""

    def __init__(self) -> None:
        self.waiting: Deferred[None] = Deferred()

    async def count(self, arguments: Arguments) -> Answer:
        for number in (1, 2):
            arguments.report({"looked": number, "what": LONG})
        return {"text": arguments.text("text")}

    async def refuse(self, arguments: Arguments) -> Answer:
        raise Refused("no-such-person", "No user named nobody is online.")

    async def lose(self, arguments: Arguments) -> Answer:
        raise ArchiveFailed("The disk is full.")

    async def wait(self, arguments: Arguments) -> Answer:
        await self.waiting
        return {"text": "at last"}

    def by_name(self) -> dict[str, Any]:
        return {"count": self.count, "refuse": self.refuse, "lose": self.lose, "wait": self.wait}


class Link:
    """Both ends, without a network: each frame arrives at once."""

    def __init__(self) -> None:
        self.commands = Commands()
        self.questions = Questions(self._to_leader)
        self.longest = 0

    def _to_leader(self, kind: Kind, number: int, payload: bytes) -> None:
        assert kind is Kind.ASK
        carry_out(payload, number, self.commands.by_name(), self._back)

    def _back(self, kind: Kind, number: int, payload: bytes) -> None:
        self.longest = max(self.longest, len(payload))
        self.questions.received(kind, number, payload)

    def ask(self, do: str, reports: list[Answer], **given: object) -> Answer:
        answer: Answer = now(self.questions.ask(do, given, reports.append))
        return answer


def test_reports_and_the_answer_arrive_whole_in_short_frames() -> None:
    link, reports = Link(), list[Answer]()
    assert link.ask("count", reports, text=LONG) == {"text": LONG}
    assert reports == [{"looked": 1, "what": LONG}, {"looked": 2, "what": LONG}]
    assert link.longest == PIECE


@pytest.mark.parametrize(
    ("do", "code", "text"),
    [
        ("refuse", "no-such-person", "No user named nobody is online."),
        ("lose", "not-kept", "The disk is full."),
        ("dance", "unknown", "Unknown command dance. Known commands: count, lose, refuse, wait."),
        ("count", "bad-argument", "The argument text is missing."),
    ],
)
def test_a_refusal_is_the_same_as_at_the_leading_node(do: str, code: str, text: str) -> None:
    with pytest.raises(Refused) as refused:
        Link().ask(do, [])
    assert (refused.value.code, refused.value.text) == (code, text)


def test_answers_can_overtake_each_other() -> None:
    link, told = Link(), list[str]()

    async def ask(do: str, **given: object) -> None:
        told.append((await link.questions.ask(do, given, lambda report: None))["text"])

    start(ask("wait"))
    start(ask("count", text="soon"))
    link.commands.waiting.callback(None)
    assert told == ["soon", "at last"]


def test_a_lost_link_answers_what_is_open_and_ignores_what_comes_late() -> None:
    link, told = Link(), list[str]()

    async def ask() -> None:
        with pytest.raises(Refused) as refused:
            await link.questions.ask("wait", {}, lambda report: None)
        told.append(refused.value.code)

    start(ask())
    link.questions.lost()
    link.commands.waiting.callback(None)
    assert told == ["no-leader"]
