"""Declaring commands of this program: a method with `@local_command`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from chatsvc.client.tui.model.buffers import Buffer
from chatsvc.model.server_events import Command

Do = Callable[[str, Buffer], object]
M = TypeVar("M", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class LocalCommand:
    """A command of this program: its line in `/help`, and the method that carries it out."""

    about: Command
    do: Do


_ABOUT: dict[Callable[..., object], Command] = {}


def local_command(usage: str, help: str, aliases: str = "") -> Callable[[M], M]:
    """Make a method a command that the client carries out and the server never sees.

    The method receives the words after the command, and the current buffer.
    """

    def declare(method: M) -> M:
        names = tuple(f"/{alias}" for alias in aliases.split())
        _ABOUT[method] = Command(f"/{usage}", names, help, "")
        return method

    return declare


def commands_of(owner: object) -> Iterator[LocalCommand]:
    """Yield the commands that the class of `owner` declares, in the order of its methods."""
    for name, method in vars(type(owner)).items():
        if callable(method) and method in _ABOUT:
            yield LocalCommand(_ABOUT[method], getattr(owner, name))
