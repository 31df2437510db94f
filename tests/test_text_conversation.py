"""Every command, as telnet users see it."""

from __future__ import annotations

import pytest
from conftest import Chat, Person

NOW = "[1970-01-01 00:00]"


def test_a_person_is_greeted_named_and_heard(chat: Chat) -> None:
    bob = chat.join("bob")
    ann = chat.connect()
    chat.wait_for_greeting()
    assert ann.read() == ["Welcome to chatsvc. What is your name?"]
    assert ann.send("ann") == [
        "* Welcome, ann. You are in #lobby with bob. Type to talk, or /help for commands."
    ]
    assert bob.read() == ["* ann joined."]
    assert ann.send("yes, three it is") == []
    assert bob.read() == [f"{NOW} <ann> yes, three it is"]


def test_who_types_first_is_greeted_at_once(chat: Chat) -> None:
    ann = chat.connect()
    greeting, welcome = ann.send("ann")
    assert greeting == "Welcome to chatsvc. What is your name?"
    assert welcome.startswith("* Welcome, ann. You are in #lobby, and nobody else is here yet.")


def test_three_are_named_and_many_are_counted(chat: Chat) -> None:
    for name in ("bob", "carol", "dave"):
        chat.join(name)
    assert "You are in #lobby with bob, carol and dave." in chat.connect().send("ann")[1]
    for n in range(5):
        chat.join(f"friend{n}")
    assert "with bob, carol and 7 others." in chat.connect().send("eve")[1]


def test_a_taken_name_is_met_with_a_free_one_that_enter_accepts(chat: Chat) -> None:
    chat.join("ann")
    other = chat.connect()
    assert other.send("Ann")[1:] == [
        "* Ann is already in use. Press Enter to join as Ann2, or type another name."
    ]
    assert other.send("")[0].startswith("* Welcome, Ann2.")


def test_a_taken_name_can_be_answered_with_another(chat: Chat) -> None:
    chat.join("ann")
    other = chat.connect()
    other.send("ann")
    assert other.send("anna")[0].startswith("* Welcome, anna.")


def test_an_empty_name_makes_a_guest(chat: Chat) -> None:
    assert "* Welcome, guest-1." in chat.connect().send("")[1]
    assert "* Welcome, guest-2." in chat.connect().send("")[1]


@pytest.mark.parametrize(("name", "free"), [("Ann Lee", "Ann_Lee"), ("<b>", "b"), ("all", "all_")])
def test_what_is_no_name_is_refused_with_one_that_is(chat: Chat, name: str, free: str) -> None:
    ann = chat.connect()
    assert f"Press Enter to join as {free}, or type another name." in ann.send(name)[1]
    assert ann.send("")[0].startswith(f"* Welcome, {free}.")


def test_ten_refusals_shut_the_door(chat: Chat) -> None:
    chat.join("ann")
    other = chat.connect()
    for _ in range(9):
        other.send("ann")
        assert not other.closed
    assert other.send("ann")[-1] == "* Too many failed attempts. Try again later."
    assert other.closed


def test_commands_before_the_name_are_refused_but_help_and_quit(chat: Chat) -> None:
    ann = chat.connect()
    assert ann.send("/who")[1] == "* Choose a name first. What is your name?"
    assert any("/msg" in line for line in ann.send("/help"))
    assert ann.send("/quit") == ["* Goodbye."]
    assert ann.closed


def test_the_last_lines_are_shown_on_arrival(chat: Chat) -> None:
    bob = chat.join("bob")
    bob.send(*(f"line {n}" for n in range(30)))
    shown = chat.connect().send("ann")[2:]
    assert shown == [f"{NOW} <bob> line {n}" for n in range(10, 30)]


def test_a_private_line_is_for_one_person_only(chat: Chat) -> None:
    ann, bob, eve = chat.join("ann"), chat.join("bob"), chat.join("eve")
    for person in (ann, bob, eve):
        person.read()
    assert ann.send("/msg bob the code is 4711") == ["* to bob: the code is 4711"]
    assert bob.read() == ["* ann whispers: the code is 4711"]
    assert bob.send("/reply thanks") == ["* to ann: thanks"]
    assert ann.read() == ["* bob whispers: thanks"]
    assert eve.read() == []


