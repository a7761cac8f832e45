"""Guards what is left when a process dies or stops in mid-call: the recording, the channel, the next call."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sip import phones
from tests.sip.conftest import Child
from tests.sip.signals import find, noise, share
from voiceagent.audio import wav
from voiceagent.base.errors import UnavailableError
from voiceagent.settings.paths import ROOT
from voiceagent.telephony.ami import AmiClient, AmiError, Channel
from voiceagent.telephony.asterisk_program import AsteriskProgram
from voiceagent.telephony.asterisk_server import AsteriskPorts, AsteriskServer, SeatAccount
from voiceagent.telephony.hangup import HangupReason
from voiceagent.telephony.line import Answered, HungUp, HungUpBy
from voiceagent.telephony.recorder import marks_path
from voiceagent.telephony.softphone import Softphone, SoftphoneSettings
from voiceagent.telephony.ticks import RealTicks


async def no_channel_of(ami: AmiClient, endpoint: str) -> list[Channel]:
    """Wait until Asterisk has no channel of this seat, at most 2 s; returns what is left."""
    ticks, deadline = RealTicks(), time.monotonic() + 2
    while left := [channel for channel in await ami.channels() if channel.endpoint == endpoint]:
        if time.monotonic() > deadline:
            break
        await ticks.next()
    return left


class Holder:
    """A child process that holds one recorded call from seat2."""

    def __init__(self, server: AsteriskServer, folder: Path) -> None:
        self.call_id = str(uuid.uuid4())
        self.recording = folder / f"{self.call_id}.wav"
        account = server.seats["seat2"]
        self.child = Child(
            "tests.sip.seat_process",
            registrar=server.registrar,
            user=account.name,
            password=account.password,
            number=phones.TALKS,
            call_id=self.call_id,
            folder=str(folder),
        )
        assert self.child.read() == {"answered": True}


@pytest.fixture
def holder(asterisk_server: AsteriskServer, telephones: Child, tmp_path: Path) -> Iterator[Holder]:
    held = Holder(asterisk_server, tmp_path)
    yield held
    held.child.kill()


def test_a_killed_seat_leaves_a_readable_recording_and_no_channel(
    asterisk_server: AsteriskServer, holder: Holder, tmp_path: Path
) -> None:
    async def scenario() -> tuple[list[Channel], float, int, list[Channel]]:
        async with asterisk_server.ami() as ami:
            await asyncio.sleep(1.5)
            holder.child.kill()
            died = time.monotonic()
            before = [channel for channel in await ami.channels() if channel.endpoint == "seat2"]
            hung_up = await ami.hang_up_calls_of("seat2")
            left = await no_channel_of(ami, "seat2")
            return before, time.monotonic() - died, hung_up, left

    before, took, hung_up, left = asyncio.run(scenario())
    assert [channel.call_id for channel in before] == [holder.call_id]
    assert (hung_up, left) == (1, [])
    assert took < 2

    stereo = wav.decode(holder.recording.read_bytes())
    assert 1.0 < stereo.seconds < 2.5, "at most the last flush is missing"
    assert find(noise(3), stereo.channel(0))[0] > 0.99
    assert share(noise(phones.FAR_SEED), stereo.channel(1)) >= 0.7
    [mark] = json.loads(marks_path(holder.recording).read_text())
    assert mark["kind"] == "sensitive"
    assert mark["end_s"] > 1.0

    again = Holder(asterisk_server, tmp_path)  # the seat registers and calls again at once
    again.child.kill()

    async def clean() -> int:
        async with asterisk_server.ami() as ami:
            return await ami.hang_up_call(again.call_id)

    assert asyncio.run(clean()) in (1, 2), "the seat's leg, and the telephone's while it lives on"


def test_closing_with_a_live_call_ends_it_in_order(asterisk_server: AsteriskServer, holder: Holder) -> None:
    holder.child.send("close")
    closed = holder.child.read()
    assert (closed["stuck"], closed["by"], closed["reason"]) == (False, HungUpBy.NEAR, HangupReason.CLOSING)
    assert closed["closed_s"] < 5
    assert holder.child.process.wait(10) == 0, "no abort in the library on the way out"

    async def scenario() -> list[Channel]:
        async with asterisk_server.ami() as ami:
            return await no_channel_of(ami, "seat2")

    assert asyncio.run(scenario()) == []
    assert wav.decode(holder.recording.read_bytes()).seconds > 0


def test_the_exchange_going_away_and_coming_back(asterisk_program: AsteriskProgram, tmp_path: Path) -> None:
    """The manager client logs in again, and a softphone whose exchange is dead still closes within its deadline."""
    server = AsteriskServer(asterisk_program, tmp_path / "asterisk", seats=[SeatAccount("seat1", "9001")], phones=[])

    async def scenario() -> float:
        await server.start()
        softphone = Softphone(SoftphoneSettings(register_timeout_s=2.0, close_deadline_s=10.0))
        try:
            await softphone.start()
            ami = server.ami(timeout_s=1.0)
            await ami.start()
            seat = await softphone.add_account("seat1", server.seats["seat1"].password, server.registrar)
            line = await seat.dial("9001", call_id=str(uuid.uuid4()))  # not in its dialplan: a clear end, no hang
            while not isinstance(over := await asyncio.wait_for(line.next_event(), 5), HungUp):
                assert not isinstance(over, Answered)
            await server.stop()
            with pytest.raises(AmiError):
                await asyncio.wait_for(ami.action("Ping"), 6)
            await server.start()
            ticks = RealTicks()
            async with asyncio.timeout(15):
                while not ami.connected:
                    await ticks.next()
            assert (await ami.action("Ping"))["Ping"] == "Pong"
            await ami.close()
            await server.stop()
        finally:
            begun = time.monotonic()
            await softphone.close()
            took = time.monotonic() - begun
            await server.stop()
        assert not softphone.stuck
        return took

    assert asyncio.run(scenario()) < 10


def test_one_endpoint_per_process_and_ports_in_use(
    asterisk_server: AsteriskServer, asterisk_program: AsteriskProgram, tmp_path: Path
) -> None:
    async def scenario() -> None:
        first = Softphone(SoftphoneSettings(sip_port=AsteriskPorts.free().sip))
        await first.start()
        try:
            with pytest.raises(UnavailableError) as second:
                await Softphone().start()
            assert second.value.code == "endpoint_taken"
        finally:
            await first.close()
        with pytest.raises(UnavailableError, match=str(asterisk_server.ports.sip)) as taken:
            await Softphone(SoftphoneSettings(sip_port=asterisk_server.ports.sip)).start()
        assert taken.value.code == "port_in_use"
        third = Softphone()  # a failed start leaves nothing behind
        await third.start()
        await third.close()
        with pytest.raises(UnavailableError) as closed:
            await third.add_account("seat1", "x", "127.0.0.1:5060")
        assert closed.value.code == "not_started"

        rival = AsteriskServer(asterisk_program, tmp_path / "rival", seats=[], phones=[], ports=asterisk_server.ports)
        with pytest.raises(UnavailableError, match="another program") as port:
            await rival.start()
        assert (port.value.code, rival.pid) == ("port_in_use", None)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "ending",
    ["held = phone._ports[0]; await phone.close()", "pass", "raise SystemExit(0)"],
    ids=["a port is still referred to", "never closed", "leaves in the middle"],
)
def test_the_library_never_aborts_the_process_on_its_way_out(ending: str) -> None:
    program = (
        "import asyncio\n"
        "from voiceagent.telephony.softphone import Softphone\n"
        "async def main():\n"
        "    phone = Softphone()\n"
        "    await phone.start()\n"
        f"    {ending}\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_manager_login_is_checked(asterisk_server: AsteriskServer) -> None:
    async def scenario() -> None:
        stranger = AmiClient("127.0.0.1", asterisk_server.ports.ami, "voiceagent", "guess")
        with pytest.raises(AmiError) as refused:
            await stranger.start()
        assert refused.value.code == "ami_login_refused"
        nobody = AmiClient("127.0.0.1", AsteriskPorts.free().ami, "voiceagent", "guess")
        with pytest.raises(AmiError) as silent:
            await nobody.start()
        assert silent.value.code == "ami_unavailable"

    asyncio.run(scenario())


def test_secrets_are_private_and_everything_listens_on_loopback(asterisk_server: AsteriskServer) -> None:
    assert asterisk_server.home.stat().st_mode & 0o777 == 0o700
    for name in ("pjsip.conf", "manager.conf"):
        assert (asterisk_server.home / "etc" / name).stat().st_mode & 0o077 == 0
    pid = asterisk_server.pid
    sockets = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        target = str(link.readlink())
        if target.startswith("socket:["):
            sockets.add(target[8:-1])
    listening, receiving = set(), {}
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for row in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = row.split()
            if fields[9] in sockets:
                address, port = fields[1].split(":")
                if table.startswith("udp"):
                    receiving[int(port, 16)] = address
                elif fields[3] == "0A":
                    listening.add((address, int(port, 16)))
    ports, loopback = asterisk_server.ports, "0100007F"
    assert listening == {(loopback, ports.ami)}
    assert receiving[ports.sip] == loopback
    # pjproject holds two more for DNS questions, one of each family; here nothing is ever asked.
    assert len([address for address in receiving.values() if address != loopback]) <= 2
