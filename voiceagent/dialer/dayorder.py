"""Whether a list writes its days as its country does, seen in many rows at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from voiceagent.dialer import cells
from voiceagent.dialer.source import Row


def wrong_day_order(rows: Iterable[Row], mapping: Mapping[int, str], region: str) -> tuple[int, Row] | None:
    """A column and a row that show days in the other order than the region's, where no row shows the region's own.

    Taken row by row such a list would be right in one row of three and wrong in silence in another.
    """
    first_is_month = region == "US"
    for column in (column for name in ("due", "birth") for column in mapping if mapping[column] == name):
        odd: Row | None = None
        for row in rows:
            parts = cells.day_parts(cells.cleaned(row.cells[column])) if not row.broken else None
            if parts is None:
                continue
            here, other = (parts[1], parts[0]) if first_is_month else parts
            if here > 12:
                odd = None
                break
            if other > 12:
                odd = odd or row
        if odd is not None:
            return column, odd
    return None
