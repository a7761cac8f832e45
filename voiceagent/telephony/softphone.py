"""The softphone: one SIP endpoint per process, with seats, driven by one thread that owns all of the library."""

from __future__ import annotations

import asyncio
import atexit
import gc
import logging
import queue
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from voiceagent.base.errors import UnavailableError
from voiceagent.telephony.account import account_config
from voiceagent.telephony.capacity import descriptors_run_out
from voiceagent.telephony.collector import Collector
from voiceagent.telephony.endpoint import SoftphoneSettings, open_endpoint, sip_port
from voiceagent.telephony.frame_port import FramePort
from voiceagent.telephony.hangup import HangupReason
from voiceagent.telephony.names import route_to
from voiceagent.telephony.narrow import hear_only
from voiceagent.telephony.pj import calls_in_library, max_calls, pj
from voiceagent.telephony.pj_line import PjCall, PjLine
from voiceagent.telephony.seat import PjAccount, Seat

log = logging.getLogger(__name__)

__all__ = ["Softphone", "SoftphoneSettings"]

T = TypeVar("T")

#: Sockets the library gives back only a while after a call: calls ended within COOL_S still count as handles.
COOL_S, COOL_CALLS = 1.5, 16

#: Seconds after which an ended call is let go even though the library still counts it.
SLOT_S = 1.0
#: Seconds for which the library may count a call whose BYE nobody answers (64 times SIP's T1), with some to spare.
GHOST_S = 35.0

#: Seconds a thread may keep the interpreter while another one wants it: the media thread wants it every 20 ms.
SWITCH_S = 0.001

_endpoint_taken = threading.Lock()


