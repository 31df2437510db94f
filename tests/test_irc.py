"""The IRC dialect, byte by byte, without a parser."""

from __future__ import annotations

import pytest
from conftest import Chat
from ircpeople import EVENT, TAGS, irc, plain
from staff import SECRET, member


def test_a_client_is_welcomed_as_it_expects_to_be(chat: Chat) -> None:
    ann = chat.connect()
    assert ann.send("NICK ann") == []
    told = ann.send("USER ann 0 * :Ann Lee")
    assert [line.split()[1] for line in told] == [
        "001", "002", "003", "004", "005", "005", "005",
        "251", "252", "253", "254", "255", "265", "266", "221", "422",
    ]  # fmt: skip
    assert told[0] == ":irc.chatsvc 001 ann :Welcome to chatsvc, ann!~ann@people-ann"
    assert "NICKLEN=32" in told[5]


def test_the_message_of_the_day_is_shown() -> None:
    chat = Chat(motd="Be kind.\nTea at five.")
    told = chat.connect().send("NICK ann", "USER ann 0 * :Ann")
    assert told[-4:] == [
        ":irc.chatsvc 375 ann :- irc.chatsvc Message of the day - ",
        ":irc.chatsvc 372 ann :- Be kind.",
        ":irc.chatsvc 372 ann :- Tea at five.",
        ":irc.chatsvc 376 ann :End of MOTD command",
    ]


def test_capabilities_are_listed_requested_all_or_none_and_taken_back(chat: Chat) -> None:
    ann = chat.connect()
    listed, more = ann.send("CAP LS 302")
    assert listed.startswith(":irc.chatsvc CAP * LS * :account-notify ")
    assert "sasl=PLAIN" in f"{listed} {more}"
    assert ann.send("CAP REQ :server-time nonsense") == [
        ":irc.chatsvc CAP * NAK :server-time nonsense"
    ]
    assert ann.send("CAP LIST") == [":irc.chatsvc CAP * LIST :"]
    assert ann.send("CAP REQ :server-time echo-message") == [
        ":irc.chatsvc CAP * ACK :server-time echo-message"
    ]
    assert ann.send("CAP REQ -echo-message") == [":irc.chatsvc CAP * ACK :-echo-message"]
    assert ann.send("CAP LIST") == [":irc.chatsvc CAP * LIST :server-time"]
    assert ann.send("NICK ann", "USER ann 0 * :Ann") == []
    assert ann.send("CAP END")[0].startswith(":irc.chatsvc 001 ann ")


def test_irc_and_telnet_people_meet(chat: Chat) -> None:
    bob = chat.join("bob")
    bob.send("hello?")
    ann = irc(chat, "ann", "server-time", "message-tags")
    assert ann.send("JOIN #lobby") == [
        EVENT.format(n=2) + ":ann!~ann@people-ann JOIN #lobby",
        ":irc.chatsvc 353 ann = #lobby :ann bob",
        ":irc.chatsvc 366 ann #lobby :End of NAMES list",
        TAGS.format(n=1) + ":bob!~bob@people-bob PRIVMSG #lobby :hello?",
    ]
    assert bob.read() == ["* ann joined."]
    assert ann.send("PRIVMSG #lobby :hi bob", "PRIVMSG #lobby :\x01ACTION waves\x01") == []
    assert bob.read() == ["[1970-01-01 00:00] <ann> hi bob", "[1970-01-01 00:00] * ann waves"]
    bob.send("/me bows", "/topic tea at 5", "/msg ann psst", "/nick rob", "/away lunch", "/leave")
    assert ann.read() == [
        TAGS.format(n=4) + ":bob!~bob@people-bob PRIVMSG #lobby :\x01ACTION bows\x01",
        EVENT.format(n=3) + ":bob!~bob@people-bob TOPIC #lobby :tea at 5",
        EVENT.format(n=4) + ":bob!~bob@people-bob PRIVMSG ann :psst",
        EVENT.format(n=5) + ":bob!~bob@people-bob NICK :rob",
        EVENT.format(n=6) + ":rob!~bob@people-bob PART #lobby",
    ]
    assert ann.send("QUIT :bye") == ["ERROR :Closing Link: irc.chatsvc (Quit: bye)"]
    assert ann.closed


