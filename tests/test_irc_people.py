"""Users and members: NAMES, WHO, WHOIS, WHOWAS, ISON, USERHOST."""

from __future__ import annotations

import re

import pytest
from conftest import Chat, Person
from ircpeople import irc
from staff import SECRET, founder, operator
from test_portions import taken
from tlspeople import Secure, encrypted

WHO = ":irc.chatsvc 352 ann {room} ~{name} people-{name} irc.chatsvc {name} {flags} :0 {name}"
MULTI = "multi-prefix"


def tearoom(chat: Chat) -> Person:
    """Return an operator, a founder who is away, a bot and a voiced user, in #tea."""
    op = operator(chat)
    eve, dan = irc(chat, "eve"), irc(chat, "dan")
    bob = founder(chat, "bob", op)
    eve.send("MODE eve +B", "JOIN #tea"), dan.send("JOIN #tea")
    bob.send("/away lunch", "/voice dan")
    return op


def people(chat: Chat, room: str, count: int) -> None:
    """Return a room with so many people in it."""
    for number in range(count):
        chat.join(f"p{number:04}").send(f"/join {room}")


def test_names_have_the_prefix_of_the_highest_role(chat: Chat) -> None:
    tearoom(chat)
    ann = irc(chat, "ann")
    assert ann.send("JOIN #tea")[1:] == [
        ":irc.chatsvc 353 ann = #tea :ann @bob +dan eve @op",
        ":irc.chatsvc 366 ann #tea :End of NAMES list",
    ]


def test_operators_have_all_their_prefixes_with_multi_prefix(chat: Chat) -> None:
    op = tearoom(chat)
    op.send("/join #coffee")
    ann = irc(chat, "ann", MULTI)
    assert ann.send("NAMES #coffee")[0] == ":irc.chatsvc 353 ann = #coffee :~@op"
    assert ann.send("WHO #coffee")[0] == WHO.format(room="#coffee", name="op", flags="H*~@")
    assert irc(chat, "carol").send("NAMES #coffee")[0] == ":irc.chatsvc 353 carol = #coffee :@op"


def test_names_of_several_rooms_of_none_and_of_those_one_may_not_see(chat: Chat) -> None:
    founder(chat, "bob").send("/set hidden on")
    ann = irc(chat, "ann")
    assert ann.send("NAMES #tea,#lobby,#nope,!") == [
        ":irc.chatsvc 353 ann = #lobby :bob",
        ":irc.chatsvc 366 ann #tea,#lobby,#nope,! :End of NAMES list",
    ]
    assert ann.send("NAMES") == [":irc.chatsvc 366 ann * :End of NAMES list"]
    ann.send("JOIN #tea")
    assert ann.send("NAMES #tea")[0] == ":irc.chatsvc 353 ann @ #tea :ann @bob"


@pytest.mark.parametrize(
    "capabilities", [(), ("userhost-in-names",), ("labeled-response", "batch")]
)
def test_lists_of_large_rooms_are_whole_and_every_line_fits(
    chat: Chat, capabilities: tuple[str, ...]
) -> None:
    chat.factory.max_clients = 2000
    people(chat, "#big", 1203)
    ann = irc(chat, "ann", *capabilities)
    label = "@label=l " if len(capabilities) == 2 else ""
    ann.read()
    ann.protocol.dataReceived(f"{label}NAMES #big\n".encode())
    told = taken(chat, ann)
    assert all(len(re.sub("^@[^ ]* ", "", line)) <= 510 for line in told)
    lines = [line for line in told if " 353 " in line]
    names = " ".join(line.rpartition("#big :")[2] for line in lines).split()
    assert [name.partition("!")[0].lstrip("~@") for name in names] == [
        f"p{number:04}" for number in range(1203)
    ]
    assert sum(" 366 " in line for line in told) == 1
    ann.protocol.dataReceived(b"WHO #big\nWHO p* %n\n")
    told = taken(chat, ann)
    assert sum(" 352 " in line for line in told) == 1203
    assert [line.split()[1] for line in told].count("315") == 2


def test_a_long_list_waits_for_a_reader_that_is_slow(chat: Chat) -> None:
    chat.factory.max_clients = 2000
    people(chat, "#big", 1203)
    ann = irc(chat, "ann")
    ann.stop_reading_after_this()
    begun = ann.send("WHO #big")
    assert len(begun) < 200
    told = [*begun, *taken(chat, ann)]
    assert len(told) == 1204
    assert told[-1] == ":irc.chatsvc 315 ann #big :End of WHO list"


