"""Guards texts with figures as people read them aloud: money, days, times, addresses, numbers of documents."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceagent.language.figures import aloud

TODAY = date(2026, 11, 18)


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("pt-BR", "São R$ 1.250,90.", "São mil duzentos e cinquenta reais e noventa centavos."),
        ("pt-BR", "R$250 ou R$ 1.250", "duzentos e cinquenta reais ou mil duzentos e cinquenta reais"),
        ("pt-BR", "até 15/12", "até quinze de dezembro"),
        ("pt-BR", "30% até 2027-01-05", "30 por cento até cinco de janeiro de dois mil e vinte e sete"),
        ("pt-BR", "ligo às 14h30, das 9h às 18:00", "ligo às quatorze e meia, das nove horas às dezoito horas"),
        ("pt-BR", "CPF 529.982.247-25", "CPF cinco dois, nove nove, oito dois, dois quatro, sete dois, cinco"),
        ("pt-BR", "a.b@x.com.br", "a ponto b arroba x ponto com ponto br"),
        ("es", "Debe $1,250.90, ya", "Debe mil doscientos cincuenta pesos con noventa centavos, ya"),
        ("es", "hasta el 15/12.", "hasta el quince de diciembre."),
        ("es", "S/ 300.50 a las 18:00", "trescientos soles con cincuenta céntimos a las seis de la tarde"),
        ("en", "$1,250.90 by 12/15", "one thousand two hundred fifty dollars and ninety cents by December fifteenth"),
        ("en", "case 123609", "case one two, three six, zero nine"),
    ],
)  # fmt: skip
def test_figures_are_read_as_people_read_them(language: str, text: str, said: str) -> None:
    assert aloud(text, language, today=TODAY) == said


@pytest.mark.parametrize("text", ["dia 31/02", "2 parcelas", "1.234.567", "1.234.567,89", "Bom dia, Maria."])
def test_what_is_no_such_figure_stays_as_it_is_written(text: str) -> None:
    assert aloud(text, "pt-BR", today=TODAY) == text


@given(st.text(alphabet="R$US/0123456789.,:h-@% ab"), st.sampled_from(("pt-BR", "es", "en")))
def test_nothing_written_breaks_it(text: str, language: str) -> None:
    assert isinstance(aloud(text, language, today=TODAY), str)
