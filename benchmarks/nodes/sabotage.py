"""chatsvc with a part taken out, to prove that the comparison would notice.

`python -m benchmarks.nodes.sabotage NAME serve …` runs it.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from typing import Any

from chatsvc.cli.main import main
from chatsvc.running.succession import Succession
from chatsvc.services.nicknames import Nicknames
from chatsvc.store.postgresql import leadership
from chatsvc.store.postgresql.commits import HiddenTags
from chatsvc.transports.link.frames import Kind
from chatsvc.transports.link.relaying import RelayingEnd

_EVERY = 50  # one of so many frames with lines is lost


def _lock() -> None:
    """Let every node lead that wants to."""
    leadership.try_lock = lambda link: True  # type: ignore[assignment]
    Succession.obstacle = lambda *_: ""  # type: ignore[method-assign]


def _tags() -> None:
    """Store lines without the tags by which they are recognized when they are sent again."""
    columns = HiddenTags.columns

    def without_tags(self: HiddenTags, lines: Any) -> Any:
        return columns(self, [line._replace(tag=None) for line in lines])

    HiddenTags.columns = without_tags  # type: ignore[method-assign]


def _frames() -> None:
    """Lose some of the lines that a relay receives; a lost answer might not be noticed."""
    received, count = RelayingEnd.frame_received, itertools.count(1)

    def receive(self: RelayingEnd, kind: Kind, whom: int, payload: bytes) -> None:
        has_lines = kind is Kind.DATA and b'"said"' in payload
        if not has_lines or next(count) % _EVERY:
            received(self, kind, whom, payload)

    RelayingEnd.frame_received = receive  # type: ignore[method-assign]


def _names() -> None:
    """Give everybody the name that they want."""
    Nicknames.check_free = lambda *_: None  # type: ignore[assignment]


_DAMAGES: dict[str, Callable[[], None]] = {
    "lock": _lock, "tags": _tags, "frames": _frames, "names": _names,
}  # fmt: skip
CONTROLS = {name: [sys.executable, "-m", "benchmarks.nodes.sabotage", name] for name in _DAMAGES}


if __name__ == "__main__":
    _DAMAGES[sys.argv.pop(1)]()
    sys.exit(main())