def test_who_shows_a_room_with_flags(chat: Chat) -> None:
    tearoom(chat)
    ann = irc(chat, "ann")
    assert ann.send("WHO #tea") == [
        WHO.format(room="#tea", name="bob", flags="G@"),
        WHO.format(room="#tea", name="dan", flags="H+"),
        WHO.format(room="#tea", name="eve", flags="HB"),
        WHO.format(room="#tea", name="op", flags="H*@"),
        ":irc.chatsvc 315 ann #tea :End of WHO list",
    ]
    assert ann.send("WHO #tea o") == [
        WHO.format(room="#tea", name="op", flags="H*@"),
        ":irc.chatsvc 315 ann #tea :End of WHO list",
    ]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("bob", ["bob"]),
        ("OP", ["op"]),
        ("nobody", []),
        ("#nope", []),
        ("b*", ["bob"]),
        ("?o?", ["bob"]),
        ("B?b", ["bob"]),
        ("[b]*", []),
        ("*", ["ann", "bob", "dan", "eve"]),
        ("0", ["ann", "bob", "dan", "eve"]),
    ],
)
def test_who_finds_anybody_by_name_and_by_pattern_those_one_meets(
    chat: Chat, asked: str, names: list[str]
) -> None:
    op = tearoom(chat)
    op.send("/leave #tea")
    ann = irc(chat, "ann")
    ann.send("JOIN #tea")
    end = f":irc.chatsvc 315 ann {asked} :End of WHO list"
    assert ann.send(f"WHO {asked} %n") == [f":irc.chatsvc 354 ann :{name}" for name in names] + [
        end
    ]


def test_who_without_a_mask_shows_everybody_and_operators_meet_all(chat: Chat) -> None:
    op = tearoom(chat)
    op.hang_up()
    bob = irc(chat, "guest")
    assert [line.split()[1] for line in bob.send("WHO")] == ["352", "315"]
    assert bob.send(f"OPER op {SECRET}")[0] == ":irc.chatsvc 381 guest :You are now an IRC operator"
    assert len(bob.send("WHO")) == 5


def test_a_mask_of_two_words_does_not_move_the_parameters(chat: Chat) -> None:
    assert irc(chat, "ann").send("WHO :a b") == [":irc.chatsvc 315 ann a :End of WHO list"]


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ("%tcuihsnfdlaor,152",
         "152 #tea ~bob 255.255.255.255 people-bob irc.chatsvc bob G@ 0 60 bob n/a :Bob Roe"),
        ("%rotcan,7", "7 #tea bob bob n/a :Bob Roe"),
        ("%tn", "0 :bob"),
        ("%tn,1234", "0 :bob"),
        ("%nfz", "bob :G@"),
    ],
)  # fmt: skip
def test_whox_gives_the_fields_that_are_asked_for_in_one_order(
    chat: Chat, fields: str, answer: str
) -> None:
    bob = founder(chat, "bob")
    bob.send("/away lunch", "/realname Bob Roe")
    chat.clock.advance(60)
    ann = irc(chat, "ann")
    assert ann.send(f"WHO #tea {fields}") == [
        f":irc.chatsvc 354 ann {answer}",
        ":irc.chatsvc 315 ann #tea :End of WHO list",
    ]


def test_who_has_no_account_is_0_and_only_operators_are_told_addresses(chat: Chat) -> None:
    op = operator(chat)
    op.hang_up()
    chat.connect("2001:db8::7").send("bob")
    chat.connect("::7").send("carol")
    ann = irc(chat, "ann")
    assert ann.send("WHO bob %ia")[0] == ":irc.chatsvc 354 ann 255.255.255.255 :0"
    ann.send(f"OPER op {SECRET}")
    assert ann.send("WHO bob %ia")[0] == ":irc.chatsvc 354 ann 2001:db8::7 :0"
    assert ann.send("WHO carol %ia")[0] == ":irc.chatsvc 354 ann 0::7 :0"
    assert ":irc.chatsvc 338 ann carol 0::7 :is actually using this address" in ann.send(
        "WHOIS carol"
    )


