"""Joining, leaving, inviting, and channel modes over IRC, above all what is refused.

Modern IRC; RFC 2812, 3.2 and 5; IRCv3 "account-tag", "away-notify", "chghost".
"""

from __future__ import annotations

import pytest
from conftest import Chat, Person
from ircpeople import irc
from staff import SECRET, founder, guest, member, program

SERVER = ":irc.chatsvc"
ANN = ":ann!~ann@people-ann"
BOB = ":bob!~bob@people-bob"


@pytest.fixture
def ann(chat: Chat) -> Person:
    """Return the host of #tea."""
    ann = irc(chat, "ann")
    ann.send("JOIN #tea")
    return ann


# MODE (Modern IRC, "MODE message")


def test_the_changes_of_one_mode_are_one_line_for_everybody(ann: Person, bob: Person) -> None:
    for change, told in [
        ("+nt", "+nt"), ("-int", "-int"), ("+i-t+ms", "+i-t+ms"), ("+l-s+k 5 key", "+l-s+k 5 *"),
        ("-lkm any", "-lkm *"), ("+i-i", "-i"),
    ]:  # fmt: skip
        assert ann.send(f"MODE #tea {change}") == [f"{ANN} MODE #tea {told}"]
        assert bob.read() == [f"{ANN} MODE #tea {told}"]
    assert ann.send("MODE #tea +i-t+o bob") == [f"{ANN} MODE #tea +i-t", f"{ANN} MODE #tea +o bob"]


def test_other_dialects_are_told_each_change(chat: Chat, ann: Person) -> None:
    tool, dan = program(chat, "tool"), guest(chat, "dan")
    dan.send("/join #tea"), dan.read(), tool.events()
    ann.send("MODE #tea +st-n")
    names = [(one["name"], one["value"], one.get("more")) for one in tool.events()]
    assert names == [("hidden", "on", True), ("topic-locked", "on", True), ("outside", "on", None)]
    assert dan.read() == [
        "* ann set hidden in #tea: on",
        "* ann set topic-locked in #tea: on",
        "* ann set outside in #tea: on",
    ]


def test_programs_change_several_rules_at_once_or_none(chat: Chat, bob: Person) -> None:
    boss = program(chat, "boss", "#milk")
    bob.send("JOIN #milk")
    told = boss.ask(do="set", room="#milk", rules={"limit": "5", "moderated": "on"}, tag="t")
    assert [(one["name"], one["value"]) for one in told] == [("limit", "5"), ("moderated", "on")]
    assert bob.read()[-1] == ":boss!~boss@people-boss MODE #milk +lm 5"
    (refused,) = boss.ask(do="set", room="#milk", rules={"limit": "off", "moderated": "maybe"})
    assert (refused["event"], refused["code"]) == ("refused", "bad-rule")
    assert bob.read() == []


def test_everybody_may_ask_for_modes_in_the_order_324_329(chat: Chat, ann: Person) -> None:
    ann.send("MODE #tea +kl key 7")
    carl = irc(chat, "carl")
    for each, name in ((ann, "ann"), (carl, "carl")):
        assert each.send("MODE #tea") == [
            f"{SERVER} 324 {name} #tea +nkl * 7",
            f"{SERVER} 329 {name} #tea 0",
        ]
    ann.send("MODE #tea +s")
    assert carl.send("MODE #tea")[0].startswith(f"{SERVER} 403 carl #tea :")


def test_the_answers_to_a_mode_keep_its_order(ann: Person, bob: Person) -> None:
    assert ann.send("MODE #tea +ixbv-k-o bob") == [
        f"{ANN} MODE #tea +i",
        f"{SERVER} 472 ann x :is unknown mode char to me",
        f"{ANN} MODE #tea +b bob!*@*",
        f"{SERVER} 461 ann MODE :Not enough parameters",
        f"{ANN} MODE #tea -k *",
        f"{SERVER} 461 ann MODE :Not enough parameters",
    ]


