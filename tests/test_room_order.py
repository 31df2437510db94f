"""Every member is shown every line once, in order, without a gap, whatever happens meanwhile."""

from __future__ import annotations

import random
from typing import Any, cast

import pytest
from conftest import Worker, hub_of, start
from twisted.internet.task import Clock

from chatsvc.core.chat import Session
from chatsvc.model.batch import Batch, Shared
from chatsvc.model.events import Event
from chatsvc.model.message_events import Kept, Said
from chatsvc.store.archive import ArchiveFailed
from chatsvc.store.memory import MemoryArchive

SEEDS = 200


class Reader:
    """A connection that records the numbers it is shown, and may stop reading."""

    def __init__(self) -> None:
        self.full = False
        self.address, self.secure = "", False
        self.numbers: list[int] = []

    def show(self, batch: Batch, elsewhere: bool) -> None:
        self.numbers += [line.number for line in batch.lines]

    def show_personally(self, batch: Batch, elsewhere: bool, session: Session) -> None:
        self.show(batch, elsewhere)

    def tell(self, event: Event, here: str | None, tag: str | None) -> None:
        """Do nothing: only lines are counted."""

    async def ready(self, work: float = 0.0) -> None:
        """Do nothing: everything is taken at once."""

    def announce(self, event: Shared, here: str | None) -> None:
        """Do nothing: only lines are counted."""

    def hold(self, held: bool) -> None:
        """Do nothing: senders do not wait here."""

    def close(self) -> None:
        """Do nothing: only the test closes connections."""


class Archive(MemoryArchive):
    """An archive that reads pages with a worker too, and sometimes fails."""

    def __init__(self, worker: Worker, chance: random.Random) -> None:
        super().__init__(worker, lambda: worker(lambda: None), start)
        self.worker = worker
        self.chance = chance

    async def read(self, room: str, after: int, limit: int) -> list[Said]:
        if self.chance.random() < 0.05:
            raise ArchiveFailed("The disk is on fire.")
        lines = await super().read(room, after, self.chance.randint(1, 5))
        page: list[Said] = await self.worker(lambda: lines)
        return page


class Play:
    """One random schedule."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.worker = Worker()
        self.archive = Archive(self.worker, self.chance)
        self.hub = hub_of(self.archive, Clock())
        self.hub.open()
        self.present: list[tuple[Session, Reader, int]] = []
        self.all: list[tuple[Reader, int]] = []
        self.come()

    def come(self) -> None:
        reader = Reader()
        wire: Any = reader
        session = self.hub.sessions.connect(wire)
        start(self.hub.login.hello(session, f"person{len(self.all)}"))
        last = self.hub.rooms.room("#lobby").last
        after = self.chance.randint(0, last)
        self.hub.joining.enter(session, "#lobby", after, None)
        self.hub.directory.rooms["#lobby"].catch_up(session)
        self.present.append((session, reader, after))
        self.all.append((reader, after))

    def go(self) -> None:
        if len(self.present) > 1:
            session, _, _ = self.present.pop(self.chance.randrange(len(self.present)))
            self.hub.sessions.leave(session, "")

    def say(self) -> None:
        session, _, _ = self.chance.choice(self.present)
        self.hub.messaging.say(session, self.hub.directory.rooms["#lobby"], "words")

    def clog(self) -> None:
        self.chance.choice(self.present)[1].full = True

    def unclog(self) -> None:
        session, reader, _ = self.chance.choice(self.present)
        reader.full = False
        self.hub.sessions.drained(session)

    def work(self) -> None:
        if self.worker.pieces:
            self.worker.step(self.chance.randrange(len(self.worker.pieces)))

    def finish(self) -> None:
        self.worker.work()
        self.archive.chance = random.Random()
        self.archive.chance.random = lambda: 1.0  # type: ignore[method-assign]
        for session, reader, _ in self.present:
            reader.full = False
            self.hub.sessions.drained(session)
        self.worker.work()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_schedule_shows_a_line_twice_or_leaves_one_out(seed: int) -> None:
    play = Play(seed)
    steps = [play.say, play.say, play.say, play.work, play.work, play.clog, play.unclog]
    for _ in range(300):
        play.chance.choice([*steps, play.come, play.go])()
    play.finish()
    last = play.hub.directory.rooms["#lobby"].last
    assert last > 50
    for reader, after in play.all:
        assert reader.numbers == list(range(after + 1, after + 1 + len(reader.numbers)))
    for _, reader, after in play.present:
        assert reader.numbers == list(range(after + 1, last + 1))


class Program(Reader):
    """A program that loses its connection, reconnects, and sends again what was not answered."""

    def __init__(self, play: Play, name: str) -> None:
        super().__init__()
        self.play = play
        self.name = name
        self.unanswered: list[str] = []
        self.said = 0
        self.come()

    def come(self) -> None:
        self.full = False
        self.address, self.secure = "", False
        hub, wire = self.play.hub, cast(Any, self)
        self.session = hub.sessions.connect(wire)
        start(hub.login.hello(self.session, self.name, None, f"secret-of-{self.name}"))
        hub.joining.enter(self.session, "#lobby", self.numbers[-1] if self.numbers else 0, None)
        self.room = hub.directory.rooms["#lobby"]
        self.room.catch_up(self.session)
        self.say_again()

    def lose(self) -> None:
        """Lose the connection; the server may not notice before the program has reconnected."""
        if self.play.chance.random() < 0.5:
            self.play.hub.sessions.leave(self.session, "")
        self.come()

    def say(self) -> None:
        self.said += 1
        self.unanswered.append(f"{self.name}-{self.said}")
        self.play.hub.messaging.say(self.session, self.room, "words", tag=self.unanswered[-1])

    def say_again(self) -> None:
        for tag in list(self.unanswered):
            self.play.hub.messaging.say(self.session, self.room, "words", tag=tag)

    def show_personally(self, batch: Batch, elsewhere: bool, session: Session) -> None:
        self.show(batch, elsewhere)
        for position in batch.said_by.get(session.client, ()):
            self.answered(batch.lines[position].tag)

    def tell(self, event: Event, here: str | None, tag: str | None) -> None:
        if isinstance(event, Kept):
            self.answered(tag)

    def answered(self, tag: str | None) -> None:
        if tag in self.unanswered:
            self.unanswered.remove(tag)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_programs_that_lose_their_connections_miss_nothing_and_say_nothing_twice(
    seed: int,
) -> None:
    play = Play(seed)
    programs = [Program(play, name) for name in ("ann", "bob", "carol")]
    for _ in range(200):
        program = play.chance.choice(programs)
        play.chance.choice([program.say, program.say, play.work, play.work, program.lose])()
        program.full = play.chance.random() < 0.2
        if not program.full:
            play.hub.sessions.drained(program.session)
    for program in programs:
        program.come()
        play.worker.work()
    play.finish()
    for program in programs:
        play.hub.sessions.drained(program.session)
    play.worker.work()
    kept = list(play.archive._lines("#lobby"))
    assert len(kept) == sum(program.said for program in programs)
    assert len({line.tag for line in kept}) == len(kept)
    for program in programs:
        assert program.unanswered == []
        assert program.numbers == list(range(1, len(kept) + 1))
        said = [f"{program.name}-{n}" for n in range(1, program.said + 1)]
        assert [line.tag for line in kept if line.sender == program.name] == said
