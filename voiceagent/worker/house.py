"""Everything on one machine, supervised: speech, as many workers as the seats need, the console, second looks."""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from voiceagent.base.clock import SystemClock
from voiceagent.base.errors import BadInputError
from voiceagent.dialer.arrivals import Arrivals
from voiceagent.dialer.leads import Leads
from voiceagent.settings.config import Settings
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import Paths
from voiceagent.settings.sipfile import SipFile
from voiceagent.telephony.ami import AmiClient
from voiceagent.telephony.capacity import library
from voiceagent.worker.household import clean_up_after, second_look_spec, serve_spec, speech_spec, worker_spec
from voiceagent.worker.lead_teller import telling
from voiceagent.worker.main import Records, open_records
from voiceagent.worker.missed import watching
from voiceagent.worker.plan import HumansPlan, ManagerPlan, SeatModePlan, SeatPlan, WorkerPlan
from voiceagent.worker.supervisor import Supervisor

log = logging.getLogger(__name__)

_LAST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line adds."""

    company: str
    port: int = 8080
    persona: str = "Clara"
    return_number: str = ""
    company_address: str = ""
    seats_per_worker: int | None = None
    """None: as many as the SIP library was compiled for."""
    drain_s: float = 60.0
    """How long calls may go on once everything is told to end."""
    without: frozenset[str] = frozenset()
    """`speech`, `console`: run by somebody else for this home."""
    worker_metrics_port: int = 0
    """Of the first worker's /metrics, the next one has the next; 0: any free ones."""


class MachineRoom:
    """Use as an async context: inside, everything runs and is kept running."""

    def __init__(self, paths: Paths, settings: Settings, sip: SipFile, wishes: Wishes) -> None:
        self.paths, self.settings, self.sip, self.wishes = paths, settings, sip, wishes
        self.supervisor = Supervisor()
        self.console = ""
        self.records: Records
        self._stack = AsyncExitStack()

    @property
    def database_url(self) -> str:
        """The database in force."""
        return self.settings.database.url or self.paths.database_url()

    @property
    def speech_socket(self) -> Path:
        """The speech process' socket."""
        return self.paths.home / "run" / "speech.sock"

    async def __aenter__(self) -> MachineRoom:
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _start(self) -> None:
        for folder in (self.paths.home, self.paths.home / "run"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.records = await asyncio.to_thread(open_records, self.database_url, SystemClock())
        self._stack.push_async_callback(self._close_records)
        ami = await self._manager()
        self._stack.push_async_callback(self.supervisor.stop)
        if "speech" not in self.wishes.without:
            await self.supervisor.start(speech_spec(self.speech_socket, self.paths.models))
        for plan in await asyncio.to_thread(self._plans):
            # Whatever an earlier life of this worker left behind is cleared up before the first new call.
            clean_up = clean_up_after(plan, ami, self.records.journal)
            spec = worker_spec(plan, self.paths.home / "run" / f"{plan.name}.json")
            await clean_up(spec)
            await self.supervisor.start(spec, clean_up)
        if ami is not None:
            await self._watch_queue(ami)
        if self.sip.dialer is not None:
            await self._stack.enter_async_context(telling(Leads(self.records.journal), self.sip.dialer))
        environment = {"VOICEAGENT_DATABASE_URL": self.database_url}
        if "console" not in self.wishes.without:
            console = await self.supervisor.start(serve_spec(self.wishes.port, environment))
            self.console = str(console.ready.get("token_url", ""))
        await self.supervisor.start(second_look_spec(environment))

    async def _watch_queue(self, ami: AmiClient) -> None:
        """Callers whom no seat could take are called back."""
        rules = await asyncio.to_thread(load_rules, self.paths.dialplans / "jurisdictions")
        arrivals = Arrivals(self.records.journal, rules, worker=None, mode=self.settings.dial.mode)
        await self._stack.enter_async_context(watching(ami, arrivals))

    async def _manager(self) -> AmiClient | None:
        if self.sip.manager is None:
            log.warning("no manager in the SIP file: channels of a worker that dies stay until Asterisk ends them")
            return None
        host, _, port = self.sip.manager.address.rpartition(":")
        client = AmiClient(host, int(port), self.sip.manager.user, self.sip.manager.secret)
        return await self._stack.enter_async_context(client)

    def _plans(self) -> list[WorkerPlan]:
        seats = [SeatPlan(user=user, password=password) for user, password in self.sip.seats.items()]
        size, dial = self.wishes.seats_per_worker or library().seats, self.settings.dial
        shares, figures = range(0, len(seats), size), self.wishes.worker_metrics_port
        if figures + len(shares) - 1 > _LAST_PORT:
            raise BadInputError(
                f"--worker-metrics-port {figures}: {len(shares)} workers need a port each from there on"
            )
        return [
            WorkerPlan(
                name=f"{socket.gethostname()}-{number}",
                registrar=self.sip.registrar,
                address=self.sip.address,
                only_registrar=self.sip.only_registrar,
                tls_authorities=self.sip.tls_authorities,
                manager=ManagerPlan.model_validate(self.sip.manager.model_dump()) if self.sip.manager else None,
                seat_mode=self._seat_mode(),
                humans=HumansPlan.model_validate(self.sip.humans.model_dump()) if self.sip.humans else None,
                seats=tuple(seats[start : start + size]),
                database_url=self.database_url,
                speech_socket=self.speech_socket,
                recordings=self.paths.recordings,
                dialplans=self.paths.dialplans,
                mode=dial.mode,
                allowed_numbers=dial.allow,
                trunk=self.sip.trunk,
                company=self.wishes.company,
                persona=self.wishes.persona,
                return_number=self.wishes.return_number,
                company_address=self.wishes.company_address,
                caller_id=dial.caller_id,
                guard_s=dial.guard_s,
                guards=self.settings.guards.model_dump(),
                lease_s=dial.lease_s,
                ring_s=dial.ring_s,
                drain_s=self.wishes.drain_s,
                metrics_port=figures and figures + number - 1,
            )
            for number, start in enumerate(shares, 1)
        ]

    def _seat_mode(self) -> SeatModePlan | None:
        other = self.sip.dialer
        if other is None:
            return None
        return SeatModePlan(
            header=other.lead_header,
            column=other.lead_column,
            in_caller_name=other.lead_in_caller_name,
            did_header=other.did_header,
            dids=other.dids,
        )

    async def _close_records(self) -> None:
        await asyncio.to_thread(self.records.writer.close)
        self.records.db.close()
