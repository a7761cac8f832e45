"""Guards what an installation and a campaign say of their own brakes, and the seats that are left to callers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from voiceagent.base.clock import ManualClock
from voiceagent.base.errors import BadInputError
from voiceagent.cases import kinds, tables
from voiceagent.cases.seats import seat_changed
from voiceagent.compliance import RuleBook
from voiceagent.dialer.brakes import Sign
from voiceagent.dialer.campaigns import change_campaign, find_campaign
from voiceagent.dialer.explain import explain_case
from voiceagent.dialer.floor import Guards
from voiceagent.dialer.guarding import canary_of, guards_of
from voiceagent.dialer.heartbeat import Heartbeat
from voiceagent.dialer.limits import Limits
from voiceagent.dialer.modes import Gate
from voiceagent.dialer.queue import Queue
from voiceagent.journal.journal import Journal
from voiceagent.settings.config import load_settings


def test_settings_that_nobody_wrote_are_the_guards_own(tmp_path: Path) -> None:
    settings = load_settings(environ={"VOICEAGENT_HOME": str(tmp_path)})
    assert guards_of(settings.guards.model_dump()) == Guards() == guards_of({})


def test_every_guard_can_be_set(tmp_path: Path) -> None:
    env = {"VOICEAGENT_HOME": str(tmp_path), "VOICEAGENT_GUARDS__KEPT_FOR_INBOUND": "3"}
    fields = load_settings(environ=env).guards.model_dump()
    for name, value in fields.items():
        if isinstance(value, float):
            env[f"VOICEAGENT_GUARDS__{name.upper()}"] = str(value / 2)
        elif name != "kept_for_inbound":
            env[f"VOICEAGENT_GUARDS__{name.upper()}"] = str(value + 1)
    set_ = guards_of(load_settings(environ=env).guards.model_dump())
    own = Guards()
    assert set_.kept_for_inbound == 3
    assert set_.breaker.pause == own.breaker.pause / 2 and set_.breaker.calls == own.breaker.calls + 1
    assert set_.canary.opt_out == own.canary.opt_out / 2 and set_.canary.at_least == own.canary.at_least + 1
    assert set_.short_calls.stop == own.short_calls.stop / 2 and set_.short_calls.month_alarm == 500_001
    same = [
        (part, name)
        for part in ("breaker", "canary", "short_calls")
        for name in getattr(own, part).__slots__
        if getattr(getattr(set_, part), name) == getattr(getattr(own, part), name)
    ]
    # How long a trunk's calls are remembered is no wish: it bounds what is read.
    assert same == [("breaker", "memory")]


def test_a_campaign_says_its_own_brakes(journal: Journal, campaign: Callable) -> None:
    campaign()
    change_campaign(journal, "teste", limits=lambda old: replace(old, brakes={"opt_out": 0.05}))
    with journal.db.read() as connection:
        found = find_campaign(connection, "teste", journal.tenant_id)
    assert found is not None
    canary = canary_of(Guards(), found.limits)
    assert (canary.opt_out, canary.wrong_party) == (0.05, Guards().canary.wrong_party)
    assert {sign.value for sign in Sign} == set(Limits.BRAKES)
    with pytest.raises(BadInputError, match="a brake is one of"):
        Limits(brakes={"noise": 0.5})
    with pytest.raises(BadInputError, match="above 0"):
        Limits(brakes={"opt_out": 1.5})


def test_seats_kept_for_callers_dial_nobody(
    journal: Journal, rules: RuleBook, campaign: Callable, make_case: Callable, clock: ManualClock
) -> None:
    taken = campaign(*(make_case(n) for n in range(4)))
    Heartbeat(journal.db, clock, "w1", 3).beat()
    journal.record([seat_changed(f"seat-{n}", "w1", kinds.SeatState.IDLE) for n in range(3)])
    queue = Queue(journal, rules, Gate(), worker="w1", guards=guards_of({"kept_for_inbound": 2}))
    assert len(queue.lease_many(["seat-0", "seat-1", "seat-2"])) == 1
    journal.record([seat_changed("seat-0", "w1", kinds.SeatState.DIALING)])
    clock.advance(1)
    assert queue.lease_many(["seat-1", "seat-2"]) == []
    with journal.db.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(tables.attempt)).scalar() == 1
        told = explain_case(
            connection, taken[3].case_id, now=clock.now() + timedelta(seconds=1), rules=rules, gate=Gate(),
            guard_s=240.0, tenant_id=journal.tenant_id, guards=queue.guards,
        )  # fmt: skip
    assert not told["callable"] and "held by no_seat" in told["reasons"][0]
