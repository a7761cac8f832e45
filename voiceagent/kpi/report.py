"""The KPIs of a period, whole or divided by hour, day, seat or wave; one definition in SQL for both databases."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from voiceagent.cases.kinds import Direction, HandOverVerdict
from voiceagent.cases.tables import agreement, answerer, attempt, hand_over, opt_out, promise, second_look, turn
from voiceagent.kpi.answered import ENDED, HANDLED, HUMAN
from voiceagent.kpi.measures import (
    ABANDONED_S,
    SERVICE_LEVEL_S,
    SHORT_CALL_S,
    Kpi,
    count,
    mean,
    mean_money,
    money,
    rate,
)
from voiceagent.storage.schema import DEFAULT_TENANT


class By(StrEnum):
    """What a report is divided by. Hours and days are the debtor's; a wave is a campaign."""

    HOUR = "hour"
    DAY = "day"
    SEAT = "seat"
    WAVE = "wave"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which calls of one direction (`out`, or `in`) count: begun from `start` to `end`.

    A date means the debtor's day, and the last one counts; an instant (aware) means itself, and `end` does not count.
    """

    start: date | datetime | None = None
    end: date | datetime | None = None
    campaign_id: uuid.UUID | None = None
    tenant_id: uuid.UUID = DEFAULT_TENANT
    direction: Direction = Direction.OUT

    def condition(self) -> sa.ColumnElement[bool]:
        """As a WHERE on `attempt`."""
        terms = [attempt.c.tenant_id == self.tenant_id, attempt.c.direction == self.direction]
        if isinstance(self.start, datetime):
            terms.append(attempt.c.t_start >= self.start)
        elif self.start is not None:
            terms.append(attempt.c.local_date >= self.start)
        if isinstance(self.end, datetime):
            terms.append(attempt.c.t_start < self.end)
        elif self.end is not None:
            terms.append(attempt.c.local_date <= self.end)
        if self.campaign_id is not None:
            terms.append(attempt.c.campaign_id == self.campaign_id)
        return sa.and_(*terms)


@dataclass(frozen=True, slots=True)
class Row:
    """The KPIs of one part: `key` is 2026-11-18T10, 2026-11-18, a seat's name or a campaign's id; '' for all."""

    key: str
    kpis: dict[str, Kpi]
    money: dict[str, dict[str, Kpi]] = field(default_factory=dict)
    """By currency: promised, discount, ticket, instalments."""


_KEYS: dict[By | None, tuple[sa.ColumnElement[Any], ...]] = {
    None: (),
    By.DAY: (attempt.c.local_date,),
    By.HOUR: (attempt.c.local_date, attempt.c.local_hour),
    By.SEAT: (attempt.c.seat,),
    By.WAVE: (attempt.c.campaign_id,),
}


def report(connection: sa.Connection, scope: Scope | None = None, by: By | None = None) -> list[Row]:
    """The KPIs of `scope`: one row with key '' without `by`, else one row for each part that has calls, in order."""
    scope = scope or Scope()
    calls = _grouped(connection, scope, by, attempt, _CALLS)
    turns = _grouped(connection, scope, by, attempt.join(turn, turn.c.attempt_id == attempt.c.id), _TURNS)
    promised = _promised(connection, scope, by)
    keys = sorted(calls) if by else [""]
    made = _kpis if scope.direction is Direction.OUT else _inbound
    return [Row(key, made(calls.get(key, {}), turns.get(key, {})), promised.get(key, {})) for key in keys]


def _when(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)


def _total(value: Any, condition: sa.ColumnElement[bool]) -> sa.ColumnElement[float]:
    return sa.func.coalesce(sa.func.sum(sa.case((condition, value), else_=0.0)), 0.0)


def _people(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.count(sa.distinct(sa.case((condition, attempt.c.person_id))))


_a = attempt.c
_promise_made = sa.exists().where(agreement.c.interaction_id == _a.id)
_opted_out = sa.exists().where(opt_out.c.attempt_id == _a.id)
#: Seconds after the answer at which a person's greeting was over.
_greeted_s = sa.func.coalesce(
    sa.select(answerer.c.after_answer_s - answerer.c.latency_s).where(answerer.c.attempt_id == _a.id).scalar_subquery(),
    0.0,
)
_mute = sa.or_(_a.first_audio_s.is_(None), _a.first_audio_s - _greeted_s > ABANDONED_S)
#: Who promised and was handed over afterwards is a promise, and was handed over all the same.
_taken = sa.exists().where(hand_over.c.attempt_id == _a.id, hand_over.c.verdict == HandOverVerdict.TAKEN)


def _looked(*which: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return _when(sa.exists().where(second_look.c.attempt_id == _a.id, *which))


_CALLS: dict[str, sa.ColumnElement[Any]] = {
    "D": sa.func.count(),
    "ended": _when(ENDED),
    "A": _when(_a.t_answer.is_not(None)),
    "H": _when(HUMAN),
    "M": _when(_a.machine.is_(sa.true())),
    "R": _when(_a.right_party.is_(sa.true())),
    "P": _when(_promise_made),
    "people": _people(sa.true()),
    "people_H": _people(HUMAN),
    "people_R": _people(_a.right_party.is_(sa.true())),
    "people_P": _people(_promise_made),
    "handled": _when(HANDLED),
    "talk": _total(_a.talk_s + _a.hold_s, HANDLED),
    "handle": _total(_a.talk_s + _a.hold_s + _a.wrap_s, HANDLED),
    "ring": _total(_a.ring_s, ENDED),
    "first_audio": _total(_a.first_audio_s, _a.first_audio_s.is_not(None)),
    "with_audio": _when(_a.first_audio_s.is_not(None)),
    "abandoned": _when(sa.and_(HUMAN, _mute)),
    "short": _when(sa.and_(ENDED, sa.or_(_a.t_answer.is_(None), _a.talk_s <= SHORT_CALL_S))),
    "transferred": _when(sa.and_(HUMAN, sa.or_(_a.disposition == "XFER", _taken))),
    "served": _when(sa.and_(_a.t_answer.is_not(None), _a.ring_s <= SERVICE_LEVEL_S)),
    "disputed": _when(_a.disposition == "DISP"),
    "wrong_number": _when(_a.disposition == "WN"),
    "opted_out": _when(_opted_out),
    "looked": _looked(),
    "doubted": _looked(second_look.c.request_id.is_not(None)),
    "decided": _looked(second_look.c.outcome.is_not(None)),
    "overturned": _looked(second_look.c.outcome == "cancelled"),
}

_debtor = turn.c.speaker == "debtor"
#: Results that answer a question of the script; `ignored` and `unavailable` are neither silence nor an answer.
_EXPECTED = ("ok", "no_input", "no_match", "dtmf", "bargein")
_SPOKEN = ("ok", "no_match", "bargein")

_TURNS: dict[str, sa.ColumnElement[Any]] = {
    "expected": _when(sa.and_(_debtor, turn.c.result.in_(_EXPECTED))),
    "silent": _when(sa.and_(_debtor, turn.c.result == "no_input")),
    "spoken": _when(sa.and_(_debtor, turn.c.result.in_(_SPOKEN))),
    "not_understood": _when(sa.and_(_debtor, turn.c.result == "no_match")),
    "prompts": _when(turn.c.speaker == "agent"),
    "interrupted": _when(turn.c.interrupted.is_(sa.true())),
}


def _grouped(
    connection: sa.Connection, scope: Scope, by: By | None, source: sa.FromClause, wanted: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    keys = _KEYS[by]
    query = (
        sa.select(*keys, *(column.label(name) for name, column in wanted.items()))
        .select_from(source)
        .where(scope.condition())
        .group_by(*keys)
    )
    size = len(keys)
    return {_key(row[:size]): dict(zip(wanted, row[size:], strict=True)) for row in connection.execute(query)}


def _key(parts: Sequence[Any]) -> str:
    """'' where the calls have no such part (no seat, no campaign)."""
    if len(parts) == 2:
        return f"{parts[0]}T{parts[1]:02d}"
    return str(parts[0]) if parts and parts[0] is not None else ""


def _kpis(calls: dict[str, Any], turns: dict[str, Any]) -> dict[str, Kpi]:
    def c(name: str) -> int:
        return int(calls.get(name, 0))

    def t(name: str) -> int:
        return int(turns.get(name, 0))

    def seconds(name: str) -> float:
        return float(calls.get(name, 0.0))

    def counts(name: str) -> Kpi:
        return count(c(name))

    return {
        "attempts": counts("D"),
        "answered": counts("A"),
        "human": counts("H"),
        "machine": counts("M"),
        "right_party": counts("R"),
        "promises": counts("P"),
        "debtors": counts("people"),
        "spin": rate(c("D"), c("people")),
        "answer_rate": rate(c("A"), c("D")),
        "human_rate": rate(c("H"), c("D")),
        "machine_rate": rate(c("M"), c("A")),
        "right_party_rate": rate(c("R"), c("H")),
        "promise_rate": rate(c("P"), c("R")),
        "debtor_human_rate": rate(c("people_H"), c("people")),
        "debtor_right_party_rate": rate(c("people_R"), c("people_H")),
        "debtor_promise_rate": rate(c("people_P"), c("people_R")),
        "tma_s": mean(seconds("talk"), c("handled")),
        "tmo_s": mean(seconds("handle"), c("handled")),
        "time_to_first_audio_s": mean(seconds("first_audio"), c("with_audio")),
        "ring_s": mean(seconds("ring"), c("ended")),
        "abandonment_rate": rate(c("abandoned"), c("H")),
        "short_call_share": rate(c("short"), c("ended")),
        "containment": rate(c("H") - c("transferred"), c("H")),
        "opt_out_rate": rate(c("opted_out"), c("H")),
        "dispute_rate": rate(c("disputed"), c("H")),
        "wrong_number_rate": rate(c("wrong_number"), c("H")),
        "no_input_rate": rate(t("silent"), t("expected")),
        "no_match_rate": rate(t("not_understood"), t("spoken")),
        "second_look_share": rate(c("looked"), c("P")),
        "doubt_rate": rate(c("doubted"), c("looked")),
        "overturn_rate": rate(c("overturned"), c("decided")),
        "interruption_rate": rate(t("interrupted"), t("prompts")),
    }


def _inbound(calls: dict[str, Any], turns: dict[str, Any]) -> dict[str, Kpi]:
    """Those of calls that come in, with what only they have."""
    offered, answered = int(calls.get("D", 0)), int(calls.get("A", 0))
    return _kpis(calls, turns) | {
        "service_level": rate(int(calls.get("served", 0)), offered),
        "lost_rate": rate(offered - answered, offered),
    }


def _promised(connection: sa.Connection, scope: Scope, by: By | None) -> dict[str, dict[str, dict[str, Kpi]]]:
    """Agreements made in the calls of `scope`, by part and currency."""
    keys = _KEYS[by]
    parts = (
        sa.select(promise.c.agreement_id, sa.func.count().label("n")).group_by(promise.c.agreement_id).subquery("parts")
    )
    source = attempt.join(agreement, agreement.c.interaction_id == attempt.c.id).join(
        parts, parts.c.agreement_id == agreement.c.id
    )
    query = (
        sa.select(
            *keys,
            agreement.c.currency,
            sa.func.count(),
            sa.func.sum(agreement.c.total_minor),
            sa.func.sum(agreement.c.discount_minor),
            sa.func.sum(parts.c.n),
        )
        .select_from(source)
        .where(scope.condition())
        .group_by(*keys, agreement.c.currency)
        .order_by(agreement.c.currency)
    )
    found: dict[str, dict[str, dict[str, Kpi]]] = {}
    size = len(keys)
    for row in connection.execute(query):
        currency, agreements, total, discount, instalments = row[size:]
        found.setdefault(_key(row[:size]), {})[currency] = {
            "promised": money(int(total), currency),
            "discount": money(int(discount), currency),
            "ticket": mean_money(int(total), agreements, currency),
            "instalments": Kpi(round(int(instalments) / agreements, 2), int(instalments), agreements),
        }
    return found