def test_whois_says_all_that_may_be_known(chat: Chat) -> None:
    encrypted(chat)
    op = tearoom(chat)
    op.send("/join #secret", "/set hidden on")
    safe = Secure(chat).shake_hands()
    safe.send("NICK safe", "USER safe 0 * :Sam Safe", "MODE safe +B", "JOIN #tea,#lobby")
    ann = irc(chat, "ann")
    assert ann.send("WHOIS safe") == [
        ":irc.chatsvc 311 ann safe ~safe people-safe * :Sam Safe",
        ":irc.chatsvc 319 ann safe :#tea #lobby",
        ":irc.chatsvc 312 ann safe irc.chatsvc :chatsvc",
        ":irc.chatsvc 335 ann safe :is a bot",
        ":irc.chatsvc 671 ann safe :is using a secure connection",
        ":irc.chatsvc 317 ann safe 0 0 :seconds idle, signon time",
        ":irc.chatsvc 318 ann safe :End of WHOIS list",
    ]
    assert ann.send("WHOIS chatsvc bob") == [
        ":irc.chatsvc 311 ann bob ~bob people-bob * :bob",
        ":irc.chatsvc 319 ann bob :#lobby @#tea",
        ":irc.chatsvc 312 ann bob irc.chatsvc :chatsvc",
        ":irc.chatsvc 301 ann bob :lunch",
        ":irc.chatsvc 330 ann bob bob :is logged in as",
        ":irc.chatsvc 317 ann bob 0 0 :seconds idle, signon time",
        ":irc.chatsvc 318 ann bob :End of WHOIS list",
    ]
    assert ann.send("WHOIS op")[:4] == [
        ":irc.chatsvc 311 ann op ~op people-op * :op",
        ":irc.chatsvc 319 ann op :@#lobby @#tea",
        ":irc.chatsvc 312 ann op irc.chatsvc :chatsvc",
        ":irc.chatsvc 313 ann op :is an operator",
    ]


def test_whois_of_several_has_one_end(chat: Chat) -> None:
    chat.join("bob")
    ann = irc(chat, "ann")
    told = ann.send("WHOIS BOB,nobody,ann")
    assert [line.split()[1] for line in told] == [
        "311", "319", "312", "317", "401", "311", "312", "317", "318",
    ]  # fmt: skip
    assert told[4] == ":irc.chatsvc 401 ann nobody :No user named nobody is online."
    assert told[-1] == ":irc.chatsvc 318 ann BOB,nobody,ann :End of WHOIS list"
    assert ann.send("WHOIS bob,nobody")[-2:] == [
        ":irc.chatsvc 401 ann nobody :No user named nobody is online.",
        ":irc.chatsvc 318 ann bob,nobody :End of WHOIS list",
    ]
    for nothing in ("WHOIS", "WHOIS ,", "WHOWAS"):
        assert ann.send(nothing) == [":irc.chatsvc 431 ann :No nickname given"]


def test_rooms_that_do_not_fit_one_line_come_in_several(chat: Chat) -> None:
    bob = irc(chat, "bob")
    for number in range(40):
        bob.send(f"JOIN #a-room-with-a-long-name-{number:03}")
    told = [line for line in irc(chat, "ann").send("WHOIS bob") if " 319 " in line]
    assert len(told) == 3
    assert all(len(line) <= 510 for line in told)
    assert sum(line.count("#") for line in told) == 40


def test_whowas_knows_who_left_and_who_is_called_otherwise(chat: Chat) -> None:
    founder(chat, "bob").send("/realname Bob Roe", "/nick rob")
    eve = irc(chat, "eve")
    chat.clock.advance(60)
    eve.hang_up()
    irc(chat, "eve").send("QUIT")
    ann = irc(chat, "ann")
    first = [
        ":irc.chatsvc 314 ann eve ~eve people-eve * :eve",
        ":irc.chatsvc 312 ann eve irc.chatsvc :Thu Jan 01 00:01:00 1970 UTC",
    ]
    end = ":irc.chatsvc 369 ann eve :End of WHOWAS"
    assert ann.send("WHOWAS eve") == [*first, *first, end]
    assert ann.send("WHOWAS eve 1") == [*first, end]
    assert ann.send("WHOWAS eve -1") == [*first, *first, end]
    assert ann.send("WHOWAS BOB") == [
        ":irc.chatsvc 314 ann bob ~bob people-bob * :Bob Roe",
        ":irc.chatsvc 312 ann bob irc.chatsvc :Thu Jan 01 00:00:00 1970 UTC",
        ":irc.chatsvc 330 ann bob bob :is logged in as",
        ":irc.chatsvc 369 ann BOB :End of WHOWAS",
    ]
    assert ann.send("WHOWAS ann") == [
        ":irc.chatsvc 406 ann ann :No recent user was named ann.",
        ":irc.chatsvc 369 ann ann :End of WHOWAS",
    ]


def test_ison_and_userhost_find_whoever_is_asked_for(chat: Chat) -> None:
    tearoom(chat)
    ann = irc(chat, "ann")
    assert ann.send("ISON op nobody :BOB eve *") == [":irc.chatsvc 303 ann :op bob eve"]
    assert ann.send("ISON nobody") == [":irc.chatsvc 303 ann :"]
    assert ann.send("ISON *") == [":irc.chatsvc 303 ann :"]
    assert ann.send("USERHOST op bob nobody eve dan ann") == [
        ":irc.chatsvc 302 ann :op*=+~op@people-op bob=-~bob@people-bob eve=+~eve@people-eve"
        " dan=+~dan@people-dan ann=+~ann@people-ann"
    ]
    assert ann.send("USERHOST nobody") == [":irc.chatsvc 302 ann :"]


