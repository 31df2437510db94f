"""What users read is plain English: no phrase of the list below stands in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Chat

from chatsvc.cli import accounts as accounts_program
from chatsvc.cli import main as client_program
from chatsvc.commands.registry import TABLE
from chatsvc.dialects.irc.help_topics import SUBJECTS
from chatsvc.options import Options
from chatsvc.policy.room_rules import KINDS

ROOT = Path(__file__).parent.parent
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    ROOT / "benchmarks" / "README.md",
    *(page for page in sorted((ROOT / "docs").glob("*.md")) if page.name != "design.md"),
]
PACKAGE = ROOT / "chatsvc"
LAYERS = [
    "auth",
    "cli",
    "client",
    "commands",
    "core",
    "dialects",
    "model",
    "policy",
    "services",
    "store",
    "transports",
]
SOURCES = [
    *(file for layer in LAYERS for file in sorted((PACKAGE / layer).rglob("*.py"))),
    PACKAGE / "options.py",
    PACKAGE / "tap.py",
]

# Each has stood in a message or a page, where a native writer would have said it otherwise.
UNWANTED = (
    r"\bone's\b",
    r"\boneself\b",
    r"\b(?:as|if|where|what|which|that|whom) one (?:is|has|was|can|may|wants?|comes?|reads?)\b",
    r"\bone (?:may|can|sees|types|says)\b",
    r"\bwho (?:is|has|was|wants|are) [^.:|]{1,40}\bmay\b",
    r"\bwhom (?:a|the|they|it|there)\b",
    r"\bwhat (?:is|was) (?:more|kept|new is)\b",
    r"\bfor ever\b",
    r"\banew\b",
    r"\b(?:come|comes|came|coming|let|lets) (?:back )?in(?:to)?\b",
    r"\bgo(?:es)? out of (?:a|the) room\b",
    r"\b(?:put|puts) (?:\S+ )?out\b",
    r"\bjust now\b",
    r"\blately\b",
    r"\bbesides one\b",
    r"\bit was not sent\b",
    r"\b(?:goes|go) like this\b",
    r"\bhow it goes\b",
    r"(?<!\bthere) is no (?!longer\b)\w+",
    r"\bthat is no\b",
    r"(?<!\bthere) are no (?!longer\b)\w+",
    r"\bnobody else here\b",
    r"\bis not here\b",
    r"\bare here\b",
    r"\bis the most\b",
    r"\bthe least\b",
    r"\bbeyond your\b",
    r"\btell(?:s|ing)? that no longer\b",
    r"\b(?:is|are) yours (?:now|already)\b",
    r"\byour own already\b",
    r"(?<!this system )\bvouche[sd] for\b",
    r"\b(?:back|again|do it|does it) by (?:it|them)sel(?:f|ves)\b",
    r"\bwhat can be\b",
    r"\bas ever\b",
    r"\bplease (?:answer|choose|come|give|look|make|note|say|try|type|write)\b",
    r"\bsorry\b",
    r"\bthank you for coming\b",
    r"\bearlier lines\b",
    r"\bprivate lines?\b",
    r"\bthat line (?:has|is)\b",
    r"\bmakes? a line\b",
    r"\bsign of life\b",
    r"\bstands? (?:in|at|on|below|above)\b",
    r"\bmust not be\b",
    r"\bpeople (?:come|go|came|went)\b",
    r"\bwhoever (?:is|has|may|comes|speaks|wants)\b",
)
_ANY = re.compile("|".join(f"(?:{pattern})" for pattern in UNWANTED), re.IGNORECASE)


def unwanted(text: str) -> list[str]:
    """The unwanted phrases of a text, each with the words around it."""
    flat = " ".join(text.split())
    return [flat[max(0, found.start() - 30) : found.end() + 30] for found in _ANY.finditer(flat)]


def literals(source: str) -> Iterator[str]:
    """The strings of a module that can be sentences: neither docstrings nor single words."""
    tree = ast.parse(source)
    nodes = list(ast.walk(tree))
    apart = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}  # docstrings
    apart |= {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values
            )
        elif isinstance(node, ast.Constant) and id(node) not in apart and " " in str(node.value):
            yield str(node.value)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_plain_english(page: Path) -> None:
    assert unwanted(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: str(source.relative_to(PACKAGE)))
def test_messages_are_plain_english(source: Path) -> None:
    texts = literals(source.read_text(encoding="utf-8"))
    assert [phrase for text in texts for phrase in unwanted(text)] == []


def test_the_help_of_both_programs_is_plain_english() -> None:
    for help in (
        str(Options()),
        client_program._parser().format_help(),
        accounts_program._parser().format_help(),
    ):
        assert unwanted(help) == []


def test_the_help_of_commands_rules_and_irc_is_plain_english() -> None:
    helps = [row.about.help for row in TABLE.values()]
    helps += [kind.help for kind in KINDS.values()]
    helps += [help for _, help in SUBJECTS.values()]
    assert len(helps) > 100
    assert [phrase for help in helps for phrase in unwanted(help)] == []


def test_help_in_a_conversation_is_plain_english(chat: Chat) -> None:
    ann = chat.join("ann")
    assert unwanted("\n".join(ann.send("/help"))) == []


def test_phrases_that_have_crept_in_before_are_found() -> None:
    assert unwanted("changes one's name") == ["changes one's name"]
    assert unwanted("Who is used to it may go on so")
    assert unwanted("It was not\nsent")
    assert unwanted("A ban, or more, lasts permanently.") == []
    assert list(literals('"""Docs."""\nraise E(f"a {b} c", "d e")')) == ["a X c", "d e"]
