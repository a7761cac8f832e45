"""A seat by TLS and SRTP in a process of its own, so that it can be any build of the SIP library.

Reads one JSON object (registrar, user, password, authorities or null, number or "" to be called, call_id), writes one:
{"library", "refused"} with the code of a registration that failed, or {"library", "by", "sip_code", "heard"} after a
call of a second: what it heard as hexadecimal PCM.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from tests.sip.signals import noise
from voiceagent.base.errors import UnavailableError
from voiceagent.telephony.line import Answered, HungUp
from voiceagent.telephony.pj import library_file
from voiceagent.telephony.softphone import Softphone, SoftphoneSettings
from voiceagent.telephony.ticks import RealTicks

OURS = 61


async def work(given: dict[str, Any]) -> dict[str, Any]:
    authorities = Path(given["authorities"]) if given["authorities"] else None
    softphone = Softphone(SoftphoneSettings(tls_authorities=authorities, register_timeout_s=10.0))
    await softphone.start()
    try:
        try:
            seat = await softphone.add_account(given["user"], given["password"], given["registrar"])
        except UnavailableError as error:
            return {"refused": error.code}
        if given["number"]:
            line = await seat.dial(given["number"], call_id=given["call_id"])
        else:
            line = await seat.incoming()
            await seat.answer(line)
        while not isinstance(event := await line.next_event(), Answered):
            if isinstance(event, HungUp):
                return {"by": event.by, "sip_code": event.sip_code, "heard": ""}
        ours, ticks = noise(OURS), RealTicks()
        for said in range(1, 2 if given["number"] else 4):  # a queue joins its caller to us a moment after our answer
            line.play(ours)
            while line.played() < said * len(ours):
                await ticks.next()
        await asyncio.sleep(0.4)
        heard = line.hear()
        await line.hangup()
        over = await line.next_event()
        while not isinstance(over, HungUp):
            over = await line.next_event()
        return {"by": over.by, "sip_code": over.sip_code, "heard": heard.hex()}
    finally:
        await softphone.close()


if __name__ == "__main__":
    result = asyncio.run(work(json.loads(sys.stdin.readline())))
    print(json.dumps({"library": str(library_file()), **result}), flush=True)
