"""Guards codes against a mistake made on both sides: others' implementations write what we read, and the reverse."""

from __future__ import annotations

import re
import string
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pixcanvas import create_static_pix, parse_pix, validate_pix
from pydantic_brasil import BoletoBancario
from pydantic_brasil.exceptions import BoletoInvalidError

from tests.unit.payments.invented import (
    BARCODE,
    EMAIL,
    LINE,
    PHONE,
    TODAY,
    boletos,
    dynamic_codes,
    keys,
    other_digit,
    static_codes,
    utility_barcodes,
)
from voiceagent.base.errors import BadInputError
from voiceagent.base.money import Money
from voiceagent.payments.boleto import Boleto
from voiceagent.payments.brcode import PixCode
from voiceagent.payments.pixkey import KeyKind
from voiceagent.payments.slip import UtilitySlip
from voiceagent.payments.typed import read_slip

#: The other implementation knows no letters in a CNPJ, takes random keys with eleven digits for a CPF, and cuts
#: descriptions short.
_KEYS = keys.filter(lambda key: key.kind in (KeyKind.CPF, KeyKind.PHONE, KeyKind.EMAIL))
_ITS_DESCRIPTION = 23


@given(static_codes(_KEYS))
def test_our_pix_codes_say_the_same_to_another_reader(code: PixCode) -> None:
    theirs = validate_pix(code.write())
    if code.initiation == "12":
        assert [error.code for error in theirs.errors] == ["unsupported_dynamic_pix"]
        return
    assert theirs.is_valid
    assert code.key is not None
    said = theirs.pix
    assert said.amount == (Decimal(str(code.amount)) if code.amount else None)
    assert said.txid == code.txid
    assert (said.merchant_name, said.merchant_city) == (code.name.upper(), code.city.upper())
    assert said.pix_key == code.key.value
    if len(code.description or "") <= _ITS_DESCRIPTION:
        assert said.description == code.description


@given(
    st.sampled_from(["52998224725", "11222333000181", "+5511943214321", "financeiro@exemplo.com.br"]),
    st.text(string.ascii_letters + "ãéçõü '&.-", min_size=1, max_size=30).filter(str.strip),
    st.none() | st.integers(1, 10**12 - 1),
    st.none() | st.text(string.ascii_letters + string.digits, min_size=1, max_size=25),
    st.none() | st.text(string.ascii_letters + "ãé ", min_size=1, max_size=40).filter(str.strip),
)
def test_another_writers_pix_codes_are_read(
    key: str, name: str, minor: int | None, txid: str | None, description: str | None
) -> None:
    theirs = create_static_pix(
        pix_key=key,
        merchant_name=name,
        merchant_city="São Paulo",
        amount=None if minor is None else str(Money(minor)),
        txid=txid,
        description=description,
    )
    ours = PixCode.read(theirs.br_code)
    assert ours.key is not None
    assert (ours.key.value, ours.name, ours.city) == (key, theirs.merchant_name, "SAO PAULO")
    assert ours.amount == (None if minor is None else Money(minor))
    assert (ours.txid, ours.description, ours.initiation) == (txid or "***", theirs.description, "11")
    assert ours.write() == theirs.br_code


@pytest.mark.parametrize("known", [PHONE, EMAIL])
def test_the_known_codes_are_right_by_another_reader(known: str) -> None:
    assert parse_pix(known).br_code == known


@given(dynamic_codes)
def test_another_reader_follows_the_fields_of_dynamic_codes(code: PixCode) -> None:
    # It reads no dynamic codes, and says so only after checksum and lengths.
    errors = [error.code for error in validate_pix(code.write()).errors]
    assert errors == ["unsupported_dynamic_pix" if code.initiation == "12" else "missing_required_field"]


@given(boletos)
def test_our_slips_are_right_by_another_reader(slip: Boleto) -> None:
    for text in (slip.barcode, slip.line):
        theirs = BoletoBancario(text)
        assert (theirs.codigo_barras, theirs.linha_digitavel) == (slip.barcode, slip.line)
        assert theirs.codigo_banco == slip.bank
        assert f"{theirs.fator_vencimento or 0:04d}" == slip.factor
        assert (theirs.valor.centavos if theirs.valor else 0) == (slip.amount.minor if slip.amount else 0)


@given(utility_barcodes())
def test_our_utility_slips_are_right_by_another_reader(barcode: str) -> None:
    slip = UtilitySlip(barcode)
    theirs = BoletoBancario(slip.line)
    assert (theirs.codigo_barras, digits_of(theirs.linha_digitavel)) == (barcode, digits_of(slip.line))
    assert digits_of(BoletoBancario(barcode).linha_digitavel) == digits_of(slip.line)


@given(boletos | utility_barcodes().map(UtilitySlip), st.data())
def test_what_another_reader_refuses_so_do_we(slip: Boleto | UtilitySlip, data: st.DataObject) -> None:
    line = digits_of(slip.line)
    wrong = other_digit(line, data.draw(st.integers(0, len(line) - 1)), data.draw(st.integers(1, 9)))
    try:
        BoletoBancario(wrong)
    except BoletoInvalidError:
        with pytest.raises(BadInputError):
            read_slip(wrong, TODAY)


def test_the_known_slip_is_right_by_another_reader() -> None:
    assert BoletoBancario(LINE).codigo_barras == BARCODE
    with pytest.raises(BoletoInvalidError):
        BoletoBancario(other_digit(BARCODE, 43, 1))


def digits_of(line: str) -> str:
    return re.sub("[^0-9]", "", line)
