"""Speech without a voice: every text is a tone of its own, so that fake audio can be heard exactly.

The virtual-time driver speaks and recognises with these: whatever goes wrong then is the agent's timing, not a model's.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import numpy as np

from voiceagent.audio.format import FRAME_BYTES, FRAME_SAMPLES, SAMPLE_RATE
from voiceagent.language.spoken import SpokenPart
from voiceagent.speech.protocol import HearingContext, Hypothesis, Places

#: Tones lie on the bins of a 20 ms frame's spectrum (50 Hz apart), two of them per text.
_LOW, _HIGH, _STEP = 300, 3400, 50
_BINS = range(_LOW // _STEP, _HIGH // _STEP)

#: Noise beside the tones (they have 6000 each), without which a telephone's tone would be heard in them.
BREATHY = 4500.0
#: Seconds of audio per character, about as long as a person takes.
PER_CHARACTER_S = 0.06
SHORTEST_S = 0.4
#: Silence between two sentences: 0.3 s.
BREATH_BYTES = 15 * FRAME_BYTES


class ToneBook:
    """Which pair of tones stands for which text."""

    def __init__(self) -> None:
        self._pairs = [(low, high) for low in _BINS for high in _BINS if low < high]
        self._of_text: dict[str, tuple[int, int]] = {}
        self._of_pair: dict[tuple[int, int], str] = {}

    def speak(self, text: str) -> bytes:
        """The text as 8 kHz audio, whole frames."""
        pair = self._of_text.get(text)
        if pair is None:
            # Far apart for texts that follow each other: a frame that holds the seam of two decodes as neither.
            pair = self._pairs[len(self._of_text) * 97 % len(self._pairs)]
            self._of_text[text], self._of_pair[pair] = pair, text
        frames = int(max(SHORTEST_S, len(text) * PER_CHARACTER_S) * SAMPLE_RATE / FRAME_SAMPLES)
        moments = np.arange(frames * FRAME_SAMPLES) / SAMPLE_RATE
        low, high = (np.sin(2 * np.pi * number * _STEP * moments) for number in pair)
        breath = np.random.default_rng(pair).normal(0, BREATHY, moments.size)
        return bytes(np.clip(6000 * (low + high) + breath, -32768, 32767).astype("<i2").tobytes())

    def hear(self, pcm: bytes) -> str:
        """The texts in that audio, in order; what is no tone of the book is left out."""
        found: list[str] = []
        counts: dict[str, int] = {}
        for start in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
            frame = np.frombuffer(pcm[start : start + FRAME_BYTES], dtype="<i2").astype(float)
            spectrum = np.abs(np.fft.rfft(frame))
            if spectrum.max() < 10_000:
                continue
            low, high = sorted(int(number) for number in np.argsort(spectrum)[-2:])
            text = self._of_pair.get((low, high))
            if text is not None:
                counts[text] = counts.get(text, 0) + 1
                if counts[text] == 5:
                    found.append(text)
        return " ".join(found)


class ToneHearing:
    """Hearing over a ToneBook; `lost` makes it answer like a dead speech process."""

    def __init__(self, book: ToneBook) -> None:
        self._book = book
        self._pcm = bytearray()
        self.contexts: list[HearingContext] = []
        """What each turn was expected to be."""
        self.lost = False

    async def begin(self, context: HearingContext) -> None:
        """Start a turn."""
        self.contexts.append(context)
        self._pcm.clear()

    async def feed(self, pcm: bytes) -> None:
        """Take audio."""
        self._pcm += pcm

    async def finish(self) -> Hypothesis:
        """Decode it."""
        if self.lost:
            return Hypothesis("", 0.0, reason="unavailable")
        text = self._book.hear(bytes(self._pcm))
        return Hypothesis(text, 1.0 if text else 0.0, engine="tones", reason="" if text else "no_speech")

    async def glance(self) -> Hypothesis | None:
        """Decode what there is."""
        return None if self.lost else await self.finish()

    async def close(self) -> None:
        """Nothing to release."""


class ToneVoice:
    """Voice over a ToneBook: each sentence of a prompt is one text, with a breath after it."""

    def __init__(self, book: ToneBook) -> None:
        self._book = book

    async def render(self, parts: Sequence[SpokenPart]) -> bytes:
        """The prompt's tones."""
        sentences = re.split(r"(?<=[.!?…])\s+", " ".join(part.text for part in parts))
        return bytes(BREATH_BYTES).join(self._book.speak(sentence) for sentence in sentences)

    async def prepare(self, prompts: Sequence[Sequence[SpokenPart]]) -> None:
        """Nothing takes time here."""

    async def close(self) -> None:
        """Nothing to release."""


class ToneService:
    """SpeechService of one virtual call."""

    def __init__(self) -> None:
        self.book = ToneBook()
        self.ears = ToneHearing(self.book)

    @asynccontextmanager
    async def places(self, wanted: int) -> AsyncIterator[Places]:
        """It is always there, for as many as like."""
        yield Places(wanted)

    async def hearing(self, call_id: str, language: str) -> ToneHearing:
        """The ears."""
        return self.ears

    async def voice(self, call_id: str, language: str) -> ToneVoice:
        """The mouth."""
        return ToneVoice(self.book)
