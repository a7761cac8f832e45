"""Pix codes in their interchange form: what may be asked, and what is answered."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from voiceagent.base.errors import BadInputError
from voiceagent.payments.asked import Amount, money, read_request
from voiceagent.payments.brcode import NO_TXID, PixCode
from voiceagent.payments.pixkey import KeyKind, PixKey
from voiceagent.payments.plaintext import plain_text

Kind = Literal["static", "dynamic"]


class PixToRead(BaseModel):
    """A copied code. Other fields of the line are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    code: str


class PixToWrite(BaseModel):
    """A code to make: `key` for a static one, `url` (the charge's address at the payee's bank) for a dynamic one."""

    # A misspelt amount must not become a code with an open amount.
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Any = None
    name: str
    city: str
    key: str | None = None
    url: str | None = None
    amount: Amount | None = None
    txid: str = NO_TXID
    description: str | None = None
    initiation: Literal["11", "12"] | None = None
    postal_code: str | None = None
    kind: Kind | None = None
    key_type: KeyKind | None = None
    currency: Literal["BRL"] = "BRL"

    def code(self) -> PixCode:
        """The code's content; BadInputError for what contradicts itself or cannot stand in a code."""
        if self.url is not None and (self.amount is not None or self.txid != NO_TXID):
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
            amount=money(self.amount, "pix_amount") if self.amount is not None else None,
            txid=self.txid,
            description=plain_text(self.description, "description") if self.description is not None else None,
            initiation=self.initiation or ("11" if self.url is None else "12"),
            postal_code=self.postal_code,
        )
        if self.kind not in (None, _kind(code)):
            raise BadInputError("give key for a static code, url for a dynamic one", code="pix_account")
        return code


class PixDocument(BaseModel):
    """What a code says."""

    kind: Kind
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


def write_pix(request: dict[str, Any]) -> dict[str, Any]:
    """`pix encode`: PixToWrite in, PixDocument out."""
    code = read_request(PixToWrite, request).code()
    return _document(code, code.write())


def read_pix(request: dict[str, Any]) -> dict[str, Any]:
    """`pix decode`: PixToRead in, PixDocument out."""
    text = read_request(PixToRead, request).code.strip()
    return _document(PixCode.read(text), text)


def _kind(code: PixCode) -> Kind:
    return "static" if code.key is not None else "dynamic"


def _document(code: PixCode, payload: str) -> dict[str, Any]:
    return PixDocument(
        kind=_kind(code),
        payload=payload,
        name=code.name,
        city=code.city,
        key=code.key.value if code.key is not None else None,
        key_type=code.key.kind if code.key is not None else None,
        url=code.url,
        amount=str(code.amount) if code.amount is not None else None,
        txid=code.txid,
        description=code.description,
        initiation=code.initiation,
        postal_code=code.postal_code,
        category=code.category,
    ).model_dump(mode="json")
