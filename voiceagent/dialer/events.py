"""What the dialer tells the journal beside the calls: campaigns, how far they may go, lists taken back."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import ClassVar

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
    """draft, running, paused or finished."""

    TYPE: ClassVar[str] = "campaign.state"
    campaign_id: uuid.UUID
    state: str


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
