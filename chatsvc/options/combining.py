"""From the values of single options to what the service uses."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from chatsvc.model.rate_limits import Limits
from chatsvc.model.requests import Refused
from chatsvc.model.sts import STSPolicy
from chatsvc.model.text_rules import duration
from chatsvc.options.invalid import InvalidOption
from chatsvc.options.sources import Failed, Given, refuse
from chatsvc.options.table import TABLE, Option
from chatsvc.options.values import most_clients
from chatsvc.store.location import NAME, Database
from chatsvc.transports.websocket.access import WebAccess

Values = dict[str, Any]


def combine(given: Mapping[str, Given], failed: Failed = refuse) -> Values:
    """Return all values by name, defaults included, and those that are made of several."""
    values: Values = {}
    for option in TABLE.values():
        try:
            values[option.name] = _value(option, given.get(option.name))
        except InvalidOption as error:
            failed(error)
            values[option.name] = _value(option, None)
    _add_combined(values, failed)
    return values


def places(given: Mapping[str, Given]) -> tuple[Path | None, Path | Database | None]:
    """Return only the data directory, if it is set, and the archive, unless it is in memory."""
    values = {name: _value(TABLE[name], given.get(name)) for name in ("data", "archive")}
    data = _data(values)
    return data, _archive({**values, "data": data})


def value(name: str, given: Mapping[str, Given]) -> Any:
    """Return only the value of one option, or its default."""
    return _value(TABLE[name], given.get(name))


def _add_combined(values: Values, failed: Failed) -> None:
    for name, make in _COMBINED.items():
        try:
            values[name] = make(values)
        except InvalidOption as error:
            failed(error)
            values[name] = None


def _value(option: Option, given: Given | None) -> Any:
    if option.flag:
        return given is not None and bool(given.value)
    if option.repeats:
        words = [] if given is None else _several(option, given.value)
        return [option.read(given.label, word) for word in words] if given else []
    if given is not None:
        return option.read(given.label, given.value)
    return None if option.default is None else option.read(f"--{option.name}", option.default)


def _several(option: Option, values: list[str]) -> list[str]:
    if not option.commas:
        return values
    return [word for value in values for word in value.replace(" ", "").split(",") if word]


def _limits(values: Values) -> Limits:
    arrivals, arrivals_within = values["arrivals"]
    attempts, attempts_within = values["login-attempts"]
    registrations, registrations_within = values["registrations"]
    rooms, rooms_within = values["new-rooms"]
    return Limits(
        flood=values["flood"],
        work=values["work"],
        per_address=values["per-address"],
        arrivals=arrivals,
        arrivals_within=arrivals_within,
        name_within=values["name-within"],
        attempts=attempts,
        attempts_within=attempts_within,
        registrations=registrations,
        registrations_within=registrations_within,
        rooms=rooms,
        rooms_within=rooms_within,
        lan=values["lan"],
    )


def _certificate(values: Values) -> tuple[Path, Path] | None:
    """Return the paths of the certificate and its key."""
    certificate, key = values["cert"], values["key"]
    needs_tls = [name for name in ("cert", "key", "require-tls", "tls-port") if values[name]]
    if needs_tls and "tls" not in values["speaks"]:
        raise InvalidOption(f"--{needs_tls[0]} requires tls in --speaks.")
    if bool(certificate) != bool(key):
        raise InvalidOption("Give both --cert and --key, or neither.")
    return (certificate, key) if certificate else None


def _sts(values: Values) -> STSPolicy | None:
    """Return the policy of IRCv3 "sts"; its port may be the one for everything."""
    if values["sts"] is None:
        return None
    if not values["cert"]:
        raise InvalidOption("--sts requires --cert: clients refuse a self-signed certificate.")
    port = int(values["tls-port"] or values["port"])
    if not port or (values["listen"] and not values["tls-port"]):
        raise InvalidOption("--sts requires --tls-port with the number of a port.")
    return STSPolicy(_seconds(values["sts"]), port)


def _seconds(value: str) -> int:
    try:
        return int(duration(value))
    except Refused:
        raise InvalidOption(
            f"--sts must be a duration such as 30d, or off, not {value!r}."
        ) from None


def _password(values: Values) -> str | None:
    password: str | None = values["password"]
    in_file: str | None = values["password-file"]
    if password is not None and in_file is not None:
        raise InvalidOption("Give either --password or --password-file, not both.")
    return password if in_file is None else in_file


def _data(values: Values) -> Path | None:
    """Return the data directory, which later changes of the working directory do not move."""
    data: Path | None = values["data"]
    return None if data is None else data.expanduser().absolute()


def _archive(values: Values) -> Path | Database | None:
    """Return the archive; its path starts in the data directory if it is relative."""
    archive: Path | Database | None = values["archive"]
    data: Path | None = values["data"]
    return data / archive if data is not None and isinstance(archive, Path) else archive


def _beside(values: Values) -> Path | None:
    """Return how the paths of the files that belong to the archive begin; None: it has none."""
    archive: Path | Database | None = values["archive"]
    return None if archive is None else beside(values["data"], archive)


def beside(data: Path | None, archive: Path | Database) -> Path:
    """Return how the paths of the files that belong to an archive begin."""
    return (data or Path()) / NAME if isinstance(archive, Database) else archive


def _of_node(name: str, values: Values) -> Any:
    if values[name] is not None and not isinstance(values["archive"], Database):
        raise InvalidOption(
            f"--{name} requires --archive postgresql://…: several nodes share a database."
        )
    return values[name]


def _log_file(values: Values) -> Path | None:
    file: Path | None = values["log-file"]
    return None if file is None else ((values["data"] or Path()) / file).absolute()


def _endpoints(values: Values) -> list[str]:
    listen: list[str] = values["listen"]
    return listen or [_tcp(values["port"], values["interface"] or "")]


def _tls_endpoint(values: Values) -> str | None:
    port = values["tls-port"]
    return None if port is None else _tcp(port, values["interface"] or "")


def _tcp(port: int, interface: str) -> str:
    if not interface and socket.has_dualstack_ipv6():
        interface = "::"
    kind = "tcp6" if ":" in interface else "tcp"
    escaped = interface.replace(":", r"\:")
    return f"{kind}:{port}:interface={escaped}:backlog=1024"


_COMBINED: dict[str, Callable[[Values], Any]] = {  # in this order
    "limits": _limits,
    "max-clients": lambda values: values["max-clients"] or most_clients(),
    "motd": lambda values: values["motd"] or "",
    "password": _password,
    "web": lambda values: WebAccess(values["web-host"], values["web-origin"]),
    "sts": _sts,
    "certificate": _certificate,
    "data": _data,
    "archive": _archive,
    "node": lambda values: _of_node("node", values) or socket.gethostname(),
    "node-address": lambda values: _of_node("node-address", values) or ("", 0),
    "beside": _beside,
    "log-file": _log_file,
    "endpoints": _endpoints,
    "tls-endpoint": _tls_endpoint,
}
