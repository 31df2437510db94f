"""Columns of many rows as one parameter each, written in PostgreSQL's binary format.

psycopg writes any list, and finds out first what is in it, which takes longer than all else that a
commit does here.  The format is that of `array_recv` in PostgreSQL: the number of dimensions,
whether there are nulls, the type of the elements, their count, the first index; then each element
behind its length.
"""

from __future__ import annotations

from itertools import repeat
from struct import Struct
from typing import Any, ClassVar

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEAD = Struct("!5i")
_LENGTH = Struct("!i")


class Texts(tuple[str, ...]):
    """A column of `text`."""

    __slots__ = ()


class Smallints(tuple[int, ...]):
    """A column of `smallint`."""

    __slots__ = ()


class Integers(tuple[int, ...]):
    """A column of `integer`."""

    __slots__ = ()


class Bigints(tuple[int, ...]):
    """A column of `bigint`."""

    __slots__ = ()


class Booleans(tuple[bool, ...]):
    """A column of `boolean`."""

    __slots__ = ()


class _Column(Dumper):
    format = Format.BINARY
    element: ClassVar[int]  # the type of one

    def _head(self, count: int) -> bytes:
        return _HEAD.pack(1, 0, self.element, count, 1)


class _OfTexts(_Column):
    oid, element = 1009, 25

    def dump(self, obj: Texts) -> bytes:
        written = bytearray(self._head(len(obj)))
        for text in obj:
            data = text.encode()
            written += _LENGTH.pack(len(data))
            written += data
        return bytes(written)


class _OfNumbers(_Column):
    size: ClassVar[int]
    one: ClassVar[Struct]  # a length, and a number

    def dump(self, obj: tuple[int, ...]) -> bytes:
        return self._head(len(obj)) + b"".join(map(self.one.pack, repeat(self.size), obj))


class _OfSmallints(_OfNumbers):
    oid, element, size, one = 1005, 21, 2, Struct("!ih")


class _OfIntegers(_OfNumbers):
    oid, element, size, one = 1007, 23, 4, Struct("!ii")


class _OfBigints(_OfNumbers):
    oid, element, size, one = 1016, 20, 8, Struct("!iq")


class _OfBooleans(_OfNumbers):
    oid, element, size, one = 1000, 16, 1, Struct("!i?")


def teach(link: psycopg.Connection[Any]) -> None:
    """Let a connection write these columns."""
    for kind, dumper in _DUMPERS.items():
        link.adapters.register_dumper(kind, dumper)


_DUMPERS: dict[type, type[Dumper]] = {
    Texts: _OfTexts,
    Smallints: _OfSmallints,
    Integers: _OfIntegers,
    Bigints: _OfBigints,
    Booleans: _OfBooleans,
}
