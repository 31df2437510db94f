"""The user and host of a user's IRC mask, `nick!user@host`; neither reveals the address."""

from __future__ import annotations

import re
from hashlib import blake2b

from chatsvc.model.text_rules import key

HOST = "people-"  # with which everybody's host begins
LONGEST_USER = 18  # characters

_UNSAFE = re.compile(r"[^0-9A-Za-z_.-]")


def safe_user(written: str) -> str:
    """Return what a client calls its user, as far as a mask can contain it."""
    return _UNSAFE.sub("", written)[:LONGEST_USER]


def safe_host(name: str) -> str:
    """Return a host for a user who comes online under this name."""
    return f"{HOST}{name}" if not _UNSAFE.search(name) else f"{HOST}{_digest(name)}"


def is_host(text: str) -> bool:
    """Return whether somebody could have this host."""
    return text.startswith(HOST) and not _UNSAFE.search(text) and text != HOST and len(text) < 64


def default_user(name: str) -> str:
    """Return the user part for a user who has given none."""
    if len(name) <= LONGEST_USER and not _UNSAFE.search(name):
        return name  # mostly: no copy of it
    return safe_user(name) or _digest(name)


def mask_of(name: str, user: str = "", host: str = "") -> str:
    """Return a mask; without user and host, the one that most users of this name have."""
    return f"{name}!~{user or default_user(name)}@{host or safe_host(name)}"


def _digest(name: str) -> str:
    return blake2b(key(name).encode(), digest_size=4).hexdigest()
