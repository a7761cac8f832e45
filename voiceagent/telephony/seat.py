"""A seat: one registered account of the softphone, from which calls are made and at which they arrive."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from typing import TYPE_CHECKING

from voiceagent.base.errors import BadInputError, UnavailableError
from voiceagent.telephony.hangup import HangupReason
from voiceagent.telephony.line import HungUp, HungUpBy, Line
from voiceagent.telephony.pj import pj
from voiceagent.telephony.pj_line import PjCall, PjLine
from voiceagent.telephony.retries import Retries

if TYPE_CHECKING:
    from voiceagent.telephony.softphone import Softphone

log = logging.getLogger(__name__)

CALL_HEADER = "X-Voiceagent-Call"
#: The trunk that the dialer counts a call against; the exchange's dialplan takes it.
TRUNK_HEADER = "X-Voiceagent-Trunk"
#: Why the exchange calls with somebody we had handed over: nobody took the call.
RETURN_HEADER = "X-Voiceagent-Return"

_NUMBER = re.compile(r"\+?[0-9]{2,15}")
_SIP_URI = re.compile(r"sip:(\+?[A-Za-z0-9._-]{1,64})@[A-Za-z0-9.-]{1,255}(:[0-9]{1,5})?")
_TRUNK = re.compile(r"[0-9A-Za-z_-]{1,64}")
_CALL_ID = re.compile(r"[0-9A-Fa-f-]{1,64}")
_EXTRA = re.compile(r"^(X-[A-Za-z0-9-]{1,60})[ \t]*:[ \t]*([^\r\n]{0,400}?)[ \t]*\r?$", re.MULTILINE)
_DISPLAY = re.compile(r'"?([^"<]{1,100}?)"?\s*<')
_USER = re.compile(r"sips?:([^@;>]+)@")


def extra_headers(message: str) -> dict[str, str]:
    """The X- headers of a SIP message, by their names in lower case; the first of a name counts."""
    found: dict[str, str] = {}
    for name, value in _EXTRA.findall(message.partition("\r\n\r\n")[0]):
        found.setdefault(name.lower(), value)
    return found


class Seat:
    """A registered account (line.Phone). Made by `Softphone.add_account`."""

    def __init__(self, softphone: Softphone, user: str, registrar: str) -> None:
        self.softphone, self.user, self.registrar = softphone, user, registrar
        self.registered = False
        """Whether the registrar knows us now. Registrations are renewed; one that fails is tried again and again."""
        self.account: PjAccount | None = None
        """The library's account. Only the owner thread touches it."""
        self.calls: asyncio.Queue[PjLine] = asyncio.Queue()
        self.away: dict[str, PjLine] = {}
        """Lines whose far side the exchange has, by the call's id; it may give them back. The owner thread's."""
        self.route: str | None = None
        """Where its messages go, when the registrar is given by a name."""
        self.registration: asyncio.Future[None] = softphone.loop.create_future()
        self.leaving = False
        """Set when its account is given up."""
        self._retries = Retries()
        self._retry: asyncio.TimerHandle | None = None

    async def dial(
        self,
        number: str,
        *,
        call_id: str,
        caller_id: str | None = None,
        trunk: str | None = None,
        ring_timeout_s: float | None = None,
    ) -> PjLine:
        """Send the INVITE and return its line at once.

        `number` is E.164 (or `sip:user@host[:port]`), `caller_id` the number shown to the far side, `call_id` a uuid,
        `trunk` the wires to take (the exchange's choice without one).
        After `ring_timeout_s` (default: the softphone's setting) of ringing: HungUp(failure, …, no_answer).
        Errors: BadInputError for what may not be in a SIP message; UnavailableError `no_free_line` when every call the
        library can hold is in use, `not_started` when the softphone is closed.
        """
        uri_match = _SIP_URI.fullmatch(number)
        if uri_match is None and not _NUMBER.fullmatch(number):
            raise BadInputError(f"{number!r} cannot be dialled; write it like +5511987654321 or sip:user@host")
        if not _CALL_ID.fullmatch(call_id):
            raise BadInputError(f"{call_id!r} cannot be a call's id: a uuid is expected")
        if caller_id is not None and not _NUMBER.fullmatch(caller_id):
            raise BadInputError(f"{caller_id!r} cannot be shown as caller; write it like +551130000000")
        if trunk is not None and not _TRUNK.fullmatch(trunk):
            raise BadInputError(f"{trunk!r} cannot be a trunk's name: letters, digits, _ and - only")
        await self.softphone.admit()
        line = PjLine(self, call_id, uri_match[1] if uri_match else number, incoming=False)
        uri = number if uri_match else f"sip:{number}@{self.registrar}"
        timeout = self.softphone.settings.ring_timeout_s if ring_timeout_s is None else ring_timeout_s
        headers = {CALL_HEADER: call_id}
        if trunk is not None:
            headers[TRUNK_HEADER] = trunk
        if caller_id is not None:
            headers["P-Asserted-Identity"] = f"<sip:{caller_id}@{self.registrar}>"
        await self.softphone.call(lambda: self.softphone.make_call(self, line, uri, headers, timeout))
        return line

    async def incoming(self) -> PjLine:
        """Wait for the next incoming call; it rings until `answer` or its hangup."""
        return await self.calls.get()

    async def answer(self, line: Line) -> None:
        """Answer an incoming line; its Answered event follows. Harmless when the caller has given up meanwhile."""
        assert isinstance(line, PjLine)

        await self.softphone.call(lambda: line.call.respond(200) if line.call is not None else None)

    async def reject(self, line: Line, sip_code: int = 486) -> None:
        """Refuse an incoming line (486 busy, 603 declined, 480 not available) and wait until it is over."""
        assert isinstance(line, PjLine)
        line.hangup_reason = line.hangup_reason or f"rejected_{sip_code}"
        await self.softphone.call(lambda: line.call.end(sip_code) if line.call is not None else None)
        await line.over()

    async def close(self) -> None:
        """Hang up this seat's calls and unregister; the softphone itself goes on."""
        await self.softphone.remove_account(self)

    def close_away(self) -> None:
        """From the owner thread: whom the exchange has now will not come back to this seat."""
        away, self.away = self.away, {}
        for line in away.values():
            line.tell(HungUp(HungUpBy.NEAR, 0, HangupReason.CLOSING))

    def tell_registration(self, code: int, active: bool) -> None:
        """From the owner thread: what the registrar said."""
        self.softphone.loop.call_soon_threadsafe(self._told, code, active)

    def _told(self, code: int, active: bool) -> None:
        was, self.registered = self.registered, active and code == 200
        if self.registration.done():
            if self.registered:
                self._retries.succeeded()
            elif not self.leaving:
                self._try_again(code, self._retries.wait_s())
            if self.registered and not was:
                log.info("seat %s is registered again", self.user)
            return
        if self.registered:
            self.registration.set_result(None)
        elif code in (401, 403, 404, 407):
            self.registration.set_exception(
                UnavailableError(
                    f"{self.registrar} refused seat {self.user} ({code}); check its SIP user and password",
                    code="registration_failed",
                )
            )
        else:
            self.registration.set_exception(self.unreachable())

    def _try_again(self, code: int, wait_s: float) -> None:
        log.warning("seat %s is not registered now (%d); asking again in %.0f s", self.user, code, wait_s)
        if self._retry is not None:
            self._retry.cancel()
        self._retry = self.softphone.loop.call_later(wait_s, self.renew)

    def renew(self) -> None:
        """Ask the registrar now: what was lost may be the exchange."""
        if not self.leaving:
            self.softphone.post(self._ask)

    def _ask(self) -> None:
        """On the owner thread."""
        if self.account is not None:
            with contextlib.suppress(pj.Error):  # it is being asked already
                self.account.setRegistration(True)

    def unreachable(self) -> UnavailableError:
        """What to say when nobody answers the registration."""
        authorities = self.softphone.settings.tls_authorities
        proof = f" with a certificate for that name, signed by one of {authorities}" if authorities is not None else ""
        return UnavailableError(
            f"no SIP registrar answers at {self.registrar}; check that Asterisk runs there{proof}",
            code="registrar_unreachable",
        )


