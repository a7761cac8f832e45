"""Saved segments: filters under a name, with live counts, the cases they hold now, and the scores they ask for."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError
from voiceagent.base.ids import uuid7
from voiceagent.base.money import Money
from voiceagent.cases import tables as t
from voiceagent.cases.casefacts import COLUMNS, condition, plain
from voiceagent.cases.tables.segments import case_score, segment
from voiceagent.journal.catalogue import Said
from voiceagent.journal.envelope import Event, NewEvent
from voiceagent.journal.journal import Journal, Projection, for_each
from voiceagent.segments.grammar import Expression, parse
from voiceagent.segments.scorecard import HIGHEST, LOWEST, Scorecard
from voiceagent.storage.question import Question
from voiceagent.storage.upsert import upsert

#: Ages of debt as reports group them: (name, first day overdue, last).
AGES = (
    ("not yet due", None, 0), ("1-30", 1, 30), ("31-60", 31, 60), ("61-90", 61, 90), ("91-180", 91, 180),
    ("181-360", 181, 360), ("361-1825", 361, 1825), ("over 1825", 1826, None),
)  # fmt: skip
_BATCH = 500


@dataclass(frozen=True, slots=True)
class SegmentSaved(Said):
    """Somebody saved a filter under a name, or changed it; who, says the event's actor."""

    TYPE: ClassVar[str] = "segment.saved"
    segment_id: uuid.UUID
    name: str
    expression: str
    intensity: dict[str, int] | None = None


@dataclass(frozen=True, slots=True)
class SegmentDropped(Said):
    """A saved filter is offered no more."""

    TYPE: ClassVar[str] = "segment.dropped"
    segment_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Intensity:
    """Softer than the law: how often the people of a segment are contacted at most. It can only take away."""

    per_day: int | None = None
    per_week: int | None = None
    gap_hours: int | None = None

    def __post_init__(self) -> None:
        for name, least, most in (("per_day", 1, 100), ("per_week", 1, 700), ("gap_hours", 0, 8760)):
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                raise BadInputError(f"{name} is {least} to {most}; to leave people alone, enroll them nowhere")

    def to_json(self) -> dict[str, int] | None:
        """Only what is set; None when nothing is."""
        names = ("per_day", "per_week", "gap_hours")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None} or None

    def words(self) -> str:
        """What is set, for people; empty when nothing is."""
        told = (
            (self.per_day, "at most {} a day"),
            (self.per_week, "at most {} a week"),
            (self.gap_hours, "{} h between two contacts"),
        )
        return ", ".join(text.format(value) for value, text in told if value is not None)

    def strictest(self, other: Intensity) -> Intensity:
        """Both at once: of two caps the lower, of two gaps the longer."""

        def told(name: str) -> list[int]:
            return [value for value in (getattr(self, name), getattr(other, name)) if value is not None]

        return Intensity(
            min(told("per_day"), default=None),
            min(told("per_week"), default=None),
            max(told("gap_hours"), default=None),
        )


@dataclass(frozen=True, slots=True)
class Segment:
    """A saved filter."""

    id: uuid.UUID
    name: str
    expression: str
    intensity: Intensity
    revision: int

    @property
    def meaning(self) -> Expression:
        """The filter, read."""
        return parse(self.expression)


def save_segment(
    journal: Journal, name: str, expression: str, *, intensity: Intensity | None = None, actor: str = "operator"
) -> Segment:
    """Save or change; FilterError says what is wrong with the filter."""
    name = name.strip()
    if not name or len(name) > 64:
        raise BadInputError("a segment needs a name of at most 64 characters")
    parse(expression)
    with journal.transaction() as connection:
        row = connection.execute(
            sa.select(segment.c.id).where(segment.c.tenant_id == journal.tenant_id, segment.c.name == name)
        ).first()
        identity = row.id if row else uuid7(journal.clock.now())
        saved = SegmentSaved(identity, name, expression.strip(), (intensity or Intensity()).to_json())
        journal.record([NewEvent("segment", identity, saved, actor)], connection)
        return require_segment(connection, name, journal.tenant_id)


