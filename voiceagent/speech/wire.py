"""The Wyoming events between worker and speech process, and what this project adds to them.

Plain Wyoming: describe/info, transcribe + audio-start/chunk/stop → transcript, synthesize → audio-start/chunk/stop,
ping/pong, error. Added, where any other server or client ignores it: `context` of transcribe (call_id, turn, expect,
phrases, today) and of transcript (turn, confidence, alternatives, engine, reason, ms); `context` of synthesize
(call_id, parts, patience_s); the event `voiceagent-open`, which warms a recogniser for a call; and `voiceagent-glance`,
which asks what the turn says so far and is answered with `voiceagent-glanced`. A describe may say how many calls are
about to begin (`wanted`): `room` of info are then held for them while the connection lasts, and longer for those that
`voiceagent-keep` names (`calls`), which is answered with `voiceagent-kept`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event
from wyoming.info import Describe
from wyoming.tts import Synthesize, SynthesizeVoice

from voiceagent.audio.format import SAMPLE_BYTES, SAMPLE_RATE
from voiceagent.audio.resample import resample
from voiceagent.base.errors import BadInputError
from voiceagent.language.spoken import SpokenPart
from voiceagent.speech.protocol import HearingContext, Hypothesis

OPEN = "voiceagent-open"
OPENED = "voiceagent-opened"
GLANCE = "voiceagent-glance"
GLANCED = "voiceagent-glanced"
KEEP = "voiceagent-keep"
KEPT = "voiceagent-kept"
#: PCM per audio-chunk event when a whole prompt is sent: a second.
CHUNK_BYTES = SAMPLE_RATE * SAMPLE_BYTES


def open_event(call_id: str, language: str) -> Event:
    """Asks for a warmed recogniser for the call."""
    return Event(OPEN, {"call_id": call_id, "language": language})


def transcribe_event(call_id: str, turn: int, context: HearingContext) -> Event:
    """Begins a turn."""
    extra: dict[str, Any] = {
        "call_id": call_id,
        "turn": turn,
        "expect": list(context.expect),
        "phrases": list(context.phrases),
        "today": context.today,
        "digits": context.digits,
    }
    return Transcribe(language=context.language, context=extra).event()


def hearing_context(event: Event, default_language: str) -> tuple[HearingContext, int]:
    """The context and turn number of a transcribe event; other clients send neither."""
    extra = event.data.get("context") or {}
    digits = extra.get("digits")
    context = HearingContext(
        language=event.data.get("language") or default_language,
        expect=tuple(str(kind) for kind in extra.get("expect", ())),
        phrases=tuple(str(phrase) for phrase in extra.get("phrases", ())),
        today=str(extra.get("today", "")),
        digits=(int(digits[0]), int(digits[1])) if digits else None,
    )
    return context, int(extra.get("turn", 0))


def transcript_event(heard: Hypothesis, turn: int, language: str) -> Event:
    """A turn's result."""
    return Transcript(text=heard.text, language=language, context={"turn": turn} | _outcome(heard)).event()


def info_event(info: Event, refusal: str, room: int) -> Event:
    """What is served (a Wyoming info event), why no new call should begin ("" when one may), and how many may."""
    return Event(info.type, info.data | {"refusal": refusal, "room": room})


def refusal(event: Event) -> str:
    """The same, read; another project's server never refuses."""
    return str(event.data.get("refusal") or "")


def describe_event(wanted: int) -> Event:
    """Asks what is served, and for room for so many calls."""
    event = Describe().event()
    event.data |= {"wanted": wanted}
    return event


def room(event: Event) -> int | None:
    """How many of the wanted calls may begin; None: another project's server, which does not say."""
    told = event.data.get("room")
    return None if told is None else int(told)


def keep_event(calls: Sequence[str]) -> Event:
    """Of the room that is held, the calls that take it; the rest is free again."""
    return Event(KEEP, {"calls": list(calls)})


def glance_event(turn: int, number: int) -> Event:
    """Asks what the turn says so far; `number` tells the glances of a connection apart."""
    return Event(GLANCE, {"turn": turn, "number": number})


