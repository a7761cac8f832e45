"""Tells another dialer how its calls ended: by webhook or VICIdial's API, until it has taken it or refuses for good."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp

from voiceagent.base.errors import UnavailableError
from voiceagent.dialer.leads import LeadReport, Leads
from voiceagent.settings.sipfile import OtherDialer

log = logging.getLogger(__name__)

#: How often it is looked for calls that have ended.
LOOK_S = 1.0
#: Answers that ask to be tried again, like every 5xx.
_AGAIN = frozenset({408, 409, 425, 429})
SIGNATURE = "X-Voiceagent-Signature"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the dialer said."""

    taken: bool
    for_good: bool
    """A refusal that no repetition will change."""
    text: str


Tell = Callable[[aiohttp.ClientSession, LeadReport], Awaitable[Answer]]


def document_of(report: LeadReport, status: str) -> dict[str, Any]:
    """The webhook's body."""
    return {
        "lead_id": report.lead_id,
        "call_id": str(report.attempt_id),
        "seat": report.seat,
        "disposition": report.disposition.value,
        "status": status,
        "human": report.human,
        "right_party": report.right_party,
        "talk_s": report.talk_s,
        "started_at": report.started_at.isoformat(),
        "ended_at": report.ended_at.isoformat() if report.ended_at else None,
        "promised_minor": report.promised_minor,
        "currency": report.currency,
        "callback_at": report.callback_at.isoformat() if report.callback_at else None,
    }


def teller_of(dialer: OtherDialer) -> Tell:
    """How this dialer is told."""

    async def webhook(session: aiohttp.ClientSession, report: LeadReport) -> Answer:
        body = json.dumps(document_of(report, _status(dialer, report)), sort_keys=True).encode()
        signed = hmac.new(dialer.secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": str(report.attempt_id),
            SIGNATURE: f"sha256={signed}",
        }
        async with session.post(dialer.url, data=body, headers=headers, allow_redirects=False) as response:
            text = f"HTTP {response.status}"
            taken = 200 <= response.status < 300
            return Answer(taken, 400 <= response.status < 500 and response.status not in _AGAIN, text)

    async def vicidial(session: aiohttp.ClientSession, report: LeadReport) -> Answer:
        said = {
            "source": "voiceagent",
            "function": "update_lead",
            "user": dialer.user,
            "pass": dialer.secret,
            "lead_id": report.lead_id,
            "status": _status(dialer, report),
            "no_update": "N",
        }
        if report.callback_at is not None:
            at = report.callback_at.astimezone(ZoneInfo(dialer.zone)).strftime("%Y-%m-%d %H:%M:%S")
            said |= {"callback": "Y", "callback_type": "ANYONE", "callback_datetime": at, "callback_status": "CALLBK"}
        # POST: a password in a query string ends in everybody's logs.
        async with session.post(dialer.url, data=said, allow_redirects=False) as response:
            text = " ".join((await response.text())[:400].split())
            taken = response.status == 200 and text.startswith("SUCCESS")
            # VICIdial says what went wrong in the text of a 200.
            refused = response.status == 200 and "NO MATCHES FOUND" in text
            return Answer(taken, refused, text or f"HTTP {response.status}")

    return vicidial if dialer.tell == "vicidial" else webhook


def _status(dialer: OtherDialer, report: LeadReport) -> str:
    return dialer.statuses.get(report.disposition.value, report.disposition.value)


async def tell_for_ever(leads: Leads, dialer: OtherDialer, *, look_s: float = LOOK_S) -> None:
    """Work until cancelled; nothing is lost by that."""
    tell = teller_of(dialer)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=dialer.timeout_s)) as session:
        while True:
            try:
                reports = await asyncio.to_thread(leads.claim)
                await asyncio.gather(*(_tell_one(leads, tell, session, report) for report in reports))
            except UnavailableError as error:
                log.error("the other dialer is told later: %s", error)
            except Exception:
                log.exception("telling the other dialer")
            await asyncio.sleep(look_s)


async def _tell_one(leads: Leads, tell: Tell, session: aiohttp.ClientSession, report: LeadReport) -> None:
    try:
        answer = await tell(session, report)
    except (aiohttp.ClientError, TimeoutError) as error:
        answer = Answer(False, False, f"{type(error).__name__}: {error}")
    if answer.taken or answer.for_good:
        if answer.for_good:
            log.error("the dialer refuses lead %s of call %s: %s", report.lead_id, report.attempt_id, answer.text)
        await asyncio.to_thread(leads.told, report, answer.text, taken=answer.taken)
    else:
        log.warning("the dialer was not told of call %s, again later: %s", report.attempt_id, answer.text)
        await asyncio.to_thread(leads.failed, report, answer.text)


@asynccontextmanager
async def telling(leads: Leads, dialer: OtherDialer) -> AsyncIterator[None]:
    """`tell_for_ever` for as long as the context is open."""
    task = asyncio.create_task(tell_for_ever(leads, dialer), name="lead teller")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
