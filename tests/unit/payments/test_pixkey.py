"""Guards Pix keys and the names beside them: every kind in its one form, nothing that nobody can have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.payments.invented import keys
from voiceagent.base.errors import BadInputError
from voiceagent.payments.pixkey import PixKey
from voiceagent.payments.plaintext import plain_text


@pytest.mark.parametrize(
    ("written", "kind", "value"),
    [
        ("529.982.247-25", "cpf", "52998224725"),
        ("11.222.333/0001-81", "cnpj", "11222333000181"),
        ("12.abc.345/01de-35", "cnpj", "12ABC34501DE35"),
        ("+55 (11) 94321-4321", "phone", "+5511943214321"),
        ("+551133334444", "phone", "+551133334444"),
        (" Financeiro@Exemplo.com.br ", "email", "financeiro@exemplo.com.br"),
        ("123E4567-E12B-12D1-A456-426655440000", "random", "123e4567-e12b-12d1-a456-426655440000"),
    ],
)
def test_a_key_of_every_kind_has_one_form(written: str, kind: str, value: str) -> None:
    assert PixKey.parse(written) == PixKey.parse(value)
    assert (PixKey.parse(written).kind, PixKey.parse(written).value) == (kind, value)


@pytest.mark.parametrize(
    "written",
    [
        "", "52998224726", "11111111111", "00000000000", "11222333000182", "00000000000000", "5299822472", "abc",
        "11943214321", "+5500943214321", "+55119432143210000", "+55", "a@b", "a@@exemplo.com", "@exemplo.com",
        "a b@exemplo.com", "a@exemplo..com", "a@-exemplo.com", ".a@exemplo.com", "josé@exemplo.com", "a\n@exemplo.com",
        f"{'a' * 66}@exemplo.com", "123e4567e12b12d1a456426655440000", "123e4567-e12b-12d1-a456-42665544000g",
        "529\n98224725", "５2998224725",
    ],
)  # fmt: skip
def test_what_nobody_can_have_is_no_key(written: str) -> None:
    with pytest.raises(BadInputError) as refused:
        PixKey.parse(written)
    assert refused.value.code == "pix_key"


@given(keys)
def test_a_key_stays_what_it_is(key: PixKey) -> None:
    assert PixKey.parse(key.value) == key


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("São Paulo", "Sao Paulo"),
        ("AÇÕES & CRÉDITOS Ltda.", "ACOES & CREDITOS Ltda."),
        ("  Loja   d’Água – nº 1 ", "Loja d'Agua - no 1"),
        ("Straße Øst Łódź", "Strasse Ost Lodz"),
        ("A\N{NO-BREAK SPACE}B", "A B"),
    ],
)
def test_names_lose_their_accents_and_nothing_else(text: str, plain: str) -> None:
    assert plain_text(text, "name") == plain


@pytest.mark.parametrize("text", ["A\nB", "A\x00", "\tA", "银行", "A\u200bB", "A\u202eB", "100 €", "\x7f", "😀"])
def test_control_and_foreign_characters_are_refused_by_name(text: str) -> None:
    with pytest.raises(BadInputError, match=r"^city: ") as refused:
        plain_text(text, "city")
    assert refused.value.code == "pix_text"
    assert refused.value.message.isprintable()


@given(st.text())
def test_what_is_plain_stays_plain(text: str) -> None:
    try:
        plain = plain_text(text, "name")
    except BadInputError:
        return
    assert plain.isascii() and plain.isprintable()
    assert plain_text(plain, "name") == plain
