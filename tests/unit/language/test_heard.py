"""Slots heard: what debtors and recognisers write, corrections, ambiguity, and that no text makes up a value."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceagent.base.errors import BadInputError
from voiceagent.language.heard import understand_slots

TODAY = date(2026, 11, 18)


def read(text, expect, language="pt-BR", region="BR", today=TODAY):
    return understand_slots(text, language=language, region=region, expect=(expect,), today=today)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("R$ 1.200,50", "1200.50"), ("1.590", "1590.00"), ("870 e 6", "876.00"), ("89 e 90", "89.90"),
        ("Cento-I 11", "111.00"), (
            "dois meu e quinhentos", "2500.00"), ("dos ventos", "200.00"), ("sem reais", "100.00"),
        ("duzentos e cinquenta conto", "250.00"), ("um e duzentos", "1200.00"), ("uma milha", "1000.00"),
        ("cento e um ponto cinquenta", "101.50"), ("sinquenta", "50.00"), ("1,200.50", "1200.50"),
    ],
)  # fmt: skip
def test_amounts_as_recognisers_write_them(text, value):
    assert read(text, "amount").slots["amount"] == value


@pytest.mark.parametrize(
    ("text", "region", "value"),
    [("1,200.50", "MX", "1200.50"), ("1.200,50", "CO", "1200.50"), ("250.000", "CL", "250000"), (
        "cien lucas", "CL", "100000"),
     ("cien lucas", "PE", "100.00"), ("doscientos mil pesos", "CO", "200000.00")],
)  # fmt: skip
def test_amounts_follow_the_regions_currency(text, region, value):
    assert read(text, "amount", "es", region).slots["amount"] == value


@pytest.mark.parametrize(
    ("text", "language", "region", "value"),
    [
        ("un millón doscientos", "es", "CO", "1200000.00"),
        ("1 millón 200", "es", "CO", "1200000.00"),
        ("dos millones quinientos cincuenta", "es", "CL", "2550000"),
        ("un millón doscientos mil", "es", "CO", "1200000.00"),
        ("un millón doscientos pesos", "es", "CO", "1000200.00"),
        ("un millón doscientos con cincuenta centavos", "es", "CO", "1000200.50"),
        ("un millón y medio", "es", "CO", "1500000.00"),
        ("millón y medio", "es", "CO", "1500000.00"),
        ("tres millones y medio de pesos", "es", "CO", "3500000.00"),
        ("medio millón", "es", "CO", "500000.00"),
        ("um milhão e duzentos", "pt-BR", "BR", "1200000.00"),
        ("um milhão e duzentos reais", "pt-BR", "BR", "1000200.00"),
        ("dois milhões e meio", "pt-BR", "BR", "2500000.00"),
        ("meio milhão", "pt-BR", "BR", "500000.00"),
    ],
)
def test_millions_are_heard_as_people_say_them(text, language, region, value):
    assert read(text, "amount", language, region).slots["amount"] == value


def test_pesos_without_cents_have_none():
    assert "amount" not in read("mil pesos con cincuenta centavos", "amount", "es", "CL").slots


@pytest.mark.parametrize(
    "text",
    ["não, dia quinze não, dia vinte", "nao dia quinze nao dia vinte", "dia quinze, quer dizer, dia vinte",
     "dia quinze não dá, só dia vinte", "quinze não, vinte", "dia quinze, não, dia vinte"],
)  # fmt: skip
def test_a_correction_inside_one_sentence_wins(text):
    assert read(text, "date").slots["date"] == "2026-11-20"


@pytest.mark.parametrize(
    "text", ["dia quinze não dá", "não posso dia quinze", "dia quinze eu não consigo", "dia trinta de fevereiro"]
)
def test_a_day_taken_back_is_no_answer(text):
    assert "date" not in read(text, "date").slots


@pytest.mark.parametrize(
    ("text", "language", "readings"),
    [
        ("sexta que vem", "pt-BR", {"2026-11-27", "2026-11-20"}),
        ("na outra sexta", "pt-BR", {"2026-11-27", "2026-11-20"}),
        ("dia cinco ou dia dez", "pt-BR", {"2026-12-05", "2026-12-10"}),
        ("dia vinte, não dia quinze", "pt-BR", {"2026-11-20", "2026-12-15"}),
        ("la quincena", "es", {"2026-11-30", "2026-12-15"}),
        ("next Friday", "en", {"2026-11-27", "2026-11-20"}),
    ],
)
def test_ambiguity_is_an_answer(text, language, readings):
    heard = read(text, "date", language, {"es": "MX", "en": "US"}.get(language, "BR"))
    assert heard.ambiguous and "date" not in heard.slots
    assert {option["value"] for option in heard.alternatives} == readings


def test_a_coming_weekday_that_both_readings_share_is_sure():
    assert read("segunda que vem", "date").slots["date"] == "2026-11-23"


@pytest.mark.parametrize(
    ("today", "text", "value"),
    [
        (date(2027, 1, 31), "dia trinta e um", "2027-01-31"),
        (date(2027, 2, 1), "dia trinta", "2027-03-30"),
        (date(2027, 12, 31), "amanhã", "2028-01-01"),
        (date(2027, 1, 31), "daqui a um mês", "2027-02-28"),
        (date(2026, 12, 30), "primeiro de janeiro", "2027-01-01"),
        (date(2026, 11, 18), "vinte e nove de fevereiro", "2028-02-29"),
        (date(2026, 11, 30), "fim do mês", "2026-11-30"),
    ],
)
def test_dates_at_the_edges_of_months_and_years(today, text, value):
    assert read(text, "date", today=today).slots["date"] == value


def test_a_number_alone_is_what_was_asked_and_nothing_when_several_things_were():
    assert read("quinze", "date").slots == {"date": "2026-12-15"}
    assert read("quinze", "instalments").slots == {"instalments": 15}
    assert read("quinze", "amount").slots == {"amount": "15.00"}
    both = understand_slots("quinze", language="pt-BR", region="BR", expect=("amount", "instalments"), today=TODAY)
    assert not both.slots and both.ambiguous
    asked = understand_slots("quinze", language="pt-BR", region="BR", expect=("date", "intent", "amount"), today=TODAY)
    assert asked.slots == {"date": "2026-12-15"}
    assert read("quinze", "intent").slots == {}


DAY_ASKED = ("date", "intent", "yes_no", "instalments", "amount")
OFFER_MADE = ("intent", "yes_no", "instalments", "amount", "date")


@pytest.mark.parametrize(
    ("text", "language", "slots"),
    [
        ("pra vinte", "pt-BR", {"date": "2026-11-20"}),
        ("pode ser pra vinte", "pt-BR", {"date": "2026-11-20", "yes_no": True}),
        ("para quinze", "pt-BR", {"date": "2026-12-15"}),
        ("até dez", "pt-BR", {"date": "2026-12-10"}),
        ("em cinco de dezembro", "pt-BR", {"date": "2026-12-05"}),
        ("vinte do doze de vinte e seis", "pt-BR", {"date": "2026-12-20"}),
        ("mês que vem em três vezes", "pt-BR", {"instalments": 3, "month": "2026-12"}),
        ("mês que vem três vezes", "pt-BR", {"instalments": 3, "month": "2026-12"}),
        ("em três vezes dia dez", "pt-BR", {"instalments": 3, "date": "2026-12-10"}),
        ("três de cem", "pt-BR", {"instalments": 3, "instalment_amount": "100.00"}),
        ("em seis", "pt-BR", {"instalments": 6}),
        ("de hoy en ocho", "es", {"date": "2026-11-25"}),
        ("de hoy en quince", "es", {"date": "2026-12-03"}),
        ("hasta quince", "es", {"date": "2026-12-15"}),
        ("el mes que viene tres pagos", "es", {"instalments": 3, "month": "2026-12"}),
        ("en seis meses sin intereses", "es", {"instalments": 6}),
        ("next month three payments", "en", {"instalments": 3, "month": "2026-12"}),
    ],
)
def test_who_was_asked_for_a_day_names_a_day(text, language, slots):
    region = {"es": "MX", "en": "US"}.get(language, "BR")
    assert understand_slots(text, language=language, region=region, expect=DAY_ASKED, today=TODAY).slots == slots


def test_who_was_made_an_offer_names_a_number_of_instalments():
    heard = understand_slots("pra dez", language="pt-BR", region="BR", expect=OFFER_MADE, today=TODAY)
    assert heard.slots == {"instalments": 10}


@pytest.mark.parametrize(
    ("text", "language", "slots"),
    [
        ("dez por cento de desconto", "pt-BR", {"share": 0.9}),
        ("desconto de trinta por cento", "pt-BR", {"share": 0.7}),
        ("tira vinte por cento", "pt-BR", {"share": 0.8}),
        ("um desconto nos juros de trinta por cento", "pt-BR", {"share": 0.7}),
        ("um terço de desconto", "pt-BR", {"share": 0.6667}),
        ("pago trinta por cento", "pt-BR", {"share": 0.3}),
        ("dez por cento de juros é muito", "pt-BR", {}),
        ("dez por cento de entrada", "pt-BR", {}),
        ("cem por cento de desconto", "pt-BR", {}),
        ("un descuento de veinte por ciento", "es", {"share": 0.8}),
        ("hasta veinte por ciento", "es", {"share": 0.2}),
        ("rebaja del diez por ciento", "es", {"share": 0.9}),
        ("can you do five percent off", "en", {"share": 0.95}),
        ("would you take sixty percent", "en", {"share": 0.6}),
        ("in ten percent", "en", {"share": 0.1}),
    ],
)
def test_a_discount_is_what_is_not_paid_and_no_number_of_instalments(text, language, slots):
    region = {"es": "MX", "en": "US"}.get(language, "BR")
    expect = ("intent", "instalments", "amount", "date")
    assert understand_slots(text, language=language, region=region, expect=expect, today=TODAY).slots == slots


def test_marked_values_are_read_whatever_was_asked():
    slots = read("três vezes de cem reais dia quinze", "intent").slots
    assert slots == {"instalments": 3, "instalment_amount": "100.00", "date": "2026-12-15"}


@pytest.mark.parametrize(
    "text",
    ["seten", "uhum", "sesseta", "vinti e trez mil novecenta", "quando", "dezembro", "tenho dois filhos", "meu", "sei"],
)
def test_what_sounds_like_several_values_or_none_is_not_guessed(text):
    assert "amount" not in read(text, "amount").slots


def test_a_down_payment_and_instalments_keep_apart():
    slots = read("cem de entrada e três de oitenta", "instalments").slots
    assert slots == {"down_payment": "100.00", "instalments": 3, "instalment_amount": "80.00"}
    assert "time" not in read("entre duas e três da tarde", "time").slots


def test_a_language_that_is_not_spoken_says_so():
    with pytest.raises(BadInputError, match="not spoken"):
        read("hallo", "date", language="de")


@given(
    st.text(max_size=60),
    st.sampled_from(["pt-BR", "es", "en"]),
    st.sampled_from(["date", "birth_date", "amount", "instalments", "digits", "time", "yes_no", "email", "intent"]),
)
def test_no_text_breaks_it(text, language, expect):
    heard = read(text, expect, language, {"es": "MX", "en": "US"}.get(language, "BR"))
    assert heard.ambiguous == bool(heard.alternatives)


_WORDS = """
    dia quinze vinte e de do mês que vem não sim mil reais 10 3x 1.200,50 vezes entrada às seis da tarde amanhã sexta
    primeiro cem um dois 24 0 meia 15/3 útil fim , ? metade tudo parcelas
