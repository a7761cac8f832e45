"""Importing a list: streamed, transactional in pieces, resumable, known again by its hash, nothing wrong taken in."""

from __future__ import annotations

import gc
import os
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError, UnavailableError
from voiceagent.base.ids import uuid7
from voiceagent.calendars.zones import default_zone
from voiceagent.cases.intake import Given, Kept, OnDuplicate, Outcome, take_in
from voiceagent.dialer.campaigns import create_campaign, enroll, enroll_list, find_campaign
from voiceagent.dialer.columns import map_columns
from voiceagent.dialer.dayorder import wrong_day_order
from voiceagent.dialer.faults import Fault, rejecting
from voiceagent.dialer.rejected import RejectedRows
from voiceagent.dialer.report import FATE, Options, Report, batch_name
from voiceagent.dialer.rows import RowReader
from voiceagent.dialer.source import Row, Source, open_source
from voiceagent.dialer.tables import EntryStatus, campaign_list, contact_list, list_entry
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.floor import ListImported
from voiceagent.journal.journal import Journal
from voiceagent.storage.bulk import insert_many, make_room
from voiceagent.storage.upsert import upsert

#: Rows of one transaction: many enough to be quick, few enough that calls in progress wait for some tenths of a second.
PIECE = 2000

_ENTRY = ("list_id", "row_number", "tenant_id", "case_id", "status", "reason")
_BUSY = "another program is importing this very list: let it finish, or end it and import the list again to go on"


def import_list(
    journal: Journal, path: Path, options: Options | None = None, *, progress: Callable[[Report], None] | None = None
) -> Report:
    """Take a list in. BadInputError with one line, and nothing written, when the file is no list.

    A file imported before (same bytes) is not taken again; one that broke off half-way goes on where it stopped.
    `progress` is told after every piece. UnavailableError when the file changes meanwhile, or another program takes
    the same one in: what was committed stays, and the same file goes on from there.
    """
    options = options or Options()
    source = open_source(path, delimiter=options.delimiter)
    mapping = map_columns(
        source.header, creditor=options.creditor, columns=options.columns, keep_unknown=options.keep_unknown
    )
    work = _Import(journal, source, mapping, options)
    if not options.dry_run and work.known_already():
        return work.report
    with work.rejects() as rejects, closing(source.rows()) as rows:
        for n, piece in enumerate(_pieces(rows)):
            if not n:
                work.look_at(piece)
            with _no_collection():
                work.take(piece, rejects)
            if progress is not None:
                progress(work.report)
    if work.report.rows == 0:
        raise BadInputError(f"the list {path} has no rows under its header")
    work.finish()
    return work.report