def test_an_answer_too_long_for_a_line_comes_in_several(chat: Chat) -> None:
    names = [f"somebody-with-a-long-name-{n:05}" for n in range(15)]
    for name in names:
        chat.join(name)
    ann = irc(chat, "ann")
    (told,) = ann.send(f"ISON {' '.join(names)}")
    assert told == f":irc.chatsvc 303 ann :{' '.join(names)}"
    long = [f"альбатросальбатросальбатрос{n}" for n in range(8)]
    for name in long:
        chat.join(name)
    lines = ann.send(f"USERHOST {' '.join(long)}")
    assert all(len(line.encode()) <= 510 for line in lines)
    assert [line.count("=") for line in lines] == [6, 2]


def test_muted_people_say_nothing_by_their_real_name(chat: Chat) -> None:
    eve, bob = irc(chat, "eve", "setname"), irc(chat, "bob", "setname")
    eve.send("JOIN #lobby"), bob.send("JOIN #lobby")
    operator(chat).send("/mute --quietly eve")
    bob.read()
    assert eve.send("SETNAME :buy this") == [":eve!~eve@people-eve SETNAME :buy this"]
    assert bob.read() == []


def test_the_same_name_again_is_no_change(chat: Chat) -> None:
    assert irc(chat, "ann").send("NICK ann") == []


def send(chat: Chat, client: Person, line: str) -> list[str]:
    """Send a line and return its whole answer, which takes several turns."""
    told = client.send(line)
    while client.protocol.paused:
        chat.clock.advance(0)
        told += client.read()
    return told


def test_no_channel_of_a_long_join_or_part_is_left_out(chat: Chat) -> None:
    ann = irc(chat, "ann")
    rooms = [f"#c{n}" for n in range(60)]
    told = send(chat, ann, f"JOIN {','.join(rooms)}")
    assert [line.split()[2] for line in told if " JOIN " in line] == rooms[:50]
    assert [line.split()[3] for line in told if " 405 " in line] == rooms[50:]
    told = send(chat, ann, f"PART {','.join(rooms)}")
    assert [line.split()[2] for line in told if " PART " in line] == rooms[:50]
    assert [line.split()[3] for line in told if " 403 " in line or " 442 " in line] == rooms[50:]


def test_as_many_channels_as_a_message_can_name_are_all_answered(chat: Chat) -> None:
    ann = irc(chat, "ann")
    rooms = ["#" + chr(ord("a") + n // 26) + chr(ord("a") + n % 26) for n in range(126)]
    assert len(f"JOIN {','.join(rooms)}") <= 510
    told = send(chat, ann, f"JOIN {','.join(rooms)}")
    assert [line.split()[3] for line in told if " 405 " in line] == rooms[50:]
    told = send(chat, ann, f"JOIN {','.join('x' * 252)}")
    assert told == [":irc.chatsvc 403 ann x :A channel's name begins with #"] * 252


@pytest.mark.parametrize("command", ["NAMES", "WHOIS", "WHOWAS", "KICK #tea", "TAGMSG"])
def test_targets_beyond_the_limit_are_answered(chat: Chat, command: str) -> None:
    ann = irc(chat, "ann", "message-tags")
    names = [f"t{n}" for n in range(12)]
    targets = ",".join(names)
    tags = "@+x=1 " if command == "TAGMSG" else ""
    told = ann.send(f"{tags}{command} {targets}")
    limit = 4 if command == "TAGMSG" else 10
    assert [line for line in told if " 407 " in line] == [
        f":irc.chatsvc 407 ann {name} :Not done: at most {limit} targets at once"
        for name in names[limit:]
    ]
    if command == "NAMES":
        assert told[-1] == f":irc.chatsvc 366 ann {','.join(names[:10])} :End of NAMES list"
    else:
        assert sum(" 407 " not in line for line in told) >= limit


def test_changes_beyond_the_limit_of_a_mode_are_answered(chat: Chat) -> None:
    founder(chat, "ann").send("/quit")
    ann = chat.connect()
    ann.send(f"PASS {SECRET}", "NICK ann", "USER ann 0 * :Ann", "JOIN #tea")
    told = ann.send(f"MODE #tea {'+i-i' * 10}+s")
    assert ":ann!~ann@people-ann MODE #tea -i" in told  # what remains of the first 20
    assert ":irc.chatsvc 407 ann #tea :Only the first 20 changes were made" in told
    assert "+s" not in "".join(told)
