"""The rule book: jurisdictions, each a set of dated terms; its content hash is the version that decisions quote."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import Any

from voiceagent.base.errors import BadInputError
from voiceagent.compliance import terms
from voiceagent.compliance.localdays import LocalHoliday, plain_city, read_local_holidays

_TERM_KEYS = {"value", "rule", "valid_from", "valid_to", "source", "mark"}
_MARKS = ("P", "2", "T", "K", "policy")


@dataclass(frozen=True, slots=True)
class Term:
    """One rule while it is in force (both days included; None: open)."""

    name: str
    value: Any
    rule: str
    """The id that a denial quotes."""
    valid_from: date | None
    valid_to: date | None
    source: str
    mark: str
    """How well it is known: P primary text, 2 secondary source, T tried, K domain knowledge, policy: ours."""

    def in_force(self, day: date) -> bool:
        """Whether it binds on `day`."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """A country, or a state of one. A state adds to its country; it never loosens it."""

    code: str
    country: str
    state: str | None
    terms: Mapping[str, tuple[Term, ...]]

    def term(self, name: str, day: date) -> Term | None:
        """The term in force on `day`; of several the youngest."""
        versions = self.terms.get(name)
        if versions is None:
            return None
        if len(versions) == 1:
            return versions[0] if versions[0].in_force(day) else None
        bound = [term for term in versions if term.in_force(day)]
        return max(bound, key=lambda term: term.valid_from or date.min, default=None)


class RuleBook:
    """All jurisdictions of an installation, from plain data (`jurisdictions` files already read)."""

    def __init__(self, documents: Iterable[Mapping[str, Any]]) -> None:
        """Raises BadInputError naming jurisdiction and parameter of the first rule that cannot be read."""
        documents = sorted(documents, key=lambda document: str(document.get("jurisdiction", "")))
        self.body = json.dumps(documents, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
        self.version = hashlib.sha256(self.body.encode()).hexdigest()
        self.jurisdictions: dict[str, Jurisdiction] = {}
        self.local_holidays: tuple[LocalHoliday, ...] = ()
        """Of municipalities, from the user's own file."""
        for document in documents:
            if set(document) == {"local_holidays"}:
                self.local_holidays += read_local_holidays(document["local_holidays"])
                continue
            jurisdiction = _jurisdiction(document)
            if jurisdiction.code in self.jurisdictions:
                raise BadInputError(f"jurisdiction {jurisdiction.code} is defined twice")
            self.jurisdictions[jurisdiction.code] = jurisdiction
        for code, jurisdiction in self.jurisdictions.items():
            if jurisdiction.state is not None and jurisdiction.country not in self.jurisdictions:
                raise BadInputError(f"jurisdiction {code}: its country {jurisdiction.country} has no rules")

    @classmethod
    def from_body(cls, body: str) -> RuleBook:
        """The book as it was stored under its version: replays old decisions."""
        return cls(json.loads(body))

    def chain(self, country: str, state: str | None) -> tuple[Jurisdiction, ...]:
        """State (where it has rules) and country, the narrower first; empty for a country without rules."""
        own = self.jurisdictions.get(f"{country}-{state}") if state else None
        national = self.jurisdictions.get(country)
        return tuple(j for j in (own, national) if j is not None) if national is not None else ()

    @cached_property
    def states(self) -> Mapping[str, tuple[str, ...]]:
        """The states with rules of their own, by country."""
        found: dict[str, list[str]] = {}
        for jurisdiction in self.jurisdictions.values():
            if jurisdiction.state is not None:
                found.setdefault(jurisdiction.country, []).append(jurisdiction.state)
        return {country: tuple(sorted(states)) for country, states in found.items()}

    def holidays_near(
        self, country: str, state: str | None, city: str | None, area: str | None
    ) -> tuple[LocalHoliday, ...]:
        """Municipal holidays that may be those of somebody at this address or with this area code."""
        return _holidays_near(self.local_holidays, country, state, plain_city(city), area)

    def duty(self, name: str, country: str, state: str | None, day: date) -> Term | None:
        """What must be said or kept (`duty.<name>`): the state's term, else the country's."""
        for jurisdiction in self.chain(country, state):
            term = jurisdiction.term(f"duty.{name}", day)
            if term is not None:
                return term
        return None


@lru_cache(maxsize=4096)
def _holidays_near(
    holidays: tuple[LocalHoliday, ...], country: str, state: str | None, city: str | None, area: str | None
) -> tuple[LocalHoliday, ...]:
    return tuple(holiday for holiday in holidays if holiday.near(country, state, city, area))


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise BadInputError(f"a rule file holds a value that is neither text, number, date, list nor mapping: {value!r}")


def _jurisdiction(document: Mapping[str, Any]) -> Jurisdiction:
    code = document.get("jurisdiction")
    if not isinstance(code, str) or not code:
        raise BadInputError("a jurisdiction file must say `jurisdiction: CODE`, for example BR or BR-SP")
    unknown = set(document) - {"jurisdiction", "title", "parameters"}
    if unknown:
        raise BadInputError(f"jurisdiction {code}: unknown keys {sorted(map(str, unknown))}")
    country, _, state = code.partition("-")
    parameters = document.get("parameters")
    if not isinstance(parameters, dict):
        raise BadInputError(f"jurisdiction {code}: `parameters` must be a mapping")
    found: dict[str, tuple[Term, ...]] = {}
    for name, versions in parameters.items():
        if not isinstance(versions, list) or not versions:
            raise BadInputError(f"jurisdiction {code}, {name}: must be a list of dated versions")
        found[str(name)] = tuple(_term(code, str(name), version) for version in versions)
    if not state and "window" not in found:
        raise BadInputError(f"jurisdiction {code}: a country needs a window")
    return Jurisdiction(code, country, state or None, found)


def _term(code: str, name: str, version: Any) -> Term:
    where = f"jurisdiction {code}, {name}"
    if not isinstance(version, dict) or set(version) != _TERM_KEYS:
        raise BadInputError(f"{where}: each version needs exactly {', '.join(sorted(_TERM_KEYS))}")
    try:
        value = terms.parse(name, version["value"])
        first, last = _day(version["valid_from"]), _day(version["valid_to"])
    except ValueError as error:
        raise BadInputError(f"{where}: {error}") from error
    if first is not None and last is not None and last < first:
        raise BadInputError(f"{where}: valid_to lies before valid_from")
    mark = str(version["mark"])
    if mark not in _MARKS:
        raise BadInputError(f"{where}: mark is one of {', '.join(_MARKS)}, not {mark!r}")
    if not isinstance(version["rule"], str) or not isinstance(version["source"], str):
        raise BadInputError(f"{where}: rule and source must be texts")
    return Term(name, value, version["rule"], first, last, version["source"], mark)


def _day(value: Any) -> date | None:
    if value is None or isinstance(value, date):
        return value
    return date.fromisoformat(str(value))
