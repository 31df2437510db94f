"""Whatever happens, a room has at most one host, and nobody gains rights in an old room."""

from __future__ import annotations

import pytest
from conftest import Chat, Person
from hypothesis import given, settings
from hypothesis import strategies as st
from staff import SECRET, operator, restarted

from chatsvc.core.chat import Room
from chatsvc.core.temporary_roles import RETURN
from chatsvc.policy.permissions import RANKS

NAMES = ("ann", "bob", "eve")
WAYS = (
    "join", "join", "join", "leave", "say", "op", "deop", "transfer", "kick", "register", "lose",
    "quit", "set", "ban", "unban", "assign", "wait", "wait longer", "restart",
)  # fmt: skip
APPOINTING = {"op", "transfer", "assign"}  # what gives somebody else a role

BEGINNING = [("join", "ann", ""), ("join", "bob", ""), ("op", "ann", "bob"), ("say", "ann", "")]
STEPS = st.lists(
    st.tuples(st.sampled_from(WAYS), *[st.sampled_from(NAMES)] * 2), min_size=30, max_size=40
)


class Play:
    """A chat in which three people, and an operator, do something in #tea."""

    def __init__(self) -> None:
        self.chat = Chat()
        self.people: dict[str, Person] = {}
        self.accounts: set[str] = set()
        self.lost: dict[str, tuple[int, float]] = {}  # the rank, and when it was lost
        self.operator = self._operator()

    def _operator(self) -> Person:
        return operator(self.chat, "op")

    @property
    def room(self) -> Room | None:
        return self.chat.hub.directory.rooms.get("#tea")

    @property
    def now(self) -> float:
        return self.chat.clock.seconds()

    def ranks(self) -> dict[str, int]:
        """Return the ranks of the users in the room, by name; operators have no other ones."""
        room = self.room
        users = room.people if room is not None else ()
        return {user.name: RANKS[room.role(user)] for user in users if room is not None}

    def person(self, name: str) -> Person:
        """Return a user, who comes online with the same client as before."""
        if name not in self.people or self.people[name].closed:
            hello = {"account_password": SECRET} if name in self.accounts else {}
            self.people[name] = self.chat.program(name, client=f"secret-of-{name}", **hello)
        return self.people[name]

    def do(self, way: str, name: str, other: str) -> None:
        if way == "wait":
            self.chat.clock.advance(RETURN / 2)
        elif way == "wait longer":
            self.chat.clock.advance(40 * 86400.0)
        elif way == "restart":
            self._restart()
        elif way == "assign":
            self.operator.send("/join #tea", f"/found {other}", "/leave #tea")
        elif way == "lose":
            if name in self.ranks():
                self.lost[name] = self.ranks()[name], self.now
            self.person(name).hang_up()
            del self.people[name]
        else:
            self._ask(way, self.person(name), other)

    def _ask(self, way: str, person: Person, other: str) -> None:
        fields = {
            "register": {"password": SECRET},
            "set": {"rule": "slow", "value": "1s", "room": "#tea"},
            "say": {"text": "tea", "room": "#tea"},
            "ban": {"who": other, "room": "#tea"},
            "unban": {"who": other, "room": "#tea"},
            "quit": {},
            "join": {"room": "#tea"},
            "leave": {"room": "#tea"},
        }.get(way, {"name": other, "room": "#tea"})
        answers = person.ask(do=way, **fields)
        if any(answer["event"] == "you" for answer in answers):
            self.accounts.add(answers[-1]["name"])

    def _restart(self) -> None:
        self.chat = restarted(self.chat)
        self.people, self.lost = {}, {}
        self.operator = self.chat.connect()
        self.operator.send("op", SECRET)


def check_at_most_one_in_charge(play: Play) -> None:
    for room in play.chat.hub.directory.rooms.values():
        founders = [one for one in room.roster.values() if one.role == "founder"]
        host = room.temporary.host
        assert len(founders) + (host is not None) <= 1
        assert host is None or (host in room.people and room.key != "#lobby")
        assert room.temporary.moderators <= room.people.keys()
        assert room.temporary.voices <= room.people.keys()


def check_nobody_gained(play: Play, way: str, before: dict[str, int], old: bool) -> None:
    """Check that everybody with more rights than before was appointed, or had them."""
    moderator = RANKS["moderator"]
    for name, rank in play.ranks().items():
        if rank < moderator or rank <= before.get(name, 0) or way in APPOINTING:
            continue
        if way == "register" or before.get(name, 0) >= moderator:  # a host, or who succeeds one
            assert before[name] >= moderator
        elif old:
            had, since = play.lost.get(name, (0, 0.0))
            account = play.chat.hub.accounts.find(name)
            stored = account and play.chat.hub.membership.get("#tea", account.id)
            assert (had >= moderator and play.now - since < RETURN) or (
                stored and RANKS[stored.role] >= moderator
            )


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(STEPS)
def test_nobody_gains_rights_in_an_old_room(steps: list[tuple[str, str, str]]) -> None:
    play = Play()
    for way, name, other in BEGINNING + steps:
        room, before = play.room, play.ranks()
        old = room is not None and not room.forgotten
        play.do(way, name, other)
        check_at_most_one_in_charge(play)
        check_nobody_gained(play, way, before, old)
        if room is not None and not room.members and not room.founded:
            play.chat.clock.advance(RETURN)
            assert not room.rules.hosted