class PjAccount(pj.Account):  # type: ignore[misc]
    """The library's account; its callbacks arrive on the owner thread."""

    def __init__(self, seat: Seat) -> None:
        super().__init__()
        self.seat = seat

    def onRegState(self, prm: pj.OnRegStateParam) -> None:
        """The registrar answered, or did not."""
        try:
            self.seat.tell_registration(prm.code, prm.expiration > 0 and prm.expiration != 0xFFFFFFFF)
        except Exception:
            log.exception("registration of %s", self.seat.user)

    def onIncomingCall(self, prm: pj.OnIncomingCallParam) -> None:
        """A call rings at this seat."""
        try:
            softphone = self.seat.softphone
            headers = extra_headers(prm.rdata.wholeMsg)
            call_id = headers.get(CALL_HEADER.lower(), "")
            call_id = call_id if _CALL_ID.fullmatch(call_id) else ""
            returned = headers.get(RETURN_HEADER.lower())
            port = softphone.lend_port()
            ours = self.seat.away.pop(call_id, None) if returned is not None else None
            line = ours or PjLine(self.seat, call_id, "", incoming=True, headers=headers)
            if line.call is not None:
                line.call.give_way()
            line.call = call = PjCall(self, line, port, prm.callId)
            softphone.keep(call)
            if returned is not None:
                call.given_back = returned.lower()
                softphone.post(lambda: call.respond(480 if ours is None else 200))
                return
            info = call.getInfo()
            caller, name = _USER.search(info.remoteUri), _DISPLAY.match(info.remoteUri)
            line.remote_name = name[1] if name else ""
            line.remote = caller[1] if caller else ""
            softphone.post(lambda: call.respond(180))
            softphone.loop.call_soon_threadsafe(self.seat.calls.put_nowait, line)
        except Exception:
            log.exception("incoming call at %s", self.seat.user)
