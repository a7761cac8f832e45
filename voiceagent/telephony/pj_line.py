"""A line of the softphone: the asyncio side (PjLine) and the library's call (PjCall), each touched by one thread."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from voiceagent.base.errors import BadInputError
from voiceagent.telephony.frame_port import FramePort, Wires
from voiceagent.telephony.hangup import HangupReason, broke, cause_in, reason_of
from voiceagent.telephony.line import Answered, Dtmf, FrameTap, HungUp, HungUpBy, LineEvent, Ringing
from voiceagent.telephony.pj import pj

if TYPE_CHECKING:
    from voiceagent.telephony.seat import Seat

log = logging.getLogger(__name__)

_DIGITS = re.compile(r"[0-9A-D*#]{1,64}")
_EXTENSION = re.compile(r"\+?[0-9A-Za-z]{1,40}")
_NOTE = re.compile(r"[0-9A-Za-z._:+-]{0,200}")

#: Seconds until an exchange that says nothing to a REFER has refused it.
TRANSFER_S = 10.0


class PjLine:
    """One call as the agent sees it (line.Line). Its methods run on the asyncio loop and never touch the library."""

    def __init__(
        self, seat: Seat, call_id: str, remote: str, *, incoming: bool, headers: Mapping[str, str] | None = None
    ) -> None:
        self.seat = seat
        self.remote_name = ""
        self.headers = headers or {}
        """The X- headers of an incoming call, by their names in lower case."""
        self.call_id, self.remote, self.incoming = call_id, remote, incoming
        self.wires = Wires()
        self.call: PjCall | None = None
        """The library's call. Only the owner thread reads or writes it."""
        self._post = seat.softphone.post
        self._loop = seat.softphone.loop
        self._events: asyncio.Queue[LineEvent] = asyncio.Queue()
        self._over: asyncio.Future[HungUp] | None = None
        self.ended: HungUp | None = None
        """Set once the call is over."""
        self.hangup_reason: str | None = None
        """Why our side ends the call, once it does. Written before the owner thread is told."""
        self._transferred: asyncio.Future[int] | None = None
        self._back: asyncio.Future[str] = self._loop.create_future()

    async def next_event(self) -> LineEvent:
        """Wait for the next event; HungUp for ever once the call is over."""
        if self.ended is not None and self._events.empty():
            return self.ended
        return await self._events.get()

    def hear(self) -> bytes:
        """Every frame received since the last call."""
        return self.wires.heard.take()

    def room(self) -> int:
        """Bytes that `play` would take now."""
        return self.wires.playout.room()

    @property
    def generation(self) -> int:
        """Raised by every flush."""
        return self.wires.playout.generation

    def play(self, pcm: bytes, generation: int | None = None) -> int:
        """Queue audio; returns the bytes taken."""
        return self.wires.playout.play(pcm, generation)

    def played(self) -> int:
        """Bytes of queued audio that the bridge has fetched."""
        return self.wires.playout.played

    def flush(self) -> None:
        """Drop what is queued."""
        self.wires.playout.flush()

    def duck(self, decibels: float) -> None:
        """Play that much lower from the next frame on."""
        self.wires.playout.duck(decibels)

    def record(self, tap: FrameTap) -> None:
        """Give `tap` every frame pair from the answer on."""
        self.wires.tap = tap

    def send_dtmf(self, digits: str) -> None:
        """Send keys; BadInputError when one is not a key."""
        if not _DIGITS.fullmatch(digits):
            raise BadInputError(f"{digits!r} cannot be sent as keys: only 0-9, A-D, * and #")
        self._post(lambda: self.call.dialDtmf(digits) if self.call is not None else None)

    async def hangup(self, reason: str = "normal") -> None:
        """End the call and wait until it is over."""
        if self.ended is not None:
            return
        if self.hangup_reason is None:
            self.hangup_reason = reason
        self._post(self._end)
        await self.over()

    def _end(self) -> None:
        if self.call is not None:
            self.call.end()
        if self.seat.away.pop(self.call_id, None) is not None:
            self.tell(HungUp(HungUpBy.NEAR, 200, self.hangup_reason or HangupReason.NORMAL))

    async def transfer(self, number: str, note: str = "") -> int:
        """REFER the far side to `number` of the registrar; `note` is a parameter of the Refer-To."""
        if not _EXTENSION.fullmatch(number) or not _NOTE.fullmatch(note):
            raise BadInputError(f"a call cannot be handed over to {number!r} with the note {note!r}")
        self._transferred, self._back = self._loop.create_future(), self._loop.create_future()
        parameter = f";voiceagent={note}" if note else ""
        uri = f"<sip:{number}@{self.seat.registrar}{parameter}>"
        self._post(lambda: self.call.refer(uri) if self.call is not None else self.tell_transfer(0))
        try:
            return await asyncio.wait_for(asyncio.shield(self._transferred), TRANSFER_S)
        except TimeoutError:
            return await self.seat.softphone.call(self._unanswered)

    def _unanswered(self) -> int:
        """A REFER without a final word: done where the exchange has ended our leg meanwhile."""
        if self.call is None and self.call_id in self.seat.away:
            return 200
        self.seat.away.pop(self.call_id, None)
        return 0

    async def back(self) -> str:
        """Why the exchange gave the line back."""
        return await asyncio.shield(self._back)

    def given_up(self) -> None:
        """The far side hung up while the exchange had it."""

        def give_up() -> None:
            if self.seat.away.pop(self.call_id, None) is not None:
                self.tell(HungUp(HungUpBy.FAR, 200, HangupReason.NORMAL))

        self._post(give_up)

    def tell_transfer(self, status: int) -> None:
        """From the owner thread: the final word on a REFER."""
        self._loop.call_soon_threadsafe(self._settle_transfer, status)

    def _settle_transfer(self, status: int) -> None:
        if self._transferred is not None and not self._transferred.done():
            self._transferred.set_result(status)

    def tell_back(self, reason: str) -> None:
        """From the owner thread: the far side is here again."""
        self._loop.call_soon_threadsafe(self._settle_back, reason)

    def _settle_back(self, reason: str) -> None:
        if not self._back.done():
            self._back.set_result(reason)

    async def over(self) -> HungUp:
        """Wait until the call is over; takes no event."""
        if self.ended is not None:
            return self.ended
        if self._over is None:
            self._over = self._loop.create_future()
        return await asyncio.shield(self._over)

    def tell(self, event: LineEvent) -> None:
        """From the owner thread: an event for the loop."""
        self._loop.call_soon_threadsafe(self._told, event)

    def _told(self, event: LineEvent) -> None:
        if self.ended is not None:
            return
        self._events.put_nowait(event)
        if isinstance(event, HungUp):
            self.ended = event
            if event.reason == HangupReason.MEDIA_LOST:
                self.seat.renew()
            self._settle_transfer(0)
            if self._over is not None and not self._over.done():
                self._over.set_result(event)


