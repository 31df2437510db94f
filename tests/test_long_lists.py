"""Long lists: sent completely, as their reader takes them; a reader who takes nothing costs little.

The chat has 5,000 users in a room and 5,000 rooms, whose texts have the maximum length.
"""

from __future__ import annotations

import gc
import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from conftest import Chat, Person, start
from ircpeople import irc
from staff import guest, operator
from test_portions import taken

from chatsvc.core.chat import Session, User
from chatsvc.model.moderation_events import Banned
from chatsvc.model.presence_events import Gone
from chatsvc.model.records import Act, Ban, Report
from chatsvc.model.room_events import Topic
from chatsvc.services.whowas import trace_of

MANY = 5000
LARGEST = 256 * 1024  # bytes
WORDS = "\N{HOT BEVERAGE}\ufe0f" * 200


class Unread:
    """A connection whose output is discarded."""

    address, fingerprint, node, secure, full = "", "", "", False, True


def name(number: int) -> str:
    return f"p{number:04}"


def fill(chat: Chat) -> None:
    """Let users join #big, and create rooms."""
    big = chat.hub.rooms.room("#big")
    for number in range(MANY):
        user, session = User(name(number), 0.0, None), Session(Unread(), 0.0)  # type: ignore[arg-type]
        user.realname = WORDS
        session.client = f"client {number}"
        chat.hub.directory.sessions.add(session)
        chat.hub.sessions.seat(session, user)
        big.people[user], big.members[session], session.rooms["#big"] = 1, 0, big
        room = chat.hub.rooms.room(f"#r{number:04}")
        room.topic = Topic(room.name, WORDS, "ann", 0.0)


def judge(chat: Chat) -> None:
    """Fill the lists that only operators read."""
    bans, acts = chat.hub.bans, chat.archive
    for number in range(500):
        act = Act(f"act-{number:03}", number, "op", f"kicked {number} {WORDS}", "")
        ban = Ban(f"b{number}", "", ("name=nobody",), f"name=x{number}", by="op", reason=WORDS)
        start(bans.add(replace(ban, time=float(number)), act))
        start(acts.put(Report(number + 1, 0.0, "ann", "bob", "", WORDS)))
    chat.hub.reports.open()


@pytest.fixture(scope="module")
def crowd() -> Chat:
    chat = Chat()
    operator(chat, "op").hang_up()
    fill(chat)
    judge(chat)
    gc.freeze()  # or each measurement visits all of it twice
    return chat


class Slow:
    """A user who requests a list and reads nothing for a while, whose cost is measured."""

    def __init__(self, chat: Chat, person: Person) -> None:
        self._chat, self._person = chat, person

    def ask(self, request: str) -> list[str]:
        """Return everything that is read in the end; meanwhile, check that little is in memory."""
        person = self._person
        taken(self._chat, person)
        person.stop_reading_after_this()
        gc.collect()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        person.protocol.dataReceived(request.encode() + b"\n")
        for _ in range(5):
            self._chat.clock.advance(0)
        gc.collect()
        held = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        assert 0 < len(person.transport.value()) < held < LARGEST
        return taken(self._chat, person)


@pytest.fixture(params=["text", "irc", "labels", "json"])
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def reader(crowd: Chat, dialect: str) -> Iterator[Person]:
    """Return an operator, who can read all lists."""
    asks = "batch", "labeled-response", "message-tags"
    if dialect == "json":
        person = crowd.program("reader")
    elif dialect == "text":
        person = guest(crowd, "reader")
    else:
        person = irc(crowd, "reader", *(asks if dialect == "labels" else ()))
    user = crowd.hub.directory.users["reader"]
    account = crowd.hub.accounts.find("op")
    assert account is not None
    user.account = account
    yield person
    user.account = None
    person.hang_up()