def test_one_s_own_lines_are_echoed_to_those_who_want_it(chat: Chat) -> None:
    ann = irc(chat, "ann", "echo-message")
    ann.send("JOIN #lobby")
    assert ann.send("PRIVMSG #lobby :hi there") == [":ann!~ann@people-ann PRIVMSG #lobby :hi there"]
    chat.join("bob")
    ann.read()
    assert ann.send("PRIVMSG bob :psst, bob") == [":ann!~ann@people-ann PRIVMSG bob :psst, bob"]


def test_a_taken_nickname_is_met_with_433_and_another_one_is_let_in(chat: Chat) -> None:
    chat.join("ann")
    other = chat.connect()
    assert other.send("NICK ann", "USER x 0 * :x") == [
        ":irc.chatsvc 433 * ann :ann is already in use."
    ]
    assert other.send("NICK anna")[0].startswith(":irc.chatsvc 001 anna ")
    assert other.send("NICK ann") == [
        ":irc.chatsvc 433 anna ann :ann is already in use. ann2 is available."
    ]


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ("JOIN #x", ":irc.chatsvc 451 * :Register first, with NICK and USER"),
        ("NICK", ":irc.chatsvc 431 * :No nickname given"),
        ("USER x", ":irc.chatsvc 461 * USER :Not enough parameters"),
        ("PING 42", ":irc.chatsvc PONG irc.chatsvc :42"),
        ("AUTHENTICATE *", ":irc.chatsvc 906 * :SASL authentication aborted"),
        ("x" * 600, ":irc.chatsvc 417 * :Input line was too long"),
    ],
)
def test_before_registration_everything_else_is_refused(chat: Chat, sent: str, answer: str) -> None:
    client = chat.connect()
    client.send("CAP LS")
    assert client.send(sent)[0] == answer


def test_an_account_may_come_under_another_free_nickname(chat: Chat) -> None:
    member(chat, "ann").hang_up(), member(chat, "bob").hang_up()
    phone = chat.connect()
    phone.send("CAP REQ :sasl", "NICK bob", "USER ann 0 * :Ann", "AUTHENTICATE PLAIN")
    phone.send(f"AUTHENTICATE {plain('ann', SECRET)}")
    assert phone.send("CAP END")[0].startswith(":irc.chatsvc 433 * bob :bob is a registered name.")
    assert phone.send("NICK ann-phone")[0].startswith(":irc.chatsvc 001 ann-phone ")
    assert chat.hub.directory.users["ann-phone"].account is chat.hub.accounts.find("ann")


@pytest.mark.parametrize("password", [SECRET, f"ann:{SECRET}"])
def test_old_clients_give_the_password_with_pass(chat: Chat, password: str) -> None:
    member(chat, "ann").hang_up()
    ann = chat.connect()
    assert ann.send(f"PASS {password}", "NICK ann", "USER ann 0 * :Ann")[0].startswith(
        ":irc.chatsvc 001 ann "
    )
    refused = chat.connect().send("PASS wrong-horse", "NICK ann", "USER ann 0 * :Ann")
    assert refused == [":irc.chatsvc 464 * :Wrong password."]


def test_the_password_of_the_chat_is_that_of_pass() -> None:
    chat = Chat(password="mellon")
    assert (
        chat.connect()
        .send("PASS friend", "NICK ann", "USER a 0 * :a")[0]
        .startswith(":irc.chatsvc 464 ")
    )
    assert " 001 " in chat.connect().send("PASS mellon", "NICK ann", "USER a 0 * :a")[0]


