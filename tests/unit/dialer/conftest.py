"""A migrated SQLite file per test, a clock that is moved by hand, and invented debtors."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.migrated import migrated
from voiceagent import cases, dialer
from voiceagent.base.clock import ManualClock
from voiceagent.base.languages import Language
from voiceagent.base.money import Money
from voiceagent.cases.intake import Taken, import_cases
from voiceagent.compliance import RuleBook
from voiceagent.debt.case import Case, Debt
from voiceagent.dialer.campaigns import create_campaign, enroll, set_state
from voiceagent.dialer.modes import Gate
from voiceagent.dialer.queue import Queue
from voiceagent.dialer.tables import CampaignState
from voiceagent.journal.journal import Journal
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import ROOT
from voiceagent.storage.database import Database

#: A Wednesday, 10:00 in São Paulo.
START = datetime(2026, 11, 18, 13, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return migrated(tmp_path_factory.mktemp("dialer") / "template.db")


@pytest.fixture(scope="session")
def rules() -> RuleBook:
    return load_rules(ROOT / "dialplans" / "jurisdictions")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def db(template: Path, tmp_path: Path) -> Iterator[Database]:
    copy = tmp_path / "test.db"
    shutil.copy(template, copy)
    database = Database(f"sqlite:///{copy}", busy_timeout_s=20.0)
    yield database
    database.close()


@pytest.fixture
def journal(db: Database, clock: ManualClock) -> Journal:
    return Journal(db, clock, [*cases.PROJECTIONS, *dialer.PROJECTIONS])


@pytest.fixture
def queue(journal: Journal, rules: RuleBook) -> Queue:
    return Queue(journal, rules, Gate(), worker="w1")


@pytest.fixture
def make_case() -> Callable[..., Case]:
    def make(n: int = 0, **changes: object) -> Case:
        facts: dict[str, object] = {
            "name": f"Pessoa Inventada {n}",
            "document": f"{n:011d}",
            "language": Language.PT_BR,
            "region": "BR",
            "state": "SP",
            "birth_date": date(1980, 1, 1 + n % 28),
            "phones": (f"+55119555501{n % 100:02d}",),
            "debts": (Debt(f"C{n}", "Banco Exemplo", "cartão", Money(90_000), Money(30_000), date(2026, 3, 10)),),
        }
        return Case(**(facts | changes))  # type: ignore[arg-type]

    return make


@pytest.fixture
def campaign(journal: Journal, make_case: Callable[..., Case]) -> Callable[..., list[Taken]]:
    """`campaign(case, case, ...)`: a running campaign `teste` with these cases (default: one)."""

    def start(*members: Case, name: str = "teste") -> list[Taken]:
        taken = import_cases(journal, members or [make_case()], source="test")
        campaign_id = create_campaign(journal, name)
        with journal.transaction() as connection:
            enroll(journal, connection, campaign_id, [one.case_id for one in taken])
        set_state(journal, name, CampaignState.RUNNING)
        return taken

    return start
