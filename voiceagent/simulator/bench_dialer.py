"""How fast calls are handed out: by workers on PostgreSQL beside procrastinate's job fetch, and among a million."""

from __future__ import annotations

import asyncio
import importlib.util
import multiprocessing
import statistics
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from multiprocessing.queues import Queue as Pipe
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from voiceagent import cases, dialer
from voiceagent.base.clock import Clock, OffsetClock
from voiceagent.base.errors import INSTALL, VoiceagentError
from voiceagent.base.languages import Language
from voiceagent.base.money import Money
from voiceagent.cases import kinds, tables
from voiceagent.cases.intake import import_cases
from voiceagent.debt.case import Case, Debt
from voiceagent.dialer.campaigns import create_campaign, enroll, find_campaign, set_state
from voiceagent.dialer.modes import Gate
from voiceagent.dialer.queue import Queue
from voiceagent.dialer.tables import CampaignState, EnrollmentState, enrollment
from voiceagent.journal.journal import Journal
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.simulator.cluster import Cluster
from voiceagent.simulator.told_to_end import none_left
from voiceagent.storage.database import Database

#: A Wednesday, 10:00 in São Paulo.
AT = datetime(2026, 11, 18, 13, 0, tzinfo=UTC)
CAMPAIGN = "bench"
#: Processes that start on a busy machine are waited for so long.
_PATIENCE_S = 600
#: Askings before the measurement: until then the driver and the server prepare their statements.
_WARM_UP = 12

#: What must be reached: leases a second over procrastinate's fetches, at least; how much slower one is among a million
#: waiting than among thousands, less than.
TARGETS = {"half_of_procrastinate": 0.5, "scale": 2.0}
#: Where the second is asked.
MILLION = 1_000_000

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured, and for how long."""

    dialplans: Path
    contacts: int = 10_000
    """Imported with everything a lease reads."""
    waiting: int = MILLION
    """Contacts in the campaign for the question of scale."""
    workers: tuple[int, ...] = (1, 2, 4, 8)
    seats: int = 4
    """Of a worker: it asks for all that are idle at once."""
    seconds: float = 4.0
    leases: int = 200
    """Single leases timed at each size."""


def person(n: int) -> Case:
    """An invented debtor with a number kept for simulated phones."""
    area, line = divmod(n, 100)
    return Case(
        name=f"Pessoa Inventada {n}",
        document=f"{n:011d}",
        language=Language.PT_BR,
        region="BR",
        state="SP",
        birth_date=date(1980, 1, 1 + n % 28),
        phones=(f"sip:p{area}-{line}@phones.invalid",),
        emails=(),
        debts=(Debt(f"C{n}", "Banco Exemplo", "cartão", Money(90_000), Money(30_000), date(2026, 3, 10)),),
    )


def journal_of(url: str, clock: Clock) -> Journal:
    """The whole product's journal on `url`."""
    return Journal(Database(url, busy_timeout_s=30.0), clock, [*cases.PROJECTIONS, *dialer.PROJECTIONS])


def fill(journal: Journal, contacts: int) -> None:
    """A running campaign of so many contacts, all due."""
    campaign_id = create_campaign(journal, CAMPAIGN)
    for start in range(0, contacts, 500):
        people = [person(n) for n in range(start, min(contacts, start + 500))]
        taken = import_cases(journal, people, source="bench")
        with journal.transaction() as connection:
            enroll(journal, connection, campaign_id, [one.case_id for one in taken])
    set_state(journal, CAMPAIGN, CampaignState.RUNNING)


