"""A seat in a process that the tests kill or close: one recorded call, held until told otherwise.

Reads one JSON object (registrar, user, password, number, call_id, folder), writes {"answered"} and, after one more
line on stdin, closes the softphone with the call alive and writes {"closed_s", "stuck", "by", "reason"}.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from tests.sip.signals import noise
from voiceagent.telephony.line import Answered, HungUp
from voiceagent.telephony.recorder import Recorder
from voiceagent.telephony.softphone import Softphone
from voiceagent.telephony.ticks import RealTicks


async def main() -> None:
    given = json.loads(sys.stdin.readline())
    recorder = Recorder(Path(given["folder"]), min_free_bytes=0)
    recorder.start()
    softphone = Softphone()
    await softphone.start()
    seat = await softphone.add_account(given["user"], given["password"], given["registrar"])
    line = await seat.dial(given["number"], call_id=given["call_id"])
    recording = recorder.begin(given["call_id"])
    line.record(recording)
    while not isinstance(await line.next_event(), Answered):
        pass
    recording.mark_begin()
    line.play(noise(3))
    ticks = RealTicks()
    while not line.played():
        await ticks.next()
    print(json.dumps({"answered": True}), flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    begun = time.monotonic()
    await softphone.close()
    took = time.monotonic() - begun
    while not isinstance(over := await line.next_event(), HungUp):
        pass
    await recorder.close()
    print(json.dumps({"closed_s": took, "stuck": softphone.stuck, "by": over.by, "reason": over.reason}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
