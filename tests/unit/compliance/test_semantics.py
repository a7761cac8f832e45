"""Guards what must hold for every request: purity, replay, earliest retry, no rule loosened by adding one."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from voiceagent.base.errors import BadInputError
from voiceagent.compliance import (
    CaseFacts,
    Channel,
    Consent,
    Contact,
    ContactKind,
    Request,
    RuleBook,
    Softer,
    decide,
)
from voiceagent.compliance.engine import STOPS
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import ROOT
from voiceagent.simulator.bench_compliance import NUMBERS, random_request, replay_chunk, replays, stored

RULES = load_rules(ROOT / "dialplans" / "jurisdictions")
START = datetime(2024, 6, 1, tzinfo=UTC)
CALLABLE = [number for number in NUMBERS if number.startswith("+") and not number.startswith(("+44", "+34"))]


def instants(first: datetime, last: datetime) -> st.SearchStrategy[datetime]:
    seconds = int((last - first).total_seconds())
    return st.integers(0, seconds).map(lambda s: first + timedelta(seconds=s))


def requests() -> st.SearchStrategy[Request]:
    """Any question, by its seed: thousands of fields drawn one by one would cost more than the decisions."""
    return st.integers(0, 2**40).map(lambda seed: random_request(random.Random(seed)))


def test_twenty_thousand_random_decisions_replay_from_what_was_stored() -> None:
    differ, spoke = replay_chunk(RULES.body, 20261119, 20_000)
    assert differ == 0
    # The sample reaches every kind of rule, and a good part of it is allowed.
    assert spoke["allowed"] > 2000
    assert {"BR-10", "BR-11", "US-01", "US-02", "US-08", "CO-01", "fail_closed", "cooloff", "open_promise"} <= set(
        spoke
    )


def test_a_replay_notices_another_rule_or_another_input() -> None:
    request = Request(datetime(2026, 11, 18, 15, tzinfo=UTC), Channel.VOICE, number="+5511987654321")
    kept = stored(request, decide(request, RULES))
    assert replays(kept, RULES)
    assert not replays(kept.replace("T15:00", "T15:01"), RULES)
    other = [document for document in json.loads(RULES.body) if document.get("jurisdiction") != "BR-AL"]
    assert not replays(kept, RuleBook(other))


@given(requests())
@settings(max_examples=200)
def test_retry_is_lawful_and_nothing_before_it_is(request_: Request) -> None:
    decision = decide(request_, RULES)
    if decision.allow:
        assert decision.rules == () and decision.retry_at is None
        assert decision.must_end_by is not None
        assert decision.must_end_by >= request_.at + timedelta(seconds=request_.guard_s)
        return
    assert decision.rules
    # A consent dated after the request is a new fact when its day comes; no decision of today can know it.
    assume(all(consent.at <= request_.at for consent in request_.consent or ()))
    if decision.retry_at is None:
        assume(not decision.alert)
        probes = [request_.at + timedelta(hours=7 * n) for n in range(1, 60)]
    else:
        assert decision.retry_at > request_.at
        assert decide(replace(request_, at=decision.retry_at, case=_later(request_, decision.retry_at)), RULES).allow
        span = decision.retry_at - request_.at
        probes = [request_.at + span * n / 40 for n in range(40)] + [decision.retry_at - timedelta(seconds=1)]
    for probe in probes:
        sooner = decide(replace(request_, at=probe, case=_later(request_, probe)), RULES)
        assert not sooner.allow, (probe, decision)


def _later(request: Request, at: datetime) -> CaseFacts:
    """The same case on another day: days overdue grow with the calendar of the person's own clock."""
    if request.case.days_overdue is None:
        return request.case
    zone = decide_zone(request)
    days = (at.astimezone(zone).date() - request.at.astimezone(zone).date()).days
    return replace(request.case, days_overdue=request.case.days_overdue + days)


def decide_zone(request: Request):  # type: ignore[no-untyped-def]
    from voiceagent.compliance.places import views_of

    return views_of(request, RULES)[0].zone


@given(requests(), st.sampled_from(STOPS))
@settings(max_examples=150)
def test_a_stop_denies_whatever_else_is_true(request_: Request, stop: str) -> None:
    case = replace(request_.case, stops=(*request_.case.stops, stop))
    decision = decide(replace(request_, case=case), RULES)
    assert not decision.allow and decision.retry_at is None