@pytest.mark.parametrize("alias", ["/w", "/whisper", "/private", "/tell", "!private", "\\private"])
def test_private_lines_have_other_names(chat: Chat, alias: str) -> None:
    chat.join("bob")
    assert chat.join("ann").send(f"{alias} bob hi") == ["* to bob: hi"]


def test_private_lines_need_somebody_and_something(chat: Chat) -> None:
    ann = chat.join("ann")
    assert ann.send("/msg nobody hi") == ["* No user named nobody is online."]
    assert ann.send("/msg ann") == [
        "* Usage: /msg name text (for example: /msg bob the code is 4711)"
    ]
    assert ann.send("/reply hi") == ["* You have no private messages to reply to."]


def test_people_are_listed_with_what_they_do(chat: Chat) -> None:
    ann, bob = chat.join("ann"), chat.join("bob")
    bob.send("/away lunch")
    assert ann.read()[-1] == "* bob is away: lunch"
    chat.clock.advance(180)
    listed = [
        "* In #lobby: 2 people",
        "*   ann             online since 1970-01-01 00:00, idle 3 min",
        "*   bob             online since 1970-01-01 00:00, idle 3 min, away: lunch",
    ]
    for alias in ("/who", "/clients", "/list", "/names", "\\clients", "/who #lobby", "/who lobby"):
        assert ann.send(alias) == listed
    assert ann.send("/who #nowhere") == ["* There is no room #nowhere. To list rooms: /rooms"]
    assert ann.send("/whois bob") == [
        "* bob: online since 1970-01-01 00:00, idle 3 min, away: lunch, in #lobby"
    ]
    assert bob.send("/back") == ["* You are back."]
    assert ann.read() == ["* bob is back."]


def test_rooms_are_made_by_entering_them(chat: Chat) -> None:
    ann, bob = chat.join("ann"), chat.join("bob")
    assert ann.send("/join tea") == [
        "* You are in #tea, and nobody else is here yet. You are its host."
    ]
    assert bob.send("/join #tea") == ["* You are in #tea with ann."]
    assert ann.read() == ["* bob joined."]
    bob.send("milk?")
    assert ann.read() == [f"{NOW} <bob> milk?"]
    assert ann.send("/rooms") == [
        "* #lobby          2 people, 0 messages",
        "* #tea            2 people, 1 message",
    ]
    assert ann.send("/room lobby") == ["* You are in #lobby. Your messages go to everybody there."]
    bob.send("hello?")
    assert ann.read() == [f"{NOW} #tea <bob> hello?"]
    assert bob.send("/leave") == ["* You left #tea. Your messages now go to #lobby."]
    assert ann.read() == ["* bob left #tea."]


def test_lines_without_a_room_are_refused(chat: Chat) -> None:
    ann = chat.join("ann")
    assert ann.send("/leave #lobby") == ["* You left #lobby. To join a room: /join #lobby"]
    assert ann.send("hello?") == ["* You are not in a room. To join one: /join #lobby"]
    assert ann.send("/leave #tea") == ["* You are not in #tea. To join it: /join #tea"]
    assert "A room name is # and one word" in ann.send("/join #two,rooms")[0]


def test_a_room_without_people_lines_and_topic_is_forgotten(chat: Chat) -> None:
    ann = chat.join("ann")
    ann.send("/join #tea", "/leave")
    assert ann.send("/rooms") == ["* #lobby          1 person, 0 messages"]


def test_a_topic_is_shown_set_and_told_to_those_who_come(chat: Chat) -> None:
    ann, bob = chat.join("ann"), chat.join("bob")
    assert "No topic is set" in ann.send("/topic")[0]
    ann.read()
    assert ann.send("/topic tea at five") == ["* ann set the topic: tea at five"]
    assert bob.read() == ["* ann set the topic: tea at five"]
    assert ann.send("/topic") == ["* The topic: tea at five (by ann, 1970-01-01 00:00)"]
    assert 'The topic is "tea at five".' in chat.connect().send("eve")[1]


