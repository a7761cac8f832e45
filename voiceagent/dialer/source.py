"""A contact list as a file: its hash, its encoding, its delimiter, and its rows one at a time."""

from __future__ import annotations

import codecs
import csv
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from voiceagent.base.errors import BadInputError
from voiceagent.dialer.columns import field_of

_DELIMITERS = ";,\t|"
_CHUNK = 1 << 20
#: A quoted cell over more lines than this has lost its closing quote.
_LINES_IN_CELL = 3

csv.field_size_limit(1 << 20)


@dataclass(frozen=True, slots=True)
class Row:
    """A row under the header."""

    number: int
    """From 1; empty rows are not counted."""
    line: int
    """Of the file, from 1, where the row begins."""
    cells: tuple[str, ...]
    broken: str = ""
    """Why the cells cannot be trusted."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was looked through once."""

    path: Path
    sha256: str
    encoding: str
    delimiter: str
    header: tuple[str, ...]

    @contextmanager
    def rows(self) -> Iterator[Iterator[Row]]:
        """The rows, read as they are asked for."""
        with self._open() as text:
            yield self._rows(text)

    def _open(self) -> TextIO:
        return self.path.open(encoding=self.encoding, newline="")

    def _rows(self, text: TextIO) -> Iterator[Row]:
        reader = csv.reader(text, delimiter=self.delimiter)
        number, before, skip = 0, 0, True
        while True:
            try:
                cells = next(reader, None)
                broken = ""
            except csv.Error as error:
                cells, broken = [], f"not readable as CSV ({error})"
            first, before = before + 1, reader.line_num
            if cells is None:
                return
            if not broken and not any(cell.strip() for cell in cells):
                continue
            if skip:
                skip = bool(cells) and _is_separator_line(cells, self.delimiter)
                continue
            number += 1
            if any(cell.count("\n") > _LINES_IN_CELL for cell in cells):
                broken = f"a quote is opened here and not closed before line {before}"
            elif not broken and len(cells) != len(self.header):
                broken = f"{len(cells)} cells under a header of {len(self.header)}"
            yield Row(number, first, tuple(cells), broken)


def open_source(path: Path) -> Source:
    """Look through the file once; BadInputError with one line when it is no contact list."""
    try:
        if path.is_dir():
            raise BadInputError(f"{path} is a directory: name a CSV file")
        sha256, encoding = _examine(path)
        with path.open(encoding=encoding, newline="") as text:
            lines = [line for line in (text.readline(1 << 16) for _ in range(5)) if line.strip()]
    except OSError as error:
        raise BadInputError(f"cannot read the list {path}: {error.strerror or error}") from error
    if not lines:
        raise BadInputError(f"the list {path} is empty")
    if lines[0].strip().lower().startswith("sep=") and len(lines) > 1:
        lines = lines[1:]
    delimiter, header = _header(lines[0])
    if not any(field_of(title) for title in header):
        raise BadInputError(f"the list {path} has no header: its first line must name the columns (nome;telefone1;...)")
    return Source(path, sha256, encoding, delimiter, header)


def _header(line: str) -> tuple[str, tuple[str, ...]]:
    def known(delimiter: str) -> tuple[int, int]:
        cells = _split(line, delimiter)
        return sum(field_of(cell) is not None for cell in cells), len(cells)

    delimiter = max(_DELIMITERS, key=known)
    return delimiter, tuple(_split(line, delimiter))


def _split(line: str, delimiter: str) -> Sequence[str]:
    return next(csv.reader([line.strip("\r\n")], delimiter=delimiter), [])


def _is_separator_line(cells: Sequence[str], delimiter: str) -> bool:
    """The `sep=;` that spreadsheets write before the header."""
    return delimiter.join(cells).strip().lower() in (f"sep={delimiter}", "sep=")


def _examine(path: Path) -> tuple[str, str]:
    """SHA-256 and encoding: a byte order mark, else UTF-8 if every byte fits, else Windows' Western one."""
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    encoding = "utf-8"
    first = True
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            if first:
                first = False
                if chunk.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
                    raise BadInputError(f"{path} is a spreadsheet, not text: save it as CSV and import that")
                if chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                    encoding = "utf-16"
            if encoding != "utf-16" and b"\x00" in chunk:
                raise BadInputError(f"{path} is binary, not a contact list: save the list as CSV")
            if encoding == "utf-8":
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    encoding = "cp1252"
    if encoding == "utf-8":
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            encoding = "cp1252"
    if encoding == "cp1252":
        _require_text(path)
    return digest.hexdigest(), {"utf-8": "utf-8-sig"}.get(encoding, encoding)


def _require_text(path: Path) -> None:
    try:
        with path.open(encoding="cp1252", newline="") as text:
            while text.read(_CHUNK):
                pass
    except UnicodeDecodeError as error:
        raise BadInputError(f"{path} is neither UTF-8 nor Windows text: save it as CSV in UTF-8") from error
