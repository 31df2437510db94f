"""Texts as PostgreSQL can store them: U+0000, which it cannot, is written as two other letters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

_ESCAPE = "\ufdd0"  # a noncharacter
_ESCAPED = {"\0": f"{_ESCAPE}0", _ESCAPE: f"{_ESCAPE}1"}
_TABLE = str.maketrans(_ESCAPED)


def stored(text: str) -> str:
    """Return a text as it is stored."""
    return text.translate(_TABLE) if "\0" in text or _ESCAPE in text else text


def original(text: str) -> str:
    """Return a stored text as it was."""
    if _ESCAPE not in text:
        return text
    return text.replace(_ESCAPED["\0"], "\0").replace(_ESCAPED[_ESCAPE], _ESCAPE)


def stored_all(texts: Sequence[str]) -> Sequence[str]:
    """Return many texts as they are stored; nearly always as they are."""
    every = "".join(texts)
    return list(map(stored, texts)) if "\0" in every or _ESCAPE in every else texts


def stored_row(row: Iterable[Any]) -> tuple[Any, ...]:
    """Return the values of a row as they are stored."""
    return tuple(stored(value) if isinstance(value, str) else value for value in row)


def original_row(row: Iterable[Any]) -> tuple[Any, ...]:
    """Return the values of a stored row as they were."""
    return tuple(original(value) if isinstance(value, str) else value for value in row)