class Softphone:
    """The endpoint. `start`, then `add_account` per seat; calls are made and taken by the seats.

    The library is polled: its signalling callbacks run on the owner thread too, so no lock of the library is ever held
    while another thread has the interpreter (docs/telephony.md has the measurement).
    """

    def __init__(self, settings: SoftphoneSettings | None = None) -> None:
        self.settings = settings or SoftphoneSettings()
        self.loop: asyncio.AbstractEventLoop
        self.max_calls = 0
        """Calls that can live at once in this process."""
        self.calls_made = 0
        """Calls begun, outgoing and incoming."""
        self.stuck = False
        """Set when `close` ran into its deadline: only the end of the process frees the library now."""
        self.seats: dict[str, Seat] = {}
        self._commands: queue.SimpleQueue[tuple[Callable[[], Any], asyncio.Future[Any] | None]] = queue.SimpleQueue()
        self._running = False
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._calls: list[PjCall] = []
        self._ports: list[FramePort] = []
        self._collector = Collector()
        self._ended_at: deque[float] = deque(maxlen=COOL_CALLS)
        self._live = 0
        self._heard: str | None = None
        """The only one that SIP is heard from."""

    # -- for the asyncio loop ------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Bring the library up. UnavailableError `port_in_use`, `endpoint_taken`, or `sip_failed`."""
        if not _endpoint_taken.acquire(blocking=False):
            raise UnavailableError("this process already has a softphone; close it first", code="endpoint_taken")
        self.loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = self.loop.create_future()
        self._stopping = False
        self._thread = threading.Thread(target=self._own, args=(ready,), name="softphone", daemon=True)
        self._thread.start()
        try:
            await ready
        except BaseException:
            self._thread = None
            raise
        atexit.register(self._at_exit)

    async def add_account(self, user: str, password: str, registrar: str) -> Seat:
        """Register a seat at `registrar` (host:port) and wait for the answer.

        UnavailableError: `registration_failed` when refused, `registrar_unreachable` when nobody answers,
        `registrar_unknown` when its name cannot be looked up.
        """
        seat = Seat(self, user, registrar)
        if self.settings.tls_authorities is None:
            seat.route = await route_to(registrar)
            if self.settings.only_registrar:
                await self.call(lambda: self._narrow(seat.route or registrar))
        await self.call(lambda: self._create_account(seat, password))
        try:
            await asyncio.wait_for(asyncio.shield(seat.registration), self.settings.register_timeout_s)
        except TimeoutError:
            seat.registration.cancel()
            await self.remove_account(seat)
            raise seat.unreachable() from None
        except UnavailableError:
            await self.remove_account(seat)
            raise
        self.seats[user] = seat
        return seat

    async def remove_account(self, seat: Seat) -> None:
        """Hang up the seat's calls, unregister it and forget it."""
        self.seats.pop(seat.user, None)
        lines = await self.call(lambda: [call.line for call in self._calls if call.line.seat is seat])
        await asyncio.gather(*(line.hangup(HangupReason.CLOSING) for line in lines))
        await self.call(lambda: self._delete_account(seat))

    async def close(self) -> None:
        """Hang up live calls, unregister and free the library; never longer than `close_deadline_s`."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        atexit.unregister(self._at_exit)
        self._stopping = True
        await asyncio.to_thread(thread.join, self.settings.close_deadline_s)
        self.stuck = thread.is_alive()
        if self.stuck:
            log.critical("the SIP library did not stop in %.0f s; end this process", self.settings.close_deadline_s)
        self.seats.clear()

    @property
    def live_calls(self) -> int:
        """Calls that exist now, ringing ones included."""
        return self._live

    @property
    def should_retire(self) -> bool:
        """Whether this process should take no more calls and be replaced."""
        return self.calls_made >= self.settings.retire_after_calls or self.must_retire

    @property
    def must_retire(self) -> bool:
        """Whether that cannot wait: it has done twice its share, or descriptors approach what `select` can watch."""
        return self.calls_made >= 2 * self.settings.retire_after_calls or descriptors_run_out()

    async def settle(self) -> None:
        """What exists by now stays: collections, which hold everything else up, need not look at it again."""
        await self.call(self._collector.settle)

    async def admit(self) -> None:
        """Wait until the library can bear one more call; UnavailableError when all its lines are taken."""
        if self._thread is None:
            raise _closed()
        if self._live >= self.max_calls:
            raise UnavailableError(
                f"all {self.max_calls} lines of this process are in use; add a worker or dial less", code="no_free_line"
            )
        # Seats are as many as lines at most, so a line that is missing is that of a call whose end nobody confirmed.
        give_up = time.monotonic() + GHOST_S
        while await self.call(calls_in_library) >= self.max_calls and time.monotonic() < give_up:
            pass  # asked once a poll
        if len(self._ended_at) == COOL_CALLS:
            await asyncio.sleep(max(0.0, self._ended_at[0] + COOL_S - time.monotonic()))

    async def call(self, command: Callable[[], T]) -> T:
        """Run `command` on the owner thread and return its result or raise its error."""
        if self._thread is None:
            raise _closed()
        result: asyncio.Future[T] = self.loop.create_future()
        self._commands.put((command, result))
        if not self._running and not result.done():
            result.set_exception(_closed())
        return await result

    def post(self, command: Callable[[], object]) -> None:
        """Run `command` on the owner thread some milliseconds later; its errors are logged."""
        self._commands.put((command, None))

    # -- for the owner thread ------------------------------------------------------------------------------------

    def make_call(self, seat: Seat, line: PjLine, uri: str, headers: dict[str, str], ring_timeout_s: float) -> None:
        """Send an INVITE."""
        if seat.account is None:
            raise UnavailableError(f"seat {seat.user} is closed", code="not_started")
        parameters = pj.CallOpParam(True)
        for name, value in headers.items():
            header = pj.SipHeader()
            header.hName, header.hValue = name, value
            parameters.txOption.headers.append(header)
        call = PjCall(seat.account, line, self.lend_port())
        call.deadline = time.monotonic() + ring_timeout_s
        line.call = call
        self.keep(call)
        try:
            call.makeCall(uri, parameters)
        except pj.Error:
            call.disconnect()
            raise

    def lend_port(self) -> FramePort:
        """A port that no call uses."""
        for port in self._ports:
            if not port.lent:
                return port
        raise UnavailableError(f"all {self.max_calls} lines of this process are in use", code="no_free_line")

    def keep(self, call: PjCall) -> None:
        """Hold the call until its end: the library aborts the process when a live one is collected."""
        call.port.lent = True
        self._calls.append(call)
        self.calls_made += 1
        self._live = len(self._calls)

    def _own(self, ready: asyncio.Future[None]) -> None:
        try:
            endpoint = self._bring_up()
        except Exception as error:
            _endpoint_taken.release()
            self._settle(ready, None, _plain(error))
            return
        self._running = True
        self._settle(ready, None, None)
        switch_s = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_S)
        self._collector.take_over()
        try:
            while not self._stopping:
                self._collector.look(self._turn(endpoint), len(self._calls))
            self._bring_down(endpoint)
        except Exception:
            log.exception("the softphone broke down; end this process")
        finally:
            self._abandon()
            self._collector.give_back()
            sys.setswitchinterval(switch_s)
            _endpoint_taken.release()

    def _abandon(self) -> None:
        """Nobody may wait for what will not come any more."""
        self._running = False
        for call in self._calls:
            call.let_go()
        while True:
            try:
                _, result = self._commands.get_nowait()
            except queue.Empty:
                return
            if result is not None:
                self._settle(result, None, _closed())

    def _turn(self, endpoint: pj.Endpoint) -> float:
        while not self._commands.empty():  # this thread alone takes them out
            self._obey(*self._commands.get_nowait())
        endpoint.libHandleEvents(int(self.settings.poll_s * 1000))
        now = time.monotonic()
        for call in self._calls:
            if not call.disconnected:
                try:
                    call.watch(now, self.settings.media_timeout_s)
                except pj.Error as error:
                    log.info("watching %s: %s", call.line.call_id, error.reason)
        self._reap(now)
        return now

    def _obey(self, command: Callable[[], Any], result: asyncio.Future[Any] | None) -> None:
        try:
            value = command()
        except Exception as error:
            if result is None:
                log.warning("softphone: %s", _plain(error))
            else:
                self._settle(result, None, _plain(error))
        else:
            if result is not None:
                self._settle(result, value, None)

    def _reap(self, now: float) -> None:
        ended = [call for call in self._calls if call.disconnected]
        if not ended:
            return
        # The library frees a call's slot a moment after saying that it is over; told earlier, the next dial would fail.
        freed = len(self._calls) - calls_in_library()
        ended = [call for index, call in enumerate(ended) if index < freed or now - call.disconnected_at > SLOT_S]
        self._calls = [call for call in self._calls if call not in ended]
        self._live = len(self._calls)
        for call in ended:
            self._ended_at.append(now)
            call.let_go()

    def _bring_up(self) -> pj.Endpoint:
        endpoint = open_endpoint(self.settings)
        self.max_calls = max_calls()
        try:
            self._ports = [FramePort(f"line{number}") for number in range(self.max_calls)]
        except Exception:
            self._ports = []
            endpoint.libDestroy()
            raise
        return endpoint

    def _bring_down(self, endpoint: pj.Endpoint) -> None:
        deadline = time.monotonic() + self.settings.close_deadline_s / 2
        self._end_all()
        while self._calls and time.monotonic() < deadline:
            self._turn(endpoint)
        known: list[weakref.ref[Any]] = [weakref.ref(kept) for kept in (*self._calls, *self._ports)]
        self._let_go()
        gc.collect()
        endpoint.audDevManager().setNoDev()
        self._ports = []
        gc.collect()
        for left in filter(None, (reference() for reference in known)):
            # Someone elsewhere still holds it (a traceback, a debugger). Destroyed after the library it would abort
            # the process, so it is never destroyed.
            left.thisown = False
        endpoint.libDestroy()

    def _end_all(self) -> None:
        for call in self._calls:
            if call.line.hangup_reason is None:
                call.line.hangup_reason = HangupReason.CLOSING
            call.end()

    def _let_go(self) -> None:
        """Drop calls and accounts. Apart from `_bring_down`, so that no variable there outlives the library."""
        for call in self._calls:
            call.let_go()
        self._calls, self._live = [], 0
        for seat in list(self.seats.values()):
            seat.close_away()
            self._delete_account(seat)
        for port in self._ports:
            port.wires = None

    def _narrow(self, registrar: str) -> None:
        host, _, port = registrar.partition(":")
        if registrar != self._heard and not hear_only(sip_port(), (host, int(port or 5060))):
            log.warning("SIP is heard from anybody who reaches %s: keep it private", self.settings.address)
        self._heard = registrar

    def _create_account(self, seat: Seat, password: str) -> None:
        seat.account = PjAccount(seat)
        seat.account.create(account_config(seat, password, self.settings))

    def _delete_account(self, seat: Seat) -> None:
        account, seat.account = seat.account, None
        seat.registered, seat.leaving = False, True
        if account is not None:
            account.shutdown()

    def _settle(self, future: asyncio.Future[T], result: T | None, error: Exception | None) -> None:
        def settle() -> None:
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)  # type: ignore[arg-type]

        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(settle)

    def _at_exit(self) -> None:
        """A process that falls off its end with the library up is aborted by it."""
        self._stopping = True
        if self._thread is not None:
            self._thread.join(self.settings.close_deadline_s)


def _closed() -> UnavailableError:
    return UnavailableError("the softphone is closed", code="not_started")


def _plain(error: Exception) -> Exception:
    if isinstance(error, pj.Error):
        return UnavailableError(f"the SIP library refused: {error.reason}", code="sip_failed")
    # A traceback holds the frames it went through, and those the library's objects: they must not leave this thread.
    error.__context__ = None
    return error.with_traceback(None)
