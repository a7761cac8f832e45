"""Guards the retry plan as people keep it: faults named by line, versions that only rise, dates, and their journal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from voiceagent.base.errors import BadInputError
from voiceagent.debt.disposition import Disposition
from voiceagent.debt.retries import Ladder, RetryPlan, Variant
from voiceagent.dialer.campaigns import change_campaign, create_campaign, require_campaign
from voiceagent.dialer.retrying import OWN, adopt, all_plans, plan_in_force
from voiceagent.journal.journal import Journal
from voiceagent.settings.dialplans import load_retries, retries_path
from voiceagent.settings.paths import ROOT

SHIPPED = retries_path(ROOT / "dialplans")


def in_force(journal: Journal, day: str = "2026-11-18") -> RetryPlan:
    with journal.db.read() as connection:
        return plan_in_force(connection, journal.tenant_id, datetime.fromisoformat(f"{day}T15:00:00+00:00"))


def version(number: int, **said: object) -> RetryPlan:
    return OWN.model_copy(update={"retries": number, **said})


def test_the_shipped_plan_is_the_one_that_holds_without_any() -> None:
    assert load_retries(SHIPPED) == OWN


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("wait: 15 min", "wait: 15 sec", "BUSY: {wait", "ladders.BUSY.wait: write a time like 15 min"),
        ("NOMON: 10 d", "NOMON: 100 d", "NOMON: ", "between 2 min and 60 d"),
        ("times: 2", "times: 99", "NA: {wait", "ladders.NA.times"),
        ("  HUP:", "  CEASE:", "ladders:", "what follows CEASE is not decided here"),
        ("  WN: 2 min\n", "", "next_number:", "say what follows WN too"),
        ('"12:00"', '"07:00"', "day_parts:", "must rise"),
        ("valid_from: null", "valid_from: soon", "valid_from", "write a day like"),
        ("jitter_percent", "jitter", "jitter", "unknown key"),
        ("{then: next_part}", "{times: 2, then: next_part}", "VM:", "times needs a wait"),
    ],
)
def test_a_fault_is_named_with_file_and_line(tmp_path: Path, old: str, new: str, line: str, says: str) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "retries.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    lines = path.read_text(encoding="utf-8").splitlines()
    number = next(n for n, written in enumerate(lines, 1) if written.lstrip().startswith(line))
    with pytest.raises(BadInputError) as failure:
        load_retries(path)
    assert f"{path}:{number}: " in failure.value.message and says in failure.value.message


def test_versions_rise_and_are_journalled_once(journal: Journal) -> None:
    assert in_force(journal) == OWN
    assert adopt(journal, OWN) and not adopt(journal, OWN)
    gentle = version(2, callback_tries=1)
    assert adopt(journal, gentle, actor="ana") and not adopt(journal, gentle)
    assert in_force(journal) == gentle
    with pytest.raises(BadInputError, match="write retries: 3"):
        adopt(journal, version(2, callback_tries=5))
    with journal.db.read() as connection:
        known = all_plans(connection, journal.tenant_id)
    assert [(one["version"], one["actor"]) for one in known] == [(1, "operator"), (2, "ana")]


def test_a_plan_changed_under_the_programs_own_version_is_refused(journal: Journal) -> None:
    with pytest.raises(BadInputError, match="write retries: 2"):
        adopt(journal, version(1, callback_tries=1))
    assert in_force(journal) == OWN


def test_a_version_waits_for_its_day(journal: Journal) -> None:
    christmas = version(2, valid_from=date(2026, 12, 20), callback_tries=1)
    adopt(journal, christmas)
    assert in_force(journal, "2026-12-19") == OWN
    assert in_force(journal, "2026-12-20") == christmas


def test_what_was_adopted_comes_back_as_it_was_written(journal: Journal) -> None:
    ladders = OWN.ladders | {Disposition.NA: Ladder(wait=timedelta(hours=30), times=2, then="other_part")}
    plan = version(2, ladders=ladders, valid_from=datetime(2026, 1, 1, tzinfo=UTC).date())
    adopt(journal, plan)
    assert in_force(journal) == plan


def test_a_campaign_names_ladders_of_its_own(journal: Journal) -> None:
    gentle = Variant(ladders={Disposition.NA: Ladder(wait=timedelta(hours=6), then="other_part")}, jitter_percent=0)
    with pytest.raises(BadInputError, match="version 1 of the retry plan has no ladders named 'gentle'"):
        create_campaign(journal, "calma", retries="gentle")
    adopt(journal, version(2, named={"gentle": gentle}))
    create_campaign(journal, "calma", retries="gentle")
    with journal.db.read() as connection:
        limits = require_campaign(connection, "calma", journal.tenant_id).limits
    assert limits.retries == "gentle"
    plan = in_force(journal)
    own = plan.of(limits.retries)
    assert own.ladders[Disposition.NA] == gentle.ladders[Disposition.NA] and own.jitter_percent == 0
    # What it does not say, and what is the person's, stays the house's.
    assert own.ladders[Disposition.BUSY] == OWN.ladders[Disposition.BUSY] and own.cool_off == OWN.cool_off
    assert plan.of("") is plan and plan.of("forgotten") is plan


def test_ladders_that_a_campaign_goes_by_are_kept(journal: Journal) -> None:
    plan = version(2, named={"gentle": Variant(ladders={Disposition.VM: Ladder(then="other_part")})})
    adopt(journal, plan)
    create_campaign(journal, "calma", retries="gentle")
    with pytest.raises(BadInputError, match="'calma' goes by the ladders 'gentle', which version 3 lacks"):
        adopt(journal, version(3))
    with pytest.raises(BadInputError, match="no ladders named 'harsh'"):
        change_campaign(journal, "calma", limits=lambda old: replace(old, retries="harsh"))
    change_campaign(journal, "calma", limits=lambda old: replace(old, retries=""))
    assert adopt(journal, version(3)) and in_force(journal).named == {}
    with pytest.raises(BadInputError, match="'gentle'"):
        change_campaign(journal, "calma", limits=lambda old: replace(old, retries="gentle"))


def test_a_named_ladder_may_not_decide_what_is_not_the_houses(tmp_path: Path) -> None:
    path = tmp_path / "retries.yaml"
    named = "named:\n  harsh:\n    ladders:\n      CEASE: {wait: 5 min, times: 9}\n"
    path.write_text(SHIPPED.read_text(encoding="utf-8") + "\n" + named, encoding="utf-8")
    with pytest.raises(BadInputError, match="what follows CEASE is not decided here"):
        load_retries(path)
    path.write_text(path.read_text(encoding="utf-8").replace("CEASE", "NA").replace("5 min", "1 min"))
    with pytest.raises(BadInputError, match="between 2 min and 60 d"):
        load_retries(path)
