"""Which name a room can get, in every archive."""

from __future__ import annotations

from collections.abc import Mapping

from chatsvc.model.text_rules import key
from chatsvc.store.archive import NameUsed
from chatsvc.store.renaming import NewName


def spare_name(lasts: Mapping[str, int], change: NewName) -> str | None:
    """Return the name of a row that the new name has already; it can get the old name.

    `lasts` has the last numbers of all rooms.  The row of a removed room remains, because the ids
    of its messages do: raise `NameUsed` if it is another room's.
    """
    same = {name for name in lasts if key(name) == key(change.new)} - {change.old}
    if len(same) > 1 or any(lasts[name] and not change.again for name in same):
        raise NameUsed(change.new)
    return next(iter(same), None)
