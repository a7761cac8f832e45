"""Guards the law as applied: each case is a situation with the answer that the rules of its country demand.

`docs/compliance.md` names these tests as the ones that enforce a rule.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from voiceagent.compliance import Decision, Request, RuleBook, decide
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import ROOT

SP, RJ, AM = "+5511987654321", "+5521987654321", "+5592987654321"
US, CO, CL, MX, PE, EC = (
    "+12125550123", "+573001234567", "+56221234567", "+525512345678", "+51987654321", "+593987654321",
)  # fmt: skip
US_CONSENT = [{"channel": "voice", "at": "2026-01-05T10:00:00-05:00", "source": "contract 77, clause 4"}]


@pytest.fixture(scope="module")
def rules() -> RuleBook:
    return load_rules(ROOT / "dialplans" / "jurisdictions")


def ask(rules: RuleBook, at: str, number: str | None = SP, **more: Any) -> Decision:
    line = {"at": at, "channel": "voice", "purpose": "collection", "number": number, **more}
    return decide(Request.from_json(line), rules)


def denied(decision: Decision, rule: str, retry_at: str | None) -> None:
    assert not decision.allow
    assert decision.rules[0] == rule, decision
    assert decision.retry_at == (None if retry_at is None else datetime.fromisoformat(retry_at)), decision


def dial(at: str, kind: str = "attempt", channel: str = "voice", debt: str | None = None, outcome: str = "NA") -> dict:
    return {"at": at, "channel": channel, "number": SP, "debt": debt, "kind": kind, "outcome": outcome}


def test_sao_paulo_closes_at_eight_and_skips_the_national_holiday(rules: RuleBook) -> None:
    before = ask(rules, "2026-11-19T19:59:00-03:00")
    assert before.allow and before.must_end_by == datetime.fromisoformat("2026-11-19T20:00:00-03:00")
    denied(ask(rules, "2026-11-19T20:00:00-03:00"), "BR-10", "2026-11-21T08:00:00-03:00")


def test_a_call_that_could_not_end_in_time_is_not_begun(rules: RuleBook) -> None:
    denied(ask(rules, "2026-11-19T19:56:00-03:00", guard_s=300), "BR-10", "2026-11-21T08:00:00-03:00")
    assert ask(rules, "2026-11-19T19:55:00-03:00", guard_s=300).allow


def test_rio_has_no_saturday(rules: RuleBook) -> None:
    denied(ask(rules, "2026-11-21T10:00:00-03:00", RJ), "BR-11", "2026-11-23T09:00:00-03:00")


def test_address_and_area_code_both_bind(rules: RuleBook) -> None:
    in_rio = {"country": "BR", "state": "RJ"}
    assert ask(rules, "2026-11-19T08:30:00-03:00").allow
    denied(ask(rules, "2026-11-19T08:30:00-03:00", SP, address=in_rio), "BR-11", "2026-11-19T09:00:00-03:00")
    assert ask(rules, "2026-11-19T08:30:00-03:00", SP, address={"country": "BR"}).allow
    denied(ask(rules, "2026-11-19T08:30:00-03:00", SP, declared=["BR-RJ"]), "BR-11", "2026-11-19T09:00:00-03:00")


def test_manaus_is_an_hour_behind(rules: RuleBook) -> None:
    denied(ask(rules, "2026-11-19T08:30:00-03:00", AM), "BR-12", "2026-11-19T08:00:00-04:00")


@pytest.mark.parametrize(
    ("number", "at", "retry_at"),
    [
        ("+5527987654321", "2026-11-19T19:30:00-03:00", "2026-11-23T08:00:00-03:00"),
        (AM, "2026-11-21T09:00:00-04:00", "2026-11-23T08:00:00-04:00"),
        ("+5541987654321", "2026-11-21T13:30:00-03:00", "2026-11-23T08:00:00-03:00"),
    ],
)
def test_narrower_states(rules: RuleBook, number: str, at: str, retry_at: str) -> None:
    denied(ask(rules, at, number), "BR-12", retry_at)


def test_alagoas_binds_texts_too(rules: RuleBook) -> None:
    late = ask(rules, "2026-11-19T20:30:00-03:00", "+5582987654321", channel="sms")
    denied(late, "BR-10", "2026-11-21T08:00:00-03:00")


def test_unknown_state_gets_the_strictest_of_the_country(rules: RuleBook) -> None:
    tollfree = "+558001234567"
    # Open from eight in Acre (ten in Brasilia) until six in Parana, and on no Saturday.
    denied(ask(rules, "2026-11-19T09:59:00-03:00", tollfree), "BR-10", "2026-11-19T08:00:00-05:00")
    denied(ask(rules, "2026-11-19T18:00:00-03:00", tollfree), "BR-12", "2026-11-23T08:00:00-05:00")
    assert ask(rules, "2026-11-19T12:00:00-03:00", tollfree).allow
    assert ask(rules, "2026-11-19T10:00:00-03:00", tollfree, address={"country": "BR", "state": "SP"}).allow


@pytest.mark.parametrize("number", ["+999123", "11987654321", "+14165550123", "+34912345678", None])
def test_unknown_country_or_no_rules_denies(rules: RuleBook, number: str | None) -> None:
    decision = ask(rules, "2026-11-19T10:00:00-03:00", number)
    denied(decision, "fail_closed", None)
    assert decision.alert


def test_no_rules_and_a_wrong_clock_deny(rules: RuleBook) -> None:
    request = Request.from_json({"at": "2026-11-19T10:00:00-03:00", "channel": "voice", "number": SP})
    denied(decide(request, None), "fail_closed", None)
    denied(ask(rules, "2026-11-19T10:00:00-03:00", clock_skew_s=61), "fail_closed", None)
    ahead = [dial("2026-11-19T10:02:00-03:00")]
    denied(ask(rules, "2026-11-19T10:00:00-03:00", history=ahead), "fail_closed", None)
    assert ask(rules, "2026-11-19T10:00:00-03:00", clock_skew_s=59).allow


def test_brazil_house_caps(rules: RuleBook) -> None:
    day = [dial(f"2026-11-18T{hour}:00:00-03:00") for hour in ("09", "11", "13")]
    denied(ask(rules, "2026-11-18T16:00:00-03:00", history=day), "policy.dials_per_day", "2026-11-19T08:00:00-03:00")
    assert ask(rules, "2026-11-18T16:00:00-03:00", history=day[:2]).allow
    twice = [day[0], dial("2026-11-18T09:00:00-03:00", "conversation", outcome="HUP")]
    noted_twice = ask(rules, "2026-11-19T16:00:00-03:00", history=[*twice, dial("2026-11-19T09:00:00-03:00")])
    assert noted_twice.allow, "attempt and conversation of one call are one dial"


def test_brazil_old_debts(rules: RuleBook) -> None:
    old = {"case": {"days_overdue": 1826}}
    denied(ask(rules, "2026-11-18T16:00:00-03:00", **old, creditor={"sarb_signatory": True}), "BR-04", None)
    denied(ask(rules, "2026-11-18T16:00:00-03:00", **old), "BR-04", None)
    assert ask(rules, "2026-11-18T16:00:00-03:00", **old, creditor={"sarb_signatory": False}).allow
    assert ask(rules, "2026-11-18T16:00:00-03:00", case={"days_overdue": 1825}, creditor={"sarb_signatory": True}).allow
    assert ask(rules, "2026-11-18T16:00:00-03:00", **old, channel="sms").allow


@pytest.mark.parametrize(
    ("stop", "number", "also"),
    [
        ("deceased", SP, None), ("wrong_number", SP, "BR-14"), ("cease", SP, None), ("legal", SP, None),
        ("over_indebtedness", SP, "BR-05"), ("dispute", SP, None), ("paid", SP, None),
        ("cease", US, "US-03"), ("attorney", US, "US-03"), ("dispute", US, "US-06"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("purpose", ["collection", "reminder", "callback"])
def test_stops_hold_for_every_purpose(rules: RuleBook, stop: str, number: str, also: str | None, purpose: str) -> None:
    decision = ask(rules, "2026-11-18T16:00:00-03:00", number, case={"stops": [stop]}, purpose=purpose)
    denied(decision, stop, None)
    assert also is None or also in decision.rules


def test_stops_come_in_order_and_unknown_ones_deny(rules: RuleBook) -> None:
    both = ask(rules, "2026-11-18T16:00:00-03:00", case={"stops": ["paid", "deceased"]})
    denied(both, "deceased", None)
    denied(ask(rules, "2026-11-18T16:00:00-03:00", case={"stops": ["sleepwalking"]}), "fail_closed", None)


@pytest.mark.parametrize("stage", ["dispute", "legal", "closed"])
def test_stages_that_end_contact(rules: RuleBook, stage: str) -> None:
    denied(ask(rules, "2026-11-18T16:00:00-03:00", case={"stage": stage}, channel="sms"), stage, None)


def test_pre_legal_is_not_called_but_may_be_written_to(rules: RuleBook) -> None:
    denied(ask(rules, "2026-11-18T16:00:00-03:00", case={"stage": "pre_legal"}), "pre_legal", None)
    assert ask(rules, "2026-11-18T16:00:00-03:00", case={"stage": "pre_legal"}, channel="sms").allow


def test_not_yet_due_is_only_reminded(rules: RuleBook) -> None:
    case = {"stage": "preventive", "days_overdue": -2}
    denied(ask(rules, "2026-11-17T10:00:00-03:00", case=case), "preventive", "2026-11-19T08:00:00-03:00")
    assert ask(rules, "2026-11-17T10:00:00-03:00", case=case, purpose="reminder").allow


def test_open_promise_allows_one_reminder_the_day_before(rules: RuleBook) -> None:
    case = {"open_promise_due": "2026-12-10"}  # a Thursday
    denied(ask(rules, "2026-12-09T10:00:00-03:00", case=case), "open_promise", "2026-12-11T08:00:00-03:00")
    remind = {"case": case, "purpose": "reminder"}
    denied(ask(rules, "2026-12-07T10:00:00-03:00", **remind), "open_promise", "2026-12-09T08:00:00-03:00")
    assert ask(rules, "2026-12-09T10:00:00-03:00", **remind).allow
    sent = [dial("2026-12-09T09:00:00-03:00", "message", "sms")]
    denied(ask(rules, "2026-12-09T10:00:00-03:00", **remind, history=sent), "open_promise", None)
    assert ask(rules, "2026-12-11T10:00:00-03:00", case=case).allow, "a promise past its date no longer protects"


def test_reminder_moves_before_the_weekend(rules: RuleBook) -> None:
    remind = {"case": {"open_promise_due": "2026-12-07"}, "purpose": "reminder"}  # a Monday
    assert ask(rules, "2026-12-05T10:00:00-03:00", **remind).allow
    denied(ask(rules, "2026-12-06T10:00:00-03:00", **remind), "BR-10", "2026-12-07T08:00:00-03:00")
    denied(ask(rules, "2026-12-04T10:00:00-03:00", **remind), "open_promise", "2026-12-05T08:00:00-03:00")


def test_callback_overrides_cooloff_and_quiet_but_not_the_window(rules: RuleBook) -> None:
    talk = [dial("2026-11-18T09:00:00-03:00", "conversation", outcome="CB")]
    case = {"cooloff_until": "2026-11-25T00:00:00-03:00"}
    denied(ask(rules, "2026-11-18T18:00:00-03:00", case=case, history=talk), "cooloff", "2026-11-25T08:00:00-03:00")
    asked = {**case, "debtor_asked_for": "2026-11-18T18:00:00-03:00"}
    at_six = ask(rules, "2026-11-18T18:00:00-03:00", case=asked, history=talk, purpose="callback")
    assert at_six.allow
    early = ask(rules, "2026-11-18T17:59:00-03:00", case=asked, history=talk, purpose="callback")
    denied(early, "callback_early", "2026-11-18T18:00:00-03:00")
    at_night = {**case, "debtor_asked_for": "2026-11-18T21:00:00-03:00"}
    night = ask(rules, "2026-11-18T21:00:00-03:00", case=at_night, history=talk, purpose="callback")
    denied(night, "BR-10", "2026-11-19T08:00:00-03:00")
    unasked = ask(rules, "2026-11-18T18:00:00-03:00", case=case, history=talk, purpose="callback")
    assert not unasked.allow, "nobody asked for it"


def test_us_seven_dials_in_seven_days_for_each_debt(rules: RuleBook) -> None:
    seven = [dial(f"2026-11-{day}T10:00:00-05:00", debt="D1") for day in range(13, 20)]
    more = {"history": seven, "consent": US_CONSENT}
    denied(ask(rules, "2026-11-19T15:00:00-05:00", US, debt="D1", **more), "US-02", "2026-11-20T08:00:00-05:00")
    assert ask(rules, "2026-11-20T08:00:00-05:00", US, debt="D1", **more).allow
    assert ask(rules, "2026-11-19T15:00:00-05:00", US, debt="D2", **more).allow, "another debt has its own count"
    unconnected = [dial(f"2026-11-{day}T10:00:00-05:00", debt="D1", outcome="BUSY") for day in range(13, 20)]
    assert ask(rules, "2026-11-19T15:00:00-05:00", US, debt="D1", history=unconnected, consent=US_CONSENT).allow


def test_us_week_of_quiet_after_a_talk(rules: RuleBook) -> None:
    talk = {"history": [dial("2026-11-16T10:00:00-05:00", "conversation", debt="D1")], "consent": US_CONSENT}
    for day in range(16, 22):
        at = f"2026-11-{day}T15:00:00-05:00"
        denied(ask(rules, at, US, debt="D1", **talk), "US-02", "2026-11-23T08:00:00-05:00")
    assert ask(rules, "2026-11-23T08:00:00-05:00", US, debt="D1", **talk).allow


def test_us_voice_needs_proof_of_consent(rules: RuleBook) -> None:
    denied(ask(rules, "2026-11-18T15:00:00-05:00", US), "US-08", None)
    unproved = [{"channel": "voice", "at": "2026-01-05T10:00:00-05:00", "source": ""}]
    denied(ask(rules, "2026-11-18T15:00:00-05:00", US, consent=unproved), "US-08", None)
    assert ask(rules, "2026-11-18T15:00:00-05:00", US, consent=US_CONSENT).allow
    assert ask(rules, "2026-11-18T15:00:00-05:00", US, channel="sms").allow


def test_us_debtor_may_name_an_unusual_hour(rules: RuleBook) -> None:
    case = {"debtor_asked_for": "2026-11-18T21:30:00-05:00"}
    asked = [dial("2026-11-17T10:00:00-05:00", "callback_asked")]
    named = {"case": case, "history": asked, "consent": US_CONSENT, "purpose": "callback"}
    assert ask(rules, "2026-11-18T21:30:00-05:00", US, **named).allow
    denied(ask(rules, "2026-11-18T22:30:00-05:00", US, **named), "US-01", "2026-11-19T08:00:00-05:00")


def test_us_hours_at_both_coasts(rules: RuleBook) -> None:
    in_california = {"country": "US", "state": "CA"}
    moved = ask(rules, "2026-11-18T09:00:00-05:00", US, address=in_california, consent=US_CONSENT)
    denied(moved, "US-01", "2026-11-18T08:00:00-08:00")


def test_mexico(rules: RuleBook) -> None:
    assert ask(rules, "2026-11-18T21:59:00-06:00", MX).allow
    denied(ask(rules, "2026-11-20T22:00:00-06:00", MX), "MX-01", "2026-11-23T07:00:00-06:00")


def test_colombia(rules: RuleBook) -> None:
    denied(ask(rules, "2026-11-21T15:01:00-05:00", CO), "CO-01", "2026-11-23T07:00:00-05:00")
    called = [dial("2026-11-17T10:00:00-05:00")]
    text = ask(rules, "2026-11-19T10:00:00-05:00", CO, channel="sms", history=called)
    denied(text, "CO-01", "2026-11-24T07:00:00-05:00")
    denied(ask(rules, "2026-11-17T15:00:00-05:00", CO, history=called), "CO-01", "2026-11-18T07:00:00-05:00")
    talked = [dial("2026-11-17T10:00:00-05:00", "conversation")]
    denied(ask(rules, "2026-11-19T10:00:00-05:00", CO, history=talked), "CO-01", "2026-11-24T07:00:00-05:00")
    only_text = [{"channel": "sms", "at": "2026-01-05T10:00:00-05:00", "source": "contract"}]
    denied(ask(rules, "2026-11-19T10:00:00-05:00", CO, consent=only_text), "CO-01", None)


def test_chile(rules: RuleBook) -> None:
    talk = [dial("2026-11-16T10:00:00-03:00", "conversation")]
    denied(ask(rules, "2026-11-19T10:00:00-03:00", CL, history=talk), "CL-01", "2026-11-23T08:00:00-03:00")
    text = [dial("2026-11-17T10:00:00-03:00", "message", "sms")]
    second = ask(rules, "2026-11-18T10:00:00-03:00", CL, channel="sms", history=text)
    denied(second, "CL-01", "2026-11-20T08:00:00-03:00")
    two = [*text, dial("2026-11-20T10:00:00-03:00", "message", "sms")]
    third = ask(rules, "2026-11-23T10:00:00-03:00", CL, channel="sms", history=two)
    denied(third, "CL-01", "2026-11-24T08:00:00-03:00")


def test_peru_and_ecuador(rules: RuleBook) -> None:
    denied(ask(rules, "2026-11-21T10:00:00-05:00", PE), "PE-01", "2026-11-23T07:00:00-05:00")
    denied(ask(rules, "2026-11-18T20:00:00-05:00", PE), "PE-01", "2026-11-19T07:00:00-05:00")
    once = [dial("2026-11-18T09:00:00-05:00")]
    denied(ask(rules, "2026-11-18T15:00:00-05:00", EC, history=once), "EC-01", "2026-11-19T07:00:00-05:00")


def test_carnival_is_no_working_day(rules: RuleBook) -> None:
    denied(ask(rules, "2027-02-09T10:00:00-03:00"), "BR-10", "2027-02-10T08:00:00-03:00")


def test_hours_follow_the_wall_clock_over_a_change_of_clocks(rules: RuleBook) -> None:
    # New York falls back on 1 November 2026 and Santiago springs forward on 6 September 2026, both on a Sunday.
    us = ask(rules, "2026-10-31T21:00:00-04:00", US, consent=US_CONSENT)
    denied(us, "US-01", "2026-11-02T08:00:00-05:00")
    cl = ask(rules, "2026-09-05T20:00:00-04:00", CL)
    denied(cl, "CL-01", "2026-09-07T08:00:00-03:00")
    assert cl.retry_at is not None and cl.retry_at.utcoffset() == timedelta(hours=-3)
