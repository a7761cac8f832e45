"""A list as a workbook (.xlsx): one sheet, row by row, its numbers and days as the text a person would read."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from voiceagent.base.errors import BadInputError
from voiceagent.dialer.source import FieldOf, Row, damage

#: A spreadsheet keeps fifteen digits of a number; of a longer one the last are lost.
_EXACT = 10**15
#: Columns and unpacked bytes of no contact list: a file that says so would fill the memory.
_WIDEST = 500
_LARGEST = 8 << 30
#: Lists shrink ten or twenty times when packed; a large part that shrinks more than this is there to fill the memory.
_DENSEST, _SMALL = 100, 32 << 20
#: The container of what Office locked by a password, and of its formats before 2007; and what it calls the former.
_COMPOUND, _LOCKED = b"\xd0\xcf\x11\xe0", "EncryptedPackage".encode("utf-16-le")
_LARGEST_LOCKED = 256 << 20
#: Whatever the reader trips over in a file that was damaged or that no spreadsheet wrote.
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, LookupError, ValueError, TypeError, AttributeError, SyntaxError, RuntimeError,
    EOFError, ArithmeticError,
)  # fmt: skip
#: The header is looked for among so many filled rows and lines of so many sheets: reports have titles and covers.
_TITLES, _TITLE_LINES, _SHEETS = 10, 100, 50
#: A sheet with so many known columns looks like a list.
_LIKELY = 3


class Workbook:
    """One sheet: the first of those whose top names most columns. Formulas count by the value saved with them."""

    def __init__(self, path: Path, known: FieldOf) -> None:
        self.path = path
        self._sheet, self._first_line = 0, 0
        self.header: tuple[str, ...] = ()
        best, likely = (False, 0), []
        for sheet, name, visible, line, cells in self._tops():
            named = sum(known(title) is not None for title in cells)
            if named >= _LIKELY:
                likely.append(name)
            # A hidden sheet is what people mean only where no other looks like a list.
            rank = (named >= _LIKELY and visible, named)
            if rank > best:
                best, chosen, self._sheet, self._first_line, self.header = rank, name, sheet, line, tuple(cells)
        if not best[1]:
            raise BadInputError(
                f"{path} has no header: a row near the top of a sheet must name the columns (nome, telefone1, ...)"
            )
        #: Other sheets that look like lists, too.
        self.left_out = tuple(dict.fromkeys(name for name in likely if name != chosen))

    def rows(self) -> Iterator[Row]:
        """The rows under the header."""
        number, width = 0, len(self.header)
        for line, values in self._lines():
            if line <= self._first_line:
                continue
            cells = _cells(values)
            if not "".join(cells).strip():
                continue
            number += 1
            broken = ""
            if len(cells) < width:
                cells += [""] * (width - len(cells))
            elif len(cells) > width:
                if "".join(cells[width:]).strip():
                    broken = f"{len(cells)} cells under a header of {width}"
                cells = cells[:width]
            yield Row(number, line, tuple(cells), broken or damage(cells))

    def _tops(self) -> Iterator[tuple[int, str, bool, int, list[str]]]:
        """Sheet, its name, whether it is seen, line and cells of the filled rows near the top of every sheet."""
        with self._opened() as sheets:
            for sheet, opened in enumerate(sheets[:_SHEETS]):
                lines = enumerate(opened.iter_rows(values_only=True, max_col=_WIDEST, max_row=_TITLE_LINES), 1)
                filled = ((line, cells) for line, values in lines if "".join(cells := _cells(values)).strip())
                for line, cells in islice(filled, _TITLES):
                    yield sheet, str(opened.title), opened.sheet_state == "visible", line, cells

    def _lines(self) -> Iterator[tuple[int, Sequence[Any]]]:
        with self._opened() as sheets:
            yield from enumerate(sheets[self._sheet].iter_rows(values_only=True, max_col=_WIDEST), 1)

    @contextmanager
    def _opened(self) -> Iterator[list[Any]]:
        from openpyxl.reader.excel import ExcelReader
        from openpyxl.utils.exceptions import InvalidFileException

        try:
            with self.path.open("rb") as file:
                self._require_open(file)
                with zipfile.ZipFile(file) as packed:
                    parts = packed.infolist()
                    bomb = any(p.file_size > max(_SMALL, p.compress_size * _DENSEST) for p in parts)
                    if bomb or sum(part.file_size for part in parts) > _LARGEST:
                        raise BadInputError(f"{self.path} unpacks to more than any list: save it as CSV")
                reader = ExcelReader(file, read_only=True, data_only=True, keep_links=False)
                # A sheet that is a chart has no rows, and the package fails on it where it reads row by row.
                reader.read_chartsheet = lambda sheet, rel: None
                reader.read()
                book = reader.wb
                try:
                    for sheet in book.worksheets:
                        # What a file says of its own size may be wrong.
                        sheet.reset_dimensions()
                    yield book.worksheets
                finally:
                    book.close()
        except (InvalidFileException, *_UNREADABLE) as error:
            raise BadInputError(f"{self.path} is no workbook that can be read: save the list as CSV") from error

    def _require_open(self, file: BinaryIO) -> None:
        """BadInputError for a workbook locked by a password or older than .xlsx, each with what to do about it."""
        if file.read(len(_COMPOUND)) == _COMPOUND:
            if _LOCKED in file.read(_LARGEST_LOCKED):
                raise BadInputError(f"{self.path} is locked by a password: save the list without one")
            raise BadInputError(f"{self.path} is in a format before .xlsx: save the list as .xlsx or CSV")
        file.seek(0)


def _cells(values: Sequence[Any]) -> list[str]:
    return [_text(value) for value in values]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, datetime):
        midnight = (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)
        return value.date().isoformat() if midnight else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _number(value: float) -> str:
    """A number without exponent; of one too long for a spreadsheet's fifteen digits, what it is: damaged."""
    if abs(value) >= _EXACT:
        return f"{value:.6E}"
    if value == int(value):
        return str(int(value))
    # What is left behind the sixth decimal is the noise of binary fractions.
    text = f"{value:.6f}".rstrip("0")
    if text.endswith("."):
        return text[:-1]
    # A dot before three digits would read as thousands: here it is certainly a decimal one.
    return f"{text}0" if len(text.split(".")[1]) == 3 else text
