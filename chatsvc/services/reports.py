"""Reports to the operators about users, until one of them has dealt with it."""

from __future__ import annotations

from chatsvc.auth.accounts import Accounts
from chatsvc.core.chat import Room, Session
from chatsvc.core.directory import Directory
from chatsvc.model.ban_masks import BanMask
from chatsvc.model.moderation_events import Reported, Reports
from chatsvc.model.rate_limits import network
from chatsvc.model.records import Report
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import check_words, key
from chatsvc.services.audit import Acts, signed
from chatsvc.store.archive import ArchiveFailed, Records

MOST_REPORTS = 1000  # open reports
MOST_REPORTS_BY_ONE = 20
LISTED = 100  # sent at once, the latest
GREETED_WITH = 10


class Inbox:
    """Every open report."""

    def __init__(
        self,
        directory: Directory,
        accounts: Accounts,
        records: Records,
        acts: Acts,
    ) -> None:
        self._directory = directory
        self._accounts = accounts
        self._records = records
        self._acts = acts
        self._reports: dict[int, Report] = {}  # by number, oldest first
        self._last = 0

    def open(self) -> None:
        """Load the reports; the archive is open."""
        self._reports = {report.number: report for report in self._records.records(Report)}
        self._last = max(self._reports, default=0)

    def __len__(self) -> int:
        return len(self._reports)

    def last(self) -> Reports:
        """Return the last reports, oldest first, and how many there are in all."""
        return Reports(tuple(map(reported, self.newest(GREETED_WITH))), len(self._reports))

    def newest(self, count: int = LISTED) -> list[Report]:
        """Return the last reports, oldest first."""
        return list(self._reports.values())[-count:]

    async def add(self, session: Session, name: str, reason: str, room: Room | None) -> Reported:
        """Report to the operators online, and to those who come online later."""
        check_words(reason)
        user = self._directory.users.get(key(name))
        account = self._accounts.find(name)
        if user is None and account is None:
            raise Refused("no-such-person", f"No user named {name} is online.")
        origin = _origin(session)
        self._check_not_too_many(session, origin)
        self._last += 1
        about = signed(user) if user else account.name if account else name
        where = room.name if room else ""
        by = signed(session.person)
        report = Report(
            number=self._last,
            time=self._acts.now(),
            by=by,
            about=about,
            room=where,
            reason=reason,
            origin=origin,
        )
        await self._records.put(report)
        self._reports[report.number] = report
        event = reported(report)
        for each in self._directory.clients.values():
            if each.person.operator and each is not session:
                each.tell(event)
        return reported(report, own=True)

    def _check_not_too_many(self, session: Session, origin: str) -> None:
        if len(self._reports) >= MOST_REPORTS:
            raise Refused("too-many", "There are too many open reports. Try again later.")
        if sum(report.origin == origin for report in self._reports.values()) < MOST_REPORTS_BY_ONE:
            return
        whose = "you" if session.person.account else "your address"
        raise Refused(
            "too-many",
            f"There are already {MOST_REPORTS_BY_ONE} open"
            f" reports from {whose}. Wait for an answer.",
        )

    async def resolve(self, session: Session, number: int) -> Report:
        """Close a report."""
        report = self._reports.pop(number, None)
        if report is None:
            text = f"There is no report {number}. To list reports: /reports"
            raise Refused("no-such-report", text)
        try:
            await self._acts.note(session, f"resolved report {number} about {report.about}", None)
            await self._records.drop(report)
        except ArchiveFailed:
            self._reports = dict(sorted([*self._reports.items(), (number, report)]))
            raise
        return report


def _origin(session: Session) -> str:
    """Return what one user's reports are counted by: guests have any number of names."""
    account = session.person.account
    if account is not None:
        return str(BanMask.of_account(account.id))
    return str(BanMask.of_address(network(session.wire.address)))


def reported(report: Report, own: bool = False) -> Reported:
    """Return a report as operators or its author (`own`) read it."""
    return Reported(
        number=report.number,
        by=report.by,
        about=report.about,
        room=report.room,
        reason=report.reason,
        time=report.time,
        own=own,
    )