def test_what_changes_nothing_is_not_answered(ann: Person, bob: Person) -> None:
    ann.send("MODE #tea +v bob")
    for change in ("+v bob", "-o bob", "+o ann", "-b nobody!*@*", "-e nobody!*@*", "-I no!*@*"):
        assert ann.send(f"MODE #tea {change}") == []


def test_an_invalid_mask_key_or_limit_is_696_with_four_parameters(ann: Person) -> None:
    """Modern IRC, "ERR_INVALIDMODEPARAM (696)": channel, letter, parameter, and the text."""
    for change, shown in [
        ("+b x!*@192.0.2.7", "b x!*@192.0.2.7"), ("+e $z:x", "e $z:x"), ("+l x", "l *"),
        ("+k :a b", "k *"), ("+k :", "k *"), ("+l 0", "l *"), ("+l -1", "l *"),
    ]:  # fmt: skip
        (told,) = ann.send(f"MODE #tea {change}")
        assert told.startswith(f"{SERVER} 696 ann #tea {shown} :")


def test_without_n_others_can_talk_to_the_channel(chat: Chat, ann: Person) -> None:
    """Modern IRC, "No External Messages Mode" (+n)."""
    carl = irc(chat, "carl", "echo-message")
    assert carl.send("PRIVMSG #tea :hi")[0].startswith(f"{SERVER} 404 carl #tea :")
    assert ann.send("MODE #tea -n") == [f"{ANN} MODE #tea -n"]
    line = ":carl!~carl@people-carl PRIVMSG #tea :hi"
    assert carl.send("PRIVMSG #tea :hi") == [line]
    assert ann.read() == [line]
    carl.send("NOTICE #tea :psst", "PRIVMSG #tea :\x01VERSION\x01")
    assert ann.read() == [
        ":carl!~carl@people-carl NOTICE #tea :psst",
        ":carl!~carl@people-carl PRIVMSG #tea :\x01VERSION\x01",
    ]
    ann.send("MODE #tea +m")
    assert carl.send("PRIVMSG #tea :hi")[0].startswith(f"{SERVER} 404 carl #tea :")
    ann.send("MODE #tea -m+b carl!*@*")
    assert carl.send("PRIVMSG #tea :hi") == [f"{SERVER} 404 carl #tea :You are banned in #tea."]
    ann.send("MODE #tea +n-b carl!*@*")
    assert carl.send("PRIVMSG #tea :hi")[0].startswith(f"{SERVER} 404 carl #tea :")
    assert [line for line in ann.read() if "PRIVMSG" in line] == []


def test_people_at_telnet_talk_from_outside_too(chat: Chat) -> None:
    dan = guest(chat, "dan")
    ann = founder(chat, "ann")
    assert dan.send("/msg #tea hello") == ["* You are not in #tea. To join it: /join #tea"]
    ann.send("/set outside on")
    dan.send("/msg #tea hello")
    assert ann.read() == ["[1970-01-01 00:00] <dan> hello"]
    ann.send("/set registered-only on")
    assert dan.send("/msg #tea hello") == ["* You are not in #tea. To join it: /join #tea"]
    tool = program(chat, "tool", "#lobby")
    assert tool.ask(do="say", room="#tea", text="x", tag="1")[0]["code"] == "not-in-room"
    ann.send("/set registered-only off")
    (told,) = tool.ask(do="say", room="#tea", text="x", tag="2")
    assert (told["tag"], told["number"]) == ("2", 2)


def test_ctcp_is_refused_with_c_but_not_an_action(ann: Person, bob: Person) -> None:
    assert ann.send("MODE #tea +C") == [f"{ANN} MODE #tea +C"]
    bob.read()
    assert bob.send("PRIVMSG #tea :\x01VERSION\x01") == [
        f"{SERVER} 404 bob #tea :Not sent: #tea does not accept CTCP requests."
    ]
    assert bob.send("NOTICE #tea :\x01VERSION x\x01") == []
    assert bob.send("PRIVMSG #tea :\x01ACTION waves\x01") == []
    assert ann.read() == [f"{BOB} PRIVMSG #tea :\x01ACTION waves\x01"]
    assert ann.send("PRIVMSG #tea :\x01VERSION\x01")[0].startswith(f"{SERVER} 404 ann #tea :")
    ann.send("MODE #tea -C"), bob.read()
    bob.send("PRIVMSG #tea :\x01VERSION\x01")
    assert ann.read() == [f"{BOB} PRIVMSG #tea :\x01VERSION\x01"]