def test_one_chooses_to_whom_one_talks(chat: Chat) -> None:
    ann, bob, eve = chat.join("ann"), chat.join("bob"), chat.join("eve")
    assert ann.send("/to") == ["*   1  bob", "*   2  eve", "* To whom? (a number, a name, or all)"]
    only_bob = ["* Your messages now go only to bob. To talk to the room again: /to all"]
    assert ann.send("1") == only_bob
    eve.read(), bob.read()
    assert ann.send("psst") == ["* to bob: psst"]
    assert ann.send("/me winks") == ["* to bob: * ann winks"]
    assert bob.read() == ["* ann whispers: psst", "* only to you: ann winks"]
    assert eve.read() == []
    assert ann.send("/to all") == ["* You are in #lobby. Your messages go to everybody there."]
    assert ann.send("/to bob") == only_bob
    assert ann.send("/to nobody") == ["* No user named nobody is online."]
    bob.send("/quit")
    ann.read()
    for _ in range(2):
        assert "Not sent: bob has left" in ann.send("still there?")[0]
    ann.send("/to all", "hello all")
    assert eve.read()[-1] == f"{NOW} <ann> hello all"


def test_an_empty_answer_to_whom_changes_nothing(chat: Chat) -> None:
    ann = chat.join("ann")
    assert ann.send("/to") == ["* Nobody else is online."]
    chat.join("bob")
    ann.send("/to")
    assert ann.send("") == ["* You are in #lobby. Your messages go to everybody there."]
    ann.send("/join #tea")
    assert ann.send("/to #lobby") == ["* You are in #lobby. Your messages go to everybody there."]


def test_what_one_does_is_told(chat: Chat) -> None:
    ann, bob = chat.join("ann"), chat.join("bob")
    ann.send("/me makes tea")
    assert bob.read()[-1] == f"{NOW} * ann makes tea"


def test_a_new_name_is_told_to_everybody(chat: Chat) -> None:
    ann, bob = chat.join("ann"), chat.join("bob")
    bob.read()
    assert ann.send("/nick anna") == ["* You are now anna."]
    assert bob.read() == ["* ann is now anna."]
    assert "bob is already in use" in ann.send("/nick bob")[0]
    assert ann.send("/nick Anna") == ["* You are now Anna."]
    assert chat.join("ann").send("hi") == []


def test_nobody_hears_whom_they_ignore(chat: Chat) -> None:
    ann, eve, bob = chat.join("ann"), chat.join("eve"), chat.join("bob")
    assert ann.send("/ignore") == ["* Your ignore list is empty."]
    assert ann.send("/ignore EVE") == ["* You ignore EVE."]
    ann.read()
    eve.send("buy this")
    assert bob.read()[-1] == f"{NOW} <eve> buy this"
    assert ann.read() == []
    assert eve.send("/msg ann buy") == ["* ann does not accept private messages from you."]
    eve.send("/nick lily", "buy that")
    assert ann.read() == ["* eve is now lily."]
    assert ann.send("/history") == ["* No earlier messages in #lobby."]
    ann.send("/unignore lily")
    eve.send("sorry")
    assert ann.read() == [f"{NOW} <lily> sorry"]
    assert ann.send("/unignore lily") == ["* You are not ignoring lily."]
    assert ann.send("/ignore ann") == ["* You cannot ignore yourself."]


def test_history_is_shown_by_number_and_room(chat: Chat) -> None:
    ann = chat.join("ann")
    ann.send(*(f"line {n}" for n in range(5)), "/join #tea", "milk")
    said = [f"{n + 1:>5} {NOW} #lobby <ann> line {n}" for n in range(5)]
    assert ann.send("/history 2 lobby") == said[3:]
    assert ann.send("/history") == [f"    1 {NOW} <ann> milk"]
    assert ann.send("/history #lobby") == said
    assert ann.send("/history x y") == [
        "* A room name is # and one word of at most 32 characters, such as #tea."
    ]