def crowd(journal: Journal, first: int, last: int) -> None:
    """Contacts `first` to `last` beside those imported, written as rows: half wait for later, half are due after them.

    They have no numbers: nobody asks about them before the imported ones are through.
    """
    now = journal.clock.now()
    with journal.db.write() as connection:
        found = find_campaign(connection, CAMPAIGN, journal.tenant_id)
        creditor = connection.execute(sa.select(tables.creditor.c.id)).scalar()
        assert found is not None
        series, identity = _series(connection, first, last)
        common = {"tenant_id": sa.literal(journal.tenant_id, tables.person.c.tenant_id.type)}
        stamps = {name: sa.literal(now, tables.person.c.created_at.type) for name in ("created_at", "updated_at")}
        someone = common | stamps | {"id": identity, "identity_ref": identity}
        someone |= {"language": sa.literal("pt-BR"), "region": sa.literal("BR")}
        a_case = common | stamps | {"id": identity, "person_id": identity}
        a_case |= {"creditor_id": sa.literal(creditor, tables.debt_case.c.creditor_id.type)}
        a_case |= {"stage": sa.literal(kinds.Stage.AMICABLE.value)}
        later, soon = (sa.literal(at, enrollment.c.next_at.type) for at in (now + timedelta(days=2), now))
        waits = common | stamps | {"id": identity, "case_id": identity}
        waits |= {"campaign_id": sa.literal(found.id, enrollment.c.campaign_id.type), "attempts": sa.literal(0)}
        waits |= {"state": sa.literal(EnrollmentState.WAITING.value), "priority": sa.literal(0)}
        waits |= {"next_at": sa.case((series.c.n % 2 == 0, later), else_=soon)}
        for table, values in ((tables.person, someone), (tables.debt_case, a_case), (enrollment, waits)):
            query = sa.select(*values.values()).select_from(series)
            connection.execute(sa.insert(table).from_select(list(values), query))
        if not journal.db.is_sqlite:
            connection.exec_driver_sql("ANALYZE")


def _series(connection: sa.Connection, first: int, last: int) -> tuple[sa.FromClause, sa.ColumnElement[Any]]:
    """Numbers `first`..`last` as column n, and an id made of each."""
    prefix = "00000000-0000-4000-8000-"
    if connection.dialect.name == "postgresql":
        series = sa.select(sa.func.generate_series(first, last).label("n")).subquery("series")
        text = sa.literal(prefix).concat(sa.func.lpad(sa.func.to_hex(series.c.n), 12, "0"))
        return series, sa.cast(text, sa.Uuid())
    numbers = sa.select(sa.literal(first).label("n")).cte("series", recursive=True)
    numbers = numbers.union_all(sa.select(numbers.c.n + 1).where(numbers.c.n < last))
    return numbers, sa.literal(prefix).concat(sa.func.printf("%012x", numbers.c.n))


def met_of(report: Mapping[str, Any]) -> dict[str, bool | None]:
    """Which of `TARGETS` are reached; None without procrastinate, and where fewer than a million waited."""
    beside, ours = report["procrastinate"], report["throughput"]["leases"]
    ratios = [ours[n]["per_second"] / beside["fetches"][n]["per_second"] for n in ours] if beside else []
    fast = min(ratios) >= TARGETS["half_of_procrastinate"] if ratios else None
    found = report["scale"]
    level = found["slower"] < TARGETS["scale"]
    waited = max(map(int, found["by_waiting"]))
    return {"half_of_procrastinate": fast, "scale": None if level and waited < MILLION else level}


# --- throughput -----------------------------------------------------------------------------------------------------


def _lease_worker(url: str, dialplans: str, seats: int, seconds: float, gate: Barrier, out: Pipe[Any]) -> None:
    journal = journal_of(url, OffsetClock(AT))
    names = [f"bench-{multiprocessing.current_process().name}-{n}" for n in range(seats)]
    allowed = Gate(simulated=_Everyone())
    queue = Queue(journal, load_rules(Path(dialplans) / "jurisdictions"), allowed, worker=names[0])
    for _ in range(_WARM_UP):
        queue.lease_many(names)
    out.put(_timed(lambda: len(queue.lease_many(names)), seconds, gate))
    journal.db.close()


def _timed(ask: Callable[[], int], seconds: float, gate: Barrier) -> tuple[int, list[float], float]:
    """How many were given in so many seconds, how long each asking took, and this process' own processor seconds."""
    took: list[float] = []
    given = 0
    gate.wait()
    end, used = time.perf_counter() + seconds, time.process_time()
    while time.perf_counter() < end:
        began = time.perf_counter()
        given += ask()
        took.append(time.perf_counter() - began)
    return given, took, time.process_time() - used


