"""Passwords in typed input: which lines contain one, how to mask it, and how to extract it."""

from __future__ import annotations

import re

from chatsvc.model.command_facts import FACTS, facts_of

_NAMES = "|".join(name for name, facts in FACTS.items() if facts.secret)

# As the text dialect reads commands, including stray keys before them.
_SECRET = re.compile(rf"(?:[\x00-\x1a ]*/|[!\\])(?:{_NAMES}) ", re.IGNORECASE)


def is_secret(line: str) -> bool:
    """Return whether `line` tells the server a password."""
    return _SECRET.match(line) is not None


def masked(line: str) -> str:
    """Return `line` for display, with everything after a password command as asterisks."""
    secret = _SECRET.match(line)
    if secret is None:
        return line
    return secret.group() + re.sub(r"\S", "*", line[secret.end() :])


def password_of(command: str, rest: str) -> str:
    """Return the account's password after `command` succeeds.

    The arguments are `[name] password` of login, `old new` of passwd, and `password [email] [code]`
    of register; passwords contain no spaces.
    """
    words = rest.split() or [""]
    return words[facts_of(command).proves or 0]