"""
_SALAD = st.lists(
    st.sampled_from(_WORDS.split()),
    max_size=9,
).map(" ".join)


@given(_SALAD, st.sampled_from(["date", "amount", "instalments", "digits", "time", "yes_no"]))
def test_word_salad_gives_values_of_the_right_shape_or_none(text, expect):
    slots = read(text, expect).slots
    if "date" in slots:
        assert date.fromisoformat(slots["date"])
    if "instalments" in slots:
        assert 1 <= slots["instalments"] <= 120
    if "digits" in slots:
        assert slots["digits"].isdigit()
    if "time" in slots:
        hour, minute = slots["time"].split(":")
        assert int(hour) < 24 and int(minute) < 60


@pytest.mark.parametrize(
    ("text", "language", "expect", "slots"),
    [
        ("Sunday at 5.20 o'clock", "en", ("time",), {"date": "2026-11-22", "time": "17:20"}),
        ("às 14.30.", "pt-BR", ("time", "intent"), {"time": "14:30"}),
        ("a las 9.15", "es", ("time",), {"time": "09:15"}),
        ("R$ 5.20", "pt-BR", ("time",), {"amount": "5.20"}),
        ("5.20 reais", "pt-BR", ("time",), {"amount": "5.20"}),
        ("1.500", "pt-BR", ("time",), {}),
        ("at 5.20", "en", ("time", "amount"), {"amount": "5.20"}),
    ],
)
def test_a_time_of_day_may_be_written_with_a_point_where_only_it_is_asked_for(text, language, expect, slots):
    region = {"pt-BR": "BR", "es": "MX", "en": "US"}[language]
    read = understand_slots(text, language=language, region=region, expect=expect, today=date(2026, 11, 18))
    assert {name: str(value) for name, value in read.slots.items() if name in ("date", "time", "amount")} == slots
