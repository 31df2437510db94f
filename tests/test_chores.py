"""What is done now and then, and what it costs."""

from __future__ import annotations

import pytest
from conftest import Chat
from twisted.internet.defer import Deferred


def test_tidying_up_makes_no_rules_for_rooms_that_have_none(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat.join("ann")
    monkeypatch.setattr("chatsvc.room.Charter", None)
    assert Deferred.fromCoroutine(chat.hub.chores.tidy_up()).result is None


def test_the_index_is_tidied_up_once_an_hour(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    tidied: list[float] = []

    async def tidy() -> None:
        tidied.append(chat.clock.seconds())

    monkeypatch.setattr(chat.archive, "tidy", tidy)
    chat.hub.chores.begin()
    chat.clock.pump([2.0] * 3700)
    assert tidied == [3600.0, 7200.0]
