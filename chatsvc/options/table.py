"""The table of options, from which the command line, the file and the variables are read."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chatsvc.auth.passwords import LONGEST_PASSWORD, SHORTEST_PASSWORD
from chatsvc.options import values
from chatsvc.options.values import Reader
from chatsvc.process.log_levels import LEVELS
from chatsvc.transports.languages import NAMES

PORT = 13531


@dataclass(frozen=True, slots=True)
class Option:
    """An option, under the same name on the command line, in the file and as a variable."""

    name: str
    about: str
    default: str | None = None
    read: Reader = values.any_text
    short: str | None = None  # its letter
    flag: bool = False  # it is on or off
    repeats: bool = False  # several values; the command line may give it repeatedly
    commas: bool = False  # several values can be listed with commas
    is_path: bool = False  # in the file, a relative path starts in the file's directory
    early: bool = False  # its file is read before `twistd` changes the working directory
    live: bool = False  # it can change while the service runs
    example: str = ""  # a value, where there is no default

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"CHATSVC_{self.name.upper().replace('-', '_')}"


def _flag(name: str, about: str) -> Option:
    return Option(name, about, flag=True)


def _live(*options: Option) -> tuple[Option, ...]:
    return tuple(replace(option, live=True) for option in options)


SECTIONS: dict[str, tuple[Option, ...]] = {
    "The chat": _live(
        Option(
            "name", "Name of the chat, shown in the greeting.", "chatsvc", values.title
        ),
        Option(
            "description", "What the server is, shown to IRC clients.  [default: --name]", None,
            values.description, example="The chat of class 4b",
        ),
        Option(
            "motd", "File with a message shown to everybody who joins.", None, values.content,
            is_path=True, early=True, example="motd.txt",
        ),
        Option(
            "password", "Password that every user must enter.", None, values.password,
            example="sesame",
        ),
        Option(
            "password-file", "File with that password in its first line.", None,
            values.password_in_file, is_path=True, early=True, example="password.txt",
        ),
        Option(
            "accounts", "Who can register: open, invite (with a code) or closed.", "open",
            values.choice("open", "invite", "closed"),
        ),
        Option(
            "min-password", "Minimum number of characters of an account's password.",
            str(SHORTEST_PASSWORD), values.number(1, LONGEST_PASSWORD),
        ),
        _flag("email-required", "Require an e-mail address to register a name."),
        _flag("early-registration", "Let IRC clients register a name before they join."),
        Option(
            "show-history", "Number of earlier messages shown on joining a room.", "20",
            values.number(0, 10_000),
        ),
        _flag("leave-on-empty-line", "Let an empty line end the connection."),
        _flag("stop-when-empty", "Stop when the last user leaves."),
    ),
    "Where it listens": (
        Option("port", "Port to listen on.", str(PORT), values.number(0, 65535), "p"),
        Option(
            "interface", "Address to listen on.  [default: all, IPv4 and IPv6]", None,
            values.address, "i", example="127.0.0.1",
        ),
        Option(
            "listen",
            "Listen on a Twisted endpoint, such as unix:chat.sock or tcp:7000; may be repeated."
            "  [default: --port on --interface]",
            None, values.endpoint, "l", repeats=True, example="unix:chat.sock",
        ),
        Option("speaks", "Protocols to accept on every port.", ",".join(NAMES), values.languages),
    ),
    "Storage": (
        Option(
            "data",
            "Directory for everything the service stores.  [default: the working directory]",
            None, values.path, is_path=True, early=True, example="/var/lib/chatsvc",
        ),
        Option(
            "archive",
            "Where to store messages: sqlite:PATH (in --data if relative), postgresql://, memory:",
            "sqlite:chat.db", values.archive, "a",
        ),
        Option(
            "node",
            "Name of this server among those that share a PostgreSQL archive."
            "  [default: the host's name]",
            None, values.node, example="node1",
        ),
        Option(
            "node-address",
            "HOST:PORT where the other nodes reach this one.  [default: any free port]",
            None, values.node_address, example="10.0.0.1:13532",
        ),
        *_live(
            Option(
                "keep", "Delete messages in rooms after this time, such as 365d.", "off",
                values.lasting,
            ),
            Option(
                "keep-private", "Delete private messages after this time, such as 90d.", "off",
                values.lasting,
            ),
            Option(
                "max-archive", "Delete the oldest messages beyond this size, such as 5G.", "off",
                values.size,
            ),
        ),
    ),
    "Encryption": (
        Option(
            "tls-port", "Additional port for TLS only, such as 6697.", None,
            values.number(0, 65535), example="6697",
        ),
        *_live(
            Option(
                "cert", "TLS certificate chain, PEM.  [default: self-signed]", None, values.path,
                is_path=True, example="fullchain.pem",
            ),
            Option(
                "key", "Private key for --cert, PEM.", None, values.path, is_path=True,
                example="privkey.pem",
            ),
            Option(
                "sts", "Time for which IRC clients use only TLS, such as 30d, or off.", None,
                example="30d",
            ),
            _flag("require-tls", "Require TLS except for local connections."),
        ),
    ),
    "Web": _live(
        Option(
            "web-host", "Other name by which browsers reach this server; may be repeated.", None,
            values.host, repeats=True, commas=True, example="chat.example.org",
        ),
        Option(
            "web-origin", "Other page that can connect, as https://HOST[:PORT]; may be repeated.",
            None, values.origin, repeats=True, commas=True, example="https://www.example.org",
        ),
    ),
    "Limits": _live(
        _flag("lan", "Do not limit addresses of private networks, which many users share."),
        Option(
            "max-clients", "Maximum number of connections.  [default: what the system allows]",
            None, values.max_clients, example="1000",
        ),
        Option(
            "slow-reader-limit", "Seconds before a connection that does not read is closed.",
            "300", values.number(1, 86_400),
        ),
        Option(
            "flood", "Lines per connection: burst/per second, or off", "8/2",
            values.rate("lines", "8/2"),
        ),
        Option(
            "work", "Work per connection in milliseconds: burst/per second, or off", "100/5",
            values.rate("milliseconds of work", "100/5"),
        ),
        Option(
            "per-address", "Open connections per address, or off", "16",
            values.number_or_off(1_000_000),
        ),
        Option(
            "arrivals", "New connections per address: number/seconds, or off", "32/600",
            values.times("32/600"),
        ),
        Option(
            "name-within", "Seconds to enter a name, or off", "60", values.number_or_off(86_400)
        ),
        Option(
            "login-attempts", "Wrong passwords per address: number/seconds, or off", "5/300",
            values.times("5/300"),
        ),
        Option(
            "new-rooms", "New rooms per address: number/seconds, or off", "60/3600",
            values.times("60/3600"),
        ),
        Option(
            "registrations", "Registrations per address: number/seconds, or off", "10/3600",
            values.times("10/3600"),
        ),
    ),
    "Monitoring": _live(
        Option(
            "metrics-token", "File with the token for /metrics from other machines.", None,
            values.token_in_file, is_path=True, early=True, example="token.txt",
        ),
    ),
    "Log": (
        Option(
            "log-file", "File for the log (in --data if relative).  [default: standard error]",
            None, values.path, example="chatsvc.log",
        ),
        Option(
            "log-format", "Format of the log: text or json.", "text",
            values.choice("text", "json"),
        ),
        *_live(
            Option(
                "log-level", "Lowest level: debug, info, warn, error or critical.", "info",
                values.choice(*LEVELS),
            ),
            _flag("log-security", "Log addresses of wrong passwords, for fail2ban."),
            _flag("show-messages", "Write room messages to the log."),
        ),
    ),
}  # fmt: skip

TABLE = {option.name: option for section in SECTIONS.values() for option in section}
