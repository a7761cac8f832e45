"""CDR: Asterisk's own record of each call, the independent witness of attempts, answers and durations."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from voiceagent.base.errors import BadInputError


class CdrDisposition(StrEnum):
    """How the exchange says a call ended."""

    ANSWERED = "ANSWERED"
    NO_ANSWER = "NO ANSWER"
    BUSY = "BUSY"
    FAILED = "FAILED"
    CONGESTION = "CONGESTION"


@dataclass(frozen=True, slots=True)
class CdrRow:
    """One call as Asterisk recorded it (the columns of asterisk/cdr_custom.conf, in this order)."""

    call_id: str
    """The INVITE's X-Voiceagent-Call (the CDR's userfield); empty when the INVITE had none.

    A call handed over has several records: the seat's, the wait for people, and what came of it.
    """
    source: str
    destination: str
    channel: str
    """The caller's leg, for example PJSIP/seat1-00000012."""
    far_channel: str
    started: datetime
    answered: datetime | None
    ended: datetime
    duration_s: float
    """From the INVITE's arrival to the end."""
    billed_s: float
    """From the answer to the end; 0 when nobody answered."""
    disposition: CdrDisposition
    unique_id: str


def read_cdr(path: Path) -> list[CdrRow]:
    """The rows of a CDR file, oldest first; none when the file does not exist yet. BadInputError when unreadable."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [_row(path, number, fields) for number, fields in enumerate(csv.reader(file), 1) if fields]


def _row(path: Path, number: int, fields: list[str]) -> CdrRow:
    try:
        call_id, source, destination, channel, far, start, answer, end, duration, billed, disposition, unique_id = (
            fields
        )
        return CdrRow(
            call_id.lstrip(";").partition(";")[0],  # of two legs that both have one
            source,
            destination,
            channel,
            far,
            datetime.fromtimestamp(float(start), UTC),
            datetime.fromtimestamp(float(answer), UTC) if answer and float(answer) else None,
            datetime.fromtimestamp(float(end), UTC),
            float(duration),
            float(billed),
            CdrDisposition(disposition),
            unique_id,
        )
    except ValueError as error:
        raise BadInputError(f"{path} line {number} is not a call record ({error}); was it edited by hand?") from None
