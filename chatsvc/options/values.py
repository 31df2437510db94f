"""Readers of option values: each returns what the service uses, or refuses in a sentence.

Each takes a label, with which the sentence begins: the option as the administrator has written it,
such as `--port` or `chatsvc.toml:3: port`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias, cast

from chatsvc.model.characters import clean
from chatsvc.model.rate_limits import Rate
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import LONGEST_WORDS, duration
from chatsvc.options.invalid import InvalidOption
from chatsvc.store.location import PASSWORD_SHOWN, Database, database, without_password
from chatsvc.transports.languages import CHATTING, NAMES, WEBSOCKET
from chatsvc.transports.websocket.access import is_host, place_of_origin

Reader: TypeAlias = Callable[[str, str], Any]  # of a label and a value

SHORTEST_TOKEN = 16  # characters
ON_COMMAND_LINE = "--archive"
_UNITS = {"M": 20, "G": 30, "T": 40}  # the exponents of 2
RESERVE = 64  # files that the process opens besides connections


def any_text(label: str, value: str) -> str:
    """Return the value as it is."""
    return value


def path(label: str, value: str) -> Path:
    """Return the path of a file or directory."""
    if not value:
        raise InvalidOption(f"{label} must be a path.")
    return Path(value)


def number(least: int, most: int) -> Reader:
    """Return a reader of whole numbers."""

    def read(label: str, value: str) -> int:
        if not _is_number(value, least, most):
            raise InvalidOption(f"{label} must be a number from {least} to {most}, not {value!r}.")
        return int(value)

    return read


def number_or_off(most: int) -> Reader:
    """Return a reader of whole numbers, which returns 0 for off."""

    def read(label: str, value: str) -> int:
        if value == "off":
            return 0
        if not _is_number(value, 1, most):
            raise InvalidOption(
                f"{label} must be a number from 1 to {most}, or off, not {value!r}."
            )
        return int(value)

    return read


def choice(*names: str) -> Reader:
    """Return a reader that accepts only these words."""

    def read(label: str, value: str) -> str:
        if value not in names:
            listed = f"{', '.join(names[:-1])} or {names[-1]}"
            raise InvalidOption(f"{label} must be {listed}, not {value!r}.")
        return value

    return read


def times(example: str) -> Reader:
    """Return a reader of how many times, and within how many seconds; 0 times for off."""

    def read(label: str, value: str) -> tuple[int, float]:
        if value == "off":
            return 0, 0.0
        count, _, seconds = value.partition("/")
        if not _is_number(count, 1, 1_000_000) or not _is_number(seconds, 1, 86_400):
            raise InvalidOption(
                f"{label} must be number/seconds, such as {example}, or off, not {value!r}."
            )
        return int(count), float(seconds)

    return read


def rate(what: str, example: str) -> Reader:
    """Return a reader of a burst and a rate per second; None for off."""

    def read(label: str, value: str) -> Rate | None:
        if value == "off":
            return None
        burst, _, pace = value.partition("/")
        decimal = re.fullmatch(r"[0-9]{1,7}([.][0-9]{1,3})?", pace)
        if _is_number(burst, 1, 1_000_000) and decimal and 0 < float(pace) <= 1_000_000:
            return Rate(int(burst), float(pace))
        raise InvalidOption(
            f"{label} must be a burst of {what} and a rate per second, such as {example}, or off,"
            f" not {value!r}."
        )

    return read


def _is_number(value: str, least: int, most: int) -> bool:
    decimal = value.isascii() and value.isdecimal() and len(value) < 20
    return decimal and least <= int(value) <= most


def languages(label: str, value: str) -> tuple[str, ...]:
    """Return the names of protocols, at least one of them for chatting."""
    wanted = tuple(dict.fromkeys(value.replace(" ", "").split(",")))
    if not set(wanted) <= set(NAMES) or not set(wanted) & set(CHATTING):
        raise InvalidOption(
            f"{label} lists some of {', '.join(NAMES)}, and at least one of"
            f" {', '.join(CHATTING)}, not {value!r}."
        )
    if WEBSOCKET in wanted and "http" not in wanted:
        raise InvalidOption(f"websocket in {label} requires http.")
    return wanted


def host(label: str, value: str) -> str:
    """Return the name of a host."""
    if not is_host(value):
        raise InvalidOption(f"{label} must be a name such as chat.example.org, not {value!r}.")
    return value


def origin(label: str, value: str) -> str:
    """Return the origin of a page (RFC 6454)."""
    if place_of_origin(value) is None:
        raise InvalidOption(
            f"{label} must be an origin such as https://www.example.org, not {value!r}."
        )
    return value


def endpoint(label: str, value: str) -> str:
    """Return the description of a Twisted endpoint."""
    kind, _, rest = value.partition(":")
    port = rest.removeprefix("port=").partition(":")[0]
    if kind in ("tcp", "tcp6", "ssl") and port.isdecimal():
        number(0, 65535)(f"{label} {value}: the port", port)
    # Imported here: other commands read the options too, and need no network.
    from twisted.internet import reactor
    from twisted.internet.endpoints import serverFromString

    try:
        serverFromString(cast(Any, reactor), value)
    except Exception as error:
        # Each kind of endpoint raises different errors for invalid values.
        reason = "unknown endpoint type" if isinstance(error, LookupError) else error
        raise InvalidOption(f"{label} {value} is not a valid endpoint: {reason}.") from None
    return value


def max_clients(label: str, value: str) -> int:
    """Return a number of connections, if the process may open so many files."""
    wanted = int(number(1, 1_000_000)(label, value))
    most = most_clients()
    if wanted > most:
        raise InvalidOption(
            f"{label} {wanted} is over the limit of {most} for this"
            " process. Raise the limit of open files first (ulimit -Hn)."
        )
    return wanted


def most_clients() -> int:
    """Return how many connections the process's limit of files allows, after raising it."""
    import resource  # Windows, where `chatsvc account` works, has no such limits

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return max(1, min(hard if hard > 0 else 1_000_000, 1_000_000) - RESERVE)


