"""Guards calls by TLS and SRTP: certificates are checked, nothing is sent in clear to an exchange that wants them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.own_build import built, environment
from tests.sip import exchange_house, phones, secure_seat
from tests.sip.certificates import Authority
from tests.sip.conftest import Child
from tests.sip.exchange_house import NUMBER, ExchangeHouse
from tests.sip.signals import noise, share
from voiceagent.settings.paths import ROOT
from voiceagent.telephony.asterisk_program import AsteriskProgram
from voiceagent.telephony.asterisk_server import AsteriskServer

LIBRARIES = ["registry", pytest.param("release", marks=pytest.mark.own_build("release"))]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates") / "shop", "Autoridade da loja")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates") / "stranger", "Outra autoridade")


@pytest.fixture(scope="module")
def house(
    shop: Authority,
    asterisk_program: AsteriskProgram,
    asterisk_server: AsteriskServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ExchangeHouse]:
    certificate, key = shop.sign("127.0.0.1", "IP:127.0.0.1")
    tls = {
        "certificate": str(certificate), "key": str(key), "authorities": str(shop.certificate), "name": "127.0.0.1",
    }  # fmt: skip
    run = ExchangeHouse(tmp_path_factory.mktemp("shop"), asterisk_program, *exchange_house.shop(asterisk_server, tls))
    run.start()
    run.until("pjsip show registrations", "Registered ")
    yield run
    run.stop()


def seat(house: ExchangeHouse, library: str, authorities: Path | None, **other: str) -> dict[str, Any]:
    """What came of a call by a seat of that library."""
    given = {
        "registrar": house.sip["registrar"],
        "user": "pa01",
        "password": house.sip["seats"]["pa01"],
        "authorities": str(authorities) if authorities else None,
        "number": phones.TALKS,
        "call_id": str(uuid.uuid4()),
        **other,
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.sip.secure_seat"],
        cwd=ROOT, env=environment(library), input=json.dumps(given) + "\n",
        stdout=subprocess.PIPE, text=True, timeout=60, check=True,
    )  # fmt: skip
    told: dict[str, Any] = json.loads(done.stdout)
    assert library == "registry" or Path(told["library"]).parent == built(library)
    return told


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_call_is_signalled_by_tls_and_spoken_by_srtp(house: ExchangeHouse, telephones: Child, library: str) -> None:
    assert house.sip["tls_authorities"].endswith("authority.pem")
    told = seat(house, library, Path(house.sip["tls_authorities"]))
    assert (told["by"], told["sip_code"]) == ("near", 200)
    far = telephones.wait_for(lambda event: event.get("number") == phones.TALKS and "over" in event)
    assert share(noise(phones.FAR_SEED), bytes.fromhex(told["heard"])) >= 0.7
    assert share(noise(secure_seat.OURS), Path(far["heard"]).read_bytes()) >= 0.7


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_debtor_in_the_queue_reaches_a_seat_over_its_connection(
    house: ExchangeHouse, telephones: Child, library: str
) -> None:
    """The caller waits until the seat registers: nobody can reach it but by the connection it made itself."""
    telephones.send({"do": "call", "number": phones.TALKS, "to": exchange_house.CARRIER_DIALS})
    house.until("queue show seats", "wait:")
    told = seat(house, library, Path(house.sip["tls_authorities"]), number="")
    assert (told["by"], told["sip_code"]) == ("near", 200)
    far = telephones.wait_for(lambda event: event.get("number") == phones.TALKS and "over" in event)
    assert share(noise(secure_seat.OURS), Path(far["heard"]).read_bytes()) >= 0.7


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_certificate_of_a_stranger_is_refused(house: ExchangeHouse, stranger: Authority, library: str) -> None:
    assert seat(house, library, stranger.certificate)["refused"] == "registrar_unreachable"


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_certificate_for_another_name_is_refused(house: ExchangeHouse, shop: Authority, library: str) -> None:
    other = house.sip["registrar"].replace("127.0.0.1", "localhost")
    assert seat(house, library, shop.certificate, registrar=other)["refused"] == "registrar_unreachable"


def test_a_call_without_srtp_is_refused(house: ExchangeHouse) -> None:
    told = seat(house, "registry", None, registrar=f"127.0.0.1:{house.ports.sip}")
    assert (told["by"], told["sip_code"]) == ("failure", 488)


def test_the_exchange_wants_srtp_of_seats_takes_it_of_people_and_leaves_carriers_alone(house: ExchangeHouse) -> None:
    def encryption(endpoint: str) -> list[str]:
        """The kind, and whether a call without it is taken as well."""
        return re.findall(r"media_encryption(?:_optimistic)? +: (\w+)", house.ask(f"pjsip show endpoint {endpoint}"))

    assert encryption("pa01") == ["sdes", "false"]
    assert encryption("ana") == ["sdes", "true"]
    assert encryption("first") == ["no", "false"]
    assert "tls" in house.ask("pjsip show transports")
    assert not re.findall(r".*(?:WARNING|ERROR).*", house.said_at_start)
    assert NUMBER in house.ask("dialplan show from-trunk-numbers")
