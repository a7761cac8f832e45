"""The metric families, with bounded labels only: never a number, a document, a case, a call or free text."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from voiceagent.base.money import DECIMALS
from voiceagent.cases import tables as t
from voiceagent.kpi.answered import ENDED, HANDLED, HUMAN

CALL_BUCKETS = (3, 6, 10, 20, 30, 45, 60, 90, 120, 180, 240, 300, 420, 600)
AUDIO_BUCKETS = (0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5)
LATENCY_BUCKETS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5)
#: Digits of a document that can prove anything, as `debt.identity.verifiable` has it.
SHORTEST_DOCUMENT = 8
CONFIDENCE_BUCKETS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1)

_a = t.attempt.c


class Labeller:
    """Turns ids into the names that labels carry."""

    def __init__(self, connection: sa.Connection, campaigns: Mapping[uuid.UUID, str]) -> None:
        self._tenants = {row.id: row.name for row in connection.execute(sa.select(t.tenant.c.id, t.tenant.c.name))}
        self._campaigns = campaigns

    def __call__(self, value: Any) -> str:
        """A label's text."""
        if isinstance(value, uuid.UUID):
            return self._tenants.get(value) or self._campaigns.get(value) or str(value)
        return "" if value is None else str(value)


Family = Callable[[sa.Connection, Labeller], Iterator[Metric]]


def calls(connection: sa.Connection, labels: Labeller) -> Iterator[Metric]:
    """The funnel."""
    whose = {"tenant": _a.tenant_id, "campaign": _a.campaign_id}
    out = _a.direction == "out"
    rows = [
        ("calls_attempted", "Calls sent or taken", whose | {"direction": _a.direction, "trunk": _a.trunk}, sa.true()),
        ("calls_answered", "Calls answered", whose, out & _a.t_answer.is_not(None)),
        ("calls_human", "Calls a person answered", whose, out & HUMAN),
        ("calls_machine", "Calls a machine answered", whose, out & _a.machine),
        (
            "calls_ended",
            "Calls by outcome",
            whose | {"direction": _a.direction, "disposition": _a.disposition, "hangup_by": _a.hangup_by},
            ENDED,
        ),
        (
            "right_party_contacts",
            "Calls in which the debtor proved who they are",
            whose | {"language": _a.language},
            out & _a.right_party,
        ),
        ("sip_responses", "Final SIP responses", {"trunk": _a.trunk, "code": _a.sip_code}, _a.sip_code.is_not(None)),
    ]
    for name, help_text, by, where in rows:
        yield _counter(connection, labels, name, help_text, by, sa.func.count(), t.attempt, where)


def durations(connection: sa.Connection, labels: Labeller) -> Iterator[Metric]:
    """Histograms of calls. Like those of the report, times of handling are of our calls: whoever calls has his own."""
    whose = {"tenant": _a.tenant_id, "campaign": _a.campaign_id}
    out = _a.direction == "out"
    handled = HANDLED & out
    handle = _a.talk_s + _a.hold_s + _a.wrap_s
    rows = [
        ("call_ring_seconds", "Ringing", whose, _a.ring_s, CALL_BUCKETS, ENDED & out),
        ("call_talk_seconds", "Talk without hold, calls a person answered", whose, _a.talk_s, CALL_BUCKETS, handled),
        ("call_wrapup_seconds", "Work after the line went down", whose, _a.wrap_s, CALL_BUCKETS, handled),
        ("call_handle_seconds", "Talk, hold and wrap-up", whose, handle, CALL_BUCKETS, handled),
        (
            "answer_to_first_audio_seconds",
            "Answer to the agent's first sample",
            {"campaign": _a.campaign_id},
            _a.first_audio_s,
            AUDIO_BUCKETS,
            _a.first_audio_s.is_not(None),
        ),
    ]
    for name, help_text, by, value, buckets, where in rows:
        yield _histogram(connection, labels, name, help_text, by, value, buckets, t.attempt, where)


def turns(connection: sa.Connection, labels: Labeller) -> Iterator[Metric]:
    """How the talking goes."""
    turn = t.turn.c
    source = t.turn.join(t.attempt, _a.id == turn.attempt_id)
    debtor = turn.speaker == "debtor"
    yield _counter(
        connection,
        labels,
        "turns",
        "Turns of debtors",
        {"state": turn.state, "result": turn.result},
        sa.func.count(),
        source,
        debtor,
    )
    yield _histogram(
        connection,
        labels,
        "turn_latency_seconds",
        "End of the debtor's speech to first audio of the answer",
        {"stage": sa.literal("total"), "language": _a.language},
        turn.latency_s,
        LATENCY_BUCKETS,
        source,
        debtor & turn.latency_s.is_not(None),
    )
    yield _histogram(
        connection,
        labels,
        "asr_confidence",
        "Confidence in what was heard",
        {"language": _a.language},
        turn.confidence,
        CONFIDENCE_BUCKETS,
        source,
        debtor & turn.result.in_(("ok", "no_match", "bargein")) & turn.confidence.is_not(None),
    )


