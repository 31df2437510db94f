"""What IRC clients are refused, or shown in another form, as the specifications say."""

from __future__ import annotations

import pytest
from conftest import Chat, Person
from ircpeople import irc
from staff import SECRET, founder

ANN = ":ann!~ann@people-ann"


@pytest.fixture
def ann(chat: Chat) -> Person:
    """Return the founder of #tea."""
    ann = irc(chat, "ann")
    ann.send(f"NS REGISTER {SECRET}", "JOIN #tea")
    return ann


# PRIVMSG (Modern IRC, "ERR_INPUTTOOLONG (417)")


def test_a_message_that_does_not_fit_with_its_source_is_417(chat: Chat, ann: Person) -> None:
    bob = irc(chat, "bob")
    bob.send("JOIN #tea")
    room = 512 - len(f"{ANN} PRIVMSG #tea :\r\n")
    assert ann.send(f"PRIVMSG #tea :{'x' * (room + 1)}") == [
        ":irc.chatsvc 417 ann :Input line was too long"
    ]
    assert ann.send(f"PRIVMSG #tea :{'é' * (room // 2 + 1)}")[0].startswith(":irc.chatsvc 417 ")
    assert ann.send(f"PRIVMSG bob,#tea :{'x' * (room + 1)}")[0].startswith(":irc.chatsvc 417 ")
    assert bob.read() == [f"{ANN} JOIN #tea"][1:]
    ann.send(f"PRIVMSG #tea :{'x' * room}")
    (told,) = bob.read()
    assert len(told) == 510
    assert told.endswith("x" * room)


# MODE (Modern IRC, "ERR_INVALIDMODEPARAM (696)")


@pytest.mark.parametrize("key", [":", ": ", ":a b", ":a ", "x" * 65])
def test_a_key_that_no_client_could_send_is_696(ann: Person, key: str) -> None:
    assert ann.send(f"MODE #tea +k {key}") == [
        ":irc.chatsvc 696 ann #tea k * :A key is one word of at most 64 characters"
    ]
    assert ann.send("MODE #tea")[0] == ":irc.chatsvc 324 ann #tea +n"


@pytest.mark.parametrize("limit", ["0", "-1", "x", ":", "1.5", "9" * 20])
def test_a_limit_that_is_no_number_is_696(ann: Person, limit: str) -> None:
    (told,) = ann.send(f"MODE #tea +l {limit}")
    assert told.startswith(":irc.chatsvc 696 ann #tea l * :")


def test_a_key_may_be_as_long_as_isupport_says(ann: Person) -> None:
    assert ann.send(f"MODE #tea +k {'x' * 64}") == [f"{ANN} MODE #tea +k *"]


def test_the_account_of_a_ban_may_be_unknown(chat: Chat, ann: Person) -> None:
    """IRCv3 "account-extban": clients build the mask from ACCOUNTEXTBAN and EXTBAN."""
    tokens = " ".join(ann.send("VERSION"))
    assert " ACCOUNTEXTBAN=a " in tokens
    assert " EXTBAN=$,am " in tokens
    assert ann.send("MODE #tea +b $a:eve") == [f"{ANN} MODE #tea +b $a:eve"]
    assert ann.send("MODE #tea b")[0] == ":irc.chatsvc 367 ann #tea $a:eve ann 0"
    eve = irc(chat, "eve")
    eve.send(f"NS REGISTER {SECRET}")
    assert eve.send("JOIN #tea")[0].startswith(":irc.chatsvc 474 eve #tea ")


# Several targets (RFC 2812, 3.2.5 and 3.2.8)


def test_a_kick_takes_one_channel_or_as_many_as_nicknames(chat: Chat, ann: Person) -> None:
    ann.send("JOIN #milk")
    for name in ("bob", "eve"):
        irc(chat, name).send("JOIN #tea,#milk")
    ann.read()
    assert ann.send("KICK #tea,#milk bob,eve :go") == [
        f"{ANN} KICK #tea bob :go",
        f"{ANN} KICK #milk eve :go",
    ]


