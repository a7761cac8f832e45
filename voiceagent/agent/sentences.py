"""Where in its audio each sentence of a prompt lies: what was heard of it, and where it may be taken up again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from voiceagent.audio.format import FRAME_BYTES, FRAME_SAMPLES, seconds
from voiceagent.audio.levels import samples

#: Written at the end of what was cut off.
CUT = "…"

#: Quieter frames are a pause: voices are rendered at -20 dBov.
_QUIET_DBOV = -48.0
#: A shorter pause may lie inside a word.
_PAUSE_S = 0.12
#: How far a pause may be from where its full stop is expected, as a share of the prompt, and at least in seconds.
_ASTRAY, _ASTRAY_S = 0.12, 0.8
#: Seconds by which a pause may be farther off for each second that it is longer: full stops pause longest.
_LONGER = 4.0
_END = re.compile(r"(?<=[.!?…])\s+")


@dataclass(frozen=True, slots=True)
class Sentence:
    """Some of a prompt's words with the bytes of its audio that say them, the pause after them included."""

    text: str
    begins: int
    ends: int

    def heard(self, until: int) -> str:
        """Its words that were said whole by that byte of the prompt, as far as their lengths tell."""
        share = (until - self.begins) / max(1, self.ends - self.begins)
        if share >= 1:
            return self.text
        room, words = share * len(self.text), []
        for word in self.text.split():
            room -= len(word)
            if room < 0:
                break
            words.append(word)
            room -= 1
        return " ".join([*words, CUT])


def sentences(text: str, pcm: bytes) -> tuple[Sentence, ...]:
    """The sentences of a prompt in its audio, found by their pauses: any voice will do, and recordings too.

    Sentences without a pause between them stay together, so that a prompt is never taken up inside a word.
    """
    texts = _END.split(text.strip())
    pauses = list(_pauses(pcm)) if len(texts) > 1 else []
    found: list[Sentence] = []
    begins, held, place = 0, "", 0
    for part in texts[:-1]:
        place += len(part) + 1
        held = f"{held} {part}".strip()
        expected = seconds(len(pcm)) * place / max(1, len(text))
        pause = _nearest(pauses, expected, begins, max(_ASTRAY_S, _ASTRAY * seconds(len(pcm))))
        if pause is not None:
            found.append(Sentence(held, begins, pause))
            begins, held = pause, ""
    found.append(Sentence(f"{held} {texts[-1]}".strip(), begins, len(pcm)))
    return tuple(found)


def heard(parts: tuple[Sentence, ...], until: int) -> str:
    """What was heard of a prompt by that byte; ends with CUT where something is missing."""
    said = [part.text for part in parts if part.ends <= until]
    cut = next((part for part in parts if part.ends > until), None)
    return " ".join(said if cut is None else [*said, cut.heard(until)])


def begin_of(parts: tuple[Sentence, ...], at: int) -> int:
    """The index of the sentence that is being said at that byte."""
    return next((index for index, part in enumerate(parts) if part.ends > at), len(parts) - 1)


def _pauses(pcm: bytes) -> Iterator[tuple[int, int]]:
    """(first byte, byte after the last) of every pause within the sound, in whole frames."""
    frames = samples(pcm[: len(pcm) // FRAME_BYTES * FRAME_BYTES]).astype(np.float64).reshape(-1, FRAME_SAMPLES)
    quiet = np.mean(frames * frames, axis=1) < (32768 * 10 ** (_QUIET_DBOV / 20)) ** 2
    edges = np.flatnonzero(np.diff(np.concatenate(([0], quiet.astype(np.int8), [0]))))
    for first, after in edges.reshape(-1, 2).tolist():
        if first > 0 and after < len(quiet) and seconds((after - first) * FRAME_BYTES) >= _PAUSE_S - 1e-9:
            yield first * FRAME_BYTES, after * FRAME_BYTES


def _nearest(pauses: list[tuple[int, int]], expected_s: float, after: int, astray_s: float) -> int | None:
    """The byte before which the likeliest pause ends: the longest of those near enough, one frame of it kept."""
    best: tuple[float, int] | None = None
    for first, end in pauses:
        away = abs(seconds(first + end) / 2 - expected_s)
        if first <= after or away > astray_s:
            continue
        badness = away - _LONGER * seconds(end - first)
        if best is None or badness < best[0]:
            best = (badness, end - FRAME_BYTES)
    return None if best is None else best[1]
