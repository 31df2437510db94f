"""The command table, and how a request finds its function; the commands are in `commands/`.

A function receives the hub, the session and its arguments, and returns the event that answers it,
or None if it has sent everything itself.  Its row says in which order people write the arguments,
and who may use the command; programs name the arguments, and may also give those that are not in
the row.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from chatsvc.commands.long_answers import Listing, Reading, begin, shortened, tell
from chatsvc.commands.mappings import role_changes, signs, values
from chatsvc.core.chat import Session
from chatsvc.core.directory import room_of
from chatsvc.model.ban_masks import is_written_mask
from chatsvc.model.characters import clean, clean_formatted, clean_message, looks_empty
from chatsvc.model.command_facts import facts_of
from chatsvc.model.costs import COSTS, OTHER, Cost
from chatsvc.model.events import Event
from chatsvc.model.requests import Refusal, Refused, Request
from chatsvc.model.server_events import Command
from chatsvc.model.text_rules import duration, looks_like_duration, moment
from chatsvc.policy.permissions import check_level
from chatsvc.services.hub import Hub
from chatsvc.store.archive import ArchiveFailed

Answer: TypeAlias = "Event | Listing | Coroutine[Any, Any, Event | Reading | None] | None"


@dataclass(frozen=True, slots=True)
class CommandRow:
    """A command: its syntax, who may use it, and what it does."""

    function: Callable[..., Answer]
    about: Command
    words: tuple[str, ...]  # its arguments, in the order in which people write them
    kinds: Mapping[str, ArgumentKind]  # of these, and of those that programs give
    needed: frozenset[str]
    flags: frozenset[str]  # which people write as --word
    anybody: bool  # allowed before login
    level: str  # who may use it, as in `permissions.py`
    tagged: bool  # receives the tag
    settled: bool  # depends on what the session said before, so that must be stored
    reads: bool  # reads the archive, and changes nothing there
    cost: Cost
    when: Callable[[Hub], bool]  # whether it is of any use here


_TOPICS = {"room_administration": "room rules", "misc": "other"}  # unless it is their module's name

TABLE: dict[str, CommandRow] = {}
FIELDS: set[str] = set()  # the arguments of all commands, as programs name them


class Rows(dict[str, CommandRow]):
    """The rows by name and alias, in any case; for all other names, `UNKNOWN`."""

    def __missing__(self, name: str) -> CommandRow:
        return self.get(name.lower(), UNKNOWN)


ROWS = Rows()


def command(
    usage: str,
    aliases: str = "",
    help: str = "",
    example: str = "",
    anybody: bool = False,
    settled: bool = False,
    level: str = "guest",
    reads: bool = False,
    when: Callable[[Hub], bool] = lambda hub: True,
) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Enter a function into the table; without `help` it is for programs and not listed."""

    def enter(function: Callable[..., Answer]) -> Callable[..., Answer]:
        name, *words = usage.split()
        arguments = dict(list(inspect.signature(function).parameters.items())[2:])
        tagged = arguments.pop("tag", None) is not None
        facts = facts_of(name)
        others = (*facts.aliases, *aliases.split())
        row = TABLE[name] = CommandRow(
            function=function,
            about=Command(
                usage=f"/{usage}",
                aliases=tuple(f"/{alias}" for alias in others),
                help=help,
                example=example,
                topic=_TOPICS.get(module := function.__module__.rpartition(".")[2], module),
                facts=facts.names,
            ),
            words=tuple(word.strip("[]") for word in words if not word.startswith("[--")),
            kinds={name: _kind(one.annotation) for name, one in arguments.items()},
            needed=frozenset(name for name, one in arguments.items() if one.default is one.empty),
            flags=frozenset(word.strip("[-]") for word in words if word.startswith("[--")),
            anybody=anybody,
            level=level,
            tagged=tagged,
            settled=settled,
            reads=reads,
            cost=COSTS.get(name, OTHER),
            when=when,
        )
        FIELDS.update(arguments)
        ROWS.update(dict.fromkeys([name, *others], row))
        return function

    return enter


def run(hub: Hub, session: Session, request: Request) -> Coroutine[Any, Any, None] | None:
    """Carry out a request, and send the session its result.

    Slow work is returned as a coroutine; the request is done when that ends.
    """
    try:
        answer = _call(hub, session, request)
    except Refused as refused:
        refuse(hub, session, hub.visibility.refusal(session, refused, request), request.tag)
        return None
    if answer is None:
        return None
    if isinstance(answer, Coroutine):
        return _finish(hub, session, answer, request)
    if isinstance(answer, Listing):
        return begin(session, answer, request.tag)
    session.tell(answer, request.tag)
    return None


async def _finish(
    hub: Hub,
    session: Session,
    answer: Coroutine[Any, Any, Event | Reading | None],
    request: Request,
) -> None:
    tag = request.tag
    try:
        event = await answer
        if event is not None and not isinstance(event, Reading):
            event = shortened(hub, session, event)
    except Refused as refused:
        refuse(hub, session, refused, tag)
    except ArchiveFailed as failed:
        hub.refusals.failed(failed)
        code = "not-read" if ROWS[request.name].reads else "not-kept"
        refuse(hub, session, Refused(code, failed.for_users), tag)
    else:
        if isinstance(event, Reading):
            telling = tell(session, event, tag)
            del event  # frees its first lines before the rest is sent
            await telling
        elif event is not None:
            session.tell(event, tag)


