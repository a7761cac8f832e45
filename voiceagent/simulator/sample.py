"""A sample contact list drawn by seed: invented people with valid-looking data, one persona each."""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from voiceagent.base.errors import BadInputError
from voiceagent.base.languages import Language
from voiceagent.base.money import Money
from voiceagent.debt.case import Case, Debt
from voiceagent.simulator.persona import Persona

#: Numbers nobody has: the 5555-01xx block of each area code, kept for the simulator (see dialer.modes); all of SP.
AREA_CODES = range(11, 20)
MOST = 100 * len(AREA_CODES)

FIRST_NAMES = {
    "m": ("Carlos", "Marcelo", "Rafael", "Gustavo", "Leandro", "Fernando", "Ricardo", "Tiago"),
    "f": ("Mariana", "Patrícia", "Luciana", "Fernanda", "Renata", "Beatriz", "Camila", "Juliana"),
}
LAST_NAMES = ("Almeida", "Barbosa", "Cardoso", "Moreira", "Nogueira", "Ribeiro", "Teixeira", "Vieira")
MONTHS = (
    "janeiro", "fevereiro", "março", "abril", "maio", "junho",
    "julho", "agosto", "setembro", "outubro", "novembro", "dezembro",
)  # fmt: skip
DAYS = (
    "primeiro", "dois", "três", "quatro", "cinco", "seis", "sete", "oito", "nove", "dez", "onze", "doze", "treze",
    "quatorze", "quinze", "dezesseis", "dezessete", "dezoito", "dezenove", "vinte", "vinte e um", "vinte e dois",
    "vinte e três", "vinte e quatro", "vinte e cinco", "vinte e seis", "vinte e sete", "vinte e oito",
    "vinte e nove", "trinta", "trinta e um",
)  # fmt: skip
DIGITS = ("zero", "um", "dois", "três", "quatro", "cinco", "seis", "sete", "oito", "nove")
HOURS = ("duas", "três", "quatro", "cinco", "seis")

#: Days of the month a persona may want to pay on; all are sure to be heard apart from one another.
PAYDAYS = (5, 8, 10, 12, 15)

COLUMNS = (
    "id_devedor", "cpf_cnpj", "nome", "telefone1", "nascimento", "uf", "contrato", "credor", "produto",
    "valor_original", "valor_atualizado", "vencimento",
)  # fmt: skip


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
    hour: str
    seed: int

    @property
    def facts(self) -> dict[str, str]:
        """What the persona fills its answers with, as people say it."""
        return {
            "birth": f"{DAYS[self.birth.day - 1]} de {MONTHS[self.birth.month - 1]}",
            "digits": ", ".join(DIGITS[int(digit)] for digit in self.document[:3]),
            "day": DAYS[self.payday - 1],
            "hour": self.hour,
        }

    @property
    def case(self) -> Case:
        """What is imported of it, where no list is written."""
        debt = Debt(self.contract, self.creditor, self.product, self.original, self.charges, self.due)
        return Case(
            self.name,
            self.document,
            Language(self.persona.language),
            "BR",
            (debt,),
            self.birth,
            (self.number,),
            (),
            "SP",
        )


def draw(personas: Sequence[Persona], *, today: date, seed: int) -> list[SampleDebtor]:
    """One debtor per persona, in that order, at most MOST; the same seed draws the same people."""
    if len(personas) > MOST:
        raise BadInputError(f"at most {MOST} debtors can be simulated at once: there are no more numbers for them")
    chance = random.Random(seed)
    return [_draw(persona, index, today, chance) for index, persona in enumerate(personas)]


def _draw(persona: Persona, index: int, today: date, chance: random.Random) -> SampleDebtor:
    sex = chance.choice("mf") if persona.name not in ("third_party",) else "m"
    return SampleDebtor(
        persona=persona,
        number=f"+55{AREA_CODES[index // 100]}9555501{index % 100:02d}",
        name=f"{chance.choice(FIRST_NAMES[sex])} {chance.choice(LAST_NAMES)}",
        document=_cpf(chance),
        birth=date(chance.randint(1958, 2001), chance.randint(1, 12), chance.randint(1, 28)),
        contract=f"{chance.randint(10**7, 10**8 - 1)}",
        creditor="Banco Aurora",
        product="cartão de crédito",
        original=Money(chance.randrange(300_00, 2400_00, 10_00)),
        charges=Money(chance.randrange(60_00, 480_00, 5_00)),
        due=today - timedelta(days=chance.randint(40, 300)),
        payday=chance.choice(PAYDAYS),
        hour=chance.choice(HOURS),
        seed=chance.randrange(2**31),
    )


def _cpf(chance: random.Random) -> str:
    """Eleven digits with right check digits."""
    digits = [chance.randint(1, 9) for _ in range(9)]
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
                    "SP",
                    debtor.contract,
                    debtor.creditor,
                    debtor.product,
                    str(debtor.original).replace(".", ","),
                    str(debtor.original + debtor.charges).replace(".", ","),
                    debtor.due.strftime("%d/%m/%Y"),
                )
            )
