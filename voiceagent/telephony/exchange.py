"""A shop's exchange: seats, people, trunks and numbers, told once, become Asterisk's configuration."""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from voiceagent.audio.hold_music import hold_music
from voiceagent.base.errors import BadInputError, MissingPartError
from voiceagent.telephony.asterisk_program import AsteriskProgram
from voiceagent.telephony.asterisk_tree import (
    HUMAN_PATIENCE_S,
    PATIENCE_S,
    TEMPLATES,
    Directories,
    members,
    told_while_waiting,
    write_tree,
)

#: Who may read what the exchange does and hang up a dead worker's channels.
MANAGER_USER = "voiceagent"
#: Of people; queues.conf has it.
HUMANS_QUEUE = "humans"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,30}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_USER = re.compile(r"[A-Za-z0-9+._-]{1,64}")
_PATH = re.compile(r"/[A-Za-z0-9/._-]+")


def _require(good: bool, said: str) -> None:
    if not good:
        raise ValueError(said)


#: What Asterisk sets on a trunk's endpoint for each way to assert who calls.
IDENTITIES = {
    "pai": "send_pai = yes",
    "rpid": "send_rpid = yes",
    "both": "send_pai = yes\nsend_rpid = yes",
    "from": "trust_id_outbound = no",
}


@dataclass(frozen=True, slots=True)
class Trunk:
    """A carrier."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    host: str
    """Its name or address."""
    port: int = 5060
    user: str | None = None
    """Our account there: the exchange registers with it. None: it knows us by our address."""
    networks: tuple[str, ...] = ()
    """Where its calls come from; empty: from `host`."""
    digits: bool = False
    """It wants, and sends, numbers without a plus."""
    prefix: str = ""
    """Digits in front of every number it is to dial."""
    identity: str = "pai"
    """How the number shown is asserted: pai (P-Asserted-Identity), rpid (Remote-Party-ID), both, or from (neither)."""
    diversion: str | None = None
    """A number of ours, told as Diversion in every call, for carriers that bill by it."""

    def __post_init__(self) -> None:
        _require(bool(_HOST.fullmatch(self.host)), f"{self.host!r} is no host name or address")
        _require(0 < self.port < 65536, f"{self.port} is no port")
        _require(self.user is None or bool(_USER.fullmatch(self.user)), f"{self.user!r} cannot be a SIP user")
        _require(bool(re.fullmatch(r"[0-9*#]{0,16}", self.prefix)), f"{self.prefix!r}: digits only")
        _require(self.identity in IDENTITIES, f"{self.identity!r}: {', '.join(IDENTITIES)}")
        _require(
            self.diversion is None or bool(_NUMBER.fullmatch(self.diversion)),
            f"{self.diversion!r}: write it like +551140028922",
        )
        for network in self.networks:
            ipaddress.ip_network(network)


@dataclass(frozen=True, slots=True)
class Tls:
    """What the exchange proves its name with to the seats."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    certificate: str
    """PEM, with the chain."""
    key: str
    authorities: str
    """PEM, for the workers: who may have signed it."""
    name: str
    """The name in the certificate, by which the workers reach the exchange."""
    port: int = 5061

    def __post_init__(self) -> None:
        for path in (self.certificate, self.key, self.authorities):
            _require(bool(_PATH.fullmatch(path)), f"{path!r}: an absolute path without spaces is expected")
        _require(bool(_HOST.fullmatch(self.name)), f"{self.name!r} is no host name")
        _require(0 < self.port < 65536, f"{self.port} is no port")


