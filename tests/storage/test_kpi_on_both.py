"""Guards the KPIs: what SQL says on either database is what counting the raw events by hand says."""

from __future__ import annotations

import random
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from voiceagent.base.clock import ManualClock
from voiceagent.cases.intake import import_cases
from voiceagent.cases.tables import answerer, attempt
from voiceagent.debt.case import Case
from voiceagent.journal import catalogue as said
from voiceagent.journal.envelope import Event
from voiceagent.journal.journal import Journal, all_events
from voiceagent.kpi.exporter import BusinessCollector
from voiceagent.kpi.measures import LABELS
from voiceagent.kpi.render import csv_text, row_json, table_text
from voiceagent.kpi.report import By, Row, Scope, report

CAMPAIGNS = (uuid.UUID(int=1), uuid.UUID(int=2), None)
RESULTS = ("ok", "ok", "no_input", "no_match", "dtmf", "bargein", "ignored", "unavailable")


@pytest.fixture
def period(talk: Any, make_case: Callable[..., Case]) -> list[Event]:
    """Sixty calls to twelve people over three days, of every kind; returns all events."""
    chance = random.Random(20261118)
    people = import_cases(talk.journal, [make_case(n) for n in range(12)], source="test")
    for _ in range(60):
        one_call(talk, chance, people[chance.randrange(12)])
        talk.clock.advance(chance.randrange(600, 6000))
    # One that is still ringing: it counts as dialled, not as ended.
    talk.begin(people[0], zone="America/Sao_Paulo", local_date=None, local_hour=None, seat=None)
    # One that goes on with a proved debtor: a person, whose talk is not over.
    call = talk.begin(people[1], zone="America/Sao_Paulo", local_date=None, local_hour=None, seat="seat-0")
    talk.say(call, said.CallAnswered(), said.CallFirstAudio(0.4), said.IdentityVerified("birth_day_month"), after_s=9)
    with talk.journal.db.read() as connection:
        return [event for batch in all_events(connection) for event in batch]


def one_call(talk: Any, chance: random.Random, taken: Any) -> None:
    call = talk.begin(
        taken,
        campaign_id=chance.choice(CAMPAIGNS),
        seat=f"seat-{chance.randrange(3)}",
        zone="America/Sao_Paulo",
        local_date=None,
        local_hour=None,
    )
    ring = chance.uniform(1, 30)
    if chance.random() < 0.35:
        ended = said.CallEnded(chance.choice(["NA", "BUSY", "CONG"]), ring_s=ring)
        talk.say(call, said.CallHungUp("failure", 486), ended, after_s=ring)
        return
    talk.say(call, said.CallAnswered(), after_s=ring)
    human = chance.random() < 0.7
    talk_s = chance.uniform(2, 120)
    if chance.random() < 0.5:
        kind = "human" if human else "voicemail"
        talk.say(call, said.CallAnsweredBy(kind, "short", round(chance.uniform(0.5, 2), 3), 0.4, 0.5), after_s=0)
    if chance.random() < 0.9:
        talk.say(call, said.CallFirstAudio(round(chance.uniform(0.2, 4), 3)))
    for n in range(chance.randrange(4)):
        agent = said.AgentTurnPlayed(n, "offer", "p", 0, None, 0.0, 1.0, 1.0, interrupted=chance.random() < 0.3)
        debtor = said.DebtorTurnHeard(
            n,
            "offer",
            None,
            chance.random(),
            None,
            latency_s=chance.choice([None, 0.4, 1.2]),
            result=chance.choice(RESULTS),
        )
        talk.say(call, agent, debtor, after_s=0)
    right_party = human and chance.random() < 0.6
    disposition = "VM" if not human else chance.choice(["HUP", "DISP", "WN", "XFER", "CEASE"])
    if right_party and chance.random() < 0.6:
        disposition = "PTP"
        talk.promise(call, taken, *[chance.randrange(100, 99_999) for _ in range(chance.randrange(1, 4))], discount=55)
    if disposition == "CEASE":
        talk.say(call, said.OptOutRecorded(uuid.uuid4(), "person", taken.person_id), after_s=0)
    ended = said.CallEnded(
        disposition, human, not human, right_party, ring, talk_s, chance.choice([0.0, 5.0]), chance.uniform(0, 3)
    )
    talk.say(call, said.CallHungUp("far", 200), ended, after_s=talk_s)


