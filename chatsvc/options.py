"""The options of `twistd chat`: their names, and the values that they accept."""

from __future__ import annotations

import ipaddress
import re
import resource
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from twisted.internet import reactor as installed_reactor
from twisted.internet.endpoints import quoteStringArgument, serverFromString
from twisted.python.usage import Options as BaseOptions
from twisted.python.usage import UsageError

from chatsvc import __version__
from chatsvc.model.characters import clean
from chatsvc.model.rate_limits import Limits, Rate
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import LONGEST_WORDS, duration
from chatsvc.process import remove_stale_pid_file
from chatsvc.services.settings import STSPolicy
from chatsvc.transports.certificate import Files
from chatsvc.transports.detection import CHATTING, NAMES
from chatsvc.transports.websocket.access import WebAccess, is_host, place_of_origin
from chatsvc.transports.websocket.opening import NAME as WEBSOCKET

PORT = 13531
SHORTEST_TOKEN = 16  # characters
RESERVE = 64  # files that the process opens besides connections

_reactor = cast(Any, installed_reactor)


class Options(BaseOptions):
    """The options on the command line."""

    synopsis = "[options]"
    longdesc = (
        "Start a chat server. Users join with telnet, netcat, an IRC client or"
        " `chatsvc join`. Messages are stored in chat.db in the working directory."
    )
    optFlags = [
        ["show-messages", None, "Write room messages to the log."],
        ["stop-when-empty", None, "Stop when the last user leaves."],
        ["leave-on-empty-line", None, "Let an empty line end the connection."],
        ["require-tls", None, "Require TLS except for local connections."],
        ["email-required", None, "Require an e-mail address to register a name."],
        ["early-registration", None, "Let IRC clients register a name before they join."],
    ]
    optParameters = [
        ["port", "p", str(PORT), "Port to listen on."],
        ["tls-port", None, None, "Additional port for TLS only, such as 6697."],
        ["interface", "i", None, "Address to listen on.  [default: all, IPv4 and IPv6]"],
        ["archive", "a", "sqlite:chat.db", "Where to store messages: sqlite:PATH or memory:"],
        ["keep", None, "off", "Delete messages in rooms after this time, such as 365d."],
        ["keep-private", None, "off", "Delete private messages after this time, such as 90d."],
        ["max-archive", None, "off", "Delete the oldest messages beyond this size, such as 5G."],
        ["cert", None, None, "TLS certificate chain, PEM.  [default: self-signed]"],
        ["key", None, None, "Private key for --cert, PEM."],
        ["sts", None, None, "Time for which IRC clients use only TLS, such as 30d, or off."],
        ["speaks", None, ",".join(NAMES), "Protocols to accept on every port."],
        ["name", None, "chatsvc", "Name of the chat, shown in the greeting."],
        ["motd", None, None, "File with a message shown to everybody who joins."],
        ["password", None, None, "Password that every user must enter."],
        ["password-file", None, None, "File with that password in its first line."],
        ["metrics-token", None, None, "File with the token for /metrics from other machines."],
        ["accounts", None, "open", "Who can register: open, invite (with a code) or closed."],
        [
            "max-clients",
            None,
            None,
            "Maximum number of connections.  [default: what the system allows]",
        ],
        ["show-history", None, "20", "Number of earlier messages shown on joining a room."],
        [
            "slow-reader-limit",
            None,
            "300",
            "Seconds before a connection that does not read is closed.",
        ],
        ["flood", None, "8/2", "Lines per connection: burst/per second, or off"],
        [
            "work",
            None,
            "100/5",
            "Work per connection in milliseconds: burst/per second, or off",
        ],
        ["per-address", None, "16", "Open connections per address, or off"],
        ["arrivals", None, "32/600", "New connections per address: number/seconds, or off"],
        ["name-within", None, "60", "Seconds to enter a name, or off"],
        ["login-attempts", None, "5/300", "Wrong passwords per address: number/seconds, or off"],
        ["new-rooms", None, "60/3600", "New rooms per address: number/seconds, or off"],
        ["registrations", None, "10/3600", "Registrations per address: number/seconds, or off"],
    ]

    def __init__(self) -> None:
        super().__init__()
        self["listen"] = []
        self["web-host"] = []
        self["web-origin"] = []

    def opt_listen(self, endpoint: str) -> None:
        """Listen on a Twisted endpoint, such as unix:chat.sock or tcp:7000; may be repeated.
        Without it: --port on --interface."""
        self["listen"].append(endpoint)

    opt_l = opt_listen

    def opt_web_host(self, names: str) -> None:
        """Other name by which browsers reach this server; may be repeated."""
        self["web-host"] += _several(names)

    def opt_web_origin(self, origins: str) -> None:
        """Other page that can connect, as https://HOST[:PORT]; may be repeated."""
        self["web-origin"] += _several(origins)

    def parseArgs(self, *words: str) -> None:
        if words:
            raise UsageError(f"{' '.join(words)} is not an option: options begin with --.")

    def opt_version(self) -> None:
        """Print the version and exit."""
        print(f"chatsvc {__version__}")
        raise SystemExit(0)

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        try:
            super().parseOptions(options)
        except UsageError as error:
            if self.parent is None:
                raise
            # twistd would print two screens of its own options before the message.
            raise SystemExit(f"twistd chat: {error}\nTry: twistd chat --help") from None

    def postOptions(self) -> None:
        if isinstance(self.parent, BaseOptions):
            remove_stale_pid_file(self.parent.get("pidfile"))
        self["port"] = _number("--port", self["port"], 0, 65535)
        self["show-history"] = _number("--show-history", self["show-history"], 0, 10_000)
        self["slow-reader-limit"] = _number(
            "--slow-reader-limit", self["slow-reader-limit"], 1, 86_400
        )
        self["limits"] = self._limits()
        self["max-clients"] = _max_clients(self["max-clients"])
        if self["accounts"] not in ("open", "invite", "closed"):
            raise UsageError(
                f"--accounts must be open, invite or closed, not {self['accounts']!r}."
            )
        self["interface"] = _address(self["interface"] or "")
        self["archive"] = _archive_place(self["archive"])
        self["keep"] = _lasting("--keep", self["keep"])
        self["keep-private"] = _lasting("--keep-private", self["keep-private"])
        self["max-archive"] = _bytes("--max-archive", self["max-archive"])
        self["motd"] = _read("--motd", self["motd"]) if self["motd"] else ""
        self["password"] = _password(self["password"], self["password-file"])
        self["metrics-token"] = _token(self["metrics-token"])
        if not self["name"].strip() or len(self["name"]) > LONGEST_WORDS:
            raise UsageError("--name must be the name of the chat, such as --name 'Class 4b'.")
        self["speaks"] = _languages(self["speaks"])
        self["web"] = _web_access(self["web-host"], self["web-origin"])
        self["certificate"] = self._certificate()
        self["endpoints"] = _endpoints(self["listen"], self["port"], self["interface"])
        self["tls-endpoint"] = self._tls_endpoint()
        self["sts"] = self._sts()

    def _limits(self) -> Limits:
        arrivals, arrivals_within = _times("--arrivals", self["arrivals"], "32/600")
        attempts, attempts_within = _times("--login-attempts", self["login-attempts"], "5/300")
        registrations, registrations_within = _times(
            "--registrations", self["registrations"], "10/3600"
        )
        rooms, rooms_within = _times("--new-rooms", self["new-rooms"], "60/3600")
        return Limits(
            flood=_rate("--flood", self["flood"], "lines", "8/2"),
            work=_rate("--work", self["work"], "milliseconds of work", "100/5"),
            per_address=_number_or_off("--per-address", self["per-address"], 1_000_000),
            arrivals=arrivals,
            arrivals_within=arrivals_within,
            name_within=_number_or_off("--name-within", self["name-within"], 86_400),
            attempts=attempts,
            attempts_within=attempts_within,
            registrations=registrations,
            registrations_within=registrations_within,
            rooms=rooms,
            rooms_within=rooms_within,
        )

    def _tls_endpoint(self) -> str | None:
        if self["tls-port"] is None:
            return None
        return _tcp(_number("--tls-port", self["tls-port"], 0, 65535), self["interface"])

    def _sts(self) -> STSPolicy | None:
        """Return the policy of IRCv3 "sts"; its port may be the one for everything."""
        if self["sts"] is None:
            return None
        if not self["cert"]:
            raise UsageError("--sts requires --cert: clients refuse a self-signed certificate.")
        port = int(self["tls-port"] or self["port"])
        if not port or (self["listen"] and not self["tls-port"]):
            raise UsageError("--sts requires --tls-port with the number of a port.")
        try:
            return STSPolicy(int(duration(self["sts"])), port)
        except Refused:
            raise UsageError(
                f"--sts must be a duration such as 30d, or off, not {self['sts']!r}."
            ) from None

    def _certificate(self) -> Files | None:
        certificate, key = self["cert"], self["key"]
        given = [name for name in ("cert", "key", "require-tls", "tls-port") if self[name]]
        if given and "tls" not in self["speaks"]:
            raise UsageError(f"--{given[0]} requires tls in --speaks.")
        if bool(certificate) != bool(key):
            raise UsageError("Give both --cert and --key, or neither.")
        return Files(Path(certificate), Path(key)) if certificate else None


