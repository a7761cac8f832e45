"""Both databases for the tests beside this file: a SQLite file, and a throw-away PostgreSQL cluster."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.migrated import migrated
from voiceagent import cases
from voiceagent.base.clock import ManualClock
from voiceagent.base.ids import uuid7
from voiceagent.base.languages import Language
from voiceagent.base.money import Money
from voiceagent.cases import tables
from voiceagent.cases.attempts import begin_attempt
from voiceagent.cases.handovers import HandOverBegan, HandOverEnded
from voiceagent.cases.holds import lift_holds, place_hold
from voiceagent.cases.intake import Given, Taken, import_cases, take_in
from voiceagent.cases.kinds import LookVerdict, ReviewOutcome, SeatState
from voiceagent.cases.reviews import Look, decide, keep_look, waiting
from voiceagent.cases.seats import seat_changed
from voiceagent.cases.segments import Intensity, save_segment
from voiceagent.cases.stops import StopProved
from voiceagent.cases.store import load_case, promises
from voiceagent.debt.case import Case, Debt
from voiceagent.journal import catalogue
from voiceagent.journal.catalogue import (
    AgentTurnPlayed,
    CallAnswered,
    CallAttempted,
    CallEnded,
    CallFirstAudio,
    CallHungUp,
    CallRinging,
    ComplianceDecided,
    DebtorTurnHeard,
    IdentityFailed,
    IdentityVerified,
    NumberMarked,
    OptOutRecorded,
    PromisedInstalment,
    PromiseMade,
    RecordingClosed,
    RecordingOpened,
    RequestOpened,
    Said,
)
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.floor import ArtifactIssued, ArtifactStatusChanged, PaymentReceived, PromiseStatusChanged
from voiceagent.journal.journal import Journal
from voiceagent.journal.private import private_ref
from voiceagent.storage.database import Database

START = datetime(2026, 11, 18, 13, 0, tzinfo=UTC)


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    if on_path:
        return Path(on_path).parent
    pytest.fail("no PostgreSQL server found: install the Debian package postgresql", pytrace=False)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a cluster of this test run, without a database name; it is gone afterwards."""
    binaries = _binaries()
    as_user: list[str] = []
    user = getpass.getuser()
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root.
        user = "postgres"
        try:
            owner = pwd.getpwnam(user)
        except KeyError:
            pytest.fail("PostgreSQL refuses root and there is no user postgres to run it", pytrace=False)
        as_user = ["runuser", "-u", user, "--"]
    home = Path(tempfile.mkdtemp(prefix="va-pg-"))
    try:
        if as_user:
            os.chown(home, owner.pw_uid, owner.pw_gid)
        data = home / "data"
        run(
            *as_user,
            binaries / "initdb",
            "-D",
            data,
            "-U",
            user,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
            "--locale=C.UTF-8",
        )
        port = _free_port()
        options = (
            f"-p {port} -k {home} -c listen_addresses=127.0.0.1 -c fsync=off -c synchronous_commit=off "
            "-c full_page_writes=off -c shared_buffers=16MB -c max_connections=40"
        )
        run(*as_user, binaries / "pg_ctl", "-D", data, "-l", home / "log", "-o", options, "-w", "-t", "60", "start")
        try:
            yield f"postgresql+psycopg://{user}@127.0.0.1:{port}"
        finally:
            run(*as_user, binaries / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def run(*command: str | Path) -> None:
    """Run a program of the cluster; its words are the failure's when it fails."""
    # Its own session, and no pipe that the server would inherit and keep open.
    with tempfile.TemporaryFile("w+") as words:
        done = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            check=False,
            cwd="/",
            start_new_session=True,
        )
        words.seek(0)
        assert done.returncode == 0, f"{command[-1]} of PostgreSQL failed: {words.read()}"


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """A migrated database that others are copied from."""
    _administrate(postgres_server, "CREATE DATABASE template_voiceagent")
    db = Database(f"{postgres_server}/template_voiceagent")
    db.upgrade()
    db.close()
    return "template_voiceagent"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file that others are copied from."""
    return migrated(tmp_path_factory.mktemp("template") / "template.db")


def _administrate(server: str, command: str) -> None:
    import psycopg

    with psycopg.connect(f"{server.replace('+psycopg', '')}/postgres", autocommit=True) as connection:
        connection.execute(command)  # type: ignore[call-overload]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database in which nothing was made yet, on either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    server = request.getfixturevalue("postgres_server")
    name = f"empty_{uuid.uuid4().hex}"
    _administrate(server, f"CREATE DATABASE {name}")
    return f"{server}/{name}"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated, empty database of either kind."""
    if request.param == "sqlite":
        copy = tmp_path / "test.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), copy)
        return f"sqlite:///{copy}"
    server = request.getfixturevalue("postgres_server")
    name = f"test_{uuid.uuid4().hex}"
    _administrate(server, f"CREATE DATABASE {name} TEMPLATE {request.getfixturevalue('postgres_template')}")
    return f"{server}/{name}"


