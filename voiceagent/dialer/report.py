"""What an import is told and what it tells: options, counts that add up, the first few rows and faults."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from voiceagent.base.languages import Language
from voiceagent.cases.intake import Given, OnDuplicate, Outcome
from voiceagent.dialer.faults import Fault
from voiceagent.dialer.tables import EntryStatus

#: Faults and rows that a report shows.
SHOWN = 20
PREVIEW = 5


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
    columns: dict[str, str] = field(default_factory=dict)
    """Header to field, over what headers say by themselves; an empty field leaves the column out."""
    on_duplicate: OnDuplicate = OnDuplicate.UPDATE
    purpose: str = "collection"
    """What the data may be used for."""
    keep_unknown: bool = False
    """Columns nobody knows become attributes, too."""
    delimiter: str | None = None


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
    mended: dict[str, int] = field(default_factory=dict)
    """Cells that were put right because only one reading is possible, by what was done."""
    enrolled: int = 0
    campaign_id: uuid.UUID | None = None
    """The campaign the cases were put into."""
    repeated: bool = False
    """This very file had been imported before: nothing was done again."""
    dry_run: bool = False
    mapping: dict[str, str] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    """Columns nobody knows."""
    sheets_left_out: list[str] = field(default_factory=list)
    """Other sheets of the workbook that look like lists, too."""
    faults: list[Fault] = field(default_factory=list)
    """The first few."""
    preview: list[dict[str, Any]] = field(default_factory=list)
    """The first few rows as they would be kept (of a dry run)."""

    def to_json(self) -> dict[str, Any]:
        """The document of `lists import --json`."""
        keep = ("file", "sha256", "rows", "imported", "updated", "duplicates", "rejected", "rejected_file", "batch")
        more = ("warnings", "mended", "enrolled", "repeated", "dry_run", "mapping", "ignored", "sheets_left_out")
        data: dict[str, Any] = {name: getattr(self, name) for name in (*keep, *more)}
        if self.dry_run:
            names = ("line", "column", "value", "code", "text", "fatal")
            data["faults"] = [{name: getattr(fault, name) for name in names} for fault in self.faults]
            data["preview"] = self.preview
        return data

    def count(self, status: EntryStatus, by: int = 1) -> None:
        """Rows of this fate."""
        name = "duplicates" if status is EntryStatus.DUPLICATE else status.value
        setattr(self, name, getattr(self, name) + by)
        self.rows += by

    def counts(self) -> dict[str, int]:
        """The five numbers that add up."""
        names = ("rows", "imported", "updated", "duplicates", "rejected")
        return {name: getattr(self, name) for name in names}

    def note(self, faults: list[Fault], line: int, given: Given | None) -> None:
        """What a row had wrong with it, and for a preview what it says."""
        if faults:
            self.warnings += sum(not fault.fatal for fault in faults)
            self.faults += faults[: max(0, SHOWN - len(self.faults))]
        if self.dry_run and given is not None and len(self.preview) < PREVIEW:
            self.preview.append({"line": line, **shown(given)})


def shown(given: Given) -> dict[str, Any]:
    """A case as it would be kept, for the eyes of whoever imports it."""
    case = given.case
    debt = case.debts[0]
    return {
        "name": case.name,
        "document": case.document,
        "birth_date": case.birth_date.isoformat() if case.birth_date else None,
        "state": case.state,
        "phones": list(case.phones),
        "emails": list(case.emails),
        "creditor": debt.creditor,
        "contract": debt.contract,
        "product": debt.product,
        "original": str(debt.original),
        "charges": str(debt.charges),
        "currency": debt.original.currency,
        "due": debt.due.isoformat(),
        "stage": given.stage.value,
        "attributes": dict(given.attributes),
    }


def batch_name(now: datetime, sha256: str, list_id: uuid.UUID) -> str:
    """What people call a list by: when, and enough of its hash and id to be alone."""
    return f"{now:%Y%m%d-%H%M%S}-{sha256[:6]}{list_id.hex[-4:]}"


#: What a case was, as the fate of its row.
FATE = {
    Outcome.IMPORTED: EntryStatus.IMPORTED,
    Outcome.UPDATED: EntryStatus.UPDATED,
    Outcome.DUPLICATE: EntryStatus.DUPLICATE,
    Outcome.REFUSED: EntryStatus.REJECTED,
}
