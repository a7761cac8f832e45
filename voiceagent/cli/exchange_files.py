"""The files of `voiceagent exchange`: the shop's description, the passwords kept beside it, the workers' sip.yaml."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import yaml
from pydantic import RootModel

from voiceagent.base.errors import BadInputError, MissingPartError
from voiceagent.settings.sipfile import SipFile
from voiceagent.settings.yamltext import Document, build, read_yaml
from voiceagent.telephony.asterisk_tree import write_private
from voiceagent.telephony.exchange import HUMANS_QUEUE, MANAGER_USER, Exchange, Secrets

#: Beyond the queue's patience: Asterisk calls the seat back for up to 20 s, and says so a moment later.
UNTIL_BACK_S = 45.0
_MADE = "# Made by `voiceagent exchange write`."


class _Exchange(RootModel[Exchange]):
    pass


class _Secrets(RootModel[Secrets]):
    pass


def read_exchange(path: Path) -> Exchange:
    """The description; MissingPartError when there is none, BadInputError with file, line and key."""
    if not path.is_file():
        raise MissingPartError(f"no {path}: begin with `voiceagent exchange example > {path}`", code="no_exchange")
    return build(_Exchange, read_yaml(path)).root


def read_secrets(path: Path) -> Secrets:
    """The passwords kept so far; none when there is no file. BadInputError when others can read it."""
    if not path.is_file():
        return Secrets()
    if path.stat().st_mode & 0o077:
        raise BadInputError(f"others can read the passwords in {path}: run chmod 600 {path}")
    return build(_Secrets, read_yaml(path)).root


def write_secrets(path: Path, passwords: Secrets) -> None:
    """Keep them, for their owner alone."""
    write_private(path, yaml.safe_dump(asdict(passwords), sort_keys=False))


def check_sip(path: Path) -> None:
    """BadInputError when somebody wrote that file by hand: it is not ours to replace."""
    if path.is_file() and not path.read_text(encoding="utf-8", errors="replace").startswith(_MADE):
        raise BadInputError(f"{path} was written by hand: move it away, or choose another place with --sip FILE")


def write_sip(path: Path, exchange: Exchange, passwords: Secrets) -> None:
    """What `voiceagent up` reads on the machine of the exchange; elsewhere `address` and `manager` differ.

    BadInputError, and nothing written, for what the workers would not take.
    """
    told: dict[str, object] = {
        "registrar": exchange.registrar,
        "seats": {name: passwords.stations[name] for name in exchange.seat_names},
        "manager": {
            "address": f"127.0.0.1:{exchange.manager_port}",
            "user": MANAGER_USER,
            "secret": passwords.manager,
        },
        "trunk": bool(exchange.trunks),
    }
    if exchange.humans:
        said = {"hours": exchange.hours, "zone": exchange.zone}
        people = {
            "number": exchange.humans_number,
            "queue": HUMANS_QUEUE,
            "longest_s": exchange.people_wait_s + UNTIL_BACK_S,
        }
        told["humans"] = {**people, **{key: value for key, value in said.items() if value}}
    if exchange.address != "0.0.0.0":
        told["address"] = exchange.address
    if exchange.tls is not None:
        told["tls_authorities"] = exchange.tls.authorities
    build(SipFile, Document(str(path), told, {}))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(path, f"{_MADE}\n" + yaml.safe_dump(told, sort_keys=False))
