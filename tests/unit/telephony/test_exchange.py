"""Guards what a shop writes about its exchange: mistakes are named by file and line, passwords are kept and private."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from voiceagent.base.errors import BadInputError, MissingPartError
from voiceagent.cli.exchange_files import check_sip, read_exchange, read_secrets, write_secrets, write_sip
from voiceagent.cli.main import main
from voiceagent.settings.sipfile import load_sip
from voiceagent.telephony.asterisk_program import AsteriskProgram
from voiceagent.telephony.asterisk_tree import Directories
from voiceagent.telephony.exchange import Exchange, Secrets, Trunk, write_exchange

NUMBER = "+551140028922"
PROGRAM = AsteriskProgram(("/usr/sbin/asterisk",), Path("/usr/lib/asterisk/modules"), Path("/usr/share/asterisk"))


def exchange(**changes: object) -> Exchange:
    given: dict[str, object] = {
        "seats": 2, "humans": ("ana",), "numbers": (NUMBER,), "countries": ("55",), "address": "192.0.2.10",
        "networks": ("192.0.2.0/24",), "trunks": {"first": Trunk("sip.carrier.example", user="4028922")},
    }  # fmt: skip
    return Exchange(**{**given, **changes})  # type: ignore[arg-type]


def written(tmp_path: Path, shop: Exchange, passwords: Secrets | None = None) -> dict[str, str]:
    """The files made for it."""
    kept = (passwords or Secrets(trunks={"first": "given-by-carrier"})).completed(shop)
    etc = tmp_path / "etc"
    etc.mkdir(exist_ok=True)
    write_exchange(shop, kept, PROGRAM, Directories.of_system(), etc)
    return {path.name: path.read_text(encoding="utf-8") for path in etc.iterdir()}


def test_the_example_is_an_exchange_and_its_passwords_are_elsewhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["exchange", "example"]) == 0
    file = tmp_path / "exchange.yaml"
    file.write_text(capsys.readouterr().out, encoding="utf-8")
    shop = read_exchange(file)
    assert shop.seat_names == tuple(f"pa{number:02}" for number in range(1, 9))
    assert [name for name, trunk in shop.trunks.items() if trunk.user is not None] == ["first"]
    assert "password:" not in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ("seats: 0", "seats: between 1 and 999"),
        ("seats: many", "seats"),
        ("numbers: ['40028922']", "write it like +55"),
        ("address: here", "'here' does not appear to be an IPv4 or IPv6 address"),
        ("humans: [pa01]", "must all be named differently"),
        ("humans: ['a b']", "a letter, then letters"),
        ("queue_number: '8001'", "are the same"),
        ("codecs: [g729]", "alaw, ulaw, g722 or opus"),
        ("colour: blue", "colour"),
        ("people_wait_s: 2", "between 5 and 1800 seconds"),
        ("callers_hear: wait.wav", "an absolute path of a .wav"),
        ("callers_hear: /etc/passwd", "an absolute path of a .wav"),
        ("trunks: {first: {host: a, identity: loud}}", "'loud': pai, rpid, both, from"),
        ("trunks: {first: {host: 'a b'}}", "no host name"),
        ("trunks: {first: {host: a, networks: [x]}}", "'x'"),
        ("trunks: {first: {host: a, prefix: 'Dial('}}", "digits only"),
        ("tls: {certificate: a.pem, key: /k, authorities: /c, name: n}", "an absolute path"),
    ],
)
def test_a_mistake_is_one_line_that_says_where(tmp_path: Path, changed: str, said: str) -> None:
    key = changed.partition(":")[0]
    good = {
        "seats": "2", "numbers": f"['{NUMBER}']", "countries": "['55']", "address": "192.0.2.10",
        "networks": "[192.0.2.0/24]",
    }  # fmt: skip
    file = tmp_path / "exchange.yaml"
    lines = [f"{name}: {value}" for name, value in good.items() if name != key]
    file.write_text("\n".join([*lines, changed]) + "\n", encoding="utf-8")
    with pytest.raises(BadInputError) as refused:
        read_exchange(file)
    assert said in refused.value.message and str(file) in refused.value.message


@pytest.mark.parametrize(
    ("identity", "said"),
    [("pai", {"send_pai"}), ("rpid", {"send_rpid"}), ("both", {"send_pai", "send_rpid"}), ("from", set())],
)
def test_each_carrier_is_told_the_number_as_it_wants_it(tmp_path: Path, identity: str, said: set[str]) -> None:
    files = written(tmp_path, exchange(trunks={"first": Trunk("sip.carrier.example", identity=identity)}), Secrets())
    sent = {name for name in ("send_pai", "send_rpid") if f"{name} = yes" in files["pjsip_accounts.conf"]}
    assert sent == said
    assert "send_pai = yes" not in files["pjsip.conf"], "nothing that a carrier's own setting would have to undo"


def test_waiting_is_as_long_and_as_loud_as_the_shop_says(tmp_path: Path) -> None:
    shop = exchange(people_wait_s=20, callers_wait_s=90, callers_hear="/srv/wait.wav")
    files = written(tmp_path, shop)
    assert "HUMAN_PATIENCE = 20" in files["extensions_humans.conf"]
    assert "\nPATIENCE = 90" in files["extensions.conf"]
    assert "periodic-announce = /srv/wait\n" in files["queues.conf"]
    assert "periodic-announce" not in written(tmp_path, exchange())["queues.conf"]
    write_sip(tmp_path / "sip.yaml", shop, Secrets(trunks={"first": "x"}).completed(shop))
    people = load_sip(tmp_path / "sip.yaml").humans
    assert people is not None and people.longest_s > 20 + 20, "longer than the queue's patience and the way back"


def test_passwords_are_made_once_kept_and_forgotten_with_their_seat(tmp_path: Path) -> None:
    kept = tmp_path / "secrets.yaml"
    with pytest.raises(MissingPartError, match="first: its-password"):
        read_secrets(kept).completed(exchange())
    first = Secrets(trunks={"first": "given"}).completed(exchange())
    write_secrets(kept, first)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert read_secrets(kept).completed(exchange()) == first
    fewer = read_secrets(kept).completed(exchange(seats=1, trunks={}))
    assert fewer.stations.keys() == {"pa01", "ana"} and not fewer.trunks
    assert fewer.stations["pa01"] == first.stations["pa01"]
    assert len({first.manager, *first.stations.values()}) == 4
    assert "given" not in repr(first) and first.manager not in repr(first)
    kept.chmod(0o644)
    with pytest.raises(BadInputError, match="chmod 600"):
        read_secrets(kept)


@pytest.mark.parametrize("password", ["two\nlines", "with space", "back\\slash", "", "é"])
def test_a_carrier_s_password_cannot_become_configuration(password: str) -> None:
    with pytest.raises((BadInputError, MissingPartError)):
        Secrets(trunks={"first": password}).completed(exchange())


def test_what_begins_a_comment_is_part_of_a_password(tmp_path: Path) -> None:
    files = written(tmp_path, exchange(), Secrets(trunks={"first": "a;b"}))
    assert "password = a\\;b\n" in files["pjsip_accounts.conf"]


def test_the_workers_file_is_what_they_read_and_a_hand_written_one_stays(tmp_path: Path) -> None:
    shop, file = exchange(), tmp_path / "home" / "sip.yaml"
    kept = Secrets(trunks={"first": "x"}).completed(shop)
    write_sip(file, shop, kept)
    sip = load_sip(file)
    assert (sip.registrar, sip.address, sip.trunk) == ("192.0.2.10:5060", "192.0.2.10", True)
    assert sip.seats == {name: kept.stations[name] for name in ("pa01", "pa02")}
    assert sip.manager is not None and sip.manager.secret == kept.manager
    assert sip.humans is not None and (sip.humans.number, sip.humans.queue) == ("8001", "humans")
    with pytest.raises(BadInputError, match="hours"):
        write_sip(file, exchange(hours={"mon": "late"}), kept)
    assert load_sip(file) == sip, "nothing is written that the workers would not take"
    check_sip(file)
    file.write_text("registrar: 10.0.0.1:5060\nseats: {a: b}\n", encoding="utf-8")
    with pytest.raises(BadInputError, match="by hand"):
        check_sip(file)


def test_no_place_is_left_unfilled_and_nobody_else_can_read(tmp_path: Path) -> None:
    files = written(tmp_path, exchange())
    assert not [name for name, text in files.items() if re.search(r"@[A-Z_]+@", text)]
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "etc").iterdir()} == {0o600}


def test_carriers_get_what_they_ask_for(tmp_path: Path) -> None:
    trunks = {
        "first": Trunk("sip.carrier.example", user="4028922", networks=("198.51.100.0/28",)),
        "second": Trunk("203.0.113.7", port=5080, digits=True, prefix="0", diversion=NUMBER),
    }
    files = written(tmp_path, exchange(trunks=trunks))
    accounts, routes = files["pjsip_accounts.conf"], files["extensions_routes.conf"]
    assert "client_uri = sip:4028922@sip.carrier.example:5060" in accounts
    assert "match = 198.51.100.0/28" in accounts and "match = 203.0.113.7" in accounts
    assert accounts.count("trunk-registration") == 1 and accounts.count("send_diversion = yes") == 1
    assert "Set(WIRED=0${ARG1:1})" in routes and "Set(WIRED=${ARG1})" in routes
    assert "DEFAULT_TRUNK = first" in routes
    for called in (NUMBER, NUMBER[1:], "4028922"):
        assert f"exten => {called},1,Goto(seats,s,1)" in routes


@given(st.integers(1, 999))
def test_seats_are_named_in_order_and_alike(count: int) -> None:
    names = exchange(seats=count).seat_names
    assert len(set(names)) == count and list(names) == sorted(names)
    assert len({len(name) for name in names}) == 1


def test_yaml_that_we_write_is_read_back_whatever_is_in_it(tmp_path: Path) -> None:
    odd = Secrets("m: #x", {"pa01": "'\"%s", "pa02": "yes", "ana": "0123"}, {"first": "ç@;\\"})
    write_secrets(tmp_path / "s.yaml", odd)
    assert read_secrets(tmp_path / "s.yaml") == odd
    assert yaml.safe_load((tmp_path / "s.yaml").read_text())["stations"]["ana"] == "0123"
