"""Guards single cells: what is taken means what was written, and garbage never becomes a value."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.br import cnpj
from stdnum.br import cpf as cpf_of_library

from voiceagent.base.money import Money
from voiceagent.dialer import cells
from voiceagent.dialer.cells import CellError
from voiceagent.dialer.columns import field_of, map_columns, plain
from voiceagent.dialer.documents import document
from voiceagent.dialer.modes import is_fictitious
from voiceagent.dialer.telephones import phone, phones

CURRENCIES = st.sampled_from(["BRL", "USD", "MXN", "CLP", "COP", "PEN"])


@given(st.integers(0, 10**11), CURRENCIES, st.booleans(), st.booleans())
def test_amounts_survive_being_written(minor: int, currency: str, grouped: bool, other_way: bool) -> None:
    money = Money(minor, currency)
    whole, _, cents = str(money).partition(".")
    mark = "." if (currency in ("USD", "MXN", "PEN")) != (other_way and bool(cents)) else ","
    if grouped:
        whole = f"{int(whole):,}".replace(",", "." if mark == "," else ",")
    assert cells.amount(f"{whole}{mark}{cents}" if cents else whole, currency) == money


@given(st.text(max_size=20), CURRENCIES)
def test_any_text_is_an_amount_or_a_cell_error(text: str, currency: str) -> None:
    try:
        money = cells.amount(text, currency)
    except CellError as error:
        assert error.code in ("E_AMOUNT", "E_SCI")
        return
    assert money.minor >= 0 and money.currency == currency


@given(st.text(alphabet="0123456789+()-. /;eE,²٣", max_size=24), st.sampled_from(["BR", "US", "MX", "CL"]))
def test_any_text_is_telephones_or_cell_errors(text: str, region: str) -> None:
    good, bad, _ = phones(text, region)
    assert all(
        number.startswith("+") and number.isascii() and number[1:].isdigit() and 8 <= len(number) <= 16
        for number in good
    )
    assert all(error.code in ("E_PHONE", "E_SCI") for error in bad)


def with_check_digits(number: int) -> str:
    digits = [int(d) for d in f"{number:09d}"]
    for length in (10, 11):
        total = sum(d * (length - place) for place, d in enumerate(digits))
        digits.append(total * 10 % 11 % 10)
    return "".join(map(str, digits))


@given(st.integers(1, 10**9 - 1))
def test_a_cpf_with_right_check_digits_is_taken_and_one_digit_off_is_not(number: int) -> None:
    cpf = with_check_digits(number)
    if len(set(cpf)) == 1:
        return
    assert document(cpf, "BR") == (cpf, False)
    assert document(f"{cpf[:3]}.{cpf[3:6]}.{cpf[6:9]}-{cpf[9:]}", "BR") == (cpf, False)
    wrong = cpf[:-1] + str((int(cpf[-1]) + 1) % 10)
    with pytest.raises(CellError):
        document(wrong, "BR")


@given(st.integers(10**4, 10**9 - 1))
def test_zeros_a_spreadsheet_took_away_return_only_where_the_check_digits_prove_one_reading(number: int) -> None:
    cpf = with_check_digits(number)
    if len(set(cpf)) == 1 or cpf[0] != "0":
        return
    lost = cpf.lstrip("0")
    if len(lost) >= 10 and cnpj.is_valid(lost.zfill(14)):
        with pytest.raises(CellError, match="may be"):
            document(lost, "BR")
    else:
        assert document(lost, "BR") == (cpf, True)


@given(st.text(alphabet="0123456789", min_size=11, max_size=14))
def test_cpf_and_cnpj_agree_with_the_library_of_standards(digits: str) -> None:
    valid = (cpf_of_library.is_valid(digits) and len(digits) == 11) or (cnpj.is_valid(digits) and len(digits) == 14)
    try:
        found, zeros = document(digits, "BR")
    except CellError:
        assert not valid
    else:
        assert valid or (zeros and cnpj.is_valid(found))


@given(st.integers(11, 99), st.integers(10**7, 10**9 - 1))
def test_brazilian_numbers_agree_with_the_library_of_numbers(area: int, local: int) -> None:
    if len(set(f"{local}"[-8:])) == 1:
        return
    parsed = phonenumbers.parse(f"+55{area}{local}")
    # Numbers of shared cost (0303...) are valid there, and nobody's.
    types = phonenumbers.PhoneNumberType
    valid = phonenumbers.is_valid_number(parsed) and phonenumbers.number_type(parsed) in (
        types.FIXED_LINE,
        types.MOBILE,
    )
    try:
        number, ninth = phone(f"{area}{local}", "BR")
    except CellError:
        assert not valid
        return
    assert valid or ninth or is_fictitious(number)
    assert phonenumbers.is_valid_number(phonenumbers.parse(number)) or is_fictitious(number)


@given(st.text(max_size=16), st.sampled_from(["BR", "CL"]))
def test_any_text_is_a_document_or_a_cell_error(text: str, region: str) -> None:
    try:
        assert document(text, region)
    except CellError as error:
        assert error.code in ("E_DOCUMENT", "E_SCI")


def test_cnpj() -> None:
    assert document("11.222.333/0001-81", "BR") == ("11222333000181", False)
    assert document("12.ABC.345/01DE-35", "BR") == ("12ABC34501DE35", False)
    with pytest.raises(CellError):
        document("11222333000182", "BR")


@pytest.mark.parametrize("serial", ["46091", "46091.5"])
def test_a_spreadsheets_serial_is_no_day_and_says_what_it_is(serial: str) -> None:
    with pytest.raises(CellError, match="serial number: format the column as a date"):
        cells.day(serial, "BR")


@given(st.text(max_size=16), st.sampled_from(["BR", "US"]))
def test_any_text_is_a_day_or_a_cell_error(text: str, region: str) -> None:
    try:
        cells.day(text, region)
    except CellError as error:
        assert error.code == "E_DATE"


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("03/04/2026", "BR", "2026-04-03"),
        ("03/04/2026", "US", "2026-03-04"),
        ("3-4-2026", "BR", "2026-04-03"),
        ("2026-04-03", "US", "2026-04-03"),
        ("2026-04-03 00:00:00", "BR", "2026-04-03"),
        ("03.04.2026", "CL", "2026-04-03"),
    ],
)
def test_days_by_region(text: str, region: str, expected: str) -> None:
    assert cells.day(text, region).isoformat() == expected


@pytest.mark.parametrize(
    ("title", "field"),
    [
        ("CPF/CNPJ", "document"), ("Nº Contrato", "contract"), ("Telefone 1", "phone"), ("FONE9", "phone"),
        ("E-mail", "email"), ("Data de Vencimento", "due"), ("Teléfono", "phone"), ("Fecha de Nacimiento", "birth"),
        ("due date", "due"), ("DDD1", "area"), ("Valor Atualizado", "updated"), ("Nome 2", None),
        ("x_região", "attribute:regiao"), ("Score", "attribute:score"), ("", None),
    ],
)  # fmt: skip
def test_headers_as_people_write_them(title: str, field: str | None) -> None:
    assert field_of(title) == field


@given(st.text(max_size=30))
def test_plain_headers_are_plain(title: str) -> None:
    assert plain(plain(title)) == plain(title)


def test_a_complete_header_maps() -> None:
    mapping = map_columns(["cpf", "nome", "celular", "contrato", "valor", "vencimento"], creditor="Banco Exemplo")
    assert list(mapping.values()) == ["document", "name", "phone", "contract", "original", "due"]
