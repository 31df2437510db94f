"""CHATHISTORY, byte by byte, and the history on JOIN for clients without it."""

from __future__ import annotations

import pytest
from conftest import Chat, Person
from ircpeople import irc
from staff import SECRET, MoodyArchive, founder, member, operator, program

from chatsvc.dialects.jsonl import timestamp
from chatsvc.model.message_events import Said
from chatsvc.store.archive import ArchiveFailed

HISTORY = ("draft/chathistory", "batch", "message-tags", "server-time")


@pytest.fixture
def six(chat: Chat) -> Person:
    """Return a client in a room with the lines 1 to 6, said at the seconds 10 to 60."""
    bob = program(chat, "bob", "#Tea")
    for n in range(1, 7):
        chat.clock.advance(10)
        bob.ask(do="say", text=str(n))
    client = irc(chat, "ann", *HISTORY)
    client.send("JOIN #Tea")
    return client


def at(seconds: float) -> str:
    return f"timestamp={timestamp(seconds)}"


def shown(client: Person, command: str) -> list[str]:
    """Return the texts of the lines in the only batch of the answer."""
    begin, *lines, end = client.send(f"CHATHISTORY {command}")
    reference = begin.split()[2][1:]
    assert begin == f":irc.chatsvc BATCH +{reference} chathistory #Tea"
    assert end == f":irc.chatsvc BATCH -{reference}"
    assert all(line.startswith(f"@batch={reference};time=") for line in lines)
    return [line.rpartition(" :")[2] for line in lines]


@pytest.mark.parametrize(
    ("command", "lines"),
    [
        ("LATEST #Tea * 2", "56"),
        ("latest #tea * 500", "123456"),
        ("LATEST #Tea msgid=#Tea-5 2", "6"),
        ("LATEST #Tea msgid=#Tea-2 2", "56"),
        (f"LATEST #Tea {at(40)} 9", "56"),
        (f"LATEST #Tea {at(60)} 9", ""),
        ("BEFORE #Tea msgid=#Tea-4 2", "23"),
        (f"BEFORE #Tea {at(40)} 2", "23"),
        ("BEFORE #Tea msgid=#Tea-1 2", ""),
        ("AFTER #Tea msgid=#Tea-2 2", "34"),
        (f"AFTER #Tea {at(20)} 2", "34"),
        (f"AFTER #Tea {at(19.999)} 2", "23"),
        ("AROUND #Tea msgid=#tea-3 3", "234"),
        (f"AROUND #Tea {at(30)} 3", "234"),
        ("BETWEEN #Tea msgid=#Tea-1 msgid=#Tea-6 2", "23"),
        ("BETWEEN #Tea msgid=#Tea-6 msgid=#Tea-1 2", "45"),
        (f"BETWEEN #Tea {at(10)} {at(60)} 2", "23"),
        (f"BETWEEN #Tea {at(60)} {at(10)} 2", "45"),
        (f"BETWEEN #Tea msgid=#Tea-6 {at(10)} 2", "45"),
        (f"BETWEEN #Tea {at(10)} msgid=#Tea-4 9", "23"),
    ],
)
def test_which_lines_are_given(six: Person, command: str, lines: str) -> None:
    assert shown(six, command) == list(lines)


def test_a_batch_and_the_lines_in_it(six: Person) -> None:
    said = ";time={time};msgid=#Tea-{n} :bob!~bob@people-bob PRIVMSG #Tea :{n}"
    first = six.send("CHATHISTORY LATEST #Tea * 2")
    reference = first[0].split()[2][1:]
    assert first == [
        f":irc.chatsvc BATCH +{reference} chathistory #Tea",
        f"@batch={reference}" + said.format(n=5, time="1970-01-01T00:00:50.000Z"),
        f"@batch={reference}" + said.format(n=6, time="1970-01-01T00:01:00.000Z"),
        f":irc.chatsvc BATCH -{reference}",
    ]
    again = six.send("CHATHISTORY LATEST #Tea * 2")
    assert again[0] != first[0]