def drop_segment(journal: Journal, name: str, *, actor: str = "operator") -> None:
    """Offer it no more; who was enrolled by it stays enrolled."""
    with journal.transaction() as connection:
        found = require_segment(connection, name, journal.tenant_id)
        journal.record([NewEvent("segment", found.id, SegmentDropped(found.id), actor)], connection)


SEGMENTS = Question(
    sa.select(segment)
    .where(segment.c.tenant_id == sa.bindparam("tenant"), segment.c.dropped_at.is_(None))
    .order_by(segment.c.name)
)


def all_segments(connection: sa.Connection, tenant_id: uuid.UUID) -> list[Segment]:
    """By name."""
    return [_segment(row) for row in SEGMENTS(connection, tenant=tenant_id)]


def require_segment(connection: sa.Connection, name: str, tenant_id: uuid.UUID) -> Segment:
    """By name; BadInputError says what to do when there is none."""
    for found in all_segments(connection, tenant_id):
        if found.name == name:
            return found
    raise BadInputError(f"there is no segment {name!r}: see voiceagent segments list", code="unknown_segment")


def case_ids(
    connection: sa.Connection, expression: Expression, *, today: date, tenant_id: uuid.UUID
) -> Iterator[list[uuid.UUID]]:
    """The cases that belong to it now, in the order of their ids, some hundreds at a time."""
    last: uuid.UUID | None = None
    while True:
        query = _within(sa.select(t.debt_case.c.id), expression, today, tenant_id).order_by(t.debt_case.c.id)
        if last is not None:
            query = query.where(t.debt_case.c.id > last)
        some = list(connection.execute(query.limit(_BATCH)).scalars())
        if not some:
            return
        yield some
        last = some[-1]


def intensities(
    connection: sa.Connection, ids: Sequence[uuid.UUID], *, today: date, tenant_id: uuid.UUID
) -> dict[uuid.UUID, Intensity]:
    """By case, where a segment asks for less than the law allows: the strictest of all it belongs to now."""
    found: dict[uuid.UUID, Intensity] = {}
    for one in all_segments(connection, tenant_id):
        if one.intensity.to_json() is None:
            continue
        inside = _within(sa.select(t.debt_case.c.id), one.meaning, today, tenant_id)
        for case_id in connection.execute(inside.where(t.debt_case.c.id.in_(ids))).scalars():
            found[case_id] = found.get(case_id, Intensity()).strictest(one.intensity)
    return found


def count(connection: sa.Connection, expression: Expression, *, today: date, tenant_id: uuid.UUID) -> dict[str, Any]:
    """{cases, people, balance: {currency: amount}, ages: {name: cases}} of who belongs to it now."""
    due, minor, currency = (COLUMNS[name] for name in ("oldest_due", "balance", "currency"))
    one = _within(
        sa.select(
            t.debt_case.c.id,
            t.debt_case.c.person_id,
            due.label("due"),
            minor.label("minor"),
            currency.label("currency"),
        ),
        expression,
        today,
        tenant_id,
    ).subquery()
    people = connection.execute(sa.select(sa.func.count(sa.distinct(one.c.person_id)))).scalar_one()
    sums = connection.execute(
        sa.select(one.c.currency, sa.func.count().label("n"), sa.func.sum(one.c.minor).label("minor")).group_by(
            one.c.currency
        )
    ).all()
    ages = []
    for _, first, last in AGES:
        within = [
            *([] if first is None else [one.c.due <= today - timedelta(days=first)]),
            *([] if last is None else [one.c.due >= today - timedelta(days=last)]),
        ]
        ages.append(sa.func.count(sa.case((sa.and_(*within), 1))))
    counted = connection.execute(sa.select(*ages)).one()
    return {
        "cases": sum(row.n for row in sums),
        "people": people,
        "balance": {row.currency: str(Money(int(row.minor), row.currency)) for row in sums if row.currency},
        "ages": dict(zip((name for name, _, _ in AGES), counted, strict=True)),
    }