class ByHand:
    """The KPIs counted from the events of some calls, without SQL and without tables."""

    def __init__(self, calls: list[list[Event]]) -> None:
        self.calls = [{event.type: event.payload for event in call} for call in calls]
        self.turns = [e.payload for call in calls for e in call if e.type == "turn.debtor"]
        self.prompts = [e.payload for call in calls for e in call if e.type == "turn.agent"]
        self.promises = [e.payload for call in calls for e in call if e.type == "promise.made"]

    def having(self, test: Callable[[dict[str, Any]], Any]) -> list[dict[str, Any]]:
        return [call for call in self.calls if test(call)]

    def people(self, calls: list[dict[str, Any]]) -> int:
        return len({call["call.attempted"]["person_id"] for call in calls})

    def expected(self) -> dict[str, tuple[float, float | None]]:
        ended = self.having(lambda c: "call.ended" in c)
        answered = self.having(lambda c: "call.answered" in c)
        handled = [c for c in ended if c["call.ended"]["human"]]
        going_on = self.having(lambda c: "identity.verified" in c and "call.ended" not in c)
        human = handled + going_on
        machine = [c for c in ended if c["call.ended"]["machine"]]
        right = [c for c in ended if c["call.ended"]["right_party"]] + going_on
        promised = self.having(lambda c: "promise.made" in c)
        audio = self.having(lambda c: "call.first_audio" in c)
        d, a, h, r = len(self.calls), len(answered), len(human), len(right)

        def total(calls: list[dict[str, Any]], *names: str) -> float:
            return round(sum(c["call.ended"][name] for c in calls for name in names), 3)

        def disposed(calls: list[dict[str, Any]], code: str) -> int:
            return sum(c["call.ended"]["disposition"] == code for c in calls if "call.ended" in c)

        def mute(call: dict[str, Any]) -> float:
            by = call.get("call.answered_by", {"after_answer_s": 0.0, "latency_s": 0.0})
            said_at = call.get("call.first_audio", {}).get("after_answer_s", 99)
            return said_at - (by["after_answer_s"] - by["latency_s"])

        late = [c for c in human if mute(c) > 2]
        short = [c for c in ended if "call.answered" not in c or c["call.ended"]["talk_s"] <= 6]
        heard = [t for t in self.turns if t["result"] in ("ok", "no_match", "bargein")]
        asked = [t for t in self.turns if t["result"] not in ("ignored", "unavailable")]
        return {
            "attempts": (d, None),
            "answered": (a, None),
            "human": (h, None),
            "machine": (len(machine), None),
            "right_party": (r, None),
            "promises": (len(promised), None),
            "debtors": (self.people(self.calls), None),
            "spin": (d, self.people(self.calls)),
            "answer_rate": (a, d),
            "human_rate": (h, d),
            "machine_rate": (len(machine), a),
            "right_party_rate": (r, h),
            "promise_rate": (len(promised), r),
            "debtor_human_rate": (self.people(human), self.people(self.calls)),
            "debtor_right_party_rate": (self.people(right), self.people(human)),
            "debtor_promise_rate": (self.people(promised), self.people(right)),
            "tma_s": (total(handled, "talk_s", "hold_s"), len(handled)),
            "tmo_s": (total(handled, "talk_s", "hold_s", "wrap_s"), len(handled)),
            "time_to_first_audio_s": (
                round(sum(c["call.first_audio"]["after_answer_s"] for c in audio), 3),
                len(audio),
            ),
            "ring_s": (total(ended, "ring_s"), len(ended)),
            "abandonment_rate": (len(late), h),
            "short_call_share": (len(short), len(ended)),
            "containment": (h - disposed(human, "XFER"), h),
            # Nothing of this period was heard again; the counts themselves are in tests/unit/quality.
            "second_look_share": (0, len(promised)),
            "doubt_rate": (0, 0),
            "overturn_rate": (0, 0),
            "opt_out_rate": (len(self.having(lambda c: "optout.recorded" in c)), h),
            "dispute_rate": (disposed(ended, "DISP"), h),
            "wrong_number_rate": (disposed(ended, "WN"), h),
            "no_input_rate": (sum(t["result"] == "no_input" for t in self.turns), len(asked)),
            "no_match_rate": (sum(t["result"] == "no_match" for t in self.turns), len(heard)),
            "interruption_rate": (sum(p["interrupted"] for p in self.prompts), len(self.prompts)),
        }


def calls_of(events: list[Event], key: Callable[[Event], str]) -> dict[str, list[list[Event]]]:
    """Events of calls, grouped by the attempt's `key`."""
    calls: dict[uuid.UUID, list[Event]] = defaultdict(list)
    for event in events:
        if event.stream_type == "call":
            calls[event.stream_id].append(event)
    groups: dict[str, list[list[Event]]] = defaultdict(list)
    for call in calls.values():
        (began,) = [event for event in call if event.type == "call.attempted"]
        groups[key(began)].append(call)
    return groups


