"""The measurement of recognition under load: callers who speak at the pace of life to the real speech process.

No telephone and no Asterisk: what is measured is the ears of so many calls at once, from the last sound of an answer
to its text, through segmenter, socket, queue and engine. The Vosk model that registries have is Korean; with it the
engine's speed is measured and nothing else.
"""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from voiceagent.agent.ears import Ears, HeardTurn
from voiceagent.audio.format import FRAME_BYTES, SAMPLE_BYTES, SAMPLE_RATE, SILENCE
from voiceagent.base.errors import MissingPartError, UsageError
from voiceagent.dialogue.completeness import is_complete
from voiceagent.dialogue.events import Expect
from voiceagent.dialogue.machine import END_SILENCE
from voiceagent.dialogue.understanding import understand
from voiceagent.language.spoken import SpokenPart
from voiceagent.settings.paths import Paths
from voiceagent.simulator.bench_capacity import LINES
from voiceagent.simulator.bench_speech import CHOICES, TODAY
from voiceagent.simulator.bench_turn import spread
from voiceagent.simulator.gauges import ProcessorTime
from voiceagent.simulator.measured_on import machine
from voiceagent.simulator.telephones import DEBTOR_VOICES
from voiceagent.speech.client import SpeechClient
from voiceagent.speech.installed import VOSK, VOSK_TEST, recogniser_directory
from voiceagent.speech.protocol import Hypothesis
from voiceagent.speech.segmenter import VadSegmenter
from voiceagent.speech.silero import Confirmers
from voiceagent.speech.synthesis.child import SynthesiserChild
from voiceagent.speech.synthesis.spec import PYTTSX3, VoiceSpec
from voiceagent.telephony.ticks import RealTicks
from voiceagent.worker.children import Child
from voiceagent.worker.household import speech_spec

LANGUAGE = "pt-BR"
#: What is answered, by engine: the Vosk model that can be had hears Korean.
ANSWERS = {
    "whisper": (*LINES, "Sim, sou eu mesmo.", "Dia dez.", "Trezentos e cinquenta reais."),
    "vosk": ("네, 맞아요.", "아니요.", "다음 주 금요일에 낼게요.", "오십만 원이요.", "지금은 통화하기 어려워요."),
}
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
    """Let so many people talk. MissingPartError when the engine's model is not installed."""
    if not plan.steps or min(plan.steps) < 1 or plan.seconds <= 0 or plan.engine not in ANSWERS:
        raise UsageError("--callers are numbers of at least 1, --seconds more than 0, --engine whisper or vosk")
    return asyncio.run(_measure(plan, Paths.from_environment().models, progress))


async def _measure(plan: Plan, models: Path, progress: Callable[[str], None]) -> dict[str, Any]:
    load = os.getloadavg()[0]
    with only(models, plan.engine) as served, tempfile.TemporaryDirectory(prefix="voiceagent-") as folder:
        socket = Path(folder) / "speech.sock"
        spec = speech_spec(socket, served)
        child = Child(replace(spec, arguments=(*spec.arguments, "--max-calls", "999", "--admit-all")))
        await child.start()
        try:
            service = SpeechClient(socket, render_s=_RENDER_S)
            progress("rendering what is answered")
            answers = await (_korean(models) if plan.engine == "vosk" else _answers(service))
            steps = []
            for callers in plan.steps:
                steps.append(await _step(plan, callers, service, answers, child))
                progress(f"{callers} callers: {steps[-1]['total']}")
        finally:
            await child.stop()
    told = {"load_before": round(load, 2), "load_after": round(os.getloadavg()[0], 2)}
    return {"engine": plan.engine, "steps": steps, "seed": plan.seed, "machine": machine() | told}


@contextmanager
def only(models: Path, engine: str) -> Iterator[Path]:
    """Models among which the language is recognised by that engine."""
    found = models / VOSK_TEST if engine == "vosk" else recogniser_directory(models, engine, LANGUAGE)
    if found is None or not found.is_dir():
        wanted = VOSK_TEST if engine == "vosk" else "whisper-base"
        raise MissingPartError(f"{engine}'s model is not installed: run `voiceagent models install {wanted}`")
    with tempfile.TemporaryDirectory(prefix="voiceagent-") as folder:
        for path in models.iterdir():
            if path.name not in VOSK.values():
                (Path(folder) / path.name).symlink_to(path.absolute())
        if engine == "vosk":
            (Path(folder) / VOSK[LANGUAGE]).symlink_to(found.absolute())
        yield Path(folder)


async def _answers(service: SpeechClient) -> list[bytes]:
    """The answers in the voices of debtors."""
    said = []
    for name in DEBTOR_VOICES[LANGUAGE][:3]:
        voice = await service.voice("bench", LANGUAGE, name)
        said += [await voice.render((SpokenPart(text),)) for text in ANSWERS["whisper"]]
        await voice.close()
    return said


async def _korean(models: Path) -> list[bytes]:
    """The answers in Korean, by the system's voice."""
    child = SynthesiserChild(PYTTSX3, models)
    try:
        return [await child.render(text, VoiceSpec(PYTTSX3, "ko", "en")) for text in ANSWERS["vosk"]]
    finally:
        await child.close()


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
