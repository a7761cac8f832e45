"""One call in full, put together for a page: its turns in the order of the conversation, and what it set off."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from voiceagent.base.money import Money
from voiceagent.cases import kinds
from voiceagent.cases.calls import call_detail
from voiceagent.journal.journal import read_events
from voiceagent.web import views
from voiceagent.web.lines import lines_of
from voiceagent.web.masking import DOTS, REACH_STATES, mask_words

#: Masks words; None where somebody asked, on record, to see them.
Hide = Callable[[str], str] | None

#: Events of a call that a page lists, and which of their fields say no more than a page may show.
_TOLD: dict[str, tuple[str, ...]] = {
    "call.answered_by": ("kind", "evidence"),
    "identity.verified": ("datum",),
    "identity.failed": ("datum",),
    "promise.made": (),
    "optout.recorded": ("scope",),
    "request.opened": ("kind",),
    "promise.second_look": ("verdict",),
    "promise.reviewed": ("outcome",),
    "callback.requested": ("due_at", "origin"),
    "number.marked": ("status",),
    "hand_over.began": ("queue", "reason"),
    "hand_over.ended": ("taken_by",),
    "recording.listened": (),
    "personal_data.shown": (),
}


def detail_of(connection: sa.Connection, tenant_id: uuid.UUID, call_id: uuid.UUID, *, reveal: bool) -> views.CallDetail:
    """Everything kept of an attempt, masked unless `reveal`. BadInputError (unknown_call) when there is none."""
    found = call_detail(connection, call_id, tenant_id=tenant_id)
    (line,) = lines_of(connection, [found])
    hide: Hide = None if reveal else functools.partial(mask_words, name=line.name)
    return views.CallDetail(
        call=line.shown(reveal),
        ended_at=found["t_end"],
        ring_s=found["ring_s"],
        hold_s=found["hold_s"],
        wrap_s=found["wrap_s"],
        first_audio_s=found["first_audio_s"],
        sip_code=found["sip_code"],
        hangup_by=found["hangup_by"].value if found["hangup_by"] else None,
        creditor=found["creditor"],
        currency=found["currency"],
        campaign_id=found["campaign_id"],
        language=found["language"],
        time_zone=found["zone"],
        worker=found["worker"],
        script_sha256=found["script_sha256"],
        policy_sha256=found["policy_sha256"],
        turns=_turns(found["turns"], hide),
        agreement=_agreement(found, hide),
        decision=_decision(found["decision"]),
        recording=_recording(call_id, found["recordings"]),
        happenings=_happenings(connection, call_id, found["t_answer"]),
        hand_overs=[_hand_over(row, hide) for row in found["hand_overs"]],
    )


def _turns(rows: list[dict[str, Any]], hide: Hide) -> list[views.Turn]:
    last = 0.0
    placed = []
    for row in rows:
        # A turn without a time stays where the journal has it.
        last = last if row["started_s"] is None else row["started_s"]
        placed.append((last, row["seq"], _turn(row, hide)))
    return [turn for _, _, turn in sorted(placed, key=lambda entry: entry[:2])]


def _shown(text: str | None, hide: Hide) -> str | None:
    return hide(text) if text and hide else text


def _all_of_it(text: str) -> str:
    return DOTS


def _turn(row: dict[str, Any], hide: Hide) -> views.Turn:
    length = row["played_s"] if row["speaker"] == kinds.Speaker.AGENT else row["total_s"]
    if hide is not None and row["state"] in REACH_STATES:
        # Half an address, or a read-back that was cut, looks like any words: none of these states' words are shown.
        hide = _all_of_it
    return views.Turn(
        speaker=row["speaker"].value,
        n=row["n"],
        state=row["state"],
        text=None if row["sensitive"] else _shown(row["text"], hide),
        started_s=row["started_s"],
        ended_s=None if row["started_s"] is None or length is None else row["started_s"] + length,
        interrupted=row["interrupted"],
        confidence=row["confidence"],
        intent=row["intent"],
        slots=dict(row["slots"] or {}),
        latency_s=row["latency_s"],
        engine=row["engine"] or None,
        result=row["result"],
        sensitive=row["sensitive"],
    )


def _agreement(found: dict[str, Any], hide: Hide) -> views.Agreement | None:
    agreements, promises = found["agreements"], found["promises"]
    if not agreements:
        return None
    made = agreements[-1]
    look = next((look for look in found["second_looks"] if look["agreement_id"] == made["id"]), None)
    currency = made["currency"]
    return views.Agreement(
        id=made["id"],
        total=str(Money(made["total_minor"], currency)),
        discount=str(Money(made["discount_minor"], currency)),
        currency=currency,
        confirmed_by_turn=made["confirmed_by_turn"],
        offset_s=made["recording_offset_s"],
        instalments=[
            views.Instalment(
                number=promise["number"],
                due=promise["due"],
                amount=str(Money(promise["amount_minor"], promise["currency"])),
                status=promise["status"].value,
            )
            for promise in sorted(promises, key=lambda promise: promise["number"])
            if promise["agreement_id"] == made["id"]
        ],
        review=review_of(look, hide) if look else None,
    )


def review_of(look: dict[str, Any], hide: Hide) -> views.Review:
    """A second look as pages show it; the words are masked like the transcript's."""
    return views.Review(
        verdict=look["verdict"].value,
        terms=dict(look["terms"]),
        doubtful=look["request_id"] is not None,
        heard=[
            views.Reheard(
                turn=word.get("turn"),
                term=word["term"],
                first=_shown(word.get("first"), hide),
                second=[hide(text) if hide else text for text in word.get("second", ())],
            )
            for word in look["words"]
        ],
        looked_at=look["looked_at"],
        outcome=look["outcome"].value if look["outcome"] else None,
        decided_at=look["decided_at"],
        decided_by=look["decided_by"],
    )


def _decision(row: dict[str, Any] | None) -> views.Decision | None:
    if row is None:
        return None
    same = ("id", "allow", "rule_version", "purpose", "decided_at", "retry_at")
    return views.Decision(rules=list(row["rules"]), **{name: row[name] for name in same})


def _hand_over(row: dict[str, Any], hide: Hide) -> views.HandOver:
    same = ("began_at", "queue", "reason", "verified", "taken_by", "waited_s")
    return views.HandOver(
        summary=_shown(row["summary"], hide),
        verdict=row["verdict"].value if row["verdict"] else None,
        **{name: row[name] for name in same},
    )


def _recording(call_id: uuid.UUID, rows: list[dict[str, Any]]) -> views.Recording | None:
    if not rows:
        return None
    row = rows[-1]
    closed = row["state"] == kinds.RecordingState.CLOSED
    return views.Recording(
        id=row["id"],
        state=row["state"].value,
        seconds=row["seconds"],
        bytes=row["bytes"],
        sha256=row["sha256"],
        marks=[(mark[0], mark[1]) for mark in row["marks"] or []],
        url=f"/v1/calls/{call_id}/recording" if closed else None,
    )


def _happenings(connection: sa.Connection, call_id: uuid.UUID, answered: datetime | None) -> list[views.Happening]:
    return [
        views.Happening(
            at=event.at_utc,
            offset_s=(event.at_utc - answered).total_seconds() if answered and event.at_utc >= answered else None,
            kind=event.type,
            facts={name: event.payload[name] for name in _TOLD[event.type] if event.payload.get(name) is not None},
        )
        for event in read_events(connection, stream=("call", call_id))
        if event.type in _TOLD
    ]
