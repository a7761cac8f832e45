"""A sample contact list drawn by seed: invented people with valid-looking data, one persona each."""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from voiceagent.base.errors import BadInputError
from voiceagent.base.languages import Language
from voiceagent.base.money import CURRENCY_OF_REGION, Money
from voiceagent.debt.case import Case, Debt
from voiceagent.debt.identity import datum_value
from voiceagent.language import say
from voiceagent.simulator.persona import Persona, load_people

#: Numbers that share a prefix.
_PER_PREFIX = 100

COLUMNS = (
    "id_devedor", "cpf_cnpj", "nome", "telefone1", "nascimento", "uf", "contrato", "credor", "produto",
    "valor_original", "valor_atualizado", "vencimento",
)  # fmt: skip


class People(BaseModel):
    """The people of a language's personas: the `people` of its file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    region: str
    state: str
    zone: str
    prefixes: tuple[str, ...]
    """Of the numbers nobody has; two digits follow."""
    datum: str
    """Which part of the document is asked for (debt.identity.DATA)."""
    creditor: str
    product: str
    first_names: dict[str, tuple[str, ...]]
    """By sex, m and f."""
    last_names: tuple[str, ...]
    days: tuple[str, ...]
    """Of the month, as said after "dia"."""
    paydays: tuple[int, ...]
    """Days of the month somebody may want to pay on; all are sure to be heard apart from one another."""
    hours: tuple[str, ...]
    telling: tuple[str, ...]
    """Words that tell a stranger of a debt, beside the creditor and the product."""

    @property
    def most(self) -> int:
        """How many can be called at once: there are no more numbers."""
        return _PER_PREFIX * len(self.prefixes)


@lru_cache
def people_of(language: str) -> People:
    """The people of a language; BadInputError when there are none."""
    return People.model_validate(load_people(language))


@dataclass(frozen=True, slots=True)
class SampleDebtor:
    """One row of the list and the person who will answer its telephone."""

    persona: Persona
    number: str
    name: str
    document: str
    birth: date
    contract: str
    creditor: str
    product: str
    original: Money
    charges: Money
    due: date
    payday: int
    other_payday: int
    """A day it may change its mind to."""
    hour: str
    seed: int

    @property
    def pays_on(self) -> int:
        """The day of the month it wants to pay on in the end."""
        return self.other_payday if self.persona.pays_on == "other_day" else self.payday

    @property
    def facts(self) -> dict[str, str]:
        """What the persona fills its answers with, as people say it."""
        people, language = people_of(self.persona.language), self.persona.language
        digits = datum_value(self.case, people.datum) or ""
        return {
            "birth": say.joined(say.day(self.birth, language, year=False)),
            "digits": ", ".join(part.text for part in say.digits(digits, language)),
            "day": people.days[self.payday - 1],
            "other_day": people.days[self.other_payday - 1],
            "hour": self.hour,
        }

    @property
    def case(self) -> Case:
        """What is imported of it, where no list is written."""
        people = people_of(self.persona.language)
        debt = Debt(self.contract, self.creditor, self.product, self.original, self.charges, self.due)
        return Case(
            self.name,
            self.document,
            Language(self.persona.language),
            people.region,
            (debt,),
            self.birth,
            (self.number,),
            (),
            people.state,
        )


def draw(personas: Sequence[Persona], *, today: date, seed: int) -> list[SampleDebtor]:
    """One debtor per persona (all of one language), in that order; the same seed draws the same people.

    BadInputError for more than the language's people have numbers.
    """
    people = people_of(personas[0].language)
    if len(personas) > people.most:
        raise BadInputError(
            f"at most {people.most} debtors can be simulated at once: there are no more numbers for them"
        )
    chance = random.Random(seed)
    return [_draw(persona, index, people, today, chance) for index, persona in enumerate(personas)]


def _draw(persona: Persona, index: int, people: People, today: date, chance: random.Random) -> SampleDebtor:
    sex = persona.sex or chance.choice("mf")
    currency = CURRENCY_OF_REGION[people.region]
    payday, other = chance.sample(people.paydays, 2)
    return SampleDebtor(
        persona=persona,
        number=f"{people.prefixes[index // _PER_PREFIX]}{index % _PER_PREFIX:02d}",
        name=f"{chance.choice(people.first_names[sex])} {chance.choice(people.last_names)}",
        document=_document(people.region, chance),
        birth=date(chance.randint(1958, 2001), chance.randint(1, 12), chance.randint(1, 28)),
        contract=f"{chance.randint(10**7, 10**8 - 1)}",
        creditor=people.creditor,
        product=people.product,
        original=Money(chance.randrange(300_00, 2400_00, 10_00), currency),
        charges=Money(chance.randrange(60_00, 480_00, 5_00), currency),
        due=today - timedelta(days=chance.randint(40, 300)),
        payday=payday,
        other_payday=other,
        hour=chance.choice(people.hours),
        seed=chance.randrange(2**31),
    )


def _document(region: str, chance: random.Random) -> str:
    """A CPF's eleven digits with right check digits; elsewhere just as many digits as nobody's document has."""
    digits = [chance.randint(1, 9) for _ in range(9)]
    if region == "BR":
        for length in (9, 10):
            total = sum(digit * (length + 1 - place) for place, digit in enumerate(digits[:length]))
            digits.append(total * 10 % 11 % 10)
    return "".join(map(str, digits))


def write_list(path: Path, debtors: Sequence[SampleDebtor]) -> None:
    """The list as a Brazilian spreadsheet saves it: semicolons, decimal commas, dd/mm/yyyy."""
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        rows = csv.writer(file, delimiter=";")
        rows.writerow(COLUMNS)
        for number, debtor in enumerate(debtors, 1):
            rows.writerow(
                (
                    f"D{number:04d}",
                    debtor.document,
                    debtor.name,
                    debtor.number,
                    debtor.birth.strftime("%d/%m/%Y"),
                    people_of(debtor.persona.language).state,
                    debtor.contract,
                    debtor.creditor,
                    debtor.product,
                    str(debtor.original).replace(".", ","),
                    str(debtor.original + debtor.charges).replace(".", ","),
                    debtor.due.strftime("%d/%m/%Y"),
                )
            )
