"""Ban masks such as `eve!*@*`: the chat parses them itself; this module writes them."""

from __future__ import annotations

from collections.abc import Iterator

from chatsvc.model.ban_masks import ACCOUNT, ADDRESS, AT, MASK, BanMask

MUTED = "$m:"  # before the mask of a mute (EXTBAN)
_UNSEEN = "address"  # instead of an address, to those who may not see it


def masks(label: str, mute: bool = False) -> Iterator[str]:
    """Yield a label as masks, one for each part; those of a mute are extended bans."""
    for word in label.split():
        yield f"{MUTED if mute else ''}{_mask(word)}"


def _mask(word: str) -> str:
    kind, value = BanMask.parse(word)
    if kind in (ADDRESS, AT) or word == _UNSEEN:
        return f"*!*@{value}"
    if kind == ACCOUNT:
        return f"$a:{value}"
    return value if kind == MASK else f"{value}!*@*"
