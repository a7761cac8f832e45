"""The Pix code people copy and paste (BR Code): static, with the payee's key, or dynamic, with the charge's address."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass

from voiceagent.base.errors import BadInputError
from voiceagent.base.money import Money
from voiceagent.payments.pixkey import PixKey
from voiceagent.payments.plaintext import require_plain
from voiceagent.payments.tlv import read_fields, write_field

#: What stands in the place of an identifier when there is none.
NO_TXID = "***"

_GUI = "br.gov.bcb.pix"
#: Fields that say the same in every code.
_FIXED = {"00": ("format", "01"), "53": ("currency", "986"), "58": ("country", "BR")}
_NAME, _CITY, _DESCRIPTION, _URL, _REFERENCE = 25, 15, 72, 77, 25
#: An amount has up to 13 characters: 9999999999.99.
_MOST = 10**12 - 1
_AMOUNT = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]{1,2})?")
_TXID = re.compile(rf"[A-Za-z0-9]{{1,{_REFERENCE}}}|\*\*\*")
_ADDRESS = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}(?::[0-9]{1,5})?/[!-~]+")
_CHECKSUM = re.compile(r"6304([0-9A-Fa-f]{4})")
_TEMPLATES = ("62", *(str(number) for number in (*range(26, 52), *range(80, 100))))


@dataclass(frozen=True, slots=True)
class PixCode:
    """A code's content. Exactly one of `key` (static) and `url` (dynamic, without https://) is given.

    `amount` None lets the payer type it. `initiation` is "11" (may be paid again), "12" (once) or None (not said).
    Construction raises BadInputError for what cannot stand in a code.
    """

    name: str
    city: str
    key: PixKey | None = None
    url: str | None = None
    amount: Money | None = None
    txid: str = NO_TXID
    description: str | None = None
    initiation: str | None = None
    postal_code: str | None = None
    category: str = "0000"

    def __post_init__(self) -> None:
        _require_text(self.name, "name", _NAME)
        _require_text(self.city, "city", _CITY)
        if (self.key is None) == (self.url is None):
            raise BadInputError("a code has a key or a url: give one of them", code="pix_account")
        if self.url is not None and (len(self.url) > _URL or not _ADDRESS.fullmatch(self.url)):
            raise BadInputError(
                f"url must be the charge's address without https://, at most {_URL} characters, like "
                "pix.example.com/qr/v2/93598be0",
                code="pix_url",
            )
        if self.description is not None:
            _require_text(self.description, "description", _DESCRIPTION)
        if self.amount is not None and not (self.amount.currency == "BRL" and 0 < self.amount.minor <= _MOST):
            raise BadInputError(
                "an amount is in BRL, from 0.01 to 9999999999.99; leave it out to let the payer type it",
                code="pix_amount",
            )
        if self.initiation not in (None, "11", "12"):
            raise BadInputError("the point of initiation is 11 (again and again) or 12 (once)", code="pix_field")
        if not re.fullmatch(r"[0-9]{4}", self.category):
            raise BadInputError("a merchant category has 4 digits; 0000 says nothing of it", code="pix_field")
        if self.postal_code is not None and not re.fullmatch(r"[0-9]{5}-?[0-9]{3}", self.postal_code):
            raise BadInputError("a CEP has 8 digits, like 01310-100", code="pix_field")
        self._require_txid()
        if len(self._account()) > 99:
            over = len(self._account()) - 99
            raise BadInputError(
                f"key and description do not fit together: make the description {over} characters shorter",
                code="pix_length",
            )

    @classmethod
    def read(cls, text: str) -> PixCode:
        """What a copied code says; BadInputError (codes `pix_...`) unless it is whole, unaltered and payable in BRL."""
        text = text.strip()
        require_plain(text, "the code")
        _require_checksum(text)
        fields = read_fields(text, "the code")
        nested = {tag: read_fields(fields[tag], f"field {tag}") for tag in _TEMPLATES if tag in fields}
        if next(iter(fields)) != "00" or [*fields.items()][-1] != ("63", text[-4:]):
            raise BadInputError("a code begins with field 00 and ends with 63: copy it again", code="pix_structure")
        for tag, (meaning, only) in _FIXED.items():
            if _required(fields, tag) != only:
                raise BadInputError(f"{meaning} {fields[tag]} is not {only}: this is no Pix code", code="pix_field")
        account = _pix_account(nested)
        return cls(
            name=_required(fields, "59"),
            city=_required(fields, "60"),
            key=_stored_key(account["01"]) if "01" in account else None,
            url=account.get("25"),
            amount=_amount(fields["54"]) if "54" in fields else None,
            txid=_required(nested.get("62", {}), "05", "62-05"),
            description=account.get("02"),
            initiation=fields.get("01"),
            postal_code=fields.get("61"),
            category=_required(fields, "52"),
        )

    def write(self) -> str:
        """The code to copy and paste."""
        fields = [
            *((tag, only) for tag, (_, only) in _FIXED.items()),
            ("01", self.initiation),
            ("26", self._account()),
            ("52", self.category),
            ("54", str(self.amount) if self.amount is not None else None),
            ("59", self.name),
            ("60", self.city),
            ("61", self.postal_code),
            ("62", write_field("05", self.txid)),
        ]
        body = _written(fields) + "6304"
        return body + checksum(body)

    def _account(self) -> str:
        key = self.key.value if self.key is not None else None
        return _written([("00", _GUI), ("01", key), ("02", self.description), ("25", self.url)])

    def _require_txid(self) -> None:
        # Of a dynamic code payers' banks take the identifier from the charge and skip this one, whatever it holds.
        if self.url is not None:
            _require_text(self.txid, "txid", _REFERENCE)
        elif not _TXID.fullmatch(self.txid):
            raise BadInputError(
                f"txid must be 1 to {_REFERENCE} letters and digits, or {NO_TXID} for none", code="pix_txid"
            )


def checksum(text: str) -> str:
    """CRC-16 of ASCII text (polynomial 0x1021, from 0xFFFF) as four capital hexadecimal digits."""
    return f"{binascii.crc_hqx(text.encode('ascii'), 0xFFFF):04X}"


def _written(fields: list[tuple[str, str | None]]) -> str:
    return "".join(write_field(tag, value) for tag, value in sorted(fields) if value is not None)


def _require_checksum(text: str) -> None:
    found = _CHECKSUM.fullmatch(text[-8:])
    if found is None:
        raise BadInputError("the code does not end with its checksum (6304....): copy the whole code", code="pix_crc")
    if checksum(text[:-4]) != found[1].upper():
        raise BadInputError(
            "the checksum does not match: a character is wrong or missing, copy the whole code again", code="pix_crc"
        )


def _required(fields: dict[str, str], tag: str, shown: str = "") -> str:
    if tag not in fields:
        raise BadInputError(f"field {shown or tag} is missing: ask the payee for a new code", code="pix_missing")
    return fields[tag]


def _pix_account(nested: dict[str, dict[str, str]]) -> dict[str, str]:
    """The one account template that is Pix's; other arrangements may stand beside it."""
    found = [
        account for tag, account in nested.items() if "26" <= tag <= "51" and account.get("00", "").lower() == _GUI
    ]
    if not found:
        raise BadInputError(f"no account of {_GUI} in fields 26 to 51: this is no Pix code", code="pix_missing")
    if len(found) > 1:
        raise BadInputError("two Pix accounts: it must not be paid, ask for a new code", code="pix_repeated")
    return found[0]


def _stored_key(text: str) -> PixKey:
    key = PixKey.parse(text)
    if key.value != text.lower() and key.value != text.upper():
        raise BadInputError(f"not a Pix key: inside a code it is written {key.value}", code="pix_key")
    return key


def _amount(text: str) -> Money:
    if not _AMOUNT.fullmatch(text):
        raise BadInputError("the amount is not written like 250.00: ask for a new code", code="pix_amount")
    return Money.parse(text)


def _require_text(text: str, field: str, most: int) -> None:
    require_plain(text, field)
    if not text.strip():
        raise BadInputError(f"{field} is empty: give it", code="pix_missing")
    if len(text) > most:
        raise BadInputError(f"{field} has {len(text)} characters, at most {most}: shorten it", code="pix_length")
