"""Calls as lines of a list: what the tables hold of each, masked, with the name and number kept beside."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from voiceagent.cases.calls import calls
from voiceagent.web import store, views
from voiceagent.web.masking import mask_name, mask_number
from voiceagent.web.store import Span

#: Lines a page is given at once; the count beside them says how many there are.
LIMIT = 500


@dataclass(frozen=True, slots=True)
class CallLine:
    """A masked row and what it masks."""

    row: views.CallRow
    name: str | None
    number: str | None

    def shown(self, reveal: bool) -> views.CallRow:
        """The row, with name and number when `reveal`."""
        if not reveal:
            return self.row
        return self.row.model_copy(update={"name": self.name, "number": self.number, "masked": False})


def lines_of_day(connection: sa.Connection, tenant_id: uuid.UUID, span: Span, offset: int = 0) -> list[CallLine]:
    """The newest calls of a day but for the `offset` newest, newest first, at most LIMIT."""
    rows = calls(connection, start=span.since, end=span.until, tenant_id=tenant_id, limit=LIMIT, offset=offset)
    return lines_of(connection, rows)


def lines_of(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> list[CallLine]:
    """Lines for attempts given by their columns and `name`."""
    ids = [row["id"] for row in rows]
    promises = store.promise_briefs(connection, ids)
    latencies = store.median_latencies(connection, ids)
    recorded = store.playable(connection, ids)
    return [
        CallLine(
            row=views.CallRow(
                id=row["id"],
                started_at=row["t_start"],
                answered_at=row["t_answer"],
                status=row["status"].value,
                mode=row["mode"].value,
                direction=row["direction"].value,
                name=mask_name(row["name"]),
                number=mask_number(row["number"]),
                masked=True,
                seat=row["seat"],
                disposition=row["disposition"].value if row["disposition"] else None,
                human=row["human"],
                right_party=row["right_party"],
                talk_s=row["talk_s"],
                latency_s=latencies.get(row["id"]),
                promise=promises.get(row["id"]),
                has_recording=row["id"] in recorded,
            ),
            name=row["name"],
            number=row["number"],
        )
        for row in rows
    ]
