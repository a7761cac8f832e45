"""How this installation meets its Asterisk: one YAML file with seats and passwords, readable by its owner alone."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator

from voiceagent.base.errors import BadInputError, MissingPartError
from voiceagent.calendars.opening import OpeningHours
from voiceagent.debt.disposition import Disposition
from voiceagent.settings.yamltext import build, read_yaml

#: What to write when there is no such file.
EXAMPLE = """registrar: 127.0.0.1:5060
seats: {seat1: its-password, seat2: its-password}
manager: {address: 127.0.0.1:5038, user: voiceagent, secret: its-secret}
trunk: true
"""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Manager(_Strict):
    """Asterisk's manager interface: how channels of a dead worker are hung up."""

    address: str = Field(pattern=r"^[^:\s]+:\d{1,5}$")
    user: str = Field(min_length=1)
    secret: str = Field(min_length=1, repr=False)


def _known_zone(zone: str) -> str:
    if zone not in available_timezones():
        raise ValueError(f"there is no time zone {zone}")
    return zone


class Humans(_Strict):
    """The people to whom seats hand debtors over: a queue of the exchange. Needs `manager`, which tells of it."""

    number: str = Field(default="8001", pattern=r"^\+?[0-9A-Za-z]{1,40}$")
    """What a seat transfers to."""
    queue: str = Field(default="humans", pattern=r"^[0-9A-Za-z_-]{1,64}$")
    """The queue's name in its events."""
    hours: dict[str, str] = {"mon-fri": "09:00-18:00"}
    """When people are there: mon-fri: 09:00-18:00, sat: 09:00-13:00. Holidays of `country` are free."""
    zone: str = "America/Sao_Paulo"
    country: str | None = Field(default="BR", pattern=r"^[A-Z]{2}$")
    longest_s: float = Field(default=90.0, gt=0, le=3600)
    """Longer than the exchange's own patience (people_wait_s): after it nobody can tell what became of a debtor."""

    @field_validator("hours")
    @classmethod
    def _readable(cls, hours: dict[str, str]) -> dict[str, str]:
        OpeningHours.read(hours, "UTC")
        return hours

    _known = field_validator("zone")(_known_zone)


class OtherDialer(_Strict):
    """Seat mode: another dialer owns campaign and law, calls debtors and gives them to our seats, which call nobody."""

    lead_header: str = Field(default="X-Lead-Id", pattern=r"^[Xx]-[A-Za-z0-9-]{1,60}$")
    """The INVITE's header with the debtor's id."""
    lead_in_caller_name: bool = False
    """VICIdial: the id is the last ten digits of the caller's name, as in V1181300010000012345."""
    did_header: str = Field(default="X-Did", pattern=r"^[Xx]-[A-Za-z0-9-]{1,60}$")
    dids: dict[str, str] = {}
    """Where neither says it: the number called, as the exchange writes it into `did_header`, and its debtor's id."""
    lead_column: str = Field(default="lead_id", pattern=r"^[a-z][a-z0-9_]{0,63}$")
    """The column of our lists with that id; contract numbers are tried as well."""
    tell: Literal["webhook", "vicidial"] = "webhook"
    url: str = Field(pattern=r"^https?://[^\s]+$")
    """Webhook: where to POST. VICIdial: its non_agent_api.php."""
    user: str = ""
    secret: str = Field(default="", repr=False)
    """VICIdial: the password; webhook: the key of the signature."""
    zone: str = "UTC"
    """VICIdial: the clock of its server, on which callbacks are planned."""
    statuses: dict[str, str] = {}
    """Our disposition and what the dialer calls it; others keep their name."""
    timeout_s: float = Field(default=10.0, gt=0, le=120)

    _known = field_validator("zone")(_known_zone)

    @field_validator("statuses")
    @classmethod
    def _dispositions(cls, statuses: dict[str, str]) -> dict[str, str]:
        for name in statuses:
            if name not in Disposition.__members__.values():
                raise ValueError(f"{name} is no disposition: see docs/glossary.md")
        return statuses


class SipFile(_Strict):
    """One Asterisk and our seats at it."""

    registrar: str = Field(pattern=r"^[^:\s]+:\d{1,5}$")
    """host:port."""
    address: str = "127.0.0.1"
    """Local address for SIP and RTP."""
    only_registrar: bool = True
    """SIP is heard from the registrar's address and port only; false for an exchange that answers from another one."""
    seats: dict[str, str] = Field(min_length=1, repr=False)
    """SIP user and password of each seat."""
    manager: Manager | None = None
    humans: Humans | None = None
    dialer: OtherDialer | None = None
    """Seat mode; None: our own dialer calls."""
    tls_authorities: Path | None = None
    """PEM file of who may have signed the exchange's certificate: SIP then goes by TLS and media by SRTP, and
    `registrar` is the name in the certificate."""
    trunk: bool = True
    """Whether this Asterisk can reach real telephones: rehearsals then call nobody."""


def load_sip(path: Path) -> SipFile:
    """Read it; MissingPartError with an example when it is not there, BadInputError when others can read it."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise MissingPartError(
            f"no {path}: write registrar, seats and manager there (docs/quick-start.md shows how) and chmod 600 it"
        ) from None
    if mode & 0o077:
        raise BadInputError(f"others can read the passwords in {path}: run chmod 600 {path}")
    return build(SipFile, read_yaml(path))
