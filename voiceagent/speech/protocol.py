"""What the agent asks of speech: shapes and protocols. The client speaks them over Wyoming; fakes implement them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Protocol

from voiceagent.language.spoken import SpokenPart


@dataclass(frozen=True, slots=True)
class HearingContext:
    """What the state being heard expects: narrows recognition, never invents words."""

    language: str
    """pt-BR, es or en."""
    expect: tuple[str, ...] = ()
    """Kinds of answer: intent, yes_no, date, amount, instalments, digits, time, email."""
    phrases: tuple[str, ...] = ()
    """Spoken forms of the choices (at most 20 are scored)."""
    today: str = ""
    """The call's pinned day, YYYY-MM-DD, for date grammars."""
    digits: tuple[int, int] | None = None
    """Fewest and most digits of the number that is asked for; None where it may have any."""


#: Under this much speech over noise answers are not believed on the sound alone, and half of them are asked again.
NOISY_DB = 13.0


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What was heard in one turn."""

    text: str
    """Best text, "" when nothing intelligible."""
    confidence: float
    """0-1; comparable within one engine."""
    alternatives: tuple[tuple[str, float], ...] = ()
    """Other readings, best first: (text or phrase, confidence)."""
    engine: str = ""
    """vosk, whisper or scripted."""
    reason: str = ""
    """Why `text` is empty or doubtful: "", no_speech, low_confidence, timeout, unavailable, loop."""
    ms: float = 0.0
    """Time spent recognising after the last sample."""
    partial: bool = False
    """Of a glance: the engine may still change its mind at the end of the turn, so this does not stand for it."""
    snr_db: float | None = None
    """Speech over the line's noise; None where nobody measured it."""

    @property
    def hard(self) -> bool:
        """The line is too noisy or the recogniser too slow for another question in words to help much."""
        return self.reason == "timeout" or (self.snr_db is not None and self.snr_db < NOISY_DB)

    def torn(self) -> Hypothesis:
        """The same of a part of a turn that was too long: half a number is another number, so it vouches for none."""
        return replace(self, reason=self.reason or "low_confidence")


class Hearing(Protocol):
    """The recogniser of one call: kept warm for the whole call, one turn at a time."""

    async def begin(self, context: HearingContext) -> None:
        """Start a turn; what was fed and not finished is forgotten."""
        ...

    async def feed(self, pcm: bytes) -> None:
        """Add 8 kHz s16le speech of this turn, in real time or faster."""
        ...

    async def finish(self) -> Hypothesis:
        """End the turn; never raises, a dead or slow engine gives a Hypothesis with its `reason`."""
        ...

    async def glance(self) -> Hypothesis | None:
        """What the turn says so far, which goes on; None when that cannot be had now. Never raises."""
        ...

    async def close(self) -> None:
        """Release the engine's state."""
        ...


class Voice(Protocol):
    """The agent's mouth engine for one call: text in, 8 kHz s16le PCM out."""

    async def render(self, parts: Sequence[SpokenPart]) -> bytes:
        """The prompt's PCM. Raises UnavailableError when the engine cannot be had."""
        ...

    async def prepare(self, prompts: Sequence[Sequence[SpokenPart]]) -> None:
        """Render ahead what a call will need (while dialling)."""
        ...

    async def close(self) -> None:
        """Forget what was rendered for this call."""
        ...


class Places:
    """Room for calls that are about to begin."""

    def __init__(self, room: int) -> None:
        self.room = room
        """How many may, 1 or more."""

    async def keep(self, calls: Sequence[str]) -> None:
        """These calls (ids), `room` at most, are to begin; what else was held is free again. Told once."""


class SpeechService(Protocol):
    """Gives each call its ears and its mouth."""

    def places(self, wanted: int) -> AbstractAsyncContextManager[Places]:
        """Room for up to `wanted` calls; UnavailableError at the beginning when none may begin, or nobody answers.

        Nobody else gets it until the end, and until their ears are opened those calls that were kept by then.
        """
        ...

    async def hearing(self, call_id: str, language: str) -> Hearing:
        """A warmed recogniser for the call."""
        ...

    async def voice(self, call_id: str, language: str) -> Voice:
        """The voice of the call; the same one for the whole call."""
        ...


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """Speech has lasted long enough to count; `pcm` begins with the pre-roll, its first sound was `onset_s` ago."""

    pcm: bytes
    onset_s: float


@dataclass(frozen=True, slots=True)
class TurnAudio:
    """More audio of the open turn."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The turn is over: `speech_s` of speech were heard; `trailing_s` of silence closed it; `cut` when too long."""

    speech_s: float
    trailing_s: float
    cut: bool = False


SegmentEvent = TurnStarted | TurnAudio | TurnEnded


@dataclass(slots=True)
class SegmenterSettings:
    """Turn-taking seconds; defaults of the architecture page, per state from the script."""

    min_speech_s: float = 0.12
    end_silence_s: float = 0.7
    max_turn_s: float = 12.0
    pre_roll_s: float = 0.4


class Segmenter(Protocol):
    """Cuts frames into turns. Pure: time is the number of frames."""

    settings: SegmenterSettings

    def process(self, pcm: bytes, *, hidden: bool = False) -> list[SegmentEvent]:
        """Take one 20 ms frame, give what it decides; a `hidden` one is kept but never counts as speech."""
        ...

    def reset(self) -> None:
        """Forget the open turn and the pre-roll."""
        ...

    @property
    def speaking_s(self) -> float:
        """Seconds of the speech going on now (0 when silent)."""
        ...

    @property
    def voice_s(self) -> float:
        """The same, of what is certain to be a voice."""
        ...

    @property
    def silent_s(self) -> float:
        """Seconds since the last speech; 0 while somebody speaks."""
        ...
