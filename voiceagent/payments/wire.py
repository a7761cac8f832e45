"""Payment codes in their interchange form: what a line of a batch may ask, and what it is answered."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from voiceagent.base.errors import BadInputError
from voiceagent.base.money import Money
from voiceagent.payments.boleto import Boleto
from voiceagent.payments.brcode import NO_TXID, PixCode
from voiceagent.payments.pixkey import KeyKind, PixKey
from voiceagent.payments.plaintext import plain_text
from voiceagent.payments.slip import UtilitySlip
from voiceagent.payments.typed import read_slip

#: Other names under which a field is taken.
SYNONYMS = {
    "code": "payload brcode br_code copia_e_cola pix emv text linha linha_digitavel line digitable_line typeable_line "
    "barcode bar_code codigo codigo_de_barras codigo_barras digits",
    "key": "pix_key chave",
    "key_type": "tipo_chave",
    "name": "merchant_name receiver_name nome recebedor beneficiario",
    "city": "merchant_city cidade",
    "amount": "value valor",
    "txid": "tx_id reference reference_label identificador",
    "description": "info additional_info descricao message",
    "url": "location payload_url",
    "postal_code": "cep zip",
    "initiation": "point_of_initiation",
    "bank": "bank_code banco",
    "due": "due_date vencimento",
    "free_field": "campo_livre",
}
_CANONICAL = {other: name for name, others in SYNONYMS.items() for other in others.split()}


def _number_as_text(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _bank(value: object) -> object:
    text = _number_as_text(value)
    return text.zfill(3) if isinstance(text, str) else text


def _day(value: object) -> object:
    # Pydantic also takes seconds since 1970 for a day, which here could only be a mistake.
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("write the day like 2026-12-15")
    if isinstance(value, int | float):
        raise ValueError('write the day like "2026-12-15"')
    return value


Amount = Annotated[str, BeforeValidator(_number_as_text)]
Day = Annotated[date, BeforeValidator(_day)]


class CodeToRead(BaseModel):
    """A copied Pix code, or a slip's bar code or typed line. Fields nobody asks for are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    code: str
    today: Day | None = None


class PixToWrite(BaseModel):
    """A Pix code: `key` for a static one, `url` (the charge's address at the payee's bank) for a dynamic one."""

    # A misspelt amount must not become a code with an open amount.
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Any = None
    name: str
    city: str
    key: str | None = None
    url: str | None = None
    amount: Amount | None = None
    txid: str | None = None
    description: str | None = None
    initiation: Literal["11", "12"] | None = None
    postal_code: str | None = None
    kind: Literal["static", "dynamic"] | None = None
    key_type: KeyKind | None = None
    currency: Literal["BRL"] = "BRL"

    def code(self) -> PixCode:
        """The code's content; BadInputError for what contradicts itself or cannot stand in a code."""
        if self.url is not None and (self.amount is not None or self.txid not in (None, NO_TXID)):
            raise BadInputError(
                "amount and txid of a dynamic code live in the charge behind its url: leave them out here",
                code="pix_account",
            )
        key = PixKey.parse(self.key) if self.key is not None else None
        if self.key_type is not None and (key is None or key.kind is not self.key_type):
            raise BadInputError(f"the key is no {self.key_type}: correct key or key_type", code="pix_key")
        code = PixCode(
            name=plain_text(self.name, "name"),
            city=plain_text(self.city, "city"),
            key=key,
            url=self.url.removeprefix("https://") if self.url is not None else None,
            amount=_money(self.amount, "pix_amount") if self.amount is not None else None,
            txid=self.txid if self.txid is not None else NO_TXID,
            description=plain_text(self.description, "description") if self.description is not None else None,
            initiation=self.initiation or ("11" if self.url is None else "12"),
            postal_code=self.postal_code,
        )
        if self.kind not in (None, _pix_kind(code)):
            raise BadInputError(
                f"this is a {_pix_kind(code)} code: give key for a static one, url for a dynamic one",
                code="pix_account",
            )
        return code


