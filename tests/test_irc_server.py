"""Queries about the server, and commands of operators."""

from __future__ import annotations

import re

import pytest
from conftest import Chat, Person
from ircpeople import irc
from staff import SECRET, member, operator

from chatsvc.dialects.irc import registry
from chatsvc.dialects.irc.help_topics import SUBJECTS

NOWHERE = ":irc.chatsvc 402 ann other :No such server"


@pytest.fixture
def ann(chat: Chat) -> Person:
    return irc(chat, "ann")


@pytest.mark.parametrize(
    ("sent", "answers"),
    [
        ("LINKS", ["364 ann irc.chatsvc irc.chatsvc :0 chatsvc", "365 ann * :End of LINKS list"]),
        ("STATS x", ["219 ann x :End of STATS report"]),
        ("STATS u other", [NOWHERE[13:]]),
        ("TIME other", [NOWHERE[13:]]),
        ("MOTD other", [NOWHERE[13:]]),
        ("MOTD", ["422 ann :MOTD File is missing"]),
        ("MOTD irc.*", ["422 ann :MOTD File is missing"]),
        ("VERSION other", [NOWHERE[13:]]),
        ("INFO other", [NOWHERE[13:]]),
        ("ADMIN other", [NOWHERE[13:]]),
        ("USERS other", [NOWHERE[13:]]),
        ("INFO Ann", [
            "371 ann :This is chatsvc, running chatsvc 0.2.0.",
            "371 ann :IRC clients, telnet users and programs share the same channels.",
            "371 ann :Every channel message is stored before it is shown.",
            "374 ann :End of INFO list",
        ]),
        ("ADMIN", [
            "423 ann irc.chatsvc :No administrative info available."
            " To reach the operators: report name reason"
        ]),
        ("USERS", ["446 ann :USERS has been disabled"]),
        ("SUMMON bob", ["445 ann :SUMMON has been disabled"]),
        ("LUSERS", [
            "251 ann :There are 1 users and 0 invisible on 1 servers",
            "252 ann 0 :operators online",
            "253 ann 0 :unknown connections",
            "254 ann 0 :channels formed",
            "255 ann :I have 1 clients and 0 servers",
            "265 ann 1 1 :Current users 1, max 1",
            "266 ann 1 1 :Current users 1, max 1",
        ]),
    ],
)  # fmt: skip
def test_questions_about_the_server(ann: Person, sent: str, answers: list[str]) -> None:
    assert ann.send(sent) == [f":irc.chatsvc {answer}" for answer in answers]


@pytest.mark.parametrize("command", ["MAP", "TRACE", "WATCHDOG"])
def test_what_is_not_done_here_is_unknown_to_everybody(
    chat: Chat, ann: Person, command: str
) -> None:
    assert ann.send(f"{command} x y") == [f":irc.chatsvc 421 ann {command} :Unknown command"]
    operator(chat).hang_up()
    ann.send(f"OPER op {SECRET}")
    assert ann.send(f"{command} x y") == [f":irc.chatsvc 421 ann {command} :Unknown command"]


def test_the_time_and_how_long_the_server_is_up(chat: Chat) -> None:
    chat.clock.advance(2 * 86400 + 3 * 3600 + 4 * 60 + 5)
    ann = irc(chat, "ann")
    assert ann.send("STATS u") == [
        ":irc.chatsvc 242 ann :Server Up 2 days 3:04:05",
        ":irc.chatsvc 219 ann u :End of STATS report",
    ]
    assert ann.send("TIME irc.chatsvc") == [
        ":irc.chatsvc 391 ann irc.chatsvc 183845 0 :Saturday, 1970-01-03 03:04:05 UTC (UTC+00:00)"
    ]


def test_stats_of_a_room_are_the_chat_s(ann: Person) -> None:
    ann.send("JOIN #tea")
    assert ann.send("STATS #tea") == [":irc.chatsvc NOTICE ann :No messages in #tea yet."]


def test_the_version_comes_with_what_is_supported(chat: Chat) -> None:
    ann = chat.connect()
    welcome = ann.send("NICK ann", "USER ann 0 * :Ann")
    supported = [line for line in welcome if " 005 " in line]
    assert ann.send("VERSION") == [":irc.chatsvc 351 ann chatsvc-0.2.0 irc.chatsvc :", *supported]
    tokens = " ".join(supported).split()
    assert {"WHOX", "MONITOR=100"} <= {*tokens}
    assert all(len(line) <= 510 and len(line.split()) <= 3 + 13 + 5 for line in supported)


# Help


