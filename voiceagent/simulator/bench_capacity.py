"""The measurement of capacity: at how many calls at once answers come too late, through a real Asterisk.

Step by step more people are called at the same time. They are scripted, their words rendered beforehand, so that only
the agent's side recognises anything; they ask what needs no identity, so every turn is answered with speech from
the phrase bank, and the same at any number of calls. Each turn is timed on its telephone's tape as in `bench turn`.
Who is misheard and asked for a date of birth is waited for as long as a date takes: such turns tell nothing of the
load and are counted apart.
A recogniser that has no time left answers nothing, and what is not answered has no time: a step is in time only when
hardly any of its turns went without an answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from voiceagent.base.errors import UnavailableError, UsageError
from voiceagent.settings.paths import Paths
from voiceagent.simulator.bench_turn import judge, spread
from voiceagent.simulator.demo import instant
from voiceagent.simulator.footprint import Footprints
from voiceagent.simulator.gauges import BusiestStretch, IdleThread, ProcessorTime
from voiceagent.simulator.measured_on import load, machine
from voiceagent.simulator.measured_with import LANGUAGE, Candidate, Words, measured_with
from voiceagent.simulator.persona import Persona
from voiceagent.simulator.phones import PhonePlan
from voiceagent.simulator.rehearsal import Rehearsal
from voiceagent.simulator.rehearsal_plan import RehearsalSettings
from voiceagent.simulator.sample import SampleDebtor, draw, people_of
from voiceagent.simulator.scenario import Step
from voiceagent.worker.children import Child

PERSONA = "instalments"
#: A speech process that refuses nobody: where answers begin to be late is what is asked.
ADMITTING = ("--max-calls", "999", "--admit-all")
#: An answer later than this, once in twenty, is what callers feel.
LIMIT_S = 1.2
#: So many times later, and no more calls are tried.
HOPELESS = 2.0
STEPS = (4, 16, 30)
#: Turns without an answer in words: given up by the recogniser, asked again, or never heard. All ask for one here. More
#: of them than this share, and more than a single one, are what callers feel as well; those who wait say nothing of it.
LOST = ("ignored", "not_heard", "repeats", "unanswered")
MOST_LOST = 0.05
#: So many in time are aimed at, on two cores.
AIM = 30
#: Of the calls asked for, so many were up together: the first may end as the last begins.
TOGETHER = 0.9
#: Telephones ring so long, which is soon for people; names are rendered meanwhile. A call begins so long after the one
#: before it, as where calls go on all day: thirty at the same moment would all wait for their names.
RING_S, APART_S = 6.0, 2.0
#: What a step takes, besides, to know whether another one fits the time.
STEP_S = 73.0
#: Calls of a loop: a new one begins as one ends, for so long.
LOOP_ROUND_S = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    steps: tuple[int, ...] = STEPS
    seconds: float = 390.0
    """No further step is begun that would end later."""
    loop_s: float = 0.0
    """Instead: keep `steps[0]` calls going for so long and watch what the processes hold."""
    engine: str = "whisper"
    at: str | None = None
    seed: int = 1
    home: Path | None = None


def measure(plan: Plan, progress: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Call more and more people at once.

    UsageError for nonsense, MissingPartError without the engine's model, UnavailableError when no turn could be timed.
    """
    if not plan.steps or min(plan.steps) < 1 or plan.seconds <= 0:
        raise UsageError("--steps are numbers of calls, at least 1, and --seconds more than 0")
    with measured_with(plan.engine, Paths.from_environment()) as candidate:
        return asyncio.run(_measure(plan, candidate, progress))


async def _measure(plan: Plan, candidate: Candidate, progress: Callable[[str], None]) -> dict[str, Any]:
    paths, words = candidate.paths, candidate.words
    began, load_before = time.monotonic(), load()
    at = instant(plan.at, ZoneInfo(people_of(LANGUAGE).zone))
    rounds = [plan.steps[0]] * max(1, round(plan.loop_s / LOOP_ROUND_S)) if plan.loop_s else list(plan.steps)
    debtors = draw([Persona.load(PERSONA, LANGUAGE)] * sum(rounds), today=at.date(), seed=plan.seed)
    settings = RehearsalSettings(
        at=at,
        language=LANGUAGE,
        script=words.script,
        seats=max(rounds),
        tapes=True,
        speech=(*candidate.speech, *ADMITTING),
        longest_s=plan.seconds + plan.loop_s + 600,
    )
    steps: list[dict[str, Any]] = []
    home = plan.home or paths.home / "bench-capacity"
    async with Rehearsal(settings, [debtor.number for debtor in debtors], home, paths, progress) as rehearsal:
        progress("rendering what debtors say")
        await rehearsal.render_words(
            [_phone(debtor, words, n) for n, debtor in enumerate(debtors[: len(words.voices)])]
        )
        phones: list[Child] = []
        prints = Footprints(lambda: rehearsal.parts())
        watching = asyncio.create_task(prints.run(), name="footprints")
        called = 0
        for calls in rounds:
            if steps and not plan.loop_s and time.monotonic() - began + STEP_S + calls * APART_S > plan.seconds:
                progress("no time for another step")
                break
            group = debtors[called : called + calls]
            phones[:] = await rehearsal.plug_in([_phone(debtor, words, n) for n, debtor in enumerate(group)])
            busiest = BusiestStretch(lambda: rehearsal.parts(phones), {"speech": "renderer"})
            looking = asyncio.create_task(busiest.run(), name="busiest stretch")
            with ProcessorTime(lambda: rehearsal.parts(phones)) as used, IdleThread() as idle:
                called += calls
                for debtor in group:
                    await asyncio.to_thread(rehearsal.enrol_list, [debtor])
                    await asyncio.sleep(APART_S)
                await rehearsal.until_called(called)
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
            await asyncio.gather(*(phone.stop() for phone in phones))
            step = await asyncio.to_thread(_step, rehearsal, group, words, used.cores(), idle.milliseconds())
            steps.append(step | {"cores_busiest": busiest.cores()})
            progress(_line(steps[-1]))
            p95 = steps[-1]["total"]["p95_s"]
            if not plan.loop_s and (p95 is None or p95 > HOPELESS * LIMIT_S):
                break
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        return _report(plan, candidate, at, steps, prints, load_before, rehearsal)