def test_clients_without_batches_are_given_plain_lines(chat: Chat, six: Person) -> None:
    eve = irc(chat, "eve", "server-time")
    eve.send("JOIN #Tea")
    assert eve.send("CHATHISTORY LATEST #Tea * 1") == [
        "@time=1970-01-01T00:01:00.000Z :bob!~bob@people-bob PRIVMSG #Tea :6"
    ]
    assert irc(chat, "dan").send("CHATHISTORY TARGETS timestamp=x timestamp=y 5") == [
        ":irc.chatsvc FAIL CHATHISTORY INVALID_PARAMS TARGETS timestamp=x :Invalid timestamp"
    ]


INVALID = ":irc.chatsvc FAIL CHATHISTORY INVALID_PARAMS "
MISSING = f"{INVALID}{{}} :Insufficient parameters"
ONLY = "Use timestamp= or msgid="
NOT_THERE = f"{INVALID}BEFORE #Tea {{}} :No such message there"
NO_TIME = f"{INVALID}{{}} :Invalid timestamp"
NO_LIMIT = f"{INVALID}LATEST {{}} :Invalid limit"


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("", MISSING.format("*")),
        ("LATEST", MISSING.format("LATEST")),
        ("LATEST #Tea * 5 6", f"{INVALID}LATEST :Too many parameters"),
        ("TARGETS #Tea timestamp=x timestamp=y 5", f"{INVALID}TARGETS :Too many parameters"),
        ("LATEST #Tea *", MISSING.format("LATEST")),
        ("BETWEEN #Tea msgid=#Tea-1 5", MISSING.format("BETWEEN")),
        ("TARGETS", MISSING.format("TARGETS")),
        ("FIRST #Tea * 5", f"{INVALID}FIRST :Unknown command"),
        ("FIRST", f"{INVALID}FIRST :Unknown command"),
        ("BEFORE #Tea * 5", f"{INVALID}BEFORE #Tea * :{ONLY}"),
        ("BEFORE #Tea 5 5", f"{INVALID}BEFORE #Tea 5 :{ONLY}"),
        ("BEFORE #Tea id=5 5", ":irc.chatsvc FAIL CHATHISTORY INVALID_MSGREFTYPE"
         f" BEFORE #Tea id=5 :{ONLY}"),
        ("BEFORE #Tea msgid=#pie-5 5", NOT_THERE.format("msgid=#pie-5")),
        ("BEFORE #Tea msgid=#Tea-x 5", NOT_THERE.format("msgid=#Tea-x")),
        ("BEFORE #pie msgid=x 5", ":irc.chatsvc FAIL CHATHISTORY INVALID_TARGET"
         " BEFORE #pie :You are not in that channel"),
        ("BEFORE #Tea timestamp=noon 5", NO_TIME.format("BEFORE timestamp=noon")),
        ("BETWEEN #Tea msgid=#Tea-5 * 5", f"{INVALID}BETWEEN #Tea * :{ONLY}"),
        ("LATEST #Tea * many", NO_LIMIT.format("many")),
        ("LATEST #Tea * 0", NO_LIMIT.format("0")),
        ("LATEST #Tea * -5", NO_LIMIT.format("-5")),
        ("TARGETS * timestamp=2026-11-21T14:02:00.000Z 5", NO_TIME.format("TARGETS *")),
        ("AFTER #Tea timestamp=2026-13-21T14:02:00.000Z 5", ":irc.chatsvc FAIL CHATHISTORY"
         " INVALID_PARAMS AFTER :Not a time. Use the form 2026-11-21T14:02:00.000Z."),
        ("LATEST #pie * 5", ":irc.chatsvc FAIL CHATHISTORY INVALID_TARGET LATEST #pie"
         " :You are not in #pie. To join it: /join #pie"),
        ("LATEST # * 5", ":irc.chatsvc FAIL CHATHISTORY INVALID_TARGET LATEST #"
         " :A room name is # and one word of at most 32 characters, such as #tea."),
        ("LATEST bob * 5", ":irc.chatsvc FAIL CHATHISTORY INVALID_TARGET LATEST bob"
         " :Private messages are stored only between registered users."),
    ],
)  # fmt: skip
def test_what_cannot_be_given(six: Person, command: str, answer: str) -> None:
    assert six.send(f"CHATHISTORY {command}") == [answer]