def test_help_lists_everything(ann: Person) -> None:
    told = ann.send("HELP")
    assert told[:3] == [
        ":irc.chatsvc 704 ann * :Help topics",
        ":irc.chatsvc 705 ann * :",
        ":irc.chatsvc 705 ann * :IRC commands:",
    ]
    assert told[-1] == ":irc.chatsvc 706 ann * :For details: HELP command"
    words = re.findall(r"\w+", " ".join(told))
    assert {"WHOIS", "MONITOR", "report", "history"} <= {*words}
    assert not {"howtoban", "whois", "TEXT"} & {*words}  # which are for moderators and operators


def test_help_about_a_message_and_about_a_command_of_the_chat_s(ann: Person) -> None:
    assert ann.send("HELP names") == [
        ":irc.chatsvc 704 ann NAMES :NAMES channel[,channel]",
        ":irc.chatsvc 705 ann NAMES :",
        ":irc.chatsvc 706 ann NAMES :Lists the users in these channels.",
    ]
    assert ann.send("HELPOP report") == [
        ":irc.chatsvc 704 ann report :/report name reason",
        ":irc.chatsvc 705 ann report :",
        ":irc.chatsvc 705 ann report :reports a user to the operators",
        ":irc.chatsvc 706 ann report :For example: /report eve sends spam",
    ]
    assert ann.send("HELP back")[-1] == ":irc.chatsvc 706 ann back :marks you as back"
    assert ann.send("HELP :two words") == [
        ":irc.chatsvc 524 ann * :Unknown command two words. To list commands: /help"
    ]


def test_there_is_help_about_every_message() -> None:
    assert {*SUBJECTS} == {*registry._HANDLERS}


# Operators


def test_oper_takes_the_password_of_an_operator_s_account(chat: Chat, ann: Person) -> None:
    operator(chat).hang_up()
    member(chat, "bob").hang_up()
    assert ann.send("OPER op") == [":irc.chatsvc 461 ann OPER :Not enough parameters"]
    assert ann.send("OPER op wrong-horse") == [":irc.chatsvc 464 ann :Wrong password."]
    assert ann.send(f"OPER bob {SECRET}") == [":irc.chatsvc 491 ann :bob is not an operator."]
    assert ann.send("OPER nobody x")[0].startswith(
        ":irc.chatsvc 464 ann :nobody is not registered."
    )
    assert ann.send(f"OPER op {SECRET}") == [
        ":irc.chatsvc 381 ann :You are now an IRC operator",
        ":ann!~ann@people-ann MODE ann +o",
        ":irc.chatsvc 900 ann ann!~ann@people-ann op :You are logged in as op",
        ":ann!~ann@people-ann JOIN #lobby",
        ":irc.chatsvc 353 ann = #lobby :@ann",
        ":irc.chatsvc 366 ann #lobby :End of NAMES list",
    ]
    assert ann.send("MODE ann") == [":irc.chatsvc 221 ann +o"]
    assert ann.send("OPER op nothing") == [
        ":irc.chatsvc 381 ann :You are now an IRC operator",
        ":ann!~ann@people-ann MODE ann +o",
    ]
    assert ann.send(f"OPER bob {SECRET}")[0].startswith(
        ":irc.chatsvc 491 ann :You are already logged in as op"
    )


def test_an_operator_puts_somebody_off_the_server(chat: Chat, ann: Person) -> None:
    operator(chat).hang_up()
    eve, bob = irc(chat, "eve"), irc(chat, "bob")
    eve.send("JOIN #tea"), bob.send("JOIN #tea"), eve.read()
    assert ann.send("KILL eve :spam") == [":irc.chatsvc 481 ann :Only operators can do that."]
    ann.send(f"OPER op {SECRET}")
    assert ann.send("KILL eve") == [":irc.chatsvc 461 ann KILL :Not enough parameters"]
    assert ann.send("KILL nobody :spam") == [
        ":irc.chatsvc 401 ann nobody :No user named nobody is online."
    ]
    assert ann.send("KILL eve :spam, spam") == [":irc.chatsvc NOTICE ann :eve was removed."]
    assert eve.read() == [
        ":ann!~ann@people-ann KILL eve :spam, spam",
        "ERROR :Closing Link: irc.chatsvc (Killed (ann (spam, spam)))",
    ]
    assert eve.closed
    assert bob.read()[-1] == ":eve!~eve@people-eve QUIT :Killed (ann (spam, spam))"