@dataclass(frozen=True, slots=True)
class Exchange:
    """The whole of it, without a password."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    seats: int
    numbers: tuple[str, ...]
    """E.164: who calls one reaches the seats' queue."""
    countries: tuple[str, ...]
    """Country codes that may be called."""
    address: str
    """Of SIP and RTP on this machine; 0.0.0.0: all."""
    networks: tuple[str, ...]
    """From where seats and people may register."""
    trunks: dict[str, Trunk] = field(default_factory=dict)
    """By name, as the dialer's trunks are called; calls that name none take the first. None: nobody is phoned."""
    humans: tuple[str, ...] = ()
    hours: dict[str, str] = field(default_factory=dict)
    """When people are there, like {"mon-fri": "09:00-18:00"}, on the clocks of `zone`; none: as workers assume."""
    zone: str | None = None
    seat_prefix: str = "pa"
    sip_port: int = 5060
    rtp: tuple[int, int] = (10000, 19999)
    """First and last port."""
    manager_port: int = 5038
    external_address: str | None = None
    """What carriers see of us, behind address translation."""
    tls: Tls | None = None
    queue_number: str = "8000"
    humans_number: str = "8001"
    codecs: tuple[str, ...] = ("alaw", "ulaw")
    callers_wait_s: int = PATIENCE_S
    """How long a caller waits for a seat before he is promised a call."""
    people_wait_s: int = HUMAN_PATIENCE_S
    """How long a debtor who is handed over waits for a person before the seat has him back."""
    callers_hear: str | None = None
    """A sound (absolute path, WAV of 8 kHz mono) that callers hear while they wait: that key 1 has them called back."""
    record: bool = False
    """Let the exchange record as well."""
    max_calls: int = 200

    def __post_init__(self) -> None:
        _require(0 < self.seats < 1000, "seats: between 1 and 999")
        _require(bool(re.fullmatch(r"[a-z]{1,10}", self.seat_prefix)), f"{self.seat_prefix!r}: small letters only")
        stations = (*self.seat_names, *self.humans, *self.trunks)
        for name in stations:
            _require(bool(_NAME.fullmatch(name)), f"{name!r}: a letter, then letters, digits and - only")
        _require(len(set(stations)) == len(stations), "seats, humans and trunks must all be named differently")
        for number in self.numbers:
            _require(bool(_NUMBER.fullmatch(number)), f"{number!r}: write it like +551140028922")
        _require(bool(self.countries), "countries: at least one code, like 55")
        for code in self.countries:
            _require(bool(re.fullmatch(r"[1-9][0-9]{0,6}", code)), f"{code!r}: digits only")
        for number in (self.queue_number, self.humans_number):
            _require(bool(re.fullmatch(r"[0-9]{2,8}", number)), f"{number!r}: two to eight digits")
        _require(self.queue_number != self.humans_number, "queue_number and humans_number are the same")
        for address in (self.address, *filter(None, (self.external_address,))):
            ipaddress.ip_address(address)
        _require(bool(self.networks), "networks: at least one, from where seats may register")
        for network in self.networks:
            ipaddress.ip_network(network)
        for codec in self.codecs:
            _require(codec in ("alaw", "ulaw", "g722", "opus"), f"{codec!r}: alaw, ulaw, g722 or opus")
        if self.callers_hear is not None:
            good = bool(_PATH.fullmatch(self.callers_hear)) and self.callers_hear.endswith(".wav")
            _require(good, f"{self.callers_hear!r}: an absolute path of a .wav, without spaces, is expected")
        for name, wait_s in (("callers_wait_s", self.callers_wait_s), ("people_wait_s", self.people_wait_s)):
            _require(5 <= wait_s <= 1800, f"{name}: between 5 and 1800 seconds")
        _require(1024 <= self.rtp[0] < self.rtp[1] < 65536, "rtp: first and last port, like [10000, 19999]")

    @property
    def seat_names(self) -> tuple[str, ...]:
        """SIP users of the seats."""
        width = max(2, len(str(self.seats)))
        return tuple(f"{self.seat_prefix}{number:0{width}}" for number in range(1, self.seats + 1))

    @property
    def registrar(self) -> str:
        """Where workers register: host:port."""
        if self.tls is not None:
            return f"{self.tls.name}:{self.tls.port}"
        return f"{'127.0.0.1' if self.address == '0.0.0.0' else self.address}:{self.sip_port}"


