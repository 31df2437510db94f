"""Which users receive metadata without requesting it, and what is stored: IRCv3 "Metadata"."""

from __future__ import annotations

import pytest
from conftest import Chat, start
from metadatapeople import CAPS, aware, batched, owner, registered
from staff import SECRET, MoodyArchive, restarted

from chatsvc.dialects.irc import metadata
from chatsvc.model.metadata_events import MOST_KEYS

URL = "https://example.org"


# "Notifications"


def test_members_and_watchers_are_notified_of_keys_they_subscribed_to(chat: Chat) -> None:
    ann, bob, eve, dan = owner(chat), aware(chat, "bob"), aware(chat, "eve"), aware(chat, "dan")
    bob.send("JOIN #tea", "METADATA * SUB url")
    eve.send("MONITOR + ann", "METADATA * SUB url")
    dan.send("METADATA * SUB url")
    for each in (ann, bob, eve, dan):
        each.read()
    ann.send("METADATA * SUB url")
    assert ann.send("METADATA * SET url x", "METADATA * SET status y") == [
        ":irc.chatsvc 761 ann ann url * :x",
        ":irc.chatsvc 761 ann ann status * :y",
    ]
    assert bob.read() == [":irc.chatsvc 761 bob ann url * :x"]
    assert eve.read() == [":irc.chatsvc 761 eve ann url * :x"]
    assert dan.read() == []
    ann.send("METADATA #tea SET url z", "METADATA #tea CLEAR")
    assert bob.read() == [
        ":irc.chatsvc 761 bob #tea url * :z",
        ":irc.chatsvc 766 bob #tea url :Key not set",
    ]
    assert eve.read() == []


def test_a_value_that_stays_the_same_notifies_nobody(chat: Chat) -> None:
    ann, bob = owner(chat), aware(chat, "bob")
    bob.send("JOIN #tea", "METADATA * SUB url")
    ann.send("METADATA * SET url x")
    bob.read()
    ann.send("METADATA * SET url x", "METADATA * SET other")
    assert bob.read() == []


def test_the_other_clients_of_an_account_are_notified(chat: Chat) -> None:
    ann = registered(chat, "ann")
    other = chat.connect()
    other.send(f"PASS {SECRET}", f"CAP REQ :{' '.join(CAPS)}", "NICK ann", "USER a 0 * :a")
    other.send("CAP END")
    other.send("METADATA * SUB url")
    ann.send("METADATA * SET url x")
    assert other.read() == [":irc.chatsvc 761 ann ann url * :x"]


def test_a_mute_hides_what_a_user_writes_about_themselves(chat: Chat) -> None:
    ann, bob, eve = owner(chat), aware(chat, "bob"), aware(chat, "eve")
    bob.send("JOIN #tea", "METADATA * SUB status")
    eve.send("JOIN #tea")
    ann.send("MUTE eve")
    bob.read()
    eve.send("METADATA * SET status spam")
    assert bob.read() == []
    assert batched(bob.send("METADATA eve LIST")) == ("metadata eve", [])


# "Automatic synchronization"


def test_registration_ends_with_the_client_s_own_values(chat: Chat) -> None:
    ann = chat.connect()
    ann.send(f"CAP REQ :{' '.join(CAPS)}")
    assert ann.send("METADATA * SUB status") == [":irc.chatsvc 770 * status"]
    assert ann.send("METADATA * SET status :a b c") == [":irc.chatsvc 761 * * status * :a b c"]
    ann.send("NICK ann", "USER a 0 * :a")
    told = ann.send("CAP END")
    assert told[0].startswith(":irc.chatsvc 001 ann ")
    assert batched(told[-4:-1]) == ("metadata ann", [":irc.chatsvc 761 ann ann status * :a b c"])
    assert told[-1].startswith(":irc.chatsvc 422 ann ")
    assert batched(ann.send("METADATA * LIST"))[1] == [":irc.chatsvc 761 ann ann status * :a b c"]
    assert batched(ann.send("METADATA * SUBS"))[1] == [":irc.chatsvc 772 ann status"]


def test_without_values_the_batch_is_empty(chat: Chat) -> None:
    ann = chat.connect()
    ann.send(f"CAP REQ :{' '.join(CAPS)}", "NICK ann", "USER a 0 * :a")
    told = ann.send("CAP END")
    assert batched(told[-3:-1]) == ("metadata ann", [])


def test_before_registration_a_client_has_only_itself(chat: Chat) -> None:
    ann = chat.connect()
    ann.send(f"CAP REQ :{' '.join(CAPS)}", "NICK ann")
    (told,) = ann.send("METADATA ann SET url x")
    assert told.startswith(":irc.chatsvc FAIL METADATA INVALID_TARGET ann :")
    ann.send("METADATA * SET url x", "METADATA * SET status y")
    assert batched(ann.send("METADATA * GET url no"))[1] == [
        ":irc.chatsvc 761 * * url * :x",
        ":irc.chatsvc 766 * * no :Key not set",
    ]
    assert batched(ann.send("METADATA * LIST")) == (
        "metadata *",
        [":irc.chatsvc 761 * * url * :x", ":irc.chatsvc 761 * * status * :y"],
    )
    assert ann.send("METADATA * SET url") == [":irc.chatsvc 766 * * url :Key not set"]
    assert batched(ann.send("METADATA * CLEAR"))[1] == [":irc.chatsvc 766 * * status :Key not set"]
    assert batched(ann.send("METADATA * SYNC")) == ("metadata *", [])