def test_an_archive_that_cannot_be_read_is_a_message_error() -> None:
    class Broken(MoodyArchive):
        async def read_back(self, room: str, before: int, limit: int) -> list[Said]:
            raise ArchiveFailed("The disk is gone.")

    chat = Chat(Broken())
    ann = irc(chat, "ann", *HISTORY)
    ann.send("JOIN #lobby", "PRIVMSG #lobby :hello")
    assert ann.send("CHATHISTORY LATEST #lobby * 5") == [
        ":irc.chatsvc FAIL CHATHISTORY MESSAGE_ERROR LATEST #lobby :The disk is gone."
    ]


# Private messages


def registered(chat: Chat, nick: str, *capabilities: str) -> Person:
    """Return an IRC client of a new account."""
    client = irc(chat, nick, *capabilities)
    client.send(f"PRIVMSG NickServ :REGISTER {SECRET}")
    return client


def test_a_conversation_is_given_with_both_sides(chat: Chat) -> None:
    ann, bob = registered(chat, "ann", *HISTORY), registered(chat, "bob", *HISTORY)
    chat.clock.advance(5)
    bob.send("PRIVMSG ann :are you there?")
    assert ann.read() == [
        "@time=1970-01-01T00:00:05.000Z;msgid=@ann,bob-1"
        " :bob!~bob@people-bob PRIVMSG ann :are you there?"
    ]
    ann.send("PRIVMSG bob :yes")
    begin, first, second, _ = ann.send("CHATHISTORY LATEST bob * 10")
    reference = begin.split()[2][1:]
    assert begin == f":irc.chatsvc BATCH +{reference} chathistory bob"
    tags = f"@batch={reference};time=1970-01-01T00:00:05.000Z;msgid=@ann,bob-"
    assert first == f"{tags}1 :bob!~bob@people-bob PRIVMSG ann :are you there?"
    assert second == f"{tags}2 :ann!~ann@people-ann PRIVMSG bob :yes"
    assert len(ann.send("CHATHISTORY AFTER bob msgid=@ann,bob-1 10")) == 3
    assert ann.send("CHATHISTORY LATEST * * 10") == [
        ":irc.chatsvc FAIL CHATHISTORY INVALID_TARGET LATEST * :No account is named *."
    ]


def test_a_conversation_is_found_under_the_nickname_of_the_moment(chat: Chat) -> None:
    ann, bob = registered(chat, "ann", *HISTORY), registered(chat, "bob")
    bob.send("PRIVMSG ann :hi", "NICK rob")
    assert len(ann.send("CHATHISTORY LATEST rob * 10")) == 3


def test_targets_are_the_rooms_and_people_in_the_order_of_their_last_lines(chat: Chat) -> None:
    ann, bob = registered(chat, "ann", *HISTORY), registered(chat, "bob")
    ann.send("JOIN #tea,#lobby,#pie"), bob.send("JOIN #tea,#lobby")
    for target in ("#tea", "ann", "#lobby"):
        chat.clock.advance(10)
        bob.send(f"PRIVMSG {target} :hi")
    ann.read()
    begin, *targets, end = ann.send(f"CHATHISTORY TARGETS {at(0)} {at(99)} 10")
    reference = begin.split()[2][1:]
    assert begin == f":irc.chatsvc BATCH +{reference} draft/chathistory-targets"
    assert targets == [
        f"@batch={reference} :irc.chatsvc CHATHISTORY TARGETS #tea 1970-01-01T00:00:10.000Z",
        f"@batch={reference} :irc.chatsvc CHATHISTORY TARGETS bob 1970-01-01T00:00:20.000Z",
        f"@batch={reference} :irc.chatsvc CHATHISTORY TARGETS #lobby 1970-01-01T00:00:30.000Z",
    ]
    assert end == f":irc.chatsvc BATCH -{reference}"
    for bounds, last in (((0, 99), "bob"), ((99, 0), "#lobby")):
        *_, target, end = ann.send(f"CHATHISTORY TARGETS {at(bounds[0])} {at(bounds[1])} 2")
        assert target.split()[4] == last
    assert len(ann.send(f"CHATHISTORY TARGETS {at(10)} {at(30)} 10")) == 3


