"""The JSON-lines dialect, for programs: `docs/protocol.md` describes it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from datetime import datetime, timezone
from functools import cache
from typing import Any, get_args, get_type_hints

from chatsvc.events import Event, Found, History, Part, Refusal, Refused, Request, Said

_encode: Callable[[object], str] = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False
).encode


class JSONDialect:
    """One JSON object a line, in each direction."""

    def read(self, line: str, question: str | None = None) -> Request | None:
        """The request in `line`; `Refused` when it holds none."""
        if not line.strip():
            return None
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            raise Refused("not-json", "That line is not a JSON object.") from None
        if not isinstance(value, dict):
            raise Refused("not-json", 'A request is a JSON object, such as {"do":"ping"}.')
        return _request(value)

    def write(self, event: Event, here: str | None = None, tag: str | None = None) -> bytes:
        """`event` as a line; `here` does not matter in this dialect."""
        value = _plain(event)
        if tag is not None:
            value["tag"] = tag
        return _encode(value).encode() + b"\n"

    def write_part(
        self, event: History | Found, here: str | None, tag: str | None, part: Part
    ) -> bytes:
        """A part of a long answer, which is one line in the end."""
        if part is Part.END:
            return b"]}\n"
        items = ",".join(_encode(_said(line)) for line in event.lines).encode()
        if part is Part.NEXT:
            return b"," + items if items else b""
        head = {**_plain(event), **({} if tag is None else {"tag": tag})}
        del head["lines"]
        return _encode(head)[:-1].encode() + b',"lines":[' + items

    def write_said(self, line: Said, elsewhere: bool) -> bytes:
        """A line as everybody but its sender is shown it."""
        return self.write(line)

    def write_own(self, line: Said, elsewhere: bool) -> bytes:
        """A line as its sender is shown it: the tag says that it is kept."""
        return self.write(line, None, line.tag)


def _request(value: dict[str, object]) -> Request:
    tag = value.pop("tag", None)
    if tag is not None and not (isinstance(tag, str) and 0 < len(tag) <= 64 and tag.isprintable()):
        raise Refused("bad-argument", "A tag is a string of 1 to 64 printable characters.")
    name = value.pop("do", None)
    rest = value.pop("rest", None)
    if not isinstance(name, str):
        raise Refused("bad-argument", 'A request names what to do: {"do":"ping"}.', tag=tag)
    if rest is not None and not isinstance(rest, str):
        raise Refused("bad-argument", "The rest of a command is a string.", tag=tag)
    return Request(name, rest, value, tag)


def _plain(event: object) -> dict[str, object]:
    if isinstance(event, Said):
        return {"event": "said", **_said(event)}
    kind = "refused" if isinstance(event, Refusal) else type(event).__name__.lower()
    return {"event": kind, **_fields(event)}


def _said(line: Said) -> dict[str, object]:
    value: dict[str, object] = {
        "room": line.room,
        "number": line.number,
        "time": timestamp(line.time),
        "from": line.sender,
        "text": line.text,
        "size": len(line.text.encode()),
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
    return value


def _fields(event: object) -> dict[str, object]:
    found: dict[str, object] = {}
    for field in fields(event):  # type: ignore[arg-type]
        value = getattr(event, field.name)
        if value is None or value is False or value == "" or value == field.default == ():
            continue
        found[_NAMES.get(field.name, field.name)] = _value(field.name, value)
    return found


_NAMES = {"sender": "from"}
_TIMES = ("time", "since", "until", "read_time")


def _value(name: str, value: object) -> object:
    if name in _TIMES and isinstance(value, float):
        return timestamp(value)
    if isinstance(value, Said):
        return _said(value)
    if isinstance(value, tuple):
        return [_value("", item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return _fields(value)
    if isinstance(value, Mapping):
        return dict(value)
    return value


def timestamp(time: float) -> str:
    """RFC 3339, UTC, with milliseconds."""
    moment = datetime.fromtimestamp(time, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


JSONL = JSONDialect()


def read_event(line: str) -> tuple[Event | None, str | None]:
    """The event in a line that `write` wrote, and its tag, for clients.

    An event of a later version that is not known here is None.  Raises ValueError for anything
    that is no event at all.
    """
    try:
        value = json.loads(line)
        tag = value.pop("tag", None)
        kind = _KINDS.get(value.pop("event"))
        if kind is Said:
            return _said_from(value, tag), tag
        return (None if kind is None else _from_plain(kind, value)), tag
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"that is no event: {error!r}") from None


_KINDS: dict[str, type] = {
    "refused" if kind is Refusal else kind.__name__.lower(): kind for kind in get_args(Event)
}


def _said_from(value: dict[str, Any], tag: str | None = None) -> Said:
    return Said(
        value["room"],
        value["number"],
        seconds(value["time"]),
        value["from"],
        value["text"],
        value.get("action", False),
        "",
        tag,
        value.get("account", ""),
        deleted=value.get("deleted", ""),
        notice=value.get("notice", False),
        signs=value.get("signs"),
    )


def _from_plain(kind: type, value: dict[str, Any]) -> Event:
    found: dict[str, Any] = {}
    for field in fields(kind):
        written = value.get(_NAMES.get(field.name, field.name))
        if written is not None:
            found[field.name] = _from_value(field.name, _hints(kind)[field.name], written)
        elif field.default is MISSING or field.type == "bool":
            found[field.name] = _nothing(field.type)
    return kind(**found)  # type: ignore[no-any-return]


def _nothing(type_: object) -> object:
    """What a field that was left out stands for, by its annotation."""
    text = str(type_)
    return None if "None" in text else False if text == "bool" else ""


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _from_value(name: str, hint: Any, value: Any) -> object:
    if name in _TIMES:
        return seconds(value)
    if isinstance(value, dict):
        kind = next((one for one in get_args(hint) if hasattr(one, "__dataclass_fields__")), None)
        return value if kind is None else _from_plain(kind, value)
    if not isinstance(value, list):
        return value
    inside = get_args(hint)[0]
    if inside is str:
        return tuple(value)
    if inside is Said:
        return tuple(_said_from(item) for item in value)
    return tuple(_from_plain(inside, item) for item in value)


def seconds(time: str) -> float:
    """The inverse of `timestamp`."""
    return datetime.strptime(time, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()
