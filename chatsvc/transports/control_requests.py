"""The requests of administrators, as lines: carried out on this node, or passed on by another."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from twisted.logger import Logger

from chatsvc.commands.control import Command
from chatsvc.model.control import Answer, Arguments
from chatsvc.model.requests import Refused
from chatsvc.store.archive import ArchiveFailed

_log = Logger()


async def answered(
    line: bytes, commands: Mapping[str, Command], report: Callable[[Answer], None]
) -> Answer:
    """Carry out a request and return the answer, also if it is refused or fails.

    `report` is called with each report of how far a long command is.
    """
    try:
        name, given = _parsed(line)
        command = commands.get(name)
        if command is None:
            known = ", ".join(sorted(commands))
            raise Refused("unknown", f"Unknown command {name}. Known commands: {known}.")
        return {"ok": True, **await command(Arguments(given, report))}
    except Refused as refused:
        return _no(refused.code, refused.text)
    except ArchiveFailed as failed:
        return _no("not-kept", str(failed))
    except Exception:
        _log.failure("A control command failed")
        return _no("failed", "Internal error. Details are in the server's log.")


def encoded(answer: Answer) -> bytes:
    """Return an answer as a line without its end."""
    return json.dumps(answer, ensure_ascii=False).encode(errors="replace")


def _no(code: str, text: str) -> Answer:
    return {"ok": False, "code": code, "text": text}


def _parsed(line: bytes) -> tuple[str, dict[str, object]]:
    """Return the command's name and arguments; refuse what is not a request."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or not isinstance(value.get("do"), str):
        raise Refused("not-json", 'Send one JSON object per line, such as {"do": "status"}.')
    return value["do"], value