def test_names_of_several_channels_have_one_end(chat: Chat, ann: Person) -> None:
    ann.send("JOIN #milk")
    assert ann.send("NAMES #tea,#milk") == [
        ":irc.chatsvc 353 ann = #tea :@ann",
        ":irc.chatsvc 353 ann = #milk :@ann",
        ":irc.chatsvc 366 ann #tea,#milk :End of NAMES list",
    ]
    assert ann.send("NAMES #tea,#nowhere")[1:] == [
        ":irc.chatsvc 366 ann #tea,#nowhere :End of NAMES list"
    ]
    assert ann.send("NAMES #Tea")[-1] == ":irc.chatsvc 366 ann #tea :End of NAMES list"


# LIST (Modern IRC, "ELIST parameter")


def test_list_selects_by_users_masks_and_times(chat: Chat, ann: Person) -> None:
    chat.clock.advance(600)
    ann.send("JOIN #milk", "TOPIC #milk :fresh")
    irc(chat, "bob").send("JOIN #milk")
    chat.clock.advance(60)

    def listed(conditions: str) -> list[str]:
        return [line.split()[3] for line in ann.send(f"LIST {conditions}")[1:-1]]

    assert listed("") == ["#milk", "#tea"]
    assert listed(">1") == ["#milk"]
    assert listed("<2") == ["#tea"]
    assert listed("#t*") == ["#tea"]
    assert listed("!#T*") == ["#milk"]
    assert listed("C<5") == ["#milk"]
    assert listed("C>5") == ["#tea"]
    assert listed("T<5") == ["#milk"]
    assert listed("T>5") == []
    assert listed("#*,<2") == ["#tea"]
    assert listed("#TEA,#milk") == ["#milk", "#tea"]
    assert listed("#nowhere") == []
    assert " ELIST=CMNTU " in " ".join(ann.send("VERSION"))


# One check each


def test_an_invited_member_is_443(chat: Chat, ann: Person) -> None:
    irc(chat, "bob").send("JOIN #tea")
    ann.read()
    assert ann.send("INVITE bob #tea") == [":irc.chatsvc 443 ann bob #tea :is already on channel"]


def test_an_empty_real_name_is_461(chat: Chat) -> None:
    assert chat.connect().send("NICK ann", "USER ann 0 * :") == [
        ":irc.chatsvc 461 * USER :Not enough parameters"
    ]


def test_an_unknown_subcommand_of_cap_is_irc_too(chat: Chat) -> None:
    assert chat.connect().send("CAP WHAT") == [":irc.chatsvc 410 * WHAT :Invalid CAP command"]


def test_a_message_to_oneself_arrives_and_is_echoed(chat: Chat, ann: Person) -> None:
    line = f"{ANN} PRIVMSG ann :note"
    assert ann.send("PRIVMSG ann :note") == [line]
    ann.send("CAP REQ echo-message")
    assert ann.send("PRIVMSG ann :note") == [line, line]
    bob = irc(chat, "bob", "echo-message")
    assert bob.send("PRIVMSG bob :note") == [":bob!~bob@people-bob PRIVMSG bob :note"] * 2


def test_ids_of_private_messages_are_the_same_at_both_ends(chat: Chat) -> None:
    """IRCv3 "Message IDs"; the nickname of an account's user may be another than its name."""
    clients = {}
    for name in ("ann", "bob"):
        irc(chat, name).send(f"NS REGISTER {SECRET}", "QUIT")
        client = irc(chat, f"{name}-1", "message-tags", "echo-message", "draft/message-redaction")
        client.send(f"NS IDENTIFY {name} {SECRET}")
        clients[name] = client
    ann, bob = clients.values()
    line = "@msgid=@ann,bob-1 :ann-1!~ann-1@people-ann-1 PRIVMSG bob-1 :hi"
    assert ann.send("PRIVMSG bob-1 :hi") == [line]
    assert bob.read() == [line]
    assert ann.send("REDACT bob-1 @ann,bob-1 :wrong window") == [
        ":ann-1!~ann-1@people-ann-1 REDACT bob-1 @ann,bob-1 :wrong window"
    ]
    assert bob.read()[0].endswith(" @ann,bob-1 :wrong window")
    guest = irc(chat, "guest", "message-tags", "echo-message")
    (own,) = guest.send("PRIVMSG bob-1 :hi")
    assert own.startswith("@msgid=~1000000000001 ")
    assert bob.read() == [own]


