"""The SIP driver: scenario files as real telephone calls, judged by what the database and the recordings keep.

Scenarios of one instant, language, script and policy share a rehearsal and are called at the same time.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from voiceagent.audio import wav
from voiceagent.audio.levels import rms_dbov
from voiceagent.base.errors import UsageError
from voiceagent.base.money import Money
from voiceagent.cases.calls import call_detail
from voiceagent.debt.case import Case
from voiceagent.dialogue.script import Script
from voiceagent.journal.envelope import Event
from voiceagent.journal.journal import read_events
from voiceagent.settings.dialplans import load_script, script_path
from voiceagent.settings.paths import Paths
from voiceagent.simulator.phones import PhonePlan
from voiceagent.simulator.rehearsal import Rehearsal
from voiceagent.simulator.rehearsal_plan import RehearsalSettings
from voiceagent.simulator.scenario import Loaded, Scenario, forbidden_words
from voiceagent.simulator.telephones import debtor_voice
from voiceagent.simulator.verdict import differences_from_cdr

#: Fictitious numbers by region; two digits follow.
PREFIXES = {"BR": "+55119555501", "MX": "+52155555501", "US": "+1212555501", "CO": "+573005555501", "CL": "+569555501",
            "PE": "+519555501"}  # fmt: skip
MOST_SEATS = 4
#: How far a recording and the call it holds may differ.
RECORDING_TOLERANCE_S = 0.1
#: A channel louder than this on the whole has speech on it.
SPEECH_DBOV = -60.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one call left behind."""

    detail: dict[str, Any]
    """As `cases.calls.call_detail`."""
    events: list[Event]
    """Of the call, in order."""
    recording: Path | None


