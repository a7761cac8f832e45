"""A contact list as a file: its hash, how it is written, and its rows one at a time, whoever made it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from voiceagent.base.errors import BadInputError, UnavailableError, unreadable
from voiceagent.dialer.cells import reread
from voiceagent.dialer.columns import field_of

_CHUNK = 1 << 20
#: No row of a contact list is longer; a file with such a line is something else.
LONGEST_LINE = 1 << 20
_WORKBOOK = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


class Row(NamedTuple):
    """A row under the header."""

    number: int
    """From 1; empty rows are not counted."""
    line: int
    """Of the file, from 1, where the row begins."""
    cells: tuple[str, ...]
    broken: str = ""
    """Why the cells cannot be trusted."""


#: Controls that no text has, and what converters put for letters they lost.
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0e-\x1b\x7f-\x84\x86-\x9f\ufffd]")


def damage(cells: Sequence[str]) -> str:
    """Why no cell of the row can be trusted; empty when nothing shows."""
    found = _NO_TEXT.search("".join(cells))
    if found is None:
        return ""
    if found[0] == "\ufffd":
        return "a letter was lost when the file was converted (U+FFFD): export it again as UTF-8"
    name = "NUL" if found[0] == "\x00" else f"U+{ord(found[0]):04X}"
    return f"a character that no text has ({name}): the file was damaged"


class Format(Protocol):
    """How a kind of file is read; made by looking at its beginning."""

    header: tuple[str, ...]
    left_out: tuple[str, ...]
    """Other sheets that look like lists and are not read."""

    def rows(self) -> Iterator[Row]:
        """The rows in order, read as they are asked for."""
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was looked through once."""

    path: Path
    sha256: str
    format: Format
    stamp: tuple[int, ...]
    """Size, time and place of the file when it was hashed."""

    @property
    def header(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(reread(self.format.header)[0])

    def rows(self) -> Generator[Row, None, None]:
        """The rows, read as they are asked for."""
        try:
            yield from self.format.rows()
        except OSError as error:
            raise UnavailableError(
                f"{self.path} stopped being readable ({error.strerror or error}): import it again to go on"
            ) from error

    def require_unchanged(self) -> None:
        """UnavailableError when the file is not the one any more that was hashed."""
        try:
            same = _stamp(self.path) == self.stamp
        except OSError:
            same = False
        if not same:
            raise UnavailableError(
                f"{self.path} was changed while it was imported; what came in so far stays (see voiceagent lists "
                "list): take it back with voiceagent lists undo, or import the file as it was to go on",
                code="file_changed",
            )


#: The field of a column by its header; None when nobody knows it.
FieldOf = Callable[[str], str | None]


def open_source(path: Path, *, delimiter: str | None = None, known: FieldOf = field_of) -> Source:
    """Look through the file once; BadInputError with one line when it is no list with a column that is `known`."""
    from voiceagent.dialer.textfile import TextFile
    from voiceagent.dialer.workbook import Workbook

    try:
        if path.is_dir():
            raise BadInputError(f"{path} is a directory: name a CSV file or a workbook (.xlsx)")
        if not path.is_file() and path.exists():
            raise BadInputError(f"{path} is no ordinary file: save the list first")
        stamp = _stamp(path)
        look = _examine(path)
        if not look.size:
            raise BadInputError(f"the list {path} is empty")
        made: Format = (
            Workbook(path, known) if look.workbook else TextFile(path, look.utf8, look.head, delimiter, known)
        )
    except OSError as error:
        raise unreadable(f"the list {path}", error) from error
    source = Source(path, look.sha256, made, stamp)
    source.require_unchanged()
    return source


class Look(NamedTuple):
    """What one pass over the bytes shows."""

    sha256: str
    size: int
    workbook: bool
    utf8: bool
    head: bytes
    """The first piece of the file."""


def _examine(path: Path) -> Look:
    import codecs

    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    utf8, size, since_newline, lines, head = True, 0, 0, 1, b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            head = head or chunk
            size += len(chunk)
            if head.startswith(_WORKBOOK):
                continue
            last = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
            since_newline = since_newline + len(chunk) if last < 0 else len(chunk) - last
            if since_newline > LONGEST_LINE:
                raise BadInputError(
                    f"{path} has a line of more than a million characters (after line {lines}): it is no contact list, "
                    "or lost its line ends"
                )
            lines += chunk.count(b"\n")
            if utf8:
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    utf8 = False
    if utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            utf8 = False
    return Look(digest.hexdigest(), size, head.startswith(_WORKBOOK), utf8, head)


def _stamp(path: Path) -> tuple[int, ...]:
    now = path.stat()
    return now.st_size, now.st_mtime_ns, now.st_ino
