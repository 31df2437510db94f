"""What Modern IRC says of words: texts, reasons, targets and tags, and their limits."""

from __future__ import annotations

import re

import pytest
from conftest import Chat, Person, Worker, no_turn, start
from ircpeople import irc
from staff import SECRET, operator

from chatsvc.store.memory import MemoryArchive


@pytest.fixture
def ann(chat: Chat) -> Person:
    return irc(chat, "ann")


@pytest.mark.parametrize(
    ("sent", "answers"),
    [
        ("PRIVMSG", ["411 ann :No recipient given (PRIVMSG)"]),
        ("PRIVMSG :", ["411 ann :No recipient given (PRIVMSG)"]),
        ("PRIVMSG bob", ["412 ann :No text to send"]),
        ("PRIVMSG bob :", ["412 ann :No text to send"]),
        ("PRIVMSG ann : ", ["412 ann :No text to send"]),
        ("TAGMSG", ["411 ann :No recipient given (TAGMSG)"]),
        ("NOTICE", []),
        ("NOTICE bob", []),
        ("NOTICE bob :", []),
        ("NOTICE ann : ", []),
        ("PING :", ["409 ann :No origin specified"]),
        ("STATS", ["461 ann STATS :Not enough parameters"]),
    ],
)
def test_a_message_without_target_or_text(ann: Person, sent: str, answers: list[str]) -> None:
    """Modern IRC, "PRIVMSG message", "NOTICE message", "PING message", "STATS message"."""
    assert ann.send(sent) == [f":irc.chatsvc {answer}" for answer in answers]


def test_a_message_for_moderators_from_outside_is_404(chat: Chat, ann: Person) -> None:
    """Modern IRC, "PRIVMSG message": a message that cannot be delivered to a channel."""
    irc(chat, "bob", "message-tags").send("JOIN #tea")
    for sent in ("PRIVMSG #tea :x", "PRIVMSG @#tea :x"):
        assert ann.send(sent)[0].startswith(f":irc.chatsvc 404 ann {sent.split()[1]} ")
    eve = irc(chat, "eve", "message-tags")
    assert eve.send("@+x=1 TAGMSG #tea")[0].startswith(":irc.chatsvc 404 eve #tea ")
    assert eve.send("@+x=1 TAGMSG nobody")[0].startswith(":irc.chatsvc 401 eve nobody ")


def test_a_tagmsg_is_delivered_whatever_its_tags(chat: Chat) -> None:
    """IRCv3 "Message Tags": the server removes tags without a plus sign, not the message."""
    ann, bob = (irc(chat, name, "message-tags") for name in ("ann", "bob"))
    ann.send("@unknown-tag TAGMSG bob")
    (told,) = bob.read()
    assert told.endswith(" :ann!~ann@people-ann TAGMSG bob")
    assert "unknown" not in told


@pytest.mark.parametrize("command", ["PRIVMSG bob :x", "TAGMSG bob"])
def test_a_tag_may_fill_the_4094_bytes(chat: Chat, command: str) -> None:
    """IRCv3 "Message Tags", "Size limit"; the server's own tags come first."""
    ann, bob = (irc(chat, name, "message-tags") for name in ("ann", "bob"))
    tag = f"+a={'x' * 4091}"
    assert ann.send(f"@{tag} {command}") == []
    (told,) = bob.read()
    assert told.split(" ")[0].endswith(f";{tag}")
    assert ann.send(f"@{tag}x {command}") == [":irc.chatsvc 417 ann :Input line was too long"]


def test_the_reason_of_a_quit_says_who_ended_the_connection(chat: Chat, ann: Person) -> None:
    """Modern IRC, "QUIT message"."""
    ann.send("JOIN #tea")
    for leave, reason in (
        ("QUIT :good night", "Quit: good night"),
        ("QUIT", "Quit: "),
        (f"QUIT :{'x' * 401}", f"Quit: {'x' * 400}"),
        (None, "Connection closed"),
    ):
        bob = irc(chat, "bob")
        bob.send("JOIN #tea")
        ann.read()
        bob.send(leave) if leave else bob.hang_up()
        assert ann.read() == [f":bob!~bob@people-bob QUIT :{reason}"]