def agree(row: Row, calls: list[list[Event]]) -> None:
    """`row` says what counting `calls` says."""
    hand = ByHand(calls)
    expected = hand.expected()
    assert row.kpis.keys() == expected.keys() == LABELS.keys()
    for name, (numerator, denominator) in expected.items():
        kpi = row.kpis[name]
        assert kpi.numerator == pytest.approx(numerator, abs=0.002), name
        assert kpi.denominator == denominator, name
        if denominator is not None:
            value = pytest.approx(numerator / denominator, abs=0.0011) if denominator else None
            assert kpi.value == value, name
    total = sum(promise["total"] for promise in hand.promises)
    if hand.promises:
        promised = row.money["BRL"]
        assert promised["promised"].value == f"{total // 100}.{total % 100:02d}"
        assert promised["discount"].numerator == f"{len(hand.promises) * 55 // 100}.{len(hand.promises) * 55 % 100:02d}"
        assert promised["ticket"].denominator == len(hand.promises)
        assert promised["instalments"].numerator == sum(len(p["instalments"]) for p in hand.promises)
    else:
        assert row.money == {}


def local(began: Event) -> datetime:
    """São Paulo has stood at -03:00 all year since 2019."""
    return began.at_utc - timedelta(hours=3)


KEYS: dict[By | None, Callable[[Event], str]] = {
    None: lambda began: "",
    By.DAY: lambda began: f"{local(began):%Y-%m-%d}",
    By.HOUR: lambda began: f"{local(began):%Y-%m-%dT%H}",
    By.SEAT: lambda began: began.payload["seat"] or "",
    By.WAVE: lambda began: began.payload["campaign_id"] or "",
}


def test_sql_says_what_counting_the_events_says(period: list[Event], journal: Journal) -> None:
    with journal.db.read() as connection:
        for by, key in KEYS.items():
            rows = report(connection, by=by)
            groups = calls_of(period, key)
            assert [row.key for row in rows] == sorted(groups), by
            for row in rows:
                agree(row, groups[row.key])


def test_scopes_by_day_instant_and_campaign(period: list[Event], journal: Journal) -> None:
    noon = datetime(2026, 11, 19, 15, 0, tzinfo=UTC)
    scopes: list[tuple[Scope, Callable[[Event], bool]]] = [
        (Scope(start=date(2026, 11, 19)), lambda b: local(b).date() >= date(2026, 11, 19)),
        (Scope(end=date(2026, 11, 19)), lambda b: local(b).date() <= date(2026, 11, 19)),
        (Scope(start=noon), lambda b: b.at_utc >= noon),
        (Scope(end=noon), lambda b: b.at_utc < noon),
        (Scope(campaign_id=CAMPAIGNS[0]), lambda b: b.payload["campaign_id"] == str(CAMPAIGNS[0])),
    ]
    with journal.db.read() as connection:
        for scope, belongs in scopes:
            chosen = calls_of(period, lambda began, belongs=belongs: str(belongs(began)))["True"]
            assert 0 < len(chosen) < 61
            (row,) = report(connection, scope)
            agree(row, chosen)


def test_nothing_happened_is_zeros_not_errors(journal: Journal) -> None:
    with journal.db.read() as connection:
        (row,) = report(connection)
        assert report(connection, by=By.HOUR) == []
    assert row.kpis["attempts"].value == 0
    assert row.kpis["answer_rate"].as_json() == {"value": None, "numerator": 0, "denominator": 0}
    assert "–" in table_text([row], None)


def test_csv_and_json_say_the_same(period: list[Event], journal: Journal) -> None:
    with journal.db.read() as connection:
        rows = report(connection, by=By.DAY)
    head, *lines = csv_text(rows, "day").splitlines()
    for row, line in zip(rows, lines, strict=True):
        cells = dict(zip(head.split(","), line.split(","), strict=True))
        assert cells["day"] == row.key
        shown = row_json(row)
        for name in LABELS:
            value = shown["kpis"][name]["value"]
            assert cells[name] == ("" if value is None else str(value))
        assert cells["promised_BRL"] == shown["money"]["BRL"]["promised"]["value"]


def samples(collector: BusinessCollector) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in collector.collect()
        for sample in family.samples
    }