def money(connection: sa.Connection, labels: Labeller) -> Iterator[Metric]:
    """Promises and payments; amounts in units of the currency."""
    agreement, promise, payment = t.agreement, t.promise, t.payment
    made_in = agreement.outerjoin(t.interaction, t.interaction.c.id == agreement.c.interaction_id)
    source = promise.join(made_in, agreement.c.id == promise.c.agreement_id)
    whose = {"tenant": agreement.c.tenant_id, "campaign": t.interaction.c.campaign_id}
    spoken = source.outerjoin(t.attempt, _a.id == agreement.c.interaction_id)
    for name, help_text, where in (
        ("promises_created", "Promised payments", sa.true()),
        ("promises_kept", "Promised payments that were made", promise.c.status == "kept"),
        ("promises_broken", "Promised payments that were not made", promise.c.status == "broken"),
    ):
        yield _counter(
            connection, labels, name, help_text, whose | {"language": _a.language}, sa.func.count(), spoken, where
        )
    paid_for = payment.outerjoin(promise, promise.c.id == payment.c.promise_id)
    received = paid_for.outerjoin(agreement, agreement.c.id == promise.c.agreement_id).outerjoin(
        t.interaction, t.interaction.c.id == agreement.c.interaction_id
    )
    channel = {"channel": t.interaction.c.channel}
    for name, help_text, amount, currency, owner, of in (
        ("promised_amount", "Promised", agreement.c.total_minor, agreement.c.currency, agreement.c.tenant_id, made_in),
        (
            "discount_amount",
            "Forgiven",
            agreement.c.discount_minor,
            agreement.c.currency,
            agreement.c.tenant_id,
            made_in,
        ),
        ("recovered_amount", "Received", payment.c.amount_minor, payment.c.currency, payment.c.tenant_id, received),
    ):
        by = whose | {"tenant": owner} | channel | {"currency": currency}
        yield _counter(connection, labels, name, f"{help_text}, in units of the currency", by, sa.func.sum(amount), of)


def second_looks(connection: sa.Connection, labels: Labeller) -> Iterator[Metric]:
    """Promises heard again, and what became of those in doubt."""
    look = t.second_look.c
    heard_in = t.second_look.join(t.attempt, _a.id == look.attempt_id)
    whose = {"tenant": look.tenant_id, "language": _a.language}
    for name, help_text, by, where in (
        ("second_looks", "Promises heard again", {"verdict": look.verdict}, sa.true()),
        ("promises_reviewed", "Doubts decided by a person", {"outcome": look.outcome}, look.outcome.is_not(None)),
    ):
        yield _counter(connection, labels, name, help_text, whose | by, sa.func.count(), heard_in, where)
    open_doubts = GaugeMetricFamily(
        "voiceagent_promises_in_doubt", "Promises that wait for a person", labels=["tenant"]
    )
    undecided = look.request_id.is_not(None) & look.outcome.is_(None)
    for tenant_id, number in _rows(connection, {"tenant": look.tenant_id}, [sa.func.count()], t.second_look, undecided):
        open_doubts.add_metric([labels(tenant_id)], number)
    yield open_doubts


def law(connection: sa.Connection, labels: Labeller) -> Iterator[Metric]:
    """Decisions by rule (a decision that several rules spoke in counts for each), and stops."""
    decision = t.compliance_decision
    rules = sa.cast(decision.c.rules, sa.Text)
    counted: Counter[tuple[str, str, str]] = Counter()
    for text, allow, number in connection.execute(
        sa.select(rules, decision.c.allow, sa.func.count()).group_by(rules, decision.c.allow)
    ):
        for rule in json.loads(text) or [""]:
            counted[rule.split("-")[0] if rule else "", rule, "allow" if allow else "deny"] += number
    family = CounterMetricFamily(
        "voiceagent_compliance_decisions", "Decisions by rule", labels=["jurisdiction", "rule", "decision"]
    )
    for key, number in sorted(counted.items()):
        family.add_metric(list(key), number)
    yield family
    yield _counter(
        connection, labels, "optouts", "Stops asked for", {"scope": t.opt_out.c.scope}, sa.func.count(), t.opt_out
    )


def ladder(connection: sa.Connection, labels: Labeller) -> Iterator[Metric]:
    """Questions that had to be put otherwise."""
    step = t.ladder_step.c
    by = {"state": step.state, "step": step.step, "silent": sa.case((step.silent, "yes"), else_="no")}
    help_text = "Steps down the ladder of a question that was not answered"
    yield _counter(connection, labels, "ladder_steps", help_text, by, sa.func.count(), t.ladder_step)


