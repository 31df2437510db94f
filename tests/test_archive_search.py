"""The contract of search, for every archive: the one in memory and the index."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from keeper import EVERYWHERE, Keeper, finds, line, now, scrub, texts

from chatsvc.model.requests import Refused
from chatsvc.model.words import words_of
from chatsvc.store.query_parser import parse
from chatsvc.store.search_query import Seeker, Spot

# Words


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("tea", "more TEA, please"),
        ("TEA", "tea"),
        ("cafe", "the Café"),
        ("café", "CAFE"),
        ("strasse", "Straße 7"),
        ("tea pot", "a pot of tea"),
        ('"pot of"', "a pot of tea"),
        ("pot-of", "a pot, of tea"),
        ("te*", "tea"),
        ('"of te"*', "a pot of tea"),
        ("“pot of”", "a pot of tea"),
        ("tea -milk", "tea with lemon"),
        ('tea -"with milk"', "tea with no milk"),
        ("it's", "it's five"),
        ("snake_case", "a snake_case name"),
        ("http://example.org/a", "see http://example.org/a#b"),
        ("чай", "ЧАЙ"),
        ("会議", "今日の会議は三時"),
        ("three", "one\ntwo\nthree"),
        ("\uff14\uff12", "42"),
        ("i", "I"),
    ],
)
def test_a_word_is_found_however_it_is_written(keeper: Keeper, query: str, text: str) -> None:
    keeper.keep(line("something else"), line(text))
    assert texts(keeper, query) == [text]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("tea", "steam"),
        ("tea", "teapot"),
        ('"tea pot"', "a pot of tea"),
        ("tea coffee", "only tea"),
        ("tea -pot", "a pot of tea"),
        ("te*", "hate"),
        ("会議", "議会"),
        ("AND", "one thing or another"),
    ],
)
def test_what_is_not_the_word_is_not_found(keeper: Keeper, query: str, text: str) -> None:
    keeper.keep(line(text))
    assert texts(keeper, query) == []


ALPHABET = st.sampled_from(["tea", "Tea", "té", "te", "pot", "po", "ß", "ss", "会", "議", "2", "x"])
TEXT = st.lists(st.tuples(ALPHABET, st.sampled_from([" ", ", ", "", "-", "_", "'"])), min_size=1)
lines_of = st.lists(TEXT.map(lambda some: "".join(a + b for a, b in some)), min_size=1, max_size=8)
often = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@given(lines_of, st.lists(ALPHABET, min_size=1, max_size=3), st.booleans(), st.booleans())
@example(["x"], ["x"], True, False)
@often
@pytest.mark.slow
def test_every_archive_finds_the_same(
    keepers: list[Keeper], said: list[str], words: list[str], phrase: bool, begins: bool
) -> None:
    query = f'"{" ".join(words)}"' if phrase else " ".join(words)
    if begins and len(words[-1]) > 1:
        query += "*"
    for each in keepers:
        each.keep(*map(line, said))
    memory, *others = (texts(each, query, limit=10_000) for each in keepers)
    assert all(other == memory for other in others)


# Which lines


def test_the_newest_line_of_all_rooms_comes_first(keeper: Keeper) -> None:
    for n in (1, 2, 3, 4):
        keeper.keep(line(f"tea {n}", "#tea" if n % 2 else "#pie", time=float(n)))
    assert texts(keeper, "tea") == ["tea 4", "tea 3", "tea 2", "tea 1"]
    assert texts(keeper, "tea", seeker=Seeker({"#tea": 0})) == ["tea 3", "tea 1"]
    assert texts(keeper, "tea", seeker=Seeker({})) == []


def test_a_page_ends_and_the_next_one_begins_after_its_last_line(keeper: Keeper) -> None:
    for n in range(10):
        keeper.keep(line(f"tea {n}", "#tea" if n % 3 else "#pie", time=float(n)))
    first = finds(keeper, "tea", 4)
    assert ([said.text[-1] for said in first.lines], first.more) == (list("9876"), True)
    second = finds(keeper, "tea", 4, older=Spot(*first.lines[-1][:2]))
    assert ([said.text[-1] for said in second.lines], second.more) == (list("5432"), True)
    third = finds(keeper, "tea", 4, older=Spot(*second.lines[-1][:2]))
    assert ([said.text[-1] for said in third.lines], third.more) == (list("10"), False)
    assert not finds(keeper, "tea", 10).more


def test_a_line_is_found_as_soon_as_it_is_kept(keeper: Keeper) -> None:
    for n in range(5):
        keeper.keep(line(f"tea {n}"))
        assert texts(keeper, "tea", limit=1) == [f"tea {n}"]
        now(keeper.archive.index())


def test_whose_line_it_is_and_when_it_was_said(keeper: Keeper) -> None:
    keeper.keep(
        line("tea 1", sender="Bob", time=10.0),
        line("tea 2", sender="ann", account="bob", time=20.0),
        line("tea 3", sender="ann", time=30.0),
    )
    assert texts(keeper, "from:bob") == ["tea 2", "tea 1"]
    assert texts(keeper, "tea from:@ANN") == ["tea 3", "tea 2"]
    assert texts(keeper, "tea before:80s") == ["tea 1"]
    assert texts(keeper, "tea after:80s") == ["tea 3", "tea 2"]
    assert texts(keeper, "tea after:80s before:70s") == ["tea 2"]


def test_times_are_found_over_many_hours(keeper: Keeper) -> None:
    keeper.keep(*(line(f"tea {n}", time=3600.0 * n) for n in range(50)))
    found = keeper.archive.search(parse("tea before:2h", 3600.0 * 30).sought, EVERYWHERE, None, 2)
    assert [said.text for said in now(found).lines] == ["tea 27", "tea 26"]
    found = keeper.archive.search(parse("tea after:2h", 3600.0 * 49).sought, EVERYWHERE, None, 9)
    assert [said.text for said in now(found).lines] == ["tea 49", "tea 48", "tea 47"]


def test_only_lines_that_one_may_read_are_found(keeper: Keeper) -> None:
    keeper.keep(*(line(f"tea {n}") for n in range(1, 5)), line("tea pie", "#pie"))
    assert texts(keeper, "tea", seeker=Seeker({"#tea": 3, "#pie": 0})) == ["tea pie", "tea 4"]
    assert texts(keeper, "tea", seeker=Seeker({"#tea": 9})) == []


def test_lines_of_people_one_ignores_are_not_found(keeper: Keeper) -> None:
    keeper.keep(line("tea", sender="Eve"), line("tea", sender="x", account="eve"), line("tea"))
    hiding = Seeker({"#tea": 0}, frozenset({"eve"}))
    assert [said.sender for said in finds(keeper, "tea", seeker=hiding).lines] == ["ann"]


def test_quiet_lines_are_found_by_who_has_said_them(keeper: Keeper) -> None:
    one, two = line("tea 1", client="c1", quiet=True), line("tea 2", account="ann", quiet=True)
    keeper.keep(one, two, line("tea"))
    assert texts(keeper, "tea") == ["tea"]
    assert texts(keeper, "tea", seeker=Seeker({"#tea": 0}, client="c1")) == ["tea", "tea 1"]
    assert texts(keeper, "tea", seeker=Seeker({"#tea": 0}, account="Ann"))[:2] == ["tea", "tea 2"]


def test_deleted_lines_are_not_found(keeper: Keeper) -> None:
    keeper.keep(line("tea 1"), line("tea 2"), line("tea 3"))
    assert len(texts(keeper, "tea")) == 3
    now(keeper.archive.delete("#tea", 2, "eve"))
    assert texts(keeper, "tea") == ["tea 3", "tea 1"]
    assert texts(keeper, "from:ann") == ["tea 3", "tea 1"]
    older = finds(keeper, "tea", older=Spot("#tea", 3)).lines
    assert [said.text for said in older] == ["tea 1"]


def test_expired_lines_are_not_found(keeper: Keeper) -> None:
    keeper.keep(line("tea 1", time=1.0), line("tea 2", time=2.0), line("tea 3", time=3.0))
    assert len(texts(keeper, "tea")) == 3
    assert now(keeper.archive.expire("#tea", 2.5)) == 2
    assert texts(keeper, "tea") == ["tea 3"]
    scrub(keeper)
    assert texts(keeper, "tea") == ["tea 3"]
    assert texts(keeper.keep(line("tea 4", time=4.0)), "tea") == ["tea 4", "tea 3"]


def test_signs_of_the_indexs_own_language_are_only_signs(keeper: Keeper) -> None:
    keeper.keep(line("a NEAR b"), line("who r1"))
    for query in ("NEAR", "near(a, b)", "who:r1 r1", "text:who*", "^who", '"who" + "r1"', "r1"):
        finds(keeper, query)
    assert texts(keeper, "who:r1") == ["who r1"]
    assert texts(keeper, "q1") == []


# What a word is, in any script

SCRIPTS = [  # a text, what finds it, what does not
    (
        "\u0915\u0940\u092e\u0924 \u0915\u0940 \u092c\u093e\u0924",
        "\u0915\u0940",
        "\u0915\u093e",
    ),  # Hindi
    (
        "\u092f\u0939 \u0915\u093e\u0932\u093e \u0939\u0948",
        "\u0915\u093e\u0932\u093e",
        "\u0915\u0932",
    ),
    ("\u0bae\u0bca\u0bb4\u0bbf", "\u0bae\u0bca\u0bb4\u0bbf", "\u0bae\u0bb4"),  # Tamil
    ("\u1000\u103c\u102c\u1038\u1010\u101a\u103a", "\u1010\u101a\u103a", "\u1010\u101a"),  # Burmese
    ("\u1000\u102c", "\u1000\u102c", "\u1000"),
    ("\ud55c\uad6d\uc5b4\ub97c", "\ud55c\uad6d\uc5b4", "\uc5b4\ud55c"),  # Korean, with a particle
    ("\u0e19\u0e49\u0e33\u0e0a\u0e32", "\u0e0a\u0e32", "\u0e0a\u0e33"),  # Thai
    ("\u4eca\u65e5\u306f\u304a\u8336", "\u304a\u8336", "\u8336\u304a"),  # Japanese
    ("ok \U0001f44d\U0001f3fd!", "\U0001f44d", "\U0001f44e"),  # with a skin tone
    ("\U0001f469\u200d\U0001f4bb", "\U0001f4bb", "\U0001f468"),  # joined
    ("\u2764\ufe0f", "\u2764", "\U0001f499"),  # with a variation selector
    ("\U0001f1e9\U0001f1ea", "\U0001f1e9\U0001f1ea", "\U0001f1ea\U0001f1e9"),  # flags
    (
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\u0645\u06cc\u062e\u0648\u0627\u0647\u0645",
        "\u0645\u06cc",
    ),
    (
        "\u05e9\u05c1\u05dc\u05d5\u05dd",
        "\u05e9\u05dc\u05d5\u05dd",
        "\u05e9\u05dc",
    ),  # Hebrew with points
    ("caf\u00e9", "cafe\u0301", "caf"),
]


@pytest.mark.parametrize(("text", "found", "missing"), SCRIPTS)
def test_marks_belong_to_their_words(keeper: Keeper, text: str, found: str, missing: str) -> None:
    keeper.keep(line(text))
    assert texts(keeper, found) == [text]
    assert texts(keeper, missing) == []


LETTERS = st.sampled_from(["".join(chars) for text, *_ in SCRIPTS for chars in text] + ["a", " "])


@given(st.lists(LETTERS, min_size=1, max_size=12), st.lists(LETTERS, min_size=1, max_size=4))
@often
@pytest.mark.slow
def test_every_archive_finds_the_same_in_any_script(
    keepers: list[Keeper], said: list[str], sought: list[str]
) -> None:
    if not words_of("".join(sought)):
        return
    for each in keepers:
        each.keep(line("".join(said)))
    query = f'"{"".join(sought)}"'
    memory, *others = (texts(each, query, limit=10_000) for each in keepers)
    assert all(other == memory for other in others)


@pytest.mark.parametrize(
    "query", ["\u4eca" * 41, "\u4eca\u65e5" * 195, "a b " * 10 + '"' + "c " * 31 + '"']
)
def test_too_many_words_are_refused(keeper: Keeper, query: str) -> None:
    with pytest.raises(Refused, match=r"at most (40 words|20)"):
        texts(keeper, query)
    assert texts(keeper, "\u4eca" * 40) == []
