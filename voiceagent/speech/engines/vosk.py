"""Vosk: streaming recognition with the grammar of the state. One recogniser per call, warmed, kept to its end."""

from __future__ import annotations

import json
import logging
import re
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from voiceagent.audio.format import SAMPLE_BYTES, SAMPLE_RATE
from voiceagent.base.errors import INSTALL, MissingPartError
from voiceagent.speech.constrained.answers import kinds_of
from voiceagent.speech.constrained.grammar import words_of
from voiceagent.speech.constrained.judging import signal_to_noise
from voiceagent.speech.protocol import HearingContext, Hypothesis

log = logging.getLogger(__name__)

UNKNOWN = "[unk]"
DOUBTFUL_BELOW = 0.4
#: A new recogniser stalls for half a second when it first computes: spend that on silence while dialling.
_WARM_UP = bytes(int(0.7 * SAMPLE_RATE) * SAMPLE_BYTES)


#: Questions whose words are at hand before the first call.
_WARMED = ("yes_no", "date", "amount", "digits", "instalments", "time", "birth_date")


class Vosk:
    """One model directory, serving one language."""

    name = "vosk"

    def __init__(self, directory: Path, language: str) -> None:
        try:
            import vosk
        except ImportError as error:
            raise MissingPartError(f"this recogniser needs vosk: {INSTALL}") from error
        if not (directory / "am" / "final.mdl").is_file():
            # Vosk itself would leave the process on some of these.
            raise MissingPartError(f"{directory} holds no Vosk model: run `voiceagent models install`")
        vosk.SetLogLevel(-1)
        self.languages = frozenset({language})
        self._make = vosk.KaldiRecognizer
        self._model: Any = vosk.Model(model_path=str(directory))
        # Without look-ahead composition (Gr.fst) a grammar cannot be set; without [unk] it would force noise into it.
        self.has_grammar = (directory / "graph" / "Gr.fst").is_file() and self.knows(UNKNOWN)
        for kind in _WARMED if self.has_grammar else ():
            value_words(language, frozenset({kind}))

    def knows(self, word: str) -> bool:
        """Whether the word is in the model's vocabulary; Vosk drops others from a grammar silently."""
        return bool(self._model.vosk_model_find_word(word) >= 0)

    def open(self, language: str) -> VoskEar:
        """A warmed recogniser."""
        if language not in self.languages:
            raise MissingPartError(f"this Vosk model does not speak {language}")
        return VoskEar(self, self._make(self._model, SAMPLE_RATE))


class VoskEar:
    """One KaldiRecognizer for a whole call."""

    streams = True

    def __init__(self, model: Vosk, recogniser: Any) -> None:
        self._model = model
        self._recogniser = recogniser
        self._recogniser.SetWords(True)
        self._finished: list[dict[str, Any]] = []
        self._audio = bytearray()
        self._phrases: tuple[str, ...] = ()
        self._grammar = ""
        self._fed = False
        self._recogniser.AcceptWaveform(_WARM_UP)
        self._recogniser.Reset()

    def begin(self, context: HearingContext) -> None:
        """Start a turn with the state's grammar, when the choices are all that may be said and the model allows it."""
        if self._fed:
            # Reset() keeps audio that was taken in but not decoded yet and gives it to the next turn; this does not.
            self._recogniser.FinalResult()
        self._finished.clear()
        self._audio.clear()
        self._fed = False
        self._phrases = context.phrases
        wanted = self._grammar_for(context)
        if wanted != self._grammar and self._model.has_grammar:
            self._recogniser.SetGrammar(wanted or "[]")
            self._grammar = wanted

    def feed(self, pcm: bytes) -> None:
        """Recognise on; a pause inside the turn closes a segment, not the turn."""
        self._fed = True
        self._audio += pcm
        if self._recogniser.AcceptWaveform(pcm):
            self._finished.append(json.loads(self._recogniser.Result()))

    def finish(self) -> Hypothesis:
        """Everything heard in the turn; freely once more where something was said that the grammar does not hold."""
        started = time.perf_counter()
        words = self._words()
        pcm = bytes(self._audio[: len(self._audio) // 2 * 2])
        if self._grammar and any(word["word"] == UNKNOWN for word in words):
            # "Parem de me ligar" must be heard whatever was asked.
            self._recogniser.SetGrammar("[]")
            self._grammar = ""
            self._recogniser.AcceptWaveform(pcm)
            words = self._words()
        kept = [word for word in words if word["word"] != UNKNOWN]
        text = " ".join(word["word"] for word in kept)
        confidence = sum(word["conf"] for word in words) / len(words) if words else 0.0
        if words and not kept:
            reason = "low_confidence"
        elif not words:
            reason = "no_speech"
        else:
            reason = "low_confidence" if confidence < DOUBTFUL_BELOW else ""
        said = plain(text)
        matches = tuple((phrase, round(confidence, 4)) for phrase in self._phrases if kept and plain(phrase) == said)
        ms = round(1000 * (time.perf_counter() - started), 1)
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)
        snr_db = round(signal_to_noise(samples), 1)
        return Hypothesis(text, round(confidence, 4), matches, "vosk", reason, ms, snr_db=snr_db)

    def _words(self) -> list[dict[str, Any]]:
        """Of the turn's segments, the last of which ends here."""
        self._finished.append(json.loads(self._recogniser.FinalResult()))
        self._fed = False
        words = [word for segment in self._finished for word in segment.get("result", [])]
        self._finished.clear()
        return words

    def glance(self) -> Hypothesis:
        """The words so far, without confidence: that comes with the end of a segment."""
        found = [str(segment.get("text", "")) for segment in self._finished]
        found.append(str(json.loads(self._recogniser.PartialResult()).get("partial", "")))
        text = " ".join(word for part in found for word in part.split() if word != UNKNOWN)
        return Hypothesis(text, 0.0, engine="vosk", reason="" if text else "no_speech", partial=True)

    def close(self) -> None:
        """Let the native recogniser go."""
        self._recogniser = None

    def _grammar_for(self, context: HearingContext) -> str:
        asked = frozenset(context.expect)
        if context.phrases and asked <= {"intent", "yes_no"}:
            said = [plain(phrase) for phrase in context.phrases]
        elif asked and "intent" not in asked:
            # Values: their words in any order; understanding puts them together.
            said = [*value_words(context.language, asked), *(plain(phrase) for phrase in context.phrases)]
        else:
            # A free answer needs the whole vocabulary: a grammar would bend it into itself.
            return ""
        usable = [phrase for phrase in dict.fromkeys(said) if all(self._model.knows(word) for word in phrase.split())]
        missing = sorted({phrase for phrase in said if phrase not in usable})
        if missing and context.phrases:
            log.warning("the Vosk model does not know all of: %s; left out of the grammar", ", ".join(missing[:20]))
        return json.dumps([*usable, UNKNOWN], ensure_ascii=False) if usable else ""


@lru_cache(maxsize=64)
def value_words(language: str, asked: frozenset[str]) -> tuple[str, ...]:
    """The words of the answers to these kinds of question, yes and no beside them; () where a kind has no grammar."""
    try:
        kinds = kinds_of(language)
    except ModuleNotFoundError:
        return ()  # a language that is none of the agent's
    if not asked <= kinds.keys():
        return ()
    words = {plain(word) for kind in (*asked, "yes_no") for word in words_of(kinds[kind])}
    return tuple(sorted(word for word in words if word))


def plain(phrase: str) -> str:
    """A phrase as Vosk writes words: lower case, no punctuation, single spaces."""
    return " ".join(re.sub(r"[^\w\s'-]", " ", phrase.lower()).split())
