"""Documentation, messages, docstrings and comments contain none of the phrases below."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Chat
from sources import statements

from chatsvc.cli import accounts as accounts_program
from chatsvc.cli import backup, restore
from chatsvc.cli import client_parser as client_program
from chatsvc.commands.registry import TABLE
from chatsvc.dialects.irc.help_topics import SUBJECTS
from chatsvc.options.command_line import Options
from chatsvc.policy.room_rules import KINDS

ROOT = Path(__file__).parent.parent
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    ROOT / "benchmarks" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
PACKAGE = ROOT / "chatsvc"
LAYERS = [
    "auth",
    "checks",
    "cli",
    "client",
    "commands",
    "core",
    "dialects",
    "model",
    "options",
    "policy",
    "process",
    "running",
    "services",
    "store",
    "transports",
]
SOURCES = [
    *(file for layer in LAYERS for file in sorted((PACKAGE / layer).rglob("*.py"))),
    PACKAGE / "tap.py",
]
CODE = [
    file
    for directory in ("benchmarks", "chatsvc", "tests")
    for file in sorted((ROOT / directory).rglob("*.py"))
]

# Each has occurred where a native writer would have used other words.
UNWANTED = (
    r"\bone's\b",
    r"\boneself\b",
    r"\b(?:as|if|where|what|which|that|whom) one (?:is|has|was|can|may|wants?|comes?|reads?)\b",
    r"(?<!next )(?<!last )\bone (?:may|can|sees|types|says)\b",
    r"\bone (?:is|was|has) (?:told|in|let|shown|called|asked)\b",
    r"\bwhat somebody\b",
    r"\bof which there (?:is|are)\b(?! at least)",
    r"\bsomebody who (?:is|has|may|can)\b",
    r"\bcomings? and goings?\b",
    r"\bis tried again\b",
    r"\b(?:is|are) (?:there|here) already\b",
    r"\bit is unknown (?:whether|if)\b",
    r"\btells? of\b",
    r"\blest\b",
    r"\bwho (?:is|has|was|wants|are) [^.:|]{1,40}\bmay\b",
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
    r"\bvouche[sd] for\b",
    r"\b(?:back|again|do it|does it) by (?:it|them)sel(?:f|ves)\b",
    r"\bwhat can be\b",
    r"\bas ever\b",
    r"\bplease (?:answer|choose|come|give|look|make|note|say|try|type|write)\b",
    r"\bsorry\b",
    r"\bthank you for coming\b",
    r"\bmakes? a line\b",
    r"\bsign of life\b",
    r"\bstands? (?:in|at|on|below|above)\b",
    r"\bpeople (?:come|go|came|went)\b",
    r"\bwhoever (?:is|has|may|comes|speaks|wants)\b",
)
# Users read "message"; in the code a line is what the archive stores.
UNWANTED_FOR_USERS = (
    r"\bwhom (?:a|the|they|it|there)\b",
    r"\bearlier lines\b",
    r"\bprivate lines?\b",
    r"\bthat line (?:has|is)\b",
    r"\bmust not be\b",
)
# A function's docstring begins with a verb: "Return whether", not "Whether".
OPENINGS = re.compile(
    "(?:Whether|How|Where|What|Which|Who|Whom|Whose|Whoever|Those|That|It|As|Why|Somebody)\\b"
)


def _any(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


_IN_CODE = _any((*UNWANTED, r"; gives\b", r"\bsmall hexadecimal\b"))
_ANYWHERE = _any((*UNWANTED, *UNWANTED_FOR_USERS))


def unwanted(text: str, patterns: re.Pattern[str] = _ANYWHERE) -> list[str]:
    """Return the unwanted phrases of a text, each with the words around it."""
    flat = " ".join(text.split())
    return [
        flat[max(0, found.start() - 30) : found.end() + 30] for found in patterns.finditer(flat)
    ]


def prose(source: str) -> Iterator[str]:
    """Yield the docstrings and comments of a module."""
    for node in statements(source):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield str(node.value.value)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def openings(source: str) -> Iterator[str]:
    """Yield the docstrings of functions that do not begin with a verb; properties are nouns."""
    for node in statements(source):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        text = ast.get_docstring(node) or ""
        is_noun = any("property" in ast.unparse(one) for one in node.decorator_list)
        if OPENINGS.match(text) and not is_noun:
            yield text


def literals(source: str) -> Iterator[str]:
    """Yield the strings of a module that can be sentences: neither docstrings nor single words."""
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


@pytest.mark.parametrize("file", CODE, ids=lambda file: str(file.relative_to(ROOT)))
def test_docstrings_and_comments_are_plain_english(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    assert [phrase for text in prose(source) for phrase in unwanted(text, _IN_CODE)] == []
    assert list(openings(source)) == []


def test_the_help_of_both_programs_is_plain_english() -> None:
    for help in (
        str(Options()),
        client_program.make_parser().format_help(),
        accounts_program.make_parser().format_help(),
        backup.make_parser().format_help(),
        restore.make_parser().format_help(),
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


def test_docstrings_and_comments_are_found() -> None:
    source = "class A:\n    def b(self):\n        'Whether it is.'  # so\n"
    assert list(prose(source)) == ["Whether it is.", "# so"]
    assert list(openings(source)) == ["Whether it is."]
    assert list(openings(source.replace("    def", "    @property\n    def"))) == []
