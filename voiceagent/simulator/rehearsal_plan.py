"""What is rehearsed, what a rehearsal brings, and how its calls are told of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from voiceagent.base.money import Money
from voiceagent.debt.disposition import MEANING, Disposition
from voiceagent.telephony.cdr import CdrRow

CAMPAIGN = "rehearsal"
COMPANY = "Atende Mais"
#: Where it can be reached, as the law of some places wants it said.
RETURN_NUMBER, COMPANY_ADDRESS = "1140028922", "Avenida Central 100"


@dataclass(frozen=True, slots=True)
class RehearsalSettings:
    """What is rehearsed."""

    at: datetime
    language: str = "pt-BR"
    region: str = "BR"
    script: str = "negotiation"
    policy: str = "demo-br"
    seats: int = 2
    console_port: int | None = None
    """None: no console; 0: any free port."""
    people: int = 0
    """Telephones of people, named person1, person2 ..., to whom seats may hand debtors over."""
    people_wait_s: int = 45
    """How long a debtor waits for one of them."""
    tapes: bool = False
    """Telephones record what they say and hear (`Rehearsal.tapes`)."""
    speech: tuple[str, ...] = ()
    """Further arguments of the speech process."""
    longest_s: float = 1800.0


@dataclass(slots=True)
class RehearsalRun:
    """What a rehearsal brought, before it is judged."""

    cdr: list[CdrRow] = field(default_factory=list)
    reports: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What each debtor said and heard in its last call, by number."""
    engines: dict[str, str] = field(default_factory=dict)
    console: str = ""
    restarts: dict[str, int] = field(default_factory=dict)


def call_line(number: int, of: int, row: dict[str, Any]) -> str:
    """A call's row (cases.calls) as progress is told."""
    promised = ""
    if row["promised_minor"] is not None:
        promised = f", promises {Money(row['promised_minor'], row['currency'])} {row['currency']}"
    seconds = (row["t_end"] - row["t_answer"]).total_seconds() if row["t_answer"] and row["t_end"] else 0.0
    label = MEANING[Disposition(row["disposition"])].label
    return f"call {number}/{of}: {row['disposition']} ({label}), {seconds:.0f} s{promised}"
