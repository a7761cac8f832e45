"""The worker's side of speech: SpeechService over a Unix socket; survives the death of the speech process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event, async_read_event, async_write_event
from wyoming.info import Describe, Info

from voiceagent.audio.format import FRAME_BYTES, SAMPLE_BYTES, SAMPLE_RATE
from voiceagent.base.errors import BadInputError, MissingPartError, UnavailableError, VoiceagentError
from voiceagent.language.spoken import SpokenPart
from voiceagent.speech import wire
from voiceagent.speech.protocol import HearingContext, Hypothesis, Places

log = logging.getLogger(__name__)

CONNECT_S = 1.0
#: Warming a recogniser while dialling.
OPEN_S = 5.0
#: The speech process gives up after 1.5 s; the rest is for a busy machine to carry the answer.
FINISH_S = 2.0
#: A glance may take longer than what follows the end of a turn: it begins before that.
GLANCE_S = 2.5
RENDER_S = 10.0
#: What is prepared may take so many times as long as what somebody waits for, which goes before it.
PREPARING = 3
#: Audio of a turn goes out so much at a time: 0.1 s.
TOGETHER_BYTES = 5 * FRAME_BYTES
_FORMAT: dict[str, int] = {"rate": SAMPLE_RATE, "width": SAMPLE_BYTES, "channels": 1}
_FAILURES: dict[str, type[VoiceagentError]] = {"missing_part": MissingPartError, "bad_input": BadInputError}


class SpeechClient:
    """SpeechService at `socket_path`; a connection per ear, two per mouth: nothing said waits for what is prepared."""

    def __init__(self, socket_path: Path, finish_s: float = FINISH_S, render_s: float = RENDER_S) -> None:
        self._path = socket_path
        self._finish_s = finish_s
        self._render_s = render_s

    async def hearing(self, call_id: str, language: str) -> SpeechHearing:
        """A warmed recogniser.

        MissingPartError for a language without one, UnavailableError when nobody answers or the machine is full: then
        the call must not be placed.
        """
        hearing = SpeechHearing(self._path, call_id, language, self._finish_s)
        await hearing.open()
        return hearing

    async def voice(self, call_id: str, language: str, name: str | None = None) -> SpeechVoice:
        """The voice of the call: the agent's, or the one named (`pm_alex`, `am_adam@pt-BR*1.1`)."""
        voice = SpeechVoice(self._path, call_id, language, name, self._render_s)
        await voice.open()
        return voice

    @contextlib.asynccontextmanager
    async def places(self, wanted: int) -> AsyncIterator[Places]:
        """Room for up to `wanted` calls on this machine, nobody else's within it.

        UnavailableError when nobody answers, or (code strained) none should begin.
        """
        async with self._asked(wire.describe_event(wanted)) as (link, told):
            why = wire.refusal(told)
            if why:
                raise UnavailableError(f"no new call for now: {why}", code="strained")
            room = wire.room(told)
            yield Places(wanted) if room is None else _HeldPlaces(link, room)

    async def info(self) -> Info:
        """What the speech process serves. UnavailableError when nobody answers."""
        async with self._asked(Describe().event()) as (_, told):
            return Info.from_event(told)

    @contextlib.asynccontextmanager
    async def _asked(self, question: Event) -> AsyncIterator[tuple[_Link, Event]]:
        link = _Link(self._path)
        try:
            try:
                async with asyncio.timeout(OPEN_S):
                    await link.connect()
                    await link.send(question)
                    told = await link.wait_for("info")
            except (OSError, EOFError, TimeoutError) as error:
                raise _silent(self._path) from error
            yield link, told
        finally:
            link.close()


class _HeldPlaces(Places):
    """Held by a connection for as long as it lasts."""

    def __init__(self, link: _Link, room: int) -> None:
        super().__init__(room)
        self._link = link

    async def keep(self, calls: Sequence[str]) -> None:
        """As `Places`; a speech process that is gone meanwhile tells each call so itself."""
        try:
            async with asyncio.timeout(CONNECT_S):
                await self._link.send(wire.keep_event(calls))
                await self._link.wait_for(wire.KEPT)
        except (OSError, EOFError, TimeoutError, VoiceagentError) as error:
            log.warning("places of %d calls may be taken by others: %s", len(calls), error or type(error).__name__)