def _pieces(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while piece := list(islice(rows, PIECE)):
        yield piece


@contextmanager
def _no_collection() -> Iterator[None]:
    """A piece makes a hundred thousand objects and no cycles: looking for some took a third of an import's time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Read(NamedTuple):
    """A row with what it says; `given` is None when it is rejected."""

    row: Row
    given: Given | None
    faults: list[Fault]


class _Import:
    """One run over one file."""

    def __init__(self, journal: Journal, source: Source, mapping: dict[int, str], options: Options) -> None:
        self._journal, self._source, self._mapping, self._options = journal, source, mapping, options
        now = journal.clock.now()
        zone = ZoneInfo(default_zone(options.region) or "UTC")
        self._reader = RowReader(
            source.header, mapping, options.region, options.language, options.creditor, now.astimezone(zone).date()
        )
        named = {source.header[n].strip(): name for n, name in mapping.items()}
        ignored = [title.strip() for n, title in enumerate(source.header) if n not in mapping and title.strip()]
        self._list_id = uuid7(now)
        self._begun = self._resumed = False
        self._done_rows = 0
        self._seen: dict[int, int] = {}
        self._rejected_path = options.rejected_file or source.path.with_name(f"{source.path.stem}.rejected.csv")
        self.report = Report(
            source.path.name, source.sha256, batch_name(now, source.sha256, self._list_id), dry_run=options.dry_run,
            mapping=named, ignored=ignored, sheets_left_out=list(source.format.left_out), mended=self._reader.mended,
        )  # fmt: skip

    def known_already(self) -> bool:
        """Whether the file was imported whole before; when it broke off, remember where."""
        with self._journal.db.read() as connection:
            row = self._same_file(connection)
            if row is None:
                return False
            self._list_id, self.report.batch = row.id, row.batch
            if row.finished_at is None:
                self._resume(connection)
                return False
        self.report.rows, self.report.rejected = row.rows, row.rejected
        self.report.duplicates = row.rows - row.rejected
        self.report.repeated = True
        if row.rejected and self._rejected_path.exists():
            self.report.rejected_file = str(self._rejected_path)
        if self._options.campaign is not None:
            with self._journal.transaction() as connection:
                campaign_id = self._campaign(connection)
            self.report.enrolled = enroll_list(self._journal, campaign_id, row.id)
        return True

    def _same_file(self, connection: sa.Connection) -> sa.Row[tuple[object, ...]] | None:
        return connection.execute(
            sa.select(contact_list)
            .where(
                contact_list.c.tenant_id == self._journal.tenant_id,
                contact_list.c.sha256 == self._source.sha256,
                contact_list.c.undone_at.is_(None),
            )
            .order_by(contact_list.c.imported_at.desc())
            .limit(1)
        ).first()

    def _resume(self, connection: sa.Connection) -> None:
        table = list_entry
        counts = connection.execute(
            sa.select(table.c.status, sa.func.count(), sa.func.max(table.c.row_number))
            .where(table.c.list_id == self._list_id)
            .group_by(table.c.status)
        ).all()
        for status, number, last in counts:
            self.report.count(status, number)
            self._done_rows = max(self._done_rows, last)
        self._begun = self._resumed = True

    @contextmanager
    def rejects(self) -> Iterator[RejectedRows]:
        """The file beside the list; made when something is first refused."""
        if self._options.dry_run:
            yield RejectedRows(None)
            return
        folder = self._rejected_path.parent
        if not os.access(folder, os.W_OK):
            raise BadInputError(f"rejected rows cannot be written into {folder}: give --rejected FILE")
        goes_on = self._done_rows > 0
        rejects = RejectedRows(self._rejected_path, resumed=goes_on)
        try:
            yield rejects
        finally:
            rejects.close()
        if not rejects.used and not goes_on:
            rejects.clear()
        if self._rejected_path.exists() and (rejects.used or goes_on):
            self.report.rejected_file = str(self._rejected_path)

    def look_at(self, piece: Sequence[Row]) -> None:
        """Refuse a list whose days are written in another order than the region's."""
        found = wrong_day_order(piece, self._mapping, self._options.region)
        if found is not None:
            column, row = self._source.header[found[0]].strip(), found[1]
            order = "month first" if self._options.region != "US" else "day first"
            raise BadInputError(
                f"days in the column {column} are written {order} (line {row.line}): format them as yyyy-mm-dd"
            )

    def take(self, piece: Sequence[Row], rejects: RejectedRows) -> None:
        """Some rows in one transaction."""
        piece = [row for row in piece if row.number > self._done_rows]
        if not piece:
            return
        read = [_Read(row, *self._reader.read(row)) for row in piece]
        self._source.require_unchanged()
        given = [one.given for one in read if one.given is not None]
        if self._options.dry_run:
            fates = self._fates(read, self._try(given))
        else:
            with self._journal.transaction() as connection:
                make_room(connection)
                self._begin(connection)
                kept = self._keep(connection, given)
                fates = self._fates(read, kept)
                self._enter(connection, read, kept, fates)
                if rejects.resumed:
                    self.report.warnings += rejects.forget(piece[0].line)
                # Before the commit: a row that is told twice after a crash is better than one that is not told.
                rejects.write([fault for one in read for fault in one.faults])
        for fate, times in Counter(fates).items():
            self.report.count(fate, times)
        for one in read:
            if one.faults or self._options.dry_run:
                self.report.note(one.faults, one.row.line, one.given)

    def finish(self) -> None:
        """Write the totals down."""
        if self._options.dry_run:
            return
        report = self.report
        with self._journal.transaction() as connection:
            connection.execute(
                sa.update(contact_list)
                .where(contact_list.c.id == self._list_id)
                .values(finished_at=self._journal.clock.now(), **report.counts())
            )
            told = ListImported(
                self._list_id, report.batch, report.file, report.sha256, mapping=report.mapping, **report.counts()
            )
            self._journal.record([NewEvent("list", self._list_id, told, "import")], connection)
        if self._resumed and self.report.campaign_id is not None:
            # Pieces of the run that broke off may have gone into no campaign, or another.
            self.report.enrolled += enroll_list(self._journal, self.report.campaign_id, self._list_id)

    # --- one piece ----------------------------------------------------------------------------------------------------

    def _begin(self, connection: sa.Connection) -> None:
        """Make the list's row, or see that nobody else went on with it: what a piece begins with."""
        c = contact_list.c
        if self._begun:
            mine = sa.update(contact_list).where(c.id == self._list_id, c.finished_at.is_(None), c.undone_at.is_(None))
            last = sa.select(sa.func.max(list_entry.c.row_number)).where(list_entry.c.list_id == self._list_id)
            went_on = (connection.execute(last).scalar() or 0) != self._done_rows
            if went_on or connection.execute(mine.values(rows=self._done_rows)).rowcount != 1:
                raise UnavailableError(_BUSY, code="import_running")
        else:
            if self._same_file(connection) is not None:
                raise UnavailableError(_BUSY, code="import_running")
            report = self.report
            connection.execute(
                sa.insert(contact_list).values(
                    id=self._list_id,
                    tenant_id=self._journal.tenant_id,
                    batch=report.batch,
                    file=report.file[:255],
                    sha256=report.sha256,
                    mapping=report.mapping,
                    imported_at=self._journal.clock.now(),
                    **report.counts(),
                )
            )
            self._begun = True
        if self.report.campaign_id is None and self._options.campaign is not None:
            self._campaign(connection)

    def _campaign(self, connection: sa.Connection) -> uuid.UUID:
        assert self._options.campaign is not None
        if self.report.campaign_id is None:
            found = find_campaign(connection, self._options.campaign.strip(), self._journal.tenant_id)
            self.report.campaign_id = (
                found.id
                if found
                else create_campaign(
                    self._journal,
                    self._options.campaign,
                    language=self._options.language,
                    region=self._options.region,
                    actor="import",
                    connection=connection,
                )
            )
            link = {
                "campaign_id": self.report.campaign_id,
                "list_id": self._list_id,
                "tenant_id": self._journal.tenant_id,
            }
            upsert(connection, campaign_list, [link], update=())
        return self.report.campaign_id

    def _keep(self, connection: sa.Connection, given: Sequence[Given]) -> list[Kept]:
        return take_in(
            self._journal, connection, given, source=f"list {self.report.batch}", stream=("list", self._list_id),
            purpose=self._options.purpose, on_duplicate=self._options.on_duplicate,
        )  # fmt: skip

    def _fates(self, read: Sequence[_Read], kept: Sequence[Kept]) -> list[EntryStatus]:
        """Of each row, in order; a debt that was refused gets its fault here."""
        order = iter(kept)
        fates = []
        for one in read:
            fate = EntryStatus.REJECTED if one.given is None else FATE[next(order).outcome]
            if one.given is not None and fate is EntryStatus.REJECTED:
                one.faults[:] = rejecting([self._reader.duplicate(one.row)], one.faults)
            fates.append(fate)
        return fates

    def _enter(
        self, connection: sa.Connection, read: Sequence[_Read], kept: Sequence[Kept], fates: Sequence[EntryStatus]
    ) -> None:
        order = iter(kept)
        list_id, tenant = str(self._list_id), str(self._journal.tenant_id)
        entries = []
        for one, fate in zip(read, fates, strict=True):
            whose = next(order) if one.given is not None else None
            reason = one.faults[0].code if fate is EntryStatus.REJECTED else None
            case_id = whose.case_id if whose is not None else None
            entries.append((list_id, one.row.number, tenant, case_id, fate.value, reason))
        insert_many(connection, list_entry, _ENTRY, entries)
        self._done_rows = read[-1].row.number
        if self.report.campaign_id is not None:
            cases = [one.case_id for one in kept if one.case_id and one.outcome is not Outcome.REFUSED]
            self.report.enrolled += enroll(self._journal, connection, self.report.campaign_id, cases)

    def _try(self, given: Sequence[Given]) -> list[Kept]:
        """What keeping would answer, with nothing kept; rows of earlier pieces are remembered by their keys."""
        try:
            with self._journal.transaction() as connection:
                kept = self._keep(connection, given)
                raise _Undo
        except _Undo:
            pass
        return [self._after_earlier_pieces(one, answer) for one, answer in zip(given, kept, strict=True)]

    def _after_earlier_pieces(self, one: Given, answer: Kept) -> Kept:
        debt, key = one.case.debts[0], hash((one.case.document, one.case.creditor))
        contract, told = hash((key, debt.contract)), hash(debt)
        outcome = answer.outcome
        if outcome is Outcome.IMPORTED and key in self._seen:
            outcome = Outcome.UPDATED
            if contract in self._seen:
                same = self._seen[contract] == told
                policy = self._options.on_duplicate
                if policy is OnDuplicate.REJECT:
                    outcome = Outcome.REFUSED
                elif policy is OnDuplicate.SKIP or same:
                    outcome = Outcome.DUPLICATE
        self._seen |= {key: 0, contract: told}
        return answer._replace(outcome=outcome)


class _Undo(Exception):
    """Leaves a dry run's transaction."""