# On JOIN


def lines(client: Person, *sent: str) -> list[str]:
    return [line.rpartition(" :")[2] for line in client.send(*sent) if "PRIVMSG" in line]


def back(chat: Chat, *capabilities: str) -> tuple[Person, list[str]]:
    """Return a registered client of ann's account, and what follows its welcome."""
    client = chat.connect()
    client.send(f"CAP REQ :{' '.join(capabilities)}", f"PASS {SECRET}")
    told = client.send("NICK ann", "USER ann 0 * :ann", "CAP END")
    welcome = next(place for place, line in enumerate(told) if " 422 " in line)
    return client, told[welcome + 1 :]


def texts(told: list[str]) -> list[str]:
    return [line.rpartition(" :")[2] for line in told if "PRIVMSG" in line]


@pytest.fixture
def missed(chat: Chat) -> Chat:
    """Return a chat where ann has missed two lines."""
    ann, bob = member(chat, "ann"), chat.join("bob")
    ann.send("seen")
    ann.hang_up()
    bob.send("one", "two")
    return chat


def test_what_was_missed_is_played_on_join_once(missed: Chat) -> None:
    ann, told = back(missed, "server-time")
    assert [line for line in told if "PRIVMSG" in line] == [
        "@time=1970-01-01T00:00:00.000Z :bob!~bob@people-bob PRIVMSG #lobby :one",
        "@time=1970-01-01T00:00:00.000Z :bob!~bob@people-bob PRIVMSG #lobby :two",
    ]
    assert ann.send("JOIN #Lobby") == []


def test_accounts_rejoin_their_channels_after_the_welcome(missed: Chat) -> None:
    """A client that joins the same channels by itself, as they were called, finds itself there."""
    ann, told = back(missed, "draft/chathistory")
    assert told == [
        ":ann!~ann@people-ann JOIN #lobby",
        ":irc.chatsvc 353 ann = #lobby :ann bob",
        ":irc.chatsvc 366 ann #lobby :End of NAMES list",
    ]
    assert ann.send("JOIN #lobby") == []
    ann.send("PART #lobby", "QUIT")
    assert back(missed, "draft/chathistory")[1] == []


def test_accounts_do_not_rejoin_where_they_are_banned(missed: Chat) -> None:
    operator(missed).send("/ban --here ann")
    assert missed.hub.bans.all(missed.hub.directory.rooms["#lobby"])
    assert back(missed)[1] == []


def test_nothing_is_played_to_who_can_ask_for_it(missed: Chat) -> None:
    assert texts(back(missed, "draft/chathistory")[1]) == []


def test_nothing_is_played_to_bots(missed: Chat) -> None:
    guest = irc(missed, "robot")
    assert lines(guest, "MODE robot +B", "JOIN #lobby") == []
    assert lines(irc(missed, "person", "server-time"), "JOIN #lobby") == ["seen", "one", "two"]


DAY = "[1970-01-01 00:00] "


def test_nothing_old_looks_new_to_clients_without_server_time(missed: Chat) -> None:
    guest = irc(missed, "guest")
    assert lines(guest, "JOIN #lobby") == []
    assert lines(guest, "HISTORY 1") == [f"{DAY}two"]
    assert lines(guest, "CHATHISTORY LATEST #lobby * 1") == [f"{DAY}two"]
    (ann, told), carol = back(missed), irc(missed, "carol")
    assert texts(told) == [f"{DAY}one", f"{DAY}two"]
    carol.send("JOIN #lobby", "PRIVMSG #lobby :!now", "PRIVMSG #lobby :\x01ACTION waves\x01")
    assert [line.rpartition(" PRIVMSG ")[2] for line in ann.read()[-2:]] == [
        "#lobby :!now",
        "#lobby :\x01ACTION waves\x01",
    ]


