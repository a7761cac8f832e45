"""Guards segments: the database answers a filter as its meaning says, case by case; counts are live, scores kept."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from voiceagent.base.errors import BadInputError
from voiceagent.base.money import Money
from voiceagent.cases import segments, tables
from voiceagent.cases.intake import Given, Taken, take_in
from voiceagent.cases.segments import Intensity
from voiceagent.debt.case import Case
from voiceagent.journal.catalogue import OptOutRecorded
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.floor import PromiseStatusChanged
from voiceagent.journal.journal import Journal
from voiceagent.segments.fields import FIELDS, Type
from voiceagent.segments.grammar import FilterError, parse
from voiceagent.segments.meaning import holds
from voiceagent.segments.scorecard import read_scorecard

MakeCase = Callable[..., Case]
TODAY = date(2026, 11, 18)


@pytest.fixture
def people(journal: Journal, make_case: MakeCase, talk: Any, taken: Taken) -> list[Any]:
    """A case with a past, and others that differ in everything a filter may ask; the first one's row is `taken`'s."""
    talk.everything(taken)
    given = []
    for n in range(1, 9):
        case = make_case(n)
        (debt, *_) = case.debts
        currency = ("BRL", "CLP", "BRL", "MXN")[n % 4]
        changes = {"due": date(2026, 11, 18 - n), "creditor": f"Credor {n % 2}"}
        if n == 5:
            changes["due"] = date(2026, 12, 1)
        debts = (type(debt)(**{f: getattr(debt, f) for f in debt.__slots__} | changes | {
            "original": Money(10_000 * n, currency), "charges": Money(n, currency)}),)  # fmt: skip
        fields = {f: getattr(case, f) for f in case.__slots__}
        fields |= {"debts": debts, "state": (None, "SP", "RJ", "sp")[n % 4], "emails": () if n % 3 else case.emails}
        given.append(Given(Case(**fields), attributes={"plan": "Gold", "score": f"{n * 100}"} if n % 2 else {}))
    with journal.transaction() as connection:
        take_in(journal, connection, given, source="list 3")
    ids = _ids(journal)
    segments.import_scores(journal, ids[1:])
    with journal.db.read() as connection:
        person = connection.execute(
            sa.select(tables.debt_case.c.person_id).where(tables.debt_case.c.id == ids[3])
        ).scalar_one()
        promise = connection.execute(sa.select(tables.promise.c.id).limit(1)).scalar_one()
    stop = OptOutRecorded(uuid.uuid4(), "person", person)
    broken = PromiseStatusChanged(promise, "broken")
    journal.record([NewEvent("person", person, stop), NewEvent("case", taken.case_id, broken)])
    return ids


def _ids(journal: Journal) -> list[Any]:
    with journal.db.read() as connection:
        return list(connection.execute(sa.select(tables.debt_case.c.id).order_by(tables.debt_case.c.id)).scalars())


def _members(journal: Journal, text: str) -> set[Any]:
    with journal.db.read() as connection:
        found = segments.case_ids(connection, parse(text), today=TODAY, tenant_id=journal.tenant_id)
        return {case_id for some in found for case_id in some}


def _random_filter(rng: random.Random, values: dict[str, list[Any]], depth: int = 0) -> str:
    if depth < 3 and rng.random() < 0.55:
        inner = [_random_filter(rng, values, depth + 1) for _ in range(rng.randrange(1, 4))]
        joined = rng.choice((" and ", " or ")).join(f"({part})" for part in inner)
        return f"not ({joined})" if rng.random() < 0.3 else joined
    name = rng.choice([*FIELDS, "x.plan", "x.none"])
    kind = FIELDS[name].type if name in FIELDS else Type.TEXT
    if rng.random() < 0.15:
        return f"{name} is {rng.choice(('', 'not '))}known"
    if kind is Type.FLAG:
        return rng.choice((name, f"{name} = no", f"{name} != yes"))

    def value() -> str:
        known = rng.choice(
            values.get(name) or [7 if kind in (Type.WHOLE, Type.AMOUNT) else TODAY if kind is Type.DATE else "?"]
        )
        return f"'{known}'" if kind is Type.TEXT else str(known)

    if kind is Type.TEXT:
        return rng.choice((f"{name} = {value()}", f"{name} != {value()}", f"{name} not in ({value()}, {value()})"))
    if rng.random() < 0.3:
        return f"{name} between {value()} and {value()}"
    return f"{name} {rng.choice(('=', '!=', '<', '<=', '>', '>='))} {value()}"


def test_the_database_answers_as_the_filter_means(journal: Journal, people: list[Any]) -> None:
    with journal.db.read() as connection:
        facts = dict(segments.facts_of(connection, people, today=TODAY))
    assert len(facts) == len(people) == 9
    values: dict[str, list[Any]] = {}
    for told in facts.values():
        for name, fact in told.items():
            values.setdefault(name, []).extend([] if fact is None else [fact])
    assert set(FIELDS) - {name for name, seen in values.items() if seen} == set(), "every field is told of somebody"
    rng = random.Random(7)
    sizes = set()
    for _ in range(150):
        text = _random_filter(rng, values)
        meant = {case_id for case_id, told in facts.items() if holds(parse(text), told)}
        assert _members(journal, text) == meant, text
        sizes.add(len(meant))
    assert len(sizes) > 4, "filters that hold for all or none would prove little"


def test_counts_are_live_and_equal_the_members(journal: Journal, people: list[Any]) -> None:
    with journal.db.read() as connection:
        counted = segments.count(connection, parse("debts >= 1"), today=TODAY, tenant_id=journal.tenant_id)
    assert counted["cases"] == counted["people"] == 9 == sum(counted["ages"].values())
    assert counted["ages"]["not yet due"] == 1
    assert counted["balance"]["CLP"] == "60006" and set(counted["balance"]) == {"BRL", "CLP", "MXN"}
    with journal.db.write() as connection:
        connection.execute(sa.update(tables.debt).values(status="paid"))
    with journal.db.read() as connection:
        again = segments.count(connection, parse("debts >= 1"), today=TODAY, tenant_id=journal.tenant_id)
    assert again["cases"] == 0


def test_segments_are_saved_changed_and_dropped(journal: Journal, people: list[Any]) -> None:
    saved = segments.save_segment(journal, "soft", "state = SP", intensity=Intensity(per_week=2, gap_hours=48))
    assert (saved.revision, saved.intensity.per_week) == (1, 2)
    assert segments.save_segment(journal, "soft", "state in (SP, RJ)").revision == 2
    with pytest.raises(FilterError, match="column 1"):
        segments.save_segment(journal, "soft", "colour = red")
    segments.drop_segment(journal, "soft")
    with journal.db.read() as connection, pytest.raises(BadInputError, match="segments list"):
        segments.require_segment(connection, "soft", journal.tenant_id)


def test_the_strictest_intensity_of_a_cases_segments_counts(journal: Journal, people: list[Any], taken: Taken) -> None:
    segments.save_segment(journal, "all", "debts >= 1", intensity=Intensity(per_day=2, gap_hours=4))
    segments.save_segment(journal, "some", "state = RJ", intensity=Intensity(per_day=1, per_week=3))
    (inside, *_) = _members(journal, "state = RJ")
    (outside, *_) = _members(journal, "state = SP") - {taken.case_id}  # whose debt is old

    with journal.db.read() as connection:
        asked = segments.intensities(connection, [inside, outside], today=TODAY, tenant_id=journal.tenant_id)
    # The fixture's own segment asks for two a week of young debts.
    assert asked == {inside: Intensity(1, 2, 4), outside: Intensity(2, 2, 4)}
    with pytest.raises(BadInputError, match="per_day is 1 to 100"):
        Intensity(per_day=0)
    with pytest.raises(BadInputError, match="gap_hours is 0 to 8760"):
        # A bound that no decision could reckon with would be an alarm at every one of them.
        Intensity(gap_hours=10**9)


def test_scores_come_from_the_list_or_from_a_card(journal: Journal, people: list[Any]) -> None:
    assert len(_members(journal, "score is known")) == 4
    card = read_scorecard(
        {"name": "c", "version": "2", "base": 400, "lines": [{"when": "has_email", "points": 50, "reason": "writes"}]}
    )
    assert segments.score_cases(journal, card, people, today=TODAY) == 9
    assert len(_members(journal, "score = 450")) + len(_members(journal, "score = 400")) == 9
    with journal.db.read() as connection:
        kept = connection.execute(sa.select(tables.case_score).where(tables.case_score.c.value == 450)).first()
    assert kept is not None and (kept.model, kept.version, kept.reasons) == ("c", "2", ["writes"])
    with journal.db.write() as connection:
        connection.execute(sa.update(tables.attribute).where(tables.attribute.c.name == "score").values(value="1001"))
    assert segments.import_scores(journal, people) == (0, 5)