class _Everyone(frozenset[str]):
    """Every address of this measurement is a simulated phone; nothing is ever dialled here."""

    def __contains__(self, number: object) -> bool:
        return isinstance(number, str) and number.endswith("@phones.invalid")


def _bare_fetch_worker(conninfo: str, seconds: float, gate: Barrier, out: Pipe[Any]) -> None:
    """The statement of procrastinate alone, on a bare connection."""
    import psycopg
    from procrastinate import sql

    with psycopg.connect(conninfo, autocommit=True) as connection:
        fetch = sql.queries["fetch_job"]

        def ask() -> int:
            job = connection.execute(fetch, {"queues": None, "worker_id": None}).fetchone()
            return job is not None

        for _ in range(_WARM_UP):
            ask()
        out.put(_timed(ask, seconds, gate))


def _fetch_worker(conninfo: str, seconds: float, gate: Barrier, out: Pipe[Any]) -> None:
    """A job as procrastinate's own workers get it: their pool, their manager, a registered worker."""
    from procrastinate import PsycopgConnector
    from procrastinate.manager import JobManager

    with asyncio.Runner() as runner:
        connector = PsycopgConnector(conninfo=conninfo, min_size=1, max_size=2)
        runner.run(connector.open_async())
        manager = JobManager(connector)
        worker = runner.run(manager.register_worker())

        async def fetch(end: float, took: list[float], least: int = 0) -> int:
            jobs = 0
            while len(took) < least or time.perf_counter() < end:
                began = time.perf_counter()
                jobs += await manager.fetch_job(queues=None, worker_id=worker) is not None
                took.append(time.perf_counter() - began)
            return jobs

        runner.run(fetch(0.0, [], _WARM_UP))
        took: list[float] = []
        gate.wait()
        used = time.process_time()
        jobs = runner.run(fetch(time.perf_counter() + seconds, took))
        out.put((jobs, took, time.process_time() - used))
        runner.run(connector.close_async())


def _at_the_gate(target: Callable[..., None], *arguments: Any) -> None:
    """A worker; when it fails before all are ready, the others are told instead of waiting for it."""
    gate: Barrier = arguments[-2]
    try:
        target(*arguments)
    except BaseException:
        gate.abort()
        raise


def _at_once(
    target: Callable[..., None], arguments: Sequence[Any], workers: int, seconds: float, cluster: Cluster
) -> dict[str, float]:
    context = multiprocessing.get_context("spawn")
    gate, out = context.Barrier(workers + 1), context.Queue()
    given_to = (target, *arguments, seconds, gate, out)
    processes = [context.Process(target=_at_the_gate, args=given_to, daemon=True) for _ in range(workers)]
    with none_left():
        for process in processes:
            process.start()
        try:
            gate.wait(timeout=_PATIENCE_S)
        except threading.BrokenBarrierError:
            raise VoiceagentError("a worker of the measurement ended early; its message is above") from None
        server = cluster.processor_s()
        found = [out.get(timeout=_PATIENCE_S) for _ in processes]
        server = cluster.processor_s() - server
        for process in processes:
            process.join()
    took = sorted(one for _, times, _ in found for one in times)
    given = sum(one for one, _, _ in found)
    return {
        "per_second": round(given / seconds, 1),
        "ask_p50_ms": round(statistics.median(took) * 1000, 2),
        "ask_p99_ms": round(took[int(len(took) * 0.99)] * 1000, 2),
        "n": given,
        "processor_ms": round((sum(used for _, _, used in found) + server) / max(1, given) * 1000, 3),
        "of_it_server_ms": round(server / max(1, given) * 1000, 3),
    }


