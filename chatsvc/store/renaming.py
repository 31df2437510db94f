"""What every archive does to rename a room: which records it moves, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

from chatsvc.model.records import (
    Act,
    Ban,
    FormerName,
    Happening,
    Member,
    MetadataValue,
    Record,
    RoomRules,
)
from chatsvc.model.text_rules import key

R = TypeVar("R", bound=Record)

# For each kind of record that belongs to a room, the field that says to which: by key or by name.
BY_KEY: Mapping[type[Any], str] = {
    Member: "room", Ban: "room", Happening: "room", MetadataValue: "owner", FormerName: "room",
}  # fmt: skip
BY_NAME: Mapping[type[Any], str] = {RoomRules: "room", Act: "room"}
KINDS = (*BY_KEY, *BY_NAME)


class NewName(NamedTuple):
    """How to rename a room: its names, and what is stored with the change.

    `again` says that the room had the new name before.
    """

    old: str
    new: str
    again: bool
    records: tuple[Record, ...]

    @property
    def respells(self) -> bool:
        """Whether only the case of the name changes."""
        return key(self.old) == key(self.new)


def moved(record: R, change: NewName) -> R:
    """Return a record as it belongs to the room under its new name."""
    for fields, old, new in (
        (BY_KEY, key(change.old), key(change.new)),
        (BY_NAME, change.old, change.new),
    ):
        field = fields.get(type(record))
        if field is not None and getattr(record, field) == old:
            values: dict[str, Any] = {field: new}
            return replace(record, **values)
    return record