def answerers(connection: sa.Connection, labels: Labeller) -> Iterator[Metric]:
    """Who or what answered, how soon that was told, and how often it was taken for something else at first."""
    found = t.answerer.c
    source = t.answerer.join(t.attempt, _a.id == found.attempt_id)
    by = {"campaign": _a.campaign_id, "kind": found.kind, "first": found.first_kind}
    help_text = "Outgoing calls by who or what answered, and what that was taken for at first"
    yield _counter(connection, labels, "answerers", help_text, by, sa.func.count(), source)
    yield _histogram(
        connection,
        labels,
        "answerer_latency_seconds",
        "End of the sound that told who answered to the verdict",
        {"kind": found.kind, "language": _a.language},
        found.latency_s,
        LATENCY_BUCKETS,
        source,
        sa.true(),
    )


def unverifiable(connection: sa.Connection, labels: Labeller) -> Iterator[Metric]:
    """Cases with something open that a voice cannot work, because nothing is known that identity could be proved by."""
    person, case, debt = t.person.c, t.debt_case.c, t.debt.c
    source = t.debt_case.join(t.person, person.id == case.person_id)
    owed = sa.exists().where(debt.case_id == case.id, debt.status.in_(("open", "disputed")))
    document: sa.ColumnElement[str] = sa.func.coalesce(person.document, "")
    for mark in ". -/":
        document = sa.func.replace(document, mark, "")
    none = person.birth_date.is_(None) & (sa.func.length(document) < SHORTEST_DOCUMENT)
    family = GaugeMetricFamily(
        "voiceagent_unverifiable_cases", "Open cases without a datum to prove identity by", labels=["tenant"]
    )
    for tenant_id, number in _rows(
        connection, {"tenant": case.tenant_id}, [sa.func.count()], source, person.erased_at.is_(None) & none & owed
    ):
        family.add_metric([labels(tenant_id)], number)
    yield family


def recordings(connection: sa.Connection, labels: Labeller) -> Iterator[Metric]:
    """Recordings by state."""
    by = {"status": t.recording.c.state}
    size = sa.func.coalesce(sa.func.sum(t.recording.c.bytes), 0)
    yield _counter(connection, labels, "recordings", "Recordings", by, sa.func.count(), t.recording)
    yield _counter(connection, labels, "recording_bytes", "Bytes of recordings", by, size, t.recording)


def agents(connection: sa.Connection, labels: Labeller) -> Iterator[Metric]:
    """Seats by state now."""
    family = GaugeMetricFamily("voiceagent_agents", "Seats by state", labels=["state"])
    for state, number in connection.execute(sa.select(t.seat.c.state, sa.func.count()).group_by(t.seat.c.state)):
        family.add_metric([labels(state)], number)
    yield family


def build_info(version: str) -> Metric:
    """Always 1."""
    family = GaugeMetricFamily("voiceagent_build_info", "Version in use", labels=["version"])
    family.add_metric([version], 1)
    return family


FAMILIES: tuple[Family, ...] = (
    calls, durations, answerers, turns, ladder, money, second_looks, law, unverifiable, recordings, agents,
)  # fmt: skip


def _counter(
    connection: sa.Connection,
    labels: Labeller,
    name: str,
    help_text: str,
    by: dict[str, Any],
    value: Any,
    source: sa.FromClause,
    where: Any = None,
) -> Metric:
    family = CounterMetricFamily(f"voiceagent_{name}", help_text, labels=list(by))
    for *keys, number in _rows(connection, by, [value], source, where):
        texts = [labels(key) for key in keys]
        if "currency" in by:
            number = int(number) / 10 ** DECIMALS[texts[list(by).index("currency")]]
        family.add_metric(texts, float(number))
    return family


def _histogram(
    connection: sa.Connection,
    labels: Labeller,
    name: str,
    help_text: str,
    by: dict[str, Any],
    value: Any,
    buckets: Sequence[float],
    source: sa.FromClause,
    where: Any,
) -> Metric:
    family = HistogramMetricFamily(f"voiceagent_{name}", help_text, labels=list(by))
    within = [sa.func.sum(sa.case((value <= edge, 1), else_=0)) for edge in buckets]
    for row in _rows(connection, by, [*within, sa.func.count(), sa.func.sum(value)], source, where):
        keys, rest = row[: len(by)], row[len(by) :]
        counts = [(str(float(edge)), float(number)) for edge, number in zip(buckets, rest, strict=False)]
        family.add_metric([labels(key) for key in keys], [*counts, ("+Inf", float(rest[-2]))], float(rest[-1]))
    return family


def _rows(
    connection: sa.Connection, by: dict[str, Any], values: list[Any], source: sa.FromClause, where: Any
) -> list[Any]:
    """Grouped by every label that is a column."""
    query = sa.select(*(column.label(name) for name, column in by.items()), *values).select_from(source)
    if where is not None:
        query = query.where(where)
    keys = [column for column in by.values() if not isinstance(column, sa.BindParameter)]
    return list(connection.execute(query.group_by(*keys)))
