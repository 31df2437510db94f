# ruff: noqa: RUF001
"""A conversation as text, as JSON lines, as a web page."""

from __future__ import annotations

import colorsys
import re
from html.parser import HTMLParser

import pytest

from chatsvc.client.export import FORMATS, hue
from chatsvc.client.links import pieces
from chatsvc.dialects.json_events import read_event
from chatsvc.dialects.jsonl import JSONL, seconds
from chatsvc.model.message_events import Said

FRIDAY, SATURDAY = "2026-11-20T23:59:00.000Z", "2026-11-21T00:01:00.000Z"


def said(text: str, time: str = SATURDAY, sender: str = "bob", number: int = 1) -> Said:
    return Said("#tea", number, seconds(time), sender, text, False, "", None)


def written(kind: str, *pages: list[Said], room: str = "#tea") -> str:
    format = FORMATS[kind](room)
    parts = [part for page in pages for part in format.page(page)]
    return "".join([format.begin(), *parts, format.end()])


# Text


def test_days_are_lines_of_their_own_also_from_page_to_page() -> None:
    text = written("txt", [said("one", FRIDAY)], [said("two"), said("three")])
    assert text == (
        "=== Friday, 20 November 2026 ===\n[23:59] <bob> one\n\n"
        "=== Saturday, 21 November 2026 ===\n[00:01] <bob> two\n[00:01] <bob> three\n"
    )


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (said("pours")._replace(action=True), "* bob pours"),
        (said("built")._replace(notice=True), "-bob- built"),
        (said("")._replace(deleted="ann"), "<bob> (deleted by ann)"),
        (said("one\n[00:01] <ann> yes"), "<bob> one\n        | [00:01] <ann> yes"),
        (said("a\n\n=== b ===\r[00:02]"), "<bob> a\n        | \n        | === b === [00:02]"),
        (said("\x1b[31mred\u202e!\x07"), "<bob> red!"),
    ],
)  # fmt: skip
def test_lines_are_written_so_that_none_can_be_taken_for_another(line: Said, text: str) -> None:
    assert written("txt", [line]).split("===\n", 1)[1] == f"[00:01] {text}\n"


def test_where_nothing_was_said_there_is_no_text() -> None:
    assert written("txt", []) == written("json") == ""


# JSON


def test_json_is_read_again_as_the_same_lines() -> None:
    lines = [
        said('"one"\n\u2028two\x1b', FRIDAY)._replace(account="bob", action=True),
        said("", number=2)._replace(deleted="ann", notice=True),
    ]
    text = written("json", lines)
    assert text == "".join(JSONL.write(line).decode() for line in lines)
    assert [read_event(line)[0] for line in text.removesuffix("\n").split("\n")] == lines


# A page


