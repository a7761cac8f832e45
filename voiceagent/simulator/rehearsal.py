"""The rehearsal: a whole call-centre on this machine, its Asterisk without a trunk, its debtors simulated."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import uuid
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from voiceagent.base.clock import OffsetClock
from voiceagent.base.errors import UnavailableError
from voiceagent.base.money import Money
from voiceagent.cases.calls import calls
from voiceagent.debt.disposition import MEANING, Disposition
from voiceagent.dialer.campaigns import create_campaign, set_state
from voiceagent.dialer.importing import Options, import_list
from voiceagent.dialer.tables import CampaignState
from voiceagent.settings.paths import Paths
from voiceagent.simulator.phones import PhonePlan, PhonesPlan
from voiceagent.simulator.sample import SampleDebtor, write_list
from voiceagent.storage.database import Database
from voiceagent.telephony.ami import AmiClient
from voiceagent.telephony.asterisk_program import AsteriskProgram
from voiceagent.telephony.asterisk_server import AsteriskServer, PhoneAccount, SeatAccount
from voiceagent.telephony.cdr import CdrRow
from voiceagent.worker.children import Child, ChildSpec
from voiceagent.worker.household import clean_up_after, serve_spec, speech_spec, worker_spec
from voiceagent.worker.main import Records, open_records
from voiceagent.worker.plan import SeatPlan, WorkerPlan
from voiceagent.worker.supervisor import Supervisor

log = logging.getLogger(__name__)

CAMPAIGN = "rehearsal"
#: Telephones of one process: as many as the registry's SIP library can hold calls.
PHONES_PER_PROCESS = 4
#: Voices of the debtors; none of them is an agent's.
DEBTOR_VOICES = ("pm_alex@pt-BR", "am_michael@pt-BR", "pm_santa@pt-BR", "bf_emma@pt-BR", "if_sara@pt-BR")
COMPANY = "Atende Mais"


@dataclass(frozen=True, slots=True)
class RehearsalSettings:
    """What is rehearsed."""

    at: datetime
    language: str = "pt-BR"
    seats: int = 2
    console_port: int | None = None
    """None: no console; 0: any free port."""
    longest_s: float = 1800.0
    asterisk: bool = True


@dataclass(slots=True)
class RehearsalRun:
    """What a rehearsal brought, before it is judged."""

    cdr: list[CdrRow] = field(default_factory=list)
    reports: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What each debtor said and heard in its last call, by number."""
    engines: dict[str, str] = field(default_factory=dict)
    console: str = ""
    restarts: dict[str, int] = field(default_factory=dict)


