"""Importing a list: streamed, transactional in pieces, resumable, known again by its hash, nothing wrong taken in."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError
from voiceagent.base.ids import uuid7
from voiceagent.base.languages import Language
from voiceagent.calendars.zones import default_zone
from voiceagent.cases import kinds, tables
from voiceagent.cases.intake import Outcome, Taken, import_cases
from voiceagent.debt.case import Case
from voiceagent.dialer.campaigns import create_campaign, enroll, enroll_list, find_campaign
from voiceagent.dialer.columns import map_columns
from voiceagent.dialer.rejected import RejectedRows
from voiceagent.dialer.rows import Fault, RowReader
from voiceagent.dialer.source import Row, Source, open_source
from voiceagent.dialer.tables import EntryStatus, campaign_list, contact_list, list_entry
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.floor import DebtStatusChanged, ListImported
from voiceagent.journal.journal import Journal
from voiceagent.storage.upsert import upsert

#: Rows of one transaction: few enough that calls in progress do not wait for an import.
PIECE = 500
_SHOWN = 20
_STATUS = {
    Outcome.IMPORTED: EntryStatus.IMPORTED,
    Outcome.UPDATED: EntryStatus.UPDATED,
    Outcome.DUPLICATE: EntryStatus.DUPLICATE,
}


@dataclass(frozen=True, slots=True)
class Options:
    """What the file does not say of itself."""

    region: str = "BR"
    language: Language = Language.PT_BR
    creditor: str | None = None
    """Where there is no column for it."""
    campaign: str | None = None
    """Put the cases into this campaign; made (in draft, rehearsal) when there is none."""
    rejected_file: Path | None = None
    """Default: beside the list, NAME.rejected.csv."""
    dry_run: bool = False


@dataclass(slots=True)
class Report:
    """What became of a list; rows = imported + updated + duplicates + rejected."""

    file: str
    sha256: str
    batch: str
    rows: int = 0
    imported: int = 0
    updated: int = 0
    duplicates: int = 0
    rejected: int = 0
    rejected_file: str | None = None
    warnings: int = 0
    """Cells that were left out of rows that were taken."""
    enrolled: int = 0
    repeated: bool = False
    """This very file had been imported before: nothing was done again."""
    dry_run: bool = False
    mapping: dict[str, str] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    """Columns nobody knows."""
    faults: list[Fault] = field(default_factory=list)
    """The first few."""

    def to_json(self) -> dict[str, Any]:
        """The document of `lists import --json`."""
        keep = ("file", "sha256", "rows", "imported", "updated", "duplicates", "rejected", "rejected_file", "batch")
        more = ("warnings", "enrolled", "repeated", "dry_run", "mapping", "ignored")
        data: dict[str, Any] = {name: getattr(self, name) for name in (*keep, *more)}
        if self.dry_run:
            names = ("line", "column", "value", "code", "text", "fatal")
            data["faults"] = [{name: getattr(fault, name) for name in names} for fault in self.faults]
        return data

    def count(self, status: EntryStatus, by: int = 1) -> None:
        """One more row of this fate."""
        name = "duplicates" if status is EntryStatus.DUPLICATE else status.value
        setattr(self, name, getattr(self, name) + by)
        self.rows += by


def import_list(
    journal: Journal, path: Path, options: Options | None = None, *, progress: Callable[[Report], None] | None = None
) -> Report:
    """Take a list in. BadInputError with one line, and nothing written, when the file is no list.

    A file imported before (same bytes) is not taken again; one that broke off half-way goes on where it stopped.
    """
    options = options or Options()
    source = open_source(path)
    mapping = map_columns(source.header, creditor=options.creditor)
    work = _Import(journal, source, mapping, options)
    if not options.dry_run and work.known_already():
        return work.report
    with source.rows() as rows, work.rejects() as rejects:
        for piece in _pieces(rows):
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


class _Import:
    """One run over one file."""

    def __init__(self, journal: Journal, source: Source, mapping: dict[int, str], options: Options) -> None:
        self._journal, self._source, self._options = journal, source, options
        now = journal.clock.now()
        zone = ZoneInfo(default_zone(options.region) or "UTC")
        self._today = now.astimezone(zone).date()
        self._reader = RowReader(
            source.header, mapping, options.region, options.language, options.creditor, self._today
        )
        named = {source.header[n].strip(): name for n, name in mapping.items()}
        ignored = [title.strip() for n, title in enumerate(source.header) if n not in mapping and title.strip()]
        self._list_id = uuid7(now)
        self._begun = False
        self._done_rows = 0
        self._campaign_id: uuid.UUID | None = None
        self._seen: dict[tuple[str, str], set[str]] = {}
        self._rejected_path = options.rejected_file or source.path.with_name(f"{source.path.stem}.rejected.csv")
        self.report = Report(
            source.path.name, source.sha256, _batch(now, source.sha256, self._list_id), dry_run=options.dry_run,
            mapping=named, ignored=ignored,
        )  # fmt: skip

    def known_already(self) -> bool:
        """Whether the file was imported whole before; when it broke off, remember where."""
        with self._journal.db.read() as connection:
            row = connection.execute(
                sa.select(contact_list)
                .where(
                    contact_list.c.tenant_id == self._journal.tenant_id,
                    contact_list.c.sha256 == self._source.sha256,
                    contact_list.c.undone_at.is_(None),
                )
                .order_by(contact_list.c.imported_at.desc())
                .limit(1)
            ).first()
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
                self.report.enrolled = enroll_list(self._journal, connection, campaign_id, row.id)
        return True

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
        self._begun = True

    @contextmanager
    def rejects(self) -> Iterator[RejectedRows]:
        """The file beside the list; made when something is first refused."""
        if self._options.dry_run:
            yield RejectedRows(None, append=False)
            return
        folder = self._rejected_path.parent
        if not os.access(folder, os.W_OK):
            raise BadInputError(f"rejected rows cannot be written into {folder}: give --rejected FILE")
        rejects = RejectedRows(self._rejected_path, append=self._done_rows > 0)
        try:
            yield rejects
        finally:
            rejects.close()
        if rejects.used or (self._done_rows and self.report.rejected):
            self.report.rejected_file = str(self._rejected_path)

    def take(self, piece: Sequence[Row], rejects: RejectedRows) -> None:
        """Some rows in one transaction."""
        piece = [row for row in piece if row.number > self._done_rows]
        read = [(row, *self._reader.read(row)) for row in piece]
        if self._options.dry_run:
            taken = self._try(read)
        else:
            with self._journal.transaction() as connection:
                self._begin(connection)
                taken = self._keep(connection, [case for _, case, _ in read if case is not None])
                self._enter(connection, read, taken)
                # Before the commit: a row that is told twice after a crash is better than one that is not told.
                rejects.write([fault for _, _, faults in read for fault in faults])
        order = iter(taken)
        for _, case, faults in read:
            status = EntryStatus.REJECTED if case is None else _STATUS[next(order).outcome]
            self.report.count(status)
            self.report.warnings += sum(not fault.fatal for fault in faults)
            self.report.faults += faults[: max(0, _SHOWN - len(self.report.faults))]

    def finish(self) -> None:
        """Write the totals down."""
        if self._options.dry_run:
            return
        report = self.report
        counts = {name: getattr(report, name) for name in ("rows", "imported", "updated", "duplicates", "rejected")}
        with self._journal.transaction() as connection:
            connection.execute(
                sa.update(contact_list)
                .where(contact_list.c.id == self._list_id)
                .values(finished_at=self._journal.clock.now(), **counts)
            )
            told = ListImported(
                self._list_id, report.batch, report.file, report.sha256, mapping=report.mapping, **counts
            )
            self._journal.record([NewEvent("list", self._list_id, told, "import")], connection)

    # --- one piece ----------------------------------------------------------------------------------------------------

    def _begin(self, connection: sa.Connection) -> None:
        if self._begun:
            if self._campaign_id is None and self._options.campaign is not None:
                self._campaign(connection)
            return
        report = self.report
        connection.execute(
            sa.insert(contact_list).values(
                id=self._list_id,
                tenant_id=self._journal.tenant_id,
                batch=report.batch,
                file=report.file[:255],
                sha256=report.sha256,
                rows=0,
                imported=0,
                updated=0,
                duplicates=0,
                rejected=0,
                mapping=report.mapping,
                imported_at=self._journal.clock.now(),
            )
        )
        self._begun = True
        if self._options.campaign is not None:
            self._campaign(connection)

    def _campaign(self, connection: sa.Connection) -> uuid.UUID:
        assert self._options.campaign is not None
        if self._campaign_id is None:
            found = find_campaign(connection, self._options.campaign, self._journal.tenant_id)
            self._campaign_id = (
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
                "campaign_id": self._campaign_id,
                "list_id": self._list_id,
                "tenant_id": self._journal.tenant_id,
            }
            upsert(connection, campaign_list, [link], update=())
        return self._campaign_id

    def _keep(self, connection: sa.Connection, cases: Sequence[Case]) -> list[Taken]:
        """Keep the cases, in order; those not yet due as preventive, and those taken back once are owed again."""
        later = [all(debt.due > self._today for debt in case.debts) for case in cases]
        kept: dict[bool, Iterator[Taken]] = {}
        for preventive, stage in ((False, kinds.Stage.AMICABLE), (True, kinds.Stage.PREVENTIVE)):
            some = [case for case, is_later in zip(cases, later, strict=True) if is_later is preventive]
            taken = import_cases(
                self._journal, some, source=f"list {self.report.batch}"[:64], stage=stage, connection=connection
            )
            kept[preventive] = iter(taken)
        result = [next(kept[is_later]) for is_later in later]
        self._reopen(connection, result)
        return result

    def _reopen(self, connection: sa.Connection, taken: Sequence[Taken]) -> None:
        ids = [debt_id for one in taken for debt_id in one.debt_ids]
        debt = tables.debt
        withdrawn = connection.execute(
            sa.select(debt.c.id, debt.c.case_id).where(debt.c.id.in_(ids), debt.c.status == kinds.DebtStatus.WITHDRAWN)
        ).all()
        events = [
            NewEvent("case", row.case_id, DebtStatusChanged(row.id, kinds.DebtStatus.OPEN), "import")
            for row in withdrawn
        ]
        self._journal.record(events, connection)

    def _enter(
        self, connection: sa.Connection, read: list[tuple[Row, Case | None, list[Fault]]], taken: Sequence[Taken]
    ) -> None:
        order = iter(taken)
        entries = []
        for row, case, faults in read:
            entry: dict[str, Any] = {
                "list_id": self._list_id,
                "row_number": row.number,
                "tenant_id": self._journal.tenant_id,
                "person_id": None,
                "case_id": None,
                "status": EntryStatus.REJECTED,
                "reason": faults[-1].code if case is None else None,
            }
            if case is not None:
                one = next(order)
                entry |= {"person_id": one.person_id, "case_id": one.case_id, "status": _STATUS[one.outcome]}
            entries.append(entry)
        if entries:
            connection.execute(sa.insert(list_entry), entries)
        if self._campaign_id is not None:
            cases = [one.case_id for one in taken]
            self.report.enrolled += enroll(self._journal, connection, self._campaign_id, cases)

    def _try(self, read: list[tuple[Row, Case | None, list[Fault]]]) -> list[Taken]:
        """What keeping would answer, with nothing kept; rows of earlier pieces are remembered by their keys."""
        cases = [case for _, case, _ in read if case is not None]
        try:
            with self._journal.transaction() as connection:
                taken = self._keep(connection, cases)
                raise _Undo
        except _Undo:
            pass
        told = []
        for case, one in zip(cases, taken, strict=True):
            contracts = self._seen.setdefault((case.document, case.creditor), set())
            contract = case.debts[0].contract
            outcome = one.outcome
            if outcome is Outcome.IMPORTED and contracts:
                outcome = Outcome.DUPLICATE if contract in contracts else Outcome.UPDATED
            contracts.add(contract)
            told.append(Taken(one.person_id, one.case_id, one.phone_ids, one.debt_ids, outcome))
        return told


class _Undo(Exception):
    """Leaves a dry run's transaction."""


def _batch(now: Any, sha256: str, list_id: uuid.UUID) -> str:
    return f"{now:%Y%m%d-%H%M%S}-{sha256[:6]}{list_id.hex[-4:]}"
