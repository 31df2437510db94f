"""Frozen values: events, records and the like.

A program that starts makes all their classes. `dataclass` compiles six methods of each, which took
a sixth of the start of a service; `value` compiles one, and all classes share the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, NoReturn, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(cls: type[T]) -> type[T]:
    """Make a frozen dataclass with slots; its defaults are values, and so are its subclasses."""
    made: Any = dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    own = fields(made)
    compared = [one.name for one in own if one.compare]
    made._compared = attrgetter(*compared) if compared else staticmethod(_nothing)
    made.__init__ = _init(made, own)
    made.__delattr__ = __setattr__
    for method in _SHARED:
        setattr(made, method.__name__, method)
    return made  # type: ignore[no-any-return]


def _init(cls: type, own: tuple[Field[Any], ...]) -> Callable[..., None]:
    """Compile `__init__`, which sets the slots past `__setattr__`."""
    names = {f"_set_{one.name}": getattr(cls, one.name).__set__ for one in own}
    names |= {f"_{one.name}": one.default for one in own}
    wanted = ", ".join(
        one.name if one.default is MISSING else f"{one.name}=_{one.name}" for one in own
    )
    body = "; ".join(f"_set_{one.name}(self, {one.name})" for one in own)
    exec(f"def __init__(self, {wanted}): {body or 'pass'}", names)
    made: Callable[..., None] = names["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _nothing(_: Any) -> tuple[()]:
    return ()


def __repr__(self: Any) -> str:  # noqa: N807
    shown = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in fields(self))
    return f"{self.__class__.__qualname__}({shown})"


def __eq__(self: Any, other: Any) -> bool:  # noqa: N807
    if other.__class__ is not self.__class__:
        return NotImplemented
    return bool(self._compared(self) == other._compared(other))


def __hash__(self: Any) -> int:  # noqa: N807
    return hash(self._compared(self))


def __setattr__(self: Any, name: str, *value: object) -> NoReturn:  # noqa: N807
    raise FrozenInstanceError(f"cannot change {name!r}")


def __reduce__(self: Any) -> tuple[Any, ...]:  # noqa: N807
    return self.__class__, tuple(getattr(self, one.name) for one in fields(self))


_SHARED = (__repr__, __eq__, __hash__, __setattr__, __reduce__)