def address(label: str, value: str) -> str:
    """Return an IP address to listen on; "" for all."""
    value = value.strip("[]")
    if not value or value == "localhost":
        return "127.0.0.1" if value else ""
    try:
        ipaddress.ip_address(value.partition("%")[0])
    except ValueError:
        raise InvalidOption(
            f"{label} must be an IP address of this machine, such as 127.0.0.1, not {value!r}."
        ) from None
    return value


def node(label: str, value: str) -> str:
    """Return the name of a node."""
    if not is_host(value):
        raise InvalidOption(f"{label} must be a name such as node1, not {value!r}.")
    return value


def node_address(label: str, value: str) -> tuple[str, int]:
    """Return a host, or "" for the one by which this machine reaches the database, and a port."""
    host, colon, port = value.rpartition(":")
    bare = host.strip("[]")
    if not colon or not port.isdecimal() or int(port) > 65535 or (bare and not _is_place(bare)):
        raise InvalidOption(f"{label} must be HOST:PORT, such as 10.0.0.1:13532, not {value!r}.")
    return bare, int(port)


def _is_place(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return is_host(host)
    return True


def archive(label: str, value: str) -> Path | Database | None:
    """Return the archive's path, or its database, or None for one in memory."""
    if (found := database(value)) is not None:
        if found.has_password and label == ON_COMMAND_LINE:
            said = PASSWORD_SHOWN.format(label=label)
            raise InvalidOption(f"{said} Or write the address as archive in the file for --config.")
        return found
    kind, colon, rest = value.partition(":")
    if kind == "memory" and not rest and colon:
        return None
    if kind == "sqlite" and rest:
        return Path(rest)
    raise InvalidOption(
        f"{label} must be sqlite:PATH, postgresql://USER@HOST/DATABASE, service=NAME or memory:,"
        f" not {without_password(value)!r}."
    )


def title(label: str, value: str) -> str:
    """Return the name of the chat."""
    if not value.strip() or len(value) > LONGEST_WORDS:
        raise InvalidOption(f"{label} must be the name of the chat, such as 'Class 4b'.")
    return value


def description(label: str, value: str) -> str:
    """Return what the server is, in a few words."""
    if not value.strip() or len(value) > LONGEST_WORDS:
        raise InvalidOption(f"{label} must have from 1 to {LONGEST_WORDS} characters.")
    return value


def content(label: str, value: str) -> str:
    """Return the text in a file."""
    try:
        return Path(value).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "invalid UTF-8"
        raise InvalidOption(f"{label}: cannot read {value}: {reason}.") from None


def password(label: str, value: str) -> str:
    """Return a password."""
    if not clean(value).strip():
        raise InvalidOption(f"{label}: the password is empty.")
    return clean(value).strip()


def password_in_file(label: str, value: str) -> str:
    """Return the password in the first line of a file."""
    return password(label, (content(label, value).splitlines() or [""])[0])


def token_in_file(label: str, value: str) -> str:
    """Return the first line of a file, as long as a secret that is not guessed."""
    token = (content(label, value).splitlines() or [""])[0].strip()
    if len(token) < SHORTEST_TOKEN or not token.isascii():
        raise InvalidOption(
            f"{label}: the first line of {value} must be a secret of at least {SHORTEST_TOKEN}"
            " ASCII characters. To make one: head -c 24 /dev/urandom | base64"
        )
    return token


def lasting(label: str, value: str) -> float:
    """Return a duration in seconds, or 0 for off."""
    try:
        seconds = 0.0 if value == "off" else duration(value)
    except Refused:
        seconds = -1.0
    if seconds < 0 or (not seconds and value != "off"):
        raise InvalidOption(f"{label} must be a time such as 90d, or off, not {value!r}.")
    return seconds


def size(label: str, value: str) -> int:
    """Return a size in bytes, or 0 for off."""
    if value == "off":
        return 0
    count, unit = value[:-1], value[-1:].upper()
    if unit not in _UNITS or not _is_number(count, 1, 1_000_000):
        raise InvalidOption(f"{label} must be a size such as 500M or 5G, or off, not {value!r}.")
    return int(count) << _UNITS[unit]
