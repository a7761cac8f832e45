"""Simulated telephones in a process of their own: the SIP library allows one endpoint per process.

Reads one JSON object (registrar, folder, accounts: number -> password), then commands, one JSON object a line:
{"do": "call", "number", "to", "keys"}, {"do": "press", "number", "keys"}, {"do": "hang up", "number"}, {"do": "stop"},
{"do": "be", "number": HUMAN, "how": "answer", "ring" or "refuse"};
keys of a call are pressed one string after the other, each when the other side has spoken and fallen silent.
Writes one JSON object a line: {"ready"}, then what happens.
What a phone does is its number's business, below.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from tests.sip.signals import noise
from voiceagent.audio.format import FRAME_BYTES
from voiceagent.audio.levels import rms_dbov
from voiceagent.telephony.line import Answered, Dtmf, HungUp
from voiceagent.telephony.pj_line import PjLine
from voiceagent.telephony.seat import Seat
from voiceagent.telephony.softphone import Softphone, SoftphoneSettings
from voiceagent.telephony.ticks import RealTicks

TALKS = "+5511900000001"  # answers, speaks a noise burst, keeps what it hears
BUSY = "+5511900000002"
RINGS = "+5511900000003"  # never answers
REFUSES = "+5511900000004"
LEAVES = "+5511900000005"  # answers, and hangs up after half a second
PRESSES = "+5511900000006"  # answers, presses keys, tells which keys it hears
ABSENT = "+5511900000007"  # has an account and never registers
DEBTOR = "+5511955550100"  # calls us
SERVES, SETTLES_S = "serves", 2.0
NUMBERS = (TALKS, BUSY, RINGS, REFUSES, LEAVES, PRESSES, ABSENT, DEBTOR)

HUMAN = "human1"  # a person in the humans' queue; does what it was last told: answer, ring, refuse

KEYS = "159*0#"
FAR_SEED = 7


def tell(**event: Any) -> None:
    print(json.dumps(event), flush=True)


async def live(seat: Seat, line: PjLine, folder: Path, ticks: RealTicks, keys: list[str]) -> None:
    """One answered call to its end."""
    number = seat.user
    heard = bytearray()

    async def listen() -> None:
        spoke = quiet = 0
        while line.ended is None:
            await ticks.next()
            new = line.hear()
            heard.extend(new)
            for start in range(0, len(new), FRAME_BYTES):
                loud = rms_dbov(new[start : start + FRAME_BYTES]) > -50
                spoke, quiet = spoke + loud, 0 if loud else quiet + 1
            if keys and spoke > 15 and quiet > 60:
                spoke = 0
                line.send_dtmf(keys.pop(0))

    listening = asyncio.create_task(listen())
    while True:
        match await line.next_event():
            case Answered():
                if number == TALKS:
                    await asyncio.sleep(0.2)  # what is sent before the other side's audio has started is lost
                    line.play(noise(FAR_SEED))
                elif number == PRESSES:
                    line.send_dtmf(KEYS)
                elif number == LEAVES:
                    await asyncio.sleep(0.5)
                    await line.hangup()
            case Dtmf(digit):
                tell(number=number, key=digit)
            case HungUp() as over:
                await listening
                path = folder / f"{number}-{id(line)}.pcm"
                path.write_bytes(heard)
                tell(number=number, over=over.by, code=over.sip_code, caller=line.remote, heard=str(path))
                return


async def attend(seat: Seat, line: PjLine, how: str, folder: Path, ticks: RealTicks) -> None:
    """What a person does with somebody handed over."""
    tell(number=seat.user, ringing=line.remote, headers=dict(line.headers))
    if how == "refuse":
        await seat.reject(line, 486)
        return
    if how == "answer":
        await seat.answer(line)
    await live(seat, line, folder, ticks, [])


async def serve(
    seat: Seat,
    folder: Path,
    ticks: RealTicks,
    tasks: set[asyncio.Task[None]],
    manner: dict[str, str],
    calls: dict[str, PjLine],
) -> None:
    while True:
        line = await seat.incoming()
        calls[seat.user] = line
        if seat.user == HUMAN:
            tasks.add(asyncio.create_task(attend(seat, line, manner.get(HUMAN, "ring"), folder, ticks)))
        elif seat.user == BUSY:
            await seat.reject(line, 486)
        elif seat.user == REFUSES:
            await seat.reject(line, 603)
        else:
            if seat.user != RINGS:
                await seat.answer(line)
            tasks.add(asyncio.create_task(live(seat, line, folder, ticks, [])))


async def main() -> None:
    given = json.loads(sys.stdin.readline())
    softphone, ticks, tasks = Softphone(SoftphoneSettings()), RealTicks(), set[asyncio.Task[None]]()
    await softphone.start()
    folder, seats, calls = Path(given["folder"]), dict[str, Seat](), dict[str, PjLine]()
    manner: dict[str, str] = {}
    for number, password in given["accounts"].items():
        if number != ABSENT:
            seats[number] = await softphone.add_account(number, password, given["registrar"])
            serving = serve(seats[number], folder, ticks, tasks, manner, calls)
            tasks.add(asyncio.create_task(serving, name=SERVES))
    tell(ready=True)
    while (line := await asyncio.to_thread(sys.stdin.readline)) and (command := json.loads(line))["do"] != "stop":
        if command["do"] == "press":
            calls[command["number"]].send_dtmf("".join(command["keys"]))
            continue
        if command["do"] == "be":
            manner[command["number"]] = command["how"]
            continue
        if command["do"] == "hang up":
            await calls[command["number"]].hangup()
            continue
        if command["do"] == "settle":
            # What a test began may end a moment after it: its last words are told before ours.
            if talking := [task for task in tasks if task.get_name() != SERVES and not task.done()]:
                await asyncio.wait(talking, timeout=SETTLES_S)
            tell(settled=True)
            continue
        seat = seats[command["number"]]
        call = await seat.dial(command["to"], call_id="00000000-0000-0000-0000-000000000000")
        calls[command["number"]] = call
        tasks.add(asyncio.create_task(live(seat, call, folder, ticks, command.get("keys", []))))
    await softphone.close()
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(main())
