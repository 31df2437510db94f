"""Ban masks such as `eve!*@*`: the chat parses them itself; this module writes them."""

from __future__ import annotations

from collections.abc import Iterator

from chatsvc.model.ban_masks import ACCOUNT, ADDRESS, AT, BanMask
from chatsvc.model.origins import HOST


def named(mask: str) -> str:
    """Return the name in a mask that can only match one user, such as an invitation's."""
    if mask.startswith("$a:"):
        return mask[3:]
    name, exclaims, rest = mask.partition("!")
    host = (rest if exclaims else name).rpartition("@")[2]
    if host.startswith(HOST):
        return host.removeprefix(HOST)
    return name


def masks(label: str) -> Iterator[str]:
    """Yield a label as masks, one for each part."""
    for word in label.split():
        kind, value = BanMask.parse(word)
        at = f"*!*@{value}"
        yield {ACCOUNT: f"$a:{value}", ADDRESS: at, AT: at}.get(kind, f"{value}!*@*")
