"""Guards consent: only what cannot be heard as anything else accepts an offer or makes a promise."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from voiceagent.dialogue.understanding import understand
from voiceagent.simulator.scenario import effect_names, load_scenario
from voiceagent.simulator.text_driver import TextCall, machine_for

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
REGIONS = {"pt-BR": "BR", "es": "MX", "en": "US"}
#: Begins like a yes, or resembles one, and is none.
NO_YES = {
    "pt-BR": (
        "quero desistir|quero pensar|quero pensar melhor|quero outra data|quero cancelar|quero trocar o dia|"
        "vamos esperar|pode esperar|pode cancelar|sim quero cancelar|quero ir embora|quero me descadastrar|"
        "quero mais prazo|sou a esposa dele|minha sogra faz um bolo muito bom"
    ),
    "es": (
        "quiero desistir|quiero pensar|quiero pensarlo|puedo pensarlo|quiero cancelar|sí quiero cancelar|"
        "quiero otra fecha|quiero esperar|ya me voy|ya voy|quiero darme de baja|quiero dar de baja|quiero colgar|"
        "seguro que es fraude"
    ),
    "en": (
        "I have to go|I have to go Friday|I want to cancel|yes I want to cancel|I want to think|I will think about it|"
        "is it true|is that true|I want to opt out|please opt me out|I have to hang up|I will call you back|I did pay|"
        "I want another day|I'm good|opt out|unsubscribe"
    ),
}
#: What surely is a yes at the read-back.
YES = {
    "pt-BR": (
        "sim|sim, boa tarde|sim quero|quero sim|quero|pode|pode sim|pode ser|pode fazer|vamos fechar|isso|ahã|"
        "sim, muito obrigado|tá, pode ser|com toda certeza|eu vou querer sim|sim senhora, pode confirmar|"
        "aceito essa proposta"
    ),
    "es": (
        "sí|sí, buenos días|sí quiero|quiero|puedo|sí puedo|ya|está bien, quedemos en eso|claro que sí|"
        "sí lo confirmo|bueno, está bien|sí, muchas gracias|acepto la propuesta"
    ),
    "en": (
        "yes|I do|I can|I will|I want to|I will pay that|I will do that|I can do that|that'll be fine|"
        "sure, do it|you got a deal|yes that works for me|I accept that plan"
    ),
}
EACH_NO_YES = [(language, text) for language, texts in NO_YES.items() for text in texts.split("|")]
EACH_YES = [(language, text) for language, texts in YES.items() for text in texts.split("|")]


def at_read_back(language: str) -> TextCall:
    """A call of the shipped script whose terms have just been read back."""
    loaded = load_scenario(SCENARIOS / f"{language}-golden-instalments.yaml")
    call = TextCall(machine_for(loaded), loaded.scenario.entry)
    call.answer()
    for step in loaded.scenario.steps:
        if call.state.node.startswith("read_back"):
            return call
        if step.say:
            call.say(step.say)
    raise AssertionError("the terms were never read back")


@pytest.mark.parametrize(("language", "text"), EACH_NO_YES)
def test_what_only_begins_like_a_yes_promises_nothing(language: str, text: str) -> None:
    assert "promise" not in effect_names(list(at_read_back(language).say(text)))


@pytest.mark.parametrize(("language", "text"), EACH_YES)
def test_what_surely_is_a_yes_promises(language: str, text: str) -> None:
    assert "promise" in effect_names(list(at_read_back(language).say(text)))


@pytest.mark.parametrize(("language", "text"), EACH_NO_YES)
def test_what_only_begins_like_a_yes_accepts_nothing(language: str, text: str) -> None:
    for expect, among in (
        (("intent", "yes_no"), ("accept", "reject", "counter_offer")),
        (("yes_no", "intent"), ("yes", "no")),
        (("intent",), ("yes", "accept", "no", "reject")),
        (("intent",), ()),
    ):
        meant = understand(
            text, language=language, region=REGIONS[language], expect=expect, among=among, today=date(2026, 11, 18)
        )
        assert meant.intent not in ("yes", "accept"), (expect, among, meant)
        assert not meant.slots.get("yes_no"), (expect, among, meant)


@pytest.mark.parametrize(
    ("language", "text", "day"),
    [("pt-BR", "sim, dia quinze", "2026-12-15"), ("es", "sí, el quince", "2026-12-15"),
     ("en", "yes, on the fifteenth", "2026-12-15")],
)  # fmt: skip
def test_a_yes_with_the_day_that_was_read_is_a_yes(language: str, text: str, day: str) -> None:
    call = at_read_back(language)
    effects = call.say(text)
    assert call.understood is not None and call.understood.slots == {"yes_no": True, "date": day}
    assert "promise" in effect_names(list(effects))


@pytest.mark.parametrize(
    ("language", "text"),
    [("pt-BR", "quero pagar assim"), ("es", "quiero pagar así"), ("es", "quiero pagar eso"),
     ("en", "yes I want to pay that")],
)  # fmt: skip
def test_who_wants_to_pay_just_so_says_yes(language: str, text: str) -> None:
    meant = understand(
        text, language=language, region=REGIONS[language], expect=("yes_no",), among=("yes", "no"),
        today=date(2026, 11, 18),
    )  # fmt: skip
    assert (meant.intent, meant.slots) == ("yes", {"yes_no": True})


@pytest.mark.parametrize(
    ("language", "text", "intent"),
    [
        ("pt-BR", "fechado, tira meu número daí", "cease"),
        ("pt-BR", "fechado, fiz o pix ontem", "already_paid"),
        ("es", "listo, dejen de molestarme", "cease"),
        ("es", "listo, quiero pensarlo", None),
        ("en", "deal, my mom's in the shower", "child"),
        ("pt-BR", "fechado, pode fazer", "accept"),
        ("pt-BR", "gostei, pode fazer", "accept"),
        ("es", "listo, hagámoslo", "accept"),
        ("en", "okay, we have a deal", "accept"),
    ],
)
def test_a_clause_that_accepts_counts_where_the_others_agree(language: str, text: str, intent: str | None) -> None:
    meant = understand(
        text, language=language, region=REGIONS[language], expect=("intent", "yes_no"),
        among=("accept", "reject", "more_discount"), today=date(2026, 11, 18),
    )  # fmt: skip
    assert meant.intent == intent