def run_scenarios(
    scenarios: Sequence[Loaded],
    home: Path,
    paths: Paths | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> dict[str, list[str]]:
    """Play every scenario over SIP; everything that is not as it wants, by the scenario's name. `home` is made anew."""
    unfit = [each.name for each in scenarios if any(step.speech_lost for step in each.scenario.steps)]
    if unfit:
        raise UsageError(f"{', '.join(unfit)}: a speech process that dies on cue is for the text and audio drivers")
    told = [each.name for each in scenarios if each.scenario.has_a_past]
    if told:
        raise UsageError(f"{', '.join(told)}: calls of debtors, and earlier calls, are for the text and audio drivers")
    found: dict[str, list[str]] = {}
    for _, group in groupby(sorted(scenarios, key=_house), key=_house):
        found |= asyncio.run(_play(list(group), home, paths or Paths.from_environment(), progress))
    return found


def _house(loaded: Loaded) -> tuple[str, ...]:
    s = loaded.scenario
    return (s.at.isoformat(), str(s.language), loaded.case.region, s.script, _policy(s, loaded.case))


def _policy(scenario: Scenario, case: Case) -> str:
    return scenario.policy or f"demo-{case.region.lower()}"


async def _play(group: list[Loaded], home: Path, paths: Paths, progress: Callable[[str], None]) -> dict[str, list[str]]:
    first = group[0]
    cast = {_number(first.case.region, index): _own(each, index) for index, each in enumerate(group)}
    settings = RehearsalSettings(
        at=first.scenario.at,
        language=str(first.scenario.language),
        region=first.case.region,
        script=first.scenario.script,
        policy=_policy(first.scenario, first.case),
        seats=min(MOST_SEATS, len(group)),
    )
    async with Rehearsal(settings, list(cast), home, paths, progress) as rehearsal:
        await rehearsal.plug_in(
            [
                PhonePlan(number=number, steps=each.scenario.steps, voice=debtor_voice(settings.language, index))
                for index, (number, each) in enumerate(cast.items())
            ]
        )
        await asyncio.to_thread(rehearsal.enrol_cases, [each.case for each in cast.values()])
        run = await rehearsal.until_called(len(cast))
        rows = await asyncio.to_thread(rehearsal.calls)
        told = {str(row["id"]): f for row in rows for f in differences_from_cdr([row], _of(run.cdr, row["id"]))}
        script = load_script(script_path(paths.dialplans, settings.script, settings.language))
        found: dict[str, list[str]] = {each.name: ["was not called"] for each in group}
        for row in rows:
            loaded = cast[row["number"]]
            evidence = await asyncio.to_thread(gather, rehearsal, row["id"])
            problems = judge_call(loaded, script, evidence)
            found[loaded.name] = problems + ([told[str(row["id"])]] if str(row["id"]) in told else [])
        return found


def _of(cdr: Sequence[Any], call_id: uuid.UUID) -> list[Any]:
    return [row for row in cdr if row.call_id == str(call_id)]


def _number(region: str, index: int) -> str:
    return f"{PREFIXES[region]}{index:02d}"


def _own(loaded: Loaded, index: int) -> Loaded:
    """The scenario with a person of its own: scenarios share their debtor files, and one person has one call at a time.

    The middle of the document changes; identity questions ask for its beginning or its end.
    """
    document = loaded.case.document
    middle = len(document) // 2 - 1
    changed = f"{document[:middle]}{index:02d}{document[middle + 2 :]}"
    case = replace(loaded.case, document=changed, phones=(_number(loaded.case.region, index),))
    return replace(loaded, case=case)


def gather(rehearsal: Rehearsal, call_id: uuid.UUID) -> Evidence:
    """Everything a call left behind. Blocks."""
    with rehearsal.records.db.read() as connection:
        detail = call_detail(connection, call_id)
        events = read_events(connection, stream=("call", call_id), limit=10_000)
    path = detail["recordings"][0]["path"] if detail["recordings"] else None
    return Evidence(detail, events, rehearsal.recordings / path if path else None)


def judge_call(loaded: Loaded, script: Script, evidence: Evidence) -> list[str]:
    """Everything that is not as the scenario wants, from the evidence alone; empty when the call was good.

    Expected effects and texts are looked for in the whole call, and states not at all: a recogniser may take a word for
    another, and the agent then asks again on its way to the same end.
    """
    scenario, detail = loaded.scenario, evidence.detail
    problems = _ending(scenario, detail, effects_of(evidence.events))
    agent = [turn for turn in detail["turns"] if turn["speaker"] == "agent"]
    spoken = [str(turn["text"]).casefold() for turn in agent]
    problems += [
        f"not said: {text!r}"
        for step in scenario.steps
        for text in step.expect.texts
        if not any(text.casefold() in said for said in spoken)
    ]
    absent = [text for text in scenario.outcome.absent if any(text.casefold() in said for said in spoken)]
    problems += [f"said: {text!r}" for text in absent]
    problems += _order(loaded.case, script, evidence)
    return problems + recording_problems(evidence, debtor_speaks=any(step.say for step in scenario.steps))


def effects_of(events: Sequence[Event]) -> set[str]:
    """What the journal tells of a call, in the names that scenarios use."""
    names: set[str] = set()
    for event in events:
        name, word = _NAMES.get(event.type, (None, ""))
        if name is not None:
            names |= {name, f"{name}:{event.payload.get(word)}"}
    return names


#: Event type: effect, and the field of the payload that is its word.
_NAMES: dict[str, tuple[str, str]] = {
    "promise.made": ("promise", ""),
    "optout.recorded": ("opt_out", "scope"),
    "request.opened": ("open_request", "kind"),
    "callback.requested": ("call_back", "reason"),
    "number.marked": ("mark_number", "status"),
    "identity.verified": ("right_party_verified", "datum"),
    "identity.failed": ("identity_failed", "datum"),
    "call.ended": ("hangup", "disposition"),
}


def _ending(scenario: Scenario, detail: dict[str, Any], effects: set[str]) -> list[str]:
    outcome = scenario.outcome
    problems = []
    if detail["disposition"] != outcome.disposition:
        problems.append(f"ended {detail['disposition']}, not {outcome.disposition.value}")
    wanted = {*outcome.effects, *(name for step in scenario.steps for name in step.expect.effects)}
    problems += [f"no effect {name}" for name in sorted(wanted - effects)]
    made = [
        (row["due"].isoformat(), str(Money(row["amount_minor"], detail["agreements"][0]["currency"])))
        for row in detail["promises"]
    ]
    expected = [(part.due, part.amount) for part in outcome.promise.payments] if outcome.promise else []
    if made != expected:
        problems.append(f"promised {made or 'nothing'}, not {expected or 'nothing'}")
    return problems


def _order(case: Case, script: Script, evidence: Evidence) -> list[str]:
    """Nothing of the debt before identity is proved; no promise without the read-back before it."""
    forbidden = forbidden_words(case)
    texts = {turn["n"]: str(turn["text"]).casefold() for turn in evidence.detail["turns"] if turn["speaker"] == "agent"}
    verified = read_back = False
    problems = []
    for event in evidence.events:
        if event.type == "identity.verified":
            verified = True
        elif event.type == "turn.agent":
            read_back = read_back or script.prompts[event.payload["prompt"]].reads_back
            said = texts.get(event.payload["n"], "")
            if not verified and any(word in said for word in forbidden):
                problems.append(f"prompt {event.payload['prompt']!r} spoke of the debt before identity was proved")
        elif event.type == "promise.made" and not read_back:
            problems.append("a promise was recorded without a read-back")
    return problems


def recording_problems(evidence: Evidence, *, debtor_speaks: bool) -> list[str]:
    """A recording must be there, last as long as the call, and have both voices on it."""
    if evidence.recording is None or not evidence.recording.is_file():
        return ["there is no recording"]
    audio = wav.decode(evidence.recording.read_bytes(), str(evidence.recording))
    problems = []
    if abs(audio.seconds - evidence.detail["talk_s"]) > RECORDING_TOLERANCE_S:
        problems.append(f"the recording lasts {audio.seconds:.2f} s, the call {evidence.detail['talk_s']:.2f} s")
    for channel, speaker in enumerate(("agent", "debtor") if debtor_speaks else ("agent",)):
        if rms_dbov(audio.channel(channel)) < SPEECH_DBOV:
            problems.append(f"nobody speaks on the {speaker}'s channel")
    return problems
