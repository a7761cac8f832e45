"""What became of a story's call: what happened in it, by the journal, and whether Asterisk's records agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from voiceagent.journal.envelope import Event
from voiceagent.simulator.verdict import CDR_TOLERANCE_S, differences_from_cdr
from voiceagent.telephony.cdr import CdrDisposition, CdrRow

#: The field of an event that is its word in `wanted`.
WORDS = {
    "turn.agent": "prompt",
    "callback.requested": "origin",
    "request.opened": "kind",
    "hand_over.ended": "verdict",
    "call.ended": "disposition",
}
#: How long a caller may have waited in the queue, which its record counts and ours does not.
QUEUED_S = 30.0


def milestones(events: Sequence[Event]) -> frozenset[str]:
    """What happened in a call, as stories name it: `type`, and `type:word`."""
    names = {event.type for event in events}
    names |= {f"{event.type}:{event.payload.get(WORDS[event.type])}" for event in events if event.type in WORDS}
    return frozenset(names)


def against_cdr(row: dict[str, Any], cdr: Sequence[CdrRow], *, handed: bool) -> list[str]:
    """What Asterisk's record of a call says otherwise.

    A caller's record also counts what he waited in the queue; a call handed over goes on in it without us.
    """
    own = [record for record in cdr if record.call_id == str(row["id"])]
    if str(row["direction"]) == "out" and not handed:
        return differences_from_cdr([row], own)
    answered = [record for record in own if record.disposition is CdrDisposition.ANSWERED]
    if not answered:
        return ["Asterisk has no answered call of that id"]
    ours = (row["t_end"] - row["t_answer"]).total_seconds() if row["t_answer"] else 0.0
    theirs = sum(record.billed_s for record in own)  # who waited in vain for people has a record of that, too
    if not -CDR_TOLERANCE_S <= theirs - ours <= QUEUED_S:
        return [f"{ours:.1f} s by us, {theirs:.1f} s by Asterisk"]
    return []


def document_of(
    name: str, about: str, detail: dict[str, Any], events: Sequence[Event], handed: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """A call as it is told of: `detail` as `cases.calls.call_detail`, `handed` as `cases.handovers.hand_overs_of`."""
    turns = [f"{turn['speaker']}: {turn['text']}" for turn in detail["turns"] if turn["text"]]
    return {
        "id": str(detail["id"]),
        "persona": name,
        "about": about,
        "direction": str(detail["direction"]),
        "disposition": str(detail["disposition"]),
        "verified": bool(detail["right_party"]),
        "talk_s": detail["talk_s"],
        "hand_over": [{"verdict": one["verdict"], "summary": one["summary"]} for one in handed],
        "happened": sorted(milestones(events)),
        "turns": turns,
    }
