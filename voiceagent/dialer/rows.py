"""One row of a list to one case, or to what is wrong with it: column, value, code and a line for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from voiceagent.base.languages import Language
from voiceagent.base.money import CURRENCY_OF_REGION, Money
from voiceagent.calendars.zones import zones_of
from voiceagent.cases.intake import Given
from voiceagent.cases.kinds import Stage
from voiceagent.debt.case import Case, Debt
from voiceagent.dialer import attributes, cells, consents, telephones
from voiceagent.dialer.cells import CellError, cleaned
from voiceagent.dialer.columns import PREFIX
from voiceagent.dialer.documents import document
from voiceagent.dialer.faults import Fault, RejectedError, rejecting
from voiceagent.dialer.source import Row

_MOST_PHONES = 9
#: Letters of a row that does not fit its header, for whoever looks for it.
_SHOWN_OF_ROW = 200
_LENGTHS = {"name": 200, "contract": 64, "creditor": 128, "product": 64, "state": 8, "debtor_id": 28}
_EARLIEST_DUE = date(1990, 1, 1)
_EARLIEST_BIRTH = date(1900, 1, 1)
_OF_NUMBER = f"{consents.CONSENT}_of_"
_ADDED = ("interest", "fine", "other")
_MONEY = ("original", "updated", *_ADDED)
_KEYS = frozenset({"contract", "debtor_id"})
#: Separators of several addresses in a cell.
_BETWEEN_EMAILS = str.maketrans(",|/\n", ";;;;")
ZEROS, NINTH, LETTERS = "zeros put back", "ninth digit added", "letters encoded twice"


@dataclass(slots=True)
class RowReader:
    """Reads rows under one header. `today` decides what lies in the future."""

    header: Sequence[str]
    mapping: Mapping[int, str]
    region: str
    language: Language
    creditor: str | None
    today: date
    mended: dict[str, int] = field(default_factory=dict)
    """Cells of rows that were taken, put right because only one reading is possible, counted by what was done."""
    _columns: dict[str, tuple[int, ...]] = field(default_factory=dict)
    _attributes: dict[int, str] = field(default_factory=dict)
    _currency: str = ""
    _latest_due: date = date.max

    def __post_init__(self) -> None:
        for column, name in self.mapping.items():
            if name.startswith(PREFIX):
                self._attributes[column] = name[len(PREFIX) :]
            else:
                self._columns[name] = (*self._columns.get(name, ()), column)
        self._currency = CURRENCY_OF_REGION.get(self.region, "USD")
        self._latest_due = date(self.today.year + 10, 12, 31)

    def read(self, row: Row) -> tuple[Given | None, list[Fault]]:
        """The case and what was left out of it; None and every reason when the row is rejected."""
        if row.broken:
            said = " | ".join(cell.strip() for cell in row.cells)[:_SHOWN_OF_ROW]
            # Bytes that are no letters in any encoding cannot be written down again.
            said = said.encode("utf-8", "replace").decode()
            return None, [Fault(row.line, "*", said or "(not readable)", "E_ROW", row.broken)]
        mended = self.mended.copy()
        right, times = cells.reread(row.cells)
        if times:
            self._mend(LETTERS, times)
            row = row._replace(cells=tuple(right))
        faults: list[Fault] = []
        try:
            return self._given(row, faults), faults
        except RejectedError:
            faults = self._every_fault(row)
            self.mended.clear()
            self.mended.update(mended)
            return None, faults

    def duplicate(self, row: Row) -> Fault:
        """What a row is told whose debt is known already, where that rejects it."""
        return self._fault(row, "contract", "E_DUPLICATE", "this contract of this debtor is known already", fatal=True)

    # --- one row ------------------------------------------------------------------------------------------------------

    def _given(self, row: Row, faults: list[Fault]) -> Given:
        if "more" in self._columns:
            row = self._unpacked(row)
        original, charges = self._amounts(row)
        due = self._due(row)
        debt = Debt(
            contract=self._contract(row),
            creditor=self._creditor(row),
            product=self._product(row),
            original=original,
            charges=charges,
            due=due,
        )
        case = Case(
            name=self._name(row),
            document=self._document(row),
            language=self.language,
            region=self.region,
            debts=(debt,),
            birth_date=self._birth(row, faults),
            phones=self._phones(row, faults),
            emails=self._emails(row, faults),
            state=self._state(row, faults),
        )
        stage = Stage.PREVENTIVE if due > self.today else Stage.AMICABLE
        return Given(case, stage, self._kept_beside(row, faults) if self._attributes else {})

    def _every_fault(self, row: Row) -> list[Fault]:
        """All that is wrong with a row that is not taken: whoever mends the list should have to do it once."""
        reasons: list[Fault] = []
        others: list[Fault] = []

        def tried(part: Callable[..., object], *rest: object) -> None:
            try:
                part(row, *rest)
            except RejectedError as rejected:
                reasons.append(rejected.fault)

        if "more" in self._columns:
            try:
                row = self._unpacked(row)
            except RejectedError as rejected:
                return [rejected.fault]
        for name in _MONEY:
            tried(self._money, name)
        if not reasons:
            tried(self._amounts)
        for part in (self._due, self._contract, self._creditor, self._product, self._name, self._document):
            tried(part)
        for beside in (self._birth, self._phones, self._emails, self._state, self._kept_beside):
            tried(beside, others)
        return rejecting(reasons, others)

    def _contract(self, row: Row) -> str:
        return self._text(row, "contract") or self._missing(row, "contract")

    def _creditor(self, row: Row) -> str:
        return self._text(row, "creditor") or self.creditor or self._missing(row, "creditor")

    def _product(self, row: Row) -> str:
        return self._text(row, "product") or "-"

    def _name(self, row: Row) -> str:
        name = self._text(row, "name")
        if not name and ("first_name" in self._columns or "last_name" in self._columns):
            name = " ".join(filter(None, (self._text(row, "first_name"), self._text(row, "last_name"))))
        if not name:
            self._missing(row, "name")
        if not any(map(str.isalpha, name)):
            raise self._rejected(row, "name", "E_NAME", "a name has letters")
        if name[0] in "+-":
            raise self._rejected(row, "name", "E_FORMULA", "a name that begins like a formula")
        return name

    def _document(self, row: Row) -> str:
        text = self._one(row, "document")
        if text:
            try:
                found, zeros = document(text, self.region)
            except CellError as error:
                raise self._rejected(row, "document", error.code, error.text) from None
            if zeros:
                self._mend(ZEROS)
            return found
        own = self._text(row, "debtor_id")
        if not own:
            raise self._rejected(row, "document", "E_MISSING", "neither document nor debtor id is given")
        return f"id:{own}"

    def _amounts(self, row: Row) -> tuple[Money, Money]:
        currency = self._currency
        original, updated = self._money(row, "original"), self._money(row, "updated")
        if original is None and updated is None:
            raise self._rejected(row, "original", "E_MISSING", "no amount is given")
        added = Money(0, currency)
        for name in _ADDED:
            if name in self._columns:
                added += self._money(row, name) or Money(0, currency)
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
        if updated is not None and added.minor and added.minor != charges.minor:
            raise self._rejected(row, "updated", "E_TOTAL", "original and charges do not make the updated amount")
        if original.minor + charges.minor <= 0:
            raise self._rejected(row, "original", "E_AMOUNT", "nothing is owed: the amount is zero")
        return original, charges

    def _money(self, row: Row, name: str) -> Money | None:
        text = self._one(row, name)
        if not text:
            return None
        try:
            return cells.amount(text, self._currency)
        except CellError as error:
            raise self._rejected(row, name, error.code, error.text) from None

    def _due(self, row: Row) -> date:
        text = self._one(row, "due") or self._missing(row, "due")
        try:
            due = cells.day(text, self.region)
        except CellError as error:
            raise self._rejected(row, "due", error.code, error.text) from None
        if not _EARLIEST_DUE <= due <= self._latest_due:
            raise self._rejected(row, "due", "E_DATE", "the due date lies too far away to be true")
        return due

    def _birth(self, row: Row, faults: list[Fault]) -> date | None:
        text = self._one(row, "birth")
        if not text:
            return None
        try:
            birth = cells.day(text, self.region)
        except CellError as error:
            faults.append(self._fault(row, "birth", error.code, error.text, fatal=False))
            return None
        if not _EARLIEST_BIRTH <= birth < self.today:
            faults.append(self._fault(row, "birth", "E_DATE", "nobody alive was born then", fatal=False))
            return None
        return birth

    def _phones(self, row: Row, faults: list[Fault]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        bad: list[Fault] = []
        for n, column in enumerate(self._columns.get("phone", ())):
            cell = cleaned(row.cells[column])
            if not cell:
                continue
            good, wrong, ninths = self._numbers(row, n, cell)
            if ninths:
                self._mend(NINTH, ninths)
            for number in good:
                found[number] = None
            if wrong:
                title = self.header[column].strip()
                bad += [Fault(row.line, title, cell, error.code, error.text, fatal=False) for error in wrong]
        if not found:
            if bad:
                faults += bad[1:]
                raise RejectedError(bad[0])
            raise self._rejected(row, "phone", "E_MISSING", "no telephone number is given")
        faults += bad
        if len(found) > _MOST_PHONES:
            text = f"more than {_MOST_PHONES} numbers: the others were left out"
            faults.append(self._fault(row, "phone", "E_LONG", text, fatal=False))
        return tuple(found)[:_MOST_PHONES]

    def _numbers(self, row: Row, n: int, cell: str) -> tuple[list[str], list[CellError], int]:
        """What the `n`-th column of telephones holds, with the area code of its own column."""
        areas = [row.cells[column].strip() for column in self._columns.get("area", ())]
        area = areas[n] if n < len(areas) else areas[0] if areas else ""
        return telephones.phones(cell, self.region, area, self._one(row, "phone_code").lstrip("+0"))

    def _emails(self, row: Row, faults: list[Fault]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for column in self._columns.get("email", ()):
            for part in cleaned(row.cells[column]).translate(_BETWEEN_EMAILS).split(";"):
                if part.strip():
                    try:
                        found[cells.email(part)] = None
                    except CellError as error:
                        title = self.header[column].strip()
                        faults.append(Fault(row.line, title, part.strip(), error.code, error.text, fatal=False))
        return tuple(found)

    def _state(self, row: Row, faults: list[Fault]) -> str | None:
        state = self._one(row, "state").upper()
        if not state:
            return None
        if not zones_of(self.region, state):
            faults.append(self._fault(row, "state", "E_STATE", f"no state of {self.region}", fatal=False))
            return None
        return state

    def _kept_beside(self, row: Row, faults: list[Fault]) -> dict[str, str]:
        kept: dict[str, str] = {}
        doubtful: set[str] = set()
        for column, name in self._attributes.items():
            text = cleaned(row.cells[column])
            if not text:
                continue
            try:
                if name.startswith(_OF_NUMBER):
                    name, said = consents.NUMBERS, self._agreed(row, name, kept.get(consents.NUMBERS, ""), text)
                else:
                    said = attributes.value(name, text, self.region)
                    if kept.get(name, said) != said:
                        raise CellError("E_AMBIGUOUS", "two columns say different things: neither is kept")
                kept[name] = said
            except CellError as error:
                doubtful.add(name)
                faults.append(Fault(row.line, self.header[column].strip(), text, error.code, error.text, fatal=False))
        if not doubtful:
            return kept
        nothing_agreed = any(map(consents.is_about, doubtful))
        left = {
            name: said
            for name, said in kept.items()
            if name not in doubtful and not (nothing_agreed and consents.is_about(name))
        }
        # Where nobody can say what was agreed to, nothing was.
        return left | {consents.CONSENT: "no"} if nothing_agreed else left

    def _agreed(self, row: Row, name: str, agreed: str, text: str) -> str:
        """`agreed` and the numbers that the permission in this cell is for, if it is one."""
        yes = attributes.value(consents.OF_VOICE, text, self.region) == "yes"
        columns = self._columns.get("phone", ())
        n = int(name.removeprefix(_OF_NUMBER)) - 1
        if not 0 <= n < len(columns):
            raise CellError("E_CONSENT", "there is no column of telephones with this number")
        good = self._numbers(row, n, cleaned(row.cells[columns[n]]))[0] if yes else []
        before = [number for number in agreed.split() if number != consents.NO_NUMBER]
        return " ".join(list(dict.fromkeys([*before, *good]))[:_MOST_PHONES]) or consents.NO_NUMBER

    def _unpacked(self, row: Row) -> Row:
        """The row with what a cell of several values says put into columns that are empty."""
        more: dict[str, str] = {}
        for column in self._columns["more"]:
            text = row.cells[column].strip()
            if text:
                try:
                    more |= attributes.unpacked(text)
                except CellError as error:
                    title = self.header[column].strip()
                    raise RejectedError(Fault(row.line, title, text, error.code, error.text)) from None
        filled = list(row.cells)
        for name, text in more.items():
            column = next((c for c in self._columns.get(name, ()) if c >= len(self.header)), -1)
            if column < 0:
                column = len(self.header) + sum(c >= len(self.header) for cs in self._columns.values() for c in cs)
                self._columns[name] = (*self._columns.get(name, ()), column)
            filled += [""] * (column + 1 - len(filled))
            filled[column] = text
        width = 1 + max(column for columns in self._columns.values() for column in columns)
        return row._replace(cells=tuple(filled + [""] * (width - len(filled))))

    # --- one cell -----------------------------------------------------------------------------------------------------

    def _one(self, row: Row, name: str) -> str:
        """The field's cell; several columns of it may not contradict each other."""
        columns = self._columns.get(name)
        if columns is None:
            return ""
        if len(columns) == 1:
            return cleaned(row.cells[columns[0]])
        told = {text for column in columns if (text := cleaned(row.cells[column]))}
        if len(told) > 1:
            raise self._rejected(row, name, "E_AMBIGUOUS", "two columns say different things: leave one out (--column)")
        return told.pop() if told else ""

    def _text(self, row: Row, name: str) -> str:
        text = self._one(row, name)
        if not text:
            return ""
        text = " ".join(text.split())
        try:
            cells.refuse_formula(text)
            if name in _KEYS:
                cells.refuse_scientific(text)
        except CellError as error:
            raise self._rejected(row, name, error.code, error.text) from None
        most = _LENGTHS.get(name, 200)
        if len(text) > most:
            raise self._rejected(row, name, "E_LONG", f"more than {most} characters")
        return text

    def _mend(self, what: str, times: int = 1) -> None:
        self.mended[what] = self.mended.get(what, 0) + times

    def _missing(self, row: Row, name: str) -> str:
        raise self._rejected(row, name, "E_MISSING", "this cell is needed")

    def _fault(self, row: Row, name: str, code: str, text: str, *, fatal: bool) -> Fault:
        columns = [column for column in self._columns.get(name, ()) if column < len(self.header)]
        if not columns:
            return Fault(row.line, name, "", code, text, fatal)
        column = next((c for c in columns if row.cells[c].strip()), columns[0])
        return Fault(row.line, self.header[column].strip(), row.cells[column].strip(), code, text, fatal)

    def _rejected(self, row: Row, name: str, code: str, text: str) -> RejectedError:
        return RejectedError(self._fault(row, name, code, text, fatal=True))
