"""Membership while it is being stored: nothing that changes meanwhile is undone."""

from __future__ import annotations

import pytest
from conftest import Chat, Worker, start
from staff import MoodyArchive, founder, member, operator
from twisted.internet.task import Clock

from chatsvc.core.membership import Membership
from chatsvc.model.records import Member


@pytest.fixture
def late() -> tuple[Membership, MoodyArchive, Worker]:
    """Return a membership whose archive stores something when the test says so."""
    archive, clock, worker = MoodyArchive(), Clock(), Worker()
    archive.worker = worker
    return Membership(archive, Now(clock), start), archive, worker


class Now:
    """A clock that calls everything at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def seconds(self) -> float:
        return float(self._clock.seconds())

    def callLater(self, delay: float, call: object) -> None:
        assert callable(call)
        call()


def kept(archive: MoodyArchive, room: str = "#tea") -> dict[str, str]:
    """Return the roles in a room that are on the disk, by account."""
    return {one.account: one.role for one in archive.records(Member) if one.room == room}


def test_of_a_room_that_is_forgotten_nothing_is_remembered(chat: Chat) -> None:
    bob = member(chat, "bob")
    bob.send("/join #tea", "/leave #tea", "/logout", "/join #ale", "/leave #ale")
    assert set(chat.hub.membership._rooms) == {"#lobby"}


def test_an_invitation_does_not_undo_a_role_given_at_once() -> None:
    archive = MoodyArchive()
    chat = Chat(archive)
    op, bob = operator(chat), member(chat, "bob")
    ann = founder(chat, "ann", op)
    ann.send("/set invite-only on")
    chat.clock.advance(1)
    archive.worker = Worker()
    ann.send("/invite bob")
    op.send("/op bob")
    archive.worker.work()
    account = chat.hub.directory.users["bob"].account
    assert bob.read()[-1] == "* op made bob a moderator of #tea."
    assert account is not None
    assert chat.hub.directory.rooms["#tea"].roster[account.id].role == "moderator"
    chat.clock.advance(1)
    archive.worker.work()
    assert kept(archive)[account.id] == "moderator"


def test_an_invitation_that_cannot_be_kept_is_none() -> None:
    archive = MoodyArchive()
    chat = Chat(archive)
    ann, bob = founder(chat, "ann"), member(chat, "bob")
    ann.send("/set invite-only on")
    archive.fails = True
    assert "The disk is full." in ann.send("/invite bob")[0]
    archive.fails = False
    assert "is invite-only" in bob.send("/join #tea")[0]


def test_what_could_not_be_saved_does_not_come_back_over_what_was_saved_since(
    late: tuple[Membership, MoodyArchive, Worker],
) -> None:
    roster, archive, worker = late
    roster.note(Member("#tea", "ann", "moderator"))
    roster.note(Member("#tea", "ann", "founder"))
    archive.fails = True
    worker.step()
    archive.fails = False
    worker.work()
    start(roster.save())
    worker.work()
    assert kept(archive) == {"ann": "founder"}


def test_who_was_forgotten_and_could_not_be_is_forgotten_with_the_next(
    late: tuple[Membership, MoodyArchive, Worker],
) -> None:
    roster, archive, worker = late
    roster.note(Member("#tea", "ann"))
    worker.work()
    archive.fails = True
    roster.forget(Member("#tea", "ann"))
    worker.work()
    archive.fails = False
    roster.note(Member("#ale", "bob"))
    worker.work()
    assert kept(archive) == {}


def test_who_comes_back_while_they_are_being_forgotten_is_not(
    late: tuple[Membership, MoodyArchive, Worker],
) -> None:
    roster, archive, worker = late
    roster.forget(Member("#tea", "ann"))
    roster.note(Member("#tea", "ann"))
    worker.work()
    assert kept(archive) == {"ann": "member"}
