"""The lists of a channel: bans, mutes, exemptions and standing invitations, over IRC.

Modern IRC, "Ban Channel Mode" (+b), "Exception" (+e), "Invite-Exception" (+I), "EXTBAN"; RFC 2812,
3.2.3 and 5.2; RFC 2811, 4.3.
"""

from __future__ import annotations

import pytest
from conftest import Chat, Person
from ircpeople import irc
from staff import SECRET, founder, guest, member, operator, program

ANN = ":ann!~ann@people-ann"
BOB = ":bob!~bob@people-bob"


@pytest.fixture
def ann(chat: Chat) -> Person:
    """Return the founder of #tea."""
    ann = irc(chat, "ann")
    ann.send(f"NS REGISTER {SECRET}", "JOIN #tea")
    return ann


@pytest.mark.parametrize(
    ("letter", "entry", "end"),
    [
        ("b", "367", "368 ann #tea :End of channel ban list"),
        ("e", "348", "349 ann #tea :End of channel exception list"),
        ("I", "346", "347 ann #tea :End of channel invite list"),
    ],
)
def test_a_list_has_masks_with_setter_and_time(
    chat: Chat, ann: Person, bob: Person, letter: str, entry: str, end: str
) -> None:
    assert ann.send(f"MODE #tea {letter}") == [f":irc.chatsvc {end}"]
    chat.clock.advance(60)
    for mask in ("eve!*@*", "*!~eve@*", "E*!*@people-*"):
        assert ann.send(f"MODE #tea +{letter} {mask}") == [f"{ANN} MODE #tea +{letter} {mask}"]
        assert bob.read() == [f"{ANN} MODE #tea +{letter} {mask}"]
    assert ann.send(f"MODE #tea +{letter} eve!*@*") == []  # is on the list already
    for query in (letter, f"+{letter}", f"-{letter}"):
        assert ann.send(f"MODE #tea {query}") == [
            f":irc.chatsvc {entry} ann #tea eve!*@* ann 60",
            f":irc.chatsvc {entry} ann #tea *!~eve@* ann 60",
            f":irc.chatsvc {entry} ann #tea E*!*@people-* ann 60",
            f":irc.chatsvc {end}",
        ]
    told = [f"{ANN} MODE #tea -{letter} E*!*@people-*"]  # as it was listed
    assert ann.send(f"MODE #tea -{letter} e*!*@people-*") == told
    assert bob.read() == told
    assert ann.send(f"MODE #tea -{letter} nobody!*@*") == []  # was not on the list
    assert len(ann.send(f"MODE #tea {letter}")) == 3


@pytest.mark.parametrize("letter", "beI")
def test_everybody_can_read_a_list_and_only_operators_change_it(
    ann: Person, bob: Person, letter: str
) -> None:
    """Modern IRC, "MODE message": 482 without the privilege to change a mode."""
    ann.send(f"MODE #tea +{letter} eve!*@*"), bob.read()
    entry, end = bob.send(f"MODE #tea {letter}")
    assert entry.endswith(" bob #tea eve!*@* ann 0")
    assert end.split()[2:4] == ["bob", "#tea"]
    (refused,) = bob.send(f"MODE #tea +{letter} x!*@*")
    assert refused.startswith(":irc.chatsvc 482 bob #tea :")
    bob.send("PART #tea")
    assert bob.send(f"MODE #tea {letter}") == [entry, end]
    assert bob.send(f"MODE #tea -{letter} eve!*@*")[0].startswith(":irc.chatsvc 482 bob #tea :")


@pytest.mark.parametrize(
    ("mask", "joins"),
    [
        ("*!*@*", False), ("b*!*@*", False), ("?ob!*@*", False), ("BOB!*@*", False),
        ("*!~bob@*", False), ("*!*b@*", False), ("*!*@people-b*", False), ("*@people-bob", False),
        ("b*!~b*@people-b*", False), ("eve!*@*", True), ("*!~eve@*", True), ("*!*@people-e*", True),
        ("b*!~eve@*", True),
    ],
)  # fmt: skip
def test_a_ban_and_an_exemption_match_what_users_see(
    chat: Chat, ann: Person, mask: str, joins: bool
) -> None:
    """Modern IRC, "Ban Channel Mode": the mask is compared with nick!user@host."""
    bob = irc(chat, "bob")
    ann.send(f"MODE #tea +b {mask}")
    assert (" JOIN " in bob.send("JOIN #tea")[0]) is joins
    bob.send("PART #tea")
    ann.send(f"MODE #tea -b {mask}", "MODE #tea +b *!*@*", f"MODE #tea +e {mask}")
    assert (" 474 " in bob.send("JOIN #tea")[0]) is joins