class Rehearsal:
    """Starts everything, runs one campaign over the debtors, stops everything. Use as an async context."""

    def __init__(
        self,
        settings: RehearsalSettings,
        debtors: list[SampleDebtor],
        home: Path,
        paths: Paths,
        progress: Callable[[str], None],
    ) -> None:
        self.settings, self.debtors, self.home, self.paths, self._progress = settings, debtors, home, paths, progress
        self.clock = OffsetClock(settings.at)
        self.run = RehearsalRun()
        self.supervisor = Supervisor()
        self.records: Records
        self.asterisk: AsteriskServer
        self.ami: AmiClient
        self._stack = AsyncExitStack()

    @property
    def database_url(self) -> str:
        """The rehearsal's own database."""
        return f"sqlite:///{self.home / 'voiceagent.db'}"

    @property
    def recordings(self) -> Path:
        """Where its recordings are."""
        return self.home / "recordings"

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
        program = AsteriskProgram.find(self.paths.asterisk)
        shutil.rmtree(self.home, ignore_errors=True)
        for folder in (self.home, self.home / "run", self.recordings):
            folder.mkdir(mode=0o700, parents=True)
        self._stack.push_async_callback(self.supervisor.stop)
        self._progress("starting Asterisk, speech, database")
        seats = [SeatAccount(f"seat{number}", f"{100 + number}") for number in range(1, self.settings.seats + 1)]
        phones = [PhoneAccount(debtor.number) for debtor in self.debtors]
        self.asterisk = AsteriskServer(program, self.home / "asterisk", seats=seats, phones=phones)
        await asyncio.gather(
            self._stack.enter_async_context(self.asterisk),
            self.supervisor.start(speech_spec(self.speech_socket, self.paths.models)),
            asyncio.to_thread(self._open_database),
        )
        self.ami = await self._stack.enter_async_context(self.asterisk.ami())
        self._stack.push_async_callback(self._close_records)
        await asyncio.gather(self._start_phones(), asyncio.to_thread(self._import))
        await self._start_workers()
        if self.settings.console_port is not None:
            await self._start_console(self.settings.console_port)

    def _open_database(self) -> None:
        db = Database(self.database_url)
        db.upgrade()
        db.close()
        self.records = open_records(self.database_url, self.clock)

    async def _close_records(self) -> None:
        await asyncio.to_thread(self.records.writer.close)
        self.records.db.close()

    def _import(self) -> None:
        file = self.home / "sample.csv"
        write_list(file, self.debtors)
        create_campaign(self.records.journal, CAMPAIGN, policy="demo-br")
        report = import_list(self.records.journal, file, Options(campaign=CAMPAIGN))
        if report.imported != len(self.debtors):
            raise UnavailableError(f"only {report.imported} of {len(self.debtors)} sample debtors were imported")
        set_state(self.records.journal, CAMPAIGN, CampaignState.RUNNING)

    async def _start_phones(self) -> None:
        plans = [
            PhonePlan(
                number=debtor.number,
                password=self.asterisk.phones[debtor.number].password,
                persona=debtor.persona.name,
                facts=debtor.facts,
                seed=debtor.seed,
                voice=DEBTOR_VOICES[index % len(DEBTOR_VOICES)],
            )
            for index, debtor in enumerate(self.debtors)
        ]
        for index in range(0, len(plans), PHONES_PER_PROCESS):
            group = PhonesPlan(
                registrar=self.asterisk.registrar,
                speech_socket=self.speech_socket,
                language=self.settings.language,
                today=self.settings.at.date().isoformat(),
                phones=tuple(plans[index : index + PHONES_PER_PROCESS]),
            )
            file = self.home / "run" / f"phones-{index}.json"
            file.touch(mode=0o600)
            file.write_text(group.model_dump_json(), encoding="utf-8")
            spec = ChildSpec(
                f"phones-{index}", ("voiceagent.simulator.phones", str(file)), on_line=self._reported, stop_s=15
            )
            child = Child(spec)
            self._stack.push_async_callback(child.stop)
            await child.start()

    async def _start_workers(self) -> None:
        """As few workers as can hold the seats."""
        seats = list(self.asterisk.seats.values())
        for index in range(0, len(seats), PHONES_PER_PROCESS):
            group = seats[index : index + PHONES_PER_PROCESS]
            plan = WorkerPlan(
                name=f"worker-{index // PHONES_PER_PROCESS + 1}",
                registrar=self.asterisk.registrar,
                seats=tuple(SeatPlan(user=seat.name, password=seat.password) for seat in group),
                database_url=self.database_url,
                speech_socket=self.speech_socket,
                recordings=self.recordings,
                dialplans=self.paths.dialplans,
                simulated_numbers=tuple(self.asterisk.phones),
                company=COMPANY,
                clock_offset_s=self.clock.offset.total_seconds(),
            )
            spec = worker_spec(plan, self.home / "run" / f"{plan.name}.json")
            await self.supervisor.start(spec, clean_up_after(plan, self.ami, self.records.journal))

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
        report = json.loads(line)
        self.run.reports[report["number"]] = report

    async def until_all_called(self) -> RehearsalRun:
        """Wait until every debtor was called and every call has ended; prints each call as it ends."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.settings.longest_s
        told: set[uuid.UUID] = set()
        while True:
            rows = await asyncio.to_thread(self._calls)
            ended = [row for row in rows if row["status"] == "ended"]
            for row in reversed(ended):
                if row["id"] not in told:
                    told.add(row["id"])
                    self._progress(_line(len(told), len(self.debtors), row))
            if len({row["person_id"] for row in ended}) >= len(self.debtors) and len(ended) == len(rows):
                break
            if loop.time() > deadline:
                raise UnavailableError(
                    f"only {len(ended)} of {len(self.debtors)} calls had ended after {self.settings.longest_s:.0f} s; "
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

    def _calls(self) -> list[dict[str, Any]]:
        with self.records.db.read() as connection:
            return calls(connection, limit=1000)


def _line(number: int, of: int, row: dict[str, Any]) -> str:
    promised = ""
    if row["promised_minor"] is not None:
        promised = f", promises {Money(row['promised_minor'], row['currency'])} {row['currency']}"
    seconds = (row["t_end"] - row["t_answer"]).total_seconds() if row["t_answer"] and row["t_end"] else 0.0
    label = MEANING[Disposition(row["disposition"])].label
    return f"call {number}/{of}: {row['disposition']} ({label}), {seconds:.0f} s{promised}"
