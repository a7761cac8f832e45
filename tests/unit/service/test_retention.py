"""Guards what may not be kept: recordings past the law's time, people with nothing open; and what must be kept."""

from __future__ import annotations

import shutil
import socket
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.migrated import migrated
from voiceagent import cases, dialer
from voiceagent.base.clock import ManualClock
from voiceagent.base.errors import BadInputError, UnavailableError
from voiceagent.base.ids import uuid7
from voiceagent.base.languages import Language
from voiceagent.base.money import Money
from voiceagent.cases import recordings, tables
from voiceagent.cases.attempts import begin_attempt, close_orphans
from voiceagent.cases.holds import lift_holds, place_hold
from voiceagent.cases.intake import Taken, import_cases
from voiceagent.cases.portrait import portrait
from voiceagent.cases.replay import check
from voiceagent.debt.case import Case, Debt
from voiceagent.journal.catalogue import CallAttempted, CallEnded, ComplianceDecided, RecordingClosed, RecordingOpened
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.floor import DebtStatusChanged
from voiceagent.journal.journal import Journal, read_events
from voiceagent.journal.private import private_ref
from voiceagent.service import retention
from voiceagent.service.retention import forget_person, must_keep, retire
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import ROOT
from voiceagent.storage.database import Database
from voiceagent.telephony.recorder import marks_path

START = datetime(2026, 11, 18, 13, 0, tzinfo=UTC)
RULES = load_rules(ROOT / "dialplans" / "jurisdictions")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return migrated(tmp_path_factory.mktemp("retention") / "template.db")


@pytest.fixture
def journal(template: Path, tmp_path: Path) -> Iterator[Journal]:
    copy = tmp_path / "test.db"
    shutil.copy(template, copy)
    database = Database(f"sqlite:///{copy}")
    yield Journal(database, ManualClock(START), [*cases.PROJECTIONS, *dialer.PROJECTIONS])
    database.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    return folder


def called(
    journal: Journal,
    root: Path,
    n: int,
    region: str = "BR",
    state: str | None = "SP",
    *,
    worker: str | None = None,
    dies: bool = False,
) -> Taken:
    """A person who was called once, with a recording; one whose worker `dies` is in the call still."""
    currency = "USD" if region == "US" else "BRL"
    debt = Debt(f"C{n}", "Banco Exemplo", "cartão", Money(90_000, currency), Money(0, currency), date(2026, 3, 10))
    number = f"+1212555{n:04d}" if region == "US" else f"+551195555{n:04d}"
    case = Case(f"Pessoa Inventada {n}", f"{n:011d}", Language.PT_BR, region, (debt,), phones=(number,), state=state)
    (taken,) = import_cases(journal, [case], source="list 7")
    now = journal.clock.now()
    decision = ComplianceDecided(
        uuid7(now),
        True,
        channel="voice",
        purpose="collection",
        rules=(),
        rule_version="v",
        inputs_sha256="0" * 64,
        inputs=private_ref("inputs", {"number": number}, now),
        person_id=taken.person_id,
        case_id=taken.case_id,
    )
    attempted = CallAttempted(
        taken.case_id,
        taken.person_id,
        taken.phone_ids[0],
        mode="rehearsal",
        decision_id=decision.decision_id,
        worker=worker,
    )
    call = begin_attempt(journal, attempted, decision=decision)
    (root / f"{n}.wav").write_bytes(b"RIFF")
    recording = uuid.uuid4()
    journal.record([NewEvent("call", call, RecordingOpened(recording, f"{n}.wav"))])
    if dies:
        return taken
    journal.record([NewEvent("call", call, RecordingClosed(recording, 3.0, 4, "0" * 64, ((0.0, 1.0),)))])
    journal.record(
        [NewEvent("call", call, CallEnded("NA", human=False, right_party=False, ring_s=1.0, talk_s=0.0), "agent")]
    )
    return taken


def later(journal: Journal, days: int) -> None:
    assert isinstance(journal.clock, ManualClock)
    journal.clock.advance(timedelta(days=days).total_seconds())


def retired(journal: Journal, root: Path) -> int:
    return retire(journal, lambda: RULES, root)


def states(journal: Journal) -> list[str]:
    with journal.db.read() as connection:
        rows = connection.execute(sa.select(tables.recording.c.state).order_by(tables.recording.c.path)).scalars()
        return [state.value for state in rows]