@dataclass(frozen=True, slots=True)
class Secrets:
    """Every password of an exchange."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    manager: str = field(default="", repr=False)
    stations: dict[str, str] = field(default_factory=dict, repr=False)
    """Of seats and people."""
    trunks: dict[str, str] = field(default_factory=dict, repr=False)
    """Given by the carriers."""

    def completed(self, exchange: Exchange) -> Secrets:
        """With what was missing made, and what belongs to nobody any more left out.

        MissingPartError `no_trunk_password` when a carrier's is missing.
        """
        asked = [name for name, trunk in exchange.trunks.items() if trunk.user is not None]
        for name in asked:
            # Anything else, a line's end above all, would be configuration.
            if self.trunks.get(name) and not re.fullmatch(r"[!-\[\]-~]{1,128}", self.trunks[name]):
                raise BadInputError(f"the password of the trunk {name} has signs that SIP passwords cannot have")
        missing = [name for name in asked if not self.trunks.get(name)]
        if missing:
            raise MissingPartError(
                f"no password for the trunk {missing[0]}: write `trunks: {{{missing[0]}: its-password}}` into the "
                "file of secrets and run this again",
                code="no_trunk_password",
            )
        names = (*exchange.seat_names, *exchange.humans)
        return Secrets(
            self.manager or secrets.token_hex(24),
            {name: self.stations.get(name) or secrets.token_hex(16) for name in names},
            {name: self.trunks[name] for name in asked},
        )


def write_exchange(
    exchange: Exchange, passwords: Secrets, program: AsteriskProgram, where: Directories, etc: Path
) -> list[str]:
    """Write the configuration into `etc` (for a system it may be somewhere else than `where.etc`); the files' names.

    `passwords` must be complete.
    """
    templates = [TEMPLATES, TEMPLATES / "exchange"]
    made = {
        "pjsip_accounts.conf": "\n".join(_accounts(exchange, passwords)),
        "extensions_routes.conf": "\n".join(_routes(exchange)),
    }
    if exchange.tls is None:
        made["pjsip_tls.conf"] = "; seats do not use TLS\n"
    return write_tree(etc, templates, _values(exchange, passwords, program, where), made)


def make_music(where: Directories) -> None:
    """What debtors hear while they wait for a person."""
    hold_music(where.moh / "melody.wav")


def _values(exchange: Exchange, passwords: Secrets, program: AsteriskProgram, where: Directories) -> dict[str, str]:
    tls, fixed = exchange.tls, exchange.address != "0.0.0.0"
    media = [f"media_address = {exchange.address}", "bind_rtp_to_media_address = yes"] if fixed else []
    nat = []
    if exchange.external_address is not None:
        nat = [f"external_{kind}_address = {exchange.external_address}" for kind in ("signaling", "media")]
        nat += [f"local_net = {network}" for network in exchange.networks]
        media = []
    secure = ["media_encryption = sdes"] if tls is not None else []
    return {
        "ETC": str(where.etc),
        "LIB": str(where.lib),
        "SPOOL": str(where.spool),
        "RUN": str(where.run),
        "LOG": str(where.log),
        "CACHE": str(where.cache),
        "HOME": str(where.moh.parent),
        "MODULES": str(program.modules),
        "DATA": str(program.data),
        "ADDRESS": exchange.address,
        "SIP_PORT": str(exchange.sip_port),
        "RTP_FIRST": str(exchange.rtp[0]),
        "RTP_LAST": str(exchange.rtp[1]),
        "AMI_PORT": str(exchange.manager_port),
        "AMI_USER": MANAGER_USER,
        "AMI_SECRET": passwords.manager,
        "NAT": "\n".join(nat),
        "MEDIA": "\n".join(media),
        "CODECS": ",".join(exchange.codecs),
        "SEAT_NETWORKS": "\n".join(
            ["deny = 0.0.0.0/0.0.0.0", *(f"permit = {network}" for network in exchange.networks)]
        ),
        # Seats must; telephones of people may.
        "SEAT_MEDIA": "\n".join([*secure, "media_encryption_optimistic = no"]),
        "HUMAN_MEDIA": "\n".join([*secure, "media_encryption_optimistic = yes"] if secure else []),
        "TLS_PORT": str(tls.port) if tls else "",
        "TLS_CERTIFICATE": tls.certificate if tls else "",
        "TLS_KEY": tls.key if tls else "",
        "COUNTRIES": "|".join(exchange.countries),
        "RECORD": "yes" if exchange.record else "no",
        "MAX_CALLS": str(exchange.max_calls),
        "QUEUE_NUMBER": exchange.queue_number,
        "HUMANS_NUMBER": exchange.humans_number,
        "QUEUE_MEMBERS": members(exchange.seat_names),
        "HUMAN_MEMBERS": members(exchange.humans),
        "PATIENCE": str(exchange.callers_wait_s),
        "CALLERS_HEAR": told_while_waiting(exchange.callers_hear),
        "HUMAN_PATIENCE": str(exchange.people_wait_s),
    }


def _accounts(exchange: Exchange, passwords: Secrets) -> Iterable[str]:
    yield "; Made by `voiceagent exchange write`: change exchange.yaml instead.\n"
    for kind, names in (("seat", exchange.seat_names), ("human", exchange.humans)):
        for name in names:
            yield f"[{name}]({kind})\nauth = {name}\naors = {name}\n"
            yield f"[{name}](password)\nusername = {name}\npassword = {passwords.stations[name]}\n"
            yield f"[{name}]({'seat-contact' if kind == 'seat' else 'contact'})\n"
    for name, trunk in exchange.trunks.items():
        address = f"{trunk.host}:{trunk.port}"
        yield f"[{name}](trunk)\naors = {name}"
        if trunk.user is not None:
            yield f"outbound_auth = {name}\nfrom_user = {trunk.user}\nfrom_domain = {trunk.host}"
        yield IDENTITIES[trunk.identity]
        if trunk.diversion is not None:
            yield "send_diversion = yes"
        yield f"\n[{name}](trunk-contact)\ncontact = sip:{address}\n"
        matches = "\n".join(f"match = {network}" for network in trunk.networks or (trunk.host,))
        yield f"[{name}]\ntype = identify\nendpoint = {name}\n{matches}\n"
        if trunk.user is not None:
            secret = passwords.trunks[name].replace(";", "\\;")  # a comment begins there
            yield f"[{name}](password)\nusername = {trunk.user}\npassword = {secret}\n"
            yield (
                f"[{name}](trunk-registration)\noutbound_auth = {name}\nendpoint = {name}\n"
                f"contact_user = {trunk.user}\nserver_uri = sip:{address}\nclient_uri = sip:{trunk.user}@{address}\n"
            )


def _routes(exchange: Exchange) -> Iterable[str]:
    yield "; Made by `voiceagent exchange write`: change exchange.yaml instead.\n"
    yield f"[globals](+)\nDEFAULT_TRUNK = {next(iter(exchange.trunks), '')}\n"
    for name, trunk in exchange.trunks.items():
        yield f"[trunk-{name}]\nexten => s,1,Set(WIRED={trunk.prefix}${{ARG1{':1' if trunk.digits else ''}}})"
        if trunk.diversion is not None:
            yield f" same => n,Set(REDIRECTING(from-num)={trunk.diversion})"
        if trunk.digits:
            yield ' same => n,ExecIf($["${CALLERID(num):0:1}" = "+"]?Set(CALLERID(num)=${CALLERID(num):1}))'
        yield " same => n,Return()\n"
    yield "[from-trunk-numbers]"
    accounts = [trunk.user for trunk in exchange.trunks.values() if trunk.user is not None]
    shown = [form for number in exchange.numbers for form in (number, number[1:])]
    for number in dict.fromkeys([*shown, *accounts]):
        yield f"exten => {number},1,Goto(seats,s,1)"
    yield ""
