"""The rehearsal: a whole call-centre on this machine, its Asterisk without a trunk, its debtors simulated."""

from __future__ import annotations

import asyncio
import fcntl
import json
import logging
import shutil
import socket
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from voiceagent.base.clock import OffsetClock
from voiceagent.base.errors import MissingPartError, UnavailableError
from voiceagent.base.languages import Language
from voiceagent.base.money import Money
from voiceagent.cases.calls import calls
from voiceagent.cases.intake import import_cases
from voiceagent.debt.case import Case
from voiceagent.debt.disposition import MEANING, Disposition
from voiceagent.debt.policy import Policy
from voiceagent.dialer.arrivals import Arrivals
from voiceagent.dialer.campaigns import create_campaign, enroll, require_campaign, set_state
from voiceagent.dialer.importing import import_list
from voiceagent.dialer.report import Options
from voiceagent.dialer.tables import CampaignState
from voiceagent.language.spoken import SpokenPart
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import Paths
from voiceagent.simulator.debtor_voice import MARKS, pieces_of
from voiceagent.simulator.persona import Debtor, Persona
from voiceagent.simulator.phones import PhonePlan, PhonesPlan
from voiceagent.simulator.sample import SampleDebtor, write_list
from voiceagent.simulator.verdict import days_of, differences_from_cdr
from voiceagent.speech.client import SpeechClient
from voiceagent.speech.installed import kokoro_directory
from voiceagent.speech.recogniser import served_languages
from voiceagent.storage.database import Database
from voiceagent.telephony.ami import AmiClient
from voiceagent.telephony.asterisk_program import AsteriskProgram
from voiceagent.telephony.asterisk_server import AsteriskServer, PhoneAccount, SeatAccount
from voiceagent.telephony.capacity import library
from voiceagent.telephony.cdr import CdrRow
from voiceagent.worker.children import Child, ChildSpec
from voiceagent.worker.household import clean_up_after, serve_spec, speech_spec, worker_spec
from voiceagent.worker.main import Records, open_records
from voiceagent.worker.missed import watching
from voiceagent.worker.plan import SeatPlan, WorkerPlan
from voiceagent.worker.supervisor import Supervisor

log = logging.getLogger(__name__)

T = TypeVar("T")

CAMPAIGN = "rehearsal"
#: Telephones of one process: as many as the registry's SIP library can hold calls.
PER_PROCESS = 4
#: Telephones ring a while before somebody lifts them; the agent gets its first words ready meanwhile.
RING_S = 2.5
#: Patience with one rendered answer, on a machine that does other things too.
_RENDER_S = 60.0
#: Voices of the debtors; none of them is an agent's.
DEBTOR_VOICES = {
    "pt-BR": ("pm_alex@pt-BR", "am_michael@pt-BR", "pm_santa@pt-BR", "bf_emma@pt-BR", "if_sara@pt-BR"),
    "es": ("em_alex@es", "am_michael@es", "em_santa@es", "bf_emma@es", "if_sara@es"),
    "en": ("am_michael@en", "af_bella@en", "am_adam@en", "bf_emma@en", "bm_george@en"),
}
COMPANY = "Atende Mais"
#: Where it can be reached, as the law of some places wants it said.
RETURN_NUMBER, COMPANY_ADDRESS = "1140028922", "Avenida Central 100"