def _languages(value: str) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(value.replace(" ", "").split(",")))
    if not set(wanted) <= set(NAMES) or not set(wanted) & set(CHATTING):
        raise UsageError(
            f"--speaks lists some of {', '.join(NAMES)}, and at least one of"
            f" {', '.join(CHATTING)}, not {value!r}."
        )
    if WEBSOCKET in wanted and "http" not in wanted:
        raise UsageError("websocket in --speaks requires http.")
    return wanted


def _several(value: str) -> list[str]:
    return [word for word in value.replace(" ", "").split(",") if word]


def _web_access(hosts: Sequence[str], origins: Sequence[str]) -> WebAccess:
    for host in hosts:
        if not is_host(host):
            raise UsageError(f"--web-host must be a name such as chat.example.org, not {host!r}.")
    for origin in origins:
        if place_of_origin(origin) is None:
            raise UsageError(
                f"--web-origin must be an origin such as https://www.example.org, not {origin!r}."
            )
    return WebAccess(hosts, origins)


def _number(option: str, value: str, least: int, most: int) -> int:
    if not _is_number(value, least, most):
        raise UsageError(f"{option} must be a number from {least} to {most}, not {value!r}.")
    return int(value)


def _is_number(value: str, least: int, most: int) -> bool:
    decimal = value.isascii() and value.isdecimal() and len(value) < 20
    return decimal and least <= int(value) <= most


