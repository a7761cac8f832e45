"""The measurement of recognition under load: callers who speak at the pace of life to the real speech process.

No telephone and no Asterisk: what is measured is the ears of so many calls at once, from the last sound of an answer
to its text, through segmenter, socket, queue and engine.
"""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voiceagent.agent.ears import Ears, HeardTurn
from voiceagent.audio.format import FRAME_BYTES, SAMPLE_BYTES, SAMPLE_RATE, SILENCE
from voiceagent.base.errors import UsageError
from voiceagent.dialogue.completeness import is_complete
from voiceagent.dialogue.events import Expect
from voiceagent.dialogue.expectation import END_SILENCE
from voiceagent.dialogue.understanding import understand
from voiceagent.language.spoken import SpokenPart
from voiceagent.settings.paths import Paths
from voiceagent.simulator.bench_capacity import ADMITTING
from voiceagent.simulator.bench_speech import CHOICES, TODAY
from voiceagent.simulator.bench_turn import spread
from voiceagent.simulator.gauges import ProcessorTime
from voiceagent.simulator.measured_on import load, machine
from voiceagent.simulator.measured_with import LANGUAGE, Candidate, Words, measured_with
from voiceagent.speech.client import SpeechClient
from voiceagent.speech.protocol import Hypothesis
from voiceagent.speech.segmenter import VadSegmenter
from voiceagent.speech.silero import Confirmers
from voiceagent.telephony.ticks import RealTicks
from voiceagent.worker.children import Child
from voiceagent.worker.household import speech_spec

#: What is asked, in turn: an open question, yes or no, a day, an amount.
ASKED = ((("intent", "yes_no"), CHOICES[LANGUAGE]), (("yes_no",), ()), (("date",), ()), (("amount",), ()))
STEPS = (4, 16, 24)
#: Seconds between a turn's text and the next answer: what the agent says, on average.
AGENT_S = 5.0
#: Patience with a turn's text.
_TEXT_S = 6.0
_RENDER_S = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    steps: tuple[int, ...] = STEPS
    seconds: float = 30.0
    """How long each number of callers goes on."""
    engine: str = "whisper"
    seed: int = 1


def measure(plan: Plan, progress: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Let so many people talk. UsageError for nonsense, MissingPartError when the engine's model is not installed."""
    if not plan.steps or min(plan.steps) < 1 or plan.seconds <= 0:
        raise UsageError("--callers are numbers of at least 1, --seconds more than 0")
    with measured_with(plan.engine, Paths.from_environment()) as candidate:
        return asyncio.run(_measure(plan, candidate, progress))


async def _measure(plan: Plan, candidate: Candidate, progress: Callable[[str], None]) -> dict[str, Any]:
    load_before = load()
    with tempfile.TemporaryDirectory(prefix="voiceagent-") as folder:
        socket = Path(folder) / "speech.sock"
        child = Child(speech_spec(socket, candidate.paths.models, *candidate.speech, *ADMITTING))
        await child.start()
        try:
            service = SpeechClient(socket, render_s=_RENDER_S)
            progress("rendering what is answered")
            answers = await _answers(service, candidate.words)
            steps = []
            for callers in plan.steps:
                steps.append(await _step(plan, callers, service, answers, child))
                progress(f"{callers} callers: {steps[-1]['total']}")
        finally:
            await child.stop()
    return {**candidate.told, "steps": steps, "seed": plan.seed, "machine": machine(load_before=load_before)}


async def _answers(service: SpeechClient, words: Words) -> list[bytes]:
    """The answers in the voices of debtors."""
    said = []
    for name in words.voices[:3]:
        voice = await service.voice("bench", LANGUAGE, name)
        said += [await voice.render((SpokenPart(text),)) for text in words.remarks]
        await voice.close()
    return said


async def _step(
    plan: Plan, callers: int, service: SpeechClient, answers: Sequence[bytes], child: Child
) -> dict[str, Any]:
    heard: list[HeardTurn] = []
    confirmers = Confirmers()
    confirmers.load(callers)
    loop = asyncio.get_running_loop()
    ends = loop.time() + plan.seconds
    talking = [
        _caller(random.Random(f"{plan.seed}/{number}"), str(number), service, answers, confirmers, ends, heard)
        for number in range(callers)
    ]
    with ProcessorTime(lambda: {"speech": [child.pid] if child.pid else [], "callers": [os.getpid()]}) as used:
        lost = sum(await asyncio.gather(*talking))
    cores = used.cores()
    # The speech process is a child of this one.
    cores["callers"] = round(max(0.0, cores["callers"] - cores["speech"]), 3)
    return {
        "callers": callers,
        "lost": lost,
        "total": spread([turn.heard_s - turn.ended_s for turn in heard]),
        "stages": {
            "end_of_turn": spread([turn.decided_s - turn.ended_s for turn in heard]),
            "recognise": spread([turn.heard_s - turn.decided_s for turn in heard]),
        },
        "reasons": dict(sorted(Counter(turn.hypothesis.reason or "heard" for turn in heard).items())),
        "cores": cores,
    }


async def _caller(
    chance: random.Random,
    name: str,
    service: SpeechClient,
    answers: Sequence[bytes],
    confirmers: Confirmers,
    ends: float,
    heard: list[HeardTurn],
) -> int:
    """One call until `ends`; how many of its answers got no text at all."""
    loop, ticks, lost = asyncio.get_running_loop(), RealTicks(), 0
    hearing = await service.hearing(f"bench-{name}", LANGUAGE)
    done: asyncio.Queue[HeardTurn] = asyncio.Queue()
    with confirmers.lend() as confirmer:
        ears = Ears(
            VadSegmenter(confirmer=confirmer), hearing, loop.time,
            language=LANGUAGE, today=TODAY.isoformat(), on_turn=done.put_nowait, judge=_judge,
        )  # fmt: skip

        async def play(pcm: bytes) -> None:
            for start in range(0, len(pcm), FRAME_BYTES):
                await ticks.next()
                ears.tick(pcm[start : start + FRAME_BYTES].ljust(FRAME_BYTES, b"\0"), protected=False)

        asked = chance.randrange(len(ASKED))
        await play(_quiet(chance, chance.uniform(0, 2 * AGENT_S)))
        while loop.time() < ends:
            kinds, phrases = ASKED[asked % len(ASKED)]
            asked += 1
            ears.expect(Expect("bench", kinds, (), phrases, max(END_SILENCE[kind] for kind in kinds)))
            await play(chance.choice(answers))
            patience = loop.time() + _TEXT_S
            while done.empty() and loop.time() < patience:
                await play(SILENCE)
            lost += done.empty()
            while not done.empty():
                heard.append(done.get_nowait())
            await play(_quiet(chance, chance.uniform(0.5, 1.5) * AGENT_S))
        await ears.close()
    return lost


def _judge(hypothesis: Hypothesis, expect: Expect) -> bool | None:
    """As a conversation does."""
    if hypothesis.reason:
        return None
    meant = understand(
        hypothesis.text, alternatives=hypothesis.alternatives, language=LANGUAGE, region="BR", expect=expect.kinds,
        today=TODAY,
    )  # fmt: skip
    return is_complete(meant, expect, LANGUAGE)


def _quiet(chance: random.Random, seconds: float) -> bytes:
    """A line on which nobody speaks: a little noise, not the digital silence that no line has."""
    size = int(seconds * SAMPLE_RATE)
    return b"".join(chance.randrange(-20, 21).to_bytes(SAMPLE_BYTES, "little", signed=True) for _ in range(size))