@dataclass(frozen=True, slots=True)
class RehearsalSettings:
    """What is rehearsed."""

    at: datetime
    language: str = "pt-BR"
    region: str = "BR"
    script: str = "negotiation"
    policy: str = "demo-br"
    seats: int = 2
    console_port: int | None = None
    """None: no console; 0: any free port."""
    tapes: bool = False
    """Telephones record what they say and hear (`Rehearsal.tapes`)."""
    longest_s: float = 1800.0


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
        self._plugged = 0
        self._told: set[uuid.UUID] = set()

    @property
    def seat_names(self) -> list[str]:
        """seat1, seat2, ..."""
        return [f"seat{number}" for number in range(1, self.settings.seats + 1)]

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
            _require_free(self.settings.console_port)
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
        await self._start_workers()
        if self.settings.console_port is not None:
            await self._start_console(self.settings.console_port)

    def _prepare_exchange(self) -> None:
        program = AsteriskProgram.find(self.paths.asterisk)
        seats = [SeatAccount(name, f"{100 + number}") for number, name in enumerate(self.seat_names, 1)]
        phones = [PhoneAccount(number) for number in self._numbers]
        self.asterisk = AsteriskServer(program, self.home / "asterisk", seats=seats, phones=phones)

    async def _start_exchange(self) -> None:
        await self._stack.enter_async_context(self.asterisk)
        self.ami = await self._stack.enter_async_context(self.asterisk.ami())

    def _speech(self) -> ChildSpec:
        return speech_spec(self.speech_socket, self.paths.models)

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

    def enrol_cases(self, cases: Sequence[Case]) -> None:
        """Take cases in as they are; they are called from now on. Blocks."""
        journal = self.records.journal
        with journal.transaction() as connection:
            taken = import_cases(journal, cases, source="rehearsal", connection=connection)
            campaign = require_campaign(connection, CAMPAIGN, journal.tenant_id)
            enroll(journal, connection, campaign.id, [each.case_id for each in taken])

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
        """Have what these people will say in the cache, one after the other; calls need not wait for it then."""
        language = self.settings.language
        speech = SpeechClient(self.speech_socket, render_s=_RENDER_S)
        for phone in phones:
            voice = await speech.voice(f"words-{phone.number}", language, phone.voice)
            says: list[str | None] = [phone.hello, *(step.say for step in phone.steps)]
            if phone.persona:
                says += Debtor(Persona.load(phone.persona, language), phone.facts, phone.seed).first_answers()
            try:
                for piece in (piece for text in says if text for piece in pieces_of(text) if piece not in MARKS):
                    await voice.render((SpokenPart(piece),))
            finally:
                await voice.close()

    def differences(self, rows: Sequence[dict[str, Any]]) -> list[str]:
        """What the exchange recorded otherwise than we did."""
        return differences_from_cdr(rows, self.run.cdr)

    def keep(self, child: Child) -> None:
        """Have a process end with the rehearsal."""
        self._stack.push_async_callback(child.stop)

    async def plug_in(self, phones: Sequence[PhonePlan]) -> list[Child]:
        """Have the telephones of these numbers answered; their processes end with the rehearsal, or by their `stop`."""
        children = []
        for group in batched(phones, PER_PROCESS):
            plan = PhonesPlan(
                registrar=self.asterisk.registrar,
                speech_socket=self.speech_socket,
                language=self.settings.language,
                today=self.settings.at.date().isoformat(),
                phones=tuple(
                    phone.model_copy(update={"password": self.asterisk.phones[phone.number].password})
                    for phone in group
                ),
                tapes=self.tapes if self.settings.tapes else None,
            )
            self._plugged += 1
            name = f"phones-{self._plugged}"
            file = plan.write(self.home / "run" / f"{name}.json")
            spec = ChildSpec(name, ("voiceagent.simulator.phones", str(file)), on_line=self._reported, stop_s=15)
            child = Child(spec)
            self._stack.push_async_callback(child.stop)
            await child.start()
            children.append(child)
        return children

    async def _start_workers(self) -> None:
        """As few workers as can hold the seats."""
        seats = list(self.asterisk.seats.values())
        size = (await asyncio.to_thread(library)).seats
        for index, group in enumerate(batched(seats, size), 1):
            plan = WorkerPlan(
                name=f"worker-{index}",
                registrar=self.asterisk.registrar,
                seats=tuple(SeatPlan(user=seat.name, password=seat.password) for seat in group),
                database_url=self.database_url,
                speech_socket=self.speech_socket,
                recordings=self.recordings,
                dialplans=self.paths.dialplans,
                simulated_numbers=tuple(self.asterisk.phones),
                company=COMPANY,
                return_number=RETURN_NUMBER,
                company_address=COMPANY_ADDRESS,
                clock_offset_s=self.clock.offset.total_seconds(),
                region=self.settings.region,
            ).model_copy(update=self.WORKER)
            spec = worker_spec(plan, self.home / "run" / f"{plan.name}.json")
            await self.supervisor.start(spec, clean_up_after(plan, self.ami, self.records.journal))
        rules = await asyncio.to_thread(load_rules, self.paths.dialplans / "jurisdictions")
        arrivals = Arrivals(self.records.journal, rules, worker=None, mode="rehearsal", region=self.settings.region)
        await self._stack.enter_async_context(watching(self.ami, arrivals))

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
                    self._progress(_line(len(self._told), people, row))
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


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Hold the home against a second rehearsal, which would wipe it; UnavailableError when somebody else has it."""
    home.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with home.with_name(f"{home.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UnavailableError(
                f"another rehearsal uses {home}: end it, or set VOICEAGENT_HOME to another directory", code="in_use"
            ) from None
        yield


def sample_phones(debtors: Sequence[SampleDebtor], policy: Policy, today: date) -> list[PhonePlan]:
    """Telephones at which sample debtors answer as their personas."""
    return [
        PhonePlan(
            number=debtor.number,
            persona="" if debtor.persona.steps else debtor.persona.name,
            facts=debtor.facts,
            days=tuple(days_of(debtor, policy, today)),
            seed=debtor.seed,
            steps=debtor.persona.steps,
            ring_s=0.0 if debtor.persona.steps else RING_S,
            voice=debtor_voice(debtor.persona.language, index),
        )
        for index, debtor in enumerate(debtors)
    ]


def debtor_voice(language: str, index: int) -> str:
    """The voice of the telephone with that number: neighbours have different ones."""
    voices = DEBTOR_VOICES[language]
    return voices[index % len(voices)]


def batched(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """`items` in runs of up to `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _require_free(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise UnavailableError(
                f"port {port} for the console is in use by another program: stop it, or choose another with --port",
                code="port_in_use",
            ) from None


def _line(number: int, of: int, row: dict[str, Any]) -> str:
    promised = ""
    if row["promised_minor"] is not None:
        promised = f", promises {Money(row['promised_minor'], row['currency'])} {row['currency']}"
    seconds = (row["t_end"] - row["t_answer"]).total_seconds() if row["t_answer"] and row["t_end"] else 0.0
    label = MEANING[Disposition(row["disposition"])].label
    return f"call {number}/{of}: {row['disposition']} ({label}), {seconds:.0f} s{promised}"