def _number_or_off(option: str, value: str, most: int) -> int:
    """Return the number, or 0 for off."""
    if value == "off":
        return 0
    if not _is_number(value, 1, most):
        raise UsageError(f"{option} must be a number from 1 to {most}, or off, not {value!r}.")
    return int(value)


def _times(option: str, value: str, example: str) -> tuple[int, float]:
    """Return how many times, and within how many seconds; 0 times for off."""
    if value == "off":
        return 0, 0.0
    count, _, seconds = value.partition("/")
    if not _is_number(count, 1, 1_000_000) or not _is_number(seconds, 1, 86_400):
        raise UsageError(
            f"{option} must be number/seconds, such as {example}, or off, not {value!r}."
        )
    return int(count), float(seconds)


def _rate(option: str, value: str, what: str, example: str) -> Rate | None:
    if value == "off":
        return None
    burst, _, pace = value.partition("/")
    decimal = re.fullmatch(r"[0-9]{1,7}([.][0-9]{1,3})?", pace)
    if _is_number(burst, 1, 1_000_000) and decimal and 0 < float(pace) <= 1_000_000:
        return Rate(int(burst), float(pace))
    raise UsageError(
        f"{option} must be a burst of {what} and a rate per second, such as {example}, or off,"
        f" not {value!r}."
    )


