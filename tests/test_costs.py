"""What input and requests cost, who pays, and that nobody else waits for it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from conftest import Chat, Person
from hypothesis import given
from hypothesis import strategies as st
from ircpeople import irc
from keeper import line
from staff import SECRET, member

from chatsvc.commands.registry import TABLE
from chatsvc.model.costs import COSTS, OTHER, Budget, Purse, Purses
from chatsvc.model.mentions import Searched
from chatsvc.model.rate_limits import UNLIMITED, Limits, Rate

DEFAULT = replace(UNLIMITED, flood=Limits().flood, work=Limits().work)
NO_BURST = replace(UNLIMITED, flood=Rate(8, 2.0), work=Rate(1, 0.1))


def test_every_row_of_the_table_is_a_command() -> None:
    assert set(COSTS) <= set(TABLE)


# Budgets


def test_a_budget_grows_up_to_its_burst() -> None:
    budget = Budget(Rate(100, 10.0))
    assert budget.take(0, 60) == 0
    assert budget.take(0, 60) == 20
    assert budget.left(3) == 30
    assert budget.left(1000) == 100


def test_a_debt_is_paid_by_time() -> None:
    budget = Budget(Rate(100, 10.0))
    budget.owe(150)
    assert budget.left(0) == -50
    assert budget.take(1, 30) == 30
    assert budget.left(5) == 0


def test_a_clock_set_back_takes_nothing_away() -> None:
    budget = Budget(Rate(100, 10.0))
    budget.owe(50)
    assert budget.left(1000) == 50
    assert budget.left(1) == 50
    assert budget.left(2) == 60


def purses(count: int, own: Rate, shared: Rate) -> list[Purse]:
    budget = Budget(shared)
    return [Purse(Budget(own), budget) for _ in range(count)]


def test_a_purse_pays_from_its_own_budget_first() -> None:
    ann, bob = purses(2, Rate(100, 10.0), Rate(1000, 100.0))
    assert ann.pay(0, 100) == 0
    assert ann.pay(0, 1000) == 0  # of the address
    assert bob.pay(0, 100) == 0
    assert bob.pay(0, 50) == 0.5  # while the address had it, and bob did not
    assert ann.pay(0, 1) == 0.05


def test_whatever_the_others_of_an_address_spend_each_connection_has_its_own() -> None:
    greedy, ann = purses(2, Rate(100, 10.0), Rate(1000, 100.0))
    for now in range(100):
        greedy.pay(now, 10_000)
        assert ann.pay(now, 10) == 0


def test_who_is_in_debt_goes_on_when_the_address_can_pay() -> None:
    ann, _ = purses(2, Rate(100, 10.0), Rate(1000, 100.0))
    assert ann.pay(0, 1300) == 2  # seconds, where its own budget would need 20
    assert ann.pay(1, 0) == pytest.approx(0.9)  # both have grown
    assert ann.pay(1.9, 0) == pytest.approx(0.05, abs=0.06)
    assert ann.pay(2.5, 0) == 0


SPENDING = st.lists(
    st.tuples(st.integers(0, 3), st.floats(0, 5), st.floats(0, 5000)), min_size=1, max_size=60
)


@given(SPENDING)
def test_all_of_an_address_together_get_no_more_than_there_is(
    steps: list[tuple[int, float, float]],
) -> None:
    own, shared = Rate(100, 10.0), Rate(1000, 100.0)
    four = purses(4, own, shared)
    ready, spent, largest, now = [0.0] * 4, 0.0, 0.0, 0.0
    for who, pause, cost in steps:
        now += pause
        if ready[who] and (wait := four[who].pay(now, 0)):
            ready[who] = now + wait
            continue
        wait = four[who].pay(now, cost)
        ready[who] = now + wait if wait else 0.0
        spent, largest = spent + cost, max(largest, cost)
    most = 4 * (100 + 10 * now) + 1000 + 100 * now + 4 * largest  # each may overdraw once
    assert spent <= most + 1e-6


def test_a_household_shares_a_budget_and_others_do_not() -> None:
    purses = Purses(Rate(1, 1.0))
    one, same = purses.purse("2001:db8::1"), purses.purse("2001:db8::2")
    other = purses.purse("192.0.2.1")
    assert one is not None
    assert same is not None
    assert other is not None
    assert one.pay(0, 11_000) == 0  # all of its own, and of the address
    assert same.pay(0, 1500) > 0
    assert other.pay(0, 1500) == 0
    assert Purses(None).purse("192.0.2.1") is None


# Floods

NAMED = b'{"do":"hello","name":"eve"}\n'
ANN = b"NICK eve\r\nUSER u 0 * :r\r\n"
FLOODS = {
    "ping": (NAMED, b'{"do":"ping"}\n' * 4000),
    "ping without a name": (b"", b'{"do":"ping"}\n' * 4000),
    "join": (NAMED, b'{"do":"join","room":"#lobby","after":0}\n' * 1600),
    "signal": (NAMED, b'{"do":"signal","name":"bob","signs":{"typing":"active"}}\n' * 1000),
    "half commands": (b"eve\r\n", b"\xff\n" * 4000),
    "SCRAM": (
        b'{"do":"ping"}\n',
        b'{"do":"prove","mechanism":"SCRAM-SHA-256","data":"n,,n=ann,r=fyko"}\n' * 800,
    ),
    "help without a name": (b'{"do":"ping"}\n', b'{"do":"help"}\n' * 2000),
    "text help without a name": (b"", b"/help\r\n" * 4000),
    "IRC help": (ANN, b"HELP PRIVMSG\r\n" * 4000),
    "IRC version": (ANN, b"VERSION\r\n" * 4000),
    "IRC ping": (ANN, b"PING x\r\n" * 4000),
    "IRC capabilities": (b"CAP LS\r\n", b"CAP LS 302\r\n" * 4000),
    "IRC services": (ANN, b"NS HELP\r\n" * 4000),
    "IRC bytes that are not UTF-8": (ANN, b"\xff\r\n" * 4000),
    "IRC lines that are too long": (ANN, (b"PRIVMSG #lobby :" + b"x" * 600 + b"\r\n") * 400),
    "keys that erase": (b"eve\r\n", b"\xc3\xa9\x08" * 24_000),
    "keys without a line": (b"", b"\x15" * 60_000),
    "IRC tags": (ANN, (b"@" + b"a=\\\\;" * 800 + b" PING x\r\n") * 64),
    "IRC requests": (ANN, b"NAMES #a,#b,#c,#d,#e,#f,#g,#h,#i,#j\r\n" * 1000),
    "subnegotiation": (b"eve\r\n", b"\xff\xfa" + b"\x01" * 65536),
    "timing marks": (b"eve\r\n", b"\xff\xfd\x06" * 20000),
    "subnegotiation without a name": (b"", b"\xff\xfa" + b"\x01" * 65536),
    "empty lines": (b"eve\r\n", b"\r\n" * 20000),
    "carriage returns": (b"eve\r\n", (b"\r" * 16000 + b"\n") * 16),
}


@pytest.mark.parametrize("kind", FLOODS)
def test_a_flood_of_anything_is_taken_in_small_turns_and_then_slowly(kind: str) -> None:
    chat = Chat(limits=NO_BURST)
    bob, eve = chat.program("bob"), chat.connect()
    hello, flood = FLOODS[kind]
    eve.protocol.dataReceived(hello)
    chat.clock.pump([0.1] * 20)
    eve.protocol.dataReceived(flood)
    turns = 0
    while not eve.protocol._reasons & 32:  # it is in debt
        assert eve.protocol.paused
        turns += 1
        assert turns < 50
        chat.clock.advance(0)
    for _ in range(8):
        assert bob.ask(do="ping", tag="x") == [{"event": "pong", "tag": "x"}]
        chat.clock.advance(0.1)
    assert eve.protocol.paused
    assert not eve.closed


@pytest.mark.parametrize("limits", [UNLIMITED, DEFAULT], ids=["unlimited", "default"])
def test_one_read_is_no_more_than_a_turn(limits: Limits) -> None:
    chat = Chat(limits=limits)
    eve = chat.join("eve")
    eve.protocol.dataReceived(b"\xff\xfa" + b"\x01" * 65533)
    eve.protocol.dataReceived(b"\xff\xf0hello\r\n")
    assert eve.protocol.paused
    assert len(eve.protocol._unread) > 50_000
    for _ in range(20):
        chat.clock.advance(0.1)
    assert not eve.protocol.paused
    assert chat.hub.directory.rooms["#lobby"].last == 1  # nothing was lost


def test_what_is_delayed_is_not_lost() -> None:
    chat = Chat(limits=NO_BURST)
    eve = chat.program("eve")
    eve.protocol.dataReceived(b"".join(b'{"do":"ping","tag":"%d"}\n' % n for n in range(3000)))
    answers = eve.events()
    assert len(answers) < 1500
    while eve.protocol.paused:
        chat.clock.advance(1)
        answers += eve.events()
    assert [event["tag"] for event in answers] == [f"{n}" for n in range(3000)]
    assert [call for call in chat.clock.getDelayedCalls() if call.active()] == []


def test_what_was_sent_before_the_connection_broke_costs_the_same() -> None:
    chat = Chat(limits=NO_BURST)
    eve = chat.program("eve")
    eve.protocol.dataReceived(b'{"do":"nosuchthing"}\n' * 2000)
    eve.protocol.dataReceived(b'{"do":"search","query":"x"}\n' * 2000)
    eve.hang_up()
    assert not chat.hub.directory.users
    assert [call for call in chat.clock.getDelayedCalls() if call.active()] == []


def test_telnet_bytes_that_waited_are_still_read_when_the_connection_breaks() -> None:
    chat = Chat()
    eve, bob = chat.join("eve"), chat.join("bob")
    bob.read()
    eve.protocol.dataReceived(b"\xff\xfd\x06" * 5000 + b"before\xff\xf1 it broke\r\n" + b"half")
    eve.hang_up()
    assert [line.partition("> ")[2] for line in bob.read() if "<eve>" in line] == [
        "before it broke"
    ]
    ann = chat.join("ann")
    ann.protocol.dataReceived(b"x" * 3000 + b"\r\n" + b"y" * 6000 + b"\r\n" + b"last\r\n")
    ann.hang_up()
    assert [line[-4:] for line in bob.read() if "<ann>" in line] == ["xxxx", "last"]


# What people and their clients do


def test_asking_leaves_the_allowance_for_talking_alone() -> None:
    chat = Chat(limits=DEFAULT)
    ann, bob = chat.program("ann"), chat.program("bob")
    for person in (ann, bob):
        person.ask(do="join", room="#tea")
    for _ in range(6):
        for request in (
            {"do": "history", "room": "#tea"},
            {"do": "who", "room": "#tea"},
            {"do": "mark", "room": "#tea", "number": 0},
            {"do": "signal", "room": "#tea", "signs": {"typing": "active"}},
            {"do": "search", "query": "x"},
            {"do": "recent", "after": "2026-11-20T14:02:00Z", "before": "2026-11-21T14:02:00Z"},
            {"do": "rooms"},
            {"do": "help"},
        ):
            assert ann.ask(**request, tag="t")
    bob.read()
    ann.protocol.dataReceived(b'{"do":"say","text":"hello"}\n' * 9)
    assert [event["event"] for event in bob.events()] == ["said"] * 8


@pytest.mark.parametrize("n", [50, 500])
def test_a_full_address_of_clients_that_load_ten_rooms_talks_at_once(n: int) -> None:
    chat = Chat(limits=replace(DEFAULT, per_address=Limits().per_address))
    rooms = [f"#r{number}" for number in range(10)]
    for room in rooms:
        for _ in range(600):
            chat.archive.keep(line("the quick brown fox jumps over the lazy dog", room=room))
    for client in range(Limits().per_address):
        ann = chat.connect()
        ask(ann, do="hello", name=f"ann{client}")
        for room in rooms:
            ask(ann, do="join", room=room, last=0, mentions=True)
            ask(ann, do="history", room=room, n=n)
            ask(ann, do="who", room=room)
            ask(ann, do="mark", room=room, number=500)
            chat.clock.advance(0)
        ask(ann, do="signal", room="#r0", signs={"typing": "active"})
        ask(ann, do="say", room="#r0", text="hello", tag="mine")
        assert b'"tag":"mine"' in ann.transport.value()


def test_who_joins_again_and_again_pays_for_the_search_for_mentions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chat = Chat(limits=DEFAULT)
    member(chat, "eve").hang_up()
    eve = chat.program("eve", account_password=SECRET)
    ask(eve, do="join", room="#tea")  # she founds it, so leaving does not forget her marker
    for _ in range(1000):
        chat.archive.keep(line("x" * 4000, room="#tea"))
    chat.hub.directory.rooms["#tea"].last = 1000
    searched, search = list[int](), chat.archive.mentions

    async def noted(room: str, name: str, after: int, limit: int) -> Searched:
        page = await search(room, name, after, limit)
        searched.append(page.size)
        return page

    monkeypatch.setattr(chat.archive, "mentions", noted)
    ask(eve, do="mark", room="#tea", number=1)
    ask(eve, do="leave", room="#tea")
    for _ in range(50):
        ask(eve, do="join", room="#tea", last=0, mentions=True)
        ask(eve, do="leave", room="#tea")
        for _ in range(30):
            chat.clock.advance(0)
    assert 1000 * 4000 < sum(searched) < 4 * 1000 * 4000


def ask(person: Person, **request: object) -> None:
    """Send a request and leave the answers unread."""
    person.protocol.dataReceived(json.dumps(request).encode() + b"\n")


def test_lookups_are_no_lines_and_messages_are() -> None:
    reads = {name for name, row in TABLE.items() if row.reads}
    assert not [name for name in reads if COSTS.get(name, OTHER).line]
    assert all(COSTS[name].line for name in ("say", "me", "msg", "mods", "reply"))


LOOKUPS = {
    "text": ("/topic", "/set", "/ignore", "/certificate"),
    "JSON": (
        '{"do":"topic"}',
        '{"do":"topic","room":"#tea","text":null}',
        '{"do":"set","room":"#tea"}',
        '{"do":"ignore"}',
    ),
    "IRC": ("TOPIC #tea", "MODE #tea", "MODE #tea b", "MODE #tea e", "MODE ann", "MODE ann +i-i"),
}
CHANGES = {
    "text": "/topic tea at {}",
    "JSON": '{{"do":"topic","room":"#tea","text":"tea at {}"}}',
    "IRC": "TOPIC #tea :tea at {}",
}
CHATS = {
    "text": ("/join #tea", "{}"),
    "JSON": ('{"do":"join","room":"#tea"}', '{{"do":"say","text":"{}"}}'),
    "IRC": ("JOIN #tea", "PRIVMSG #tea :{}"),
}


def founder(chat: Chat, dialect: str) -> Person:
    """Return ann, who has founded #tea, with all that `--flood` allows."""
    member(chat, "ann").hang_up()
    if dialect == "IRC":
        ann = chat.connect()
        ann.send(f"PASS {SECRET}", "NICK ann", "USER ann 0 * :ann")
    elif dialect == "JSON":
        ann = chat.program("ann", account_password=SECRET)
    else:
        ann = chat.join("ann")
        ann.send(SECRET)
    ann.send(CHATS[dialect][0])
    return ann


