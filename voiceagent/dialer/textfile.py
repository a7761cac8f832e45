"""A list as delimited text: encoding and delimiter found out, lines read one by one, broken rows said to be broken."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from voiceagent.base.errors import BadInputError
from voiceagent.dialer.columns import layout_of
from voiceagent.dialer.source import LONGEST_LINE, FieldOf, Row, damage

#: A quoted cell over more lines than this has lost its closing quote.
_LINES_IN_CELL = 3
_USUAL = ";,\t|"
#: Characters that are part of headers and never delimit them.
_NEVER = set(" _-.()/'\"\r\n\\#")
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}

#: Characters that text does not have.
_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\r\f\x1c\x1d\x1e\x1f"))

csv.field_size_limit(LONGEST_LINE)


class TextFile:
    """Delimited text. Where not every byte is UTF-8, each cell that is not is read as Windows-1252."""

    left_out: tuple[str, ...] = ()

    def __init__(self, path: Path, utf8: bool, head: bytes, delimiter: str | None, known: FieldOf) -> None:
        self.path = path
        self.encoding = _encoding(path, utf8, head)
        #: Whether bytes may be found that are no UTF-8.
        self._mixed = not utf8 and self.encoding.startswith("utf-8")
        try:
            with self._open() as text:
                lines = [line for line in (text.readline(1 << 16) for _ in range(5)) if line.strip()]
        except UnicodeError:
            raise BadInputError(f"{path} is not text in {self.encoding}: save the list as CSV in UTF-8") from None
        if not lines:
            raise BadInputError(f"the list {path} is empty")
        self._says_delimiter = lines[0].strip().lower().startswith("sep=") and len(lines) > 1
        if self._says_delimiter:
            delimiter = delimiter or lines[0].strip()[4:5] or None
            lines = lines[1:]
        first = self._decoded(lines[0])
        if first is None or "\x00" in first:
            raise BadInputError(f"{path} is neither UTF-8 nor Windows text: save it as CSV in UTF-8")
        self.delimiter = delimiter or _delimiter(first, known)
        # A quoted title may go over several lines.
        header = [self._decoded(title) or "" for title in next(csv.reader(lines, delimiter=self.delimiter), [])]
        named = any(known(title) for title in header)
        layout = None if named else layout_of(self.delimiter, header)
        if layout is None and not named:
            raise BadInputError(
                f"the list {path} has no header: its first line must name the columns (nome;telefone1;...)"
            )
        self._headless = layout is not None
        self.header = tuple(header) if layout is None else layout

    def rows(self) -> Iterator[Row]:
        """The rows under the header, or all of them where a known layout has none."""
        with self._open() as text:
            try:
                yield from self._rows(text)
            except UnicodeError:
                raise BadInputError(
                    f"{self.path} is not text in {self.encoding} to its end: save the list as CSV in UTF-8"
                ) from None

    def _open(self) -> TextIO:
        return self.path.open(encoding=self.encoding, errors="surrogateescape" if self._mixed else "strict", newline="")

    def _rows(self, text: TextIO) -> Iterator[Row]:
        # Strict: a quote that ends before its cell does means that something was lost or joined.
        reader = csv.reader(text, delimiter=self.delimiter, strict=True)
        width = len(self.header)
        number, before, skip = 0, 0, int(self._says_delimiter) + int(not self._headless)
        while True:
            try:
                cells = next(reader, None)
                broken = ""
            except csv.Error as error:
                cells, broken = [], _why(str(error))
            first, before = before + 1, reader.line_num
            if cells is None:
                return
            if not broken and not "".join(cells).strip():
                continue
            if skip:
                skip -= 1
                continue
            number += 1
            if before - first >= _LINES_IN_CELL and any(cell.count("\n") > _LINES_IN_CELL for cell in cells):
                broken = f"a quote is opened here and not closed before line {before}"
            elif not broken and len(cells) != width:
                if len(cells) > width and not "".join(cells[width:]).strip():
                    # Spreadsheets end every row with the delimiters of columns that were emptied.
                    cells = cells[:width]
                else:
                    broken = f"{len(cells)} cells under a header of {width}"
            if self._mixed:
                cells, broken = self._mended(cells, broken)
            yield Row(number, first, tuple(cells), broken or damage(cells))

    def _mended(self, cells: Sequence[str], broken: str) -> tuple[list[str], str]:
        mended = []
        for cell in cells:
            decoded = self._decoded(cell)
            if decoded is None:
                return list(cells), broken or "a cell is neither UTF-8 nor Windows text"
            mended.append(decoded)
        return mended, broken

    def _decoded(self, text: str) -> str | None:
        """Text whose bytes are no UTF-8 in Windows' Western encoding; None when they are both or neither."""
        if text.isascii():
            return text
        data = text.encode("utf-8", "surrogateescape")
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            pass
        if any(ord(letter) > 0x7F and not 0xDC80 <= ord(letter) <= 0xDCFF for letter in text):
            return None
        try:
            return data.decode("cp1252")
        except UnicodeDecodeError:
            return None


def _why(error: str) -> str:
    """What the reader of CSV says, for people."""
    if "unexpected end" in error:
        return "a quote is opened here and not closed before the end of the file"
    return "a quote ends before its cell does" if "expected after" in error else f"not readable as CSV ({error})"


def _encoding(path: Path, utf8: bool, head: bytes) -> str:
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding
    sample = head[:4096]
    zeros = sample.count(0)
    if zeros:
        odd, even = sample[1::2].count(0), sample[0::2].count(0)
        # Western text in two bytes a letter has a zero in every second place, and in no other.
        if odd > len(sample) * 0.4 and not even:
            return "utf-16-le"
        if even > len(sample) * 0.4 and not odd:
            return "utf-16-be"
    if len(sample) - len(sample.translate(None, _CONTROLS)) > len(sample) * 0.01:
        raise BadInputError(f"{path} is binary, not a contact list: save the list as CSV")
    return "utf-8"


def _delimiter(line: str, known: FieldOf) -> str:
    """The one under which most columns are known, then under which there are most."""

    def columns(candidate: str) -> tuple[int, int]:
        cells = next(csv.reader([line.strip("\r\n")], delimiter=candidate), [])
        return sum(known(cell) is not None for cell in cells), len(cells)

    others = sorted({letter for letter in line if not letter.isalnum()} - _NEVER - set(_USUAL))
    candidates: list[str] = [*_USUAL, *others]
    return max(candidates, key=columns)
