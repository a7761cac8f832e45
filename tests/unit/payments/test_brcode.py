"""Guards Pix codes: known codes read and written to the letter; what is altered, cut, doubled or foreign is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.payments.invented import EMAIL, PHONE, dynamic_codes, static_codes
from voiceagent.base.errors import BadInputError
from voiceagent.base.money import Money
from voiceagent.payments.brcode import PixCode, checksum
from voiceagent.payments.pixkey import KeyKind, PixKey

#: Right checksum, and a field whose length says one character too many.
WRONG_LENGTH = (
    "00020126360014BR.GOV.BCB.PIX0114+5511943214321520400005303986540566.66"
    "5802BR5907EMPRESA6008BRASILIA62080503***6304170E"
)

ACCOUNT = "26470014br.gov.bcb.pix0125financeiro@exemplo.com.br"
NAME = "5917CREDOR EXEMPLO SA"
KEY = "0125financeiro@exemplo.com.br"
TXID = "62200516ACORDO0000000001"


def sealed(body: str) -> str:
    """A code with the checksum its body asks for."""
    return body + "6304" + checksum(body + "6304")


def changed(old: str, new: str, code: str = EMAIL) -> str:
    """`code` with one part replaced and a right checksum."""
    assert code.count(old) == 1
    return sealed(code[:-8].replace(old, new))


def field(tag: str, value: str) -> str:
    return f"{tag}{len(value):02d}{value}"


def with_account(*fields: str) -> str:
    """The known code with another account template."""
    return changed(ACCOUNT, field("26", field("00", "br.gov.bcb.pix") + "".join(fields)))


def refusal(code: str) -> str:
    with pytest.raises(BadInputError) as refused:
        PixCode.read(code)
    assert "\n" not in refused.value.message
    return refused.value.code


def test_the_checksum_is_the_one_of_the_standard() -> None:
    assert checksum("123456789") == "29B1"


def test_known_codes_are_read() -> None:
    code = PixCode.read(PHONE)
    assert code.key == PixKey(KeyKind.PHONE, "+5511943214321")
    assert (code.name, code.city, code.amount, code.txid) == ("EMPRESA", "BRASILIA", Money(6666), "***")
    code = PixCode.read(EMAIL)
    assert code.key == PixKey(KeyKind.EMAIL, "financeiro@exemplo.com.br")
    assert (code.amount, code.txid, code.initiation) == (Money(25000), "ACORDO0000000001", "11")


@pytest.mark.parametrize("known", [PHONE, EMAIL])
def test_known_codes_are_written_to_the_letter(known: str) -> None:
    assert PixCode.read(known).write() == known


def test_a_checksum_in_small_letters_and_spaces_around_a_pasted_code_do_no_harm() -> None:
    assert PixCode.read(f" {EMAIL[:-4]}{EMAIL[-4:].lower()}\n") == PixCode.read(EMAIL)


def test_a_dynamic_code_holds_the_address_of_the_charge_and_any_reference() -> None:
    url = "pix.example.com/qr/v2/9d36b84f"
    body = PixCode(name="EMPRESA", city="SAO PAULO", url=url, initiation="12").write()[:-8]
    code = PixCode.read(sealed(body.replace("62070503***", "62190515RP12345678-2019")))
    assert (code.url, code.key, code.txid, code.initiation) == (url, None, "RP12345678-2019", "12")


def test_other_arrangements_and_fields_nobody_knows_are_passed_over() -> None:
    mixed = changed("5204", "27180014com.example.eu5204").replace("br.gov.bcb.pix", "BR.GOV.BCB.PIX")
    with_unknown = sealed(mixed[:-8] + "80130009br.gov.xx")
    assert PixCode.read(with_unknown) == PixCode.read(EMAIL)


@given(static_codes() | dynamic_codes)
def test_what_is_written_is_read_back(code: PixCode) -> None:
    assert PixCode.read(code.write()) == code


@given(static_codes() | dynamic_codes, st.data())
def test_one_wrong_missing_or_added_character_is_noticed(code: PixCode, data: st.DataObject) -> None:
    text = code.write()
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(min_codepoint=32, max_codepoint=126).filter(lambda letter: letter != text[at]))
    # The checksum's own letters may be small.
    assert refused(text[:at] + other + text[at + 1 :]) or (at >= len(text) - 4 and other.upper() == text[at])
    assert refused(text[:at] + text[at + 1 :])
    # Spaces around a pasted code are none of its own.
    assert refused(text[:at] + other + text[at:]) or (at == 0 and other == " ")


def refused(text: str) -> bool:
    try:
        PixCode.read(text)
    except BadInputError:
        return True
    return False


@given(st.text())
def test_no_text_crashes_the_reader(text: str) -> None:
    assert refused(text)
    assert refused(sealed("".join(letter for letter in text if letter.isascii())))


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (WRONG_LENGTH, "pix_structure"),
        ("", "pix_crc"),
        (EMAIL[:-1], "pix_crc"),
        (EMAIL[:-8], "pix_crc"),
        (EMAIL[:-1] + "B", "pix_crc"),
        (EMAIL.replace("250.00", "950.00"), "pix_crc"),
        (EMAIL.replace("CREDOR", "CRÉDOR"), "pix_text"),
        (EMAIL.replace("CREDOR", "CRE\tDOR"), "pix_text"),
        (changed("5917CREDOR EXEMPLO SA", "5918CREDOR EXEMPLO SA"), "pix_structure"),
        (changed("5917CREDOR EXEMPLO SA", "5916CREDOR EXEMPLO SA"), "pix_structure"),
        (changed("0125financeiro", "0126financeiro"), "pix_structure"),
        (changed("5802BR", "58002BR"), "pix_structure"),
        (changed("5802BR", "58005802BR"), "pix_structure"),
        (changed("5802BR", "5x02BR"), "pix_structure"),
        (changed("5802BR", "5802BR5802BR"), "pix_repeated"),
        (changed("0125financeiro@exemplo.com.br", "0102ab0119iro@exemplo.com.br4"), "pix_repeated"),
        (changed("5204", "27180014br.gov.bcb.pix5204"), "pix_repeated"),
        (changed("62200516ACORDO0000000001", "62070503***62070503***"), "pix_repeated"),
        (sealed(EMAIL[6:-8] + "000201"), "pix_structure"),
        (changed("000201010211", "010211"), "pix_structure"),
        (changed("5303986", ""), "pix_missing"),
        (changed("5204000053", "53"), "pix_missing"),
        (changed("5802BR", ""), "pix_missing"),
        (changed(NAME, ""), "pix_missing"),
        (changed(NAME, field("59", "   ")), "pix_missing"),
        (changed("6009SAO PAULO", ""), "pix_missing"),
        (changed(TXID, ""), "pix_missing"),
        (changed(TXID, "62070703***"), "pix_missing"),
        (changed("br.gov.bcb.pix", "br.gov.bcb.pox"), "pix_missing"),
        (changed("0014br.gov.bcb.pix0125", "0214br.gov.bcb.pix0125"), "pix_missing"),
        (with_account(), "pix_account"),
        (with_account(KEY, field("25", "pix.example.com/qr/v2/12")), "pix_account"),
        (changed("000201", "000202"), "pix_field"),
        (changed("010211", "010213"), "pix_field"),
        (changed("5303986", "5303840"), "pix_field"),
        (changed("5802BR", "5802US"), "pix_field"),
        (changed("52040000", "5204A000"), "pix_field"),
        (changed(TXID, field("61", "567890") + TXID), "pix_field"),
        (changed("5406250.00", "5406250,00"), "pix_amount"),
        (changed("5406250.00", "5407250.000"), "pix_amount"),
        (changed("5406250.00", "5407-250.00"), "pix_amount"),
        (changed("5406250.00", "5404250."), "pix_amount"),
        (changed("5406250.00", "54070250.00"), "pix_amount"),
        (changed("5406250.00", "54040.00"), "pix_amount"),
        (changed("5406250.00", "541410000000000.00"), "pix_amount"),
        (changed("ACORDO0000000001", "ACORDO-000000001"), "pix_txid"),
        (changed(TXID, field("62", field("05", "A" * 26))), "pix_txid"),
        (changed(NAME, field("59", "CREDOR EXEMPLO " + "A" * 11)), "pix_length"),
        (changed("6009SAO PAULO", field("60", "SAO PAULO DO SUL")), "pix_length"),
        (with_account(field("01", "financeiro_exemplo.com.br")), "pix_key"),
        (with_account(field("01", "+5500943214321")), "pix_key"),
        (with_account(field("01", "52998224726")), "pix_key"),
        (with_account(field("01", "529.982.247-25")), "pix_key"),
        (with_account(field("25", "https://pix.example.com/qr/v2/12")), "pix_url"),
        (with_account(field("25", "pix.example.com qr/v2/12")), "pix_url"),
        (with_account(field("25", "pix.example.com")), "pix_url"),
    ],
)  # fmt: skip
def test_a_code_that_is_not_one_is_refused_with_its_reason(code: str, why: str) -> None:
    assert refusal(code) == why


def test_a_description_that_leaves_no_room_for_the_key_is_refused() -> None:
    key = PixKey.parse("financeiro@exemplo.com.br")
    longest = PixCode(name="A", city="B", key=key, description="x" * 48)
    assert "2699" in longest.write()
    with pytest.raises(BadInputError, match="1 characters shorter"):
        PixCode(name="A", city="B", key=key, description="x" * 49)


def test_amounts_of_another_currency_and_out_of_bounds_are_refused() -> None:
    key = PixKey.parse("financeiro@exemplo.com.br")
    for amount in (Money(0), Money(-1), Money(10**12), Money(100, "USD")):
        with pytest.raises(BadInputError) as refused_amount:
            PixCode(name="A", city="B", key=key, amount=amount)
        assert refused_amount.value.code == "pix_amount"
    assert "54139999999999.99" in PixCode(name="A", city="B", key=key, amount=Money(10**12 - 1)).write()
