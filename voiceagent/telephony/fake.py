"""A phone without SIP: the same protocols on virtual time, with a scripted far side."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from voiceagent.audio.format import FRAME_BYTES, SILENCE
from voiceagent.base.errors import UnavailableError
from voiceagent.telephony.hangup import HangupReason, reason_of
from voiceagent.telephony.line import Answered, Dtmf, FrameTap, HungUp, HungUpBy, Line, LineEvent, Ringing
from voiceagent.telephony.playout import Heard, Playout
from voiceagent.telephony.ticks import VirtualTicks


class FarSide(Protocol):
    """Who is at the other end. Both methods run inside the tick: no waiting in them."""

    def ring(self, line: FakeLine) -> None:
        """The phone rings: remember `line` and sooner or later `far_answer` or `far_reject` it."""
        ...

    def tick(self, heard: bytes) -> bytes:
        """Every 20 ms from the answer on: the frame the agent played; returns the frame to speak (SILENCE for none)."""
        ...


class FakeLine:
    """A call that lives on virtual ticks (line.Line), with handles for its far side."""

    def __init__(self, ticks: VirtualTicks, call_id: str, remote: str, far: FarSide, *, incoming: bool = False) -> None:
        self.call_id, self.remote, self.incoming = call_id, remote, incoming
        self.caller_id: str | None = None
        """What an outgoing call shows to the far side."""
        self.trunk: str | None = None
        """The wires an outgoing call was to take."""
        self.ended: HungUp | None = None
        self.answered_at: float | None = None
        """Virtual second of the answer."""
        self.sent_dtmf = ""
        """Every key our side has sent."""
        self.headers: dict[str, str] = {}
        self.remote_name = ""
        self.transfers: list[tuple[str, str]] = []
        """Where this line was handed over to, with the note."""
        self.transfer_status = 200
        """What the exchange says to that."""
        self.away = False
        self._back: asyncio.Future[str] | None = None
        self._ticks, self._far = ticks, far
        self._playout, self._heard = Playout(), Heard()
        self._tap: FrameTap | None = None
        self._events: asyncio.Queue[LineEvent] = asyncio.Queue()
        ticks.add(self._tick)

    # -- for the agent (line.Line) -------------------------------------------------------------------------------

    async def next_event(self) -> LineEvent:
        """Wait for the next event; HungUp for ever once the call is over."""
        if self.ended is not None and self._events.empty():
            return self.ended
        return await self._events.get()

    def hear(self) -> bytes:
        """Every frame received since the last call."""
        return self._heard.take()

    def room(self) -> int:
        """Bytes that `play` would take now."""
        return self._playout.room()

    @property
    def generation(self) -> int:
        """Raised by every flush."""
        return self._playout.generation

    def play(self, pcm: bytes, generation: int | None = None) -> int:
        """Queue audio; returns the bytes taken."""
        return self._playout.play(pcm, generation)

    def played(self) -> int:
        """Bytes of queued audio that the far side has fetched."""
        return self._playout.played

    def flush(self) -> None:
        """Drop what is queued."""
        self._playout.flush()

    def duck(self, decibels: float) -> None:
        """Play that much lower from the next frame on."""
        self._playout.duck(decibels)

    def record(self, tap: FrameTap) -> None:
        """Give `tap` every frame pair from the answer on."""
        self._tap = tap

    def send_dtmf(self, digits: str) -> None:
        """Send keys."""
        self.sent_dtmf += digits

    async def hangup(self, reason: str = "normal") -> None:
        """End the call."""
        self._end(HungUp(HungUpBy.NEAR, 200 if self.answered_at is not None else 487, reason))

    async def transfer(self, number: str, note: str = "") -> int:
        """Hand the far side over; it is away until `far_back`, `given_up` or the end."""
        self.transfers.append((number, note))
        if self.ended is not None:
            return 0
        self.away = 200 <= self.transfer_status < 300
        self._back = asyncio.get_running_loop().create_future()
        return self.transfer_status

    async def back(self) -> str:
        """Wait for `far_back`."""
        assert self._back is not None, "nothing was handed over"
        return await asyncio.shield(self._back)

    def given_up(self) -> None:
        """The far side hung up while it was away."""
        if self.away:
            self._end(HungUp(HungUpBy.FAR, 200, HangupReason.NORMAL))

    def refuse(self, sip_code: int) -> None:
        """Our side does not take an incoming call."""
        self._end(HungUp(HungUpBy.NEAR, sip_code, f"rejected_{sip_code}"))

    # -- for the far side ----------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """Virtual seconds, for a far side that counts time."""
        return self._ticks.clock.monotonic()

    def far_ring(self) -> None:
        """Say that the phone rings."""
        self._events.put_nowait(Ringing(180))

    def far_answer(self) -> None:
        """Pick up; harmless when the call is over or answered."""
        if self.ended is None and self.answered_at is None:
            self.answered_at = self.now
            self._events.put_nowait(Answered())

    def far_reject(self, sip_code: int = 486) -> None:
        """Do not pick up: the status the caller gets."""
        self._end(HungUp(HungUpBy.FAILURE, sip_code, reason_of(sip_code, rang=True)))

    def far_back(self, reason: str = "timeout") -> None:
        """Nobody took it: the exchange gives it back."""
        assert self._back is not None and self.away, "nothing was handed over"
        self.away = False
        self._back.set_result(reason)

    def far_press(self, digits: str) -> None:
        """Press keys."""
        for digit in digits:
            self._events.put_nowait(Dtmf(digit))

    def far_hangup(self) -> None:
        """Put the receiver down."""
        self._end(
            HungUp(HungUpBy.FAR, 200, HangupReason.NORMAL)
            if self.answered_at is not None
            else HungUp(HungUpBy.FAR, 487, HangupReason.CANCELLED)
        )

    def _tick(self) -> None:
        if self.answered_at is None or self.ended is not None or self.away:
            return
        near = self._playout.fetch()
        far = self._far.tick(near)
        if len(far) != FRAME_BYTES:
            raise ValueError(f"a far side speaks {FRAME_BYTES} bytes per tick, not {len(far)}")
        self._heard.put(far)
        if self._tap is not None:
            self._tap.push(near, far)

    def _end(self, event: HungUp) -> None:
        if self.ended is None:
            self.ended = event
            self._ticks.remove(self._tick)
            self._events.put_nowait(event)


class FakePhone:
    """A phone whose every call meets a far side of your making (line.Phone)."""

    registered = True

    def __init__(self, ticks: VirtualTicks, far_side: Callable[[str, str], FarSide], *, max_calls: int = 4) -> None:
        self.ticks, self.max_calls = ticks, max_calls
        self.lines: list[FakeLine] = []
        """Every line so far, oldest first."""
        self._far_side = far_side
        self._incoming: asyncio.Queue[FakeLine] = asyncio.Queue()
        self._closed = False

    async def dial(
        self, number: str, *, call_id: str, caller_id: str | None = None, trunk: str | None = None
    ) -> FakeLine:
        """Ring the far side made for (number, call_id)."""
        if self._closed:
            raise UnavailableError("the softphone is closed", code="not_started")
        if sum(line.ended is None for line in self.lines) >= self.max_calls:
            raise UnavailableError(f"all {self.max_calls} lines of this process are in use", code="no_free_line")
        far = self._far_side(number, call_id)
        line = FakeLine(self.ticks, call_id, number, far)
        line.caller_id, line.trunk = caller_id, trunk
        self.lines.append(line)
        line.far_ring()
        far.ring(line)
        return line

    def far_calls(self, number: str, *, call_id: str) -> FakeLine:
        """The far side made for (number, call_id) calls us; the line appears at `incoming`."""
        line = FakeLine(self.ticks, call_id, number, self._far_side(number, call_id), incoming=True)
        self.lines.append(line)
        self._incoming.put_nowait(line)
        return line

    async def incoming(self) -> FakeLine:
        """Wait for the next incoming call."""
        return await self._incoming.get()

    async def answer(self, line: Line) -> None:
        """Answer an incoming line."""
        assert isinstance(line, FakeLine)
        line.far_answer()

    async def reject(self, line: Line, sip_code: int = 486) -> None:
        """Refuse an incoming line."""
        assert isinstance(line, FakeLine)
        line.refuse(sip_code)

    async def close(self) -> None:
        """Hang up live calls."""
        self._closed = True
        for line in self.lines:
            await line.hangup(HangupReason.CLOSING)


class ScriptedFarSide:
    """A far side that answers after some seconds, then speaks what it is given, and keeps what it hears.

    `say` queues audio behind what is queued; `steps` are functions called at virtual seconds after the answer.
    """

    def __init__(
        self, *, answer_after_s: float = 1.0, steps: dict[float, Callable[[ScriptedFarSide], None]] | None = None
    ) -> None:
        self.answer_after_s = answer_after_s
        self.line: FakeLine
        self.heard = bytearray()
        """Everything the agent played since the answer, silence included."""
        self._steps = deque(sorted((steps or {}).items(), key=lambda step: step[0]))
        self._speech: deque[bytes] = deque()
        self._frames = 0

    def ring(self, line: FakeLine) -> None:
        """Wait `answer_after_s` and pick up."""
        self.line = line
        due = line.now + self.answer_after_s
        ticks = line._ticks

        def wait() -> None:
            if line.ended is not None or line.now >= due - 1e-9:
                ticks.remove(wait)
                line.far_answer()

        ticks.add(wait)

    def say(self, pcm: bytes) -> None:
        """Speak this (8 kHz mono s16le; padded to whole frames)."""
        for start in range(0, len(pcm), FRAME_BYTES):
            self._speech.append(pcm[start : start + FRAME_BYTES].ljust(FRAME_BYTES, b"\0"))

    @property
    def speaking(self) -> bool:
        """Whether something is still to be said."""
        return bool(self._speech)

    def tick(self, heard: bytes) -> bytes:
        """One frame each way."""
        self.heard += heard
        while self._steps and self._frames * 0.02 >= self._steps[0][0] - 1e-9:
            self._steps.popleft()[1](self)
        self._frames += 1
        return self._speech.popleft() if self._speech else SILENCE
