"""Passwords in what is typed: which lines hold one, how these are shown, and which one it is."""

from __future__ import annotations

import re

from chatsvc.model.command_facts import FACTS, facts_of

_NAMES = "|".join(name for name, facts in FACTS.items() if facts.secret)

# As the text dialect reads commands, whatever key was hit before them.
_SECRET = re.compile(rf"(?:[\x00-\x1a ]*/|[!\\])(?:{_NAMES}) ", re.IGNORECASE)


def is_secret(line: str) -> bool:
    """Whether `line` tells the server a password."""
    return _SECRET.match(line) is not None


def masked(line: str) -> str:
    """`line` as it may be shown; what follows a command with a password is asterisks."""
    secret = _SECRET.match(line)
    if secret is None:
        return line
    return secret.group() + re.sub(r"\S", "*", line[secret.end() :])


def password_of(command: str, rest: str) -> str:
    """The account's password once `command` is obeyed.

    What follows it is `[name] password` of login, `old new` of passwd, and `password [email]
    [code]` of register; no password has a blank.
    """
    words = rest.split() or [""]
    return words[facts_of(command).proves or 0]
