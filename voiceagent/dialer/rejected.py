"""What an import refused, as a file for the person who made the list: which line, which cell, why."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from voiceagent.base.errors import BadInputError, UnavailableError
from voiceagent.dialer.rows import Fault


class RejectedRows:
    """What was refused, as a CSV that can be mended and imported again; for its owner's eyes."""

    def __init__(self, path: Path | None, *, append: bool) -> None:
        self._path, self._append = path, append
        self._file: TextIO | None = None

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
                csv.writer(self._file).writerow(("line", "column", "value", "code", "text", "row"))
        rows = csv.writer(self._file)
        try:
            for fault in faults:
                fate = "rejected" if fault.fatal else "taken without this cell"
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
