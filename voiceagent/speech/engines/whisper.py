"""Whisper base on CTranslate2, one utterance at a time: free decode plus scoring of the choices the state expects.

The decoder is never prompted with what we hope to hear: measured, that makes it invent consent on poor audio. The
choices are scored instead against the audio, so a phrase that was not said gets a bad score.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voiceagent.audio.format import SAMPLE_RATE
from voiceagent.base.errors import INSTALL, MissingPartError
from voiceagent.speech.constrained.answers import kinds_of
from voiceagent.speech.constrained.deciding import Judge
from voiceagent.speech.constrained.hearings import changed
from voiceagent.speech.constrained.judging import signal_to_noise
from voiceagent.speech.mel import log_mel
from voiceagent.speech.protocol import HearingContext, Hypothesis
from voiceagent.speech.recogniser import WORKERS, certainty

#: Shorter windows make the decoder repeat itself; longer ones only cost time.
WINDOW_S = 8.0
TAIL_S = 2.0
MAX_AUDIO_S = 28.0
MAX_PHRASES = 20
NO_SPEECH_ABOVE = 0.6
DOUBTFUL_BELOW = -1.5
#: A phrase whose score lies this far under the free decode's is more likely not what was said.
PHRASE_GAP = -1.5
PHRASE_STEEPNESS = 2.0
#: What the encoder gives for each second of audio.
STATES_PER_SECOND = 50
_STATES_AFTER = 8
#: Windows for the phone head, which needs no more than the audio.
_SHORTEST_S = 2.0
_SHORT_TAIL_S = 0.4
_SILENT_RMS = 1e-3
_SPEECH_RMS = 0.1
_LANGUAGE_TOKENS = {"pt-BR": "<|pt|>", "es": "<|es|>", "en": "<|en|>"}


class Whisper:
    """The loaded model: workers of one thread each share it."""

    name = "whisper"
    languages = frozenset(_LANGUAGE_TOKENS)

    def __init__(self, directory: Path, workers: int = WORKERS) -> None:
        try:
            import ctranslate2
            import tokenizers
        except ImportError as error:
            raise MissingPartError(f"whisper needs ctranslate2 and tokenizers: {INSTALL}") from error
        if not (directory / "model.bin").is_file():
            raise MissingPartError(f"no {directory.name} in {directory.parent}: run `voiceagent models install`")
        self._view = ctranslate2.StorageView.from_array
        self._model: Any = ctranslate2.models.Whisper(
            str(directory), compute_type="int8", inter_threads=workers, intra_threads=1
        )
        self._tokenizer = tokenizers.Tokenizer.from_file(str(directory / "tokenizer.json"))
        self._phrase_ids: dict[str, list[int]] = {}
        self._helpers = ThreadPoolExecutor(workers, thread_name_prefix="whisper")
        self.recognise(np.zeros(SAMPLE_RATE, np.float32) + 0.01, HearingContext("en", phrases=("Yes.",)))

    def open(self, language: str) -> WhisperEar:
        """An ear; nothing to warm, the model is shared."""
        return WhisperEar(self)

    def recognise(self, samples: NDArray[np.float32], context: HearingContext) -> Hypothesis:
        """What one turn's samples (8 kHz, -1..1) say.

        Where a phone head was trained for the language and values or phrases are expected, the grammars are asked
        first, in a window just long enough; Whisper's own decoder is asked when that is not sure.
        """
        samples = samples[: int(MAX_AUDIO_S * SAMPLE_RATE)]
        level = float(np.sqrt(np.mean(samples**2))) if samples.size else 0.0
        if level < _SILENT_RMS:
            return Hypothesis("", 0.0, engine=self.name, reason="no_speech")
        judge = Judge.of(context.language)
        answers = judge is not None and (context.phrases or set(context.expect) & kinds_of(context.language).keys())
        if judge is None or not answers:
            return self.freely(samples, context, context.phrases)
        states = self.shortly(samples)
        heard = judge.decide(
            samples,
            states,
            context,
            decode=lambda said: self.beside(samples, context, said),
            again=lambda hearing: self.shortly(changed(samples, hearing)),
            compare=lambda texts: self.compared(states, context.language, texts),
        )
        return replace(heard, engine=self.name)

    def freely(
        self,
        samples: NDArray[np.float32],
        context: HearingContext,
        scored: Sequence[str],
        least_window_s: float = WINDOW_S,
    ) -> Hypothesis:
        """Whisper's own words, and how well the `scored` phrases fit; long audio gets a window its size."""
        return self._decoded(samples, context, scored, least_window_s)[0]

    def beside(self, samples: NDArray[np.float32], context: HearingContext, said: str) -> tuple[Hypothesis, float]:
        """Whisper's own words, and how far the words `said` stay behind them: mean log probability per token, compared.

        0 or more when Whisper would as soon have written those words, under -2 when it heard others.
        """
        heard, scores, own = self._decoded(samples, context, (said,) if said else (), WINDOW_S)
        return heard, scores.get(said, own) - own

    def _decoded(
        self, samples: NDArray[np.float32], context: HearingContext, scored: Sequence[str], least_window_s: float
    ) -> tuple[Hypothesis, dict[str, float], float]:
        seconds = samples.size / SAMPLE_RATE
        window_s = least_window_s if seconds <= least_window_s - 1 else seconds + TAIL_S
        encoded = self._encoded(samples, window_s)
        start = self._start(context.language)
        phrases = list(dict.fromkeys(scored))[:MAX_PHRASES]
        # Half the phrases are scored by the other worker while this thread decodes freely.
        half = (len(phrases) + 1) // 2
        later = self._helpers.submit(self._score, encoded, start, phrases[:half]) if phrases else None
        text, log_probability, no_speech, capped = self._decode(encoded, start, seconds)
        scores = self._score(encoded, start, phrases[half:])
        if later is not None:
            scores = later.result() | scores
        if no_speech > NO_SPEECH_ABOVE:
            return Hypothesis("", 0.0, engine=self.name, reason="no_speech"), scores, log_probability
        collapsed, looped = collapse_repeats(text)
        reason = "loop" if looped or capped else "low_confidence" if log_probability < DOUBTFUL_BELOW else ""
        heard = Hypothesis(
            text=collapsed,
            confidence=round(certainty(log_probability), 4),
            alternatives=rank_phrases(scores, log_probability),
            engine=self.name,
            reason=reason,
        )
        return heard, scores, log_probability

    def compared(self, states: NDArray[np.float32], language: str, texts: Sequence[str]) -> list[float]:
        """Log probability of each text in the audio of encoder states as `states` gives them: of the whole text."""
        start = self._start(language)
        return [float(np.sum(logs)) for logs in self._token_logs(states[None], start, texts)]

    def shortly(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Encoder states of the samples in a window just long enough for the phone head."""
        return self.states(samples, short_window(samples.size / SAMPLE_RATE))

    def states(self, samples: NDArray[np.float32], window_s: float) -> NDArray[np.float32]:
        """Encoder states (frames, width) of the samples and a little after them, heard in a window of `window_s`."""
        frames = math.ceil(samples.size / SAMPLE_RATE * STATES_PER_SECOND) + _STATES_AFTER
        return np.asarray(self._encoded(samples, window_s))[0, :frames]

    def _encoded(self, samples: NDArray[np.float32], window_s: float) -> Any:
        level = max(float(np.sqrt(np.mean(samples**2))), _SILENT_RMS)
        features = log_mel(samples * (_SPEECH_RMS / level), window_s)
        return self._model.encode(self._view(features[None]), to_cpu=True)

    def _decode(self, encoded: Any, start: list[int], seconds: float) -> tuple[str, float, float, bool]:
        """Greedy free decode: text, mean log probability per token, probability of no speech, cut by the cap."""
        prompt = [*start, self._id("<|notimestamps|>")]
        cap = 12 + int(10 * seconds)
        result = self._model.generate(
            encoded,
            [prompt],
            beam_size=1,
            max_length=len(prompt) + cap,
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        tokens = result.sequences_ids[0]
        mean = result.scores[0] * len(tokens) / (len(tokens) + 1)
        return self._tokenizer.decode(tokens).strip(), mean, result.no_speech_prob, len(tokens) >= cap

    def _score(self, encoded: Any, start: list[int], phrases: list[str]) -> dict[str, float]:
        """Mean log probability per token of each phrase given the audio."""
        if not phrases:
            return {}
        logs = self._token_logs(np.asarray(encoded), start, phrases)
        return {phrase: float(np.mean(each)) for phrase, each in zip(phrases, logs, strict=True)}

    def _token_logs(
        self, encoded: NDArray[np.float32], start: list[int], phrases: Sequence[str]
    ) -> list[NDArray[np.float64]]:
        """Log probability of each token of each phrase given encoder states (1, frames, width)."""
        states = np.repeat(encoded, len(phrases), axis=0)
        # Only the probabilities are wanted; two frames keep the time alignment, which comes with them, cheap.
        results = self._model.align(self._view(states), start, [self._ids(phrase) for phrase in phrases], 2)
        return [np.log(np.maximum(result.text_token_probs, 1e-9)) for result in results]

    def _ids(self, phrase: str) -> list[int]:
        """Tokens of a phrase as Whisper would write it: capital first, full stop last."""
        ids = self._phrase_ids.get(phrase)
        if ids is None:
            written = phrase.strip()
            written = written[:1].upper() + written[1:] + ("" if written.endswith((".", "!", "?")) else ".")
            ids = self._tokenizer.encode(" " + written, add_special_tokens=False).ids
            if len(self._phrase_ids) > 10_000:
                self._phrase_ids.clear()
            self._phrase_ids[phrase] = ids
        return ids

    def _start(self, language: str) -> list[int]:
        """What the decoder is begun with."""
        begin = ("<|startoftranscript|>", _LANGUAGE_TOKENS[language], "<|transcribe|>")
        return [self._id(token) for token in begin]

    def _id(self, token: str) -> int:
        number: int | None = self._tokenizer.token_to_id(token)
        assert number is not None, token
        return number


class WhisperEar:
    """Keeps a turn's audio until its end."""

    streams = False

    def __init__(self, model: Whisper) -> None:
        self._model = model
        self._audio = bytearray()
        self._context = HearingContext("en")

    def begin(self, context: HearingContext) -> None:
        """Start a turn."""
        self._audio.clear()
        self._context = context

    def feed(self, pcm: bytes) -> None:
        """Keep the audio."""
        self._audio += pcm

    def finish(self) -> Hypothesis:
        """Recognise what was kept."""
        heard = self.glance()
        self._audio.clear()
        return heard

    def glance(self) -> Hypothesis:
        """Recognise what was kept so far: silence that follows would not change it."""
        started = time.perf_counter()
        samples = np.frombuffer(bytes(self._audio[: len(self._audio) // 2 * 2]), "<i2").astype(np.float32) / np.float32(
            32768
        )
        heard = self._model.recognise(samples, self._context)
        ms = round(1000 * (time.perf_counter() - started), 1)
        return replace(heard, ms=ms, snr_db=round(signal_to_noise(samples), 1))

    def close(self) -> None:
        """Forget the audio."""
        self._audio.clear()


def short_window(seconds: float) -> float:
    """The window in which the phone head hears so much audio."""
    return max(_SHORTEST_S, seconds + _SHORT_TAIL_S)


def rank_phrases(scores: dict[str, float], free: float) -> tuple[tuple[str, float], ...]:
    """Phrases, best first, with 0..1.

    Near 1 when as likely as the free decode and far ahead of the others, under .5 when the audio more likely says none
    of them.
    """
    if not scores:
        return ()
    best = max(scores.values())
    total = sum(math.exp(score - best) for score in scores.values())
    ranked = [
        (
            phrase,
            round(math.exp(score - best) / total / (1 + math.exp(-PHRASE_STEEPNESS * (score - free - PHRASE_GAP))), 4),
        )
        for phrase, score in scores.items()
    ]
    return tuple(sorted(ranked, key=lambda pair: -pair[1]))


def collapse_repeats(text: str) -> tuple[str, bool]:
    """`text` with runs of a repeated word sequence (three times or more) said once, and whether there was one."""
    words = text.split()
    keys = [re.sub(r"\W", "", word).lower() for word in words]
    for size in range(1, len(words) // 3 + 1):
        for start in range(len(words) - 3 * size + 1):
            unit = keys[start : start + size]
            times = 1
            while keys[start + times * size : start + (times + 1) * size] == unit:
                times += 1
            # "não, não, não" is how people talk; a loop goes on for longer or repeats whole sentences.
            if times >= (3 if size > 2 else 5):
                kept = words[: start + size] + words[start + times * size :]
                return collapse_repeats(" ".join(kept))[0], True
    return text, False
