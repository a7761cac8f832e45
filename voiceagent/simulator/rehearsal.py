"""The rehearsal: a whole call-centre on this machine, its Asterisk without a trunk, its debtors simulated."""

from __future__ import annotations

import asyncio
import logging
import shutil
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from voiceagent.base.clock import OffsetClock
from voiceagent.base.errors import MissingPartError, UnavailableError
from voiceagent.base.languages import Language
from voiceagent.cases.calls import calls
from voiceagent.cases.intake import Given, take_in
from voiceagent.debt.case import Case
from voiceagent.dialer import consents
from voiceagent.dialer.arrivals import Arrivals
from voiceagent.dialer.campaigns import create_campaign, enroll, require_campaign, set_state
from voiceagent.dialer.importing import import_list
from voiceagent.dialer.report import Options
from voiceagent.dialer.tables import CampaignState
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import Paths
from voiceagent.simulator.own_place import alone, require_free
from voiceagent.simulator.phones import PhonePlan
from voiceagent.simulator.rehearsal_plan import (
    CAMPAIGN,
    COMPANY,
    COMPANY_ADDRESS,
    RETURN_NUMBER,
    RehearsalRun,
    RehearsalSettings,
    call_line,
)
from voiceagent.simulator.sample import SampleDebtor, write_list
from voiceagent.simulator.telephones import Telephones, batched, render_words, reported
from voiceagent.simulator.verdict import differences_from_cdr
from voiceagent.speech.installed import kokoro_directory
from voiceagent.speech.recogniser import served_languages
from voiceagent.storage.database import Database
from voiceagent.telephony.ami import AmiClient
from voiceagent.telephony.asterisk_program import AsteriskProgram
from voiceagent.telephony.asterisk_server import AsteriskServer, HumanAccount, PhoneAccount, SeatAccount
from voiceagent.telephony.capacity import library
from voiceagent.telephony.exchange import HUMANS_QUEUE
from voiceagent.worker.children import Child, ChildSpec
from voiceagent.worker.household import clean_up_after, serve_spec, speech_spec, worker_spec
from voiceagent.worker.main import Records, open_records
from voiceagent.worker.missed import watching
from voiceagent.worker.plan import HumansPlan, ManagerPlan, SeatPlan, WorkerPlan
from voiceagent.worker.supervisor import Supervisor

log = logging.getLogger(__name__)

#: So long ago simulated debtors agreed to be called.
AGREED_BEFORE = timedelta(days=60)


