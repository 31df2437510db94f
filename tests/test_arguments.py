"""No call in the services and commands depends on the positions of many arguments."""

from __future__ import annotations

import ast

import pytest
from imports import modules

MOST = 4  # arguments without a name in one call


def long_calls(source: str) -> list[str]:
    """Return the calls with more arguments by position."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return [ast.unparse(call) for call in calls if len(call.args) > MOST]


@pytest.mark.parametrize(
    "name", [name for name in modules() if name.split(".")[1:2] in (["services"], ["commands"])]
)
def test_a_call_names_its_arguments_when_they_are_many(name: str) -> None:
    assert long_calls(modules()[name].read_text()) == []


def test_a_call_with_many_would_be_found() -> None:
    assert long_calls("f(1, 2, 3, 4, 5)\nf(1, 2, 3, 4, five=5)") == ["f(1, 2, 3, 4, 5)"]