# The request in each dialect, and the number of entries in the answer.
LISTS: dict[str, dict[str, tuple[str, int]]] = {
    "text": {
        "people": ("/who #big", 100),
        "rooms": ("/rooms", 100),
        "bans": ("/bans", 500),
        "acts": ("/audit 500", 500),
        "reports": ("/reports", 100),
    },
    "irc": {
        "NAMES": ("NAMES #big", MANY),
        "WHO": ("WHO #big", MANY),
        "WHO p*": ("WHO p*", MANY),
        "LIST": ("LIST", MANY),
        "BANS": ("BANS", 500),
        "AUDIT": ("AUDIT 500", 500),
        "REPORTS": ("REPORTS", 100),
    },
    "json": {
        "people": ('{"do":"who","room":"#big","n":5000}', MANY),
        "who": ('{"do":"who","room":"#big"}', 500),
        "found": ('{"do":"find","names":"p*","n":5000}', MANY),
        "rooms": ('{"do":"rooms","n":5001}', MANY),
        "bans": ('{"do":"bans"}', 500),
        "acts": ('{"do":"audit","n":500}', 500),
        "reports": ('{"do":"reports"}', 100),
    },
}
LISTS["labels"] = {
    what: (f"@label=L {request}", count) for what, (request, count) in LISTS["irc"].items()
}
CASES = [
    pytest.param(dialect, what, id=f"{dialect}-{what}")
    for dialect in LISTS
    for what in LISTS[dialect]
]


@pytest.mark.parametrize(("dialect", "what"), CASES)
def test_who_does_not_read_a_long_list_costs_little_and_reads_all_of_it_later(
    crowd: Chat, reader: Person, dialect: str, what: str
) -> None:
    request, number = LISTS[dialect][what]
    lines = Slow(crowd, reader).ask(request)
    assert counted(dialect, what, lines) == number
    if dialect == "labels":
        batch = lines[0].partition("BATCH +")[2].split()[0]
        assert lines[0].startswith("@label=L ")
        assert lines[-1].endswith(f"BATCH -{batch}")
        assert all(line.startswith(f"@batch={batch} ") for line in lines[1:-1])
    assert not reader.protocol.paused


def counted(dialect: str, what: str, lines: list[str]) -> int:
    """Return the number of different entries in a complete answer."""
    if dialect == "json":
        (event,) = map(json.loads, lines)
        entries = event[{"who": "people", "found": "people"}.get(what, what)]
        return len({json.dumps(entry) for entry in entries if entry.get("room") != "#big"})
    if dialect == "text":
        return len(set(lines)) - {"people": 2, "rooms": 1, "reports": 2}.get(what, 0)
    return len(set(IRC[what](lines)))


def numeric(number: str, word: int) -> Any:
    def words(lines: list[str]) -> list[str]:
        plain = [line.partition(" :")[2] if line[:1] == "@" else line[1:] for line in lines]
        return [line.split()[word] for line in plain if f" {number} " in line[:20]]

    return words


def in_names(lines: list[str]) -> list[str]:
    return [
        name for line in lines if " 353 " in line for name in line.partition("#big :")[2].split()
    ]


def notices(first: str) -> Any:
    return lambda lines: [line for line in lines if f"NOTICE reader :{first}" in line]


IRC: dict[str, Any] = {
    "NAMES": in_names,
    "WHO": numeric("352", 7),
    "WHO p*": numeric("352", 7),
    "LIST": lambda lines: [room for room in numeric("322", 3)(lines) if room.startswith("#r")],
    "BANS": notices("name=x"),
    "AUDIT": notices("["),
    "REPORTS": notices("Report "),
}


# Events while a list is sent


def begun(chat: Chat, person: Person, *requests: str) -> None:
    """Let a user request a list without reading it."""
    taken(chat, person)
    person.stop_reading_after_this()
    person.protocol.dataReceived("".join(f"{each}\n" for each in requests).encode())


