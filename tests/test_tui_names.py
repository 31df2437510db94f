"""Textual finds handlers and styles by the names of classes, so each name is unique."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from textual.message import Message
from textual.message_pump import MessagePump

from chatsvc.client import tui

STYLES = Path(tui.__path__[0]) / "control" / "chat.tcss"
TYPE_SELECTOR = re.compile(r"(?<![\w.#:-])[A-Z]\w+(?=[^;{}]*\{)")


T = TypeVar("T")


def subclasses(kind: type[T]) -> Iterator[type[T]]:
    yield kind
    for one in kind.__subclasses__():
        yield from subclasses(one)


def load_all() -> None:
    for module in pkgutil.walk_packages(tui.__path__, f"{tui.__name__}."):
        importlib.import_module(module.name)


def handlers() -> Iterator[str]:
    for widget in subclasses(MessagePump):
        if widget.__module__.startswith(tui.__name__):
            for name, _ in inspect.getmembers(widget, inspect.isfunction):
                if name.startswith("on_") and name in vars(widget):
                    yield name


def test_each_handler_has_a_message_that_calls_it() -> None:
    load_all()
    called = {one.handler_name for one in subclasses(Message) if one is not Message}
    found = set(handlers())
    assert "on_input_area_typed" in found
    assert not found - called


def test_each_style_has_a_widget() -> None:
    load_all()
    widgets = {widget.__name__ for widget in subclasses(MessagePump)}
    styled = set(TYPE_SELECTOR.findall(re.sub(r"/\*.*?\*/", "", STYLES.read_text(), flags=re.S)))
    assert "ConversationView" in styled
    assert not styled - widgets