def test_an_earlier_action_has_its_time_inside(missed: Chat) -> None:
    missed.join("dan").send("/me waves")
    assert texts(back(missed)[1])[-1] == f"\x01ACTION {DAY}waves\x01"


def test_private_lines_that_waited_have_their_time(missed: Chat) -> None:
    member(missed, "eve").send("/msg ann !reboot")
    missed.clock.advance(61)
    client = missed.connect()
    told = lines(client, f"PASS {SECRET}", "NICK ann", "USER ann 0 * :ann")
    assert f"{DAY}!reboot" in told
    assert lines(client, "PING x") == []


def test_newcomers_are_given_no_more_than_they_may_read(chat: Chat) -> None:
    founder(chat, "boss").send("/set history joined", "secret")
    ann = irc(chat, "ann", *HISTORY)
    ann.send("JOIN #tea")
    for command in ("LATEST #tea * 9", "AFTER #tea msgid=#tea-0 9", "AROUND #tea msgid=#tea-1 9"):
        assert len(ann.send(f"CHATHISTORY {command}")) == 2


# Hidden lines


@pytest.fixture
def noisy(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Return a user who ignores bob: of the lines 1 to 40 only 1 to 5, and 21, are not his."""
    monkeypatch.setattr("chatsvc.core.walk.READ_AT_ONCE", 7)
    carol, bob = chat.join("carol"), chat.join("bob")
    for number in range(1, 41):
        chat.clock.advance(1.0)
        (carol if number <= 5 or number == 21 else bob).send(f"line {number}")
    ann = irc(chat, "ann", *HISTORY, "draft/message-redaction")
    ann.send("JOIN #lobby", "IGNORE bob")
    return ann


def numbers_in(lines: list[str]) -> list[int]:
    return [int(line.rpartition(" ")[2]) for line in lines if " PRIVMSG " in line]


@pytest.mark.parametrize(
    ("command", "numbers"),
    [
        ("LATEST #lobby * 3", [4, 5, 21]),
        ("LATEST #lobby msgid=#lobby-3 2", [5, 21]),
        ("BEFORE #lobby msgid=#lobby-40 3", [4, 5, 21]),
        ("BEFORE #lobby msgid=#lobby-21 9", [1, 2, 3, 4, 5]),
        ("AFTER #lobby msgid=#lobby-4 2", [5, 21]),
        ("AFTER #lobby msgid=#lobby-21 2", []),
        ("AROUND #lobby msgid=#lobby-15 4", [3, 4, 5, 21]),
        ("BETWEEN #lobby msgid=#lobby-2 msgid=#lobby-40 9", [3, 4, 5, 21]),
        ("BETWEEN #lobby msgid=#lobby-40 msgid=#lobby-2 2", [5, 21]),
    ],
)
def test_hidden_lines_do_not_shorten_a_page(
    noisy: Person, command: str, numbers: list[int]
) -> None:
    assert numbers_in(noisy.send(f"CHATHISTORY {command}")) == numbers


def test_deleted_lines_do_not_shorten_a_page_of_who_is_told_of_deletions(
    chat: Chat, noisy: Person
) -> None:
    carol = chat.join("dora")
    carol.send(*(f"line {number}" for number in range(41, 50)))
    for number in range(41, 50):
        carol.send(f"/delete {number}")
    assert numbers_in(noisy.send("CHATHISTORY LATEST #lobby * 3")) == [4, 5, 21]


def test_targets_go_by_the_last_line_that_is_numbers_in(noisy: Person) -> None:
    times = "timestamp=1970-01-01T00:00:00.000Z timestamp=1970-01-01T00:00:30.000Z"
    lines = noisy.send(f"CHATHISTORY TARGETS {times} 10")
    assert [line.split()[-1] for line in lines if " TARGETS " in line] == [
        "1970-01-01T00:00:21.000Z"
    ]
