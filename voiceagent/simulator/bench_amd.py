"""How well a call tells a person from a machine: renderings of both through whole calls, on lines of several kinds.

Everything from the line to the script is the product's own, with the recogniser that a call would use; only the agent's
voice is a stand-in. Time is virtual; every recognition takes the processor time that it took, as on an idle core.
"""

from __future__ import annotations

import asyncio
import math
import statistics
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from voiceagent.agent.answerer import Verdict
from voiceagent.agent.brain import ScriptBrain
from voiceagent.agent.conversation import Conversation
from voiceagent.audio.format import FRAME_BYTES, FRAME_S, SILENCE
from voiceagent.audio.frames import split
from voiceagent.audio.levels import rms_dbov
from voiceagent.base.clock import ManualClock
from voiceagent.base.languages import Language
from voiceagent.dialogue.answerers import AnsweredBy, phrases_of
from voiceagent.settings.paths import Paths
from voiceagent.simulator.answerer_clips import Answerer, answerers, kept_folder, render_all
from voiceagent.simulator.audio_driver import MemoryRecord
from voiceagent.simulator.measured_on import machine
from voiceagent.simulator.persona import Persona
from voiceagent.simulator.sample import draw
from voiceagent.simulator.text_driver import machine_of
from voiceagent.simulator.timed_ear import TimedEar
from voiceagent.simulator.timed_hearing import TimedHearing
from voiceagent.simulator.tones import ToneService
from voiceagent.speech.direct import load_recogniser
from voiceagent.speech.recogniser import Recogniser
from voiceagent.speech.segmenter import VadSegmenter
from voiceagent.speech.silero import Confirmers
from voiceagent.speech.synthesis.shape import to_pcm
from voiceagent.speech.training.damage import Condition, pad, through_line
from voiceagent.telephony.fake import FakeLine, FakePhone
from voiceagent.telephony.ticks import VirtualTicks

#: Lines an answer is heard on, the first ones first.
LINES = (
    Condition("clean"),
    Condition("snr15", 15.0),
    Condition("snr10 pink", 10.0, "pink"),
    Condition("loss3", loss=0.03),
)
#: Sounds of a line that are nobody's words; what each should be called.
TONES = {
    "[busy]": "busy", "[busy_us]": "busy", "[fax]": "fax", "[modem]": "fax", "[sit]": "sit",
    "[ringing][ringing]": "ringing", "[beep]": "voicemail", "[nothing]": "silence",
}  # fmt: skip
#: What must be reached: shares, at most.
TARGETS = {"people_called_machines": 0.01}
#: Verdicts that leave the agent talking.
PERSON = (AnsweredBy.HUMAN, AnsweredBy.SILENCE)
#: A Wednesday, mid-morning.
_AT = datetime(2026, 11, 18, 13, 0, tzinfo=UTC)
#: The far side hangs up so long after its last sound.
_PATIENCE_S = 6.0
_SPEECH_DBOV = -40.0
_SHOWN = 80
#: A person who lifts the phone waits no longer for the agent's first word.
_SOON_S = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured: every answerer of each language, on so many of the LINES."""

    languages: Sequence[Language]
    lines: int = 1
    every: int = 1
    """Only every so-manieth answerer, to be quicker."""
    development: bool = False
    """On the texts that the rules were tried on."""
    kept: bool = False
    """What was recognised in an earlier run is not recognised again; what is now is kept."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One answered call; seconds count from the answer."""

    answerer: Answerer
    line: str
    verdict: str
    evidence: str
    verdict_s: float | None
    """When it was called what it was called in the end."""
    first_word_s: float | None
    """When the agent first spoke."""
    wait_s: float | None
    """From the end of what was said before that to that."""
    disposition: str
    recorded_s: float
    """What the agent said after a voicemail's beep."""
    talked_s: float
    """What it said at all."""
    ended_s: float | None
    """When the agent hung up; None: the far side did, when it had nothing more to say."""
    heard: str
    """What the recogniser made of it."""

    @property
    def machine(self) -> bool:
        """Whether it was taken for one."""
        return self.verdict not in PERSON