class Page(HTMLParser):
    """The elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "body" in self.open:
            self.text += data

    def all(self, tag: str, attribute: str) -> list[str | None]:
        return [attributes.get(attribute) for name, attributes in self.tags if name == tag]


def test_a_page_has_days_times_names_and_lines() -> None:
    page = Page(written("html", [said("one", FRIDAY)], [said("two\nthree", number=2)]))
    assert page.text.split("\n", 2)[2] == (
        "#tea\nFriday, 20 November 2026\n23:59 bob one\n"
        "Saturday, 21 November 2026\n00:01 bob two\nthree\n\n"
    )
    assert page.all("time", "datetime") == [FRIDAY, SATURDAY]
    assert page.all("p", "id") == ["n1", "n2"]


NASTY = '<script>alert(1)</script>" onload="x" \'&amp; \u202e<img src=x>'


def test_nothing_that_is_said_becomes_part_of_the_page() -> None:
    calm = written("html", [said("hello")], room="@bob")
    nasty = said(NASTY, sender=NASTY)._replace(action=True)
    deleted = said(NASTY)._replace(deleted=NASTY)
    for line in (nasty, deleted):
        page = Page(written("html", [line], room=f"@{NASTY}"))
        assert {tag for tag, _ in page.tags} - {tag for tag, _ in Page(calm).tags} <= {"i"}
        assert "<script>alert(1)</script>" in page.text
        assert [attributes for tag, attributes in page.tags if "onload" in attributes] == []
        assert "\u202e" not in page.text


def test_a_page_needs_nothing_else_and_runs_nothing() -> None:
    text = written("html", [said("hello")])
    assert "default-src 'none'; style-src 'unsafe-inline'" in text
    assert "prefers-color-scheme: dark" in text
    assert not re.search(r"url\(|@import|<script|<link|<img", text)


def test_links_in_a_page_can_be_followed_and_tell_nobody() -> None:
    page = Page(written("html", [said('see https://example.org/?a=1&b="2" or javascript:x')]))
    assert page.all("a", "href")[1:] == ["https://example.org/?a=1&b="]
    assert page.all("a", "rel")[1:] == ["noopener noreferrer nofollow"]
    assert 'see https://example.org/?a=1&b="2" or javascript:x' in page.text


def test_a_deleted_line_is_said_to_be_so_in_a_way_that_cannot_be_typed() -> None:
    page = Page(written("html", [said("")._replace(deleted="ann"), said("deleted by ann")]))
    assert [tag for tag, _ in page.tags].count("i") == 1
    assert page.text.count("deleted by ann") == 2


def test_names_have_steady_colours_which_can_be_read() -> None:
    assert hue("Ann") == hue("ann") != hue("bob")
    assert f"--hue:{hue('bob')}" in written("html", [said("hello")])
    style = written("html")
    light, dark = (int(found) / 100 for found in re.findall(r"--light: (\d+)%", style))
    white, black = (_rgb(found) for found in re.findall(r"--paper: #([0-9a-f]+)", style))
    for degrees in range(360):
        assert _contrast(colorsys.hls_to_rgb(degrees / 360, light, 0.65), white) >= 4.5
        assert _contrast(colorsys.hls_to_rgb(degrees / 360, dark, 0.65), black) >= 4.5


Colour = tuple[float, ...]


def _rgb(digits: str) -> Colour:
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    return tuple(int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))


def _contrast(one: Colour, other: Colour) -> float:
    """Return the contrast ratio of two colours (WCAG 2.1)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Colour) -> float:
    parts = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in colour]
    return sum(part * weight for part, weight in zip(parts, (0.2126, 0.7152, 0.0722), strict=True))


# Links


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("https://example.org", ["https://example.org"]),
        ("(see https://example.org/a_(b)).", ["https://example.org/a_(b)"]),
        ("http://a.example, HTTPS://b.example!", ["http://a.example", "HTTPS://b.example"]),
        ("<https://example.org>", ["https://example.org"]),
        ("https:// ftp://x mailto:y xhttps://z https:/// https://.", []),
        ("HtTpS://Example.org/A", ["HtTpS://Example.org/A"]),
        ("見て https://a.example/x。", ["https://a.example/x"]),
        ("看https://a.example/y，后面", ["https://a.example/y"]),
        (
            "“https://a.example/q”, «https://a.example/r»",
            ["https://a.example/q", "https://a.example/r"],
        ),
        (
            "‘https://a.example/q’ https://a.example/p…",
            ["https://a.example/q", "https://a.example/p"],
        ),
        (
            "「https://a.example/」（https://a.example/b（c））",
            ["https://a.example/", "https://a.example/b（c）"],
        ),
        ("https://a.example/؟ https://a.example/x।", ["https://a.example/", "https://a.example/x"]),
        ("https://fr.example/L’Avion", ["https://fr.example/L’Avion"]),
        ("https://ja.example/ア・イ", ["https://ja.example/ア・イ"]),
        ("http://[::1]:8080/x http://my_host/", ["http://[::1]:8080/x", "http://my_host/"]),
        ("https://a.example/?x[]=1&y={z}&w=(", ["https://a.example/?x[]=1&y={z}&w="]),
        ("[a](https://a.example/b_(c))!", ["https://a.example/b_(c)"]),
        ("https://a.example/b\u200bc\u202ed", ["https://a.example/b"]),
        ("https://a.example/C++/#top", ["https://a.example/C++/#top"]),
        ("", []),
    ],
)
def test_links_are_found_without_the_sentence_around_them(text: str, links: list[str]) -> None:
    found = list(pieces(text))
    assert [piece for piece, is_link in found if is_link] == links
    assert "".join(piece for piece, _ in found) == text