def test_a_ban_removes_nobody_but_stops_the_user_from_talking(ann: Person, bob: Person) -> None:
    """RFC 2812, 5.2, ERR_CANNOTSENDTOCHAN: also for a banned user without voice."""
    ann.send("MODE #tea +b bob!*@*"), bob.read()
    assert bob.send("PRIVMSG #tea :hi") == [":irc.chatsvc 404 bob #tea :You are banned in #tea."]
    assert bob.send("NOTICE #tea :hi") == []
    assert ann.read() == []
    ann.send("MODE #tea +v bob"), bob.read()
    assert bob.send("PRIVMSG #tea :hi") == []
    ann.send("MODE #tea -v bob"), bob.read()
    bob.send("PART #tea"), ann.read()
    assert bob.send("JOIN #tea") == [":irc.chatsvc 474 bob #tea :You are banned in #tea."]
    ann.send("MODE #tea -b bob!*@*")
    assert bob.send("JOIN #tea")[0] == f"{BOB} JOIN #tea"


def test_kickban_of_hexchat_and_irssi_keeps_its_reason(
    chat: Chat, ann: Person, bob: Person
) -> None:
    """Both send MODE +b, and then KICK with the reason (RFC 2812, 3.2.8)."""
    eve = irc(chat, "eve")
    eve.send("JOIN #tea"), ann.read(), bob.read()
    told = [f"{ANN} MODE #tea +b *!*@people-eve", f"{ANN} KICK #tea eve :too loud"]
    assert ann.send("MODE #tea +b *!*@people-eve", "KICK #tea eve :too loud") == told
    assert bob.read() == told
    assert eve.read() == told
    assert eve.send("JOIN #tea")[0].startswith(":irc.chatsvc 474 eve #tea ")


def test_a_ban_of_another_dialect_is_a_mode_before_the_kick(chat: Chat, bob: Person) -> None:
    guest(chat, "eve").send("/join #tea")
    ann = program(chat, "ann", account_password=SECRET)
    bob.read()
    ann.ask(do="ban", who="eve", room="#tea", reason="spam")
    assert bob.read()[-2:] == [f"{ANN} MODE #tea +b eve!*@*", f"{ANN} KICK #tea eve :spam"]
    ann.ask(do="unban", who="eve", room="#tea")
    assert bob.read() == [f"{ANN} MODE #tea -b eve!*@*"]
    ann.ask(do="mute", who="dan*", room="#tea")
    ann.ask(do="exempt", who="account=zoe", room="#tea")
    ann.ask(do="admit", who="z*", room="#tea")
    assert bob.read() == [
        f"{ANN} MODE #tea +b $m:dan*!*@*",
        f"{ANN} MODE #tea +e $a:zoe",
        f"{ANN} MODE #tea +I z*!*@*",
    ]
    ann.ask(do="mute", who="bob", room="#tea", quietly=True)
    ann.ask(do="unmute", who="bob", room="#tea")
    assert bob.read() == []
    ann.ask(do="ban", who="192.0.2.0/24", room="#tea", stay=True)
    assert bob.read() == [f"{ANN} MODE #tea +b *!*@address"]


def test_other_dialects_are_told_of_a_ban_and_of_whom_the_kick_removes(
    chat: Chat, ann: Person, bob: Person
) -> None:
    dan, tool = guest(chat, "dan"), program(chat, "tool")
    dan.send("/join #tea"), dan.read(), tool.events()
    ann.send("MODE #tea +b bob!*@*")
    assert tool.events() == [
        {"event": "listed", "room": "#tea", "who": "name=bob", "by": "ann", "kind": "ban"}
    ]
    assert dan.read() == []
    assert dan.send("/bans")[0].startswith("* name=bob is banned in #tea permanently")
    ann.send("KICK #tea bob :bye")
    assert dan.read() == ["* ann removed bob from #tea: bye"]


# Mutes (Modern IRC, "EXTBAN")


def test_a_muted_user_can_join_but_not_talk(chat: Chat, ann: Person) -> None:
    assert " EXTBAN=$,am " in " ".join(ann.send("VERSION"))
    assert ann.send("MODE #tea +b $m:b*!*@*") == [f"{ANN} MODE #tea +b $m:b*!*@*"]
    assert ann.send("MODE #tea b")[0] == ":irc.chatsvc 367 ann #tea $m:b*!*@* ann 0"
    bob = irc(chat, "bob")
    assert bob.send("JOIN #tea")[0] == f"{BOB} JOIN #tea"
    assert bob.send("PRIVMSG #tea :hi") == [":irc.chatsvc 404 bob #tea :You are muted in #tea."]
    assert bob.send("MODE #tea b")[0] == ":irc.chatsvc 367 bob #tea $m:b*!*@* ann 0"
    assert ann.send("MODE #tea -b b*!*@*") == []  # the mute remains
    assert ann.send("MODE #tea -b $m:b*!*@*")[-1] == f"{ANN} MODE #tea -b $m:b*!*@*"
    assert bob.send("PRIVMSG #tea :hi") == []