def test_lines_missed_are_played_once_on_rejoining(chat: Chat) -> None:
    ann, bob = member(chat, "ann"), chat.join("bob")
    ann.hang_up()
    bob.send("one", "two")

    def come() -> list[str]:
        client = chat.connect()
        lines = client.send(f"PASS {SECRET}", "NICK ann", "USER ann 0 * :Ann", "JOIN #lobby")
        client.send("QUIT")
        return [line.rpartition(" :")[2] for line in lines if " PRIVMSG " in line]

    assert come() == ["[1970-01-01 00:00] one", "[1970-01-01 00:00] two"]
    assert come() == []


def test_history_comes_in_a_batch(chat: Chat) -> None:
    chat.join("bob").send("one", "two", "three")
    ann = irc(chat, "ann", "draft/chathistory", "batch", "message-tags")
    assert not any("PRIVMSG" in line for line in ann.send("JOIN #lobby"))
    assert ann.send("CHATHISTORY LATEST #lobby * 2") == [
        ":irc.chatsvc BATCH +b5 chathistory #lobby",
        "@batch=b5;msgid=#lobby-2 :bob!~bob@people-bob PRIVMSG #lobby :two",
        "@batch=b5;msgid=#lobby-3 :bob!~bob@people-bob PRIVMSG #lobby :three",
        ":irc.chatsvc BATCH -b5",
    ]
    (earlier,) = ann.send("CHATHISTORY BEFORE #lobby msgid=#lobby-2 5")[1:-1]
    assert earlier.endswith("PRIVMSG #lobby :one")


def test_people_and_rooms_are_asked_for(chat: Chat) -> None:
    bob = chat.join("bob")
    bob.send("/away lunch", "/topic tea at 5")
    ann = irc(chat, "ann")
    ann.send("JOIN #lobby")
    assert ann.send("WHO #lobby") == [
        ":irc.chatsvc 352 ann #lobby ~ann people-ann irc.chatsvc ann H :0 ann",
        ":irc.chatsvc 352 ann #lobby ~bob people-bob irc.chatsvc bob G :0 bob",
        ":irc.chatsvc 315 ann #lobby :End of WHO list",
    ]
    assert ann.send("WHOIS bob") == [
        ":irc.chatsvc 311 ann bob ~bob people-bob * :bob",
        ":irc.chatsvc 319 ann bob :#lobby",
        ":irc.chatsvc 312 ann bob irc.chatsvc :chatsvc",
        ":irc.chatsvc 301 ann bob :lunch",
        ":irc.chatsvc 317 ann bob 0 0 :seconds idle, signon time",
        ":irc.chatsvc 318 ann bob :End of WHOIS list",
    ]
    assert ann.send("WHOIS nobody") == [
        ":irc.chatsvc 401 ann nobody :No user named nobody is online.",
        ":irc.chatsvc 318 ann nobody :End of WHOIS list",
    ]
    assert ann.send("LIST")[1] == ":irc.chatsvc 322 ann #lobby 2 :tea at 5"
    assert ann.send("TOPIC #lobby") == [
        ":irc.chatsvc 332 ann #lobby :tea at 5",
        ":irc.chatsvc 333 ann #lobby bob 0",
    ]
    assert ann.send("AWAY :lunch") == [":irc.chatsvc 306 ann :You have been marked as being away"]
    assert ann.send("AWAY") == [":irc.chatsvc 305 ann :You are no longer marked as being away"]
    assert ann.send("FOO") == [":irc.chatsvc 421 ann FOO :Unknown command"]
    assert ann.send("PRIVMSG #nope :x")[0].startswith(":irc.chatsvc 403 ann #nope ")
    assert ann.send("PART #lobby") == [":ann!~ann@people-ann PART #lobby"]


def test_the_chat_s_own_commands_are_understood(chat: Chat) -> None:
    ann = irc(chat, "ann")
    ann.send("JOIN #lobby")
    assert ann.send("STATS #lobby")[0].startswith(":irc.chatsvc NOTICE ann ")
    assert ann.send("report nobody spam")[0].startswith(":irc.chatsvc 401 ann ")