def erased(journal: Journal) -> list[bool]:
    with journal.db.read() as connection:
        rows = connection.execute(sa.select(tables.person.c.erased_at).order_by(tables.person.c.id)).scalars()
        return [at is not None for at in rows]


def test_recordings_go_when_the_law_of_the_place_lets_them(journal: Journal, root: Path) -> None:
    called(journal, root, 1)
    called(journal, root, 2, "US", "NY")
    later(journal, 364)
    assert retired(journal, root) == 0
    later(journal, 2)
    assert retired(journal, root) == 1
    assert sorted(path.name for path in root.iterdir()) == ["2.wav"]
    later(journal, 1095 - 366)
    assert retired(journal, root) == 0
    later(journal, 1)
    assert retired(journal, root) == 1 and not list(root.iterdir())
    with journal.db.read() as connection:
        states = connection.execute(sa.select(tables.recording.c.state, tables.recording.c.marks)).all()
    assert [(state.value, marks) for state, marks in states] == [("erased", None)] * 2
    assert check(journal.db, cases.PROJECTIONS, tables.PROJECTED).sound


def test_people_with_nothing_open_go_after_their_time(journal: Journal, root: Path) -> None:
    paid, owing, held = (called(journal, root, n) for n in (1, 2, 3))
    for taken in (paid, held):
        done = DebtStatusChanged(taken.debt_ids[0], "paid")
        journal.record([NewEvent("case", taken.case_id, done)])
    place_hold(journal, held.person_id, reason="lawsuit")
    later(journal, 1825)
    retired(journal, root)
    assert erased(journal) == [False, False, False]
    later(journal, 1)
    retired(journal, root)
    assert erased(journal) == [True, False, False]
    assert sorted(path.name for path in root.iterdir()) == ["3.wav"], "a hold keeps the recording too"
    lift_holds(journal, held.person_id)
    retired(journal, root)
    assert erased(journal) == [True, False, True] and owing is not None
    assert check(journal.db, cases.PROJECTIONS, tables.PROJECTED).sound


