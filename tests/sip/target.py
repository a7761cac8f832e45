"""A seat in a process of its own that is shot at: it refuses whoever calls, and tells what it holds when asked.

Reads one JSON object (registrar, user, password, only_registrar), writes {"port"}; then strings, one a line: "count" is
answered by {"calls", "live", "in_library", "threads", "sockets"}, a number by {"reason"} when the call to it is over,
"stop" by its end.
"""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from pathlib import Path

from voiceagent.telephony.asterisk_server import AsteriskPorts
from voiceagent.telephony.pj import calls_in_library
from voiceagent.telephony.seat import Seat
from voiceagent.telephony.softphone import Softphone, SoftphoneSettings


def say(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


async def refuse(seat: Seat, busy: list[int]) -> None:
    while True:
        line = await seat.incoming()
        busy[0] += 1
        await seat.reject(line)


def held(softphone: Softphone) -> dict[str, int]:
    links = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return {
        "live": softphone.live_calls,
        "in_library": calls_in_library(),
        "threads": len(list(Path("/proc/self/task").iterdir())),
        "sockets": sum(link.startswith("socket:") for link in links),
    }


async def main() -> None:
    given = json.loads(sys.stdin.readline())
    port, calls = AsteriskPorts.free().sip, [0]
    softphone = Softphone(SoftphoneSettings(sip_port=port, only_registrar=given.get("only_registrar", False)))
    await softphone.start()
    seat = await softphone.add_account(given["user"], given["password"], given["registrar"])
    refusing = asyncio.create_task(refuse(seat, calls))
    say(port=port)
    while (line := (await asyncio.to_thread(sys.stdin.readline)).strip()) and (command := json.loads(line)) != "stop":
        if command == "count":
            say(**held(softphone), calls=calls[0])
        else:
            dialled = await seat.dial(command, call_id=str(uuid.uuid4()))
            say(reason=(await dialled.over()).reason)
    refusing.cancel()
    await softphone.close()


if __name__ == "__main__":
    asyncio.run(main())