def test_exported_totals_are_those_of_the_report(period: list[Event], journal: Journal, clock: ManualClock) -> None:
    names = {CAMPAIGNS[0]: "first", CAMPAIGNS[1]: "second"}
    found = samples(BusinessCollector(journal.db, clock, campaigns=lambda _connection: names))

    def total(name: str, **labels: str) -> float:
        wanted = set(labels.items())
        return sum(value for (metric, has), value in found.items() if metric == name and wanted <= set(has))

    with journal.db.read() as connection:
        (row,) = report(connection)
        (first,) = report(connection, Scope(campaign_id=CAMPAIGNS[0]))
    for metric, kpi in (
        ("voiceagent_calls_attempted_total", "attempts"),
        ("voiceagent_calls_answered_total", "answered"),
        ("voiceagent_calls_human_total", "human"),
        ("voiceagent_calls_machine_total", "machine"),
        ("voiceagent_right_party_contacts_total", "right_party"),
    ):
        assert total(metric) == row.kpis[kpi].value, metric
        assert total(metric, campaign="first") == first.kpis[kpi].value, metric
    assert total("voiceagent_promised_amount_total", currency="BRL") == pytest.approx(
        float(row.money["BRL"]["promised"].value)
    )
    assert total("voiceagent_calls_ended_total", disposition="PTP") == row.kpis["promises"].value
    assert total("voiceagent_call_ring_seconds_count") == row.kpis["ring_s"].denominator
    assert total("voiceagent_call_talk_seconds_count") == row.kpis["tma_s"].denominator
    assert total("voiceagent_turns_total", result="no_match") == row.kpis["no_match_rate"].numerator
    assert total("voiceagent_compliance_decisions_total", decision="allow") == row.kpis["attempts"].value


def test_who_proved_to_be_the_debtor_is_a_person_in_the_report_and_in_the_exporter(
    period: list[Event], journal: Journal, clock: ManualClock
) -> None:
    with journal.db.write() as connection:
        connection.execute(sa.update(attempt).where(attempt.c.right_party).values(human=False))
    with journal.db.read() as connection:
        (row,) = report(connection)
    found = samples(BusinessCollector(journal.db, clock))
    for metric, kpi in (
        ("voiceagent_calls_human_total", row.kpis["human"].value),
        ("voiceagent_call_talk_seconds_count", row.kpis["tma_s"].denominator),
    ):
        assert sum(value for (name, _), value in found.items() if name == metric) == kpi
        assert kpi


def test_the_report_finds_a_calls_answerer_by_key(period: list[Event], journal: Journal) -> None:
    """Its subquery runs once for each call, so a scan there would be quadratic."""
    lookup = sa.select(answerer.c.latency_s).where(answerer.c.attempt_id == sa.bindparam("id", uuid.uuid4()))
    with journal.db.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SET LOCAL enable_seqscan = off"))
            explain = "EXPLAIN "
        else:
            explain = "EXPLAIN QUERY PLAN "
        shown = str(lookup.compile(connection, compile_kwargs={"literal_binds": True}))
        plan = " ".join(str(part) for row in connection.execute(sa.text(explain + shown)) for part in row)
    assert "pk_answerer" in plan or "sqlite_autoindex_answerer_1 (attempt_id=?)" in plan, plan


def test_histograms_are_cumulative_and_end_at_their_count(
    period: list[Event], journal: Journal, clock: ManualClock
) -> None:
    by_labels: dict[Any, list[tuple[float, float]]] = defaultdict(list)
    counts: dict[Any, float] = {}
    for (name, labels), value in samples(BusinessCollector(journal.db, clock)).items():
        bare = tuple(pair for pair in labels if pair[0] != "le")
        if name.endswith("_bucket"):
            by_labels[name[:-7], bare].append((float(dict(labels)["le"]), value))
        elif name.endswith("_count"):
            counts[name[:-6], bare] = value
    assert by_labels.keys() == counts.keys() and len(counts) >= 6
    for key, buckets in by_labels.items():
        values = [value for _, value in sorted(buckets)]
        assert values == sorted(values) and values[-1] == counts[key]


def test_no_metric_carries_a_person(period: list[Event], journal: Journal, clock: ManualClock) -> None:
    labels = {text for (_, pairs) in samples(BusinessCollector(journal.db, clock)) for _, text in pairs}
    assert not [text for text in labels if "+55" in text or "Inventada" in text or "529982" in text]


def test_a_scrape_soon_after_the_last_asks_the_database_nothing(journal: Journal, clock: ManualClock) -> None:
    collector = BusinessCollector(journal.db, clock, keep_s=10)
    first = samples(collector)
    journal.db.close()
    asked = count_reads(journal)
    clock.advance(9)
    assert samples(collector) == first and next(asked) == 0
    clock.advance(2)
    samples(collector)
    assert next(asked) == 1


def count_reads(journal: Journal) -> Iterator[int]:
    """How many transactions were begun, each time it is asked."""
    import sqlalchemy as sa

    begun: list[None] = []
    sa.event.listen(journal.db.reader, "begin", lambda _connection: begun.append(None))
    while True:
        yield len(begun)