def test_reasons_that_are_too_long_are_truncated(chat: Chat, ann: Person) -> None:
    """Modern IRC, "AWAYLEN", "KICKLEN", "TOPICLEN"."""
    bob = irc(chat, "bob", "away-notify")
    ann.send("JOIN #tea"), bob.send("JOIN #tea")
    for sent in ("AWAY", "TOPIC #tea", "KICK #tea bob"):
        ann.send(f"{sent} :{'x' * 401}")
        assert bob.read() == [f":ann!~ann@people-ann {sent} :{'x' * 400}"]


def test_messages_are_shown_before_what_was_requested_after_them() -> None:
    """RFC 1459, 5: a client's requests take effect in their order."""
    worker = Worker()
    chat = Chat(MemoryArchive(worker, no_turn, start))
    ann, bob = irc(chat, "ann"), irc(chat, "bob")
    ann.send("JOIN #tea"), bob.send("JOIN #tea")
    worker.work()
    bob.read()
    ann.send(
        "PRIVMSG #tea :1", "NICK anna", "PRIVMSG #tea :2", "TOPIC #tea :cake",
        "PRIVMSG #tea :3", "MODE #tea +m", "PRIVMSG #tea :4", "PART #tea",
    )  # fmt: skip
    worker.work()
    assert [line.split(" ", 1)[1] for line in bob.read()] == [
        "PRIVMSG #tea :1", "NICK :anna", "PRIVMSG #tea :2", "TOPIC #tea :cake",
        "PRIVMSG #tea :3", "MODE #tea +m", "PRIVMSG #tea :4", "PART #tea",
    ]  # fmt: skip


def test_a_list_of_capabilities_suits_the_version_that_requests_it(chat: Chat) -> None:
    """IRCv3 "Capability Negotiation", "CAP LS Version" and "cap-notify"."""
    client = chat.connect()
    (first,) = client.send("CAP LS")
    assert " sasl " in first
    assert "=" not in first
    assert client.send("CAP REQ :cap-notify", "CAP REQ :-cap-notify") == [
        ":irc.chatsvc CAP * ACK :cap-notify",
        ":irc.chatsvc CAP * ACK :-cap-notify",
    ]
    several = client.send("CAP LS 302")
    assert several[0].startswith(":irc.chatsvc CAP * LS * :")
    assert "=" in several[0]
    (again,) = client.send("CAP LS")
    assert again == first
    assert client.send("CAP REQ :-cap-notify batch") == [
        ":irc.chatsvc CAP * NAK :-cap-notify batch"
    ]
    assert all(len(line.encode()) <= 510 for line in (first, *several))


@pytest.mark.parametrize("first", ["JOIN #tea", "PRIVMSG bob :x", "MODE ann", "WHOIS ann"])
def test_any_command_before_registration_is_451(chat: Chat, first: str) -> None:
    """Modern IRC, "ERR_NOTREGISTERED", also for a client that begins with it."""
    client = chat.connect()
    assert client.send(first) == [":irc.chatsvc 451 * :Register first, with NICK and USER"]
    assert client.send("NICK ann", "USER ann 0 * :Ann")[0].startswith(":irc.chatsvc 001 ann ")


def test_a_prefix_belongs_to_a_channel(chat: Chat) -> None:
    """Modern IRC, "RPL_WHOREPLY": the prefix in the channel, if there is one."""
    operator(chat, "op").hang_up()
    op = chat.connect()
    op.send(f"PASS {SECRET}", "NICK op", "USER o 0 * :o")
    ann = irc(chat, "ann")
    op.send("PART #lobby")
    assert " op H* :" in ann.send("WHO op")[0]
    for client in (op, ann):
        client.send("JOIN #tea")
    assert " op H*@ :" in ann.send("WHO op")[0]


def test_verify_is_refused_for_the_reason_that_applies(chat: Chat, ann: Person) -> None:
    """IRCv3 "account-registration": the codes of VERIFY."""
    early = chat.connect()
    early.send("CAP LS 302")
    for client, account, code in (
        (early, "eve", "COMPLETE_CONNECTION_REQUIRED"),
        (ann, "eve", "INVALID_CODE"),
    ):
        (refused,) = client.send("VERIFY eve 123")
        assert refused.startswith(f":irc.chatsvc FAIL VERIFY {code} {account} :")
    ann.send(f"REGISTER * * {SECRET}")
    (refused,) = ann.send("VERIFY eve 123")
    assert refused.startswith(":irc.chatsvc FAIL VERIFY ALREADY_AUTHENTICATED ann :")


