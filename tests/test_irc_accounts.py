"""IRCv3's draft "account-registration", and the services for older clients."""

from __future__ import annotations

import pytest
from conftest import Chat, Person
from ircpeople import irc
from staff import SECRET, member

from chatsvc.model.rate_limits import Limits

NICKSERV = ":NickServ!services@irc.chatsvc NOTICE {to} :"
CHANSERV = ":ChanServ!services@irc.chatsvc NOTICE {to} :"
REGISTERED = ":irc.chatsvc 900 ann ann!~ann@people-ann ann :You are logged in as ann"


def modern(chat: Chat, nick: str) -> Person:
    return irc(chat, nick, "draft/account-registration")


# REGISTER


def test_an_account_is_made_by_register(chat: Chat) -> None:
    assert modern(chat, "ann").send(f"REGISTER * ann@example.org {SECRET}") == [
        REGISTERED,
        ":irc.chatsvc REGISTER SUCCESS ann :ann is now registered to you",
    ]
    account = chat.hub.accounts.find("ann")
    assert account is not None
    assert account.email == "ann@example.org"


def test_it_may_be_named_if_that_is_the_nickname(chat: Chat) -> None:
    ann = modern(chat, "ann")
    assert ann.send(f"REGISTER bob * {SECRET}") == [
        ":irc.chatsvc FAIL REGISTER ACCOUNT_NAME_MUST_BE_NICK bob"
        " :Your account name must be your nickname, ann"
    ]
    assert ann.send(f"REGISTER ann * {SECRET}")[0] == REGISTERED


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ("* * short", "WEAK_PASSWORD ann :A password must have 6 to 600 characters."),
        ("* * :horse battery", "UNACCEPTABLE_PASSWORD ann :A password cannot contain spaces."),
        ("* * horse battery", "UNACCEPTABLE_PASSWORD ann :A password cannot contain spaces."),
        ("* * :      ", "WEAK_PASSWORD ann :A password cannot contain spaces."),
        (f"* nonsense {SECRET}", "INVALID_EMAIL ann :Not an e-mail address. "),
    ],
)
def test_why_there_is_no_account_is_a_standard_reply(chat: Chat, sent: str, answer: str) -> None:
    (told,) = modern(chat, "ann").send(f"REGISTER {sent}")
    assert told.startswith(f":irc.chatsvc FAIL REGISTER {answer}")


def test_an_account_of_one_s_own_is_enough(chat: Chat) -> None:
    ann = modern(chat, "ann")
    ann.send(f"REGISTER * * {SECRET}")
    assert ann.send(f"REGISTER * * {SECRET}") == [
        ":irc.chatsvc FAIL REGISTER ALREADY_AUTHENTICATED ann :ann is already registered to you."
    ]


def test_two_cannot_have_one_name(chat: Chat) -> None:
    member(chat, "ann").send("/nick anna")
    bob = modern(chat, "bob")
    chat.hub.directory.users["bob"].name = "ann"  # as if another user had just registered it
    assert bob.send(f"REGISTER * * {SECRET}")[0].startswith(
        ":irc.chatsvc FAIL REGISTER ACCOUNT_EXISTS bob :ann is already a registered name"
    )


@pytest.mark.parametrize("mode", ["closed", "invite"])
def test_where_one_may_not_register_it_is_said_how_one_may(mode: str) -> None:
    (told,) = modern(Chat(accounts=mode), "ann").send(f"REGISTER * * {SECRET}")
    assert told.startswith(":irc.chatsvc FAIL REGISTER TEMPORARILY_UNAVAILABLE ann :")


def test_too_many_from_one_address_is_for_later() -> None:
    limits = Limits(None, 0, 0, name_within=0.0, registrations=1)
    chat = Chat(limits=limits)
    modern(chat, "ann").send(f"REGISTER * * {SECRET}")
    (told,) = modern(chat, "bob").send(f"REGISTER * * {SECRET}")
    assert told.startswith(
        ":irc.chatsvc FAIL REGISTER TEMPORARILY_UNAVAILABLE bob :Too many registrations"
    )


