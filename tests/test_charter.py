"""Word filters: what they find in a message, and what they do not."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from chatsvc.model.records import RoomRules
from chatsvc.model.requests import Refused
from chatsvc.policy.room_rules import changed, filtered, value_of


def charter(rule: str, words: str) -> RoomRules:
    return changed(RoomRules("#tea"), rule, value_of(rule, words))


@pytest.mark.parametrize(
    ("words", "text", "masked"),
    [
        ("坏蛋 坏蛋x 很长的词", "坏蛋 坏蛋x 坏蛋xy", "** *** **xy"),
        ("damn", "DAMN it, damned Damn!", "**** it, damned ****!"),
        ("damn, hell", "damn-hell hello", "****-**** hello"),
        ("straße", "die STRASSE, die Straße", "die *******, die ******"),
        ("straßen", "die STRASSE", "die STRASSE"),
        ("привет", "ПРИВЕТ приветы", "****** приветы"),
        ("é", "e\u0301 \u00e9 e ee", "** * e ee"),
        ("cafe", "caf\u00e9 cafe\u0301 cafe", "caf\u00e9 cafe\u0301 ****"),
        ("कम", "कम कमी", "** कमी"),
        ("坏蛋", "你这个坏蛋!", "你这个**!"),
        ("bad", "b\u200bad \uff42\uff41\uff44", "**** ***"),
        (".* (a+)+ [x", "nothing of this: .* [x", "nothing of this: ** **"),
        ("ass assess", "assess ass asses", "****** *** asses"),
        ("c++", "c++ c+ c+++", "*** c+ ***+"),
        ("bad", "so \x0304bad\x03 é", "so \x0304***\x03 é"),
        ("ill", "iil \u0406ll lll é", "iil *** lll é"),
        ("ηλιος", "ΗΛΙΟΣ", "*****"),
        ("\u200b bad", "good bad", "good ***"),
    ],
)
def test_words_are_masked(words: str, text: str, masked: str) -> None:
    assert filtered(charter("mask", words), text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "SPAM", "spam.", "a spam b", "s\u00adpam", "\uff33\uff30\uff21\uff2d",
        "s\u200bp\u200ca\u200dm", "s\ufe0fpam", "s\u034fp\u2060am", "s\U000e0061pam",
        "sp\ue000am", "sp\u3164am", "\x02sp\x0fam", "\x0304,01spam\x03", "sp\x0312am",
        "\u0455\u0440\u0430m", "\u0405PAM", "s\u0336p\u0336am",
    ],
    ids=ascii,
)  # fmt: skip
def test_words_are_refused(text: str) -> None:
    with pytest.raises(Refused, match="is not allowed in #tea"):
        filtered(charter("refuse", "spam"), text)


@pytest.mark.parametrize(
    "text", ["spammer", "antispam", "spa m", "\u0441\u043f\u0430\u043c", "sp\u00e1m"]
)
def test_a_part_of_a_word_is_not_the_word(text: str) -> None:
    assert filtered(charter("refuse", "spam"), text) == text


def test_off_is_no_word() -> None:
    assert charter("refuse", "off") == RoomRules("#tea")


def longest_filters(count: int) -> list[RoomRules]:
    """Return rules with the longest filters, after what is looked up once for all of them."""
    filters = [charter("refuse", " ".join(f"{n}x{m:06}" for m in range(100))) for n in range(count)]
    filtered(charter("refuse", "spam"), "hello")
    return filters


def test_the_longest_filter_is_ready_at_once() -> None:
    took = []
    for one in longest_filters(5):
        begun = time.process_time()
        filtered(one, "hello there " * 160)
        took.append(time.process_time() - begun)
    assert min(took) < 0.1


def test_the_longest_filter_is_small() -> None:
    filters = longest_filters(5)
    tracemalloc.start()
    for one in filters:
        filtered(one, "hello there " * 160)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 5 * 10**6


def test_the_longest_filter_costs_little() -> None:
    words = " ".join(f"{n:09}" for n in range(100))
    rules = charter("mask", words)
    filtered(rules, "é")
    begun = time.process_time()
    filtered(rules, "é 00000000 " * 300)
    assert time.process_time() - begun < 0.2
