"""Guards what a page may show of people unasked: never a whole name, never a whole number."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from voiceagent.base.money import Money
from voiceagent.language import say, written
from voiceagent.language.languages import CODES
from voiceagent.web.masking import DOTS, REACH_STATES, mask_name, mask_number, mask_words

SCRIPTS = sorted((Path(__file__).resolve().parents[3] / "dialplans" / "negotiation").glob("*.yaml"))
LANGUAGES = st.sampled_from(CODES)
WORDS = st.text(st.characters(whitelist_categories=("Lu", "Ll")), min_size=3, max_size=12)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+5511987654321", f"+5511{DOTS}21"),
        ("sip:debtor1@127.0.0.1:5080", f"sip:de{DOTS}"),
        ("debtor1@127.0.0.1", f"de{DOTS}"),
        ("1001", f"1{DOTS}"),
        ("", ""),
        (None, None),
    ],
)
def test_numbers(number: str | None, shown: str | None) -> None:
    assert mask_number(number) == shown


@given(st.integers(10**9, 10**14 - 1))
def test_a_number_keeps_at_most_seven_signs(number: int) -> None:
    shown = mask_number(f"+{number}")
    assert shown is not None and len(shown.replace(DOTS, "")) <= 7


@given(st.lists(WORDS, min_size=1, max_size=5))
def test_a_name_keeps_its_initials_alone(parts: list[str]) -> None:
    shown = mask_name(" ".join(parts))
    assert shown is not None
    assert [word[0] for word in shown.split()] == [part[0] for part in parts]
    assert all(word[1:] == DOTS for word in shown.split())


def test_words_lose_the_name_and_nothing_else() -> None:
    said = "Falo com Marina Alves? A marinada da sra. ALVES, de Sá."
    assert mask_words(said, "Marina Alves de Sá") == f"Falo com {DOTS} {DOTS}? A marinada da sra. {DOTS}, de Sá."
    assert mask_words(said, None) == mask_words(said, "de Sá") == said


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("onze nove oito sete meia cinco quatro três dois um zero", DOTS),
        ("é o noventa e nove, oitenta e sete, sessenta e cinco, tá", f"é o {DOTS}, tá"),
        ("trinta e três vinte e dois, mil", DOTS),
        ("nueve ochenta y siete seiscientos cincuenta y cuatro", DOTS),
        ("it's five five five, double one two", f"it's {DOTS}"),
        ("nove oito traço sete", DOTS),
        ("é 11 98765-4321 viu", f"é {DOTS} viu"),
        ("987.654.321", DOTS),
        ("11987654321", DOTS),
        ("maria ponto silva arroba gmail ponto com", DOTS),
        ("m a r i a at example dot com", DOTS),
        ("escreve para maria@example.com", DOTS),
    ],
)
def test_dictated_numbers_and_addresses_are_hidden(said: str, shown: str) -> None:
    assert mask_words(said, None) == shown


@pytest.mark.parametrize(
    "said",
    [
        "Na mesa: 3 × R$ 1.200,50, primeiro pagamento em 15/12/2026.",
        "pago 1500000 pesos o $ 12345 el 2026-12-15 a las 10:30",
        "Sobre la mesa: 3 × S/ 400.00, primer pago el 15/12/2026.",
        "mil e duzentos, três vezes, dia dez ou dia vinte",
        "quinze de dezembro de dois mil e vinte e seis às dez e meia",
        "three payments of one twenty five at the end of the month",
    ],
)
def test_amounts_and_days_stay_readable(said: str) -> None:
    assert mask_words(said, None) == said


@given(LANGUAGES, st.integers(1, 999_999_999), st.sampled_from(("BRL", "MXN", "COP", "CLP", "PEN", "USD")))
def test_every_amount_said_or_written_stays(language: str, minor: int, currency: str) -> None:
    for told in (say.joined(say.money(Money(minor, currency), language)), written.money(Money(minor, currency))):
        assert mask_words(told, None) == told


@given(LANGUAGES, st.dates(date(2024, 1, 1), date(2040, 12, 31)), st.booleans(), st.integers(0, 23), st.integers(1, 99))
def test_every_day_hour_and_count_the_agent_says_stays(
    language: str, day: date, year: bool, hour: int, count: int
) -> None:
    for parts in (
        say.day(day, language, weekday=True, year=year),
        say.clock(time(hour, 45), language),
        say.count(count, language),
    ):
        assert mask_words(say.joined(parts), None) == say.joined(parts)


@given(LANGUAGES, st.text("0123456789", min_size=8, max_size=13), st.sampled_from(("", "agora não, é ")))
def test_no_digit_of_a_number_read_out_is_shown(language: str, number: str, before: str) -> None:
    assert mask_words(before + say.joined(say.digits(number, language)), None) == before + DOTS
    assert mask_words(before + number, None) == before + DOTS


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_the_states_that_ask_how_to_reach_somebody_are_known(path: Path) -> None:
    states = yaml.safe_load(path.read_text("utf-8"))["states"]
    ask = {
        name
        for name, state in states.items()
        if {"digits", "email"} & set(state.get("expect", ())) and not state.get("sensitive")
    }
    assert ask == REACH_STATES


@given(st.text(max_size=40), st.text(max_size=20))
def test_any_text_and_name_can_be_masked(text: str, name: str) -> None:
    assert isinstance(mask_words(text, name), str)
    assert isinstance(mask_name(name), str)
    assert isinstance(mask_number(name), str)
