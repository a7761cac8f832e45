"""Pix keys: the CPF, CNPJ, telephone, e-mail or random identifier by which a payee is found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from voiceagent.base.errors import BadInputError

_LONGEST = 77
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_E164 = re.compile(r"\+[1-9][0-9]{7,14}")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_EMAIL = re.compile(rf"[a-z0-9!#$&'*+/=?^_`{{|}}~-]+(?:\.[a-z0-9!#$&'*+/=?^_`{{|}}~-]+)*@{_LABEL}(?:\.{_LABEL})+")


class KeyKind(StrEnum):
    """What a key is."""

    CPF = "cpf"
    CNPJ = "cnpj"
    PHONE = "phone"
    EMAIL = "email"
    RANDOM = "random"


@dataclass(frozen=True, slots=True)
class PixKey:
    """A key in the form the directory of keys holds."""

    kind: KeyKind
    value: str

    @classmethod
    def parse(cls, text: str) -> PixKey:
        """A key as people write it (dots, hyphens, capitals); BadInputError (`pix_key`) when it is none."""
        text = text.strip()
        if len(text) > _LONGEST or not text.isascii():
            raise _refused(f"it has at most {_LONGEST} plain characters")
        low = text.lower()
        if "@" in text:
            if not _EMAIL.fullmatch(low):
                raise _refused("its e-mail address is malformed")
            return cls(KeyKind.EMAIL, low)
        if _UUID.fullmatch(low):
            return cls(KeyKind.RANDOM, low)
        if text.startswith("+"):
            return cls(KeyKind.PHONE, _phone(text))
        return _document(re.sub("[ ./-]", "", text).upper())


def _phone(text: str) -> str:
    import phonenumbers

    plain = re.sub("[ ().-]", "", text)
    if not _E164.fullmatch(plain) or not phonenumbers.is_valid_number(phonenumbers.parse(plain)):
        raise _refused("no telephone has this number, write it like +5511987654321")
    return plain


def _document(plain: str) -> PixKey:
    from stdnum.br import cnpj, cpf

    if len(plain) == 11 and plain.isdigit():
        # A CPF of one digit only has right check digits and belongs to nobody.
        if cpf.is_valid(plain) and len(set(plain)) > 1:
            return PixKey(KeyKind.CPF, plain)
        raise _refused("the check digits of this CPF are wrong; a telephone is written like +5511987654321")
    if len(plain) == 14 and plain.isalnum():
        if cnpj.is_valid(plain):
            return PixKey(KeyKind.CNPJ, plain)
        raise _refused("the check digits of this CNPJ are wrong")
    raise _refused("give a CPF, a CNPJ, an e-mail, a telephone like +5511987654321 or a random key (UUID)")


def _refused(why: str) -> BadInputError:
    return BadInputError(f"not a Pix key: {why}", code="pix_key")