def test_a_moderator_who_is_no_operator_kills_nobody(chat: Chat) -> None:
    member(chat, "bob").hang_up()
    bob = chat.connect()
    bob.send(f"PASS {SECRET}", "NICK bob", "USER b 0 * :b", "JOIN #tea")
    irc(chat, "eve").send("JOIN #tea")
    assert bob.send("KILL eve :spam")[-1] == ":irc.chatsvc 481 bob :Only operators can do that."


def test_what_an_operator_tells_everybody_is_a_notice_to_the_server(
    chat: Chat, ann: Person
) -> None:
    operator(chat).hang_up()
    eve, bob = irc(chat, "eve", "server-time"), chat.join("bob")
    assert ann.send("WALLOPS :#tea is closed") == [
        ":irc.chatsvc 481 ann :Only operators can do that."
    ]
    assert ann.send("WALLOPS") == [":irc.chatsvc 461 ann WALLOPS :Not enough parameters"]
    ann.send(f"OPER op {SECRET}"), bob.read()
    told = ":ann!~ann@people-ann NOTICE $* :back at 8"
    assert ann.send("ANNOUNCE :back at 8") == [told]
    assert eve.read() == [f"@time=1970-01-01T00:00:00.000Z {told}"]
    assert bob.read() == ["* Announcement from ann: back at 8"]


def test_wallops_reach_those_who_want_them(chat: Chat, ann: Person) -> None:
    """RFC 2812, 3.1.5 and 4.7: the user mode `w` receives WALLOPS."""
    operator(chat).hang_up()
    eve, dan, bob = irc(chat, "eve"), irc(chat, "dan"), chat.join("bob")
    assert eve.send("MODE eve +w") == [":eve!~eve@people-eve MODE eve +w"]
    assert eve.send("MODE eve +w", "MODE eve") == [":irc.chatsvc 221 eve +w"]
    ann.send(f"OPER op {SECRET}"), bob.read()
    assert ann.send("WALLOPS :back at 8") == []
    assert eve.read() == [":ann!~ann@people-ann WALLOPS :back at 8"]
    assert dan.read() == []
    assert bob.read() == ["* Announcement from ann: back at 8"]
    eve.send("MODE eve -w"), ann.send("WALLOPS :again")
    assert eve.read() == []


def test_the_description_of_the_server() -> None:
    """Modern IRC, "RPL_WHOISSERVER (312)" and "RPL_LINKS (364)": the server's description."""
    ann = irc(Chat(name="tea", description="Tea for two"), "ann")
    assert ann.send("LINKS")[0] == ":irc.chatsvc 364 ann irc.chatsvc irc.chatsvc :0 Tea for two"
    assert ":irc.chatsvc 312 ann ann irc.chatsvc :Tea for two" in ann.send("WHOIS ann")


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("REHASH", "723 ann rehash :This server is managed from a shell, with chatsvc"),
        ("DIE", "723 ann die :This server is managed from a shell, with chatsvc"),
        ("RESTART", "723 ann restart :This server is managed from a shell, with chatsvc"),
        ("CONNECT other.example", "402 ann other.example :No such server"),
        ("CONNECT other.example 6667", "402 ann other.example :No such server"),
        ("SQUIT other.example :bye", "402 ann other.example :No such server"),
        ("SQUIT IRC.* :bye", "723 ann squit :This server is managed from a shell, with chatsvc"),
    ],
)
def test_servers_are_not_managed_by_irc(chat: Chat, ann: Person, line: str, answer: str) -> None:
    """RFC 2812, 3.1.8, 3.4.7 and 4: 481; Modern IRC, "ERR_NOPRIVS (723)": client, privilege."""
    operator(chat).hang_up()
    assert ann.send(line) == [":irc.chatsvc 481 ann :Only operators can do that."]
    ann.send(f"OPER op {SECRET}")
    assert ann.send(line) == [f":irc.chatsvc {answer}"]


@pytest.mark.parametrize("line", ["CONNECT", "SQUIT", "SQUIT other.example"])
def test_the_parameters_of_commands_about_servers(ann: Person, line: str) -> None:
    (told,) = ann.send(line)
    assert told == f":irc.chatsvc 461 ann {line.split()[0]} :Not enough parameters"


def test_whois_on_a_server(ann: Person) -> None:
    """Modern IRC, "WHOIS message": a server, or a user for theirs; 402 for another server."""
    for target in ("irc.chatsvc", "irc.*", "ann", "bob"):
        assert ann.send(f"WHOIS {target} ann")[0].startswith(":irc.chatsvc 311 ann ann ")
    assert ann.send("WHOIS irc.example ann") == [":irc.chatsvc 402 ann irc.example :No such server"]