def test_two_machines_erase_a_person_once(
    journal: Journal, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in (1, 2):
        taken = called(journal, root, n)
        journal.record([NewEvent("case", taken.case_id, DebtStatusChanged(taken.debt_ids[0], "paid"))])
    later(journal, 1826)
    forget, other = retention.forget_person, tmp_path / "other"

    def beside_another(*args: Any, **named: Any) -> int:
        monkeypatch.setattr(retention, "forget_person", forget)
        done = forget(*args, **named)
        retired(journal, other)
        return done

    monkeypatch.setattr(retention, "forget_person", beside_another)
    retired(journal, root)
    assert erased(journal) == [True, True]
    with journal.db.read() as connection:
        assert sum(event.type == "private.erased" for event in read_events(connection, limit=1000)) == 2


def test_who_is_forgotten_loses_recordings_and_keeps_the_measures(journal: Journal, root: Path) -> None:
    taken = called(journal, root, 1)
    with journal.db.read() as connection:
        before = portrait(connection, taken.person_id)
    assert before["phone"][0]["source"] == "list 7" and before["phone"][0]["purpose"] == "collection"
    assert before["compliance_decision"][0]["inputs_ref"] == {"number": "+5511955550001"}
    assert {"source": "list 7", "purpose": "collection"}.items() <= before["provenance"][0].items()
    assert before["attempt"][0]["disposition"] == "NA" and before["recording"][0]["path"] == "1.wav"
    forget_person(journal, root, taken.person_id, reason="asked", actor="test")
    with journal.db.read() as connection:
        after = portrait(connection, taken.person_id)
    assert "+5511955550001" not in str(after) and "Inventada" not in str(after) and not list(root.iterdir())
    assert after["attempt"][0]["disposition"] == "NA" and after["compliance_decision"][0]["inputs_ref"] is None
    assert [row["what"] for row in after["access"]] == ["recording.erased", "private.erased"]
    with pytest.raises(BadInputError, match="no person"), journal.db.read() as connection:
        portrait(connection, uuid.uuid4())


def test_an_interrupted_erasure_is_finished_by_the_tick(journal: Journal, root: Path) -> None:
    from voiceagent.cases.erasure import erase_person

    taken = called(journal, root, 1)
    erase_person(journal, taken.person_id, reason="asked")
    assert list(root.iterdir())
    assert retired(journal, root) == 1 and not list(root.iterdir())


def test_nothing_outside_the_recordings_is_deleted(journal: Journal, root: Path) -> None:
    outside = root.parent / "precious.wav"
    outside.write_bytes(b"x")
    due = recordings.Due(uuid.uuid4(), uuid.uuid4(), "../precious.wav")
    with pytest.raises(UnavailableError, match="outside"):
        recordings.erase_files(journal, root, [due], reason="x", actor="test")
    assert outside.exists()


def test_a_hold_that_comes_in_between_keeps_the_recording(journal: Journal, root: Path) -> None:
    taken = called(journal, root, 1)
    with journal.db.read() as connection:
        due = recordings.of_person(connection, taken.person_id)
    place_hold(journal, taken.person_id, reason="lawsuit")
    assert recordings.erase_files(journal, root, due, reason="x", actor="test") == 0
    assert [path.name for path in root.iterdir()] == ["1.wav"]


def test_a_file_that_cannot_be_deleted_keeps_no_other(journal: Journal, root: Path) -> None:
    for n in (1, 2, 3):
        called(journal, root, n)
    (root / "1.wav").unlink()
    (root / "1.wav").mkdir()
    later(journal, 3651)
    with pytest.raises(UnavailableError, match="cannot delete"):
        retired(journal, root)
    assert [path.name for path in root.iterdir()] == ["1.wav"]


def test_a_file_of_another_machine_stays_due_until_it_is_erased_there(journal: Journal, root: Path) -> None:
    for n in (1, 2, 3):
        called(journal, root, n, worker="elsewhere-1")
    elsewhere = root.parent / "elsewhere"
    elsewhere.mkdir()
    for n in (1, 2):
        (root / f"{n}.wav").rename(elsewhere / f"{n}.wav")
    later(journal, 366)
    assert retire(journal, lambda: RULES, root, limit=1) == 1 and not list(root.iterdir()), "those before take no place"
    assert states(journal) == ["closed", "closed", "erased"]
    assert retired(journal, elsewhere) == 2 and not list(elsewhere.iterdir())
    assert states(journal) == ["erased"] * 3


def test_who_is_forgotten_leaves_a_recording_elsewhere_due(journal: Journal, root: Path, tmp_path: Path) -> None:
    taken = called(journal, root, 1, worker="elsewhere-1")
    here = tmp_path / "here"
    here.mkdir()
    forget_person(journal, here, taken.person_id, reason="asked", actor="test")
    with journal.db.read() as connection:
        assert [one.path for one in recordings.of_person(connection, taken.person_id)] == ["1.wav"]
    assert retired(journal, root) == 1 and not list(root.iterdir())


def test_an_unmounted_disk_erases_nothing_and_a_file_that_was_lost_here_is_erased(
    journal: Journal, root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for n in (1, 2):
        called(journal, root, n, worker=f"{socket.gethostname()}-1")
    later(journal, 366)
    mounted = root.rename(root.parent / "mounted")
    assert retired(journal, root) == 0 and states(journal) == ["closed", "closed"]
    assert caplog.messages == [f"2 recordings of this machine past their time are not in {root}: is its disk mounted?"]
    mounted.rename(root)
    (root / "1.wav").unlink()
    assert retired(journal, root) == 2 and states(journal) == ["erased", "erased"]


def test_more_than_one_piece_of_files_elsewhere_is_looked_through(
    journal: Journal, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recordings, "_PIECE", 2)
    for n in range(1, 6):
        called(journal, root, n)
        if n != 5:
            (root / f"{n}.wav").unlink()
    later(journal, 366)
    assert retired(journal, root) == 1 and not list(root.iterdir())


def test_a_recording_whose_worker_died_is_erased_once_its_call_is_closed(journal: Journal, root: Path) -> None:
    called(journal, root, 1, dies=True)
    later(journal, 366)
    assert retired(journal, root) == 0 and list(root.iterdir()), "a call in progress writes to it"
    assert close_orphans(journal)
    assert retired(journal, root) == 1 and not list(root.iterdir())
    assert states(journal) == ["erased"]


def test_the_recorders_marks_go_with_the_recording(journal: Journal, root: Path) -> None:
    called(journal, root, 1)
    marks = marks_path(root / "1.wav")
    marks.write_text("[]")
    later(journal, 366)
    assert retired(journal, root) == 1 and not marks.exists()


def test_a_law_that_wants_records_kept_is_told_from_policy() -> None:
    kept = must_keep(RULES, "US", "NY", START)
    assert kept is not None and (kept.rule, kept.value) == ("US-07", 1095)
    assert must_keep(RULES, "BR", "SP", START) is None and must_keep(RULES, "XX", None, START) is None
