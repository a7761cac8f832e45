"""Slips in their interchange form: what may be asked, and what is answered."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from voiceagent.base.errors import BadInputError
from voiceagent.payments.asked import Amount, Day, money, number_as_text, read_request
from voiceagent.payments.boleto import Boleto
from voiceagent.payments.slip import UtilitySlip
from voiceagent.payments.typed import read_slip


def _bank(value: object) -> object:
    text = number_as_text(value)
    return text.zfill(3) if isinstance(text, str) else text


class SlipToRead(BaseModel):
    """A bar code or typed line. Other fields of the line are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    code: str
    today: Day | None = None


class SlipToWrite(BaseModel):
    """A bank's slip by its parts, or a `code` (bar code or typed line) whose other form is wanted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Any = None
    code: str | None = None
    bank: Annotated[str, BeforeValidator(_bank)] | None = None
    due: Day | None = None
    amount: Amount | None = None
    free_field: str | None = None
    currency: Literal["BRL"] = "BRL"
    today: Day | None = None

    def slip(self, today: date) -> Boleto | UtilitySlip:
        """The slip; BadInputError when parts are missing or wrong."""
        if self.code is not None:
            if any(part is not None for part in (self.bank, self.due, self.amount, self.free_field)):
                raise BadInputError("a code says bank, due, amount and free_field itself: leave them out")
            return read_slip(self.code, self.today or today)
        if self.bank is None or self.free_field is None:
            raise BadInputError("give bank and free_field, or a code (bar code or typed line)")
        amount = money(self.amount or "0", "boleto_amount")
        return Boleto(self.bank, self.free_field, self.due, amount if amount.minor else None)


class SlipDocument(BaseModel):
    """What a slip says: `bank` a bank's, `utility` one of utilities and taxes."""

    kind: Literal["bank", "utility"]
    barcode: str = Field(description="44 digits")
    linha: str = Field(description="what people type, as slips print it")
    digits: str = Field(description="the same, digits only: 47 or 48")
    amount: str | None = Field(description="null: the payer types it, or an index decides")
    currency: Literal["BRL"] = "BRL"
    check_digit: str = Field(description="the general one")
    free_field: str = Field(description="digits of the bank's or the company's own")
    due: date | None = Field(default=None, description="null: no date on it; never on a utility's")
    due_factor: str | None = None
    bank: str | None = None
    segment: str | None = Field(default=None, description="utility: what is paid")
    value_identifier: str | None = None
    company: str | None = Field(default=None, description="utility: who is paid")
    registered: Literal[False] | None = Field(
        default=None, description="false: made up here for tests, no bank knows it; null: not known"
    )


def write_boleto(request: dict[str, Any], today: date) -> dict[str, Any]:
    """`boleto encode`: SlipToWrite in, SlipDocument out."""
    asked = read_request(SlipToWrite, request)
    return _document(asked.slip(today), registered=False if asked.code is None else None)


def read_boleto(request: dict[str, Any], today: date) -> dict[str, Any]:
    """`boleto decode`: SlipToRead in, SlipDocument out. `today` unless the request says its own."""
    asked = read_request(SlipToRead, request)
    return _document(read_slip(asked.code, asked.today or today))


def _document(slip: Boleto | UtilitySlip, registered: Literal[False] | None = None) -> dict[str, Any]:
    own: dict[str, Any]
    if isinstance(slip, Boleto):
        own = {"kind": "bank", "bank": slip.bank, "due": slip.due, "due_factor": slip.factor}
    else:
        own = {
            "kind": "utility",
            "segment": slip.segment,
            "value_identifier": slip.value_identifier,
            "company": slip.company,
        }
    return SlipDocument(
        barcode=slip.barcode,
        linha=slip.line,
        digits=re.sub("[^0-9]", "", slip.line),
        amount=str(slip.amount) if slip.amount is not None else None,
        check_digit=slip.check_digit,
        free_field=slip.free_field,
        registered=registered,
        **own,
    ).model_dump(mode="json")