def test_limits_apply_before_registration(chat: Chat) -> None:
    ann = chat.connect()
    ann.send(f"CAP REQ :{' '.join(CAPS)}")
    assert "INVALID_KEY $x :" in ann.send("METADATA * SET $x y")[0]
    assert "INVALID_VALUE url :" in ann.send(f"METADATA * SET url {'x' * 301}")[0]
    for number in range(MOST_KEYS):
        ann.send(f"METADATA * SET key{number} x")
    (told,) = ann.send("METADATA * SET more x")
    assert told.startswith(f":irc.chatsvc FAIL METADATA LIMIT_REACHED SET * {MOST_KEYS} :")


def test_joining_ends_with_the_values_in_the_channel(chat: Chat) -> None:
    ann, bob = owner(chat), aware(chat, "bob")
    ann.send("METADATA #tea SET url x", "METADATA * SET url y", "METADATA * SET status z")
    bob.send("METADATA * SUB url")
    told = bob.send("JOIN #tea")
    assert " 366 bob #tea " in told[-5]
    assert batched(told[-4:]) == (
        "metadata #tea",
        [":irc.chatsvc 761 bob #tea url * :x", ":irc.chatsvc 761 bob ann url * :y"],
    )
    assert batched(bob.send("METADATA #tea SYNC")) == batched(told[-4:])


def test_a_monitored_user_s_values_follow_730(chat: Chat) -> None:
    bob = aware(chat, "bob")
    bob.send("METADATA * SUB url", "MONITOR + ann")
    ann = chat.connect()
    ann.send(f"CAP REQ :{' '.join(CAPS)}", "METADATA * SET url x", "NICK ann", "USER a 0 * :a")
    ann.send("CAP END")
    told = bob.read()
    assert told[0].startswith(":irc.chatsvc 730 bob ")
    assert batched(told[1:3]) == ("metadata ann", [])  # ann had set nothing when she came online
    assert told[3:] == [":irc.chatsvc 761 bob ann url * :x"]
    assert batched(bob.send("METADATA ann SYNC"))[1] == [":irc.chatsvc 761 bob ann url * :x"]


def test_a_large_channel_is_synchronized_later(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "_MOST_SYNCED", 1)
    ann, bob = owner(chat), aware(chat, "bob")
    bob.send("METADATA * SUB url")
    ann.send("METADATA #tea SET url x")
    assert bob.send("JOIN #tea")[-1] == ":irc.chatsvc 774 bob #tea 5 :Synchronize later"
    assert batched(bob.send("METADATA #tea SYNC"))[1] == [":irc.chatsvc 761 bob #tea url * :x"]


def test_a_long_answer_is_one_batch(chat: Chat) -> None:
    ann, bob = owner(chat), aware(chat, "bob", "labeled-response")
    for number in range(MOST_KEYS):
        for target in ("*", "#tea"):
            ann.send(f"METADATA {target} SET key{number} {'x' * 300}")
        chat.clock.advance(5)
    for first in range(0, MOST_KEYS, 10):
        bob.send(f"METADATA * SUB {' '.join(f'key{first + n}' for n in range(10))}")
    kind, items = batched(bob.send("METADATA #tea SYNC"))
    assert (kind, len(items)) == ("metadata #tea", 2 * MOST_KEYS)


# Storing


def test_values_are_stored_with_the_account_and_the_channel(chat: Chat) -> None:
    ann = owner(chat)
    ann.send("METADATA * SET status here", f"METADATA #tea SET url {URL}")
    later = restarted(chat)
    bob = aware(later, "bob")
    assert batched(bob.send("METADATA #tea LIST"))[1] == [f":irc.chatsvc 761 bob #tea url * :{URL}"]
    again = later.connect()
    again.send(f"PASS {SECRET}", "NICK ann", "USER a 0 * :a")
    assert batched(bob.send("METADATA ann LIST"))[1] == [":irc.chatsvc 761 bob ann status * :here"]


def test_a_guest_s_values_are_kept_by_registering_and_end_with_the_guest(chat: Chat) -> None:
    ann, bob = aware(chat, "ann"), aware(chat, "bob")
    for each in (ann, bob):
        each.send("METADATA * SET status here")
    ann.send(f"NS REGISTER {SECRET}")
    bob.send("QUIT")
    later = restarted(chat)
    cleo = aware(later, "cleo")
    again = later.connect()
    again.send(f"PASS {SECRET}", "NICK ann", "USER a 0 * :a")
    aware(later, "bob")
    assert batched(cleo.send("METADATA ann LIST"))[1] == [
        ":irc.chatsvc 761 cleo ann status * :here"
    ]
    assert batched(cleo.send("METADATA bob LIST"))[1] == []


def test_a_removed_room_and_a_deleted_account_lose_theirs(chat: Chat) -> None:
    ann = owner(chat)
    ann.send("METADATA * SET status here", "METADATA #tea SET url x", "PART #tea")
    ann.send(f"UNREGISTER {SECRET}")
    start(chat.hub.maintenance.tidy_up())
    assert set(chat.hub.metadata.stored) <= {"#tea"}
    room = chat.hub.directory.rooms["#tea"]
    start(chat.hub.room_removal._remove(room))
    assert chat.hub.metadata.stored == {}


def test_what_cannot_be_stored_is_refused() -> None:
    archive = MoodyArchive()
    ann = registered(Chat(archive), "ann")
    archive.fails = True
    (told,) = ann.send("METADATA * SET url x")
    assert told.startswith(":irc.chatsvc FAIL METADATA INTERNAL_ERROR * url :")
    archive.fails = False
    assert batched(ann.send("METADATA * LIST"))[1] == []
