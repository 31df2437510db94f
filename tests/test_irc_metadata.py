"""METADATA: IRCv3 "Metadata" (draft/metadata-3), with the section that each test follows."""

from __future__ import annotations

import pytest
from conftest import Chat
from metadatapeople import CAPS, aware, batched, owner

from chatsvc.model.metadata_events import MOST_CHANGES, MOST_KEYS, MOST_SUBSCRIPTIONS

URL = "https://example.org"


# "draft/metadata-3 Capability"


def test_the_capability_names_the_limits(chat: Chat) -> None:
    (told,) = (line for line in chat.connect().send("CAP LS 302") if "metadata" in line)
    assert (
        " draft/metadata-3=before-connect,max-subs=50,max-keys=20,max-key-bytes=40,"
        "max-value-bytes=300 "
    ) in told


@pytest.mark.parametrize("removed", CAPS)
def test_removing_the_capability_or_batch_ends_all_subscriptions(chat: Chat, removed: str) -> None:
    ann = aware(chat, "ann")
    ann.send("METADATA * SUB url")
    ann.send(f"CAP REQ -{removed}")
    ann.send(f"CAP REQ {removed}")
    assert batched(ann.send("METADATA * SUBS")) == ("metadata-subs", [])


# "METADATA client command"


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ("METADATA", "INVALID_PARAMS * :Not enough parameters"),
        ("METADATA *", "INVALID_PARAMS * :Not enough parameters"),
        ("METADATA #tea GET", "INVALID_PARAMS GET :Not enough parameters"),
        ("METADATA * SET", "INVALID_PARAMS SET :Not enough parameters"),
        ("METADATA * SET url a b", "INVALID_PARAMS SET :Too many parameters"),
        ("METADATA * LIST url", "INVALID_PARAMS LIST :Too many parameters"),
        ("METADATA #tea SNEEZE", "INVALID_PARAMS SNEEZE :Unknown subcommand SNEEZE"),
        ("METADATA #tea :: hi!", "INVALID_PARAMS * :Unknown subcommand : hi!"),
    ],
)
def test_wrong_syntax(chat: Chat, sent: str, answer: str) -> None:
    assert aware(chat, "ann").send(sent) == [f":irc.chatsvc FAIL METADATA {answer}"]


@pytest.mark.parametrize("verb", ["GET url", "LIST", "SET url x", "CLEAR", "SYNC", "SUB a", "SUBS"])
@pytest.mark.parametrize("target", ["nobody", "#nowhere", "$a:ann", "ann!*@*"])
def test_invalid_targets(chat: Chat, target: str, verb: str) -> None:
    (told,) = aware(chat, "ann").send(f"METADATA {target} {verb}")
    assert told.startswith(f":irc.chatsvc FAIL METADATA INVALID_TARGET {target} :")


def test_a_hidden_channel_is_no_target(chat: Chat) -> None:
    ann, bob = owner(chat), aware(chat, "bob")
    ann.send("MODE #tea +s", f"METADATA #tea SET url {URL}")
    (told,) = bob.send("METADATA #tea LIST")
    assert told.startswith(":irc.chatsvc FAIL METADATA INVALID_TARGET #tea :")


# "METADATA SET", "METADATA GET", "METADATA LIST", "METADATA CLEAR"


def test_values_are_set_changed_and_removed(chat: Chat) -> None:
    ann = aware(chat, "ann")
    assert ann.send("METADATA * SET status :a b c") == [":irc.chatsvc 761 ann ann status * :a b c"]
    assert ann.send("METADATA ann SET status :d") == [":irc.chatsvc 761 ann ann status * :d"]
    assert ann.send("METADATA * SET status :d") == [":irc.chatsvc 761 ann ann status * :d"]
    assert ann.send("METADATA * SET status") == [":irc.chatsvc 766 ann ann status :Key not set"]
    assert ann.send("METADATA * SET status :") == [":irc.chatsvc 766 ann ann status :Key not set"]