def glanced_event(asked: Event, heard: Hypothesis | None) -> Event:
    """The answer to `asked`; `seen` is false when the machine had no time for it."""
    told: dict[str, Any] = {"number": asked.data.get("number"), "seen": heard is not None}
    if heard is not None:
        told |= {"text": heard.text, "context": {"turn": asked.data.get("turn")} | _outcome(heard)}
    return Event(GLANCED, told)


def _outcome(heard: Hypothesis) -> dict[str, Any]:
    return {
        "confidence": heard.confidence,
        "alternatives": [list(pair) for pair in heard.alternatives],
        "engine": heard.engine,
        "reason": heard.reason,
        "ms": heard.ms,
        "partial": heard.partial,
        "snr_db": heard.snr_db,
    }


def hypothesis(event: Event) -> tuple[Hypothesis, int | None]:
    """A transcript as a Hypothesis and its turn; a foreign server's bare text counts as confident, turn None."""
    extra = event.data.get("context") or {}
    heard = Hypothesis(
        text=str(event.data.get("text", "")),
        confidence=float(extra.get("confidence", 1.0 if event.data.get("text") else 0.0)),
        alternatives=tuple((str(text), float(score)) for text, score in extra.get("alternatives", ())),
        engine=str(extra.get("engine", "wyoming")),
        reason=str(extra.get("reason", "" if event.data.get("text") else "no_speech")),
        ms=float(extra.get("ms", 0.0)),
        partial=bool(extra.get("partial", False)),
        snr_db=extra.get("snr_db"),
    )
    turn = extra.get("turn")
    return heard, None if turn is None else int(turn)


def synthesize_event(
    call_id: str, parts: Sequence[SpokenPart], language: str, voice: str | None, patience_s: float
) -> Event:
    """Asks for a prompt."""
    extra: dict[str, Any] = {
        "call_id": call_id,
        "language": language,
        "patience_s": patience_s,
        "parts": [{"text": part.text, "cacheable": part.cacheable} for part in parts],
    }
    chosen = SynthesizeVoice(name=voice) if voice else SynthesizeVoice(language=language)
    return Synthesize(text=" ".join(part.text for part in parts), voice=chosen, context=extra).event()


def prompt_parts(event: Event) -> list[SpokenPart]:
    """The parts of a synthesize event; a foreign client's whole text counts as personal."""
    extra = event.data.get("context") or {}
    if "parts" not in extra:
        return [SpokenPart(str(event.data.get("text", "")), cacheable=False)]
    return [SpokenPart(str(part["text"]), bool(part["cacheable"])) for part in extra["parts"]]


def audio_events(pcm: bytes, extra: dict[str, Any] | None = None) -> list[Event]:
    """8 kHz s16le PCM as audio-start, chunks of a second, audio-stop."""
    form: dict[str, int] = {"rate": SAMPLE_RATE, "width": SAMPLE_BYTES, "channels": 1}
    start = AudioStart(**form).event()
    if extra:
        start.data["context"] = extra
    chunks = [AudioChunk(audio=pcm[at : at + CHUNK_BYTES], **form).event() for at in range(0, len(pcm), CHUNK_BYTES)]
    return [start, *chunks, AudioStop().event()]


def telephone_sound(pcm: bytes, rate: int, width: int, channels: int) -> bytes:
    """Another program's audio as 8 kHz mono. BadInputError when it has no 16-bit samples."""
    if width != SAMPLE_BYTES or rate <= 0 or channels <= 0:
        raise BadInputError(f"audio must have 16-bit samples, not {8 * width}-bit at {rate} Hz on {channels} channels")
    if (rate, channels) == (SAMPLE_RATE, 1):
        return pcm
    whole = len(pcm) // (width * channels) * (width * channels)
    mono = np.frombuffer(pcm[:whole], "<i2").reshape(-1, channels).mean(axis=1)
    return resample(mono.astype("<i2").tobytes(), rate)
