"""Regular maintenance, and its cost."""

from __future__ import annotations

import pytest
from conftest import Chat
from twisted.internet.defer import Deferred


def test_tidying_up_makes_no_rules_for_rooms_that_have_none(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat.join("ann")
    monkeypatch.setattr("chatsvc.core.chat.RoomRules", None)
    assert Deferred.fromCoroutine(chat.hub.maintenance.tidy_up()).result is None


class Dirty:
    """Pieces to scrub, and when each was scrubbed."""

    def __init__(self, chat: Chat, pieces: int) -> None:
        self.left = self.pieces = pieces
        self.scrubbed: list[float] = []
        self._chat = chat

    async def scrub(self) -> bool:
        if not self.left:
            return False
        self.left -= 1
        self.scrubbed.append(round(self._chat.clock.seconds(), 2))
        return True


@pytest.fixture
def dirty(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> Dirty:
    dirty = Dirty(chat, 3)
    monkeypatch.setattr(chat.archive, "scrub", dirty.scrub)
    chat.hub.scrubbing.begin()
    return dirty


def test_files_are_scrubbed_in_pieces_soon_after_a_deletion(chat: Chat, dirty: Dirty) -> None:
    chat.clock.pump([0.05] * 250)
    assert dirty.scrubbed == [10.0, 10.05, 10.1]


def test_a_pass_over_the_files_begins_once_an_hour_however_much_is_deleted(
    chat: Chat, dirty: Dirty
) -> None:
    for _ in range(2 * 3600 + 20):
        chat.clock.advance(1.0)
        if not dirty.left and dirty.scrubbed[-1] < chat.clock.seconds() - 1.0:
            dirty.left = 3  # a user deletes a message
    assert [int(when) for when in dirty.scrubbed[::3]] == [10, 3613, 7216]


def test_while_lines_wait_to_be_kept_pieces_are_scrubbed_more_seldom(
    chat: Chat, dirty: Dirty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(chat.archive), "waiting", 7)
    chat.clock.pump([0.05] * 250)
    assert dirty.scrubbed == [10.0, 11.0, 12.0]
