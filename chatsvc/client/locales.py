"""What the environment says about the terminal's character set."""

from __future__ import annotations

import locale
import os
import sys
from collections.abc import Mapping

C = ("", "C", "POSIX")


def warning(environment: Mapping[str, str]) -> str | None:
    """Return a warning if the locale is not UTF-8, or None."""
    if os.name == "nt":
        return None
    name = next((name for name in ("LC_ALL", "LC_CTYPE", "LANG") if environment.get(name)), "LANG")
    if is_coerced(environment):
        name = "LANG"
    elif _is_utf8(environment.get(name, "")):
        return None
    set_to = f"{name}={environment.get(name, '')}" if environment.get(name) else "LANG is not set"
    return (
        f"Your locale is not UTF-8 ({set_to}): letters other than a to z and emoji may not be"
        " shown. Set LANG=C.UTF-8, or one of your language, before you start this program."
    )


def is_coerced(environment: Mapping[str, str]) -> bool:
    """Return whether Python has replaced a locale that is not UTF-8 (PEP 538)."""
    return (
        environment.get("LC_CTYPE", "") in ("C.UTF-8", "C.utf8", "UTF-8")
        and not environment.get("LC_ALL")
        and not _is_utf8(environment.get("LANG", ""))
        and sys.flags.utf8_mode == 1
    )


def _is_utf8(name: str) -> bool:
    """Return whether a locale name means UTF-8."""
    _, dot, codeset = name.partition(".")
    if dot:
        return codeset.partition("@")[0].lower().replace("-", "") == "utf8"
    return (
        name not in C
        and not sys.flags.utf8_mode
        and locale.nl_langinfo(locale.CODESET).upper() == "UTF-8"
    )