@pytest.fixture
def db(url: str) -> Iterator[Database]:
    """The database, opened."""
    database = Database(url, busy_timeout_s=20.0)
    yield database
    database.close()


@pytest.fixture
def clock() -> ManualClock:
    """A Wednesday, 10:00 in São Paulo."""
    return ManualClock(START)


@pytest.fixture
def journal(db: Database, clock: ManualClock) -> Journal:
    """A journal with the projections of cases."""
    return Journal(db, clock, cases.PROJECTIONS)


@pytest.fixture
def taken(journal: Journal, make_case: Callable[..., Case]) -> Taken:
    """One invented case, imported."""
    return import_cases(journal, [make_case()], source="test")[0]


@pytest.fixture
def make_case() -> Callable[..., Case]:
    """Invented debtors: `make_case(1)` is somebody else than `make_case(2)`."""

    def make(n: int = 0, *, contracts: int = 1, charges: int = 30_000, **changes: object) -> Case:
        debts = tuple(
            Debt(f"C{n}-{k}", "Banco Exemplo", "cartão", Money(90_000), Money(charges), date(2026, 3, 10 + k))
            for k in range(contracts)
        )
        fields: dict[str, object] = {
            "name": f"Pessoa Inventada {n}",
            "document": f"529982{n:05d}",
            "language": Language("pt-BR"),
            "region": "BR",
            "state": "SP",
            "birth_date": date(1980, 1, 2),
            "phones": (f"+55119{n:08d}",),
            "emails": (f"pessoa{n}@example.com",),
            "debts": debts,
        }
        return Case(**(fields | changes))  # type: ignore[arg-type]

    return make


@pytest.fixture
def talk(journal: Journal, clock: ManualClock) -> Talk:
    """Calls made by the handful of lines a test needs."""
    return Talk(journal, clock)


