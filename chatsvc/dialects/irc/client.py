"""The state of one IRC client: its identity, and its requests.  No rules of the chat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chatsvc.dialects.irc.collected import Collected
from chatsvc.dialects.irc.output import ClientOutput, no_standing
from chatsvc.dialects.irc.pending import LATER, NOTHING, Pending
from chatsvc.dialects.irc.privmsg import Mask
from chatsvc.dialects.irc.registration_state import Registration, Stage
from chatsvc.model.happened import Happened
from chatsvc.model.message_events import Said
from chatsvc.model.origins import mask_of
from chatsvc.model.presence_events import Person
from chatsvc.model.requests import Request
from chatsvc.model.roll import Roll
from chatsvc.model.room_events import Role, Rule, Unread
from chatsvc.model.server_events import Welcome
from chatsvc.model.text_rules import key

MOST_ASKED = 300  # pending answers: one message can ask for 252 channels


@dataclass(slots=True)
class Sasl:
    """A SASL authentication in progress."""

    mechanism: str
    said: str = ""  # of the client's response so far
    begun: bool = False  # the chat has received the first one


def _no_roll(room: str, nick: str) -> None:
    return None


class Client(ClientOutput):
    """The state of one connection."""

    __slots__ = (
        "_asked", "_requests", "account_of", "appointed", "bot", "changed", "closing", "collected",
        "description", "earlier", "former", "happened", "invisible", "latest", "needs_email",
        "opened", "operator", "quit", "realname", "registers_early", "registration", "roll",
        "rooms", "sasl", "secure", "sts", "telling", "unread", "version", "wallops", "welcome",
    )  # fmt: skip

    def __init__(
        self,
        mask: Mask = mask_of,
        account_of: Callable[[str], str] = str,
        now: Callable[[], float] = float,
        standing: Callable[[str], tuple[str, bool]] = no_standing,
        roll: Callable[[str, str], tuple[Roll, Sequence[Person]] | None] = _no_roll,
    ) -> None:
        super().__init__(mask, now, standing)
        self.account_of = account_of
        self.roll = roll  # who is in a crowded room
        self.registration = Registration()
        self.welcome: Welcome | None = None  # what the chat has reported about itself
        self.description = ""  # of the server
        self.realname = ""
        self.bot = False
        self.invisible = False
        self.operator = False
        self.wallops = False
        self.unread: dict[str, Unread] = {}  # unread rooms that the client has not rejoined
        self.rooms: dict[str, str] = {}  # spellings of channels, by their common form
        self.former: dict[str, str] = {}  # present keys of channels by former ones
        self.earlier: dict[str, int] = {}  # the last line of each room before the client joined
        self.collected: Collected | None = None  # the batch that the client is sending
        self.changed: list[Rule] = []  # rules changed by one request, of which more follow
        self.appointed: list[Role] = []  # roles, likewise
        self.closing = ""  # why the connection ends, if the client knows it by an IRC message
        self.quit = ""  # who left last; others are told once per room
        self.version = 301  # of capability negotiation
        self.secure = False  # the connection uses TLS
        self.sts: tuple[int, int] | None = None  # duration and port of the policy
        self.registers_early = False  # accounts before registration is complete
        self.needs_email = False  # to register an account
        self.sasl: Sasl | None = None
        self.happened: list[Happened] = []  # what is left to write of a page of history
        self.opened = ""  # the batch of a long answer
        self.telling = NOTHING  # the message that it answers
        self.latest = NOTHING  # the message being read
        self._requests: list[Request] = []
        self._asked: dict[str, Pending] = {}

    @property
    def registered(self) -> bool:
        """Whether registration is complete."""
        return self.registration.stage is Stage.REGISTERED

    @property
    def wanted_nick(self) -> str:
        """The nickname, or the one to be registered."""
        return self.nick if self.registered else self.registration.name

    @property
    def modes(self) -> str:
        """The user modes."""
        found = (("B", self.bot), ("i", self.invisible), ("o", self.operator), ("w", self.wallops))
        return "".join(letter for letter, is_set in found if is_set)

    def forget(self, room: str) -> None:
        """Note that the client has left a room."""
        self.rooms.pop(key(room), None)
        self.earlier.pop(room, None)

    # Requests

    def ask(self, do: str, about: Pending | None = None, /, **args: object) -> None:
        """Send the chat a request; its answer is sent in the context of `about`."""
        tag = self._expect(about or self.latest)
        self._requests.append(Request(do, None, args, tag, None, NOTHING))

    def ask_in_context(self, do: str, about: Pending | None = None, /, **args: object) -> None:
        """Send a request of which `about` is the context of other events too."""
        tag = self._expect(about or self.latest)
        self._requests.append(Request(do, None, args, tag, None, self._asked[tag]))

    def ask_for_each(
        self, do: str, changes: Sequence[tuple[str, str, Pending]], /, **args: object
    ) -> None:
        """Send one request for several changes, each of which has an answer of its own."""
        each = [[verb, name, self._expect(about)] for verb, name, about in changes]
        self._requests.append(Request(do, None, {"changes": each, **args}, None, None, NOTHING))

    def _expect(self, about: Pending) -> str:
        """Return a tag that identifies the answer."""
        labeled = self._labeled
        if labeled is not None:
            labeled.waiting += 1
        tag = f"irc-{next(self._numbers)}"
        self._asked[tag] = about._replace(labeled=labeled)
        while len(self._asked) > MOST_ASKED:
            del self._asked[next(iter(self._asked))]
        return tag

    def say(self, do: str, about: Pending | None = None, /, **args: object) -> None:
        """Send a request that is answered by showing the line; `about` is for a refusal."""
        wanted = self._labeled is not None or about is not None
        tag = self._expect(about or self.latest) if wanted else None
        context = NOTHING if wanted else self.latest
        self._requests.append(Request(do, None, args, tag, None, context))

    def type(self, name: str, rest: str, about: Pending | None = None) -> None:
        """Request a command of the chat, written as people write it."""
        tag = self._expect(about or self.latest)
        self._requests.append(Request(name, rest, {}, tag, None, NOTHING))

    def requests(self) -> Sequence[Request]:
        """Return the next requests to the chat, in order; each is returned once."""
        requests, self._requests = self._requests, []
        return requests

    def asked(self, tag: str | None, about: object) -> Pending:
        """Return what an answer is about: `about`, if it has no tag."""
        if tag is not None:
            return self._asked.pop(tag, NOTHING)
        return about if isinstance(about, Pending) else NOTHING

    def reply_later(self, name: str, *params: str) -> None:
        """Send a numeric reply after the answers to what was requested before."""
        self.ask("settle", Pending(LATER, (name, *params)))

    def targets(self, param: str, most: int) -> list[str]:
        """Split the targets of a message, and answer those beyond the maximum with 407."""
        targets = [target for target in param.split(",") if target]
        for target in targets[most:]:
            self.reply("TOOMANYTARGETS", target, f"Not done: at most {most} targets at once")
        return targets[:most]

    def write_own(self, line: Said, elsewhere: bool = False) -> bytes:
        """Echo the client's own line if it wants that, or confirm that a labeled one is stored."""
        echo = self.said[elsewhere](line) if "echo-message" in self.capabilities else b""
        if line.tag is None:
            return echo
        asked = self._asked.pop(line.tag, NOTHING)
        if asked.labeled is None:
            return echo
        with self.answering(asked.labeled):
            self._raw(echo)
        return self.taken()
