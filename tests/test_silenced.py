"""What muted or banned users could try instead."""

from __future__ import annotations

from conftest import Chat, Person
from staff import SECRET, back, everybody_reads, founder, guest, member, operator, program


def silenced(chat: Chat, *how: str) -> tuple[Person, Person]:
    """Return eve, whom an operator has muted, and bob, who has read everything."""
    op, eve, bob = operator(chat), guest(chat, "eve"), guest(chat, "bob")
    op.send(" ".join(["/mute", *how, "eve"]))
    everybody_reads(eve, bob)
    return eve, bob


def test_the_muted_part_without_words(chat: Chat) -> None:
    eve, bob = silenced(chat)
    eve.send("/quit buy my things")
    assert bob.read() == ["* eve left."]


def test_those_muted_in_a_room_part_from_it_without_words(chat: Chat) -> None:
    eve, bob = guest(chat, "eve"), guest(chat, "bob")
    founder(chat, "ann", eve, bob).send("/mute eve")
    everybody_reads(bob)
    eve.send("/quit buy my things")
    assert bob.read() == ["* eve left #lobby: buy my things", "* eve left."]


def test_the_muted_do_not_tell_anything_by_being_away(chat: Chat) -> None:
    eve, bob = silenced(chat)
    eve.send("/away buy my things")
    for command in ("/who", "/whois eve"):
        assert "buy my things" not in "\n".join(bob.send(command))


def test_the_muted_are_not_whom_one_replies_to(chat: Chat) -> None:
    eve, bob = silenced(chat)
    eve.send("/msg bob hi")
    assert bob.read() == []
    assert bob.send("/reply hello") == ["* You have no private messages to reply to."]


def test_the_quietly_muted_do_not_notice_it_by_any_command(chat: Chat) -> None:
    eve, bob = silenced(chat, "--quietly")
    for command in ("hello", "/me waves", "/topic mine", "/msg bob hi", "/nick mallory"):
        assert "muted" not in "\n".join(eve.send(command))
    eve.send("/away hi", "/quit bye")
    assert "hi" not in "".join(bob.read())


def test_nobody_takes_a_banned_name(chat: Chat) -> None:
    op, eve = operator(chat), guest(chat, "eve")
    op.send("/ban name=mallory")
    assert eve.send("/nick mallory") == ["* mallory is banned. Choose another name."]


def test_nobody_stays_in_a_room_as_an_account_that_is_banned_there(chat: Chat) -> None:
    eve = member(chat, "eve")
    eve.hang_up()
    ann = founder(chat)
    ann.send("/ban account=eve")
    other = guest(chat, "other")
    other.send("/join #tea")
    ann.read()
    other.send(f"/login eve {SECRET}")
    assert other.send("/room #tea") == ["* You are not in #tea. To join it: /join #tea"]


def test_slow_mode_holds_for_who_leaves_and_comes_back(chat: Chat) -> None:
    bob = guest(chat, "bob")
    founder(chat, "ann", bob).send("/set slow 10s")
    bob.send("one", "/leave #tea", "/join #tea")
    assert bob.send("two") == ["* Not sent: #tea is in slow mode. Try again in 10 s."]


def test_statistics_do_not_tell_newcomers_who_spoke_before(chat: Chat) -> None:
    founder(chat).send("/set history none", "old")
    bob = guest(chat, "bob")
    bob.send("/join #tea")
    assert "ann" not in "\n".join(bob.send("/stats"))


def test_a_new_account_reads_no_more_than_the_guest_could(chat: Chat) -> None:
    founder(chat).send("/set history joined", "old")
    bob = guest(chat, "bob")
    bob.send("/join #tea")
    chat.hub.directory.rooms["#tea"].floors.clear()
    bob.send(f"/register {SECRET}")
    assert "old" not in "\n".join(bob.send("/history"))


def test_coming_back_into_a_room_without_history_promises_nothing_new(chat: Chat) -> None:
    ann, bob = founder(chat), member(chat, "bob")
    ann.send("/set history none")
    bob.send("/join #tea", "/leave #lobby")
    bob.hang_up()
    ann.send("old")
    assert "new since" not in "\n".join(back(chat, "bob").read())


def test_who_left_a_guest_s_seat_by_a_ban_cannot_come_back_with_its_secret(chat: Chat) -> None:
    op = operator(chat)
    eve = program(chat, "eve", "#lobby", client="secret-of-eve")
    op.send("/ban eve")
    assert eve.closed
    (refused,) = chat.connect().ask(do="hello", name="bob", client="secret-of-eve")
    assert refused["code"] == "banned"


def test_a_registered_room_stays_when_its_founder_leaves(chat: Chat) -> None:
    ann = founder(chat)
    ann.send("hello", "/leave #tea")
    eve = member(chat, "eve")
    eve.send("/join #tea")
    assert eve.send("/room")[0] == "* Rules of #tea. Founder: ann."
