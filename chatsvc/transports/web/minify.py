"""Makes the scripts of the page smaller: comments and whitespace without meaning go.

Templates are nested in the scripts (`` html`… ${html`…`}` ``), which is why a minifier that knows
only strings would take markup for code.  Names stay, so that errors in a browser can be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_REST_OF_TEMPLATE = r"(?:\\.|\$(?!\{)|[^`\\$])*(?:`|\$\{)"
_TEMPLATE = re.compile(f"[`}}]{_REST_OF_TEMPLATE}", re.DOTALL)
_REGEX = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/\w*")
_TOKEN = re.compile(
    r"""(?P<gap>(?:\s|//[^\n]*|/\*.*?\*/)+)
    |"(?:\\.|[^"\\\n])*"
    |'(?:\\.|[^'\\\n])*'
    |[\w$]+
    |.""",
    re.DOTALL | re.VERBOSE,
)
_INDENTATION = re.compile(r"\n\s+")
_MARKUP = "html"  # the tag of templates whose indentation has no meaning
_VALUE_ENDS = re.compile(r"[\w$)\]}\"'`]\Z")  # after a value, a slash divides
_BEFORE_VALUES = {"return", "typeof", "case", "of", "in", "await", "yield", "void"}
_GOES_ON_AFTER = "{([,;:?=&|<>*"
_GOES_ON_WITH = "})],.?:&|=;"


def minified(script: str) -> str:
    """Return a script that does the same and is shorter."""
    return "".join(_Minifier(script).pieces())


class _Minifier:
    """Reads a script token by token."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._last = ""  # the token before
        self._gap = ""  # what was between it and the next one
        # The braces that are open: the tag of the template that one interrupts, else None.
        self._open = list[str | None]()

    def pieces(self) -> Iterator[str]:
        while self._at < len(self._text):
            token = self._token()
            self._at = token.end()
            if token.lastgroup == "gap":
                self._gap = "\n" if "\n" in token[0] else " "
            else:
                yield self._between(token[0]) + self._written(token[0])
                self._last, self._gap = token[0], ""

    def _token(self) -> re.Match[str]:
        """Return the next token: for a template, the part up to its end or to a `${`."""
        found = _TOKEN.match(self._text, self._at)
        if found is not None and found[0] == "/" and not self._after_value():
            found = _REGEX.match(self._text, self._at)
        elif found is not None and (found[0] == "`" or (found[0] == "}" and self._in_template())):
            found = _TEMPLATE.match(self._text, self._at)
        if found is None:
            raise ValueError(f"cannot read the script at {self._text[self._at :][:80]!r}")
        return found

    def _after_value(self) -> bool:
        return bool(_VALUE_ENDS.search(self._last)) and self._last not in _BEFORE_VALUES

    def _in_template(self) -> bool:
        return bool(self._open) and self._open[-1] is not None

    def _written(self, token: str) -> str:
        """Return a token as it is served; keep track of braces."""
        tag = self._last
        if token[0] == "}" and self._open:
            tag = self._open.pop() or ""
        if token == "{":
            self._open.append(None)
        elif token[0] in "`}" and token.endswith("${"):
            self._open.append(tag)
        return _INDENTATION.sub("\n", token) if tag == _MARKUP else token

    def _between(self, token: str) -> str:
        """Return the whitespace that must stay before a token."""
        before, after = self._last[-1:], token[0]
        if self._gap == "\n":
            goes_on = before in _GOES_ON_AFTER or after in _GOES_ON_WITH
            return "" if goes_on else "\n"
        apart = _is_word(before) and _is_word(after)
        return self._gap if apart or (before == after and before in "+-") else ""


def _is_word(character: str) -> bool:
    return bool(re.fullmatch(r"[\w$]", character))