def watching(chat: Chat) -> Person:
    bob = chat.program("bob")
    bob.ask(do="join", room="#tea")
    return bob


def shown(bob: Person, event: str) -> int:
    return sum(each["event"] == event for each in bob.events())


@pytest.mark.parametrize("dialect", LOOKUPS)
def test_a_command_that_only_looks_something_up_is_no_line(dialect: str) -> None:
    chat = Chat(limits=DEFAULT)
    ann, bob = founder(chat, dialect), watching(chat)
    for lookup in LOOKUPS[dialect] * 5:
        assert ann.send(lookup), lookup
    bob.read()
    ann.send(*[CHATS[dialect][1].format("hello")] * 10)
    assert shown(bob, "said") == 8


@pytest.mark.parametrize("dialect", CHANGES)
def test_the_same_command_is_a_line_when_it_changes_something(dialect: str) -> None:
    chat = Chat(limits=DEFAULT)
    ann, bob = founder(chat, dialect), watching(chat)
    bob.read()
    ann.send(*[CHANGES[dialect].format(n) for n in range(10)])
    assert shown(bob, "topic") == 8
    chat.clock.advance(0.5)
    assert shown(bob, "topic") == 1


def test_talking_too_fast_is_paced_as_ever() -> None:
    chat = Chat(limits=DEFAULT)
    ann, bob = chat.program("ann"), chat.program("bob")
    for person in (ann, bob):
        person.ask(do="join", room="#tea")
    bob.read()
    ann.protocol.dataReceived(b'{"do":"say","text":"hello"}\n' * 20)
    assert len(bob.events()) == 8
    chat.clock.advance(0.5)
    assert len(bob.events()) == 1