def throughput(cluster: Cluster, plan: Plan, say: Say) -> dict[str, Any]:
    """Leases a second with the law on, by workers; each worker asks for its idle seats at once, and one by one."""
    template = cluster.url("lease_template")
    db = Database(template)
    db.upgrade()
    db.close()
    journal = journal_of(template, OffsetClock(AT))
    fill(journal, plan.contacts)
    journal.db.close()
    found: dict[str, Any] = {"seats_per_worker": plan.seats, "leases": {}, "leases_one_by_one": {}}
    for kind, seats in (("leases", plan.seats), ("leases_one_by_one", 1)):
        for workers in plan.workers:
            url = cluster.url(f"{kind}_{workers}", template="lease_template")
            figures = _at_once(_lease_worker, (url, str(plan.dialplans), seats), workers, plan.seconds, cluster)
            found[kind][str(workers)] = figures
            say(f"{kind} {workers} workers: {_told(figures)}")
    return found


def procrastinate(cluster: Cluster, plan: Plan, say: Say) -> dict[str, Any] | None:
    """Jobs a second that procrastinate fetches on the same server; None where it is not installed."""
    if importlib.util.find_spec("procrastinate") is None:
        say(f"procrastinate is not installed, to compare: {INSTALL}")
        return None
    import psycopg
    from procrastinate.schema import SchemaManager

    found: dict[str, Any] = {"fetches": {}, "bare_statements": {}}
    for kind, target in (("fetches", _fetch_worker), ("bare_statements", _bare_fetch_worker)):
        for workers in plan.workers:
            name = f"procrastinate_{kind}_{workers}"
            cluster.url(name)
            conninfo = f"{cluster.server}/{name}"
            with psycopg.connect(conninfo, autocommit=True) as connection:
                connection.execute(SchemaManager.get_schema().encode())
                connection.execute(
                    "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status) "
                    "SELECT 'default', 'task', '{}'::jsonb, 'todo' FROM generate_series(1, 50000)"
                )
                connection.execute("ANALYZE")
            figures = found[kind][str(workers)] = _at_once(target, (conninfo,), workers, plan.seconds, cluster)
            say(f"procrastinate's {kind} {workers} workers: {_told(figures)}")
    return found


def _told(figures: dict[str, float]) -> str:
    return (
        f"{figures['per_second']}/s, p99 {figures['ask_p99_ms']} ms, {figures['processor_ms']} ms of processor each "
        f"({figures['of_it_server_ms']} of the server)"
    )


# --- scale ----------------------------------------------------------------------------------------------------------


def scale(url: str, plan: Plan, say: Say) -> dict[str, Any]:
    """One lease, timed with thousands waiting and with `plan.waiting`; the calls end at once, as seats' calls do."""
    db = Database(url)
    db.upgrade()
    db.close()
    clock = OffsetClock(AT)
    journal = journal_of(url, clock)
    fill(journal, plan.contacts)
    sizes = sorted({plan.contacts, max(plan.contacts, plan.waiting)})
    queue = Queue(journal, load_rules(plan.dialplans / "jurisdictions"), Gate(simulated=_Everyone()), worker="bench")
    found: dict[str, Any] = {"by_waiting": {}}
    before = plan.contacts
    for size in sizes:
        if size > before:
            began = time.perf_counter()
            crowd(journal, before + 1, size)
            say(f"{size - before} contacts written in {time.perf_counter() - began:.0f} s")
            before = size
        found["by_waiting"][str(size)] = figures = _one_by_one(queue, plan.leases)
        say(f"{size} waiting: a lease takes {figures['p50_ms']} ms, p99 {figures['p99_ms']} ms")
    first, last = (found["by_waiting"][str(size)]["p50_ms"] for size in (sizes[0], sizes[-1]))
    found["slower"] = round(last / first, 2)
    journal.db.close()
    return found


def _one_by_one(queue: Queue, count: int) -> dict[str, float]:
    from voiceagent.journal.catalogue import CallEnded

    took = []
    for n in range(count + 10):
        began = time.perf_counter()
        lease = queue.lease(f"seat-{n % 8}")
        took.append(time.perf_counter() - began)
        assert lease is not None, "the campaign ran out of contacts: raise Plan.contacts"
        queue.complete(lease, CallEnded("NA"))
    took = sorted(took[10:])
    return {
        "p50_ms": round(statistics.median(took) * 1000, 2),
        "p99_ms": round(took[int(len(took) * 0.99)] * 1000, 2),
        "n": len(took),
    }