def measure(wanted: Plan, models: Path, report: Callable[[str], None]) -> dict[str, Any]:
    """The confusion table with intervals, and how long everybody waited."""
    trials: list[Trial] = []
    confirmers, paths = Confirmers(), Paths.from_environment()
    for language in wanted.languages:
        found = answerers(language.value, development=wanted.development)[:: wanted.every]
        render_all(found, models)
        report(f"{language.value}: {len(found)} answers rendered")
        found += [Answerer(kind, language.value, text) for text, kind in TONES.items()]
        recogniser = load_recogniser(models, language.value)
        kept = kept_folder(language.value) / "heard" if wanted.kept else None
        for index, answerer in enumerate(found):
            for turn in range(wanted.lines):
                line = LINES[(index + turn) % len(LINES)]
                trials.append(asyncio.run(_call(answerer, line, recogniser, confirmers, paths, kept)))
            if index % 20 == 19:
                report(f"{language.value}: {index + 1} of {len(found)} answered")
    judged = tables(trials)
    # Of nobody there is no share, and nothing to judge.
    met = {name: judged[name]["share"] <= limit if judged[name]["n"] else None for name, limit in TARGETS.items()}
    told = {"lines": [line.name for line in LINES], "targets": TARGETS, "met": met}
    plan = {
        "languages": [language.value for language in wanted.languages],
        "lines_each": wanted.lines,
        "every": wanted.every,
        "development": wanted.development,
        "kept": wanted.kept,
    }
    return {**judged, **told, "plan": plan, "machine": machine()}


class _Far:
    """The far side: plays the answer, notes what the agent says and when, and hangs up when it gets no further."""

    def __init__(self, pcm: bytes) -> None:
        self._frames = list(split(pcm))
        self.at = 0
        self.tired = False
        self.first: int | None = None
        self.spoken: list[int] = []
        self._line: FakeLine

    def ring(self, line: FakeLine) -> None:
        """Pick up at once."""
        self._line = line
        line.far_answer()

    def tick(self, heard: bytes) -> bytes:
        """20 ms each way."""
        if heard != SILENCE:
            self.first = self.at if self.first is None else self.first
            self.spoken.append(self.at)
        frame = self._frames[self.at] if self.at < len(self._frames) else SILENCE
        self.at += 1
        if self.at >= len(self._frames):
            self.tired = True
            self._line.far_hangup()
        return frame.ljust(FRAME_BYTES, b"\0")


class _Record(MemoryRecord):
    """What was found at the other end."""

    def __init__(self) -> None:
        super().__init__()
        self.verdicts: list[Verdict] = []

    def answered_by(self, verdict: Verdict) -> None:
        """Keep it."""
        self.verdicts.append(verdict)


async def _call(
    answerer: Answerer,
    line: Condition,
    recogniser: Recogniser,
    confirmers: Confirmers,
    paths: Paths,
    kept: Path | None = None,
) -> Trial:
    seed = zlib.crc32(f"{answerer.text}{answerer.voice}{line.name}".encode())
    clean = pad(answerer.sound(seed), 0.3, 0.0)
    far = _Far(to_pcm(through_line(pad(clean, 0.0, _PATIENCE_S), line, np.random.default_rng(seed))))
    clock = ManualClock(_AT)
    ticks, service, record = VirtualTicks(clock), ToneService(), _Record()
    fake = await FakePhone(ticks, lambda number, call_id: far).dial("+5511955550100", call_id="call")
    debtor = draw([Persona.load("silent", answerer.language)], today=_AT.date(), seed=1)[0]
    brain = ScriptBrain(machine_of(debtor.case, _AT, paths=paths))
    hearing = TimedHearing(TimedEar(recogniser.open(answerer.language), recogniser.name, kept), ticks)
    with confirmers.lend() as confirmer:
        conversation = Conversation(
            fake,
            brain,
            VadSegmenter(confirmer=confirmer),
            hearing,
            await service.voice("call", brain.language),
            record,
            ticks,
            clock,
            phrases=phrases_of(brain.language),
        )
        await conversation.prepare()
        ended = await conversation.run()
    return _trial(answerer, line, clean, far, record, ended.disposition)


def _trial(
    answerer: Answerer, line: Condition, clean: Any, far: _Far, record: _Record, disposition: str | None
) -> Trial:
    last = record.verdicts[-1] if record.verdicts else None
    # `through_line` puts 0.3 s before the sound.
    loud = [15 + index for index, frame in enumerate(split(to_pcm(clean))) if rms_dbov(frame) > _SPEECH_DBOV]
    first = far.first
    before = [index for index in loud if first is not None and index < first]
    waited = round((first - before[-1] - 1) * FRAME_S, 3) if first is not None and before else None
    after = [at for at in far.spoken if loud and at > loud[-1]] if "[beep]" in answerer.text else []
    return Trial(
        answerer,
        line.name,
        str(last.kind if last else AnsweredBy.SILENCE),
        last.evidence if last else "",
        last.at_s if last else None,
        round(first * FRAME_S, 3) if first is not None else None,
        waited,
        str(disposition or ""),
        round(len(after) * FRAME_S, 2),
        round(len(far.spoken) * FRAME_S, 2),
        None if far.tired else round(far.at * FRAME_S, 2),
        " / ".join(turn.text for turn in record.debtor if turn.text),
    )