def test_long_lines_are_cut_between_words_and_stay_one(chat: Chat) -> None:
    ann = irc(chat, "ann")
    ann.send("JOIN #lobby")
    text = "words " * 200
    chat.join("bob").send(text.strip())
    lines = [line for line in ann.read() if "PRIVMSG" in line]
    assert len(lines) > 2
    assert all(len(line.encode()) <= 510 for line in lines)
    assert "".join(line.partition("#lobby :")[2] for line in lines) == text.strip()
    assert chat.hub.directory.rooms["#lobby"].last == 1


def test_a_silent_client_is_asked_and_one_that_does_not_answer_is_gone(chat: Chat) -> None:
    bob, ann, eve = chat.join("bob"), irc(chat, "ann"), irc(chat, "eve")
    ann.send("JOIN #lobby"), eve.send("JOIN #lobby")
    for _ in range(3):
        chat.clock.advance(90)
        ann.send("PONG irc.chatsvc")
    assert "PING :irc.chatsvc" in eve.read()
    assert eve.closed
    assert not ann.closed
    assert bob.read()[-1] == "* eve left: ping timeout"
    ann.hang_up(), eve.hang_up()
    bob.hang_up()
    assert not chat.clock.getDelayedCalls()


def test_parting_words_are_read_by_all_and_joining_again_shows_nothing_twice(chat: Chat) -> None:
    ann, bob = irc(chat, "ann", "server-time"), chat.join("bob")
    bob.send("/topic tea at 5", "one")
    joined = ann.send("JOIN #lobby")
    assert joined[1:3] == [
        ":irc.chatsvc 332 ann #lobby :tea at 5",
        ":irc.chatsvc 333 ann #lobby bob 0",
    ]
    assert joined[-1].endswith("PRIVMSG #lobby :one")
    assert ann.send("JOIN #Lobby") == []
    other = irc(chat, "carol")
    other.send("JOIN #lobby")
    ann.read()
    parted = ":ann!~ann@people-ann PART #lobby :bye all"
    assert ann.send("PART #lobby :bye all") == [f"@time=1970-01-01T00:00:00.000Z {parted}"]
    assert other.read() == [parted]
    assert bob.read()[-1] == "* ann left: bye all"
    bob.send("two")
    assert [line for line in ann.send("JOIN #lobby") if "PRIVMSG" in line] == [
        "@time=1970-01-01T00:00:00.000Z :bob!~bob@people-bob PRIVMSG #lobby :two"
    ]
    assert not [line for line in ann.send("PART #lobby", "JOIN #lobby") if "PRIVMSG" in line]


def test_a_room_that_is_asked_for_twice_is_entered_once(chat: Chat) -> None:
    ann = irc(chat, "ann")
    assert len(ann.send("JOIN #tea,#TEA")) == 3
    assert ann.send("JOIN #\uff34ea") == []


def test_modes_of_ones_own_are_a_few_at_once(chat: Chat) -> None:
    unknown, *others = irc(chat, "ann").send(f"MODE ann +{'x' * 100}")
    assert unknown == ":irc.chatsvc 407 ann ann :Only the first 20 changes were made"
    assert len(others) == 19


def test_clearing_the_screen_is_the_clients_business(chat: Chat) -> None:
    assert irc(chat, "ann").send("CLEAR") == []


def test_a_list_is_of_the_channels_that_are_named(chat: Chat) -> None:
    ann = irc(chat, "ann")
    ann.send("JOIN #tea,#milk,#sugar")
    found = ann.send("LIST #Tea,#sugar,#none")
    assert [line.split()[3] for line in found[1:-1]] == ["#sugar", "#tea"]


def test_a_channel_s_name_begins_with_its_sign(chat: Chat) -> None:
    ann = irc(chat, "ann")
    assert ann.send("JOIN tea") == [":irc.chatsvc 403 ann tea :A channel's name begins with #"]


def test_of_a_capability_asked_for_twice_the_last_word_holds(chat: Chat) -> None:
    ann = chat.connect()
    ann.send("CAP REQ :-setname setname chghost -chghost")
    assert ann.send("CAP LIST") == [":irc.chatsvc CAP * LIST :setname"]
