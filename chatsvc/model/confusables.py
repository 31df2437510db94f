"""Confusable names, after UTS #39, section 4."""

from __future__ import annotations

import json
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files

from chatsvc.model.text_rules import IRC_SERVER, SERVICES, key

# I looks like l and 1, and is i in other words; two v make a w as r and n make an m.
_OURS = {"i": "l", "w": "vv"}

# Users with one of these names could pretend to speak for the chat or its operators.
RESERVED = (
    *SERVICES, IRC_SERVER, "admin", "administrator", "botserv", "chat", "chatsvc", "everybody",
    "everyone", "help", "hostserv", "memoserv", "moderator", "nobody", "operator", "operserv",
    "root", "server", "service", "services", "shell", "somebody", "sysop", "system", "you",
)  # fmt: skip
_AROUND = "_-.'[]{}|\\^`"  # what a reserved name may be combined with


def skeleton(name: str) -> str:
    """Return what all names confusable with `name` have in common; not for display."""
    shape = _folded(name)
    while (simpler := _folded("".join(map(_drawn, shape)))) != shape:
        shape = simpler
    return shape


@lru_cache(maxsize=1024)
def skeletons(name: str) -> frozenset[str]:
    """Return the skeletons of a name as it is written, in lower case, and in capitals."""
    forms = (name, *map(_as_drawn, (name, name.lower(), name.upper())))
    return frozenset(map(skeleton, set(map(_folded, forms))))  # mostly one, so one is remembered


def look_alike(name: str, other: str) -> bool:
    """Return whether two names are confusable, in any case."""
    return not skeletons(name).isdisjoint(skeletons(other))


def is_reserved(name: str, chat: str) -> bool:
    """Return whether a name resembles one reserved for the chat itself; `chat` is one."""
    looks = skeletons(name) | skeletons(name.strip(_AROUND))
    own = "".join(chat.split())
    return any(not looks.isdisjoint(skeletons(each)) for each in (*RESERVED, own) if each)


def _as_drawn(form: str) -> str:
    """Return the letters that a reader sees in this form, whatever their case."""
    prototypes = _prototypes()
    return "".join(prototypes.get(c, c) for c in unicodedata.normalize("NFKD", form))


def imitated(c: str) -> str:
    """Return the ASCII letter or digit that a non-ASCII character looks like, if there is one."""
    if c.isascii():
        return c
    drawn = _prototypes().get(c, c)
    if drawn == "l" and c.isupper():  # a capital I looks like it
        return "i"
    return drawn if drawn.isascii() else c


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKD", key(name))


def _drawn(c: str) -> str:
    """Return what a small letter looks like; if that is not ASCII, what its capital looks like."""
    if c in _OURS:
        return _OURS[c]
    prototypes = _prototypes()
    small, capital = prototypes.get(c, c), prototypes.get(c.upper(), c)
    return capital if capital.isascii() and not small.isascii() else small


@cache
def _prototypes() -> dict[str, str]:
    """Return the prototype of each character in Unicode's list of confusables."""
    data = files("confusable_homoglyphs").joinpath("confusables.json").read_text("utf-8")
    # Right-to-left characters are between marks there, which are not part of them.
    alike = json.loads(data.replace("\\u200e", ""))
    found = {}
    for c, others in alike.items():
        if len(c) == 1 and len(others) == 1:  # a prototype is listed with all its confusables
            prototype = others[0]["c"]
            if len(prototype) > 1 or len(alike[prototype]) > 1 or prototype < c:
                found[c] = prototype
    return found