def test_tags_of_4094_bytes_are_relayed_and_longer_ones_refused(chat: Chat) -> None:
    """IRCv3 "Message Tags", "Size limit"."""
    ann, bob = irc(chat, "ann", "message-tags"), irc(chat, "bob", "message-tags")
    ann.send("JOIN #tea"), bob.send("JOIN #tea"), ann.read()
    tags = ";".join(f"+t{n}={'x' * 395}" for n in range(10, 20))
    tags += f";+u={'x' * (4094 - len(tags) - 4)}"
    bob.send(f"@{tags} TAGMSG #tea")
    assert ann.read() == [f"@msgid=~1000000000003;{tags} :bob!~bob@people-bob TAGMSG #tea"]
    assert bob.send(f"@{tags}x TAGMSG #tea") == [":irc.chatsvc 417 bob :Input line was too long"]


def test_a_tagmsg_to_oneself_arrives_and_is_echoed(chat: Chat) -> None:
    ann = irc(chat, "ann", "message-tags", "echo-message")
    assert ann.send("@+a=b TAGMSG ann") == [f"@msgid=~1000000000001;+a=b {ANN} TAGMSG ann"] * 2


def test_redacting_elsewhere_is_an_invalid_target(chat: Chat) -> None:
    ann = irc(chat, "ann", "draft/message-redaction")
    assert ann.send("REDACT #tea some-id") == [
        ":irc.chatsvc FAIL REDACT INVALID_TARGET #tea :You are not in #tea. To join it: /join #tea"
    ]


def test_a_host_in_a_mask_means_its_user(chat: Chat) -> None:
    eve, ann = irc(chat, "eve"), founder(chat, "ann")
    ann.hang_up()
    ann = chat.connect()
    ann.send(f"PASS {SECRET}", "NICK ann", "USER ann 0 * :a", "JOIN #tea")
    eve.send("NICK mallory")
    assert ann.send("MODE #tea +b *!*@people-eve") == [f"{ANN} MODE #tea +b *!*@people-eve"]
    assert eve.send("JOIN #tea")[0].startswith(":irc.chatsvc 474 mallory #tea ")
    assert irc(chat, "dan").send("JOIN #tea")[0].endswith(" JOIN #tea")
    ann.read()
    assert ann.send("MODE #tea -b *!*@people-eve") == [f"{ANN} MODE #tea -b *!*@people-eve"]


@pytest.mark.parametrize("command", ["JOIN", "PART"])
@pytest.mark.parametrize("channels", [":", ","])
def test_a_list_without_channels_has_too_few_parameters(
    ann: Person, command: str, channels: str
) -> None:
    """RFC 2812, 3.2.1 and 3.2.2: 461."""
    told = f":irc.chatsvc 461 ann {command} :Not enough parameters"
    assert ann.send(f"{command} {channels}") == [told]


@pytest.mark.parametrize("nick", ["[x]", "{x}", "x\\y", "x`", "^x_", "x|y", "x-9", "_"])
def test_nicknames_have_the_special_characters_of_the_rfcs(chat: Chat, nick: str) -> None:
    """RFC 2812, 2.3.1: letters, digits, hyphens, and brackets and the like."""
    client = irc(chat, "bob")
    client.send("JOIN #cup", f"NICK {nick}")
    assert client.send("NAMES #cup")[0] == f":irc.chatsvc 353 {nick} = #cup :@{nick}"
    client.send(f"MODE #cup +b {nick}!*@*")
    assert client.send("MODE #cup b")[0].startswith(f":irc.chatsvc 367 {nick} #cup {nick}!*@* ")