@given(requests(), st.sampled_from(["BR-RJ", "BR-AM", "US-CA", "CO", "XX"]))
@settings(max_examples=150)
def test_one_more_jurisdiction_never_loosens(request_: Request, code: str) -> None:
    with_more = decide(replace(request_, declared=(*request_.declared, code)), RULES)
    assert not with_more.allow or decide(request_, RULES).allow


@given(requests(), st.randoms(use_true_random=False))
@settings(max_examples=100)
def test_order_of_history_does_not_matter(request_: Request, shuffler) -> None:  # type: ignore[no-untyped-def]
    history = list(request_.history)
    shuffler.shuffle(history)
    first, second = decide(request_, RULES), decide(replace(request_, history=tuple(history)), RULES)
    assert (first.allow, first.rules, first.retry_at) == (second.allow, second.rules, second.retry_at)


@given(requests(), st.data())
@settings(max_examples=150)
def test_one_more_dial_never_loosens_a_call(request_: Request, data: st.DataObject) -> None:
    at = data.draw(instants(request_.at - timedelta(days=8), request_.at))
    more = Contact(at, Channel.VOICE, ContactKind.ATTEMPT, request_.number, request_.debt, "NA")
    busier = decide(replace(request_, history=(*request_.history, more)), RULES)
    assert not busier.allow or decide(request_, RULES).allow


@given(requests(), st.builds(Softer, *[st.none() | st.integers(0, 5)] * 3))
@settings(max_examples=150)
def test_the_houses_own_bounds_only_take_away(request_: Request, bounds: Softer) -> None:
    softer = replace(request_, softer=bounds)
    decision = decide(softer, RULES)
    assert not decision.allow or decide(request_, RULES).allow
    assert decide(Request.from_json(json.loads(json.dumps(softer.to_json()))), RULES) == decision


@given(requests())
@settings(max_examples=100)
def test_the_guard_only_takes_away(request_: Request) -> None:
    guarded = decide(replace(request_, guard_s=900.0), RULES)
    assert not guarded.allow or decide(replace(request_, guard_s=0.0), RULES).allow


@given(instants(START, START + timedelta(days=1000)), st.sampled_from(CALLABLE))
@settings(max_examples=300)
def test_no_call_at_night_or_on_sunday_anywhere(at: datetime, number: str) -> None:
    proof = (Consent(Channel.VOICE, START - timedelta(days=9), "contract"),)
    request = Request(at=at, channel=Channel.VOICE, number=number, consent=proof)
    decision = decide(request, RULES)
    local = at.astimezone(decide_zone(request))
    if local.hour < 7 or local.hour >= 22 or local.weekday() == 6:
        assert not decision.allow


LOCAL = [
    {"country": "BR", "state": "PE", "city": "Recife", "area_codes": ["81"], "day": "07-16", "name": "Carmo"},
    {"country": "BR", "state": "SP", "city": "São Paulo", "day": "2027-01-25", "name": "Aniversário"},
]


@pytest.mark.parametrize(
    ("at", "number", "address", "open_"),
    [
        ("2026-07-16T10:00-03:00", "+5581987654321", None, False),
        ("2027-07-16T10:00-03:00", "+5511987654321", {"country": "BR", "state": "PE", "city": " RECIFE"}, False),
        ("2026-07-16T10:00-03:00", "+5511987654321", {"country": "BR", "state": "PE", "city": "Olinda"}, True),
        ("2026-07-15T10:00-03:00", "+5581987654321", None, True),
        ("2027-01-25T10:00-03:00", "+5511987654321", {"country": "BR", "state": "SP", "city": "Sao Paulo"}, False),
        ("2027-01-25T10:00-03:00", "+5511987654321", None, True),
        ("2028-01-25T10:00-03:00", "+5511987654321", {"country": "BR", "state": "SP", "city": "Sao Paulo"}, True),
    ],
)
def test_holidays_of_the_municipality_close_it(at: str, number: str, address: object, open_: bool) -> None:
    book = RuleBook([*json.loads(RULES.body), {"local_holidays": LOCAL}])
    line = {"at": at, "channel": "voice", "number": number, "address": address}
    decision = decide(Request.from_json(line), book)
    assert decision.allow is open_, decision
    assert decide(Request.from_json(line), RuleBook.from_body(book.body)) == decision


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ({"country": "BR", "day": "16-07", "name": "x"}, "day is a date"),
        ({"country": "BR", "name": "x"}, "needs country, day, name"),
        ({"country": "BR", "day": "07-16", "name": "x", "town": "y"}, "may have"),
        ({"country": "BR", "day": "07-16", "name": "x", "area_codes": "81"}, "a list"),
    ],
)
def test_a_local_holiday_that_cannot_be_read_spoils_the_book(entry: dict[str, object], complaint: str) -> None:
    with pytest.raises(BadInputError, match=f"local holiday 1: .*{complaint}"):
        RuleBook([*json.loads(RULES.body), {"local_holidays": [entry]}])


