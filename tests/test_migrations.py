"""Archives of every earlier version open with everything in them, and are copied first.

`archives/` contains dumps of the same conversation, written by the chatsvc of their time; their
names begin with the version of their tables.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from archive_files import sqlite
from conftest import Chat
from keeper import Keeper, line, now

from chatsvc.model.records import (
    AccessToken,
    Account,
    Act,
    Ban,
    FormerName,
    Invitation,
    Member,
    MetadataValue,
    Report,
    RoomRules,
)
from chatsvc.model.value import value
from chatsvc.store.archive import ArchiveFailed
from chatsvc.store.sqlite import migrations, record_rows
from chatsvc.store.sqlite.migrations import newest, steps

DUMPS = sorted((Path(__file__).parent / "archives").glob("*.sql"))
RELEASED = (  # add a line for each new step; never change one
    "701c38b8bdbe365b1fec57618c5123b80a4d19a35257e7d4bb8acf17ee9e7ae9",
    "f96bece7809ba6ee6adaf327f5e4adcaf626ab63b34d1930c093513d9a51c4cf",
    "3995a64c477801fc90874f8835ae99ac51a3036e03a431ced2bad3791e85bbe1",
    "599230e42434ad92360d3b9a5f9d511da797ec2e93a54b00d766e4e523870275",
    "4602eb8c213bee95d8ed59904af04aaacfbaa305a543cdfe8435b0f596c2c6c0",
    "ba45b1d32a6c3967714a8054a1b6610d1c222b2c91c0f763c8dc9f90aea25a07",
    "ddacdb1c3cfe66f975e5af88d5b8bcf567215a7497701b0321fcb62c36587f88",
)
LOBBY = [f"line {number} of an old archive" for number in range(1, 6)]
TEA = ["earl grey, please", "with milk"]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[Path], Keeper]]:
    """Restore a dump as a file, and open it."""
    keepers: list[Keeper] = []

    def open_dump(dump: Path) -> Keeper:
        path = restore(dump, tmp_path)
        keepers.append(Keeper(sqlite(path)))
        return keepers[-1]

    yield open_dump
    for keeper in keepers:
        now(keeper.archive.close())


def restore(dump: Path, directory: Path) -> Path:
    path = directory / f"{dump.stem}.db"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.executescript(dump.read_text())
    return path


def version_of(dump: Path) -> int:
    return int(dump.name.partition("-")[0])


def test_a_released_step_never_changes() -> None:
    assert [sha256(step.encode()).hexdigest() for step in steps()] == list(RELEASED)


def test_there_is_an_archive_of_every_version() -> None:
    assert {version_of(dump) for dump in DUMPS} == set(range(1, newest() + 1))
    assert len(DUMPS) >= 5


@pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: dump.stem)
def test_an_old_archive_opens_with_all_its_lines(
    opened: Callable[[Path], Keeper], dump: Path
) -> None:
    keeper = opened(dump)
    assert keeper.read(room="#lobby") == LOBBY
    assert keeper.read() == TEA
    keeper.keep(line("and one more", room="#tea"))
    assert keeper.read() == [*TEA, "and one more"]


@pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: dump.stem)
def test_an_old_archive_opens_with_all_its_records(
    opened: Callable[[Path], Keeper], dump: Path
) -> None:
    archive = opened(dump).archive
    if version_of(dump) == 1:
        assert archive.records(Account) == []
        return
    (account,) = archive.records(Account)
    (ban,), (report,) = archive.records(Ban), archive.records(Report)
    (rules,) = archive.records(RoomRules)
    members = archive.records(Member)
    assert (account.name, account.operator) == ("ann", True)
    assert {member.room for member in members} == {"#lobby", "#tea"}
    assert (ban.who, ban.exempt) == (("name=eve",), False)
    assert (report.about, report.reason) == ("bob", "milk")
    assert rules.slow == 2.0
    assert "banned name=eve" in [act.what for act in now(archive.acts(10))]
    tokens = [(token.account, token.label) for token in archive.records(AccessToken)]
    former = [FormerName("#coffee", "#tea")] if version_of(dump) >= 7 else []
    assert archive.records(FormerName) == former
    values = archive.records(MetadataValue)
    if version_of(dump) < 5:
        assert values == []
    else:
        assert MetadataValue(account.id, "status", "brewing") in values
        assert MetadataValue("#tea", "url", "https://example.org/tea") in values
    assert tokens == ([(account.id, "Firefox on ann's laptop")] if version_of(dump) >= 4 else [])


@pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: dump.stem)
def test_what_is_changed_in_an_old_archive_is_written(
    opened: Callable[[Path], Keeper], dump: Path
) -> None:
    archive = opened(dump).archive
    account = Account("id", "bob", "hash", certificates=("ab",))
    member = Member("#tea", "id", read=2, read_time=1.5)
    ban = Ban("id", "#tea", ("name=dan",), "dan", exempt=True)
    report = Report(9, 1.0, "bob", "dan", "#tea", "noise", origin="account=id")
    value = MetadataValue("#tea", "url", "x")
    token = AccessToken("ab", "id", 1, "bot", 1.5, 2.5)
    now(archive.put(account, member, ban, report, value, token, Act("id", 1.0, "bob", "did", "")))
    for record in (account, member, ban, report, value, token):
        assert record in archive.records(type(record))


def test_a_chat_goes_on_with_an_archive_of_the_first_version(tmp_path: Path) -> None:
    chat = Chat(sqlite(restore(DUMPS[0], tmp_path)))
    shown = chat.connect().send("cleo", "/stats")
    assert "line 5 of an old archive" in "\n".join(shown)
    assert any("ann" in row and "5" in row for row in shown)
    now(chat.archive.close())


def test_a_new_field_of_a_record_needs_no_migration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @value
    class Newer(Invitation):
        uses: int = 1
        until: float = 0.5
        note: str = "none"
        only: tuple[str, ...] = ("ann", "bob")
        secret: bool = True
        away: str | None = None

    path = tmp_path / "chat.db"
    archive = Keeper(sqlite(path)).archive
    now(archive.put(Invitation("old", "ann", 1.0)))
    now(archive.close())
    monkeypatch.setattr(record_rows, "Record", Newer | Account)
    archive = Keeper(sqlite(path)).archive
    assert archive.records(Newer) == [Newer("old", "ann", 1.0)]
    now(archive.put(Newer("new", "ann", 2.0, 5, 2.5, "it's", (), False, "tea")))
    assert Newer("new", "ann", 2.0, 5, 2.5, "it's", (), False, "tea") in archive.records(Newer)
    now(archive.close())


# The copy


def copies(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir() if ".before-" in path.name)


def test_an_archive_is_copied_before_it_is_migrated(
    opened: Callable[[Path], Keeper], tmp_path: Path
) -> None:
    keeper = opened(DUMPS[0])
    keeper.keep(line("later"))
    assert copies(tmp_path) == [f"{DUMPS[0].stem}.db.before-v{newest()}"]
    with contextlib.closing(sqlite3.connect(tmp_path / copies(tmp_path)[0])) as copy:
        assert copy.execute("PRAGMA user_version").fetchone() == (1,)
        assert copy.execute("SELECT count(*) FROM said").fetchone() == (len(LOBBY + TEA),)


def test_an_archive_of_this_version_and_a_new_one_are_not_copied(
    opened: Callable[[Path], Keeper], tmp_path: Path
) -> None:
    opened(DUMPS[-1])
    now(Keeper(sqlite(tmp_path / "new.db")).archive.close())
    assert copies(tmp_path) == []


def test_the_copy_of_an_interrupted_migration_stays(tmp_path: Path) -> None:
    path = restore(DUMPS[0], tmp_path)
    copy = path.with_name(f"{path.name}.before-v{newest()}")
    copy.write_text("made before the first attempt")
    now(Keeper(sqlite(path)).archive.close())
    assert copy.read_text() == "made before the first attempt"


def test_nothing_is_migrated_that_cannot_be_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = restore(DUMPS[0], tmp_path)
    monkeypatch.setattr(migrations, "_copy", full)
    with pytest.raises(ArchiveFailed, match="No space left"):
        Keeper(sqlite(path))
    with contextlib.closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (1,)
