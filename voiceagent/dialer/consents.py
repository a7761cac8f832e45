"""What lists tell of a case for the law: permission by channel and number with day and proof, city, jurisdictions."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from voiceagent.cases.tables import attribute
from voiceagent.compliance import Channel, Consent
from voiceagent.dialer.columns import plain
from voiceagent.storage.question import Question, one_of

CONSENT, AT, SOURCE, CITY = "consent", "consent_at", "consent_source", "city"
#: Whether the creditor signed Brazil's banking self-regulation; jurisdictions that the contract names.
SARB, DECLARED = "sarb_signatory", "jurisdiction"
#: Numbers that a permission is for, where a list has a column of it for each number.
NUMBERS = "consent_numbers"
NO_NUMBER = "-"
OF_VOICE = "consent_voice"
_OF_CHANNEL = {f"{CONSENT}_{channel}": channel for channel in Channel}
_NAMES = (CONSENT, AT, SOURCE, CITY, SARB, DECLARED, NUMBERS, *_OF_CHANNEL)

_YES = frozenset({"s", "sim", "si", "y", "yes", "true", "verdadeiro", "verdadero", "1", "x", "ok", "aceito"})
_NO = frozenset({"n", "nao", "no", "false", "falso", "0"})
_WORDS = {
    Channel.VOICE: "voz voice telefone telefono phone ligacao ligacoes llamada llamadas call calls chamada chamadas",
    Channel.SMS: "sms texto text mensagem mensaje mensajes mensagens torpedo",
    Channel.EMAIL: "email e_mail correo correo_electronico mail",
}
_CHANNEL = {word: channel for channel, words in _WORDS.items() for word in words.split()}
_BETWEEN = re.compile(r"[,;|/+&\n]|\s+[ey]\s+|\s+and\s+", re.IGNORECASE)

TOLD = Question(
    sa.select(attribute.c.case_id, attribute.c.name, attribute.c.value, attribute.c.obtained_at).where(
        one_of(attribute.c.case_id, "cases"), attribute.c.name.in_(_NAMES), attribute.c.value.is_not(None)
    )
)


def told(text: str) -> str | None:
    """A cell as it is kept: `yes`, `no`, or the channels agreed to (`voice,sms`); None when it says none of them."""
    word = plain(text)
    if word in _YES:
        return "yes"
    if word in _NO:
        return "no"
    channels = {_CHANNEL.get(plain(part)) for part in _BETWEEN.split(text) if plain(part)}
    return (
        ",".join(channel for channel in Channel if channel in channels) if channels and None not in channels else None
    )


def is_about(name: str) -> bool:
    """Whether an attribute of this name tells of permission."""
    return name == CONSENT or name.startswith(f"{CONSENT}_")


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of one case."""

    city: str | None = None
    consents: tuple[Consent, ...] | None = None
    """None: nobody said; an empty tuple: there is none."""
    numbers: frozenset[str] | None = None
    """Where the permission to call and to text is for these numbers only."""
    declared: tuple[str, ...] = ()
    """Like BR-RJ."""
    sarb_signatory: bool | None = None

    def consent(self, number: str | None) -> tuple[Consent, ...] | None:
        """The permissions that hold for contact at `number` (None: e-mail)."""
        if self.consents is None or self.numbers is None or number in self.numbers:
            return self.consents
        return tuple(one for one in self.consents if one.channel is Channel.EMAIL)


NOTHING = Told()


def read_told(connection: sa.Connection, zones: Mapping[uuid.UUID, str]) -> dict[uuid.UUID, Told]:
    """By case, with one question for all of `zones` (case to the person's zone); of whom nothing is told is absent."""
    rows: dict[uuid.UUID, dict[str, tuple[str, datetime]]] = {}
    for case_id, name, value, obtained_at in TOLD(connection, cases=zones):
        rows.setdefault(case_id, {})[name] = (value, obtained_at)
    return {case_id: _told(said, zones[case_id]) for case_id, said in rows.items()}


def _told(said: Mapping[str, tuple[str, datetime]], zone: str) -> Told:
    values = {name: value for name, (value, _) in said.items()}
    sarb = values[SARB] == "yes" if SARB in values else None
    known = Told(values.get(CITY), declared=tuple(values.get(DECLARED, "").split()), sarb_signatory=sarb)
    listed = frozenset(values[NUMBERS].split()) if NUMBERS in values else None
    given = [name for name in (CONSENT, NUMBERS, *_OF_CHANNEL) if name in values]
    if not given:
        return known
    # Permission existed when it was told, if nobody says since when.
    since = max(said[name][1] for name in given)
    if AT in values:
        since = datetime.combine(date.fromisoformat(values[AT]), time.min, ZoneInfo(zone))
    source = values.get(SOURCE, "")
    consents = tuple(Consent(channel, since, source) for channel in _channels(values, listed))
    return replace(known, consents=consents, numbers=listed)


def _channels(values: Mapping[str, str], listed: frozenset[str] | None) -> Sequence[Channel]:
    """A channel's own column goes before the general one; a column for each number speaks of calls and texts."""
    general = values.get(CONSENT)
    if general is None and listed is not None:
        agreed = {Channel.VOICE, Channel.SMS}
    else:
        agreed = set(Channel) if general == "yes" else {c for c in Channel if c in (general or "").split(",")}
    for name, channel in _OF_CHANNEL.items():
        if name in values:
            agreed = agreed | {channel} if values[name] == "yes" else agreed - {channel}
    return [channel for channel in Channel if channel in agreed]
