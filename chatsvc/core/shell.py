"""The administrator at a shell, as the user in whose name the control socket acts."""

from __future__ import annotations

from chatsvc.core.chat import Session, User
from chatsvc.core.wire import Reader
from chatsvc.model.batch import Batch, Shared
from chatsvc.model.control import SHELL
from chatsvc.model.events import Event
from chatsvc.model.history_events import Part
from chatsvc.model.long_events import LongEvent
from chatsvc.model.records import Account


class Administrator(User):
    """The operator behind shell commands: never online, and above other operators."""

    __slots__ = ()

    above_operators = True


def shell_session(now: float) -> Session:
    """Return a session of the administrator, which belongs to no connection and no room."""
    session = Session(_NoWire(), now)
    session.login = None
    session.user = Administrator(SHELL, now, Account(SHELL, SHELL, "", operator=True))
    return session


class _NoWire:
    """A connection to nobody: whoever asked is answered over the control socket."""

    address = ""
    secure = True
    fingerprint = ""
    node = ""
    full = False

    def show(self, batch: Batch, elsewhere: bool) -> None:
        pass

    def show_personally(self, batch: Batch, elsewhere: bool, reader: Reader) -> None:
        pass

    def tell(self, event: Event, here: str | None, tag: str | None) -> None:
        pass

    def tell_part(self, event: LongEvent, here: str | None, tag: str | None, part: Part) -> None:
        pass

    async def ready(self, work: float = 0.0) -> bool:
        return True

    def announce(self, event: Shared, here: str | None) -> None:
        pass

    def hold(self, held: bool) -> None:
        pass

    def close(self) -> None:
        pass

    def fail(self, error: Exception) -> None:
        raise error
