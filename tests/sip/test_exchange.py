"""Guards the shop's exchange: the generated configuration loads without a warning, calls go both ways by trunk."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sip import phones
from tests.sip.conftest import Child
from tests.sip.exchange_house import CARRIER_DIALS, NUMBER, ExchangeHouse, shop
from tests.sip.signals import noise, share
from voiceagent.base.errors import UnavailableError
from voiceagent.telephony.asterisk_program import AsteriskProgram
from voiceagent.telephony.asterisk_server import AsteriskServer
from voiceagent.telephony.cdr import CdrDisposition
from voiceagent.telephony.line import Answered, HungUp
from voiceagent.telephony.seat import Seat
from voiceagent.telephony.softphone import Softphone
from voiceagent.telephony.ticks import RealTicks


@pytest.fixture(scope="module")
def house(
    asterisk_program: AsteriskProgram, asterisk_server: AsteriskServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ExchangeHouse]:
    run = ExchangeHouse(tmp_path_factory.mktemp("shop"), asterisk_program, *shop(asterisk_server))
    run.start()
    yield run
    run.stop()


@pytest.fixture(scope="module")
def pa01(loop: asyncio.Runner, softphone: Softphone, house: ExchangeHouse, telephones: Child) -> Seat:
    house.until("pjsip show registrations", "Registered ")
    return loop.run(softphone.add_account("pa01", house.sip["seats"]["pa01"], house.sip["registrar"]))


def test_it_loads_whole_and_without_a_warning(house: ExchangeHouse) -> None:
    objects = house.ask("pjsip show endpoints")
    stations = set(re.findall(r"^ Endpoint:  ([\w-]+) ", objects, re.MULTILINE))
    assert stations == {"pa01", "pa02", "pa03", "ana", "bruno", "first", "second"}
    seat = house.ask("pjsip show endpoint pa01")
    for setting in ("rtp_timeout +: 30", "max_contacts +: 1", "remove_existing +: true", "direct_media +: false"):
        assert re.search(setting, seat + house.ask("pjsip show aor pa01")), setting
    queues = house.ask("queue show")
    assert set(re.findall(r"PJSIP/([\w-]+)", queues)) == {"pa01", "pa02", "pa03", "ana", "bruno"}
    assert "ringinuse enabled" not in queues
    for context, extension in [
        ("from-seat", "_+X!"), ("from-seat", "8001"), ("outgoing", "_+X!"), ("from-trunk-numbers", NUMBER),
        ("from-trunk-numbers", NUMBER[1:]), ("seats", "s"), ("seats-keys", "1"), ("humans", "s"), ("trunk-second", "s"),
    ]:  # fmt: skip
        assert f"'{extension}'" in house.ask(f"dialplan show {context}"), (context, extension)
    assert "127.0.0.9/32" in house.ask("pjsip show identify second")
    assert not re.findall(r".*(?:WARNING|ERROR).*", house.said_at_start)
    assert house.ask("module show like res_ari").count("0 modules loaded") == 1
    assert house.ask("module show like app_amd").count("0 modules loaded") == 1


def test_a_seat_phones_by_the_trunk_that_registered(
    loop: asyncio.Runner, pa01: Seat, house: ExchangeHouse, telephones: Child
) -> None:
    wanted = str(uuid.uuid4())

    async def scenario() -> bytes:
        line = await pa01.dial(phones.TALKS, call_id=wanted, caller_id=NUMBER)
        while not isinstance(await asyncio.wait_for(line.next_event(), 10), Answered):
            pass
        ours, ticks = noise(51), RealTicks()
        line.play(ours)
        while line.played() < len(ours):
            await ticks.next()
        await asyncio.sleep(0.4)
        heard = line.hear()
        await line.hangup()
        return heard

    heard = loop.run(scenario())
    far = telephones.wait_for(
        lambda event: event.get("number") == phones.TALKS and "over" in event and NUMBER in str(event["caller"])
    )
    assert share(noise(phones.FAR_SEED), heard) >= 0.7
    assert share(noise(51), Path(far["heard"]).read_bytes()) >= 0.7
    row = house.cdr(wanted)
    assert (row.source, row.destination, row.disposition) == (NUMBER, phones.TALKS, CdrDisposition.ANSWERED)
    recorded = house.home / "spool/monitor" / f"{wanted}.wav"
    assert recorded.stat().st_size > 8000, "the exchange is a witness of its own"
    events = (house.home / "log/cel-custom/events.csv").read_text()
    assert wanted in events and '"BRIDGE_ENTER"' in events


@pytest.mark.parametrize(
    ("number", "codes"),
    [
        ("+14155550100", {404}),  # a country that nobody allowed
        ("5511900000001", {484, 404}),  # not E.164
        (phones.BUSY, {486}),  # the far side's own word comes through
        ("+5511999999999", {404}),
    ],
)
def test_what_is_not_answered_says_why(loop: asyncio.Runner, pa01: Seat, number: str, codes: set[int]) -> None:
    async def scenario() -> HungUp:
        line = await pa01.dial(number, call_id=str(uuid.uuid4()))
        while not isinstance(over := await asyncio.wait_for(line.next_event(), 10), HungUp):
            assert not isinstance(over, Answered)
        return over

    assert loop.run(scenario()).sip_code in codes


def test_a_debtor_who_calls_the_shown_number_reaches_a_seat_by_the_queue(
    loop: asyncio.Runner, pa01: Seat, house: ExchangeHouse, telephones: Child
) -> None:
    telephones.send({"do": "call", "number": phones.DEBTOR, "to": CARRIER_DIALS})

    async def scenario() -> tuple[str, str]:
        line = await asyncio.wait_for(pa01.incoming(), 10)
        await pa01.answer(line)
        while not isinstance(await asyncio.wait_for(line.next_event(), 10), Answered):
            pass
        await line.hangup()
        return line.remote, line.call_id

    remote, call_id = loop.run(scenario())
    telephones.wait_for(lambda event: event.get("number") == phones.DEBTOR and "over" in event)
    assert remote == phones.DEBTOR
    assert str(uuid.UUID(call_id)) == call_id
    assert (house.home / "spool/monitor" / f"{call_id}.wav").is_file(), "recorded by the exchange as well"


def test_a_wrong_password_is_written_for_fail2ban(
    loop: asyncio.Runner, softphone: Softphone, pa01: Seat, house: ExchangeHouse
) -> None:
    with pytest.raises(UnavailableError, match="password"):
        loop.run(softphone.add_account("pa02", "a guess", pa01.registrar))
    log = (house.home / "log/security.log").read_text()
    assert re.search(r'SecurityEvent="(ChallengeResponseFailed|InvalidPassword)".*AccountID="pa02".*127\.0\.0\.1', log)


def test_a_right_password_from_a_wrong_network_is_refused(
    loop: asyncio.Runner, softphone: Softphone, house: ExchangeHouse
) -> None:
    house.write({"networks": ["127.9.0.0/16"]})
    house.ask("module reload res_pjsip.so")
    with pytest.raises(UnavailableError) as refused:
        loop.run(softphone.add_account("pa03", house.sip["seats"]["pa03"], house.sip["registrar"]))
    assert refused.value.code == "registration_failed"
    log = (house.home / "log/security.log").read_text()
    assert re.search(r'SecurityEvent="FailedACL".*AccountID="pa03"', log)