@pytest.mark.parametrize("mask", ["$m:bob!*@*", "$m:*!~bob@*", "$m:*!*@people-bob", "$m:*!*@*"])
def test_voice_and_exemptions_override_a_mute(ann: Person, bob: Person, mask: str) -> None:
    ann.send(f"MODE #tea +b {mask}"), bob.read()
    for change, back in (("+v bob", "-v bob"), ("+e bob!*@*", "-e bob!*@*"), (f"+e {mask}", "")):
        assert bob.send("PRIVMSG #tea :one")[0].startswith(":irc.chatsvc 404 bob #tea ")
        ann.send(f"MODE #tea {change}"), bob.read()
        assert bob.send("PRIVMSG #tea :two") == []
        ann.send(f"MODE #tea {back}"), bob.read()
    assert ann.send("MODE #tea e")[0] == f":irc.chatsvc 348 ann #tea {mask} ann 0"


@pytest.mark.parametrize(
    ("written", "whole"),
    [
        ("*", "*!*@*"), ("ev*", "ev*!*@*"), ("eve@*", "*!eve@*"), ("eve!~eve@*", "eve!~eve@*"),
        ("eve!user@example.org", "eve!user@example.org"), ("*!*@example.org", "*!*@example.org"),
        ("*@example.org", "*!*@example.org"), ("$m:*!user@*", "$m:*!user@*"),
    ],
)  # fmt: skip
def test_masks_are_completed_and_taken_as_they_are(
    ann: Person, bob: Person, written: str, whole: str
) -> None:
    """RFC 1459, 4.2.3.1 and RFC 2812, 3.2.3 allow any `nick!user@host` with wildcards."""
    told = ann.send(f"MODE #tea +b {written}")
    assert told[-1] == f":ann!~ann@people-ann MODE #tea +b {whole}"
    impossible = "example.org" in whole or "!user@" in whole or "!eve@" in whole
    mask = whole.removeprefix("$m:")
    notice = f":irc.chatsvc NOTICE ann :{mask} can match nobody here. Users are shown as "
    assert [line.startswith(notice) for line in told[:-1]] == [True] * impossible
    assert bob.read() == [f":ann!~ann@people-ann MODE #tea +b {whole}"]
    assert ann.send("MODE #tea b")[0] == f":irc.chatsvc 367 ann #tea {whole} ann 0"
    assert ann.send(f"MODE #tea +b {whole}") == []
    assert ann.send(f"MODE #tea -b {written}") == [f":ann!~ann@people-ann MODE #tea -b {whole}"]


def test_a_banned_user_in_the_channel(ann: Person, bob: Person) -> None:
    """RFC 2812, 3.1.2 and 3.2.4: 437 for a nickname, 482 for a topic; 5.2: 404."""
    ann.send("MODE #tea +b *!~bob@*"), bob.read()
    assert bob.send("PRIVMSG #tea :hi")[0].startswith(":irc.chatsvc 404 bob #tea :")
    assert bob.send("TOPIC #tea :hi")[0].startswith(":irc.chatsvc 482 bob #tea :")
    ann.send("MODE #tea +b eve!*@*"), bob.read()
    assert bob.send("NICK eve")[0].startswith(":irc.chatsvc 437 bob eve :eve is banned in #tea.")
    ann.send("MODE #tea -b+m *!~bob@*"), bob.read()
    assert bob.send("TOPIC #tea :hi")[0].startswith(":irc.chatsvc 482 bob #tea :")
    ann.send("MODE #tea -m+b $m:bob!*@*"), bob.read()
    assert bob.send("NICK dan")[0].startswith(":irc.chatsvc 437 bob dan :")


def test_an_extended_ban_needs_a_mask(ann: Person) -> None:
    for letter in "be":
        assert ann.send(f"MODE #tea +{letter} $m:") == [
            f":irc.chatsvc 696 ann #tea {letter} $m: :A mask follows $m:"
        ]


def test_an_exemption_from_mutes_does_not_open_the_room(chat: Chat, ann: Person) -> None:
    ann.send("MODE #tea +b *!*@*", "MODE #tea +e $m:bob!*@*")
    assert irc(chat, "bob").send("JOIN #tea")[0].startswith(":irc.chatsvc 474 bob #tea ")