def refuse(hub: Hub, session: Session, refused: Refused, tag: str | None = None) -> None:
    """Send a refusal; before login, only a limited number."""
    hub.measurements.refusals[refused.code] += 1
    session.tell(Refusal(refused.code, refused.text, refused.suggestion), tag or refused.tag)
    hub.refusals.note(refused.code, session.wire.address)
    if refused.final:
        session.close()
        hub.sessions.leave(session, "")
    elif session.login is not None:
        hub.login.knock(session)


def _call(hub: Hub, session: Session, request: Request) -> Answer:
    row = ROWS[request.name]
    if row is UNKNOWN:
        if request.literal is None:
            raise _unknown(request.name)
        return _call(hub, session, Request("say", request.literal))
    if session.user is None and not row.anybody:
        raise Refused("no-name", "Choose a name first. What is your name?")
    arguments = _checked(row, request)
    if not row.needed <= arguments.keys():
        raise _usage(row)
    if session.user is not None:
        if row.level == "operator":  # which need not be in the room
            check_level(session, row.level, None)
        elif row.level != "guest":
            _check_level(hub, session, row, arguments.get("room"))
        if session.asked != request.name:
            session.asked = None  # the command needs something else first
    if request.rest is None:
        if len(arguments) < len(request.args):
            _check_fields(row, request)
    elif not row.words:
        _check_alone(row, request.rest)
    if row.tagged:
        arguments["tag"] = request.tag
    return row.function(hub, session, **arguments)


def _usage(row: CommandRow) -> Refused:
    example = f" (for example: {row.about.example})" if row.about.example else ""
    return Refused("usage", f"Usage: {row.about.usage}{example}")


def _check_level(hub: Hub, session: Session, row: CommandRow, named: object) -> None:
    room = session.here if named is None else room_of(session, str(named))
    check_level(session, row.level, room)


def listed(hub: Hub, session: Session) -> list[CommandRow]:
    """Yield the commands that a session may use in a room."""
    rows = (row for row in TABLE.values() if row.about.help and row.when(hub))
    return [row for row in rows if _is_for(row, session)]


def _is_for(row: CommandRow, session: Session) -> bool:
    if session.user is None:
        return row.level in ("guest", "unregistered")
    if row.level == "unregistered":  # others are told how to become one
        return session.user.account is None
    try:
        check_level(session, row.level, session.here)
    except Refused:
        return False
    return True


def _unknown(name: str) -> Refused:
    listed = [known for known, row in ROWS.items() if row.about.help]
    close = difflib.get_close_matches(name.lower()[:32], listed, 1)
    hint = f"Did you mean /{close[0]}?" if close else "To list commands: /help"
    return Refused("unknown", f"Unknown command /{clean(name)[:32]}. {hint}")


def _checked(row: CommandRow, request: Request) -> dict[str, object]:
    if request.rest is not None and row.words == ("text",):  # most requests are messages
        text = row.kinds["text"].check("text", request.rest)
        return {"text": text} if request.rest.strip() else {}
    written = request.args if request.rest is None else _in_a_row(row, request.rest)
    arguments: dict[str, object] = {}  # no comprehension, which would be a call
    kinds = row.kinds
    for name, value in written.items():
        if value is not None and name in kinds:
            arguments[name] = kinds[name].check(name, value)
    return arguments


def _check_alone(row: CommandRow, rest: str) -> None:
    """Refuse words after a command without arguments."""
    if _without_flags(row, rest.strip(), {}):
        raise _usage(row)


def _check_fields(row: CommandRow, request: Request) -> None:
    """Refuse the fields of other requests; unknown ones may be from a later version."""
    if request.args.keys() <= row.kinds.keys():
        return
    strange = (name for name in request.args if name in FIELDS and name not in row.kinds)
    if (name := next(strange, None)) is not None:
        raise Refused("usage", f"{row.about.usage.split()[0][1:]} has no field {name}.")


def _in_a_row(row: CommandRow, rest: str) -> Mapping[str, object]:
    """Return the arguments as people have written them in order; the last takes the rest.

    Only the space before a message is removed: other spaces may be pasted indentation.
    """
    arguments: dict[str, object] = {}
    rest = _without_flags(row, rest, arguments)
    for position, name in enumerate(row.words):
        if name == row.words[-1]:
            word, rest = rest if row.kinds[name].keeps_blanks else rest.strip(), ""
        elif _is_left_out(row, position, rest):
            continue
        else:
            word, rest = row.kinds[name].take(rest)
            rest = _without_flags(row, rest, arguments)
        if word.strip():
            arguments[name] = word
    return arguments