def test_the_time_the_screen_and_the_numbers(chat: Chat) -> None:
    ann = chat.join("ann")
    assert ann.send("/time")[0].startswith("* It is Thursday, 1970-01-01 00:00:00")
    ann.protocol.dataReceived(b"/clear\n\\clear\n!clear\n")
    assert ann.transport.value() == b"\x1b[2J\x1b[H" * 3
    ann.read()
    assert ann.send("/stats") == ["* No messages in #lobby yet."]
    chat.join("bob").send("żółw", "two")
    ann.send("one")
    ann.read()
    assert ann.send("/stats") == [
        "*   bob             2 messages, 10 bytes",
        "*   ann             1 message, 3 bytes",
    ]


@pytest.mark.parametrize("leave", ["/quit", "/exit", "q!", "\\quit", "!quit"])
def test_who_leaves_is_thanked(chat: Chat, leave: str) -> None:
    bob, ann = chat.join("bob"), chat.join("ann")
    bob.read()
    assert ann.send(leave) == ["* Goodbye, ann."]
    assert ann.closed
    assert bob.read() == ["* ann left."]


def test_parting_words_are_passed_on(chat: Chat) -> None:
    bob, ann = chat.join("bob"), chat.join("ann")
    bob.read()
    ann.send("/quit until tomorrow")
    assert bob.read() == ["* ann left: until tomorrow"]


def test_a_slash_can_be_said(chat: Chat) -> None:
    ann, bob = chat.join("ann"), chat.join("bob")
    bob.read()
    ann.send("//usr/bin", "!great", "\\o/")
    assert bob.read() == [f"{NOW} <ann> {said}" for said in ("/usr/bin", "!great", "\\o/")]


def test_an_unknown_command_is_not_said_but_explained(chat: Chat) -> None:
    ann, bob = chat.join("ann"), chat.join("bob")
    bob.read()
    assert ann.send("/hostory") == ["* Unknown command /hostory. Did you mean /history?"]
    assert bob.read() == []


def test_help_lists_the_table_or_explains_one_command(chat: Chat) -> None:
    ann = chat.join("ann")
    assert ann.send("/help /w") == [
        "* /msg name text: sends a private message",
        "*   also: /w, /whisper, /private, /tell",
        "*   for example: /msg bob the code is 4711",
    ]
    assert ann.send("/help nothing") == ["* Unknown command nothing. To list commands: /help"]
    assert len(ann.send("/help")) > 8


def test_a_password_is_asked_for() -> None:
    chat = Chat(password="sesame")
    ann = chat.connect()
    assert ann.send("ann")[1:] == ["* This chat requires a password. What is it?"]
    assert ann.send("open") == ["* Wrong password. Try again:"]
    assert ann.send("sesame")[0].startswith("* Welcome, ann.")


def test_an_empty_line_is_nothing_or_goodbye(chat: Chat) -> None:
    assert chat.join("ann").send("") == []
    assert Chat(leave_on_empty_line=True).join("ann").send("") == ["* Goodbye, ann."]


def test_the_message_of_the_day_is_shown() -> None:
    chat = Chat(motd="be kind\nbe brief", name="Class 4b")
    assert chat.connect().send("ann")[:3] == [
        "Welcome to Class 4b. What is your name?",
        "* be kind",
        "* be brief",
    ]


def crowd(chat: Chat, count: int) -> list[Person]:
    return [chat.join(f"person{n}") for n in range(count)]


def test_a_crowd_hears_of_comings_and_goings_in_one_line(chat: Chat) -> None:
    first, *others = crowd(chat, 51)
    first.read()
    ann = [chat.join(f"ann{n}") for n in range(12)]
    others[0].send("/quit")
    ann[0].send("/quit")
    assert first.read() == []
    chat.clock.advance(3)
    assert first.read() == ["* 11 people joined.", "* person1 left."]
