"""How a debtor's words become sound: its voice, with pauses, a voicemail's beep and the noise of its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from voiceagent.audio.format import SAMPLE_BYTES, SAMPLE_RATE
from voiceagent.audio.levels import mix
from voiceagent.language.spoken import SpokenPart
from voiceagent.simulator.persona import Manners
from voiceagent.speech.protocol import Voice

#: A voicemail's beep: pitch, length, the silence before it, and its level as a peak of full scale.
_BEEP_HZ, _BEEP_S, _BEFORE_BEEP_S, _BEEP_PEAK = 1000, 0.5, 0.3, 0.25
_NOISE_S = 4.0
#: What an answer's text may hold besides words.
MARKS = frozenset({"…", "[beep]"})
_SPLIT = re.compile(r"(…|\[beep\])")


class DebtorVoice:
    """A Voice over another one that knows the marks of `persona.Answer.text`."""

    def __init__(self, voice: Voice, manners: Manners) -> None:
        self._voice, self._pause_s = voice, manners.pause_s
        self.noise = Noise(manners.noise_dbov) if manners.noise_dbov is not None else None

    async def render(self, parts: Sequence[SpokenPart]) -> bytes:
        """The words' PCM, on this line."""
        pieces = [piece for part in parts for piece in pieces_of(part.text)]
        spoken = {piece: await self._voice.render((SpokenPart(piece),)) for piece in pieces if piece not in MARKS}
        return self.sound(pieces, spoken.__getitem__)

    def sound(self, pieces: Iterable[str], speak: Callable[[str], bytes]) -> bytes:
        """The PCM of an answer's pieces, its words as `speak` gives them."""
        marks = {"…": silence(self._pause_s), "[beep]": silence(_BEFORE_BEEP_S) + beep()}
        pcm = b"".join(marks[piece] if piece in MARKS else speak(piece) for piece in pieces)
        return mix(pcm, self.noise.take(len(pcm))) if self.noise is not None else pcm

    async def prepare(self, prompts: Sequence[Sequence[SpokenPart]]) -> None:
        """Have the words rendered before they are needed."""
        pieces = [piece for parts in prompts for part in parts for piece in pieces_of(part.text)]
        await self._voice.prepare([(SpokenPart(piece),) for piece in pieces if piece not in MARKS])

    async def close(self) -> None:
        """Give the voice back."""
        await self._voice.close()


class Noise:
    """The noise of a line at a level in dBov, without end."""

    def __init__(self, dbov: float) -> None:
        draw = np.random.default_rng(8).normal(0, 32768 * 10 ** (dbov / 20), int(_NOISE_S * SAMPLE_RATE))
        self._loop = np.clip(draw, -32768, 32767).astype("<i2").tobytes()
        self._at = 0

    def take(self, count: int) -> bytes:
        """So many bytes of it."""
        start, self._at = self._at, (self._at + count) % len(self._loop)
        return (self._loop * (count // len(self._loop) + 2))[start : start + count]


def pieces_of(text: str) -> list[str]:
    """An answer's words and MARKS, in order."""
    return [piece.strip() for piece in _SPLIT.split(text) if piece in MARKS or any(map(str.isalnum, piece))]


def words(text: str) -> str:
    """An answer as text, without its marks."""
    return " ".join(piece for piece in pieces_of(text) if piece not in MARKS)


def silence(seconds: float) -> bytes:
    """Nothing, for so long."""
    return bytes(SAMPLE_BYTES * int(seconds * SAMPLE_RATE))


def beep() -> bytes:
    """A voicemail's."""
    moments = np.arange(int(_BEEP_S * SAMPLE_RATE)) / SAMPLE_RATE
    return bytes((32767 * _BEEP_PEAK * np.sin(2 * np.pi * _BEEP_HZ * moments)).astype("<i2").tobytes())