class Rehearsal:
    """Starts everything, with one running campaign and nobody in it; stops everything. Use as an async context.

    `numbers` are the telephones the exchange knows. `plug_in` has somebody answer them, `enrol_list` or `enrol_cases`
    has them called, `until_called` waits for it.
    """

    #: What carries the calls, for people and for the demo's document.
    EXCHANGE, SIP = "Asterisk", "pjsua2"
    #: What is otherwise in its workers' plans than by default.
    WORKER: Mapping[str, Any] = MappingProxyType({})

    def __init__(
        self,
        settings: RehearsalSettings,
        numbers: Sequence[str],
        home: Path,
        paths: Paths,
        progress: Callable[[str], None],
    ) -> None:
        self.settings, self.home, self.paths, self._progress = settings, home, paths, progress
        self._numbers = tuple(numbers)
        self.clock = OffsetClock(settings.at)
        self.run = RehearsalRun()
        self.supervisor = Supervisor()
        self.records: Records
        self.asterisk: AsteriskServer
        self.ami: AmiClient
        self.on_report: Callable[[dict[str, Any]], None] = lambda report: None
        """Given every line a telephone prints."""
        self._stack = AsyncExitStack()
        self._told: set[uuid.UUID] = set()

    @property
    def seat_names(self) -> list[str]:
        """seat1, seat2, ..."""
        return [f"seat{number}" for number in range(1, self.settings.seats + 1)]

    @property
    def people_names(self) -> list[str]:
        """person1, person2, ..."""
        return [f"person{number}" for number in range(1, self.settings.people + 1)]

    @property
    def database_url(self) -> str:
        """The rehearsal's own database."""
        return f"sqlite:///{self.home / 'voiceagent.db'}"

    @property
    def recordings(self) -> Path:
        """Where its recordings are."""
        return self.home / "recordings"

    @property
    def tapes(self) -> Path:
        """Where telephones record, as NUMBER.wav without the plus."""
        return self.home / "tapes"

    @property
    def speech_socket(self) -> Path:
        """The speech process' socket."""
        return self.home / "run" / "speech.sock"

    async def __aenter__(self) -> Rehearsal:
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _start(self) -> None:
        self._prepare_exchange()
        self._require_speech()
        if self.settings.console_port:
            require_free(self.settings.console_port)
        self._stack.enter_context(alone(self.home))
        shutil.rmtree(self.home, ignore_errors=True)
        for folder in (self.home, self.home / "run", self.recordings):
            folder.mkdir(mode=0o700, parents=True)
        self._stack.push_async_callback(self.supervisor.stop)
        self._progress(f"starting {self.EXCHANGE}, speech, database")
        try:
            async with asyncio.TaskGroup() as starting:  # one that fails takes the others back with it
                starting.create_task(self._start_exchange())
                starting.create_task(self.supervisor.start(self._speech()))
                starting.create_task(asyncio.to_thread(self._open_database))
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        self._stack.push_async_callback(self._close_records)
        # At the end seats go before their exchange does, as in a shop; what had only begun ends with the first wish.
        self._stack.push_async_callback(self.supervisor.stop)
        await self._start_workers()
        if self.settings.console_port is not None:
            await self._start_console(self.settings.console_port)

    def _prepare_exchange(self) -> None:
        program = AsteriskProgram.find(self.paths.asterisk)
        seats = [SeatAccount(name, f"{100 + number}") for number, name in enumerate(self.seat_names, 1)]
        phones = [PhoneAccount(number) for number in self._numbers]
        self.asterisk = AsteriskServer(
            program,
            self.home / "asterisk",
            seats=seats,
            phones=phones,
            humans=[HumanAccount(name) for name in self.people_names],
            human_patience_s=self.settings.people_wait_s,
        )

    async def _start_exchange(self) -> None:
        await self._stack.enter_async_context(self.asterisk)
        self.ami = await self._stack.enter_async_context(self.asterisk.ami())
        self._telephones = Telephones(
            self.home / "run",
            self.asterisk.registrar,
            self.speech_socket,
            self.settings.language,
            self.settings.at.date(),
            self.tapes if self.settings.tapes else None,
            self._stack,
            lambda line: self._reported(line),
        )

    def _speech(self) -> ChildSpec:
        return speech_spec(self.speech_socket, self.paths.models, *self.settings.speech)

    def _require_speech(self) -> None:
        """Said here, in one line, before anything is started or wiped."""
        models, language = self.paths.models, self.settings.language
        if language not in served_languages(models):
            raise MissingPartError(f"no recogniser for {language} is installed: run `voiceagent models install`")
        if kokoro_directory(models) is None:
            raise MissingPartError("no voices for simulated debtors are installed: run `voiceagent models install`")

    def _open_database(self) -> None:
        db = Database(self.database_url)
        db.upgrade()
        db.close()
        self.records = open_records(self.database_url, self.clock)
        s = self.settings
        journal = self.records.journal
        create_campaign(
            journal, CAMPAIGN, script=s.script, policy=s.policy, language=Language(s.language), region=s.region
        )
        set_state(journal, CAMPAIGN, CampaignState.RUNNING)

    async def _close_records(self) -> None:
        await asyncio.to_thread(self.records.writer.close)
        self.records.db.close()

    def enrol_list(self, debtors: Sequence[SampleDebtor]) -> None:
        """Take sample debtors in by a list, as a creditor would hand it over; they are called from now on. Blocks."""
        file = self.home / f"sample-{debtors[0].number[1:]}.csv"
        write_list(file, debtors)
        report = import_list(self.records.journal, file, Options(campaign=CAMPAIGN))
        if report.imported != len(debtors):
            raise UnavailableError(f"only {report.imported} of {len(debtors)} sample debtors were imported")

    def enrol_cases(self, cases: Sequence[Case]) -> list[uuid.UUID]:
        """Take cases in as they are, with leave to call where a law wants it; they are called from now on. Blocks."""
        journal = self.records.journal
        agreed = (self.settings.at - AGREED_BEFORE).date().isoformat()
        leave = {consents.CONSENT: "yes", consents.AT: agreed, consents.SOURCE: "rehearsal"}
        with journal.transaction() as connection:
            given = [Given(case, attributes=leave) for case in cases]
            kept = take_in(journal, connection, given, source="rehearsal", purpose="collection", actor="import")
            ids = [uuid.UUID(each.case_id) for each in kept if each.case_id is not None]
            enroll(journal, connection, require_campaign(connection, CAMPAIGN, journal.tenant_id).id, ids)
        return ids

    def parts(self, phones: Sequence[Child] = ()) -> dict[str, list[int]]:
        """The processes that run now, by what they are: worker, speech, asterisk, simulator."""
        children = self.supervisor.pids
        asterisk = self.asterisk.pid
        return {
            "worker": [pid for name, pid in children.items() if name.startswith("worker")],
            "speech": [children["speech"]] if "speech" in children else [],
            "asterisk": [asterisk] if asterisk is not None else [],
            "simulator": [phone.pid for phone in phones if phone.pid is not None],
        }

    async def channels_left(self) -> int:
        """Channels that live in the exchange; a moment is given to those that are ending."""
        for _ in range(50):
            count = len(await self.ami.channels())
            if not count:
                break
            await asyncio.sleep(0.1)
        return count

    async def render_words(self, phones: Iterable[PhonePlan]) -> None:
        """Have what these people will say in the cache; calls need not wait for it then."""
        await render_words(self.speech_socket, self.settings.language, phones)

    def differences(self, rows: Sequence[dict[str, Any]]) -> list[str]:
        """What the exchange recorded otherwise than we did."""
        return differences_from_cdr(rows, self.run.cdr)

    def keep(self, child: Child) -> None:
        """Have a process end with the rehearsal."""
        self._stack.push_async_callback(child.stop)

    async def plug_in(self, phones: Sequence[PhonePlan]) -> list[Child]:
        """Have the telephones of these numbers answered; their processes end with the rehearsal, or by their `stop`."""
        accounts = self.asterisk.phones | self.asterisk.humans
        return await self._telephones.plug_in(phones, {name: each.password for name, each in accounts.items()})

    async def call_us(self, number: str) -> None:
        """Have the telephone of that number call the number that debtors are shown."""
        await self._telephones.call(number, self.asterisk.queue_number)

    async def _start_workers(self) -> None:
        """As few workers as can hold the seats."""
        for plan in await asyncio.to_thread(self._worker_plans):
            spec = worker_spec(plan, self.home / "run" / f"{plan.name}.json")
            await self.supervisor.start(spec, clean_up_after(plan, self.ami, self.records.journal))
        rules = await asyncio.to_thread(load_rules, self.paths.dialplans / "jurisdictions")
        arrivals = Arrivals(self.records.journal, rules, worker=None, mode="rehearsal", region=self.settings.region)
        await self._stack.enter_async_context(watching(self.ami, arrivals))

    def _worker_plans(self) -> list[WorkerPlan]:
        exchange, settings = self.asterisk, self.settings
        manager = ManagerPlan(
            address=f"127.0.0.1:{exchange.ports.ami}", user=exchange.ami_user, secret=exchange.ami_secret
        )
        people = HumansPlan(
            number=exchange.humans_number,
            queue=HUMANS_QUEUE,
            hours={"mon-sun": "00:00-23:59"},
            zone="UTC",
            longest_s=settings.people_wait_s + 45.0,
        )
        return [
            WorkerPlan(
                name=f"worker-{index}",
                registrar=exchange.registrar,
                manager=manager,
                humans=people if settings.people else None,
                seats=tuple(SeatPlan(user=seat.name, password=seat.password) for seat in group),
                database_url=self.database_url,
                speech_socket=self.speech_socket,
                recordings=self.recordings,
                dialplans=self.paths.dialplans,
                simulated_numbers=tuple(exchange.phones),
                company=COMPANY,
                return_number=RETURN_NUMBER,
                company_address=COMPANY_ADDRESS,
                clock_offset_s=self.clock.offset.total_seconds(),
                region=settings.region,
            ).model_copy(update=self.WORKER)
            for index, group in enumerate(batched(list(exchange.seats.values()), library().seats), 1)
        ]

    async def move_clock(self, at: datetime) -> None:
        """Go on at another, later instant: nobody may be in a call, because the workers begin anew with that clock."""
        self.clock.move(at)
        for plan in await asyncio.to_thread(self._worker_plans):
            await self.supervisor.replace(worker_spec(plan, self.home / "run" / f"{plan.name}.json"))

    async def _start_console(self, port: int) -> None:
        environment = {
            "VOICEAGENT_HOME": str(self.home),
            "VOICEAGENT_DATABASE_URL": self.database_url,
            "VOICEAGENT_RECORDINGS": str(self.recordings),
        }
        spec = serve_spec(port, environment, clock_offset_s=self.clock.offset.total_seconds())
        child = await self.supervisor.start(spec)
        self.run.console = str(child.ready.get("token_url") or child.ready.get("url") or "")

    def _reported(self, line: str) -> None:
        report = reported(line)
        if "seconds" in report:
            self.run.reports[report["number"]] = report
        self.on_report(report)

    async def until_called(self, people: int) -> RehearsalRun:
        """Wait until that many people were called and no call lives; prints each call as it ends."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.settings.longest_s
        while True:
            rows = await asyncio.to_thread(self.calls)
            ended = [row for row in rows if row["status"] == "ended"]
            for row in reversed(ended):
                if row["id"] not in self._told:
                    self._told.add(row["id"])
                    self._progress(call_line(len(self._told), people, row))
            if len({row["person_id"] for row in ended}) >= people and len(ended) == len(rows):
                break
            if loop.time() > deadline:
                raise UnavailableError(
                    f"only {len(ended)} of {people} calls had ended after {self.settings.longest_s:.0f} s; "
                    f"see {self.home}"
                )
            await asyncio.sleep(0.3)
        await self._collect([row for row in ended if row["t_answer"] is not None])
        return self.run

    async def _collect(self, answered: list[dict[str, Any]]) -> None:
        """The debtors' reports and Asterisk's records arrive a moment after the last BYE."""
        ids, numbers = {str(row["id"]) for row in answered}, {row["number"] for row in answered}
        for _ in range(100):
            self.run.cdr = self.asterisk.cdr()
            if ids <= {row.call_id for row in self.run.cdr} and numbers <= set(self.run.reports):
                break
            await asyncio.sleep(0.05)
        self.run.restarts = self.supervisor.restarts

    def calls(self) -> list[dict[str, Any]]:
        """Every call so far, the newest first (cases.calls). Blocks."""
        with self.records.db.read() as connection:
            return calls(connection, limit=10_000)
