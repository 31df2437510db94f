"""The project's own themes, those of Textual, and the default."""

from __future__ import annotations

from collections.abc import Mapping

from textual.theme import BUILTIN_THEMES, Theme

from chatsvc.model.requests import Refused

DEFAULT = "default"

_OURS = (
    Theme(
        "chatsvc-dark",
        primary="#7fb4e6", secondary="#8fa3b8", accent="#f0b35e", warning="#e8b04a",
        error="#f28b82", success="#8fcf8a", foreground="#d7dce2", background="#15181c",
        surface="#1a1e23", panel="#252b33", dark=True,
    ),
    Theme(
        "chatsvc-light",
        primary="#0b57a4", secondary="#4b5b6b", accent="#9a4a00", warning="#8a5a00",
        error="#b3261e", success="#2e6b2a", foreground="#1d2126", background="#fbfbfa",
        surface="#f2f3f3", panel="#e2e6ea", dark=False,
    ),
)  # fmt: skip

OWN = {theme.name: theme for theme in _OURS}
NAMES = (*OWN, *BUILTIN_THEMES)


def check(name: str) -> None:
    """Refuse an unknown theme."""
    if name not in (DEFAULT, *NAMES):
        there = ", ".join((DEFAULT, *NAMES))
        raise Refused("bad-setting", f"No theme {name[:32]!r}. Themes: {there}.")


def chosen(name: str, environment: Mapping[str, str]) -> str:
    """Return the theme for a setting; the default is dark or light like the terminal, if known.

    COLORFGBG (from rxvt, adopted by others) contains the numbers of the text and background
    colours.
    """
    if name != DEFAULT:
        return name
    background = environment.get("COLORFGBG", "").rpartition(";")[2]
    return "chatsvc-light" if background in ("7", "15") else "chatsvc-dark"