def _lasting(option: str, value: str) -> float:
    """Return a duration in seconds, or 0 for off."""
    try:
        seconds = 0.0 if value == "off" else duration(value)
    except Refused:
        seconds = -1.0
    if seconds < 0 or (not seconds and value != "off"):
        raise UsageError(f"{option} must be a time such as 90d, or off, not {value!r}.")
    return seconds


def _bytes(option: str, value: str) -> int:
    """Return a size in bytes, or 0 for off."""
    if value == "off":
        return 0
    number, unit = value[:-1], value[-1:].upper()
    if unit not in _UNITS or not _is_number(number, 1, 1_000_000):
        raise UsageError(f"{option} must be a size such as 500M or 5G, or off, not {value!r}.")
    return int(number) << _UNITS[unit]


_UNITS = {"M": 20, "G": 30, "T": 40}  # the exponents of 2


def _max_clients(value: str | None) -> int:
    """Return the requested number of connections, or what the process's limit of files allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    most = max(1, min(hard if hard > 0 else 1_000_000, 1_000_000) - RESERVE)
    if value is None:
        return most
    wanted = _number("--max-clients", value, 1, 1_000_000)
    if wanted > most:
        raise UsageError(
            f"--max-clients {wanted} is over the limit of {most} for this"
            " process. Raise the limit of open files first (ulimit -Hn)."
        )
    return wanted


def _address(value: str) -> str:
    value = value.strip("[]")
    if not value or value == "localhost":
        return "127.0.0.1" if value else ""
    try:
        ipaddress.ip_address(value.partition("%")[0])
    except ValueError:
        raise UsageError(
            f"--interface must be an IP address of this machine, such as 127.0.0.1, not {value!r}."
        ) from None
    return value


def _archive_place(value: str) -> Path | None:
    """Return the path of the archive, or None for one in memory."""
    kind, colon, path = value.partition(":")
    if kind == "memory" and not path and colon:
        return None
    if kind == "sqlite" and path:
        return Path(path)
    raise UsageError(f"--archive must be sqlite:PATH or memory:, not {value!r}.")


def _read(option: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "invalid UTF-8"
        raise UsageError(f"Cannot read {option} {path}: {reason}.") from None


def _password(password: str | None, path: str | None) -> str | None:
    if password is not None and path is not None:
        raise UsageError("Give either --password or --password-file, not both.")
    if path is not None:
        password = (_read("--password-file", path).splitlines() or [""])[0]
    if password is None:
        return None
    if not clean(password).strip():
        raise UsageError("The password is empty.")
    return clean(password).strip()


def _token(path: str | None) -> str | None:
    """Return the first line of a file, as long as a secret that is not guessed."""
    if path is None:
        return None
    token = (_read("--metrics-token", path).splitlines() or [""])[0].strip()
    if len(token) < SHORTEST_TOKEN or not token.isascii():
        raise UsageError(
            f"The first line of --metrics-token {path} must be a secret of at least"
            f" {SHORTEST_TOKEN} ASCII characters. To make one: head -c 24 /dev/urandom | base64"
        )
    return token


def _endpoints(listen: Sequence[str], port: int, interface: str) -> list[str]:
    for endpoint in listen:
        kind, _, rest = endpoint.partition(":")
        number = rest.removeprefix("port=").partition(":")[0]
        if kind in ("tcp", "tcp6", "ssl") and number.isdecimal():
            _number(f"--listen {endpoint}: the port", number, 0, 65535)
        try:
            serverFromString(_reactor, endpoint)
        except Exception as error:
            # Each kind of endpoint raises different errors for invalid values.
            reason = "unknown endpoint type" if isinstance(error, LookupError) else error
            raise UsageError(f"--listen {endpoint} is not a valid endpoint: {reason}.") from None
    return list(listen) or [_tcp(port, interface)]


def _tcp(port: int, interface: str) -> str:
    if not interface and socket.has_dualstack_ipv6():
        interface = "::"
    kind = "tcp6" if ":" in interface else "tcp"
    return f"{kind}:{port}:interface={quoteStringArgument(interface)}:backlog=1024"
