"""The JSON-lines dialect, for programs: `docs/protocol.md` describes it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from functools import lru_cache

from chatsvc.dialects.reading import StatelessDialect
from chatsvc.model.characters import plain
from chatsvc.model.events import Event
from chatsvc.model.history_events import Part
from chatsvc.model.long_events import LongEvent, entries_of, with_entries
from chatsvc.model.message_events import Said
from chatsvc.model.requests import Refused, Request

_encode: Callable[[object], str] = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False
).encode


class JSONDialect(StatelessDialect):
    """One JSON object per line, in each direction."""

    def read(self, line: str, question: str | None = None) -> tuple[Request, ...]:
        """Return the request in `line`, or None if empty; raise `Refused` if it is invalid."""
        if not line.strip():
            return ()
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            raise Refused("not-json", "Not a JSON object.") from None
        if not isinstance(value, dict):
            raise Refused("not-json", 'A request must be a JSON object, such as {"do":"ping"}.')
        request = _request(value)
        if "\\u" in line:
            _check_surrogates(request)
        return (request,)

    def write(self, event: Event, here: str | None = None, tag: str | None = None) -> bytes:
        """Write `event` as a line; `here` does not matter in this dialect."""
        value = _plain(event)
        if tag is not None:
            value["tag"] = tag
        return _encode(value).encode() + b"\n"

    def write_part(self, event: LongEvent, here: str | None, tag: str | None, part: Part) -> bytes:
        """Write part of a long answer; the parts make up one line."""
        if part.ends:
            return b"]}\n"
        items = ",".join(_encode(_value("", entry)) for entry in entries_of(event)).encode()
        if not part.begins:
            return b"," + items if items else b""
        head = {**_plain(with_entries(event, ())), **({} if tag is None else {"tag": tag})}
        head.pop(event.ENTRIES, None)
        return _encode(head)[:-1].encode() + f',"{event.ENTRIES}":['.encode() + items

    def write_said(self, line: Said, elsewhere: bool) -> bytes:
        """Write a line for everybody but its sender."""
        return self.write(line)

    def write_own(self, line: Said, elsewhere: bool) -> bytes:
        """Write a line for its sender: the tag says that it is stored."""
        return self.write(line, None, line.tag)


def _check_surrogates(request: Request) -> None:
    """Refuse half a surrogate pair anywhere: no answer could repeat it (RFC 8259, 8.2)."""
    try:
        json.dumps([request.name, request.rest, request.args], ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        raise Refused(
            "bad-argument",
            "Not sent: \\ud800 to \\udfff alone is half a character.",
            tag=request.tag,
        ) from None


def _request(value: dict[str, object]) -> Request:
    tag = value.pop("tag", None)
    if tag is not None and not (isinstance(tag, str) and 0 < len(tag) <= 64 and tag.isprintable()):
        raise Refused("bad-argument", "A tag must be a string of 1 to 64 printable characters.")
    name = value.pop("do", None)
    rest = value.pop("rest", None)
    if not isinstance(name, str):
        raise Refused(
            "bad-argument", 'A request needs a "do" field, such as {"do":"ping"}.', tag=tag
        )
    if rest is not None and not isinstance(rest, str):
        raise Refused("bad-argument", "rest must be a string.", tag=tag)
    return Request(name, rest, value, tag)


def _plain(event: Event) -> dict[str, object]:
    if isinstance(event, Said):
        return {"event": SAID, **_said(event)}
    return {"event": event.WIRE, **_fields(event)}


def _said(line: Said) -> dict[str, object]:
    text = plain(line.text)
    value: dict[str, object] = {
        "room": line.room,
        "number": line.number,
        "time": timestamp(line.time),
        "from": line.sender,
        "text": text,
        "size": len(text.encode()),
    }
    if line.action:
        value["action"] = True
    if line.account:
        value["account"] = line.account
    if line.deleted:
        value["deleted"] = line.deleted
    if line.notice:
        value["notice"] = True
    if line.signs:
        value["signs"] = dict(line.signs)
    if line.bot:
        value["bot"] = True
    return value


def _fields(event: object) -> dict[str, object]:
    found: dict[str, object] = {}
    for field in fields(event):  # type: ignore[arg-type]
        if field.name in INTERNAL:
            continue
        value = getattr(event, field.name)
        if value is None or value is False or value == "" or value == field.default == ():
            continue
        found[NAMES.get(field.name, field.name)] = _value(field.name, value)
    return found


SAID = "said"  # a tuple has no room for a name beside its fields
NAMES = {"sender": "from"}
INTERNAL = ("stamp", "happened")  # fields of events that are not written
TIMES = ("time", "since", "used", "until", "read_time", "topic_time", "made")


def _value(name: str, value: object) -> object:
    if name in TIMES and isinstance(value, float):
        return timestamp(value)
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, Said):
        return _said(value)
    if isinstance(value, tuple):
        return [_value("", item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return _fields(value)
    if isinstance(value, Mapping):
        return dict(value)
    return value


@lru_cache(maxsize=64)  # many lines have the same time, and are written in several formats
def timestamp(time: float) -> str:
    """Return a time as in RFC 3339: UTC, with milliseconds."""
    moment = datetime.fromtimestamp(time, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


JSONL = JSONDialect()


def seconds(time: str) -> float:
    """The inverse of `timestamp`."""
    return datetime.strptime(time, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()