def test_get_answers_for_each_key_in_order(chat: Chat) -> None:
    ann, bob = aware(chat, "ann"), aware(chat, "bob")
    ann.send(f"METADATA * SET url {URL}")
    assert batched(bob.send("METADATA ann GET nothing url $x URL")) == (
        "metadata ann",
        [
            ":irc.chatsvc 766 bob ann nothing :Key not set",
            f":irc.chatsvc 761 bob ann url * :{URL}",
            ":irc.chatsvc WARN METADATA INVALID_KEY $x :Invalid key: use a-z, 0-9 and _./-",
            ":irc.chatsvc WARN METADATA INVALID_KEY URL :Invalid key: use a-z, 0-9 and _./-",
        ],
    )
    assert batched(bob.send("METADATA ann GET $x"))[1] == [
        ":irc.chatsvc WARN METADATA INVALID_KEY $x :Invalid key: use a-z, 0-9 and _./-"
    ]


def test_list_and_clear_are_batches_that_may_be_empty(chat: Chat) -> None:
    ann = aware(chat, "ann")
    ann.send("METADATA * SET url x", "METADATA * SET avatar y")
    assert batched(ann.send("METADATA * LIST")) == (
        "metadata ann",
        [":irc.chatsvc 761 ann ann avatar * :y", ":irc.chatsvc 761 ann ann url * :x"],
    )
    assert batched(ann.send("METADATA * CLEAR")) == (
        "metadata ann",
        [
            ":irc.chatsvc 766 ann ann avatar :Key not set",
            ":irc.chatsvc 766 ann ann url :Key not set",
        ],
    )
    assert batched(ann.send("METADATA * LIST")) == ("metadata ann", [])
    assert batched(ann.send("METADATA * CLEAR")) == ("metadata ann", [])


@pytest.mark.parametrize("key", ["$url$", "Url", "a:b", "ä", "k" * 41])
def test_invalid_keys(chat: Chat, key: str) -> None:
    (told,) = aware(chat, "ann").send(f"METADATA * SET {key} x")
    assert told.startswith(f":irc.chatsvc FAIL METADATA INVALID_KEY {key} :")


def test_a_value_has_a_maximum_of_bytes(chat: Chat) -> None:
    ann = aware(chat, "ann")
    assert ann.send(f"METADATA * SET url {'ä' * 150}")[0].endswith("ä" * 150)
    (told,) = ann.send(f"METADATA * SET url {'ä' * 150}x")
    assert told.startswith(":irc.chatsvc FAIL METADATA INVALID_VALUE url :")


def test_a_value_must_be_utf_8(chat: Chat) -> None:
    (told,) = aware(chat, "ann").send(b"METADATA * SET url \xff")
    assert told.startswith(":irc.chatsvc FAIL METADATA INVALID_UTF8 :")


def test_the_number_of_keys_is_limited(chat: Chat) -> None:
    ann = aware(chat, "ann")
    for number in range(MOST_KEYS):
        ann.send(f"METADATA * SET key{number} x")
    (told,) = ann.send("METADATA * SET more x")
    assert told.startswith(f":irc.chatsvc FAIL METADATA LIMIT_REACHED SET * {MOST_KEYS} :")
    assert ann.send("METADATA * SET key1 y") == [":irc.chatsvc 761 ann ann key1 * :y"]
    ann.send("METADATA * SET key2")
    assert ann.send("METADATA * SET more x") == [":irc.chatsvc 761 ann ann more * :x"]


def test_the_rate_of_changes_is_limited(chat: Chat) -> None:
    ann = aware(chat, "ann")
    for number in range(MOST_CHANGES):
        ann.send(f"METADATA * SET url {number}")
    assert ann.send("METADATA * SET url too many") == [
        ":irc.chatsvc FAIL METADATA INVALID_PARAMS SET :Too many parameters"
    ]
    assert ann.send("METADATA * SET url more") == [":irc.chatsvc 775 ann 60 * SET url more"]
    chat.clock.advance(61)
    assert ann.send("METADATA * SET url more") == [":irc.chatsvc 761 ann ann url * :more"]