class SlipToWrite(BaseModel):
    """A bank's slip by its parts, or a `code` (bar code or line) whose other form is wanted."""

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
            return read_slip(self.code, today)
        if self.bank is None or self.free_field is None:
            raise BadInputError("give bank and free_field, or a code (bar code or typed line)")
        amount = _money(self.amount, "boleto_amount") if self.amount is not None else None
        return Boleto(self.bank, self.free_field, self.due, amount if amount is None or amount.minor else None)


class PixDocument(BaseModel):
    """What a Pix code says."""

    kind: Literal["static", "dynamic"]
    payload: str = Field(description="the code to copy and paste")
    name: str
    city: str
    key: str | None
    key_type: KeyKind | None
    url: str | None = Field(description="dynamic: where payers' banks fetch the charge, without https://")
    amount: str | None = Field(description="null: the payer types it, or the charge says it")
    currency: Literal["BRL"] = "BRL"
    txid: str = Field(description="*** for none")
    description: str | None
    initiation: str | None = Field(description="11 may be paid again, 12 once, null not said")
    postal_code: str | None
    category: str


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


def write_pix(request: dict[str, Any]) -> dict[str, Any]:
    """`pix encode`: PixToWrite in, PixDocument out."""
    code = _asked(PixToWrite, request).code()
    return _pix_document(code, code.write())


def read_pix(request: dict[str, Any]) -> dict[str, Any]:
    """`pix decode`: CodeToRead in, PixDocument out."""
    text = _asked(CodeToRead, request).code.strip()
    return _pix_document(PixCode.read(text), text)


def write_boleto(request: dict[str, Any], today: date) -> dict[str, Any]:
    """`boleto encode`: SlipToWrite in, SlipDocument out."""
    asked = _asked(SlipToWrite, request)
    return _slip_document(asked.slip(asked.today or today), made_up=asked.code is None)


def read_boleto(request: dict[str, Any], today: date) -> dict[str, Any]:
    """`boleto decode`: CodeToRead in, SlipDocument out. `today` unless the request says its own."""
    asked = _asked(CodeToRead, request)
    return _slip_document(read_slip(asked.code, asked.today or today), made_up=False)


_Asked = TypeVar("_Asked", bound=BaseModel)


def _asked(model: type[_Asked], request: dict[str, Any]) -> _Asked:
    """The request by its fields' own names. A field left empty is not given; one given twice is refused."""
    named: dict[str, Any] = {}
    for given, value in request.items():
        name = _CANONICAL.get(given, given)
        if name in named:
            raise BadInputError(f"{name} is given twice ({given} is another name of it): give it once")
        if value is not None and value != "":
            named[name] = value
    try:
        return model.model_validate(named)
    except ValidationError as error:
        problem = error.errors()[0]
        field = ".".join(str(part) for part in problem["loc"])
        raise BadInputError(_told(field, problem["type"], problem["msg"])) from error


def _told(field: str, kind: str, said: str) -> str:
    if kind == "missing":
        return f"{field} is missing: give it"
    if kind == "extra_forbidden":
        return f"{field} is not known here: remove it or check its spelling"
    if kind == "string_type":
        return f"{field} must be a text in quotes"
    return f"{field}: {said.removeprefix('Value error, ')}"


def _money(text: str, code: str) -> Money:
    try:
        return Money.parse(text)
    except ValueError as error:
        raise BadInputError(str(error), code=code) from error


def _pix_kind(code: PixCode) -> Literal["static", "dynamic"]:
    return "static" if code.key is not None else "dynamic"


def _pix_document(code: PixCode, payload: str) -> dict[str, Any]:
    return PixDocument(
        kind=_pix_kind(code),
        payload=payload,
        name=code.name,
        city=code.city,
        key=code.key.value if code.key is not None else None,
        key_type=code.key.kind if code.key is not None else None,
        url=code.url,
        amount=_shown(code.amount),
        txid=code.txid,
        description=code.description,
        initiation=code.initiation,
        postal_code=code.postal_code,
        category=code.category,
    ).model_dump(mode="json")


def _slip_document(slip: Boleto | UtilitySlip, *, made_up: bool) -> dict[str, Any]:
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
        amount=_shown(slip.amount),
        check_digit=slip.check_digit,
        free_field=slip.free_field,
        registered=False if made_up else None,
        **own,
    ).model_dump(mode="json")


def _shown(amount: Money | None) -> str | None:
    return str(amount) if amount is not None else None
