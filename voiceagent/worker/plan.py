"""What a worker is told to be: a JSON file (0600, it holds SIP passwords) written by whoever supervises it."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from voiceagent.base.errors import BadInputError, unreadable


class SeatPlan(BaseModel):
    """One registration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user: str
    password: str = Field(repr=False)


class ManagerPlan(BaseModel):
    """Asterisk's manager interface, where its queues tell what happens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: str
    """host:port."""
    user: str
    secret: str = Field(repr=False)


class HumansPlan(BaseModel):
    """The people to whom debtors are handed over."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: str
    queue: str
    hours: dict[str, str]
    zone: str
    country: str | None = None
    longest_s: float = 90.0


class SeatModePlan(BaseModel):
    """Another dialer calls: how its INVITE says whom."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    header: str = "X-Lead-Id"
    column: str = "lead_id"
    in_caller_name: bool = False
    did_header: str = "X-Did"
    dids: dict[str, str] = {}


class WorkerPlan(BaseModel):
    """Everything a worker needs; paths are absolute."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    registrar: str
    """host:port of Asterisk."""
    address: str = "127.0.0.1"
    """Local address for SIP and RTP."""
    only_registrar: bool = True
    """Hear SIP from nobody else."""
    tls_authorities: Path | None = None
    """Who may have signed the exchange's certificate; None: UDP and plain RTP."""
    seats: tuple[SeatPlan, ...] = Field(min_length=1)
    manager: ManagerPlan | None = None
    seats_queue: str = "seats"
    """The queue whose members our seats are."""
    humans: HumansPlan | None = None
    """None: nobody is handed over. Needs `manager`."""
    seat_mode: SeatModePlan | None = None
    """None: our own dialer calls."""
    database_url: str
    speech_socket: Path
    recordings: Path
    dialplans: Path
    mode: str = "rehearsal"
    """rehearsal, pilot or live: the most that any call of this worker may be."""
    simulated_numbers: tuple[str, ...] = ()
    """Numbers answered by simulated phones: all a rehearsal may dial."""
    allowed_numbers: tuple[str, ...] = ()
    """Numbers a pilot may dial."""
    trunk: bool = False
    """Whether this Asterisk can reach real telephones; a rehearsal then dials nobody."""
    company: str
    """The neutral name callers hear."""
    persona: str = "Clara"
    return_number: str = ""
    company_address: str = ""
    """Said where a law wants it (Mexico): calls there end in an error without it."""
    region: str = "BR"
    """How the numbers of callers are written that come without a country."""
    caller_id: str = ""
    """Shown to debtors where neither campaign nor trunk says."""
    guard_s: float = 240.0
    """No new call when the lawful window closes sooner than this."""
    guards: dict[str, int | float] = Field(default_factory=dict)
    """What stops dialing by itself: the section `guards` of the settings."""
    lease_s: float = 900.0
    """A seat that says nothing for this long has lost its call."""
    drain_s: float = 8.0
    """How long calls may go on after the worker was told to end."""
    ring_s: float = 30.0
    """How long the far phone may ring."""
    clock_offset_s: float = 0.0
    """Only demo and simulate shift time."""
    idle_poll_s: float = 0.5
    """How often an idle seat asks for work."""
    retire_after_calls: int = 100
    min_free_bytes: int = 200_000_000
    """No call begins with less disk than this for its recording."""
    metrics_port: int = 0
    """Loopback port of the worker's own /metrics; 0: any free one. Told in the ready line, null while it is taken."""

    def write(self, path: Path) -> Path:
        """Write it for the worker's eyes only."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(self.model_dump_json(indent=1))
        return path

    @classmethod
    def read(cls, path: Path) -> WorkerPlan:
        """Read it; BadInputError says what is wrong with it."""
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise unreadable(f"the worker's plan {path}", error) from None
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or "the file"
            raise BadInputError(f"{path}: {place}: {first['msg']}") from None
