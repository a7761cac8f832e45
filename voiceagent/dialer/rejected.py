"""What an import refused, as a file for the person who made the list: which line, which cell, why."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from voiceagent.base.errors import BadInputError, UnavailableError
from voiceagent.dialer.faults import Fault

_HEADER = ("line", "column", "value", "code", "text", "row")
_REJECTED, _WITHOUT = "rejected", "taken without this cell"


class RejectedRows:
    """What was refused, as a CSV that can be mended and imported again; for its owner's eyes.

    `resumed`: the file of an import that broke off goes on: call `forget` before the first `write`.
    """

    def __init__(self, path: Path | None, *, resumed: bool = False) -> None:
        self._path, self.resumed = path, resumed
        self._append = False
        self._file: TextIO | None = None

    def forget(self, line: int) -> int:
        """Drop what was said of `line` and later ones: told but never committed. Returns the cells left out before."""
        self.resumed = False
        if self._path is None or not self._path.exists():
            return 0
        self._append = True
        with self._path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
        kept = [row for row in rows[1:] if len(row) == len(_HEADER) and row[0].isdigit() and int(row[0]) < line]
        beside = self._path.with_name(f"{self._path.name}.part")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([_HEADER, *kept])
        beside.replace(self._path)
        return sum(row[-1] == _WITHOUT for row in kept)

    def clear(self) -> None:
        """Take away what an earlier import wrote under this name: of a list without faults it would say the untrue."""
        if self._path is None or not self._path.is_file():
            return
        with self._path.open("rb") as file:
            ours = file.read(64).startswith(",".join(_HEADER).encode("utf-8-sig"))
        if ours:
            self._path.unlink()

    @property
    def used(self) -> bool:
        """Something was written."""
        return self._file is not None

    def write(self, faults: Sequence[Fault]) -> None:
        """One line per fault."""
        if self._path is None or not faults:
            return
        if self._file is None:
            flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if self._append else os.O_TRUNC)
            try:
                new = not (self._append and self._path.exists())
                descriptor = os.open(self._path, flags, 0o600)
            except OSError as error:
                raise BadInputError(f"cannot write rejected rows to {self._path}: {error.strerror}") from error
            self._file = os.fdopen(descriptor, "a" if self._append else "w", encoding="utf-8-sig" if new else "utf-8")
            if new:
                csv.writer(self._file).writerow(_HEADER)
        rows = csv.writer(self._file)
        try:
            for fault in faults:
                fate = _REJECTED if fault.fatal else _WITHOUT
                rows.writerow((fault.line, *map(_safe, (fault.column, fault.value)), fault.code, fault.text, fate))
            self._file.flush()
        except OSError as error:
            raise UnavailableError(
                f"cannot write {self._path}: {error.strerror}; mend that and import the same file again to go on"
            ) from error

    def close(self) -> None:
        """Done."""
        if self._file is not None:
            self._file.close()


def _safe(text: str) -> str:
    """A spreadsheet must not take a cell for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
