"""Which names are confusable, and which are not."""
# ruff: noqa: RUF001  (letters that look like others are what this is about)

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from conftest import Chat, Worker, no_turn, start
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from chatsvc.auth import accounts
from chatsvc.model.confusables import RESERVED, is_reserved, look_alike, skeleton, skeletons
from chatsvc.model.records import Account
from chatsvc.model.text_rules import key
from chatsvc.store.memory import MemoryArchive

words = st.text(
    st.one_of(
        st.sampled_from("anlI10oOrmwvß\u0301\u0345ΐΪİæŉΝνηЬвᏟꮯ\u05d5\u05e1\u0647ﬁℌ①"),
        st.characters(categories=["L", "N", "M"]),
    ),
    max_size=8,
)
often = settings(max_examples=300, deadline=None)


def decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("ann", "аnn"),  # Cyrillic
        ("ann", "ａｎｎ"),
        ("Ann", "Αnn"),  # Greek
        ("annl", "ann1"),
        ("annl", "annI"),
        ("bill", "BI11"),
        ("bob", "b0b"),
        ("bob", "bOb"),
        ("BOB", "ВОВ"),  # Cyrillic
        ("bob", "βοβ"),  # Greek
        ("mary", "rnary"),
        ("wendy", "vvendy"),
        ("dave", "daνe"),  # Greek
        ("olga", "\u05e1lga"),  # Hebrew
        ("scott", "ѕсоtt"),  # Cyrillic
        ("ann", "𝖆𝖓𝖓"),
        ("d'arc", "d`arc"),
        ("анна", "AHHA"),
        ("zoë", "zoё"),  # Cyrillic
        ("aíd", "aĺd"),
        ("\u0c2e\u0c30", "\u0c35\u0c41\u0c30"),  # Telugu, two letters that look like one
        ("\u0aea", "\u096a"),  # Gujarati and Devanagari
    ],
)
def test_names_that_look_alike(name: str, other: str) -> None:
    assert name != other
    assert skeleton(name) == skeleton(other)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Nina", "Νina"),  # Greek
        ("nina", "νina"),
        ("NINA", "ΝΙΝΑ"),
        ("Rita", "Ꭱita"),  # Cherokee
        ("Yves", "Υves"),
        ("vlad", "νlad"),
        ("Hanna", "Нanna"),  # Cyrillic
        ("boba", "вова"),
        ("Xenia", "Χenia"),
        ("Paul", "Ρaul"),
    ],
)
def test_names_that_look_alike_in_one_case(name: str, other: str) -> None:
    assert look_alike(name, other)
    assert look_alike(other, name)


@pytest.mark.parametrize(
    "name",
    [
        *RESERVED, "Admin", "ADMIN", "аdmin", "Αdmin", "adm1n", "_admin_", "[server]", "You", "YOU",
        "Υou", "Yоu", "y0u", "Root", "Everyone", "Help", "Team-Tea", "team-tea",
        "NickServ", "ΝickServ", "Chatsvc",
    ],
)  # fmt: skip
def test_names_that_only_the_chat_may_use(name: str) -> None:
    assert is_reserved(name, "Team-Tea")


@pytest.mark.parametrize(
    "name", ["ann", "young", "youri", "admiral", "helpful", "tea", "chatty", "roots"]
)
def test_names_that_are_not_reserved(name: str) -> None:
    assert not is_reserved(name, "Team-Tea")
    assert not is_reserved(name, "")


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("ann", "anna"),
        ("ann", "änn"),
        ("eva", "ena"),
        ("paul", "payl"),
        ("мама", "папа"),
        ("たろう", "はなこ"),
        ("\u05d3\u05df", "\u05d2\u05d3"),
        ("ann", "ann_"),
    ],
)
def test_names_that_do_not_look_alike(name: str, other: str) -> None:
    assert skeleton(name) != skeleton(other)
    assert not look_alike(name, other)


class Elsewhere(MemoryArchive):
    """An archive that another process has just changed."""

    async def changed(self) -> bool:
        return True


def test_names_of_accounts_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    archive = Elsewhere(Worker(), no_turn, start)
    chat = Chat(archive)
    looked_at: list[str] = []

    def noted(name: str) -> frozenset[str]:
        looked_at.append(name)
        return skeletons(name)

    monkeypatch.setattr(accounts, "skeletons", noted)
    for name in ("ann", "bob"):
        start(archive.put(Account(f"id{name}", name, hash="")))
        start(chat.hub.accounts.refresh())
    assert looked_at == ["ann", "bob"]


def test_ascii_letters_and_digits_that_look_alike_are_few() -> None:
    alike: dict[str, str] = {}
    for c in "abcdefghijklmnopqrstuvwxyz0123456789":
        alike[skeleton(c)] = alike.get(skeleton(c), "") + c
    assert sorted(cs for cs in alike.values() if len(cs) > 1) == ["il1", "o0"]


@given(words)
@often
def test_a_skeleton_is_its_own(name: str) -> None:
    assert skeleton(skeleton(name)) == skeleton(name)


def test_every_letters_skeleton_is_its_own() -> None:
    for c in filter(str.isalnum, map(chr, range(0x30000))):
        shape = skeleton(c)
        assert skeleton(shape) == shape


@given(words, st.sampled_from([str.upper, str.lower, str.title, str.swapcase, decomposed]))
@example("Ann", str.swapcase)
@example("Илья", str.upper)
@example("ΐ", decomposed)
@often
def test_spellings_of_one_name_have_one_skeleton(
    name: str, respelled: Callable[[str], str]
) -> None:
    other = respelled(name)
    assume(key(name) == key(other))
    assert skeleton(name) == skeleton(other)