# JOIN, PART, TOPIC, KICK (RFC 2812, 3.2)


def test_several_channels_are_answered_in_order_each_with_its_key(chat: Chat, ann: Person) -> None:
    ann.send("JOIN #a,#b,#i,#l,#m", "MODE #a +k one", "MODE #b +k two", "MODE #i +i")
    ann.send("MODE #l +l 1", "MODE #m +b *!*@*")
    bob = irc(chat, "bob")
    told = bob.send("JOIN #a,bad,#b,#i,#l,#m,#new wrong,x,two")
    assert [line.split()[1:4:2] for line in told if " 353 " not in line] == [
        ["475", "#a"], ["403", "bad"], ["JOIN"], ["366", "#b"], ["473", "#i"], ["471", "#l"],
        ["474", "#m"], ["JOIN"], ["366", "#new"],
    ]  # fmt: skip
    assert bob.send("JOIN #b", "JOIN #B two") == []


@pytest.mark.parametrize(
    "line", ["JOIN x", "JOIN &x", "JOIN #", "JOIN :#a b", f"JOIN #{'x' * 33}", "PART x", "TOPIC x",
             "TOPIC x :y", "KICK x ann", "INVITE ann x"]
)  # fmt: skip
def test_what_is_no_channel_is_403(chat: Chat, ann: Person, line: str) -> None:
    bob = irc(chat, "bob")
    bob.send("JOIN #x")
    (told,) = bob.send(line)
    assert told.startswith(f"{SERVER} 403 bob ")


def test_a_long_topic_or_reason_is_cut(ann: Person, bob: Person) -> None:
    """Modern IRC, "TOPICLEN", "KICKLEN", "AWAYLEN" parameters."""
    long, cut = "x" * 401, "x" * 400
    ann.send(f"TOPIC #tea :{long}")
    assert bob.read() == [f"{ANN} TOPIC #tea :{cut}"]
    ann.send(f"AWAY :{long}")
    assert bob.send("WHOIS ann")[3] == f"{SERVER} 301 bob ann :{cut}"
    ann.send(f"KICK #tea bob :{long}")
    assert bob.read() == [f"{ANN} KICK #tea bob :{cut}"]
    bob.send("JOIN #tea"), ann.read()
    assert bob.send(f"PART #tea :{long}") == [f"{BOB} PART #tea :{cut}"]


def test_topics_are_asked_for_set_and_cleared(chat: Chat, ann: Person, bob: Person) -> None:
    """RFC 2812, 3.2.4; Modern IRC, "RPL_TOPICWHOTIME (333)"."""
    assert bob.send("TOPIC #tea") == [f"{SERVER} 331 bob #tea :No topic is set"]
    chat.clock.advance(9)
    assert bob.send("TOPIC #tea :roses") == [f"{BOB} TOPIC #tea :roses"]
    assert ann.send("TOPIC #tea") == [
        f"{SERVER} 332 ann #tea :roses",
        f"{SERVER} 333 ann #tea bob 9",
    ]
    ann.send("MODE #tea +t"), bob.read()
    assert bob.send("TOPIC #tea :mine")[0].startswith(f"{SERVER} 482 bob #tea :")
    assert ann.send("TOPIC #tea :") == [f"{ANN} TOPIC #tea :"]
    assert bob.send("TOPIC #tea") == [f"{SERVER} 331 bob #tea :No topic is set"]
    bob.send("PART #tea")
    assert bob.send("TOPIC #tea")[0].startswith(f"{SERVER} 442 bob #tea :")


# INVITE (Modern IRC, "INVITE message", "RPL_INVITELIST (336)")


