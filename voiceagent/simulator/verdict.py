"""Judges a rehearsal: each call against its persona and against Asterisk's own record; builds the demo's document."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from voiceagent.base.money import Money
from voiceagent.calendars.business import BusinessCalendar
from voiceagent.debt.agreement import Instalment
from voiceagent.debt.disposition import Disposition
from voiceagent.debt.negotiation import negotiate
from voiceagent.debt.offer import Ask, Offer, OfferKind
from voiceagent.debt.policy import Policy
from voiceagent.simulator.sample import SampleDebtor
from voiceagent.telephony.cdr import CdrDisposition, CdrRow

#: How far our seconds and Asterisk's may be apart.
CDR_TOLERANCE_S = 1.0


@dataclass(frozen=True, slots=True)
class ExpectedPromise:
    """What a persona means to promise."""

    amount: Money
    first_due: date
    instalments: int
    payments: tuple[tuple[date, int], ...] = ()
    """Day and minor units of each, in order."""

    def to_json(self) -> dict[str, Any]:
        """As in the demo's document."""
        return {
            "amount": str(self.amount),
            "first_due": self.first_due.isoformat(),
            "instalments": self.instalments,
        }


def expected_promise(debtor: SampleDebtor, policy: Policy, today: date) -> ExpectedPromise | None:
    """From what the persona wants and what the creditor's policy allows, by the same pure function, not by the call."""
    persona = debtor.persona
    if persona.promise is None:
        return None
    case = debtor.case

    def answer(ask: Ask) -> Offer:
        offer = negotiate(policy, case.debts, ask, today=today, business=BusinessCalendar(case.region, case.state))
        if offer.kind is OfferKind.NONE:
            raise ValueError(f"the policy offers nothing to persona {persona.name}")
        return offer

    kind = OfferKind(persona.promise)
    rejected: tuple[Offer, ...] = ()
    for refused in range(persona.haggles):
        rejected += (answer(Ask(kind=None if refused else kind, rejected=rejected)),)
    count = persona.instalments if kind is OfferKind.INSTALMENTS else 1
    total = answer(Ask(rejected=rejected)).total if rejected else None
    offer = answer(Ask(total=total, instalments=count, first_due=_next(debtor.pays_on, today), rejected=rejected))
    return _promise(offer.instalments, offer.total)


def days_of(debtor: SampleDebtor, policy: Policy, today: date) -> frozenset[int]:
    """Days of the month that its first payment may be read back with: the one it wants, and what that becomes."""
    expected = expected_promise(debtor, policy, today)
    return frozenset() if expected is None else frozenset({debtor.pays_on, expected.first_due.day})


def made_promise(instalments: Sequence[Instalment], total: Money) -> ExpectedPromise:
    """What was recorded, in the same shape."""
    return _promise(instalments, total)


def _promise(instalments: Sequence[Instalment], total: Money) -> ExpectedPromise:
    payments = tuple(sorted((part.due, part.amount.minor) for part in instalments))
    return ExpectedPromise(total, payments[0][0], len(payments), payments)


def _next(day: int, today: date) -> date:
    if day > today.day:
        return today.replace(day=day)
    year, month = (today.year + 1, 1) if today.month == 12 else (today.year, today.month + 1)
    return date(year, month, day)


def differences_from_cdr(rows: Sequence[dict[str, Any]], cdr: Sequence[CdrRow]) -> list[str]:
    """Every attempt, answer and duration that Asterisk saw otherwise; empty when both agree."""
    seen = {row.call_id: row for row in cdr if row.call_id}
    found = [f"Asterisk knows a call {call_id} that has no attempt" for call_id in seen.keys() - _ids(rows)]
    for row in rows:
        call_id, record = str(row["id"]), seen.get(str(row["id"]))
        if record is None:
            found.append(f"attempt {call_id} is not in Asterisk's records")
            continue
        answered = record.disposition is CdrDisposition.ANSWERED
        if answered != (row["t_answer"] is not None):
            found.append(f"call {call_id}: Asterisk says {record.disposition}, we say otherwise")
        elif answered:
            ours = (row["t_end"] - row["t_answer"]).total_seconds()
            if abs(ours - record.billed_s) > CDR_TOLERANCE_S:
                found.append(f"call {call_id}: {ours:.1f} s by us, {record.billed_s:.1f} s by Asterisk")
    return found


def _ids(rows: Sequence[dict[str, Any]]) -> set[str]:
    return {str(row["id"]) for row in rows}


def turns_document(turns: Sequence[dict[str, Any]], said: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The debtor's turns with what it really said, matched by time: both count seconds from the answer."""
    document = []
    for turn in turns:
        if turn["speaker"] != "debtor":
            continue
        document.append(
            {
                "state": turn["state"],
                "said_by_debtor": _said_during(turn, said),
                "heard": turn["text"],
                "confidence": turn["confidence"],
                "intent": turn["intent"],
                "slots": turn["slots"],
                "latency_s": turn["latency_s"],
                "result": turn["result"],
            }
        )
    return document


def _said_during(turn: dict[str, Any], said: Sequence[dict[str, Any]]) -> str | None:
    start, length = turn["started_s"], turn["total_s"]
    if start is None or length is None:
        return None
    end = start + length
    overlapping = [each for each in said if each["started_s"] < end + 0.5 and each["ended_s"] > start - 0.5]
    return " ".join(each["text"] for each in overlapping) or None


def summary(
    rows: Sequence[dict[str, Any]], promises: Sequence[ExpectedPromise], latencies: Sequence[float]
) -> dict[str, Any]:
    """The figures of the rehearsal; TMA and TMO are means over calls a human answered."""
    human = [row for row in rows if row["human"]]
    talk = [float(row["talk_s"] or 0) + float(row["hold_s"] or 0) for row in human]
    handle = [seconds + float(row["wrap_s"] or 0) for seconds, row in zip(talk, human, strict=True)]
    promised = Money(0, "BRL")
    for promise in promises:
        promised += promise.amount
    ordered = sorted(latencies)
    return {
        "calls": len(rows),
        "answered": sum(row["t_answer"] is not None for row in rows),
        "human": len(human),
        "cpc": sum(bool(row["right_party"]) for row in rows),
        "promises": len(promises),
        "promised": str(promised),
        "currency": promised.currency,
        "tma_s": round(statistics.fmean(talk), 2) if talk else None,
        "tmo_s": round(statistics.fmean(handle), 2) if handle else None,
        "turn_p50_s": round(statistics.median(ordered), 3) if ordered else None,
        "turn_p95_s": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 3) if ordered else None,
    }


def as_expected(debtor: SampleDebtor, disposition: str) -> bool:
    """Whether the call ended as the persona should be brought to; 3PM is a third party with whom a message was left."""
    if debtor.persona.disposition == Disposition.THIRD_PARTY:
        return disposition in (Disposition.THIRD_PARTY, Disposition.THIRD_PARTY_MESSAGE)
    return disposition == debtor.persona.disposition
