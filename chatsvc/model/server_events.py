"""Events about the server itself: its welcome, questions, help and notices.  No behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, TypeAlias

from chatsvc.model.room_events import Entered, Unread
from chatsvc.model.value import value


@value
class Asked:
    """The server has asked a `question`, which the next plain line answers."""

    WIRE: ClassVar[str] = "asked"

    question: str
    text: str
    choices: tuple[str, ...] = ()


@value
class Welcome:
    """The answer to hello: who you are, and the server's limits."""

    WIRE: ClassVar[str] = "welcome"

    chat: str
    software: str
    name: str
    client: str
    time: float
    motd: str
    limits: Mapping[str, int]
    version: int = 1
    entered: Entered | None = None
    account: str | None = None
    operator: bool = False
    rooms: tuple[Unread, ...] = ()
    census: Census | None = None


@value
class About:
    """The chat as programs see it before they join, so that they ask only for what is needed.

    `registration` is open, invite or closed; `password` says that the chat has one.
    """

    WIRE: ClassVar[str] = "about"

    chat: str
    software: str
    motd: str
    registration: str
    limits: Mapping[str, int]
    version: int = 1
    password: bool = False
    lockdown: bool = False


@value
class Census:
    """The number of users online, the peak, and the number of rooms.

    `arriving` connections have no name yet.
    """

    WIRE: ClassVar[str] = "census"

    people: int
    most: int
    operators: int
    arriving: int
    rooms: int
    invisible: int = 0  # of the users


@value
class Clock:
    """The server's time and time zone, such as `CET` and an offset in seconds.

    The server has been running `since`.
    """

    WIRE: ClassVar[str] = "clock"

    time: float
    zone: str
    offset: int
    since: float


@value
class Command:
    """A command's public description; `topic` is its subject, such as rooms.

    `facts` are for programs: the words of `CommandFacts.names`.
    """

    usage: str
    aliases: tuple[str, ...]
    help: str
    example: str
    topic: str = ""
    facts: tuple[str, ...] = ()


@value
class Help:
    """The commands that you are allowed to use."""

    WIRE: ClassVar[str] = "help"
    commands: tuple[Command, ...]


@value
class Notice:
    """A sentence from the server."""

    WIRE: ClassVar[str] = "notice"

    text: str


@value
class Cleared:
    """The reader's screen should be cleared."""

    WIRE: ClassVar[str] = "cleared"


@value
class Pong:
    """The answer to ping."""

    WIRE: ClassVar[str] = "pong"


@value
class Goodbye:
    """The last message before the connection is closed.

    `final` asks programs not to reconnect automatically.  With `reconnect`, the chat continues, and
    they should reconnect soon.
    """

    WIRE: ClassVar[str] = "goodbye"

    text: str
    final: bool = False
    reconnect: bool = False


ServerEvent: TypeAlias = (
    Asked | Welcome | About | Census | Clock | Help | Notice | Cleared | Pong | Goodbye
)  # fmt: skip
