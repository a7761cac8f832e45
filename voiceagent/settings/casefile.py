"""A debtor file as `chat`, `offer` and `call` take it: validated, and absurd debts refused."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from voiceagent.base.errors import BadInputError
from voiceagent.base.languages import Language
from voiceagent.base.money import CURRENCY_OF_REGION, Money
from voiceagent.debt.case import Case, Debt

_OLDEST = date(2000, 1, 1)
#: Minor units of a balance that can only be a slip of the pen.
_TOO_MUCH = 10**10


def _text(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_text), Field(min_length=1, max_length=120)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DebtFile(_Strict):
    """One contract."""

    contract: Text
    creditor: Text
    product: str = ""
    original: Text
    charges: Annotated[str, BeforeValidator(_text)] = "0"
    currency: str | None = None
    due: date


class CaseFile(_Strict):
    """One debtor and what is owed to one creditor."""

    name: Text
    document: Annotated[str, BeforeValidator(_text)] = ""
    birth_date: date | None = None
    language: Language = Language.PT_BR
    region: str | None = None
    state: str | None = None
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    debts: tuple[DebtFile, ...] = Field(min_length=1, max_length=50)

    def case(self, source: str) -> Case:
        """The case; BadInputError for zero or negative amounts, mixed creditors or currencies, impossible dates."""
        region = self.region or self.language.default_region
        if not self.name.strip():
            raise BadInputError(f"{source}: name is empty: give the debtor's name")
        default = CURRENCY_OF_REGION.get(region)
        if default is None:
            raise BadInputError(f"{source}: unknown region {region!r}: one of {', '.join(sorted(CURRENCY_OF_REGION))}")
        debts = tuple(_debt(debt, default, f"{source}: debt {n}") for n, debt in enumerate(self.debts, 1))
        if len({(debt.creditor, debt.original.currency) for debt in debts}) > 1:
            raise BadInputError(f"{source}: a case has one creditor and one currency: split it into one file each")
        if self.birth_date is not None and not date(1900, 1, 1) <= self.birth_date <= date(2020, 12, 31):
            raise BadInputError(f"{source}: birth_date {self.birth_date} cannot be a debtor's: correct or remove it")
        return Case(
            self.name.strip(), self.document, self.language, region, debts, self.birth_date, self.phones, self.emails,
            self.state,
        )  # fmt: skip


def _debt(debt: DebtFile, currency: str, where: str) -> Debt:
    try:
        original = Money.parse(debt.original, debt.currency or currency)
        charges = Money.parse(debt.charges, debt.currency or currency)
    except ValueError as error:
        raise BadInputError(f"{where}: {error}") from error
    if original.minor <= 0 or charges.minor < 0:
        raise BadInputError(f"{where}: original must be more than zero and charges zero or more")
    if original.minor + charges.minor >= _TOO_MUCH:
        raise BadInputError(f"{where}: {original} cannot be right: check the amount")
    if debt.due < _OLDEST:
        raise BadInputError(
            f"{where}: due {debt.due} is before {_OLDEST.year}: too old to be collected, check the date"
        )
    return Debt(debt.contract, debt.creditor, debt.product, original, charges, debt.due)