def test_an_account_is_muted_under_any_nickname(chat: Chat, ann: Person) -> None:
    eve = irc(chat, "eve")
    eve.send(f"NS REGISTER {SECRET}", "NICK other", "JOIN #tea"), ann.read()
    assert ann.send("MODE #tea +b $m:$a:eve")[-1] == f"{ANN} MODE #tea +b $m:$a:eve"
    eve.read()
    assert eve.send("PRIVMSG #tea :hi")[0].startswith(":irc.chatsvc 404 other #tea ")


def test_a_voice_must_be_taken_before_a_mute_by_name(chat: Chat) -> None:
    eve = guest(chat, "eve")
    ann = founder(chat, "ann", eve)
    ann.send("/voice eve")
    assert ann.send("/mute eve") == [
        "* eve has a voice in #tea, which overrides mutes. Take it first: /devoice eve"
    ]
    ann.send("/devoice eve")
    assert ann.send("/mute eve")[0].startswith("* eve is muted in #tea permanently")


# Standing invitations (Modern IRC, "Invite-Exception Channel Mode")


def test_a_standing_invitation_opens_an_invite_only_channel_until_it_is_removed(
    chat: Chat, ann: Person
) -> None:
    bob = irc(chat, "bob")
    ann.send("MODE #tea +i")
    assert bob.send("JOIN #tea")[0].startswith(":irc.chatsvc 473 bob #tea ")
    ann.send("MODE #tea +I b*!~bob@*")
    for _ in range(2):
        assert bob.send("JOIN #tea")[0] == f"{BOB} JOIN #tea"
        bob.send("PART #tea")
    ann.send("MODE #tea -I b*!~bob@*")
    assert bob.send("JOIN #tea")[0].startswith(":irc.chatsvc 473 bob #tea ")
    assert bob.send("INVITE") == [":irc.chatsvc 337 bob :End of /INVITE list"]


def test_removing_it_keeps_out_registered_users_too(chat: Chat, ann: Person) -> None:
    member(chat, "bob").hang_up()
    bob = chat.connect()
    bob.send(f"PASS {SECRET}", "NICK bob", "USER bob 0 * :bob")
    ann.send("MODE #tea +i", "MODE #tea +I $a:bob")
    assert bob.send("JOIN #tea")[0] == f"{BOB} JOIN #tea"
    bob.send("PART #tea")
    ann.send("MODE #tea -I $a:bob")
    assert bob.send("JOIN #tea")[0].startswith(":irc.chatsvc 473 bob #tea ")


def test_it_opens_no_channel_with_a_key_and_overrides_no_ban(chat: Chat, ann: Person) -> None:
    bob = irc(chat, "bob")
    ann.send("MODE #tea +ik mulch", "MODE #tea +I *!*@*")
    assert bob.send("JOIN #tea")[0].startswith(":irc.chatsvc 475 bob #tea ")
    assert bob.send("JOIN #tea mulch")[0] == f"{BOB} JOIN #tea"
    bob.send("PART #tea")
    ann.send("MODE #tea +b bob!*@*")
    assert bob.send("JOIN #tea mulch")[0].startswith(":irc.chatsvc 474 bob #tea ")


def test_people_at_telnet_admit_users_too_and_it_lasts(chat: Chat) -> None:
    eve = guest(chat, "eve")
    ann = founder(chat, "ann")
    ann.send("/set invite-only on")
    assert ann.send("/admit ev*") == ["* name=ev* can join #tea without an invitation."]
    assert ann.send("/admit ev*") == ["* name=ev* is already admitted."]
    assert ann.send("/bans") == [
        "* name=ev* can join #tea without an invitation; ann, 1970-01-01 00:00"
    ]
    later = Chat(chat.archive)
    assert guest(later, "eva").send("/join #tea")[0].startswith("* You are in #tea")
    assert eve.send("/join #tea")[0].startswith("* You are in #tea")
    eve.send("/leave"), ann.read()
    assert ann.send("/unadmit ev*") == ["* name=ev* needs an invitation to join #tea again."]
    assert eve.send("/join #tea") == ["* #tea is invite-only. Ask a moderator for an invitation."]
    assert ann.send("/audit 2") == [
        "* [1970-01-01 00:00] ann in #tea: admitted name=ev*",
        "* [1970-01-01 00:00] ann in #tea: no longer admitted name=ev*",
    ]


