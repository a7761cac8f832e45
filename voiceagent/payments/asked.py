"""A line of a batch as others' programs write it: other names for fields, numbers for texts, empty for absent."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ValidationError

from voiceagent.base.errors import BadInputError
from voiceagent.base.money import Money

#: Other names under which a field is taken.
SYNONYMS = {
    "code": "payload brcode br_code copia_e_cola pix emv text linha linha_digitavel line digitable_line typeable_line "
    "barcode bar_code codigo codigo_de_barras codigo_barras",
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


def number_as_text(value: object) -> object:
    """A JSON number as the text it was written as; anything else as it is."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _day(value: object) -> date:
    # Pydantic alone would take a number for seconds since 1970.
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise ValueError("there is no such day") from error
    raise ValueError('write the day like "2026-12-15"')


Amount = Annotated[str, BeforeValidator(number_as_text)]
Day = Annotated[date, BeforeValidator(_day)]

Asked = TypeVar("Asked", bound=BaseModel)


def read_request(model: type[Asked], request: dict[str, Any]) -> Asked:
    """`request` as `model`, by its fields' own names; BadInputError names the first field that is wrong.

    A field that is null or empty is not given; one given under two names is refused.
    """
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


def money(text: str, code: str) -> Money:
    """An amount in BRL; BadInputError with `code` when it is none."""
    try:
        return Money.parse(text)
    except ValueError as error:
        raise BadInputError(str(error), code=code) from error


def _told(field: str, kind: str, said: str) -> str:
    if kind == "missing":
        return f"{field} is missing: give it"
    if kind == "extra_forbidden":
        return f"{field} is not known here: remove it or check its spelling"
    if kind == "string_type":
        return f"{field} must be a text in quotes"
    return f"{field}: {said.removeprefix('Value error, ')}"
