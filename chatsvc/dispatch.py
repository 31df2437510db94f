"""The command table and how a request finds its function; the commands are in `commands.py`.

A function takes the hub, the session and its arguments, and gives the event that answers it, or
None when it has told everything itself.  Its row says how people write the arguments one after
the other; programs name them, and may give those that are not in the row as well.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from chatsvc.archive import ArchiveFailed
from chatsvc.events import Command, Event, Refusal, Refused, Request
from chatsvc.hub import Hub
from chatsvc.rules import clean
from chatsvc.session import Session

Answer: TypeAlias = "Event | Coroutine[Any, Any, Event | None] | None"


@dataclass(frozen=True, slots=True)
class Row:
    """One command: how it is written, who may give it, and what it does."""

    function: Callable[..., Answer]
    about: Command
    words: tuple[str, ...]  # its arguments, in the order in which people write them
    kinds: Mapping[str, Callable[[str, object], object]]  # of these, and of what programs give
    needed: frozenset[str]
    anybody: bool  # may be given before one's name is known
    tagged: bool  # wants to know the tag
    settled: bool  # looks at what one has said before, so that must be kept


TABLE: dict[str, Row] = {}
NAMES: dict[str, str] = {}  # each name and alias, and the name it stands for


def command(
    usage: str,
    aliases: str = "",
    help: str = "",
    example: str = "",
    anybody: bool = False,
    settled: bool = False,
) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Enter a function into the table; one without `help` is for programs and not listed."""

    def enter(function: Callable[..., Answer]) -> Callable[..., Answer]:
        name, *words = usage.split()
        arguments = dict(list(inspect.signature(function).parameters.items())[2:])
        tagged = arguments.pop("tag", None) is not None
        TABLE[name] = Row(
            function,
            Command(f"/{usage}", tuple(f"/{alias}" for alias in aliases.split()), help, example),
            tuple(word.strip("[]") for word in words),
            {name: _kind(one.annotation) for name, one in arguments.items()},
            frozenset(name for name, one in arguments.items() if one.default is one.empty),
            anybody,
            tagged,
            settled,
        )
        NAMES.update(dict.fromkeys([name, *aliases.split()], name))
        return function

    return enter


def run(hub: Hub, session: Session, request: Request) -> Coroutine[Any, Any, None] | None:
    """Do what is asked, and tell the session what comes of it.

    What takes time is given back as a coroutine, and is done when that has ended.
    """
    try:
        answer = _call(hub, session, request)
    except Refused as refused:
        refuse(hub, session, refused, request.tag)
        return None
    if answer is None:
        return None
    if isinstance(answer, Coroutine):
        return _finish(hub, session, answer, request.tag)
    session.tell(answer, request.tag)
    return None


async def _finish(
    hub: Hub, session: Session, answer: Coroutine[Any, Any, Event | None], tag: str | None
) -> None:
    try:
        event = await answer
    except Refused as refused:
        refuse(hub, session, refused, tag)
    except ArchiveFailed as failed:
        refuse(hub, session, Refused("not-read", str(failed)), tag)
    else:
        if event is not None:
            session.tell(event, tag)


def refuse(hub: Hub, session: Session, refused: Refused, tag: str | None = None) -> None:
    """Tell the asker why not; at the door, not for ever."""
    session.tell(Refusal(refused.code, refused.text, refused.suggestion), tag or refused.tag)
    if session.user is None:
        hub.knock(session)


def _call(hub: Hub, session: Session, request: Request) -> Answer:
    row = TABLE.get(request.name) or TABLE.get(NAMES.get(request.name.lower(), ""))
    if row is None:
        if request.literal is None:
            raise _unknown(request.name)
        return _call(hub, session, Request("say", request.literal))
    if session.user is None and not row.anybody:
        raise Refused("no-name", "Your name comes first. What is it?")
    arguments = _checked(row, request)
    if not row.needed <= arguments.keys():
        example = f" For example: {row.about.example}" if row.about.example else ""
        raise Refused("usage", f"It goes like this: {row.about.usage}{example}")
    if session.user is not None and session.question != request.name:
        session.question = None  # something else is wanted than was asked
    if row.tagged:
        arguments["tag"] = request.tag
    if row.settled and session.in_flight:
        _call_later(session, request)
        return None
    return row.function(hub, session, **arguments)


def _call_later(session: Session, request: Request) -> None:
    """Do what is asked once all that was said before is kept; nothing is read meanwhile."""

    session.wire.hold(True)
    session.once_settled(lambda: session.wire.run(request))


def _unknown(name: str) -> Refused:
    listed = [known for known in NAMES if TABLE[NAMES[known]].about.help]
    close = difflib.get_close_matches(name.lower()[:32], listed, 1)
    hint = f"Did you mean /{close[0]}?" if close else "/help lists the commands."
    return Refused("unknown", f"There is no command /{clean(name)[:32]}. {hint}")


def _checked(row: Row, request: Request) -> dict[str, object]:
    if row.words == ("text",) and request.rest is not None:  # most requests are lines to be said
        return {"text": clean(request.rest)} if request.rest.strip() else {}
    written = request.args if request.rest is None else _in_a_row(row, request.rest)
    return {
        name: row.kinds[name](name, value)
        for name, value in written.items()
        if name in row.kinds and value is not None
    }


def _in_a_row(row: Row, rest: str) -> Mapping[str, object]:
    """The arguments that people have written one after the other; the last takes what is left."""
    arguments: dict[str, object] = {}
    for name in row.words:
        if name == row.words[-1]:
            word, rest = rest.strip(), ""
        else:
            word, _, left = rest.strip().partition(" ")
            if row.kinds[name] is _number and name not in row.needed and not word.isdecimal():
                continue
            rest = left
        if word:
            arguments[name] = word
    return arguments


def _number(name: str, value: object) -> int:
    if isinstance(value, str) and value.isdecimal() and len(value) < 16:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**15:
        return value
    raise Refused("bad-argument", f"{name} is a number, 0 or more.")


def _truth(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise Refused("bad-argument", f"{name} is true or false.")


def _string(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise Refused("bad-argument", f"{name} is a string.")
    return clean(value)


def _kind(annotation: str) -> Callable[[str, object], object]:
    """How an argument is checked, by its annotation."""
    kinds = {"int": _number, "bool": _truth, "str": _string}
    return kinds[annotation.partition(" ")[0]]