def test_an_invitation_is_listed_until_it_is_used(chat: Chat, ann: Person, bob: Person) -> None:
    carl = irc(chat, "carl")
    assert carl.send("INVITE") == [f"{SERVER} 337 carl :End of /INVITE list"]
    assert bob.send("INVITE carl #tea") == [f"{SERVER} 341 bob carl #tea"]
    assert carl.read() == [f"{BOB} INVITE carl :#tea"]
    ann.send("JOIN #milk", "MODE #milk +i", "INVITE carl #milk"), carl.read()
    assert carl.send("INVITE") == [
        f"{SERVER} 336 carl :#milk",
        f"{SERVER} 336 carl :#tea",
        f"{SERVER} 337 carl :End of /INVITE list",
    ]
    carl.send("JOIN #milk")
    assert [line.split()[1] for line in carl.send("INVITE")] == ["336", "337"]
    assert guest(chat, "dan").send("/invitations") == ["* You have no invitations."]


def test_accounts_are_listed_too(chat: Chat, ann: Person) -> None:
    zoe = member(chat, "zoe")
    ann.send("MODE #tea +i", "INVITE zoe #tea")
    zoe.read()
    assert zoe.send("/invitations") == ["* You are invited to #tea. To join a room: /join #tea"]


def test_who_may_invite(chat: Chat, ann: Person, bob: Person) -> None:
    irc(chat, "carl")
    assert bob.send("INVITE") != []
    for line, told in [
        ("INVITE carl", "461 bob INVITE :"), ("INVITE carl #no", "403 bob #no :"),
        ("INVITE nobody #tea", "401 bob nobody :"), ("INVITE ann #tea", "443 bob ann #tea :"),
    ]:  # fmt: skip
        assert bob.send(line)[0].startswith(f"{SERVER} {told}")
    ann.send("MODE #tea +i"), bob.read()
    assert bob.send("INVITE carl #tea")[0].startswith(f"{SERVER} 482 bob #tea :")
    ann.send("MODE #tea -i+k mulch"), bob.read()
    assert bob.send("INVITE carl #tea")[0].startswith(f"{SERVER} 482 bob #tea :")
    bob.send("PART #tea")
    assert bob.send("INVITE carl #tea")[0].startswith(f"{SERVER} 442 bob #tea :")


# What clients are told of others


def test_who_joins_while_away_is_shown_away(chat: Chat) -> None:
    """IRCv3 "away-notify": AWAY follows the JOIN."""
    ann, bob = irc(chat, "ann", "away-notify"), irc(chat, "bob")
    ann.send("JOIN #tea"), bob.send("AWAY :gone fishing", "JOIN #tea")
    assert ann.read() == [f"{BOB} JOIN #tea", f"{BOB} AWAY :gone fishing"]
    bob.send("AWAY", "PART #tea", "JOIN #tea")
    assert ann.read() == [f"{BOB} AWAY", f"{BOB} PART #tea", f"{BOB} JOIN #tea"]


def test_a_muted_user_s_reason_for_being_away_stays_hidden_on_joining(chat: Chat) -> None:
    ann, bob = irc(chat, "ann", "away-notify"), irc(chat, "bob")
    ann.send("JOIN #tea", "MODE #tea +b $m:bob!*@*"), bob.send("AWAY :insults", "JOIN #tea")
    assert ann.read() == [f"{BOB} JOIN #tea", f"{BOB} AWAY :away"]


def test_everything_that_an_account_does_has_its_tag(chat: Chat) -> None:
    """IRCv3 "account-tag": on all commands of a user who is logged in."""
    caps = ("account-tag", "message-tags", "away-notify", "setname", "invite-notify")
    ann, bob = irc(chat, "ann", *caps), irc(chat, "bob", *caps)
    ann.send("JOIN #tea"), bob.send("JOIN #tea"), irc(chat, "carl").send("JOIN #tea")
    bob.send("TOPIC #tea :x")
    assert "account=" not in "".join(ann.read())
    bob.send(f"NS REGISTER {SECRET}"), ann.send("MODE #tea +o bob"), ann.read()
    for line in (
        "TOPIC #tea :y", "MODE #tea +i", "MODE #tea +b x!*@*", "KICK #tea carl", "INVITE carl #tea",
        "NICK rob", "SETNAME :Bob", "AWAY :x", "NOTICE #tea :n", "@+a=b TAGMSG #tea",
        "PRIVMSG ann :\x01VERSION\x01", "PART #tea", "JOIN #tea", "QUIT :bye",
    ):  # fmt: skip
        bob.send(line)
        told = ann.read()[0]
        assert "account=bob" in told.split(" ")[0].lstrip("@").split(";"), line


