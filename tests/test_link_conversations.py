"""What people at another node read is what they would read at the node that leads."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from itertools import count

import pytest
from conftest import Chat, Person
from links import Nodes

SEEDS = 60
ROOMS = ("#lobby", "#tea", "#été")
WORDS = ("hello", "Grüße 🙂", "a" * 300, ":x", "/me", "1")

Chance = random.Random


def _text(chance: Chance, name: str) -> str:
    words, room = chance.choice(WORDS), chance.choice(ROOMS)
    lines = [
        words, words, f"/join {room}", f"/history {room}", f"/msg p1 {words}", "/who", "/rooms",
        f"/topic {words}", "/nonsense", "/help", f"/nick {name}x", "/leave",
    ]  # fmt: skip
    return chance.choice(lines)


def _json(chance: Chance, name: str) -> str:
    words, room = chance.choice(WORDS), chance.choice(ROOMS)
    requests = [
        {"do": "say", "text": words, "tag": "t"}, {"do": "join", "room": room}, {"do": "rooms"},
        {"do": "history", "room": room}, {"do": "msg", "to": "p2", "text": words}, {"no": 1},
    ]  # fmt: skip
    return json.dumps(chance.choice(requests))


def _irc(chance: Chance, name: str) -> str:
    words, room = chance.choice(WORDS), chance.choice(ROOMS)
    lines = [
        f"PRIVMSG {room} :{words}", f"JOIN {room}", f"NAMES {room}", f"WHO {room}", "LIST",
        "PING x", f"PRIVMSG p0 :{words}", f"PART {room}", "NONSENSE", f"TOPIC {room} :{words}",
        "LUSERS",
    ]  # fmt: skip
    return chance.choice(lines)


DIALECTS: tuple[tuple[Callable[[Chance, str], str], str], ...] = (
    (_text, "{name}"),
    (_json, '{{"do":"hello","version":1,"name":"{name}"}}\n{{"do":"join","room":"#lobby"}}'),
    (_irc, "CAP REQ :server-time message-tags\nNICK {name}\nUSER u 0 * :U\nCAP END\nJOIN #lobby"),
)


def _script(seed: int) -> list[tuple[int, bytes]]:
    """Return who sends what; everybody begins with a name."""
    chance = Chance(seed)
    kinds = [chance.choice(DIALECTS) for _ in range(4)]
    script = [(who, kind[1].format(name=f"p{who}")) for who, kind in enumerate(kinds)]
    for _ in range(40):
        who = chance.randrange(len(kinds))
        lines = [kinds[who][0](chance, f"p{who}") for _ in range(chance.randint(1, 3))]
        script.append((who, "\n".join(lines)))
    return [(who, lines.encode() + b"\n") for who, lines in script]


def _directly(script: list[tuple[int, bytes]]) -> list[bytes]:
    chat = Chat()
    people = [chat.connect(f"192.0.2.{who}") for who in range(4)]
    for who, data in script:
        people[who].protocol.dataReceived(data)
        chat.clock.advance(0)
    return [_read(person) for person in people]


def _read(person: Person) -> bytes:
    data: bytes = person.transport.value()
    return data


@pytest.mark.parametrize("seed", range(SEEDS))
def test_bytes_are_the_same_over_a_link(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    marks = count()
    monkeypatch.setattr("secrets.token_urlsafe", lambda size: f"client{next(marks) % 4}")
    script = _script(seed)
    nodes = Nodes(seed=seed)
    people = [nodes.connect(f"192.0.2.{who}") for who in range(4)]
    for who, data in script:
        cut = nodes.chance.randrange(len(data))
        for piece in filter(None, (data[:cut], data[cut:])):
            people[who].protocol.dataReceived(piece)
            for _ in range(nodes.chance.choice([0, 1, 5, 100])):
                nodes.turn()
                nodes.carry_some()
        nodes.carry()  # otherwise somebody else may have their turn before this is done
    through_link = [_read(person) for person in people]
    assert through_link == _directly(script)
    assert sum(map(len, through_link)) > 5000