def test_everybody_cannot_be_removed_by_a_ban_or_banned_by_a_mask_everywhere(chat: Chat) -> None:
    ann, op = founder(chat, "ann"), operator(chat)
    assert ann.send("/ban *!*@*")[0].startswith("* *!*@* matches everybody. ")
    assert op.send("/ban *!~eve@*") == [
        "* On the whole server, use a name or an address instead of *!~eve@*."
    ]


def test_a_full_list_is_478(chat: Chat, ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modern IRC, "MAXLIST parameter"; RFC 2812, 5.2, ERR_BANLISTFULL."""
    monkeypatch.setattr("chatsvc.policy.bans.MOST_BANS_OF_ROOM", 2)
    ann.send("MODE #tea +b a!*@*", "MODE #tea +e b!*@*")
    for letter in "beI":
        assert ann.send(f"MODE #tea +{letter} c!*@*") == [
            f":irc.chatsvc 478 ann #tea {letter} :Channel list is full"
        ]


def test_moderators_can_be_exempt_and_admitted(chat: Chat, ann: Person) -> None:
    for letter in "eI":
        assert ann.send(f"MODE #tea +{letter} $a:ann") == [f"{ANN} MODE #tea +{letter} $a:ann"]
    assert ann.send("MODE #tea +b $a:ann")[0].startswith(":irc.chatsvc 482 ann #tea :")


def test_whether_a_ban_stops_a_user_follows_every_change(chat: Chat, ann: Person) -> None:
    bob = irc(chat, "bob")
    bob.send("JOIN #tea"), ann.read()

    def talks() -> bool:
        return bob.send("PRIVMSG #tea :hi") == []

    for change, expected in [
        ("+b *!~bob@*", False), ("+e b*!*@*", True), ("-e b*!*@*", False), ("+b x!*@*", False),
        ("-b *!~bob@*", True), ("+b $a:bob", True),
    ]:  # fmt: skip
        ann.send(f"MODE #tea {change}"), bob.read()
        assert talks() is expected, change
    bob.send(f"NS REGISTER {SECRET}")
    assert not talks()
    ann.send("MODE #tea +o bob"), bob.read()
    assert talks()
    ann.send("MODE #tea -o bob", "MODE #tea -b $a:bob"), bob.read()
    assert talks()


@pytest.mark.parametrize("letter", "beI")
def test_the_lists_of_a_hidden_channel_are_for_its_members(
    chat: Chat, ann: Person, bob: Person, letter: str
) -> None:
    """RFC 2811, 4.2.6: a secret channel is not revealed."""
    ann.send(f"MODE #tea +s+{letter} eve!*@*"), bob.read()
    assert len(bob.send(f"MODE #tea {letter}")) == 2
    (told,) = irc(chat, "carl").send(f"MODE #tea {letter}")
    assert told.startswith(":irc.chatsvc 403 carl #tea :")


def test_a_bare_nickname_is_listed_once(ann: Person, bob: Person) -> None:
    """Modern IRC, "MODE message": a nickname in a list is the mask that matches it."""
    assert ann.send("MODE #tea +b eve") == [f"{ANN} MODE #tea +b eve!*@*"]
    assert bob.read() == [f"{ANN} MODE #tea +b eve!*@*"]
    assert ann.send("MODE #tea +b eve!*@*") == []
    assert len(ann.send("MODE #tea b")) == 2
    assert ann.send("MODE #tea -b eve") == [f"{ANN} MODE #tea -b eve!*@*"]
    assert ann.send("MODE #tea +b $m:bob") == [f"{ANN} MODE #tea +b $m:bob!*@*"]


@pytest.mark.parametrize("letter", "beI")
def test_a_nickname_alone_and_a_host_of_nobody_are_masks_too(
    chat: Chat, ann: Person, letter: str
) -> None:
    """RFC 2811, 4.3: a mask is completed to nick!user@host."""
    for mask, listed in [
        ("bob", "bob!*@*"), ("*!*@people-zoe", "*!*@people-zoe"),
        ("x@people-zoe", "*!*@people-zoe"),
    ]:  # fmt: skip
        told = [f"{ANN} MODE #tea +{letter} {listed}"]
        assert ann.send(f"MODE #tea +{letter} {mask}") == (told if mask[0] != "x" else [])
    ann.send("MODE #tea +i" if letter == "I" else "MODE #tea +b z*!*@*")
    if letter != "b":
        assert irc(chat, "zoe").send("JOIN #tea")[0] == ":zoe!~zoe@people-zoe JOIN #tea"
    else:
        assert irc(chat, "zoe").send("JOIN #tea")[0].startswith(":irc.chatsvc 474 zoe #tea ")
    assert ann.send(f"MODE #tea -{letter} bob")[-1] == f"{ANN} MODE #tea -{letter} bob!*@*"
