"""Every event is known by its type, and by a unique name on the wire."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from typing import get_args

from imports import layer, modules

from chatsvc.dialects.json_events import KINDS
from chatsvc.model.events import Event
from chatsvc.model.message_events import Said


def defined() -> Iterator[type]:
    """Return all classes of the model with a name on the wire, whether they are listed or not."""
    for name in modules():
        if layer(name) == "model":
            for kind in vars(import_module(name)).values():
                if isinstance(kind, type) and kind.__module__ == name and "WIRE" in vars(kind):
                    yield kind


def test_every_class_with_a_name_on_the_wire_is_an_event() -> None:
    """Add a missing event to the list at the end of its module, and a new list to `events.py`."""
    assert {*defined(), Said} == set(get_args(Event))


def test_no_two_events_have_the_same_name_on_the_wire() -> None:
    assert len(KINDS) == len(get_args(Event))
    assert max(Counter(kind.__name__ for kind in defined()).values()) == 1