def test_a_rule_not_yet_or_no_longer_in_force_does_not_bind() -> None:
    version = {"rule": "X-1", "valid_to": None, "source": "test", "mark": "policy", "valid_from": None}
    hours = {"mon-fri": "00:00-24:00", "sat": "00:00-24:00", "sun": "00:00-24:00", "holiday": "00:00-24:00"}
    late = {**hours, "mon-fri": "12:00-24:00"}
    window = [
        {**version, "value": hours},
        {**version, "rule": "X-2", "value": late, "valid_from": "2026-11-18", "valid_to": "2026-11-18"},
    ]
    book = RuleBook([{"jurisdiction": "PE", "parameters": {"window": window}}])

    def allowed(at: str) -> bool:
        return decide(Request.from_json({"at": at, "channel": "voice", "number": "+51987654321"}), book).allow

    assert allowed("2026-11-17T11:00:00-05:00") and allowed("2026-11-19T11:00:00-05:00")
    assert not allowed("2026-11-18T11:00:00-05:00") and allowed("2026-11-18T12:00:00-05:00")
    evening = decide(
        Request.from_json({"at": "2026-11-18T11:00:00-05:00", "channel": "voice", "number": "+51987654321"}), book
    )
    assert evening.rules == ("X-2",)


def test_an_unexpected_failure_denies(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> bool:
        raise RuntimeError("calendar gone")

    monkeypatch.setattr("voiceagent.compliance.places.is_bank_closed", broken)
    decision = decide(Request(datetime(2026, 11, 18, 15, tzinfo=UTC), Channel.VOICE, number="+5511987654321"), RULES)
    assert not decision.allow and decision.rules == ("fail_closed",) and "calendar gone" in decision.detail


def test_a_naive_instant_denies() -> None:
    naive = Request(datetime(2026, 11, 18, 15), Channel.VOICE, number="+5511987654321")
    assert decide(naive, RULES).rules == ("fail_closed",)


@pytest.mark.parametrize(
    "line",
    [
        {"channel": "voice"},
        {"at": "2026-11-18", "channel": "voice"},
        {"at": "2026-11-18T10:00:00-03:00", "channel": "fax"},
        {"at": "2026-11-18T10:00:00-03:00", "channel": "voice", "history": [{"at": "x"}]},
        {"at": "2026-11-18T10:00:00-03:00", "channel": "voice", "case": {"days_overdue": "12"}},
        {"at": "2026-11-18T10:00:00-03:00", "channel": "voice", "case": {"stops": "cease"}},
        {"at": "2026-11-18T10:00:00-03:00", "channel": "voice", "case": {"open_promise_due": "07/12/2026"}},
        {"at": "2026-11-18T10:00:00-03:00", "channel": "voice", "guard_s": -1},
        {"at": "2026-11-18T10:00:00-03:00", "channel": "voice", "consent": {"channel": "voice"}},
    ],
)
def test_a_malformed_line_names_the_field(line: dict[str, object]) -> None:
    with pytest.raises(BadInputError, match="field "):
        Request.from_json(line)


def test_every_term_says_source_and_mark() -> None:
    for jurisdiction in RULES.jurisdictions.values():
        for versions in jurisdiction.terms.values():
            for term in versions:
                assert term.source and term.mark and term.rule, (jurisdiction.code, term.name)
                assert isinstance(term.valid_from, date | None)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"value": {"mon-fri": "08:00"}}, "window"),
        ({"value": {"mon-fri": "20:00-08:00", "sat": None, "sun": None, "holiday": None}}, "hours must end"),
        ({"mark": "9"}, "mark"),
        ({"valid_from": "2027-01-01", "valid_to": "2026-01-01"}, "valid_to"),
        ({"surprise": 1}, "exactly"),
    ],
)
def test_bad_rules_are_refused(change: dict[str, object], complaint: str) -> None:
    hours = {"mon-fri": "08:00-20:00", "sat": None, "sun": None, "holiday": None}
    version = {"rule": "X", "value": hours, "valid_from": None, "valid_to": None, "source": "t", "mark": "policy"}
    with pytest.raises(BadInputError, match=complaint):
        RuleBook([{"jurisdiction": "BR", "parameters": {"window": [{**version, **change}]}}])