def facts_of(
    connection: sa.Connection, ids: Sequence[uuid.UUID], *, today: date
) -> Iterator[tuple[uuid.UUID, dict[str, Any]]]:
    """Every case's facts by field name, None where unknown; custom columns as `x.name`."""
    for start in range(0, len(ids), _BATCH):
        some = ids[start : start + _BATCH]
        extra: dict[uuid.UUID, dict[str, Any]] = {}
        attribute = t.attribute.c
        for row in connection.execute(sa.select(t.attribute).where(attribute.case_id.in_(some))):
            extra.setdefault(row.case_id, {})[f"x.{row.name}"] = row.value
        query = (
            sa.select(t.debt_case.c.id, *(scalar.label(name) for name, scalar in COLUMNS.items()))
            .join(t.person, t.person.c.id == t.debt_case.c.person_id)
            .where(t.debt_case.c.id.in_(some))
            .order_by(t.debt_case.c.id)
        )
        for found in connection.execute(query).mappings():
            told = {name: plain(name, found[name], found["currency"], today) for name in COLUMNS}
            yield found["id"], told | extra.get(found["id"], {})


def score_cases(journal: Journal, card: Scorecard, ids: Sequence[uuid.UUID], *, today: date) -> int:
    """Score these cases by a scorecard; returns how many. Reasons are kept beside each score."""
    with journal.db.write() as connection:
        rows = []
        for case_id, facts in facts_of(connection, ids, today=today):
            value, reasons = card.score(facts)
            rows.append(_scored(journal, case_id, value, card.name, card.version, list(reasons)))
        _keep_scores(connection, rows)
    return len(rows)


def import_scores(journal: Journal, ids: Sequence[uuid.UUID]) -> tuple[int, int]:
    """Take the list's own column `score` of these cases: (taken, not a whole number from 0 to 1000)."""
    a = t.attribute.c
    with journal.db.write() as connection:
        told = connection.execute(
            sa.select(a.case_id, a.value, a.source).where(a.name == "score", a.case_id.in_(ids), a.value.is_not(None))
        ).all()
        good = [row for row in told if row.value.strip().isdecimal() and LOWEST <= int(row.value) <= HIGHEST]
        _keep_scores(
            connection, [_scored(journal, row.case_id, int(row.value), "imported", row.source, []) for row in good]
        )
    return len(good), len(told) - len(good)


def _scored(
    journal: Journal, case_id: uuid.UUID, value: int, model: str, version: str, reasons: list[str]
) -> dict[str, Any]:
    return {
        "case_id": case_id,
        "tenant_id": journal.tenant_id,
        "value": value,
        "model": model[:64],
        "version": version[:64],
        "reasons": reasons,
        "scored_at": journal.clock.now(),
    }


def _keep_scores(connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
    upsert(connection, case_score, rows, update=("value", "model", "version", "reasons", "scored_at"))


def _within(query: sa.Select[Any], expression: Expression, today: date, tenant_id: uuid.UUID) -> sa.Select[Any]:
    """Erased people belong to no segment: nothing may be done with them."""
    return query.join(t.person, t.person.c.id == t.debt_case.c.person_id).where(
        t.debt_case.c.tenant_id == tenant_id, t.person.c.erased_at.is_(None), condition(expression, today)
    )


def _segment(row: Any) -> Segment:
    return Segment(row.id, row.name, row.expression, Intensity(**(row.intensity or {})), row.revision)


def _saved(connection: sa.Connection, event: Event) -> None:
    said = event.payload
    before = connection.execute(sa.select(segment.c.revision).where(segment.c.id == said["segment_id"])).scalar()
    row = {
        "id": said["segment_id"],
        "tenant_id": event.tenant_id,
        "name": said["name"],
        "expression": said["expression"],
        "intensity": said["intensity"],
        "revision": (before or 0) + 1,
        "saved_at": event.at_utc,
        "dropped_at": None,
    }
    upsert(connection, segment, [row], update=("expression", "intensity", "revision", "saved_at", "dropped_at"))


def _dropped(connection: sa.Connection, event: Event) -> None:
    connection.execute(
        sa.update(segment).where(segment.c.id == event.payload["segment_id"]).values(dropped_at=event.at_utc)
    )


PROJECTIONS = (
    Projection(SegmentSaved.TYPE, for_each(_saved)),
    Projection(SegmentDropped.TYPE, for_each(_dropped)),
)
