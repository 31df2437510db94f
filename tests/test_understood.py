"""Extra words after a command are never ignored: they are used, or refused."""

from __future__ import annotations

import pytest
from conftest import Chat
from ircpeople import irc
from staff import SECRET, back, founder, guest, member, operator, program, refusal

from chatsvc.commands.registry import TABLE

JUNK = ["junk", "@dan", "#tea", "--here", "now please", "5", "10m"]
# Commands that end in a text, a reason, names, a query, a password.
FREE = {
    "say", "me", "msg", "mods", "reply", "topic", "realname", "away", "quit", "announce", "report",
    "kick", "kill", "ban", "mute", "delete", "search", "set", "token", "watch", "unwatch",
    "join", "rename",
}  # fmt: skip
ALONE = sorted(name for name, row in TABLE.items() if not row.words)
FIRST = {
    "accounts": "carl", "admit": "carl", "audit": "5", "certificate": "add",
    "disable": "carl", "enable": "carl", "exempt": "carl", "found": "carl",
    "help": "msg", "history": "5", "howtoban": "carl", "ignore": "carl",
    "invite": "carl", "leave": "#tea", "lockdown": "on",
    "login": "ann wrong", "nick": "zoe", "op": "carl", "deop": "carl", "voice": "carl",
    "devoice": "carl", "register": SECRET, "resolve": "1", "room": "#tea", "sessions": "1",
    "stats": "#tea", "to": "carl", "transfer": "carl", "unban": "carl", "unmute": "carl",
    "unadmit": "carl", "unexempt": "carl", "unignore": "carl", "uninvite": "carl",
    "unregister": SECRET,
    "who": "#tea", "whois": "carl", "whowas": "carl", "claim": "code",
    "passwd": f"{SECRET} new-one", "remove-room": "#tea",
}  # fmt: skip


def staffed() -> Chat:
    """Return a chat in which every command of `FIRST` can succeed."""
    chat = Chat()
    for name in ("carl", "dan", "eve"):
        member(chat, name)
    boss = operator(chat, "boss")
    boss.send("/join #tea", "/ignore carl")
    return chat


def state(chat: Chat) -> tuple[object, ...]:
    """Return everything that a command could change."""
    hub = chat.hub
    return (
        sorted(hub.directory.users),
        sorted((one.name, one.hash, one.certificates, one.ignores) for one in hub.accounts),
        sorted(hub.directory.rooms),
        [
            (one.name, one.last, sorted(map(str, one.roster.values())))
            for one in hub.directory.rooms.values()
        ],
        [(place, len(hub.bans.all(hub.directory.rooms.get(place)))) for place in ("", "#tea")],
        sorted(len(each.rooms) for each in hub.directory.sessions),
        hub.lockdown.on,
    )


@pytest.mark.parametrize("name", [name for name in ALONE if TABLE[name].about.help])
def test_commands_that_stand_alone_refuse_what_follows(name: str) -> None:
    chat = Chat()
    boss = operator(chat, "boss")
    boss.send("/join #tea")
    before = state(chat)
    for junk in ("junk", "@dan", "now please"):
        assert boss.send(f"/{name} {junk}")[0].startswith(f"* Usage: /{name}")
    assert state(chat) == before


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("name", sorted(FIRST))
def test_one_word_too_many_changes_nothing(name: str, junk: str) -> None:
    chat = staffed()
    person = guest(chat, "zed") if name in ("login", "register") else back(chat, "boss")
    before = state(chat)
    answer = person.send(f"/{name} {FIRST[name]} {junk}")
    assert state(chat) == before, answer


def test_every_command_is_looked_at_here() -> None:
    listed = {name for name, row in TABLE.items() if row.about.help}
    assert listed - FREE - set(ALONE) - set(FIRST) == set()


def test_a_line_of_a_conversation_is_deleted_there_and_not_in_the_room(chat: Chat) -> None:
    ann, dan = member(chat, "ann"), member(chat, "dan")
    ann.send("in the room", "/msg dan in private")
    dan.read()
    ann.send("/delete 1 @dan")
    assert "in the room" in ann.send("/history")[0]
    assert "(deleted by ann)" in ann.send("/history @dan")[0]


def test_a_line_of_another_room_is_deleted_there(chat: Chat) -> None:
    ann = member(chat, "ann")
    ann.send("one", "/join #tea", "two")
    ann.send("/delete 1 #lobby")
    assert "two" in ann.send("/history #tea")[0]
    assert "(deleted by ann)" in ann.send("/history #lobby")[0]


@pytest.mark.parametrize("where", ["@nobody", "#nowhere", "@eve"])
def test_a_place_that_is_not_there_is_refused_and_nothing_is_deleted(
    chat: Chat, where: str
) -> None:
    ann, _ = member(chat, "ann"), member(chat, "eve")
    ann.send("one")
    ann.send(f"/delete 1 {where}")
    assert ann.send("/history")[0].endswith("<ann> one")


@pytest.mark.parametrize(
    "strange", [{"name": "@dan"}, {"name": "dan"}, {"who": "dan"}, {"text": "x"}, {"after": 1}]
)
def test_fields_of_other_requests_are_refused(chat: Chat, strange: dict[str, object]) -> None:
    ann = chat.program("ann")
    ann.ask(do="join", room="#lobby")
    ann.ask(do="say", text="one")
    code, text = refusal(ann, do="delete", number=1, **strange)
    assert (code, text) == ("usage", f"delete has no field {next(iter(strange))}.")
    (history,) = ann.ask(do="history")
    assert history["lines"][0]["text"] == "one"
    deleted = ann.ask(do="delete", number=1, invented_later=True)  # which an older server ignores
    assert deleted[0]["event"] == "deleted"


def test_words_that_name_no_ban_lift_none(chat: Chat) -> None:
    eve = guest(chat, "eve", "203.0.113.9")
    ann = founder(chat, "ann", eve)
    ann.send("/ban eve")
    for junk in ("2d", "dan", "--here", "please"):
        assert "is not banned" in ann.send(f"/unban eve {junk}")[0]
    assert "You are banned" in eve.send("/join #tea")[0]
    ann.send("/unban eve")
    assert eve.send("/join #tea")[0].startswith("* You are in #tea")


def test_an_open_room_takes_no_sentence_for_a_password(chat: Chat) -> None:
    ann = chat.join("ann")
    assert ann.send("/join #tea and #pie") == ["* Usage: /join room, or: /join room password"]
    assert "#tea" not in chat.hub.directory.rooms
    assert ann.send("/join #tea key")[0].startswith("* You are in #tea")


def test_chanserv_takes_no_name_for_part_of_one(chat: Chat) -> None:
    ann = irc(chat, "ann")
    ann.send(f"PRIVMSG NickServ :REGISTER {SECRET}", "JOIN #tea")
    dan = program(chat, "dan")
    dan.ask(do="register", password=SECRET)
    ann.send("PRIVMSG ChanServ :OP #tea dan junk")
    assert chat.hub.directory.rooms["#tea"].role(chat.hub.directory.users["dan"]) != "moderator"