def test_the_moderators_of_a_channel_get_tags_too(chat: Chat) -> None:
    """IRCv3 "Message Tags": client tags are relayed, and TAGMSG honours STATUSMSG."""
    ann, bob, eve = (irc(chat, name, "message-tags") for name in ("ann", "bob", "eve"))
    for client in (ann, bob, eve):
        client.send("JOIN #tea")
    ann.read(), bob.read()
    eve.send("@+x=1 PRIVMSG @#tea :hello", "@+x=2 TAGMSG @#tea", "@+x=3 PRIVMSG @#tea :\x01A b\x01")
    assert [line.partition(";")[2] for line in ann.read()] == [
        "+x=1 :eve!~eve@people-eve PRIVMSG @#tea :hello",
        "+x=2 :eve!~eve@people-eve TAGMSG @#tea",
        "+x=3 :eve!~eve@people-eve PRIVMSG @#tea :\x01A b\x01",
    ]
    assert bob.read() == []


def test_a_ctcp_query_has_an_id_like_any_message(chat: Chat) -> None:
    """IRCv3 "Message IDs": on all PRIVMSG and NOTICE."""
    ann, bob = (irc(chat, name, "message-tags", "server-time") for name in ("ann", "bob"))
    ann.send("PRIVMSG bob :\x01VERSION\x01")
    (told,) = bob.read()
    assert re.fullmatch(
        r"@time=\S+;msgid=~\d+ :ann!~ann@people-ann PRIVMSG bob :\x01VERSION\x01", told
    )


def test_the_account_is_a_tag_of_all_commands_of_a_user(chat: Chat) -> None:
    """IRCv3 "account-tag": on all commands sent by a user."""
    bob, ann = irc(chat, "bob", "account-tag", "away-notify"), irc(chat, "ann")
    bob.send("JOIN #tea")
    ann.send(
        f"REGISTER * * {SECRET}",
        "JOIN #tea",
        "AWAY :lunch",
        "AWAY",
        "NICK anna",
        "TOPIC #tea :cake",
    )
    ann.send("PRIVMSG bob :\x01PING 1\x01", "NOTICE bob :hi", "PRIVMSG #tea :hi", "PART #tea")
    ann.send("JOIN #tea", "QUIT :bye")
    told = [line for line in bob.read() if "!~ann@" in line]
    assert [line.split()[2] for line in told] == [
        "JOIN", "AWAY", "AWAY", "NICK", "TOPIC", "PRIVMSG", "NOTICE", "PRIVMSG", "PART", "JOIN",
        "QUIT",
    ]  # fmt: skip
    assert {line.split()[0] for line in told} == {"@account=ann"}


def test_who_joins_is_away_if_they_were_before(chat: Chat) -> None:
    """IRCv3 "away-notify": when a user joins and has an away message set."""
    ann, bob, carol = irc(chat, "ann", "away-notify"), irc(chat, "bob"), irc(chat, "carol")
    ann.send("JOIN #tea")
    bob.send("AWAY :lunch", "JOIN #tea"), carol.send("AWAY :tea", "AWAY", "JOIN #tea")
    assert ann.read() == [
        ":bob!~bob@people-bob JOIN #tea",
        ":bob!~bob@people-bob AWAY :lunch",
        ":carol!~carol@people-carol JOIN #tea",
    ]


def test_only_a_change_of_away_is_told(chat: Chat) -> None:
    """IRCv3 "away-notify": when a user sets, changes or removes their away state."""
    ann, bob = irc(chat, "ann", "away-notify"), irc(chat, "bob")
    ann.send("JOIN #tea"), bob.send("JOIN #tea"), ann.read()
    for sent, shown in (("AWAY :a", 1), ("AWAY :a", 0), ("AWAY :b", 1), ("AWAY", 1), ("AWAY", 0)):
        assert bob.send(sent)[0].split()[1] == ("306" if ":" in sent else "305")
        assert len(ann.read()) == shown


def test_an_invited_user_is_away(chat: Chat) -> None:
    """RFC 2812, 3.2.7: INVITE is answered with RPL_AWAY too."""
    ann, bob = irc(chat, "ann"), irc(chat, "bob")
    ann.send("JOIN #tea"), bob.send("AWAY :lunch")
    assert ann.send("INVITE bob #tea") == [
        ":irc.chatsvc 301 ann bob :lunch",
        ":irc.chatsvc 341 ann bob #tea",
    ]