class SpeechHearing:
    """Hearing over one connection, made anew at the next turn when it broke."""

    def __init__(self, path: Path, call_id: str, language: str, finish_s: float) -> None:
        self._link = _Link(path)
        self._path = path
        self._call_id = call_id
        self._language = language
        self._finish_s = finish_s
        self._turn = self._glances = 0
        self._unsent = bytearray()
        self._broken = True
        self._ours = False

    async def open(self) -> None:
        """Connect and warm the recogniser."""
        try:
            async with asyncio.timeout(OPEN_S):
                await self._connect()
        except (OSError, EOFError, TimeoutError) as error:
            self._link.close()
            raise _silent(self._path) from error
        except VoiceagentError:
            self._link.close()
            raise

    async def begin(self, context: HearingContext) -> None:
        """Start a turn; a lost connection is made again, and if that fails `finish` says so."""
        self._turn += 1
        self._unsent.clear()
        try:
            if self._broken or not self._link.connected:
                async with asyncio.timeout(OPEN_S):
                    await self._connect()
            async with asyncio.timeout(CONNECT_S):
                await self._link.send(wire.transcribe_event(self._call_id, self._turn, context))
        except (OSError, EOFError, TimeoutError, VoiceagentError) as error:
            self._break(error)

    async def feed(self, pcm: bytes) -> None:
        """Send audio of the turn: some frames at a time, each event costs both sides as much as what it carries."""
        self._unsent += pcm
        if len(self._unsent) < TOGETHER_BYTES:
            return
        try:
            # A process that hangs takes nothing any more, and what follows would wait behind this for ever.
            async with asyncio.timeout(CONNECT_S):
                await self._send_audio()
        except OSError as error:
            self._break(error)

    async def finish(self) -> Hypothesis:
        """The turn's hypothesis, or one with reason timeout or unavailable."""
        started = time.perf_counter()
        if self._broken:
            return Hypothesis("", 0.0, reason="unavailable")
        try:
            async with asyncio.timeout(self._finish_s):
                await self._send_audio()
                await self._link.send(AudioStop().event())
                return await self._transcript()
        except TimeoutError:
            ms = round(1000 * (time.perf_counter() - started), 1)
            return Hypothesis("", 0.0, reason="timeout", ms=ms)
        except (OSError, EOFError, ValueError, TypeError, VoiceagentError) as error:
            # A refusal leaves the connection whole; everything else breaks it.
            if not isinstance(error, VoiceagentError):
                self._break(error)
            return Hypothesis("", 0.0, reason="unavailable")

    async def glance(self) -> Hypothesis | None:
        """What the turn says so far; None from a busy or another project's server."""
        if self._broken or not self._ours:
            return None
        self._glances += 1
        try:
            async with asyncio.timeout(GLANCE_S):
                await self._send_audio()
                await self._link.send(wire.glance_event(self._turn, self._glances))
                while True:
                    seen = await self._link.wait_for(wire.GLANCED)
                    # An answer that came too late for an earlier glance is none to this one.
                    if seen.data.get("number") == self._glances:
                        return wire.hypothesis(seen)[0] if seen.data.get("seen") else None
        except (TimeoutError, VoiceagentError):
            return None
        except (OSError, EOFError, ValueError, TypeError) as error:
            self._break(error)
            return None

    async def close(self) -> None:
        """Give the recogniser back."""
        self._broken = True
        self._link.close()

    async def _send_audio(self) -> None:
        pcm = bytes(self._unsent)
        self._unsent.clear()
        if pcm and not self._broken:
            await self._link.send(AudioChunk(audio=pcm, **_FORMAT).event())

    async def _connect(self) -> None:
        self._link.close()
        async with asyncio.timeout(CONNECT_S):
            await self._link.connect()
        await self._link.send(wire.open_event(self._call_id, self._language))
        # A server that does not know the event answers only this one.
        await self._link.send(Describe().event())
        self._ours = False
        while not Info.is_type((event := await self._link.read()).type):
            _raise_failure(event)
            self._ours = self._ours or event.type == wire.OPENED
        info = Info.from_event(event)
        served = {language for program in info.asr for model in program.models for language in model.languages}
        if not any(language.split("-")[0] == self._language.split("-")[0] for language in served):
            raise MissingPartError(
                f"the speech process has no recogniser for {self._language}: run `voiceagent models install`"
            )
        self._broken = False

    async def _transcript(self) -> Hypothesis:
        while True:
            heard, turn = wire.hypothesis(await self._link.wait_for("transcript"))
            # An answer that came after its turn's deadline must not be taken for this turn's.
            if turn is None or turn == self._turn:
                return heard

    def _break(self, error: Exception) -> None:
        if not self._broken:
            log.warning("speech connection lost: %s", error or type(error).__name__)
        self._broken = True
        self._link.close()


