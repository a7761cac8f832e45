"""What the dialer tells the journal beside the calls: campaigns, how far they may go, lists taken back."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, ClassVar

from voiceagent.journal.catalogue import Said


@dataclass(frozen=True, slots=True)
class CampaignCreated(Said):
    """A campaign, in draft."""

    TYPE: ClassVar[str] = "campaign.created"
    campaign_id: uuid.UUID
    name: str
    mode: str
    script: str
    policy: str
    language: str
    region: str
    caller_id: str | None = None


@dataclass(frozen=True, slots=True)
class CampaignStateChanged(Said):
    """draft, running, paused or finished; a brake that paused it names itself and the calls that show why."""

    TYPE: ClassVar[str] = "campaign.state"
    campaign_id: uuid.UUID
    state: str
    reason: str = ""
    brake: dict[str, Any] | None = None
    """{brake, value, limit, calls}."""


@dataclass(frozen=True, slots=True)
class CampaignModeChanged(Said):
    """How far its calls may go; `reason` is what the person who raised it wrote."""

    TYPE: ClassVar[str] = "campaign.mode"
    campaign_id: uuid.UUID
    mode: str
    before: str
    reason: str


@dataclass(frozen=True, slots=True)
class ListUndone(Said):
    """A list was taken back: the cases that only it had brought are called no more."""

    TYPE: ClassVar[str] = "list.undone"
    list_id: uuid.UUID
    batch: str
    cases: int


@dataclass(frozen=True, slots=True)
class CampaignChanged(Said):
    """What a campaign may do at most, when it dials, what it says; None: as before."""

    TYPE: ClassVar[str] = "campaign.changed"
    campaign_id: uuid.UUID
    caps: dict[str, Any] | None = None
    window: dict[str, Any] | None = None
    priority: int | None = None
    script: str | None = None
    policy: str | None = None


@dataclass(frozen=True, slots=True)
class DialingStopped(Said):
    """A kill switch was thrown: `scope` all or trunk (by name)."""

    TYPE: ClassVar[str] = "dialing.stopped"
    scope: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class DialingResumed(Said):
    """A kill switch was turned back."""

    TYPE: ClassVar[str] = "dialing.resumed"
    scope: str
    name: str


@dataclass(frozen=True, slots=True)
class ClockTrusted(Said):
    """People say that the clock is right, although the journal holds events of a later instant. `at`: that clock."""

    TYPE: ClassVar[str] = "dialing.clock_trusted"
    at: str


@dataclass(frozen=True, slots=True)
class TrunkSet(Said):
    """A trunk and what it bears."""

    TYPE: ClassVar[str] = "trunk.set"
    name: str
    max_channels: int
    calls_per_second: float
    caller_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrunkRemoved(Said):
    """A trunk is used no more."""

    TYPE: ClassVar[str] = "trunk.removed"
    name: str


@dataclass(frozen=True, slots=True)
class CallbackClosed(Said):
    """A promised call will not be made: cancelled by somebody, or expired."""

    TYPE: ClassVar[str] = "callback.closed"
    callback_id: uuid.UUID
    status: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RetriesAdopted(Said):
    """A version of the retry plan: what follows each outcome from `valid_from` (ISO day; None: at once) on."""

    TYPE: ClassVar[str] = "dialing.retries"
    version: int
    sha256: str
    body: dict[str, Any]
    valid_from: str | None = None
