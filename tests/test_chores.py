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
