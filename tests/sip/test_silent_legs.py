"""Guards the exchange's own net: a call whose seat died and that nobody cleared up after ends by its silence."""

from __future__ import annotations

import asyncio
import shutil
import time
import uuid
from pathlib import Path

from tests.sip.conftest import Child
from voiceagent.simulator.plain_phones import HOST, PlainPhone, PlainPhones, Switchboard
from voiceagent.telephony.asterisk_program import AsteriskProgram
from voiceagent.telephony.asterisk_server import AsteriskServer, PhoneAccount, SeatAccount
from voiceagent.telephony.asterisk_tree import TEMPLATES

NUMBER = "+5511955550178"
#: The templates say half a minute.
SAID_S, HERE_S = 30, 2


def quick_templates(folder: Path) -> Path:
    """The rehearsal's, less patient with silence."""
    copy = Path(shutil.copytree(TEMPLATES, folder / "templates"))
    file = copy / "pjsip.conf"
    text, wanted = file.read_text(), f"rtp_timeout = {SAID_S}"
    assert wanted in text.partition("[phone](!)")[0], "a seat's leg is watched"
    file.write_text(text.replace(wanted, f"rtp_timeout = {HERE_S}"))
    return copy


def test_a_leg_without_audio_is_hung_up_and_the_debtor_with_it(
    asterisk_program: AsteriskProgram, tmp_path: Path
) -> None:
    server = AsteriskServer(
        asterisk_program,
        tmp_path / "asterisk",
        seats=[SeatAccount("seat1", "9001")],
        phones=[PhoneAccount(NUMBER)],
        templates=quick_templates(tmp_path),
    )

    async def scenario() -> tuple[float, list[str], float]:
        phone = PlainPhone(number=NUMBER, password=server.phones[NUMBER].password)
        async with server, server.ami() as ami:
            transport, telephones = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: Switchboard(PlainPhones(registrar=server.registrar, phones=(phone,))), local_addr=(HOST, 0)
            )
            await telephones.register()
            call_id = str(uuid.uuid4())
            child = await asyncio.to_thread(
                Child,
                "tests.sip.seat_process",
                registrar=server.registrar,
                user="seat1",
                password=server.seats["seat1"].password,
                number=NUMBER,
                call_id=call_id,
                folder=str(tmp_path),
            )
            try:
                assert await asyncio.to_thread(child.read) == {"answered": True}
                legs = sorted(channel.endpoint for channel in await ami.channels())
            finally:
                child.kill()
            killed = time.monotonic()
            while await ami.channels():
                assert time.monotonic() - killed < SAID_S, "the exchange still holds the call"
                await asyncio.sleep(0.05)
            took = time.monotonic() - killed
            transport.close()
        [row] = [row for row in server.cdr() if row.call_id == call_id]
        return took, legs, row.billed_s

    took, legs, billed = asyncio.run(scenario())
    assert legs == [NUMBER, "seat1"]
    assert HERE_S - 1 < took < HERE_S + 4
    assert billed < took + 3
