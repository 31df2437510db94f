"""Events about who is here, and who was, wherever they are; no behaviour."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gone:
    """Somebody who has left, or has taken another name, at this time."""

    name: str
    time: float
    account: str | None = None
    realname: str = ""


@dataclass(frozen=True, slots=True)
class Departed:
    """Who was called so lately, latest first."""

    name: str
    people: tuple[Gone, ...]


@dataclass(frozen=True, slots=True)
class Online:
    """These have come; one watches for them."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Offline:
    """These have left, or are called otherwise; one watches for them."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Watching:
    """Of those whom one watches for, or wants to, who is here and who is not.

    Those who are `left_out` were too many.
    """

    online: tuple[str, ...] = ()
    offline: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
