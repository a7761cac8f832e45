"""A call as it was kept: its script, its debtor's turns with their place in the recording, and that side's audio."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from voiceagent.audio.format import SAMPLE_BYTES, SAMPLE_RATE
from voiceagent.audio.wav import decode
from voiceagent.base.errors import BadInputError, unreadable
from voiceagent.base.languages import Language
from voiceagent.cases import tables as t
from voiceagent.cases.kinds import Direction
from voiceagent.cases.store import load_content
from voiceagent.dialogue.entry import Entry
from voiceagent.dialogue.events import Expect
from voiceagent.dialogue.expectation import expectation
from voiceagent.dialogue.script import Script
from voiceagent.journal.catalogue import DebtorTurnHeard, IdentityFailed, IdentityVerified
from voiceagent.journal.journal import read_events
from voiceagent.journal.private import read_private
from voiceagent.settings.yamltext import build, parse_yaml
from voiceagent.speech.protocol import SegmenterSettings

#: Audio taken before a turn's first sample, as the call itself took it, and after its last.
BEFORE_S, AFTER_S = SegmenterSettings().pre_roll_s, 0.4
_IDENTITY = (IdentityVerified.TYPE, IdentityFailed.TYPE)


@dataclass(frozen=True, slots=True)
class KeptTurn:
    """A debtor's turn as it was dealt with; seconds count from the answer, as in the recording."""

    n: int
    state: str
    text: str | None
    """None for identity answers and what was erased."""
    intent: str | None
    slots: dict[str, Any]
    confidence: float
    engine: str
    result: str
    sensitive: bool
    verified: bool | None
    """Of an identity answer: whether it was right; None where it was none."""
    started_s: float | None
    ended_s: float | None

    @property
    def spoken(self) -> bool:
        """Whether there is speech of it that may be listened to."""
        return (
            not self.sensitive
            and self.started_s is not None
            and self.ended_s is not None
            and self.ended_s > self.started_s
            and self.result not in ("dtmf", "no_input")
        )


@dataclass(frozen=True, slots=True)
class KeptCall:
    """One call, without its sound."""

    id: uuid.UUID
    case_id: uuid.UUID | None
    language: Language
    region: str
    started: datetime
    """In the debtor's zone: its date is the call's today."""
    script: Script | None
    """The very script it was held by; None when that is not kept any more."""
    script_sha256: str | None
    policy_sha256: str | None
    disposition: str | None
    entry: Entry
    """Where the script began."""
    path: str | None
    """Of the recording, relative to the recordings' directory."""
    turns: tuple[KeptTurn, ...] = field(default=())

    @property
    def today(self) -> date:
        """The day it was for the debtor."""
        return self.started.date()

    def expect(self, state: str) -> Expect:
        """What the script listened for there; anything, where the script is gone or knows no such state."""
        if self.script is None or state not in self.script.states:
            return Expect(state, kinds=("yes_no", "intent"))
        return expectation(self.script, state)


def load_call(connection: sa.Connection, call_id: uuid.UUID) -> KeptCall:
    """The call; BadInputError when there is none."""
    call, person, r = t.attempt.c, t.person.c, t.recording.c
    newest = sa.select(r.path).where(r.attempt_id == call_id).order_by(r.opened_at.desc(), r.id.desc()).limit(1)
    row = connection.execute(
        sa.select(t.attempt, person.region, t.interaction.c.purpose, newest.scalar_subquery().label("path"))
        .join(t.interaction, t.interaction.c.id == call.id)
        .outerjoin(t.person, person.id == call.person_id)
        .where(call.id == call_id)
    ).first()
    if row is None:
        raise BadInputError(f"there is no call {call_id}", code="unknown_call")
    language = Language(row.language or Language.PT_BR)
    body = load_content(connection, row.script_sha256, row.tenant_id) if row.script_sha256 else None
    return KeptCall(
        id=call_id,
        case_id=row.case_id,
        language=language,
        region=row.region or language.default_region,
        started=row.t_start.astimezone(ZoneInfo(row.zone or "UTC")),
        script=build(Script, parse_yaml(body, f"script {row.script_sha256[:12]}")) if body else None,
        script_sha256=row.script_sha256,
        policy_sha256=row.policy_sha256,
        disposition=row.disposition.value if row.disposition else None,
        entry=_entry(row.direction, row.purpose),
        path=row.path,
        turns=_turns(connection, call_id),
    )


def _entry(direction: Direction, purpose: str) -> Entry:
    if direction is Direction.IN:
        return Entry.INBOUND
    return Entry.CALLBACK if purpose == "callback" else Entry.OUTBOUND


def _turns(connection: sa.Connection, call_id: uuid.UUID) -> tuple[KeptTurn, ...]:
    events = read_events(connection, stream=("call", call_id), limit=100_000)
    said: list[dict[str, Any]] = []
    verified: bool | None = None
    for event in events:
        # What came of an identity answer is written at once, the turn itself as its answer begins.
        if event.type in _IDENTITY:
            verified = event.type == IdentityVerified.TYPE
        elif event.type == DebtorTurnHeard.TYPE:
            said.append(event.payload | {"verified": verified if event.payload["sensitive"] else None})
            verified = None if event.payload["sensitive"] else verified
    words = read_private(connection, [one["heard"] for one in said])
    names = [name for name in KeptTurn.__dataclass_fields__ if name != "text"]
    texts = [words.get(one["heard"]["ref"]) if one["heard"] else None for one in said]
    kept: list[dict[str, Any]] = [{name: one.get(name) for name in names} for one in said]
    return tuple(KeptTurn(text=text, **fields) for text, fields in zip(texts, kept, strict=True))


def debtor_side(recording: Path) -> bytes:
    """The debtor's channel, 8 kHz s16le; BadInputError when there is no such file or it is no recording of ours."""
    try:
        sound = decode(recording.read_bytes(), str(recording))
    except OSError as error:
        raise unreadable(recording, error, code="no_recording") from error
    if sound.channels != 2 or sound.rate != SAMPLE_RATE:
        raise BadInputError(f"{recording} is no stereo recording at 8 kHz", code="no_recording")
    return sound.channel(1)


def cut(pcm: bytes, start_s: float, end_s: float) -> bytes:
    """A stretch of 8 kHz s16le audio with a little before and after; BadInputError when it ends within or before it."""
    length_s = len(pcm) / (SAMPLE_RATE * SAMPLE_BYTES)
    if length_s < (start_s + end_s) / 2:
        told = f"the recording ends at {length_s:.1f} s, and what was said at {start_s:.1f} s is not in it"
        raise BadInputError(told, code="no_recording")
    first, last = (max(0, int(at * SAMPLE_RATE)) * SAMPLE_BYTES for at in (start_s - BEFORE_S, end_s + AFTER_S))
    return pcm[first:last]