def test_what_is_asked_next_is_answered_next(crowd: Chat) -> None:
    bob, eve = crowd.program("bob"), irc(crowd, "eve")
    begun(crowd, bob, '{"do":"who","room":"#big","tag":"1"}', '{"do":"rooms"}', '{"do":"ping"}')
    answers = [json.loads(line)["event"] for line in taken(crowd, bob)]
    assert answers == ["people", "rooms", "pong"]
    begun(crowd, eve, "NAMES #big,#r0001,#big", "PING 1")
    ends = [line.split()[3] for line in taken(crowd, eve) if " 353 " not in line]
    assert ends == ["#big,#r0001,#big", ":1"]
    for person in (bob, eve):
        person.hang_up()


def test_who_leaves_while_the_list_is_told_is_not_in_it(crowd: Chat) -> None:
    bob = crowd.program("bob")
    begun(crowd, bob, '{"do":"who","room":"#big","n":5000}')
    big = crowd.hub.directory.rooms["#big"]
    gone = crowd.hub.directory.users["p4000"]
    del big.people[gone]
    (event,) = map(json.loads, taken(crowd, bob))
    names = [person["name"] for person in event["people"]]
    big.people[gone] = 1
    assert names == [name(number) for number in range(MANY) if number != 4000]
    bob.hang_up()


def test_who_hangs_up_is_told_nothing_more(crowd: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    told, person = count(), crowd.hub.visibility.person

    def counted_person(*asked: Any) -> Any:
        next(told)
        return person(*asked)

    monkeypatch.setattr(crowd.hub.visibility, "person", counted_person)
    bob = crowd.program("bob")
    begun(crowd, bob, '{"do":"who","room":"#big","n":5000}')
    bob.hang_up()
    crowd.clock.advance(0)
    assert 0 < next(told) < 200


def test_whowas_of_a_name_that_many_had_is_whole(crowd: Chat) -> None:
    eve = irc(crowd, "eve")
    user = crowd.hub.directory.users["p0000"]
    for number in range(1000):
        crowd.hub.whowas._gone.appendleft((Gone("old", number, None, WORDS), trace_of(user)))
    lines = Slow(crowd, eve).ask("WHOWAS old")
    assert sum(" 314 " in line for line in lines) == 1000
    assert lines[-1] == ":irc.chatsvc 369 eve old :End of WHOWAS"
    eve.hang_up()


@pytest.mark.parametrize("dialect", ["irc", "json"])
def test_whom_a_ban_has_hit_is_told_as_it_is_read(
    crowd: Chat, reader: Person, dialect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = tuple(f"{name(number)}{'x' * 27}" for number in range(MANY))

    async def ban(*_: object, **asked: object) -> Banned:
        return Banned("p*", "#big", "reader", WORDS, 0.0, None, hit=everybody)

    monkeypatch.setattr(crowd.hub.banning, "ban", ban)
    reader.send("JOIN #big" if dialect == "irc" else '{"do":"join","room":"#big"}')
    request = {"irc": "BAN p*", "json": '{"do":"ban","room":"#big","who":"p*"}'}
    lines = Slow(crowd, reader).ask(request[dialect])
    if dialect == "irc":
        modes = [line for line in lines if " MODE #big +b " in line]
        kicks = [line.split()[3] for line in lines if " KICK #big " in line]
        assert (len(modes), tuple(kicks)) == (1, everybody)
    else:
        assert tuple(json.loads(lines[0])["hit"]) == everybody


@pytest.mark.parametrize("count", [100, 103])
def test_of_the_many_whom_a_ban_would_hit_some_are_named(chat: Chat, count: int) -> None:
    chat.factory.max_clients = 200
    boss = operator(chat, "boss")
    for number in range(count + 1):
        guest(chat, name(number), "192.0.2.7")
    told = boss.send("/howtoban p0000")
    way = next(line for line in told if "ip=192.0.2.7" in line)
    assert way.count("p0") == 100
    assert way.endswith("p0100" if count == 100 else "and 3 others")
