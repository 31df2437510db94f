"""Completion of commands, names, rooms and emoji.  No screen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from chatsvc.client.commands import aliases_of, name_of
from chatsvc.client.tui.model.emojis import beginning
from chatsvc.model.server_events import Command
from chatsvc.model.text_rules import key

_WORD = re.compile(r"\S*$")
_EMOJI = re.compile(r":([\w+-]+)$")
_NAMES = ("name", "names", "who")  # placeholders in a usage that stand for people


@dataclass(frozen=True, slots=True)
class Candidates:
    """The possible completions; people in the order in which they last spoke."""

    commands: Sequence[Command] = ()
    names: Sequence[str] = ()
    rooms: Sequence[str] = ()
    words: Mapping[str, Sequence[str]] = field(default_factory=dict)  # that may follow a command


class Candidate(NamedTuple):
    """A completion: the text to insert, and a description."""

    text: str
    about: str = ""

    @property
    def shown(self) -> str:
        return f"{self.text.strip()}  {self.about}".rstrip()


class Completion(NamedTuple):
    """Which part of a line can be replaced by which candidates."""

    start: int
    end: int
    candidates: tuple[Candidate, ...]


def complete(line: str, at: int, known: Candidates, first: bool = True) -> Completion | None:
    """Return the completions of the word before `at`; `first` is the first line of a text."""
    before = line[:at]
    word = _WORD.search(before)
    assert word is not None  # it may be empty
    candidates = tuple(_candidates(before, word.start(), known, first))
    emoji = _EMOJI.search(word[0])
    start = word.start() + emoji.start() if emoji and not before.startswith("/") else word.start()
    return Completion(start, at, candidates) if candidates else None


def _candidates(before: str, start: int, known: Candidates, first: bool) -> Iterator[Candidate]:
    word, of_command = before[start:], first and before.startswith("/")
    emoji = _EMOJI.search(word)
    if of_command and start == 0:
        yield from _commands(word[1:], known.commands)
    elif word.startswith("#"):
        yield from _beginning(word, known.rooms)
    elif of_command:
        yield from _arguments(before, word, known)
    elif emoji is not None:
        yield from (Candidate(sign, f":{name}:") for name, sign in beginning(emoji[1].lower()))
    else:
        yield from _beginning(word, known.names, ": " if first and start == 0 else " ")


def _commands(part: str, commands: Iterable[Command]) -> Iterator[Candidate]:
    """Yield names before aliases."""
    names = {name_of(command): command.help for command in commands}
    aliases = {alias: each.help for each in commands for alias in aliases_of(each)}
    for name, help in sorted(names.items()) + sorted(aliases.items()):
        if name.startswith(part.lower()):
            yield Candidate(f"/{name} ", help)


def _arguments(before: str, word: str, known: Candidates) -> Iterator[Candidate]:
    """Yield the candidates for an argument, by the command's usage: rooms, people, or words."""
    name, *given = before[1:].split(" ")
    command = _called(name, known.commands)
    place = len(given) - 1
    expected = [] if command is None else command.usage.split()[1:]
    wanted = expected[min(place, len(expected) - 1)].strip("[]") if expected else ""
    so_far = " ".join((name, *given[:-1])).lower()
    if so_far in known.words:
        yield from _beginning(word, known.words[so_far])
    elif wanted == "room":
        yield from _beginning(f"#{word}", known.rooms)
    elif wanted in _NAMES or word or command is None:
        yield from _beginning(word, known.names)


def _called(name: str, commands: Iterable[Command]) -> Command | None:
    for command in commands:
        if name.lower() in (name_of(command), *aliases_of(command)):
            return command
    return None


def _beginning(word: str, choices: Iterable[str], after: str = " ") -> Iterator[Candidate]:
    at = "@" if word.startswith("@") else ""
    part = key(word.removeprefix("@"))
    return (Candidate(f"{at}{one}{after}") for one in choices if key(one).startswith(part))


def hint(text: str, commands: Sequence[Command]) -> str:
    """Return a hint for the command being typed: the commands that match, or its usage."""
    if not text.startswith("/") or text.startswith("//") or "\n" in text:
        return ""
    name, blank, _ = text[1:].partition(" ")
    command = _called(name, commands)
    if command is not None:
        return f"{command.usage}  {command.help}"
    if blank:
        return ""
    return "  ".join(one.text.strip() for one in _commands(name, commands))