def tables(trials: Sequence[Trial]) -> dict[str, Any]:
    """What `measure` gives, of any calls."""
    people = [trial for trial in trials if trial.answerer.human]
    machines = [trial for trial in trials if not trial.answerer.human and trial.answerer.kind != "silence"]
    kinds = sorted({trial.answerer.kind for trial in trials})
    short = [t for t in people if t.answerer.kind != "human_long"]
    waits = [t.wait_s for t in short if t.wait_s is not None]
    longer = [t.wait_s for t in people if t.wait_s is not None and t.answerer.kind == "human_long"]
    found = [trial.verdict_s for trial in machines if trial.machine and trial.verdict_s is not None]
    return {
        **_both(people, machines),
        "confusion": {kind: dict(Counter(t.verdict for t in trials if t.answerer.kind == kind)) for kind in kinds},
        "by_line": _grouped(people, machines, lambda trial: trial.line),
        "by_language": _grouped(people, machines, lambda trial: trial.answerer.language),
        "machines_known": {
            kind: share(sum(t.machine for t in machines if t.answerer.kind == kind), of)
            for kind, of in sorted(Counter(t.answerer.kind for t in machines).items())
        },
        "first_word_after_hello_s": _spread(waits),
        # Of all who said hello: whoever is never greeted waits longer than anybody.
        "first_word_within_1s": share(sum(wait <= _SOON_S for wait in waits), len(short)),
        "never_greeted": share(sum(t.first_word_s is None for t in people), len(people)),
        "first_word_after_a_sentence_s": _spread(longer),
        "machine_known_after_answer_s": _spread(found),
        "said_to_a_machine_s": _spread([trial.talked_s for trial in machines]),
        "known_too_late": _late([trial for trial in machines if trial.machine and trial.talked_s]),
        "said_after_the_beep_s": _spread([t.recorded_s for t in machines if "[beep]" in t.answerer.text]),
        "mistakes": [
            f"{t.answerer.language} {t.line} {t.answerer.kind}: {t.answerer.text!r} taken for {t.verdict} "
            f"({t.evidence}), heard {t.heard!r}"
            for t in (*people, *machines)
            if t.machine == t.answerer.human
        ][:_SHOWN],
    }


def _late(trials: Sequence[Trial]) -> dict[str, Any]:
    """Machines that were greeted: how many calls the agent ended, and how soon after it knew.

    Without screening services, which are greeted on purpose.
    """
    trials = [trial for trial in trials if trial.verdict != AnsweredBy.SCREENING]
    pairs = [(trial.ended_s, trial.verdict_s) for trial in trials]
    after = [round(ended - known, 2) for ended, known in pairs if ended is not None and known is not None]
    return {"ended_by_the_agent": share(len(after), len(trials)), "hung_up_after_s": _spread(after)}


def share(count: int, of: int) -> dict[str, Any]:
    """{count, n, share, low, high}: with Wilson's 95 % interval."""
    if not of:
        return {"count": 0, "n": 0, "share": None, "low": None, "high": None}
    z, p = 1.959964, count / of
    middle, half = p + z * z / (2 * of), z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    low, high = ((middle + sign * half) / (1 + z * z / of) for sign in (-1, 1))
    return {"count": count, "n": of, "share": round(p, 4), "low": round(max(0.0, low), 4), "high": round(high, 4)}


def _both(people: Sequence[Trial], machines: Sequence[Trial]) -> dict[str, Any]:
    return {
        "people_called_machines": share(sum(trial.machine for trial in people), len(people)),
        "machines_called_people": share(sum(not trial.machine for trial in machines), len(machines)),
    }


def _grouped(people: Sequence[Trial], machines: Sequence[Trial], group: Callable[[Trial], str]) -> dict[str, Any]:
    return {
        name: _both([t for t in people if group(t) == name], [t for t in machines if group(t) == name])
        for name in sorted({group(trial) for trial in (*people, *machines)})
    }


def _spread(values: Sequence[float]) -> dict[str, Any]:
    ordered = sorted(values)
    if not ordered:
        return {"n": 0, "median": None, "p95": None, "max": None}
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return {"n": len(ordered), "median": round(statistics.median(ordered), 2), "p95": p95, "max": ordered[-1]}
