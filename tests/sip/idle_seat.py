"""A seat in a process that the tests kill: registered, takes no call, tells of each that rings.

Reads one JSON object (registrar, user, password); writes {"ready"}, then {"ringing": CALL-ID} for each call.
"""

from __future__ import annotations

import asyncio
import json
import sys

from voiceagent.telephony.softphone import Softphone


async def main() -> None:
    given = json.loads(sys.stdin.readline())
    softphone = Softphone()
    await softphone.start()
    seat = await softphone.add_account(given["user"], given["password"], given["registrar"])
    print(json.dumps({"ready": True}), flush=True)
    while True:
        line = await seat.incoming()
        print(json.dumps({"ringing": line.call_id}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
