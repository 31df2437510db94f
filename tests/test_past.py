"""Pages of history, by number and by time; and read positions."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Chat, Person
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from staff import SECRET, back, founder, guest, member, program, refusal, restarted

from chatsvc.dialects.jsonl import timestamp

often = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def at(seconds: float) -> str:
    return timestamp(seconds)


@pytest.fixture
def ten(chat: Chat) -> Person:
    """Return a user in a room with the lines 1 to 10, said at the seconds 10 to 100."""
    bot = program(chat, "bot")
    for n in range(1, 11):
        chat.clock.advance(10)
        bot.ask(do="say", text=str(n))
    return bot


def page(person: Person, **bounds: Any) -> tuple[list[int], bool]:
    (history,) = person.ask(do="history", room="#tea", **bounds)
    return [line["number"] for line in history["lines"]], history.get("more", False)


# The last lines, on joining


def shown_on_joining(person: Person, **how: Any) -> list[int]:
    """Return the numbers of the lines with words that a joining user is shown."""
    events = person.ask(do="join", room="#tea", **how)
    shown = [each for each in events if each["event"] == "said"]
    return [each["number"] for each in shown if "deleted" not in each]


def test_as_many_lines_are_shown_on_joining_as_there_are(ten: Person, chat: Chat) -> None:
    assert shown_on_joining(chat.program("new"), last=3) == [8, 9, 10]
    assert shown_on_joining(chat.program("newer"), last=50) == [*range(1, 11)]
    assert shown_on_joining(chat.program("newest"), after=8, last=3) == [9, 10]


@pytest.mark.parametrize("how", ["ignored", "quiet", "deleted"])
@pytest.mark.parametrize("hidden", [1, 3, 40, 1200])
def test_hidden_lines_do_not_count_among_those_shown_on_joining(
    chat: Chat, how: str, hidden: int
) -> None:
    ann, eve = founder(chat), program(chat, "eve")
    for n in range(1, 6):
        ann.send(f"words {n}")
    ann.send("/mute --quietly eve" if how == "quiet" else "")
    for _ in range(hidden):
        eve.ask(do="say", room="#tea", text="hidden")
    for n in range(6, 6 + hidden) if how == "deleted" else ():
        ann.send(f"/delete {n}")
    new = chat.program("new")
    if how == "ignored":
        new.ask(do="ignore", name="eve")
    ann.send("the last words")
    shown = new.ask(do="join", room="#tea", last=3)
    for _ in range(5):  # others get a turn after each page
        chat.clock.advance(0)
        shown += new.events()
    texts = [each["text"] for each in shown if each["event"] == "said" and each["text"]]
    assert texts == ["words 4", "words 5", "the last words"]
    ann.send("live")
    assert [each["text"] for each in new.events()] == ["live"]


def test_only_hidden_lines_are_no_lines_on_joining(chat: Chat) -> None:
    eve = program(chat, "eve")
    for _ in range(30):
        eve.ask(do="say", room="#tea", text="hidden")
    new = chat.program("new")
    new.ask(do="ignore", name="eve")
    assert [each["event"] for each in new.ask(do="join", room="#tea")] == ["entered"]


# By number and by time


@pytest.mark.parametrize(
    ("bounds", "numbers", "more"),
    [
        ({}, [8, 9, 10], True),
        ({"after": 8}, [9, 10], False),
        ({"after": at(50)}, [8, 9, 10], True),
        ({"after": at(80)}, [9, 10], False),
        ({"before": 4}, [1, 2, 3], False),
        ({"before": 5}, [2, 3, 4], True),
        ({"before": at(40)}, [1, 2, 3], False),
        ({"before": at(40.001)}, [2, 3, 4], True),
        ({"after": 4, "first": True}, [5, 6, 7], True),
        ({"after": at(40), "first": True}, [5, 6, 7], True),
        ({"after": at(39.999), "first": True}, [4, 5, 6], True),
        ({"after": 8, "first": True}, [9, 10], False),
        ({"around": 5}, [4, 5, 6], True),
        ({"around": at(50)}, [4, 5, 6], True),
        ({"around": at(41)}, [4, 5, 6], True),
        ({"around": 1}, [1, 2, 3], False),
        ({"around": 99}, [8, 9, 10], True),
        ({"around": 5, "n": 4}, [3, 4, 5, 6], True),
        ({"around": 5, "n": 1}, [5], True),
        ({"after": 2, "before": 7}, [4, 5, 6], True),
        ({"after": 2, "before": 7, "first": True}, [3, 4, 5], True),
        ({"after": at(20), "before": at(60), "first": True}, [3, 4, 5], False),
        ({"after": 2, "before": at(60)}, [3, 4, 5], False),
        ({"after": 7, "before": 2, "first": True}, [4, 5, 6], True),
        ({"after": at(70), "before": 2, "first": True}, [4, 5, 6], True),
        ({"after": 7, "before": at(20), "first": True}, [4, 5, 6], True),
        ({"after": 7, "before": 2}, [3, 4, 5], True),
        ({"after": 7, "before": 7}, [], False),
        ({"after": 10}, [], False),
        ({"after": at(1000)}, [], False),
        ({"before": 1}, [], False),
        ({"before": at(10)}, [], False),
        ({"before": "1970-01-01T00:00:40Z"}, [1, 2, 3], False),
        ({"before": "1970-01-01T02:00:40.000+02:00"}, [1, 2, 3], False),
    ],
)
def test_a_page_of_history(
    ten: Person, bounds: dict[str, Any], numbers: list[int], more: bool
) -> None:
    assert page(ten, **{"n": 3, **bounds}) == (numbers, more)


@given(st.integers(0, 12), st.integers(0, 12), st.integers(1, 12), st.booleans(), st.booleans())
@example(0, 12, 3, True, True)
@often
def test_any_page_is_the_beginning_or_the_end_of_what_is_between_its_bounds(
    ten: Person, after: int, before: int, n: int, first: bool, timed: bool
) -> None:
    lowest, end = sorted((after, before))
    between = [number for number in range(1, 11) if lowest < number < end]
    bounds: dict[str, Any] = {"after": after, "before": before}
    if timed:
        bounds = {name: at(10.0 * number) for name, number in bounds.items()}
    wanted = between[:n] if first == (after <= before) else between[-n:]
    assert page(ten, n=n, first=first, **bounds) == (wanted, len(between) > n)


@pytest.mark.parametrize("point", ["noon", "2026-13-01T00:00:00Z", "x-y", -1, 1.5, True, [7]])
@pytest.mark.parametrize("name", ["after", "before", "around"])
def test_what_is_neither_a_number_nor_a_time_is_refused(
    ten: Person, name: str, point: object
) -> None:
    assert refusal(ten, do="history", **{name: point})[0] == "bad-argument"


def test_newcomers_cannot_ask_for_what_was_said_before_they_came(chat: Chat) -> None:
    chat.clock.advance(5)
    ann = founder(chat, "ann")
    ann.send("/set history joined", "one", "two")
    bot = program(chat, "bot")
    ann.send("three")
    bot.events()
    for bounds in ({"after": 0, "first": True}, {"around": 1}, {"after": at(0), "before": at(9)}):
        assert page(bot, **bounds) == ([3], False)
    assert page(bot, before=3) == ([], False)


def test_ignored_lines_are_left_out_of_any_page(chat: Chat, ten: Person) -> None:
    bob = program(chat, "bob")
    ten.ask(do="ignore", name="bob")
    bob.ask(do="say", text="11")
    assert page(ten, around=10, n=4) == ([7, 8, 9, 10], True)


HIDDEN = st.lists(st.booleans(), min_size=1, max_size=40)


@given(HIDDEN, st.integers(1, 8), st.integers(0, 42), st.integers(0, 42), st.sampled_from("flar"))
@example([False, *[True] * 30], 3, 0, 41, "l")
@often
def test_a_page_has_as_many_lines_as_there_are_to_be_seen(
    hidden: list[bool], n: int, one: int, other: int, way: str
) -> None:
    chat = Chat()
    ann, bob, carol = (program(chat, name) for name in ("ann", "bob", "carol"))
    ann.ask(do="ignore", name="bob")
    for number, by_bob in enumerate(hidden, 1):
        (bob if by_bob else carol).ask(do="say", text=str(number))
    seen = [number for number, by_bob in enumerate(hidden, 1) if not by_bob]
    low, high = sorted((one, other))
    between = [number for number in seen if low < number < high]
    if way == "a":
        numbers, more = page(ann, around=one, n=n)
        assert len(numbers) == min(n, len(seen))
        assert numbers == seen[seen.index(numbers[0]) :][: len(numbers)] if numbers else not seen
        assert more == bool(numbers and seen[0] < numbers[0])
        later = [x for x in seen if x >= one]
        assert numbers.count(one) == later.count(one)
    elif way == "r":
        assert page(ann, before=one, n=n)[0] == [x for x in seen if x < one][-n:]
    elif low != high:
        wanted = between[:n] if way == "f" else between[-n:]
        bounds = {"after": low, "before": high, "first": way == "f"}
        assert page(ann, n=n, **bounds) == (wanted, len(between) > n)


def test_a_page_that_ends_early_says_where_it_goes_on(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatsvc.core.walk.READ_AT_ONCE", 10)
    monkeypatch.setattr("chatsvc.core.walk.LOOKED_THROUGH", 20)
    ann, bob, carol = (program(chat, name) for name in ("ann", "bob", "carol"))
    ann.ask(do="ignore", name="bob")
    carol.ask(do="say", text="first")
    for number in range(60):
        bob.ask(do="say", text=str(number))
    carol.ask(do="say", text="last")
    for first, found in ((False, ["last", "first"]), (True, ["first", "last"])):
        bounds: dict[str, Any] | None = {}
        texts: list[str] = []
        rounds = 0
        while bounds is not None:
            (history,) = ann.ask(do="history", room="#tea", n=5, first=first, **bounds)
            texts += [line["text"] for line in history["lines"]]
            rounds += 1
            bounds = None
            if history.get("more"):
                bounds = {"after" if first else "before": history["next"]}
        assert texts == found
        assert rounds > 2


def test_recent_goes_by_the_last_line_that_is_seen(chat: Chat) -> None:
    ann, bob, carol = (program(chat, name) for name in ("ann", "bob", "carol"))
    ann.ask(do="ignore", name="bob")
    chat.clock.advance(1.0)
    carol.ask(do="say", text="seen")
    for number in range(60):
        chat.clock.advance(1.0)
        bob.ask(do="say", text=str(number))
    (recent,) = ann.ask(do="recent")
    assert [(room["room"], room["number"]) for room in recent["rooms"]] == [("#tea", 1)]


def test_pages_of_a_conversation(chat: Chat) -> None:
    ann, bob = member(chat, "ann"), member(chat, "bob")
    for text in ("one", "two", "three"):
        chat.clock.advance(10)
        ann.send(f"/msg bob {text}")
    bob.read()
    bot = chat.program("bob", account_password=SECRET)
    (history,) = bot.ask(do="history", room="@ann", after=at(10), first=True, n=1)
    assert [line["text"] for line in history["lines"]] == ["two"]
    assert history["more"]


# Unread lines


def recent(person: Person, **bounds: Any) -> list[tuple[str, int]]:
    (event,) = person.ask(do="recent", **bounds)
    return [(one["room"], one["number"]) for one in event.get("rooms", [])]


def test_rooms_and_conversations_in_the_order_of_their_last_lines(chat: Chat) -> None:
    ann, bob = member(chat, "ann"), member(chat, "bob")
    for line in ("/join #tea", "in tea", "/msg bob hi", "/room #lobby", "in the lobby", "again"):
        chat.clock.advance(10)
        ann.send(line)
    bot = chat.program("ann", account_password=SECRET)
    bot.ask(do="join", room="#lobby")
    bot.ask(do="join", room="#tea")
    assert recent(bot) == [("#tea", 1), ("@bob", 1), ("#lobby", 2)]
    assert recent(bot, n=2) == [("@bob", 1), ("#lobby", 2)]
    assert recent(bot, n=2, first=True) == [("#tea", 1), ("@bob", 1)]
    assert recent(bot, after=at(20), before=at(60)) == [("@bob", 1)]
    assert recent(bot, after=at(60)) == []
    assert recent(chat.program("eve")) == []
    assert refusal(bot, do="recent", after=7)[0] == "bad-argument"
    bob.read()


def test_what_one_may_not_read_is_not_new(chat: Chat) -> None:
    chat.clock.advance(5)
    ann = founder(chat, "ann")
    ann.send("/set history joined", "one")
    bot = program(chat, "bot")
    assert recent(bot) == []
    ann.send("two", "/mute --quietly eve")
    eve = program(chat, "eve")
    ann.send("/mute --quietly eve")
    eve.ask(do="say", text="three")
    assert recent(bot) == [("#tea", 2)]
    assert recent(eve) == [("#tea", 3)]


# Read positions


def test_a_mark_is_told_to_all_ones_connections_and_never_goes_back(chat: Chat) -> None:
    ann = member(chat, "ann")
    for _ in range(3):
        chat.clock.advance(10)
        ann.send("a line")
    phone, laptop = (chat.program("ann", account_password=SECRET) for _ in range(2))
    for each in (phone, laptop):
        each.ask(do="join", room="#lobby")
    ann.read()
    assert phone.ask(do="mark", room="#lobby") == [
        {"event": "marked", "room": "#lobby", "number": 0}
    ]
    marked = {"event": "marked", "room": "#lobby", "number": 2, "time": at(20)}
    assert phone.ask(do="mark", room="#lobby", number=2, tag="t") == [{**marked, "tag": "t"}]
    assert laptop.events() == [marked]
    assert ann.read() == []
    assert laptop.ask(do="mark", number=1) == [marked]
    later = {**marked, "time": at(29)}
    assert laptop.ask(do="mark", number=at(29)) == [later]
    assert phone.events() == [later]
    assert laptop.ask(do="mark", number=at(30))[0]["number"] == 3
    assert phone.events()[0]["number"] == 3
    assert phone.ask(do="mark", number=99)[0]["number"] == 3
    assert refusal(phone, do="mark", room="#tea", number=1)[0] == "not-in-room"


def test_a_mark_is_known_on_entering_also_after_a_restart(chat: Chat) -> None:
    ann = member(chat, "ann")
    chat.clock.advance(10)
    ann.send("one", "two")
    bot = chat.program("ann", account_password=SECRET)
    assert "read" not in bot.ask(do="join", room="#lobby")[0]
    bot.ask(do="mark", number=2)
    chat = restarted(chat)
    bot = chat.program("ann", account_password=SECRET)
    entered = bot.ask(do="join", room="#lobby")[0]
    assert (entered["read"], entered["read_time"]) == (2, at(10))


def test_a_guests_mark_is_their_connections(chat: Chat) -> None:
    ann, bot = guest(chat, "ann"), program(chat, "bot", "#lobby")
    ann.send("one")
    assert bot.ask(do="mark", number=1)[0]["number"] == 1
    assert bot.ask(do="join", room="#lobby")[0]["read"] == 1
    bot.ask(do="leave")
    assert bot.ask(do="join", room="#lobby")[0]["read"] == 1
    bot.hang_up()
    assert "read" not in chat.program("bot").ask(do="join", room="#lobby")[0]


def test_nothing_is_marked_that_one_may_not_read(chat: Chat) -> None:
    ann = founder(chat, "ann")
    ann.send("/set history joined", "one")
    bot = program(chat, "bot")
    assert bot.ask(do="mark", number=1) == [{"event": "marked", "room": "#tea", "number": 0}]


def test_a_conversation_has_a_mark_for_each_of_the_two(chat: Chat) -> None:
    chat.clock.advance(5)
    ann, bob = member(chat, "ann"), member(chat, "bob")
    ann.send("/msg bob one")
    bob.read()
    bot, other = (chat.program(name, account_password=SECRET) for name in ("bob", "ann"))
    marked = {"event": "marked", "room": "@ann", "number": 1, "time": at(5)}
    assert bot.ask(do="mark", room="@ann", number=1) == [marked]
    assert other.ask(do="mark", room="@bob")[0]["number"] == 0
    assert refusal(bot, do="mark", room="@eve")[0] == "no-such-person"


# Deletion


def test_both_of_a_conversation_are_told_of_a_deletion(chat: Chat) -> None:
    ann, bob = member(chat, "ann"), member(chat, "bob")
    ann.send("/msg bob a secret")
    phone = back(chat, "ann")
    phone.read()
    bot = chat.program("bob", account_password=SECRET)
    bob.read()
    assert refusal(bot, do="delete", room="@ann", number=1) == (
        "not-allowed",
        "That message is by ann. Only moderators can delete it.",
    )
    deleting = chat.program("ann", account_password=SECRET)
    gone = {"event": "deleted", "number": 1, "from": "ann", "by": "ann", "own": True}
    assert deleting.ask(do="delete", room="@bob", number=1) == [{**gone, "room": "@bob"}]
    assert bot.events() == [{**gone, "room": "@ann"}]
    assert bob.read() == ["* ann deleted their own message 1 in @ann."]
    assert phone.read() == ["* ann deleted their own message 1 in @bob."]
    assert bob.send("/history @ann")[0].endswith("<ann> (deleted by ann)")
    assert refusal(bot, do="delete", room="@ann", number=7) == (
        "no-such-line",
        "There is no message 7 in @ann. To see the numbers: /history",
    )


def test_a_moderator_may_say_why_and_muted_users_may_not(chat: Chat) -> None:
    ann, bob = founder(chat, "ann"), program(chat, "bob")
    bob.ask(do="say", text="one")
    bob.ask(do="say", text="two")
    ann.read()
    assert ann.send("/delete 1 no ads") == ["* ann deleted bob's message 1: no ads"]
    assert bob.events()[0]["reason"] == "no ads"
    assert ann.send("/audit 1")[0].endswith("ann in #tea: deleted message 1 by bob: no ads")
    ann.send("/mute bob")
    bob.events()
    assert "reason" not in bob.ask(do="delete", number=2, reason="I am muted")[0]
    assert ann.read() == ["* bob deleted their own message 2."]


def test_slow_readers_are_told_of_deletions_as_well(chat: Chat) -> None:
    ann, bob = program(chat, "ann"), program(chat, "bob")
    ann.ask(do="say", text="one")
    bob.events()
    bob.stop_reading()
    ann.ask(do="delete", number=1)
    bob.read_on()
    assert [event["event"] for event in bob.events()] == ["deleted"]