def test_before_the_welcome_nobody_registers(chat: Chat) -> None:
    person = chat.connect()
    person.send("CAP REQ :draft/account-registration", "NICK ann")
    assert person.send(f"REGISTER * * {SECRET}") == [
        ":irc.chatsvc FAIL REGISTER COMPLETE_CONNECTION_REQUIRED ann"
        " :Register first, with NICK and USER"
    ]
    assert person.send("REGISTER *") == [":irc.chatsvc 461 * REGISTER :Not enough parameters"]


def test_nothing_is_to_be_verified(chat: Chat) -> None:
    assert modern(chat, "ann").send("VERIFY ann 4711") == [
        ":irc.chatsvc FAIL VERIFY INVALID_CODE ann :Accounts need no verification"
    ]


def test_without_the_capability_register_is_the_chat_s_own(chat: Chat) -> None:
    assert irc(chat, "ann").send(f"REGISTER {SECRET}") == [REGISTERED]
    person = chat.connect()
    person.send("CAP LS")
    assert person.send(f"REGISTER {SECRET}")[0].startswith(":irc.chatsvc 451 * ")


# NickServ


def test_nickserv_answers_in_words_beside_what_clients_need(chat: Chat) -> None:
    ann = irc(chat, "ann")
    say = NICKSERV.format(to="ann")
    assert ann.send(f"PRIVMSG NickServ :REGISTER {SECRET}") == [
        REGISTERED,
        f"{say}ann is now registered to you. Next time, sign in with this name and your password.",
    ]
    assert ann.send(f"NS SET PASSWORD {SECRET} new-staple") == [f"{say}Password changed."]
    assert ann.send("NICKSERV PASSWD wrong-horse x") == [f"{say}Wrong password."]
    assert ann.send(f"ns cert add {'ab' * 32}") == [f"{say}{'ab' * 32}"]
    assert ann.send("NS CERT LIST") == [f"{say}{'ab' * 32}"]
    assert ann.send(f"NS CERT DEL {'ab' * 32}") == [f"{say}Your account has no certificates."]
    ann.send("QUIT")
    guest = irc(chat, "guest")
    say = NICKSERV.format(to="guest")
    assert guest.send("NS IDENTIFY ann new-staple")[:2] == [
        ":irc.chatsvc 900 guest guest!~guest@people-guest ann :You are logged in as ann",
        f"{say}You are logged in as ann. Your name is guest.",
    ]
    assert guest.send("NS DROP new-staple")[-1] == (
        f"{say}Account deleted. You are now the guest guest. Your messages remain."
    )


def test_nickserv_says_what_it_knows(chat: Chat) -> None:
    ann = irc(chat, "ann")
    say = NICKSERV.format(to="ann")
    told = ann.send("PRIVMSG nickserv :HELP")
    assert told[0] == f"{say}NickServ commands:"
    assert f"{say}IDENTIFY [name] password           logs you in" in told
    assert ann.send("NS nonsense") == told
    assert ann.send("NS") == told
    assert all(line.startswith(f"{say}ann") for line in ann.send("NS INFO ann"))


# ChanServ


def test_chanserv_gives_roles_and_sets_rules(chat: Chat) -> None:
    ann, bob = irc(chat, "ann"), irc(chat, "bob")
    ann.send(f"NS REGISTER {SECRET}", "JOIN #tea")
    bob.send(f"NS REGISTER {SECRET}", "JOIN #tea")
    ann.read(), bob.read()
    assert ann.send("CS OP #tea bob") == [":ann!~ann@people-ann MODE #tea +o bob"]
    assert bob.read() == [":ann!~ann@people-ann MODE #tea +o bob"]
    assert bob.send("PRIVMSG ChanServ :DEOP #tea")[-1].endswith(" MODE #tea -o bob")
    ann.read()
    say = CHANSERV.format(to="ann")
    assert ann.send("CS SET #tea slow 10s")[-1].endswith("NOTICE #tea :ann set slow: 10 s")
    assert ann.send("CS INFO #tea")[0].startswith(f"{say}Rules of #tea. Founder: ann.")
    assert ann.send("CS TRANSFER #tea bob")[0] == (
        ":ann!~ann@people-ann MODE #tea +qo-q bob bob ann"
    )
    assert ann.send("CS KICK #tea bob spam")[0].startswith(say)
    assert bob.send("CS KICK #tea ann be nice")[-1] == (
        ":bob!~bob@people-bob KICK #tea ann :be nice"
    )