class SpeechVoice:
    """Voice of a call. Prepared prompts are kept here, so they can be said even when the process is gone."""

    def __init__(self, path: Path, call_id: str, language: str, name: str | None, render_s: float) -> None:
        self.name = name
        """The voice's full name, fixed by the first answer."""
        self._link = _Link(path)
        self._path = path
        self._call_id = call_id
        self._language = language
        self._render_s = render_s
        self._prepared: dict[tuple[str, ...], bytes] = {}
        self._turn = asyncio.Lock()
        self._ahead = _Link(path)
        self._ahead_turn = asyncio.Lock()

    async def open(self) -> None:
        """Connect; UnavailableError when nobody answers."""
        try:
            async with asyncio.timeout(CONNECT_S):
                await self._link.connect()
        except (OSError, TimeoutError) as error:
            raise _silent(self._path) from error

    async def render(self, parts: Sequence[SpokenPart]) -> bytes:
        """The prompt's 8 kHz PCM. UnavailableError when the engine cannot be had; never another voice instead."""
        key = tuple(part.text for part in parts)
        if key in self._prepared:
            return self._prepared[key]
        async with self._turn:
            return await self._ask(self._link, parts, self._render_s)

    async def prepare(self, prompts: Sequence[Sequence[SpokenPart]]) -> None:
        """Render prompts and keep them for this call; those that fail are tried again when they are said."""
        for parts in prompts:
            key = tuple(part.text for part in parts)
            if key in self._prepared:
                continue
            try:
                async with self._ahead_turn:
                    self._prepared[key] = await self._ask(self._ahead, parts, PREPARING * self._render_s)
            except UnavailableError as error:
                log.warning("a prompt could not be prepared: %s", error)
                return

    async def close(self) -> None:
        """Forget the call's prompts here and in the speech process."""
        self._prepared.clear()
        self._link.close()
        self._ahead.close()

    async def _ask(self, link: _Link, parts: Sequence[SpokenPart], patience_s: float) -> bytes:
        request = wire.synthesize_event(self._call_id, parts, self._language, self.name, patience_s)
        try:
            async with asyncio.timeout(patience_s + 0.5):
                if not link.connected:
                    await link.connect()
                await link.send(request)
                start = await link.wait_for(AudioStart(**_FORMAT).event().type)
                pcm = bytearray()
                while not AudioStop.is_type((event := await link.read()).type):
                    pcm += event.payload or b""
                form = _FORMAT | {name: start.data[name] for name in _FORMAT if name in start.data}
                sound = bytes(pcm)
                if form != _FORMAT:  # another server's; in a thread, as it may take longer than a beat
                    sound = await asyncio.to_thread(wire.telephone_sound, sound, **form)
        except UnavailableError:
            raise
        except VoiceagentError as error:
            raise UnavailableError(error.message) from error
        except (OSError, EOFError, TimeoutError) as error:
            # What is still on its way belongs to this prompt: a new connection must not read it as the next one's.
            link.close()
            raise UnavailableError(f"the speech process gave no audio ({error or type(error).__name__})") from error
        except asyncio.CancelledError:
            link.close()
            raise
        self.name = (start.data.get("context") or {}).get("voice", self.name)
        return sound


class _Link:
    """One Wyoming connection.

    A task of its own reads it: an answer given up on half-way through would leave the rest of its bytes to be taken
    for the next one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: asyncio.StreamWriter | None = None
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._reading: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether the other end is still there: to one that has gone, words would be written without a sign of it."""
        return self._writer is not None and self._reading is not None and not self._reading.done()

    async def connect(self) -> None:
        self.close()
        reader, self._writer = await asyncio.open_unix_connection(self._path)
        self._events = asyncio.Queue()
        self._reading = asyncio.create_task(self._read(reader, self._events))

    async def send(self, event: Event) -> None:
        if self._writer is None:
            raise ConnectionError("not connected")
        await async_write_event(event, self._writer)

    async def read(self) -> Event:
        event = await self._events.get() if self._writer is not None else None
        if event is None:
            self.close()
            raise EOFError("closed by the speech process")
        return event

    async def wait_for(self, kind: str) -> Event:
        """The next event of that type; an error event is raised, others are dropped."""
        while True:
            event = await self.read()
            if event.type == kind:
                return event
            _raise_failure(event)

    def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        writer, self._writer = self._writer, None
        if writer is not None:
            with contextlib.suppress(OSError, RuntimeError):
                writer.close()

    @staticmethod
    async def _read(reader: asyncio.StreamReader, events: asyncio.Queue[Event | None]) -> None:
        try:
            while (event := await async_read_event(reader)) is not None:
                events.put_nowait(event)
        except (OSError, asyncio.IncompleteReadError):
            pass
        events.put_nowait(None)


def _raise_failure(event: Event) -> None:
    if Error.is_type(event.type):
        failure = Error.from_event(event)
        raise _FAILURES.get(failure.code or "", UnavailableError)(failure.text, code=failure.code)


def _silent(path: Path) -> UnavailableError:
    return UnavailableError(f"no speech process answers on {path}: start it with `voiceagent speech`")
