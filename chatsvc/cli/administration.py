"""`chatsvc status`, `who`, `kick` …: manages the service that runs on this machine."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

from chatsvc.cli import service_options
from chatsvc.cli.control_client import Service
from chatsvc.cli.exit_code import exit_code
from chatsvc.cli.server_commands import SUMMARIES
from chatsvc.cli.service_files import ServiceFiles
from chatsvc.cli.service_options import add_service
from chatsvc.cli.status_table import summary
from chatsvc.model.control import Answer
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import counted, span

Job: TypeAlias = Callable[[Service, argparse.Namespace], int | None]


def main(arguments: Sequence[str]) -> int:
    """Run one of the commands; return the exit code."""
    options = make_parser(arguments[0]).parse_intermixed_args(arguments[1:])
    return exit_code(lambda: _run(options))


def _run(options: argparse.Namespace) -> int | None:
    job: Job = options.job
    with Service(ServiceFiles(options)) as service:
        return job(service, options)


def make_parser(name: str) -> argparse.ArgumentParser:
    """Return the parser of one of the commands."""
    parser = argparse.ArgumentParser(prog=f"chatsvc {name}", description=SUMMARIES[name])
    _ADDED[name](parser)
    add_service(parser)
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    parser.set_defaults(job=_JOBS.get(name, _job(name)))
    return parser


def _nothing(parser: argparse.ArgumentParser) -> None:
    """Add no arguments."""


def _add_reason(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("reason", nargs="*", default=[], help="what the user and /audit are told")
    parser.add_argument("--room", help="only from this room  [the whole server]")


def _add_kick(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name")
    _add_reason(parser)


def _add_ban(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "who", help="name, or account=NAME, ip=ADDRESS[/BITS] or name=PATTERN; see /help ban"
    )
    _add_reason(parser)
    parser.add_argument("--for", metavar="DURATION", help="such as 30m or 2d  [permanently]")


def _add_unban(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("who", help="as it was banned")
    parser.add_argument("--room", help="the ban of this room  [of the whole server]")


def _add_room(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("list", "remove", "rename"))
    parser.add_argument("room", nargs="?", help="the room to remove or rename")
    parser.add_argument("name", nargs="?", help="its new name")
    parser.add_argument("reason", nargs="*", default=[], help="what its users and /audit are told")
    parser.add_argument("--yes", action="store_true", help="remove the room without a question")


def _add_announce(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", nargs="+")


def _add_lockdown(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("switch", nargs="?", choices=("on", "off"), help="[show which it is]")


def _add_log_level(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "level", nargs="?", help="debug, info, warn, error or critical  [show which it is]"
    )


_ADDED: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    "status": _nothing,
    "who": _nothing,
    "kick": _add_kick,
    "ban": _add_ban,
    "unban": _add_unban,
    "room": _add_room,
    "announce": _add_announce,
    "lockdown": _add_lockdown,
    "reload": _nothing,
    "stop": _nothing,
    "log-level": _add_log_level,
}


# The jobs


def _job(name: str) -> Job:
    """Return a job that sends the command with its arguments and prints the answer's text."""

    def job(service: Service, options: argparse.Namespace) -> None:
        _show(service.ask(name, **_arguments(options)), options, lambda answer: answer["text"])

    return job


def _arguments(options: argparse.Namespace) -> dict[str, Any]:
    """Return what was given, as the service reads it."""
    given = {
        name: value
        for name, value in vars(options).items()
        if value not in (None, []) and name not in (*service_options.NAMES, "json", "job")
    }
    if "switch" in given:
        given["on"] = given.pop("switch") == "on"
    return {
        name: " ".join(value) if isinstance(value, list) else value for name, value in given.items()
    }


def _show(answer: Answer, options: argparse.Namespace, written: Callable[[Answer], str]) -> None:
    """Print an answer for people, or with --json for programs."""
    print(json.dumps(answer, ensure_ascii=False) if options.json else written(answer), flush=True)


def _stop(service: Service, options: argparse.Namespace) -> None:
    _show(service.ask("stop"), options, lambda answer: answer["text"])
    service.wait_for_end()


def _reload(service: Service, options: argparse.Namespace) -> int:
    answer = service.ask("reload")
    _show(answer, options, lambda answer: answer["text"])
    return 1 if answer["problems"] else 0


def _status(service: Service, options: argparse.Namespace) -> int:
    answer = service.ask("status")
    _show(answer, options, summary)
    return 1 if "without_leader" in answer else 0


def _who(service: Service, options: argparse.Namespace) -> None:
    _show(service.ask("who"), options, lambda answer: _listed(answer["people"]))


def _listed(people: list[Answer]) -> str:
    """Return a table of the people online."""
    return "\n".join([*map(_row, people), f"{counted(len(people), 'user')} online."])


def _row(person: Answer) -> str:
    account = person["account"] or "guest"
    called = "operator" if person["operator"] else "" if account == person["name"] else account
    places = sorted({_place(each) for each in person["connections"]})
    idle = f"idle {span(person['idle'])}" if person["idle"] >= 60 else "active"
    rooms = " ".join(person["rooms"])
    return f"{person['name']:20} {called:12} {idle:12} {', '.join(places):20} {rooms}".rstrip()


def _place(connection: Answer) -> str:
    place = connection["address"] or "local"
    return f"{place} at {connection['node']}" if "node" in connection else place


def _room(service: Service, options: argparse.Namespace) -> None:
    if options.action == "list":
        if options.room is not None:
            raise Refused("usage", "This lists all rooms. Leave out the name: chatsvc room list")
        _show(service.ask("rooms"), options, lambda answer: _rooms(answer["rooms"]))
        return
    answer = (_rename_room if options.action == "rename" else _remove_room)(service, options)
    _show(answer, options, lambda answer: answer["text"])


def _remove_room(service: Service, options: argparse.Namespace) -> Answer:
    if options.room is None or options.name is not None:
        raise Refused("usage", "Name the room: chatsvc room remove NAME")
    if not options.yes:
        _confirm(options.room)
    return service.ask("remove-room", room=options.room)


def _rename_room(service: Service, options: argparse.Namespace) -> Answer:
    if options.name is None:
        raise Refused("usage", "Name the room twice: chatsvc room rename NAME NEW-NAME [reason]")
    reason = " ".join(options.reason)
    return service.ask("rename-room", room=options.room, name=options.name, reason=reason)


def _confirm(room: str) -> None:
    if not sys.stdin.isatty():
        raise Refused("usage", "A removed room cannot be restored. To remove it anyway: --yes")
    answer = input(f"Remove {room} with all its messages? Type yes: ")
    if answer.strip().lower() != "yes":
        raise Refused("usage", "Nothing removed.")


def _rooms(rooms: list[Answer]) -> str:
    """Return a table of the rooms."""
    return "\n".join([*map(_room_row, rooms), f"{counted(len(rooms), 'room')}."])


def _room_row(room: Answer) -> str:
    last = datetime.fromtimestamp(room["time"], UTC) if room["time"] else None
    said = f"last message {last:%Y-%m-%d}" if last else "no messages"
    numbers = f"{counted(room['people'], 'user'):9} {room['last']:>9,}"
    founder = f"founder: {room['founder']}" if room["founder"] else ""
    return f"{room['name']:24} {numbers}  {said:24} {founder}".rstrip()


_JOBS: dict[str, Job] = {
    "status": _status,
    "who": _who,
    "room": _room,
    "reload": _reload,
    "stop": _stop,
}