def _is_left_out(row: CommandRow, position: int, rest: str) -> bool:
    """Return whether an optional argument is missing: the words are something else."""
    name = row.words[position]
    if name in row.needed:
        return False
    still_needed = sum(later in row.needed for later in row.words[position + 1 :])
    words = rest.split(maxsplit=still_needed + 1)
    return len(words) <= still_needed or not row.kinds[name].fits(words[0])


def _without_flags(row: CommandRow, rest: str, arguments: dict[str, object]) -> str:
    """Return what remains after words such as --here are removed from the beginning."""
    while row.flags and rest.lstrip().startswith("--"):
        flag, _, left = rest.lstrip()[2:].partition(" ")
        if flag not in row.flags:
            allowed = " or ".join(f"--{known}" for known in sorted(row.flags))
            raise Refused("usage", f"Unknown option --{flag}. Available: {allowed}.")
        arguments[flag], rest = True, left
    return rest


def _one_word(rest: str) -> tuple[str, str]:
    word, _, left = rest.lstrip().partition(" ")
    return word, left


def _several(rest: str) -> tuple[str, str]:
    """Return one word, and those after it that also name people: `ann ip=10.0.0.0/8`."""
    word, left = _one_word(rest)
    words = [word]
    while left and is_written_mask((following := _one_word(left))[0]):
        words.append(following[0])
        left = following[1]
    return " ".join(words), left


@dataclass(frozen=True, slots=True)
class ArgumentKind:
    """How an argument is checked, recognized, and read from what people write."""

    check: Callable[[str, object], object]
    fits: Callable[[str], bool] = bool
    take: Callable[[str], tuple[str, str]] = _one_word
    keeps_blanks: bool = False


def _number(name: str, value: object) -> int:
    if isinstance(value, str) and (digits := value.removeprefix("#")).isdecimal():
        value = int(digits) if len(digits) < 16 else None
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**15:
        return value
    raise Refused("bad-argument", f"{name} must be a number, 0 or more.")


def _truth(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise Refused("bad-argument", f"{name} must be true or false.")


def _string(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise Refused("bad-argument", f"{name} must be a string.")
    plain = value.isascii() and value.isprintable()  # nearly always
    return value if plain else clean(value)


def _text(name: str, value: object) -> str:
    if isinstance(value, str):
        plain = value.isascii() and value.isprintable()  # nearly always
        return value if plain else clean_message(value)
    return _string(name, value)


def _words(name: str, value: object) -> str:
    if not isinstance(value, str):
        return _string(name, value)
    words = clean_formatted(value)
    return "" if looks_empty(words) else words


def _moment(name: str, value: object) -> float:
    return moment(_string(name, value))


def _point(name: str, value: object) -> int | float:
    if isinstance(value, str) and "-" in value:
        return _moment(name, value)
    return _number(name, value)


def _span(name: str, value: object) -> float:
    """Return seconds; programs may give a number of them, and 0 means permanently."""
    if isinstance(value, str):
        return duration(value)
    return float(_number(name, value))


_KINDS = {
    "int": ArgumentKind(_number, str.isdecimal),
    "bool": ArgumentKind(_truth),
    "str": ArgumentKind(_string),
    "Text": ArgumentKind(_text, keeps_blanks=True),
    "Place": ArgumentKind(_string, lambda word: word.startswith(("#", "@"))),
    "Words": ArgumentKind(_words),
    "Moment": ArgumentKind(_moment),
    "Point": ArgumentKind(_point),
    "Signs": ArgumentKind(signs),
    "Values": ArgumentKind(values),
    "RoleChanges": ArgumentKind(role_changes),
    "Span": ArgumentKind(_span, looks_like_duration),
    "Who": ArgumentKind(_string, take=_several),
    "Email": ArgumentKind(_string, lambda word: "@" in word),
}


def _kind(annotation: str) -> ArgumentKind:
    """Return the kind of an argument, from its annotation."""
    return _KINDS[annotation.partition(" ")[0]]


Text: TypeAlias = str  # a message, which may have several lines
Words: TypeAlias = str  # one line that people read, such as a topic; IRC clients format it
Place: TypeAlias = str  # a room, #tea, or a conversation, @bob
Moment: TypeAlias = float  # a time, which programs write as in RFC 3339
Point: TypeAlias = "int | float"  # a position in a room: a number, or a time
Signs: TypeAlias = "Mapping[str, str]"  # client tags
Values: TypeAlias = "Mapping[str, str]"  # of metadata, by key
RoleChanges: TypeAlias = "list[tuple[str, str, str]]"  # commands, users, and tags of answers
Span: TypeAlias = float  # seconds, which people write as 90s, 1h30m, 2d, forever
Who: TypeAlias = str  # a name, an address, or several
Email: TypeAlias = str

UNKNOWN = CommandRow(  # what `ROWS` has for all other names
    function=lambda hub, session: None,
    about=Command(usage="", aliases=(), help="", example=""),
    words=(),
    kinds={},
    needed=frozenset(),
    flags=frozenset(),
    anybody=False,
    level="guest",
    tagged=False,
    settled=False,
    reads=False,
    cost=OTHER,
    when=lambda hub: False,
)