def test_only_users_themselves_and_moderators_may_change(chat: Chat) -> None:
    ann, bob = owner(chat), aware(chat, "bob")
    bob.send("JOIN #tea")
    for target in ("ann", "#tea"):
        (told,) = bob.send(f"METADATA {target} SET url x")
        assert told.startswith(f":irc.chatsvc FAIL METADATA KEY_NO_PERMISSION {target} url :")
        (told,) = bob.send(f"METADATA {target} CLEAR")
        assert told.startswith(f":irc.chatsvc FAIL METADATA KEY_NO_PERMISSION {target} * :")
    assert ann.send("METADATA #tea SET url x") == [":irc.chatsvc 761 ann #tea url * :x"]
    assert batched(bob.send("METADATA #tea LIST"))[1] == [":irc.chatsvc 761 bob #tea url * :x"]


def test_a_label_encloses_the_batch(chat: Chat) -> None:
    ann = aware(chat, "ann", "labeled-response")
    ann.send("METADATA * SET url x")
    begin, item, end = ann.send("@label=l METADATA * LIST")
    assert begin.startswith("@label=l :irc.chatsvc BATCH +")
    assert item.endswith(":irc.chatsvc 761 ann ann url * :x")
    assert end.startswith(":irc.chatsvc BATCH -")


# "METADATA SUB", "METADATA UNSUB", "METADATA SUBS"


def test_subscriptions(chat: Chat) -> None:
    ann = aware(chat, "ann")
    told, *batch = ann.send("METADATA * SUB avatar website foo")
    assert told == ":irc.chatsvc 770 ann avatar website foo"
    assert batched(batch) == ("metadata *ALL", [])
    assert ann.send("METADATA * SUB foo foo") == [":irc.chatsvc 770 ann foo foo"]
    assert ann.send("METADATA * UNSUB foo bar") == [":irc.chatsvc 771 ann foo bar"]
    assert batched(ann.send("METADATA * SUBS")) == (
        "metadata-subs",
        [":irc.chatsvc 772 ann avatar website"],
    )


def test_invalid_keys_do_not_end_a_subscription(chat: Chat) -> None:
    ann = aware(chat, "ann")
    warning = ":irc.chatsvc WARN METADATA INVALID_KEY $url :Invalid key: use a-z, 0-9 and _./-"
    assert ann.send("METADATA * SUB foo $url bar")[:2] == [warning, ":irc.chatsvc 770 ann foo bar"]
    assert ann.send("METADATA * UNSUB $url foo") == [warning, ":irc.chatsvc 771 ann foo"]


def test_the_first_key_beyond_the_maximum_is_named(chat: Chat) -> None:
    ann = aware(chat, "ann")
    for first in range(0, MOST_SUBSCRIPTIONS - 1, 7):
        ann.send(f"METADATA * SUB {' '.join(f'k{first + n}' for n in range(7))}")
    told = ann.send("METADATA * SUB more k1 never")
    assert told[0] == ":irc.chatsvc 770 ann more"
    assert told[1].startswith(
        f":irc.chatsvc FAIL METADATA LIMIT_REACHED SUB k1 {MOST_SUBSCRIPTIONS} :"
    )
    _, listed = batched(ann.send("METADATA * SUBS"))
    keys = [key for line in listed for key in line.split(" ")[3:]]
    assert len(keys) == len(set(keys)) == MOST_SUBSCRIPTIONS


def test_new_keys_are_followed_by_the_values_of_all_visible_targets(chat: Chat) -> None:
    ann, bob, eve = owner(chat), aware(chat, "bob"), aware(chat, "eve")
    dan = aware(chat, "dan")
    ann.send("METADATA #tea SET url x", "METADATA * SET url y")
    eve.send("METADATA * SET url z")
    dan.send("METADATA * SET url hidden")
    bob.send("JOIN #tea", "MONITOR + eve", "METADATA * SET url own")
    _, *batch = bob.send("METADATA * SUB url")
    kind, items = batched(batch)
    assert kind == "metadata *ALL"
    assert sorted(items) == [
        ":irc.chatsvc 761 bob #tea url * :x",
        ":irc.chatsvc 761 bob ann url * :y",
        ":irc.chatsvc 761 bob bob url * :own",
        ":irc.chatsvc 761 bob eve url * :z",
    ]