def _phone(debtor: SampleDebtor, words: Words, index: int) -> PhonePlan:
    steps = (*(Step(say=line) for line in words.questions), Step(hangup=True))
    return PhonePlan(number=debtor.number, hello=words.hello, steps=steps, ring_s=RING_S, voice=words.voice(index))


def _step(
    rehearsal: Rehearsal,
    group: Sequence[SampleDebtor],
    words: Words,
    cores: Mapping[str, float],
    idle: Mapping[str, float],
) -> dict[str, Any]:
    """What the tapes of these people say. Blocks."""
    numbers = {debtor.number for debtor in group}
    measured = judge(rehearsal, numbers, {words.asked_in} if words.asked_in else None)
    rows = [row for row in rehearsal.calls() if row["number"] in numbers]
    spans = [(row["t_answer"], row["t_end"]) for row in rows if row["t_answer"] and row["t_end"]]
    lost = sum(measured.counts[name] for name in LOST)
    return {
        "calls": len(group),
        "at_once": most_at_once(spans),
        "answered": len(spans),
        "lost": lost,
        "lost_share": round(lost / max(1, lost + len(measured.total)), 4),
        "total": spread(measured.total),
        "stages": {name: spread(values) for name, values in measured.stages.items()},
        "answer_to_first_word": spread(measured.first_word),
        "counts": dict(sorted(measured.counts.items())),
        "cores": dict(cores),
        "idle_jitter": dict(idle),
    }


def most_at_once(spans: Sequence[tuple[datetime, datetime]]) -> int:
    """How many of these overlapped at most."""
    edges = sorted([(start, 1) for start, _ in spans] + [(end, -1) for _, end in spans])
    most = now = 0
    for _, change in edges:
        now += change
        most = max(most, now)
    return most


def in_time(step: Mapping[str, Any]) -> bool:
    """Whether a step's answers came, and came in time: p95, the turns without an answer, and every call answered."""
    p95 = step["total"]["p95_s"]
    many_lost = step["lost"] > 1 and step["lost_share"] > MOST_LOST
    return p95 is not None and p95 <= LIMIT_S and not many_lost and step["answered"] >= step["calls"]


def capacity(steps: Sequence[Mapping[str, Any]]) -> dict[str, int | None]:
    """The fewest calls at once whose answers were not in time (None: not reached), and the most below whose were."""
    late = min((step["at_once"] for step in steps if not in_time(step)), default=None)
    good = [step["at_once"] for step in steps if in_time(step) and (late is None or step["at_once"] < late)]
    return {"in_time": max(good, default=0), "late": late}


def met_of(steps: Sequence[Mapping[str, Any]]) -> dict[str, bool | None]:
    """Whether `AIM` calls were answered in time; None where no step says so and none was late."""
    found = capacity(steps)
    aimed = [step["at_once"] for step in steps if step["calls"] >= AIM and step["at_once"] >= TOGETHER * AIM]
    if any(at_once <= (found["in_time"] or 0) for at_once in aimed):
        return {"calls": True}
    return {"calls": None if found["late"] is None else False}


def _line(step: Mapping[str, Any]) -> str:
    total = step["total"]
    busy = ", ".join(f"{name} {cores}" for name, cores in step["cores_busiest"].items())
    return (
        f"{step['at_once']} calls at once: p50 {total['p50_s']} s, p95 {total['p95_s']} s, n {total['n']}, "
        f"{step['lost']} without an answer; "
        f"cores busy in the busiest 10 s: {busy}"
    )


def _report(
    plan: Plan,
    candidate: Candidate,
    at: datetime,
    steps: Sequence[Mapping[str, Any]],
    prints: Footprints,
    load_before: float,
    rehearsal: Rehearsal,
) -> dict[str, Any]:
    if not any(step["total"]["n"] for step in steps):
        raise UnavailableError(f"no turn was answered; see {rehearsal.home}")
    return {
        **candidate.told,
        "limit_s": LIMIT_S,
        "most_lost": MOST_LOST,
        "targets": {"calls": AIM},
        "met": met_of(steps),
        "capacity": capacity(steps),
        "steps": list(steps),
        "held": prints.report(),
        # More calls hold more: growth says something only where their number stays.
        "leaks": prints.leaks() if plan.loop_s else [],
        "loop_s": plan.loop_s,
        "restarts": rehearsal.supervisor.restarts,
        "at": at.isoformat(),
        "seed": plan.seed,
        "machine": machine(load_before=load_before, asterisk=rehearsal.asterisk.program.version()),
    }