def test_host_and_user_change_before_the_nickname(chat: Chat) -> None:
    """IRCv3 "chghost": a login that joins a user who is online takes their user and host."""
    member(chat, "bob")
    eve, old = irc(chat, "eve", "chghost"), irc(chat, "dan")
    assert eve.send(f"NS IDENTIFY bob {SECRET}")[:2] == [
        ":eve!~eve@people-eve CHGHOST ~bob people-bob",
        ":eve!~bob@people-bob NICK :bob",
    ]
    assert old.send(f"NS IDENTIFY bob {SECRET}")[0] == ":dan!~dan@people-dan NICK :bob"


def test_links_has_the_server_if_the_mask_fits(ann: Person) -> None:
    """RFC 2812, 3.4.5."""
    for query, mask in (("LINKS", "*"), ("LINKS *.chatsvc", "*.chatsvc")):
        assert ann.send(query) == [
            f"{SERVER} 364 ann irc.chatsvc irc.chatsvc :0 chatsvc",
            f"{SERVER} 365 ann {mask} :End of LINKS list",
        ]
    assert ann.send("LINKS *.edu") == [f"{SERVER} 365 ann *.edu :End of LINKS list"]
    assert ann.send("LINKS other.example *")[0].startswith(f"{SERVER} 402 ann other.example :")


def test_tags_and_ctcp_for_the_operators_of_a_channel(chat: Chat) -> None:
    """Modern IRC, "STATUSMSG parameter"; IRCv3 "message-tags", "message-ids"."""
    ann, bob = (irc(chat, name, "message-tags", "echo-message") for name in ("ann", "bob"))
    carl = irc(chat, "carl", "message-tags")
    for each in (ann, bob, carl):
        each.send("JOIN #tea")
    ann.read()
    for line, told in [
        ("@+x=y TAGMSG @#tea", f";+x=y {BOB} TAGMSG @#tea"),
        ("PRIVMSG @#tea :\x01PING 1\x01", f" {BOB} PRIVMSG @#tea :\x01PING 1\x01"),
        ("PRIVMSG @#tea :hi", f" {BOB} PRIVMSG @#tea :hi"),
    ]:
        (echo,) = bob.send(line)
        assert echo.startswith("@msgid=~")
        assert echo.endswith(told)
        assert ann.read() == [echo]
    assert carl.read() == [":bob!~bob@people-bob JOIN #tea"][1:]
    carl.send("PART #tea")
    assert carl.send("PRIVMSG @#tea :x")[0].startswith(f"{SERVER} 404 carl @#tea :")


def test_who_invites_a_user_who_is_away_learns_it(chat: Chat, ann: Person) -> None:
    """RFC 2812, 3.2.7: RPL_AWAY."""
    bob = irc(chat, "bob")
    bob.send("AWAY :gone fishing")
    assert ann.send("INVITE bob #tea") == [
        f"{SERVER} 301 ann bob :gone fishing",
        f"{SERVER} 341 ann bob #tea",
    ]


def test_pending_invitations_are_limited_and_forgotten_with_who_left(
    chat: Chat, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatsvc.services.room_administration.MOST_INVITED", 2)
    people = [irc(chat, name) for name in ("bob", "carl", "dan")]
    assert ann.send("INVITE bob #tea") == [f"{SERVER} 341 ann bob #tea"]
    assert ann.send("INVITE carl #tea") == [f"{SERVER} 341 ann carl #tea"]
    assert ann.send("INVITE dan #tea") == [
        f"{SERVER} NOTICE ann :#tea already has 2 pending invitations, the maximum."
    ]
    people[0].hang_up()
    chat.clock.advance(300)  # until its client can no longer return
    assert ann.send("INVITE dan #tea")[-1] == f"{SERVER} 341 ann dan #tea"
