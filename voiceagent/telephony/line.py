"""A line: one phone call as the agent sees it. The softphone and the fake implement the same protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class HungUpBy(StrEnum):
    """Who ended a call."""

    FAR = "far"  # the debtor, or the network for the debtor
    NEAR = "near"  # our side
    FAILURE = "failure"  # it never came to be a call, or it broke


@dataclass(frozen=True, slots=True)
class Ringing:
    """The far phone rings (SIP 180 or 183). Not an answer, even when audio flows."""

    sip_code: int


@dataclass(frozen=True, slots=True)
class Answered:
    """The far side answered (SIP 200) and audio flows both ways."""


@dataclass(frozen=True, slots=True)
class Dtmf:
    """One key pressed at the far side: one of 0-9 * # A-D."""

    digit: str


@dataclass(frozen=True, slots=True)
class HungUp:
    """The call is over; the last event of a line. `sip_code` 200 after a normal BYE, else the failure's status."""

    by: HungUpBy
    sip_code: int
    reason: str
    q850: int | None = None
    """The telephone network's own cause, where the far side's message had one."""


LineEvent = Ringing | Answered | Dtmf | HungUp


class FrameTap(Protocol):
    """Something that is given every frame pair of an answered call (the recorder)."""

    def push(self, near: bytes, far: bytes) -> None:
        """20 ms as played to the far side and 20 ms as heard from it, of the same tick. Must return at once."""
        ...


class Line(Protocol):
    """One call. All methods are called on the asyncio loop and none blocks; audio: 8 kHz mono s16le (audio.format)."""

    call_id: str
    """The X-Voiceagent-Call uuid, the same in the attempt row and in Asterisk's CDR userfield."""
    remote: str
    """The far side's number or user part."""

    async def next_event(self) -> LineEvent:
        """Wait for the next event; after HungUp it returns that HungUp again, at once."""
        ...

    def hear(self) -> bytes:
        """Take every whole 20 ms frame received since the last call, oldest first (empty when none)."""
        ...

    def room(self) -> int:
        """Bytes that `play` would take now (the ring holds 2 s)."""
        ...

    @property
    def generation(self) -> int:
        """Raised by every flush; note it when a prompt begins and hand it to `play`."""
        ...

    def play(self, pcm: bytes, generation: int | None = None) -> int:
        """Queue audio behind what is queued; returns the bytes taken, always whole frames.

        Audio of a generation that has passed is taken and dropped.
        """
        ...

    def played(self) -> int:
        """Bytes of queued audio the far side's bridge has fetched since the call began: the acknowledgement of playout.

        Silence the line sends when nothing is queued is not counted.
        """
        ...

    def flush(self) -> None:
        """Drop what is queued and not yet played (barge-in); bumps the generation, so late audio of it dies."""
        ...

    def duck(self, decibels: float) -> None:
        """Lower what is played by that much from now on (0 = as written)."""
        ...

    def record(self, tap: FrameTap) -> None:
        """Give `tap` every frame pair from now, or from the answer, to the end of the call."""
        ...

    def send_dtmf(self, digits: str) -> None:
        """Send keys as RFC 4733 events."""
        ...

    async def hangup(self, reason: str = "normal") -> None:
        """End the call and wait until it is over; harmless when it already is."""
        ...


class SeatLine(Line, Protocol):
    """A call of one of our seats: its far side can be handed over to people."""

    remote_name: str
    """What the caller of an incoming call calls itself (the From header's display name); proves nothing."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The X- headers that an incoming call came with, by their names in lower case."""
        ...

    async def transfer(self, number: str, note: str = "") -> int:
        """Ask the exchange to take the far side to `number` (blind REFER); returns the final SIP status.

        200: the exchange has the far side and this line is away, no audio flows; nobody need have answered.
        Anything else: nothing has changed. 0: no answer, or the far side hung up meanwhile. `note` (printable ASCII
        without spaces) goes along.
        """
        ...

    async def back(self) -> str:
        """Wait until the exchange gives an away line back; returns its word for why. Audio flows again."""
        ...

    def given_up(self) -> None:
        """Tell an away line that its far side has hung up at the exchange: HungUp follows."""
        ...


class Phone(Protocol):
    """A registered softphone that can hold one or more lines."""

    @property
    def registered(self) -> bool:
        """Whether the exchange knows it now, so that calls have a chance."""
        ...

    async def dial(
        self, number: str, *, call_id: str, caller_id: str | None = None, trunk: str | None = None
    ) -> SeatLine:
        """Send the INVITE (with X-Voiceagent-Call) and return its line at once; Ringing, Answered or HungUp follow.

        `trunk`: the wires that the exchange is to take; None leaves it the choice.
        """
        ...

    async def incoming(self) -> SeatLine:
        """Wait for the next incoming call; it is ringing until `answer`."""
        ...

    async def answer(self, line: Line) -> None:
        """Answer an incoming line."""
        ...

    async def reject(self, line: Line, sip_code: int = 486) -> None:
        """Refuse an incoming line (486 busy, 480 not available) and wait until it is over."""
        ...

    async def close(self) -> None:
        """Hang up live calls, unregister and release everything, in that order."""
        ...