class Talk:
    """Begins and ends calls through the public functions of cases."""

    def __init__(self, journal: Journal, clock: ManualClock) -> None:
        self.journal = journal
        self.clock = clock

    def decision(self, taken: Taken, *, allow: bool = True, rules: tuple[str, ...] = ()) -> ComplianceDecided:
        """A decision on the first number of `taken`."""
        now = self.clock.now()
        inputs = private_ref("inputs", {"number": "+5511900000000"}, now)
        return ComplianceDecided(
            uuid7(now), allow, rules, "2026-11", inputs, "0" * 64, case_id=taken.case_id, person_id=taken.person_id
        )

    def begin(self, taken: Taken, **changes: Any) -> uuid.UUID:
        """An attempt at the first number of `taken`."""
        decision = self.decision(taken)
        fields: dict[str, Any] = {"mode": "rehearsal", "seat": "seat-1", "worker": "worker-1", "language": "pt-BR"}
        fields |= {"zone": "America/Sao_Paulo", "local_date": date(2026, 11, 18), "local_hour": 10}
        attempted = CallAttempted(
            taken.case_id, taken.person_id, taken.phone_ids[0], decision_id=decision.decision_id, **(fields | changes)
        )
        return begin_attempt(self.journal, attempted, decision=decision)

    def say(self, call: uuid.UUID, *payloads: Said, after_s: float = 1.0) -> None:
        """Record events of a call, `after_s` later."""
        self.clock.advance(after_s)
        self.journal.record([NewEvent("call", call, payload, "agent") for payload in payloads])

    def promise(self, call: uuid.UUID, taken: Taken, *minors: int, discount: int = 0) -> PromiseMade:
        """An agreement of one instalment a month."""
        now = self.clock.now()
        parts = tuple(
            PromisedInstalment(uuid7(now), n, date(2026 + n // 12, n % 12 + 1, 15), minor)
            for n, minor in enumerate(minors, 1)
        )
        made = PromiseMade(uuid7(now), taken.case_id, sum(minors), discount, "BRL", parts, confirmed_by_turn=3)
        self.say(call, made)
        return made

    def whole_call(self, taken: Taken) -> uuid.UUID:
        """Rings, answers, proves identity, promises 3 × 400.00, ends as PTP."""
        now = self.clock.now
        call: uuid.UUID = self.begin(taken)
        self.say(call, CallRinging(180))
        self.say(call, CallAnswered(), after_s=4)
        self.say(call, CallFirstAudio(0.4), RecordingOpened(uuid.uuid5(call, "r"), "2026/11/18/a.wav"))
        self.say(
            call,
            AgentTurnPlayed(1, "greet", "hello", 2, private_ref("utterance", "Bom dia", now()), 0.4, 2.0, 2.0),
            DebtorTurnHeard(1, "verify", None, 0.9, None, result="ok", sensitive=True, latency_s=0.7),
            IdentityFailed("document_first3"),
            IdentityVerified("birth_day_month"),
            NumberMarked(taken.phone_ids[0], "right_party"),
            DebtorTurnHeard(
                2,
                "offer",
                private_ref("utterance", "pode ser em três vezes", now()),
                0.8,
                "accept",
                {"instalments": 3},
                started_s=5.0,
                ended_s=6.5,
            ),
        )
        self.promise(call, taken, 40_000, 40_000, 40_000)
        self.say(
            call,
            RequestOpened(
                uuid.uuid5(call, "q"),
                "record_request",
                taken.case_id,
                private_ref("request", "quero a gravação", now()),
            ),
            OptOutRecorded(uuid.uuid5(call, "o"), "number", taken.person_id, taken.phone_ids[0]),
            CallHungUp("near", 200, "normal", 16),
            RecordingClosed(uuid.uuid5(call, "r"), 30.5, 488_044, "a" * 64, ((2.0, 3.5),)),
            after_s=20,
        )
        self.say(call, CallEnded("PTP", human=True, right_party=True, ring_s=4, talk_s=24, wrap_s=1))
        return call

    def everything(self, taken: Taken) -> None:
        """At least one row in every projected table."""
        call = self.whole_call(taken)
        payment = catalogue.OfferedPayment(1, date(2026, 12, 15), 60_000)
        left = catalogue.OfferLeftOpen(taken.case_id, "cash", 60_000, 0, "BRL", (payment,), date(2026, 12, 1))
        self.say(call, catalogue.LadderStepped("greet", "keys", silent=True), left, after_s=0)
        told = private_ref("summary", "Pediu para falar com uma pessoa.", self.clock.now())
        over = uuid.uuid5(call, "h")
        self.say(
            call,
            HandOverBegan(over, "humans", "human", verified=True, summary=told),
            HandOverEnded(over, "nobody", 45.0, detail="timeout"),
            catalogue.CallAnsweredBy("human", "short", 1.2, 0.4, 0.8),
            after_s=0,
        )
        with self.journal.transaction() as connection:
            known = Given(load_case(connection, taken.case_id).case, attributes={"score": "850"})
            take_in(self.journal, connection, [known], source="list 2")
        with self.journal.db.read() as connection:
            promise = promises(connection, case_id=taken.case_id)[0]
        now = self.clock.now()
        artifact = uuid.uuid4()
        paid = PaymentReceived(uuid.uuid4(), taken.case_id, 40_000, "BRL", now, "pix", "E1", promise_id=promise["id"])
        issued = ArtifactIssued(
            artifact,
            promise["agreement_id"],
            "pix",
            private_ref("pix", "000201", now),
            40_000,
            "BRL",
            date(2026, 2, 15),
        )
        events = [issued, ArtifactStatusChanged(artifact, "paid"), paid]
        events.append(PromiseStatusChanged(promise["id"], "kept", 40_000))
        self.journal.record([NewEvent("case", taken.case_id, payload) for payload in events])
        self.journal.record([seat_changed("seat-1", "worker-1", SeatState.TALKING)])
        self.journal.record([seat_changed("seat-1", "worker-1", SeatState.IDLE)])
        with self.journal.db.read() as connection:
            opt_out = connection.execute(sa.select(tables.opt_out.c.id)).scalars().first()
        proved = StopProved(opt_out, private_ref("proof", "letter 12", now))
        self.journal.record([NewEvent("person", taken.person_id, proved)])
        with self.journal.db.read() as connection:
            (doubted,) = waiting(connection, self.journal.tenant_id)
        keep_look(
            self.journal, doubted, Look({"yes": LookVerdict.UNHEARD}, [{"turn": 3, "second": "Sing!"}], "whisper")
        )
        decide(self.journal, doubted.agreement_id, ReviewOutcome.CONFIRMED, actor="Ana", note="ouvi o sim")
        place_hold(self.journal, taken.person_id, reason="lawsuit 1")
        lift_holds(self.journal, taken.person_id)
        save_segment(self.journal, "young", "days_overdue < 90", intensity=Intensity(per_week=2))
