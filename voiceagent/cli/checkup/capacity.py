"""How many calls this machine can carry, from short measurements on it and assumptions that are said."""

from __future__ import annotations

import math
import os
import shutil
import statistics
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from voiceagent.base.errors import MissingPartError

#: Share of a call in which the debtor speaks and the recogniser has work.
SPEAKING_SHARE = 0.3
#: Share of the cores that may be busy before turns begin to wait.
LOAD = 0.7
#: Cores a call takes besides recognition, as `bench capacity` counts them: SIP, RTP, its loop, its journal, Asterisk.
CARRYING_COST = 0.035
#: Cores its prompts take: about a second of synthesis, for names, in a call of a minute.
SPEAKING_COST = 0.02

#: What people say to the agent, to be heard by the recogniser; spoken by the system's plain voice.
_SPOKEN = ("sim, sou eu mesma", "consigo pagar em três vezes no dia quinze", "não posso pagar esse valor agora")


@dataclass(frozen=True, slots=True)
class Capacity:
    """Measured, in processor time: milliseconds per 20 ms frame, and seconds per second of speech (None: no model)."""

    cores: int
    frame_ms: float
    recognise_rtf: float | None
    engine: str | None
    calls: int | None
    """Calls at once, all speaking as people do; None where there is no recogniser to measure."""

    def as_json(self) -> dict[str, Any]:
        """With the assumptions."""
        return asdict(self) | {
            "assumptions": {
                "speaking_share": SPEAKING_SHARE,
                "load": LOAD,
                "carrying_cost": CARRYING_COST,
                "speaking_cost": SPEAKING_COST,
            }
        }

    def words(self) -> str:
        """One line."""
        frame = f"a frame takes {self.frame_ms:.3f} ms to judge"
        if self.calls is None or self.recognise_rtf is None:
            return f"{self.cores} cores; {frame}; install a recogniser to learn how many calls fit"
        heard = f"{self.engine} hears a second of speech in {self.recognise_rtf:.2f} s"
        return f"about {self.calls} calls at once on {self.cores} cores ({heard}; {frame})"


def measure(models: Path) -> Capacity:
    """A few seconds of work: frames through the segmenter, and three utterances through the recogniser."""
    cores = len(os.sched_getaffinity(0))
    frame_ms = _frame_ms()
    measured = _recogniser(models)
    if measured is None:
        return Capacity(cores, frame_ms, None, None, None)
    engine, rtf = measured
    return Capacity(cores, frame_ms, round(rtf, 3), engine, calls_that_fit(cores, frame_ms, rtf))


def calls_that_fit(cores: int, frame_ms: float, rtf: float) -> int:
    """Calls whose cost fills LOAD of the cores, at least one."""
    per_call = CARRYING_COST + SPEAKING_COST + frame_ms / 20 + SPEAKING_SHARE * rtf
    return max(1, math.floor(cores * LOAD / per_call))


def _frame_ms(frames: int = 1000) -> float:
    from voiceagent.audio.frames import split
    from voiceagent.speech.segmenter import VadSegmenter
    from voiceagent.speech.silero import Confirmers

    sound = list(split(_babble(frames * 0.02)))
    with Confirmers().lend() as confirmer:
        segmenter = VadSegmenter(confirmer=confirmer)
        start = time.process_time()
        for frame in sound:
            segmenter.process(frame)
        spent = time.process_time() - start
    return round(1000 * spent / len(sound), 4)


def _recogniser(models: Path) -> tuple[str, float] | None:
    from voiceagent.speech.ears import load_recognisers
    from voiceagent.speech.protocol import HearingContext
    from voiceagent.speech.recogniser import recognise_pcm

    loaded = load_recognisers(models)
    if not loaded:
        return None
    language, recogniser = next(iter(loaded.items()))
    ear = recogniser.open(language)
    try:
        costs = []
        for pcm in _utterances():
            start = time.process_time()
            recognise_pcm(ear, pcm, HearingContext(language, ("intent", "yes_no")))
            costs.append((time.process_time() - start) / (len(pcm) / 16000))
    finally:
        ear.close()
    # The first turn warms what calls find warm.
    return recogniser.name, statistics.mean(costs[1:])


def _utterances() -> list[bytes]:
    """Real words where the machine can speak them: a recogniser gives noise up early, which would flatter it."""
    from voiceagent.audio.resample import resample
    from voiceagent.audio.wav import decode

    program = shutil.which("espeak-ng")
    if program is None:
        raise MissingPartError("espeak-ng is needed to measure the recogniser: apt-get install espeak-ng")
    spoken = []
    for text in _SPOKEN:
        done = subprocess.run([program, "-v", "pt-br", "--stdout", text], capture_output=True, timeout=30, check=True)
        wav = decode(done.stdout, "espeak-ng's answer")
        spoken.append(resample(wav.samples[:, 0].tobytes(), wav.rate))
    return spoken


def _babble(seconds: float) -> bytes:
    """Something with the rhythm and the spectrum of a voice: to judge a frame costs the same whatever it holds."""
    at = np.arange(int(seconds * 8000)) / 8000
    noise = np.random.default_rng(1).normal(0, 0.15, len(at))
    swell = np.clip(np.sin(2 * np.pi * 3.7 * at) + 0.4, 0, None)
    tone = sum(np.sin(2 * np.pi * 125 * n * at) / n for n in range(1, 12))
    return (np.clip((0.25 * tone + noise) * swell, -1, 1) * 12000).astype("<i2").tobytes()