def test_chanserv_bans_and_lifts_bans(chat: Chat) -> None:
    ann = irc(chat, "ann")
    ann.send(f"NS REGISTER {SECRET}", "JOIN #tea")
    ann.send("CS BAN #tea name=eve")
    assert ann.send("MODE #tea b")[0] == ":irc.chatsvc 367 ann #tea eve!*@* ann 0"
    ann.send("CS UNBAN #tea name=eve")
    assert ann.send("MODE #tea b") == [":irc.chatsvc 368 ann #tea :End of channel ban list"]


def test_chanserv_says_how_it_goes_and_whose_a_channel_is(chat: Chat) -> None:
    ann = irc(chat, "ann")
    say = CHANSERV.format(to="ann")
    assert ann.send("CS KICK #tea") == [f"{say}Usage: KICK #channel nick [reason]"]
    assert ann.send("CS OP") == [f"{say}Usage: OP #channel [nick]"]
    assert ann.send("CHANSERV REGISTER #tea")[0].startswith(f"{say}Register your nickname")
    assert ann.send("CS HELP")[0] == f"{say}ChanServ commands:"
    assert ann.send("CS OP #nowhere ann")[0].startswith(say)


def test_nobody_is_called_like_a_service(chat: Chat) -> None:
    person = chat.connect()
    assert person.send("NICK NickServ", "USER x 0 * :x") == [
        ":irc.chatsvc 432 * NickServ :IRC clients use that name for the server."
    ]
    assert irc(chat, "bob").send("NICK ChanServ") == [
        ":irc.chatsvc 432 bob ChanServ :IRC clients use that name for the server."
    ]


def test_nobody_is_called_like_the_server(chat: Chat) -> None:
    """Modern IRC, "Clients": a client tells a server from a user by the name."""
    told = "IRC clients use that name for the server."
    person = chat.connect()
    assert person.send("NICK irc.chatsvc", "USER x 0 * :x") == [
        f":irc.chatsvc 432 * irc.chatsvc :{told}"
    ]
    assert irc(chat, "bob").send("NICK IRC.chatsvc") == [
        f":irc.chatsvc 432 bob IRC.chatsvc :{told}"
    ]


def test_who_logs_out_is_told_that_they_have_left_their_rooms(chat: Chat) -> None:
    ann = irc(chat, "ann")
    ann.send("JOIN #tea", f"NS REGISTER {SECRET}")
    assert ann.send("NS LOGOUT")[:2] == [
        ":ann!~ann@people-ann PART #tea",
        ":ann!~ann@people-ann NICK :guest-1",
    ]
    assert ann.send("JOIN #tea")[0] == ":guest-1!~ann@people-ann JOIN #tea"


def test_a_password_of_several_words_is_refused_without_the_capability_too(chat: Chat) -> None:
    """IRCv3 "account-registration", "UNACCEPTABLE_PASSWORD": any reason other than weakness."""
    for words in (":horse battery", "horse battery staple"):
        (told,) = irc(chat, "ann").send(f"REGISTER ann * {words}", "QUIT")[:1]
        assert told.startswith(":irc.chatsvc FAIL REGISTER UNACCEPTABLE_PASSWORD ann :A password ")
    assert chat.hub.accounts.find("ann") is None