def test_every_private_message_says_that_the_recipient_is_away(chat: Chat) -> None:
    """Modern IRC, "AWAY message"; nothing answers a notice."""
    ann, bob = irc(chat, "ann"), irc(chat, "bob")
    bob.send("AWAY :lunch")
    assert ann.send("NOTICE bob :x") == []
    for _ in range(2):
        assert ann.send("PRIVMSG bob :x") == [":irc.chatsvc 301 ann bob :lunch"]


@pytest.mark.parametrize("command", ["VERSION", "ADMIN", "TIME", "INFO", "MOTD", "STATS u"])
def test_a_user_stands_for_their_server(chat: Chat, ann: Person, command: str) -> None:
    """Modern IRC, "VERSION message": a client's name is that of its server."""
    irc(chat, "bob")
    assert ann.send(f"{command} Bob") == ann.send(command)
    assert ann.send(f"{command} eve") == [":irc.chatsvc 402 ann eve :No such server"]


def test_help_on_an_unknown_subject_repeats_what_can_be_a_parameter(ann: Person) -> None:
    """Modern IRC, "ERR_HELPNOTFOUND"."""
    assert ann.send("HELP nonsense")[0].startswith(":irc.chatsvc 524 ann nonsense :")
    assert ann.send("HELP :unknown subject")[0].startswith(":irc.chatsvc 524 ann * :")


def test_a_user_name_is_as_long_as_isupport_says(chat: Chat) -> None:
    """Modern IRC, "USERLEN": the tilde counts."""
    client = chat.connect()
    told = " ".join(client.send("NICK ann", f"USER {'u' * 40} 0 * :Ann"))
    user = re.search(r"ann!(\S+)@", told)
    assert user is not None
    assert f" USERLEN={len(user[1])} " in told


def test_that_the_recipient_is_away_belongs_to_the_labeled_answer(chat: Chat) -> None:
    """IRCv3 "labeled-response": in any response produced from the message."""
    ann, bob = irc(chat, "ann", "labeled-response", "batch"), irc(chat, "bob")
    bob.send("AWAY :lunch")
    away = ":irc.chatsvc 301 ann bob :lunch"
    assert ann.send("@label=1 PRIVMSG bob :x") == [f"@label=1 {away}"]
    ann.send("CAP REQ :echo-message")
    begin, first, second, end = ann.send("@label=2 PRIVMSG bob :x")
    assert (begin[:9], end[-2:]) == ("@label=2 ", begin.split("+")[1][:2])
    assert first.endswith(away)
    assert second.endswith(":ann!~ann@people-ann PRIVMSG bob :x")


def test_a_list_of_capabilities_is_repeated_as_it_was_written(ann: Person) -> None:
    """IRCv3 "Capability Negotiation": ACK and NAK are for the whole list."""
    for words, answer in (("foo  batch ", "NAK"), ("batch  -batch", "ACK")):
        assert ann.send(f"CAP REQ :{words}") == [f":irc.chatsvc CAP ann {answer} :{words}"]
    assert ann.send("CAP LIST") == [":irc.chatsvc CAP ann LIST :"]


def test_all_prefixes_are_shown_wherever_there_are_any(chat: Chat) -> None:
    """IRCv3 "multi-prefix": in NAMES and WHO; in WHOIS too."""
    ann = irc(chat, "ann", "multi-prefix")
    ann.send("JOIN #tea", "MODE #tea +v ann", "JOIN #cake")
    assert " ann H@+ :" in ann.send("WHO ann")[0]
    assert " ann H@+ :" in ann.send("WHO #tea")[0]
    assert ann.send("NAMES #tea")[0].endswith(" :@+ann")
    assert ann.send("WHOIS ann")[1] == ":irc.chatsvc 319 ann ann :@+#tea @#cake"


def test_the_password_of_the_chat_may_have_a_colon() -> None:
    """Modern IRC, "PASS message"; PASS account:password is an addition."""
    chat = Chat(password="open:sesame")
    for sent, numeric in (("open:sesame", "001"), ("open:door", "464"), ("open", "464")):
        client = chat.connect()
        told = client.send(f"PASS {sent}", "NICK ann", "USER ann 0 * :Ann")
        assert told[0].split()[1] == numeric
        client.hang_up()
