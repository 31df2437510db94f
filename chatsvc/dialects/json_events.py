"""Parsing the events of the JSON-lines dialect, and validating every field.

The types of the events' fields are the grammar, so a field of the wrong type, a number that is too
large, or a time beyond the calendar is rejected here instead of reaching a screen.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, ClassVar, TypeAlias, Union, get_args, get_origin, get_type_hints

from chatsvc.dialects.jsonl import INTERNAL, NAMES, SAID, TIMES, seconds
from chatsvc.model.events import Event
from chatsvc.model.message_events import Said

LARGEST = 2**53  # maximum that every program can represent (RFC 8259, 6)
LONGEST = 65_536  # characters of one string
FIRST, LAST = 0.0, 253_370_764_800.0  # the times that every calendar supports: from 1970 to 9999
SIGNED = ("offset",)
UNWRITTEN = ("client", "quiet", "tag")  # internal fields of a line

Reader: TypeAlias = Callable[[object], Any]

KINDS: dict[str, type] = {SAID if kind is Said else kind.WIRE: kind for kind in get_args(Event)}


def read_event(line: str) -> tuple[Event | None, str | None]:
    """Return the event in a line written by a server, and its tag, for clients.

    An unknown event of a later version is returned as None.  Raise ValueError for anything that is
    not an event.
    """
    try:
        value = json.loads(line)
        tag = _string(value["tag"]) if value.get("tag") is not None else None
        kind = KINDS.get(_string(value["event"]))
        if kind is None:
            return None, tag
        event = _read(kind, value)
        return (event._replace(tag=tag) if isinstance(event, Said) else event), tag
    except (KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise ValueError(f"not an event: {error!r}") from None


def _read(kind: type, value: object) -> Any:
    """Return a value of `kind` from the fields that were written."""
    if not isinstance(value, Mapping):
        raise TypeError(f"{kind.__name__} is an object")
    found = {}
    for name, written_as, reader, otherwise in _grammar(kind):
        written = value.get(written_as)
        found[name] = reader(written) if written is not None else otherwise()
    return Said(client="", tag=None, **found) if kind is Said else kind(**found)


@cache
def _grammar(kind: type) -> list[tuple[str, str, Reader, Callable[[], Any]]]:
    """Return the fields of `kind`: their names, how to read them, and their defaults."""
    hints = get_type_hints(kind)
    return [
        (name, NAMES.get(name, name), _reader(name, hint), _otherwise(name, hint, _default(kind)))
        for name, hint in hints.items()
        if get_origin(hint) is not ClassVar
        and name not in INTERNAL
        and not (kind is Said and name in UNWRITTEN)
    ]


def _default(kind: type) -> Mapping[str, object]:
    """Return the fields of `kind` that have a default, with it."""
    if kind is Said:
        return Said._field_defaults
    return {field.name: field.default for field in fields(kind) if field.default is not MISSING}


def _otherwise(name: str, hint: Any, default: Mapping[str, object]) -> Callable[[], Any]:
    """Return the value of a missing field: its default, or what is never written."""
    if name in default and hint is not bool:  # because false values are left out
        return lambda: default[name]
    kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    for empty in (None, "", False):
        if type(empty) in kinds:
            return lambda: empty

    def missing() -> Any:
        raise KeyError(name)

    return missing


def _reader(name: str, hint: Any) -> Reader:
    """Return the function that reads a field, by its type."""
    origin, inside = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _reader(name, next(kind for kind in inside if kind is not NoneType))
    if origin is tuple:
        return partial(_list, _reader("", inside[0]))
    if origin is Mapping:
        return partial(_mapping, _reader("", inside[1]))
    if hint is Said or is_dataclass(hint):
        return partial(_read, hint)  # type: ignore[arg-type]
    if hint is float:
        return _time if name in TIMES else _seconds
    if hint is int and name in SIGNED:
        return _integer
    return {str: _string, int: _count, bool: _boolean}[hint]


def _string(value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST:
        raise TypeError(f"not a string of at most {LONGEST} characters")
    return value


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value


def _integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > LARGEST:
        raise TypeError("not a whole number, or too large")
    return value


def _count(value: object) -> int:
    number = _integer(value)
    if number < 0:
        raise TypeError("a negative number")
    return number


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError("not a number")
    if not 0 <= value <= LARGEST:
        raise TypeError("no duration")
    return float(value)


def _time(value: object) -> float:
    time = seconds(_string(value))
    if not FIRST <= time < LAST:
        raise TypeError("a time of no calendar")
    return time


def _list(reader: Reader, value: object) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return tuple(map(reader, value))


def _mapping(reader: Reader, value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return {_string(name): reader(inside) for name, inside in value.items()}
