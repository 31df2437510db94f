"""What clients learn and say before registration is complete, and what they can leave out.

IRCv3 "extended-isupport", "pre-away", "no-implicit-names", "account-extban".
"""

from __future__ import annotations

from conftest import Chat, Person
from ircpeople import irc
from staff import SECRET


def negotiating(chat: Chat, *capabilities: str) -> Person:
    client = chat.connect()
    client.send(f"CAP REQ :{' '.join(capabilities)}")
    return client


def registered(client: Person, nick: str) -> list[str]:
    return client.send(f"NICK {nick}", f"USER {nick} 0 * :{nick}", "CAP END")


# "extended-isupport"


def test_isupport_is_a_batch_before_and_after_the_welcome(chat: Chat) -> None:
    ann = negotiating(chat, "batch", "draft/extended-isupport")
    begin, *tokens, end = ann.send("ISUPPORT")
    assert (begin, end) == (":irc.chatsvc BATCH +b1 draft/isupport", ":irc.chatsvc BATCH -b1")
    assert all(line.startswith("@batch=b1 :irc.chatsvc 005 * ") for line in tokens)
    assert " NICKLEN=32 " in " ".join(tokens)
    welcome = registered(ann, "ann")
    batch = [line for line in welcome if " 005 " in line or "BATCH" in line]
    assert batch[0].endswith(" draft/isupport")
    assert batch[1].startswith("@batch=b3 :irc.chatsvc 005 ann NETWORK=chatsvc ")
    assert "BATCH -" in batch[-1]
    assert ann.send("ISUPPORT")[0].endswith(" draft/isupport")
    assert "draft/isupport" in "".join(ann.send("VERSION"))


def test_without_batch_it_is_plain(chat: Chat) -> None:
    (first, *_) = negotiating(chat, "draft/extended-isupport").send("ISUPPORT")
    assert first.startswith(":irc.chatsvc 005 * ACCOUNTEXTBAN=a ")


def test_without_the_capability_isupport_waits_for_the_welcome(chat: Chat) -> None:
    assert chat.connect().send("CAP LS", "ISUPPORT")[-1].startswith(":irc.chatsvc 451 * ")
    assert irc(chat, "ann").send("ISUPPORT")[0].startswith(":irc.chatsvc 005 ann NETWORK=chatsvc ")


# "pre-away"


def test_away_is_accepted_before_the_welcome(chat: Chat) -> None:
    bob, ann = irc(chat, "bob"), negotiating(chat, "draft/pre-away")
    assert ann.send("AWAY :Gone to lunch") == [
        ":irc.chatsvc 306 * :You have been marked as being away"
    ]
    assert ":irc.chatsvc 306 ann :You have been marked as being away" in registered(ann, "ann")
    assert ":irc.chatsvc 301 bob ann :Gone to lunch" in bob.send("WHOIS ann")


def test_an_asterisk_is_an_unspecified_reason(chat: Chat) -> None:
    bob, ann = irc(chat, "bob"), negotiating(chat, "draft/pre-away")
    ann.send("AWAY *")
    registered(ann, "ann")
    assert ":irc.chatsvc 301 bob ann :*" in bob.send("WHOIS ann")


def test_away_without_a_reason_takes_it_back(chat: Chat) -> None:
    ann = negotiating(chat, "draft/pre-away")
    ann.send("AWAY :Gone")
    assert ann.send("AWAY") == [":irc.chatsvc 305 * :You are no longer marked as being away"]
    assert not any(" 306 " in line for line in registered(ann, "ann"))


def test_without_the_capability_away_waits_for_the_welcome(chat: Chat) -> None:
    assert chat.connect().send("CAP LS", "AWAY :x")[-1].startswith(":irc.chatsvc 451 * ")


# "no-implicit-names"


def test_names_are_sent_only_on_request(chat: Chat) -> None:
    ann = irc(chat, "ann", "no-implicit-names")
    assert ann.send("JOIN #tea") == [":ann!~ann@people-ann JOIN #tea"]
    assert ann.send("NAMES #tea")[-1] == ":irc.chatsvc 366 ann #tea :End of NAMES list"


# "account-extban"


def test_an_account_can_be_banned_before_it_is_registered(chat: Chat) -> None:
    ann = irc(chat, "ann")
    tokens = " ".join(ann.send("VERSION"))
    assert " ACCOUNTEXTBAN=a " in tokens
    assert " EXTBAN=$,am " in tokens
    ann.send(f"NS REGISTER {SECRET}", "JOIN #tea")
    assert ann.send("MODE #tea +b $a:Eve") == [":ann!~ann@people-ann MODE #tea +b $a:Eve"]
    assert " #tea $a:Eve ann " in ann.send("MODE #tea b")[0]
    eve = irc(chat, "eve")
    assert eve.send("JOIN #tea")[0] == ":eve!~eve@people-eve JOIN #tea"
    eve.send("PART #tea", f"NS REGISTER {SECRET}")
    assert eve.send("JOIN #tea")[0].startswith(":irc.chatsvc 474 eve #tea ")
    ann.send("MODE #tea -b $a:Eve")
    assert eve.send("JOIN #tea")[0] == ":eve!~eve@people-eve JOIN #tea"
