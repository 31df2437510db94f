"""Addresses of web pages in what people say."""

from __future__ import annotations

import re
from collections.abc import Iterator

_LINK = re.compile(r"https?://[^\s<>\"\u200e\u200f]+", re.IGNORECASE)
_AFTER = ".,;:!?'*_"  # belongs to the sentence


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """`text` in pieces, each with whether it is the address of a page."""
    end = 0
    for found in _LINK.finditer(text):
        link = _trimmed(found.group())
        if link.endswith("//"):
            continue
        if found.start() > end:
            yield text[end : found.start()], False
        yield link, True
        end = found.start() + len(link)
    if end < len(text):
        yield text[end:], False


def _trimmed(link: str) -> str:
    """A link without what closes the sentence, or the bracket, in which it stands."""
    while True:
        shorter = link.rstrip(_AFTER)
        for opening, closing in ("()", "[]"):
            if shorter.endswith(closing) and shorter.count(closing) > shorter.count(opening):
                shorter = shorter[:-1]
        if shorter == link:
            return link
        link = shorter