class PjCall(pj.Call):  # type: ignore[misc]
    """The library's call. Made, called and let go by the owner thread only; its callbacks arrive there too."""

    def __init__(self, account: pj.Account, line: PjLine, port: FramePort, library_id: int = -1) -> None:
        super().__init__(account, library_id)
        self.line, self.port = line, port
        self.deadline: float | None = None
        """Monotonic second at which a call that still rings, or whose answer nobody has confirmed, is given up."""
        self.disconnected = False
        self.disconnected_at = 0.0
        self._rang = self._has_media = self._confirmed = self._ending = self._held = False
        self._failure: HangupReason | None = None
        self._outcome: HungUp | None = None
        self._packets, self._packets_at = -1, 0.0
        self.given_back: str | None = None
        """Why the exchange calls us with a far side that we had handed over."""

    @property
    def answered(self) -> bool:
        """Whether the call was answered and its audio connected."""
        return self._confirmed and self._has_media

    def respond(self, status: int) -> None:
        """Tell the caller of an incoming call that it rings (180), is answered (200) or is not taken."""
        if not self.disconnected:
            if status == 200:
                self.deadline = time.monotonic() + self.line.seat.softphone.settings.ack_timeout_s
            response = pj.CallOpParam()
            response.statusCode = status
            self.answer(response)

    def end(self, status: int = 0, failure: HangupReason | None = None) -> None:
        """Hang up, cancel or reject (`status`), once; the end arrives as a callback."""
        if self.disconnected or self._ending:
            return
        self._ending, self._failure = True, failure
        parameters = pj.CallOpParam()
        if status:
            parameters.statusCode = status
        try:
            self.hangup(parameters)
        except pj.Error as error:
            log.info("hang-up of %s: %s", self.line.call_id, error.reason)  # it ended at the same moment

    def disconnect(self) -> None:
        """The call is over for the library; from here on it must not be asked anything."""
        self.disconnected, self.disconnected_at = True, time.monotonic()

    def let_go(self) -> None:
        """Give the port back and tell the line that it is over: whoever hears that finds room for the next call."""
        self.port.wires, self.port.lent = None, False
        if self.line.call is not self:
            return  # the far side is back already, by another call
        self.line.call = None
        if self.line.call_id in self.line.seat.away:
            return
        # Without an outcome the library goes down with the call still in it.
        self.line.tell(self._outcome or HungUp(HungUpBy.NEAR, 0, HangupReason.CLOSING))

    def refer(self, uri: str) -> None:
        """Have the exchange take the far side; what it says arrives as a callback."""
        if self.disconnected or self._ending:
            self.line.tell_transfer(0)
            return
        # From now on the exchange may call back with the far side, even before it says that it has taken it.
        self.line.seat.away[self.line.call_id] = self.line
        try:
            self.xfer(uri, pj.CallOpParam(True))
        except pj.Error as error:
            log.warning("transfer of %s: %s", self.line.call_id, error.reason)
            self._referred(0)

    def watch(self, now: float, media_timeout_s: float) -> None:
        """Once a second or so: end a call that rings too long, or whose audio has stayed away."""
        if self.deadline is not None and now >= self.deadline and not self._confirmed:
            # A network that never said that it rings, or never confirmed our answer, has not reached anybody.
            self.end(failure=HangupReason.NO_ANSWER if self._rang else HangupReason.UNREACHABLE)
        if self._held:
            self._packets_at = now  # silence is what a call on hold is for
        elif self.answered and media_timeout_s and now - self._packets_at >= 1.0:
            statistics = self.getStreamStat(0)  # kept, as in _media
            packets = statistics.rtcp.rxStat.pkt
            if packets != self._packets:
                self._packets, self._packets_at = packets, now
            elif now - self._packets_at >= media_timeout_s:
                self.end(failure=HangupReason.MEDIA_LOST)

    def onCallState(self, prm: pj.OnCallStateParam) -> None:
        """Progress of the call."""
        self._guard(lambda: self._state(prm.e))

    def onCallMediaState(self, prm: pj.OnCallMediaStateParam) -> None:
        """Audio begins, or changes after a re-INVITE."""
        self._guard(self._media)

    def onDtmfDigit(self, prm: pj.OnDtmfDigitParam) -> None:
        """One key, however long it was held."""
        self._guard(lambda: self.line.tell(Dtmf(prm.digit)))

    def onCallTransferStatus(self, prm: pj.OnCallTransferStatusParam) -> None:
        """What became of a REFER: the exchange does not hang up our leg afterwards, so we do."""
        code, final = prm.statusCode, prm.finalNotify
        if final or code >= 300:
            prm.cont = False
            self._guard(lambda: self._referred(code))

    def _referred(self, code: int) -> None:
        line = self.line
        if 200 <= code < 300:
            self.end()
        elif line.seat.away.pop(line.call_id, None) is not None and line.call is None:
            line.tell(self._outcome or HungUp(HungUpBy.FAR, code, HangupReason.NORMAL))
        line.tell_transfer(code)

    def give_way(self) -> None:
        """The far side is back by another call before the exchange has said that it took it."""
        self.port.wires = None
        self.end()
        self.line.tell_transfer(200)

    def onCallTransferRequest(self, prm: pj.OnCallTransferRequestParam) -> None:
        """A far side that sends us elsewhere would have us call whatever it likes, at our cost."""
        prm.statusCode = pj.PJSIP_SC_DECLINE

    def onCallReplaceRequest(self, prm: pj.OnCallReplaceRequestParam) -> None:
        """Nobody puts himself into another one's call."""
        prm.statusCode = pj.PJSIP_SC_DECLINE

    def _state(self, event: pj.SipEvent) -> None:
        info = self.getInfo()
        if info.state == pj.PJSIP_INV_STATE_EARLY and not self._rang and not self.line.incoming:
            self._rang = True
            self.line.tell(Ringing(info.lastStatusCode))
        elif info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            self._confirmed = True
            self._up()
        elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self._outcome = self._judge(info.lastStatusCode, cause_in(_message_of(event)))
            self.disconnect()

    def _media(self) -> None:
        info = self.getInfo()  # kept: what an object of the library contains dies with it, the binding holds nothing
        for index, media in enumerate(info.media):
            if media.type != pj.PJMEDIA_TYPE_AUDIO:
                continue
            self._held = media.status in (pj.PJSUA_CALL_MEDIA_REMOTE_HOLD, pj.PJSUA_CALL_MEDIA_LOCAL_HOLD)
            if media.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                self.port.wires = self.line.wires
                audio = self.getAudioMedia(index)
                audio.startTransmit(self.port)
                self.port.startTransmit(audio)
                self._has_media = True
        self._up()

    def _up(self) -> None:
        wires = self.line.wires
        if self.answered and self.given_back is not None:
            self._packets_at = time.monotonic()
            self.line.tell_back(self.given_back)
            self.given_back = None
        if self.answered and not wires.answered:
            self._packets_at = time.monotonic()
            wires.answered = True
            self.line.tell(Answered())

    def _judge(self, code: int, cause: int | None) -> HungUp:
        line = self.line
        if self._failure is not None:
            return HungUp(HungUpBy.FAILURE, code, self._failure, cause)
        if line.hangup_reason is not None:
            return HungUp(HungUpBy.NEAR, 200 if self._confirmed else code, line.hangup_reason, cause)
        if self._confirmed:
            # 200 is a BYE; anything else means the dialog broke (no ACK, a failed session refresh).
            if code != 200:
                reason = HangupReason.FAILED if self._has_media else reason_of(code, rang=True)
                return HungUp(HungUpBy.FAILURE, code, reason, cause)
            if broke(cause):
                return HungUp(HungUpBy.FAILURE, code, HangupReason.UNREACHABLE, cause)
            return HungUp(HungUpBy.FAR, 200, HangupReason.NORMAL, cause)
        if line.incoming:
            return HungUp(HungUpBy.FAR, code, HangupReason.CANCELLED, cause)
        return HungUp(HungUpBy.FAILURE, code, reason_of(code, rang=self._rang, cause=cause), cause)

    def _guard(self, step: Callable[[], object]) -> None:
        """Nothing may be raised into the library."""
        try:
            step()
        except Exception:
            log.exception("call %s", self.line.call_id)


def _message_of(event: pj.SipEvent) -> str:
    """The SIP message that caused the event, "" when something else did. Only valid during the callback."""
    if event.type == pj.PJSIP_EVENT_TSX_STATE and event.body.tsxState.type == pj.PJSIP_EVENT_RX_MSG:
        return str(event.body.tsxState.src.rdata.wholeMsg)
    return ""
