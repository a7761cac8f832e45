"""The speech process: a Wyoming server on a Unix socket, one connection per ear or mouth of a call."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from wyoming.asr import Transcribe
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import AsrModel, AsrProgram, Attribution, Describe, Info, TtsProgram, TtsVoice
from wyoming.ping import Ping, Pong
from wyoming.server import AsyncEventHandler, AsyncUnixServer
from wyoming.tts import Synthesize

from voiceagent.audio.format import SAMPLE_BYTES, SAMPLE_RATE
from voiceagent.base.errors import BadInputError, UnavailableError, VoiceagentError
from voiceagent.base.languages import Language
from voiceagent.speech import wire
from voiceagent.speech.ears import CallEar, Ears
from voiceagent.speech.metrics import SpeechMetrics
from voiceagent.speech.synthesis.speaker import CallVoice, Speaker

log = logging.getLogger(__name__)

#: Longer audio in one turn is not speech of a debtor; it is cut so that memory stays bounded.
MAX_TURN_BYTES = 30 * SAMPLE_RATE * SAMPLE_BYTES
DEFAULT_PATIENCE_S = 10.0
_OURS = Attribution(name="voiceagent", url="")


class SpeechServer:
    """Serves `ears` and `speaker` on the socket until told to stop."""

    def __init__(self, socket: Path, ears: Ears, speaker: Speaker, metrics: SpeechMetrics | None = None) -> None:
        self.socket = socket
        self.ears = ears
        self.speaker = speaker
        self.metrics = metrics or SpeechMetrics()
        self._server = AsyncUnixServer(socket)

    async def start(self) -> None:
        """Listen. UnavailableError when another speech process answers on the socket."""
        if await _answers(self.socket):
            raise UnavailableError(f"a speech process already listens on {self.socket}: stop it first")
        try:
            self.socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            await self._server.start(lambda reader, writer: _Connection(self, reader, writer))
            self.socket.chmod(0o600)
        except OSError as error:
            raise UnavailableError(f"cannot listen on {self.socket}: {error.strerror or error}") from error

    async def stop(self) -> None:
        """Close connections, end the synthesisers, remove the socket."""
        await self._server.stop()
        await self.speaker.close()
        self.ears.close()
        self.socket.unlink(missing_ok=True)

    @cached_property
    def info(self) -> Event:
        """What is served, for any Wyoming client; every idle seat asks, and it stays as it is."""
        programs: dict[str, AsrProgram] = {}
        for language, recogniser in self.ears.recognisers.items():
            program = programs.setdefault(
                recogniser.name, AsrProgram(recogniser.name, _OURS, True, f"{recogniser.name} recogniser", None, [])
            )
            program.models.append(
                AsrModel(f"{recogniser.name}-{language}", _OURS, True, None, None, languages=[language])
            )
        voices = [
            TtsVoice(str(voice), _OURS, True, None, None, languages=[voice.language]) for voice in self.speaker.voices()
        ]
        speaker = TtsProgram(self.speaker.engine, _OURS, True, f"{self.speaker.engine} synthesiser", None, voices)
        return Info(asr=list(programs.values()), tts=[speaker]).event()


class _Connection(AsyncEventHandler):
    """One client connection."""

    def __init__(self, server: SpeechServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__(reader, writer)
        self._server = server
        self._ear: CallEar | None = None
        self._held = 0
        self._language: str = Language.PT_BR.value
        self._turn = 0
        self._begun = False
        self._fed = 0
        self._foreign: list[AudioChunk] = []
        self._voices: dict[str, CallVoice] = {}

    async def run(self) -> None:
        """Serve the connection; a peer that goes away is no failure."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await super().run()

    async def handle_event(self, event: Event) -> bool:
        """Answer one event; failures become error events, the connection stays."""
        try:
            await self._handle(event)
        except VoiceagentError as error:
            await self.write_event(Error(error.message, error.code).event())
        except (KeyError, TypeError, ValueError) as error:
            await self.write_event(Error(f"bad {event.type} event: {error!r}", "bad_input").event())
        return True

    async def disconnect(self) -> None:
        """Forget the call."""
        if self._ear is not None:
            self._ear.close()
        self._keep(())
        self._voices.clear()

    async def _handle(self, event: Event) -> None:
        if AudioChunk.is_type(event.type):
            await self._feed(AudioChunk.from_event(event))
        elif Transcribe.is_type(event.type):
            await self._begin(event)
        elif AudioStop.is_type(event.type):
            await self._finish()
        elif event.type == wire.GLANCE:
            await self._glance(event)
        elif AudioStart.is_type(event.type):
            self._foreign.clear()
        elif Synthesize.is_type(event.type):
            await self._synthesize(event)
        elif event.type == wire.OPEN:
            ear = await self._opened(_language(event.data.get("language")), str(event.data.get("call_id") or ""))
            await self.write_event(Event(wire.OPENED, {"engine": ear.engine, "language": ear.language}))
        elif Describe.is_type(event.type):
            await self._describe(event.data.get("wanted"))
        elif event.type == wire.KEEP:
            self._keep([str(call) for call in event.data["calls"]])
            await self.write_event(Event(wire.KEPT))
        elif Ping.is_type(event.type):
            await self.write_event(Pong(event.data.get("text")).event())

    async def _describe(self, wanted: Any) -> None:
        ears = self._server.ears
        self._keep(())
        if wanted is not None:
            self._held = await ears.reserve(int(wanted))
        room = ears.room() if wanted is None else self._held
        await self.write_event(wire.info_event(self._server.info, ears.refusal(self._held), room))

    def _keep(self, calls: Sequence[str]) -> None:
        self._server.ears.give_back(self._held, calls)
        self._held = 0

    async def _opened(self, language: str, call_id: str = "") -> CallEar:
        if self._ear is not None and self._ear.language != language:
            self._ear.close()
            self._ear = None
        if self._ear is None:
            self._ear = await self._server.ears.open(language, call_id)
        self._language = language
        return self._ear

    async def _begin(self, event: Event) -> None:
        context, self._turn = wire.hearing_context(event, self._language)
        self._begun = False
        ear = await self._opened(_language(context.language))
        # Engines know the agent's own codes only, other clients say "pt" or "en-GB".
        context = replace(context, language=ear.language)
        self._fed = 0
        self._foreign.clear()
        await ear.begin(context)
        self._begun = True

    async def _feed(self, chunk: AudioChunk) -> None:
        if not self._begun or self._ear is None or self._fed >= MAX_TURN_BYTES:
            return
        self._fed += len(chunk.audio)
        if (chunk.rate, chunk.width, chunk.channels) == (SAMPLE_RATE, SAMPLE_BYTES, 1):
            await self._ear.feed(chunk.audio)
        else:
            self._foreign.append(chunk)

    async def _finish(self) -> None:
        if not self._begun or self._ear is None:
            return
        self._begun = False
        if self._foreign:
            await self._ear.feed(_telephone(self._foreign))
            self._foreign.clear()
        heard = await self._ear.finish()
        await self.write_event(wire.transcript_event(heard, self._turn, self._ear.language))

    async def _glance(self, event: Event) -> None:
        heard = await self._ear.glance() if self._begun and self._ear is not None and not self._foreign else None
        await self.write_event(wire.glanced_event(event, heard))

    async def _synthesize(self, event: Event) -> None:
        started = time.perf_counter()
        speaker, metrics = self._server.speaker, self._server.metrics
        extra: dict[str, Any] = event.data.get("context") or {}
        asked = event.data.get("voice") or {}
        language = _language(extra.get("language") or asked.get("language") or self._language)
        call_id = str(extra.get("call_id", ""))
        wanted = speaker.voice(language, asked.get("name"))
        call = self._voices.get(call_id)
        if call is None or call.voice != wanted:
            call = self._voices[call_id] = CallVoice(wanted)
        patience = float(extra.get("patience_s", DEFAULT_PATIENCE_S))
        try:
            pcm, rendered = await speaker.render(call, wire.prompt_parts(event), patience)
        except TimeoutError as error:
            raise UnavailableError("the synthesiser has too much to say; the prompt came too late") from error
        source = "rendered" if rendered else "cache"
        metrics.prompts.labels(wanted.engine, source).inc()
        metrics.synthesise_seconds.labels(wanted.engine, source).observe(time.perf_counter() - started)
        for reply in wire.audio_events(pcm, {"voice": str(wanted), "rendered": rendered}):
            await self.write_event(reply)


def _language(wanted: Any) -> str:
    """The agent's language for a code: exact, or by its first part ("pt", "en-GB")."""
    text = str(wanted or "")
    for language in Language:
        if language.value == text or language.value.split("-")[0] == text.replace("_", "-").split("-")[0].lower():
            return language.value
    raise BadInputError(f"unknown language {text!r}: one of {', '.join(Language)}")


def _telephone(chunks: list[AudioChunk]) -> bytes:
    """Another client's audio as 8 kHz mono."""
    first = chunks[0]
    return wire.telephone_sound(b"".join(chunk.audio for chunk in chunks), first.rate, first.width, first.channels)


async def _answers(socket: Path) -> bool:
    try:
        _, writer = await asyncio.open_unix_connection(socket)
    except OSError:
        return False
    writer.close()
    return True
