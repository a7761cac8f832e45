"""One row of a list to one case, or to what is wrong with it: column, value, code and a line for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from voiceagent.base.languages import Language
from voiceagent.base.money import CURRENCY_OF_REGION, Money
from voiceagent.debt.case import Case, Debt
from voiceagent.dialer import fields
from voiceagent.dialer.fields import CellError
from voiceagent.dialer.source import Row

_MOST_PHONES = 9
_LENGTHS = {"name": 200, "contract": 64, "creditor": 128, "product": 64, "state": 8, "debtor_id": 28}
_EARLIEST_DUE = date(1990, 1, 1)
_EARLIEST_BIRTH = date(1900, 1, 1)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a row. `fatal`: the row was not taken; otherwise only this cell was left out."""

    line: int
    column: str
    value: str
    code: str
    text: str
    fatal: bool = True


@dataclass(slots=True)
class RowReader:
    """Reads rows under one header. `today` decides what lies in the future."""

    header: Sequence[str]
    mapping: Mapping[int, str]
    region: str
    language: Language
    creditor: str | None
    today: date
    _columns: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for column, name in self.mapping.items():
            self._columns.setdefault(name, []).append(column)

    def read(self, row: Row) -> tuple[Case | None, list[Fault]]:
        """The case and what was left out of it; None when the row is rejected (then a fault is fatal)."""
        if row.broken:
            return None, [Fault(row.line, "", "", "E_ROW", row.broken)]
        faults: list[Fault] = []
        try:
            return self._case(row, faults), faults
        except _Rejected as rejected:
            return None, [*faults, rejected.fault]

    def _case(self, row: Row, faults: list[Fault]) -> Case:
        original, charges = self._amounts(row)
        due = self._required(row, "due", lambda text: fields.day(text, self.region))
        if not _EARLIEST_DUE <= due <= date(self.today.year + 10, 12, 31):
            raise self._rejected(row, "due", "E_DATE", "the due date lies too far away to be true")
        birth = self._optional(row, "birth", lambda text: fields.day(text, self.region), faults)
        if birth is not None and not _EARLIEST_BIRTH <= birth < self.today:
            faults.append(self._fault(row, "birth", "E_DATE", "nobody alive was born then", fatal=False))
            birth = None
        return Case(
            name=self._name(row),
            document=self._document(row),
            language=self.language,
            region=self.region,
            debts=(
                Debt(
                    contract=self._text(row, "contract", required=True),
                    creditor=self._text(row, "creditor") or self.creditor or self._missing(row, "creditor"),
                    product=self._text(row, "product") or "-",
                    original=original,
                    charges=charges,
                    due=due,
                ),
            ),
            birth_date=birth,
            phones=self._phones(row, faults),
            emails=self._emails(row, faults),
            state=self._state(row, faults),
        )

    def _name(self, row: Row) -> str:
        name = self._text(row, "name") or " ".join(
            part for part in (self._text(row, "first_name"), self._text(row, "last_name")) if part
        )
        if not any(letter.isalpha() for letter in name):
            raise self._rejected(row, "name", "E_MISSING" if not name else "E_NAME", "a name is needed")
        return " ".join(name.split())

    def _document(self, row: Row) -> str:
        for column in self._columns.get("document", ()):
            text = row.cells[column].strip()
            if text:
                try:
                    return fields.document(text, self.region)
                except CellError as error:
                    raise _Rejected(
                        Fault(row.line, self.header[column].strip(), text, error.code, error.text)
                    ) from None
        own = self._text(row, "debtor_id")
        if not own:
            raise self._rejected(row, "document", "E_MISSING", "neither document nor debtor id is given")
        return f"id:{own}"

    def _amounts(self, row: Row) -> tuple[Money, Money]:
        currency = CURRENCY_OF_REGION.get(self.region, "USD")

        def money(text: str) -> Money:
            return fields.amount(text, currency)

        original = self._first(row, "original", money)
        updated = self._first(row, "updated", money)
        if original is None and updated is None:
            raise self._rejected(row, "original", "E_MISSING", "no amount is given")
        added = Money(0, currency)
        for name in ("interest", "fine", "other"):
            added += self._first(row, name, money) or Money(0, currency)
        if original is None:
            assert updated is not None
            if updated < added:
                raise self._rejected(row, "updated", "E_TOTAL", "the charges are more than the whole")
            original = updated - added
        charges = added if updated is None else updated - original
        if charges.minor < 0:
            raise self._rejected(
                row, "updated", "E_TOTAL", "the updated amount is less than the original: give what is still owed"
            )
        if (original + charges).minor <= 0:
            raise self._rejected(row, "original", "E_AMOUNT", "nothing is owed: the amount is zero")
        return original, charges

    def _phones(self, row: Row, faults: list[Fault]) -> tuple[str, ...]:
        areas = [row.cells[column].strip() for column in self._columns.get("area", ())]
        found: dict[str, None] = {}
        bad: list[Fault] = []
        for n, column in enumerate(self._columns["phone"]):
            cell = row.cells[column].strip()
            if not cell:
                continue
            area = areas[n] if n < len(areas) else areas[0] if areas else ""
            good, wrong = fields.phones(cell, self.region, area)
            found |= dict.fromkeys(good)
            title = self.header[column].strip()
            bad += [Fault(row.line, title, cell, error.code, error.text, fatal=False) for error in wrong]
        if not found:
            if bad:
                first = bad[0]
                raise _Rejected(Fault(first.line, first.column, first.value, first.code, first.text))
            raise self._rejected(row, "phone", "E_MISSING", "no telephone number is given")
        faults += bad
        return tuple(found)[:_MOST_PHONES]

    def _emails(self, row: Row, faults: list[Fault]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for column in self._columns.get("email", ()):
            for part in row.cells[column].replace(",", ";").split(";"):
                if part.strip():
                    try:
                        found[fields.email(part)] = None
                    except CellError as error:
                        title = self.header[column].strip()
                        faults.append(Fault(row.line, title, part.strip(), error.code, error.text, fatal=False))
        return tuple(found)

    def _state(self, row: Row, faults: list[Fault]) -> str | None:
        state = self._text(row, "state").upper()
        if not state:
            return None
        from voiceagent.calendars.zones import zones_of

        if not zones_of(self.region, state):
            faults.append(self._fault(row, "state", "E_STATE", f"no state of {self.region}", fatal=False))
            return None
        return state

    def _first(self, row: Row, name: str, read: Callable[[str], T]) -> T | None:
        for column in self._columns.get(name, ()):
            text = row.cells[column].strip()
            if text:
                try:
                    return read(text)
                except CellError as error:
                    title = self.header[column].strip()
                    raise _Rejected(Fault(row.line, title, text, error.code, error.text)) from None
        return None

    def _required(self, row: Row, name: str, read: Callable[[str], T]) -> T:
        value = self._first(row, name, read)
        if value is None:
            raise self._rejected(row, name, "E_MISSING", "this cell is needed")
        return value

    def _optional(self, row: Row, name: str, read: Callable[[str], T], faults: list[Fault]) -> T | None:
        try:
            return self._first(row, name, read)
        except _Rejected as rejected:
            fault = rejected.fault
            faults.append(Fault(fault.line, fault.column, fault.value, fault.code, fault.text, fatal=False))
            return None

    def _text(self, row: Row, name: str, required: bool = False) -> str:
        for column in self._columns.get(name, ()):
            text = " ".join(row.cells[column].split())
            if not text:
                continue
            if len(text) > _LENGTHS.get(name, 200):
                raise self._rejected(row, name, "E_LONG", f"more than {_LENGTHS.get(name, 200)} characters")
            if name in ("contract", "debtor_id"):
                try:
                    fields.refuse_scientific(text)
                except CellError as error:
                    raise self._rejected(row, name, error.code, error.text) from None
            return text
        return self._missing(row, name) if required else ""

    def _missing(self, row: Row, name: str) -> str:
        raise self._rejected(row, name, "E_MISSING", "this cell is needed")

    def _fault(self, row: Row, name: str, code: str, text: str, *, fatal: bool) -> Fault:
        columns = self._columns.get(name) or [-1]
        column = next((c for c in columns if c >= 0 and row.cells[c].strip()), columns[0])
        if column < 0:
            return Fault(row.line, name, "", code, text, fatal)
        return Fault(row.line, self.header[column].strip(), row.cells[column].strip(), code, text, fatal)

    def _rejected(self, row: Row, name: str, code: str, text: str) -> _Rejected:
        return _Rejected(self._fault(row, name, code, text, fatal=True))


class _Rejected(Exception):
    """The row cannot be taken."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.text)
        self.fault = fault