def test_coming_back_into_50_rooms_takes_no_time() -> None:
    chat = Chat(limits=DEFAULT)
    bot = chat.program("bot")
    for n in range(50):
        bot.protocol.dataReceived(b'{"do":"join","room":"#r%d","after":0}\n' % n)
        chat.clock.advance(0)
    assert [event["event"] for event in bot.events()] == ["entered"] * 50
    assert not bot.protocol.paused


def test_an_irc_client_that_joins_50_channels_and_asks_about_each_does_not_wait() -> None:
    chat = Chat(limits=DEFAULT)
    ann = irc(chat, "ann", "batch", "draft/chathistory")
    names = [f"#c{n}" for n in range(50)]
    for start in range(0, 50, 10):
        ann.send(f"JOIN {','.join(names[start : start + 10])}")
        chat.clock.advance(0)
    asked = ("MODE {}", "MODE {} b", "WHO {}", "NAMES {}", "CHATHISTORY LATEST {} * 100")
    for name in names:
        for each in asked:
            ann.send(each.format(name))
            chat.clock.advance(0)
        assert not ann.protocol.paused


def test_the_terminal_client_pages_and_searches_as_one_types_without_waiting() -> None:
    chat = Chat(limits=DEFAULT)
    ann = chat.program("ann")
    ann.ask(do="join", room="#tea")
    for n in range(60):
        assert ann.ask(do="search", query="x" * (1 + n % 9), tag=f"s{n}")
        assert ann.ask(do="history", room="#tea", n=200, tag=f"h{n}")
        chat.clock.advance(0.1)


def test_people_behind_one_proxy_do_not_wait_for_each_other() -> None:
    chat = Chat(limits=DEFAULT)
    flooders = [chat.connect("127.0.0.1") for _ in range(16)]
    for n, flooder in enumerate(flooders):
        flooder.protocol.dataReceived(b'{"do":"hello","name":"eve%d"}\n' % n)
        flooder.protocol.dataReceived(b'{"do":"help"}\n' * 3000)
    chat.clock.pump([0.01] * 500)
    assert all(flooder.protocol.paused for flooder in flooders)
    for n in range(20):
        ann = chat.connect("127.0.0.1")
        assert answered(ann, do="hello", name=f"ann{n}")
        assert answered(ann, do="join", room="#tea")
        assert answered(ann, do="who", room="#tea")
        assert answered(ann, do="history", room="#tea")


def answered(person: Person, **request: object) -> bool:
    person.protocol.dataReceived(json.dumps({**request, "tag": "t"}).encode() + b"\n")
    return any(event.get("tag") == "t" for event in person.events())
