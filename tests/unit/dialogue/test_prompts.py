"""Guards the renderer: typed values, what may be kept, and that no case variable is spoken while unverified."""

from __future__ import annotations

from dataclasses import replace

import pytest

from voiceagent.debt.disposition import Disposition
from voiceagent.debt.negotiation import negotiate
from voiceagent.dialogue.events import Say
from voiceagent.dialogue.prompts import DisclosureError, PromptError, carriers, discloses, pieces, render, variables_of
from voiceagent.dialogue.script import Prompt, Script
from voiceagent.dialogue.state import Briefing, ConversationState
from voiceagent.dialogue.variables import CASE_VARIABLES, VARIABLES
from voiceagent.language.spoken import SpokenPart

STRANGER = ConversationState(node="greet", hung_up_as=Disposition.HUP)


def known(briefing: Briefing) -> ConversationState:
    offer = negotiate(briefing.policy, briefing.case.debts, today=briefing.today, business=briefing.business)
    return replace(STRANGER, verified=True, offer=offer)


def with_prompt(script: Script, text: str, **tags: bool) -> Script:
    return script.model_copy(update={"prompts": {**script.prompts, "test": Prompt(variants=(text,), **tags)}})


def test_values_are_spoken_in_units_and_written_with_punctuation(script: Script, briefing: Briefing) -> None:
    said = render(script, "offer_cash", 0, briefing, known(briefing))
    assert said.text == (
        "À vista, de mil e duzentos reais por mil cento e dez reais, até segunda-feira, vinte e três de novembro. "
        "Fica bom para você?"
    )
    texts = [part.text for part in said.parts]
    assert texts[0] == "À vista, de" and texts[-1] == "Fica bom para você?"
    assert all(part.cacheable for part in said.parts) and said.discloses


def test_names_of_people_are_never_kept_and_those_of_the_house_are(script: Script, briefing: Briefing) -> None:
    said = render(script, "greet", 0, briefing, STRANGER)
    private = {part.text for part in said.parts if not part.cacheable}
    assert private == {"Marina Souza"}
    assert {"Clara", "Atende Mais"} <= {part.text for part in said.parts}
    assert not any(part.cacheable and "Marina" in part.text for part in said.parts)


def test_creditor_is_never_kept(script: Script, briefing: Briefing) -> None:
    said = render(script, "disclose", 0, briefing, known(briefing))
    assert SpokenPart("Loja Aurora", cacheable=False) in said.parts


@pytest.mark.parametrize("variable", sorted(CASE_VARIABLES))
def test_every_case_variable_is_refused_to_a_stranger(script: Script, briefing: Briefing, variable: str) -> None:
    """Each one alone, in a prompt that carries no tag at all."""
    mutated = with_prompt(script, f"Olá, {{{variable}}}.")
    state = replace(known(briefing), verified=False, readings=(briefing.today,) * 3)
    with pytest.raises(DisclosureError):
        render(mutated, "test", 0, briefing, state)


def test_a_disclosing_tag_is_enough_to_be_refused(script: Script, briefing: Briefing) -> None:
    with pytest.raises(DisclosureError):
        render(with_prompt(script, "É sobre uma dívida.", discloses=True), "test", 0, briefing, STRANGER)


def test_every_shipped_prompt_about_the_debt_is_refused_to_a_stranger(script: Script, briefing: Briefing) -> None:
    refused = 0
    for name, prompt in script.prompts.items():
        if discloses(prompt):
            with pytest.raises(DisclosureError):
                render(script, name, 0, briefing, replace(known(briefing), verified=False))
            refused += 1
    assert refused > 30


def test_what_belongs_to_the_debt_is_a_case_variable() -> None:
    assert {"creditor", "product", "contract", "original", "charges", "total", "due"} <= CASE_VARIABLES
    assert {"offer_total", "instalment_amount", "first_due", "down_payment"} <= CASE_VARIABLES
    assert VARIABLES.keys() - CASE_VARIABLES == {
        "address", "persona", "company", "name", "first_name", "protocol", "return_number", "callback_day",
        "callback_time",
    }  # fmt: skip


def test_variants_take_turns(script: Script, briefing: Briefing) -> None:
    said = [render(script, "greet_short", n, briefing, STRANGER) for n in range(3)]
    assert said[0].text != said[1].text and said[0].text == said[2].text
    assert [say.variant for say in said] == [0, 1, 0]


def test_carriers_are_every_fixed_text_that_is_spoken(script: Script, briefing: Briefing) -> None:
    fixed = set(carriers(script))
    assert "Posso confirmar?" in fixed and "À vista, de" in fixed
    assert not any("{" in text or text[0] in ".,;:?!" for text in fixed)
    rendered = render(script, "disclose_amounts", 0, briefing, known(briefing))
    values = "".join(literal for literal, _ in pieces(script.prompts["disclose_amounts"].variants[0]))
    for part in rendered.parts:
        if part.text in values:
            assert part.text in fixed


def test_a_value_that_is_not_there_is_an_error_not_nonsense(script: Script, briefing: Briefing) -> None:
    with pytest.raises(PromptError, match="no offer"):
        render(script, "offer_cash", 0, briefing, replace(STRANGER, verified=True))


def test_variables_of_all_variants_count(script: Script) -> None:
    assert variables_of(Prompt(variants=("a {name}", "b {total}"))) == {"name", "total"}


def test_text_without_punctuation_falls_back_to_the_parts() -> None:
    assert Say("x", 0, (SpokenPart("mil"), SpokenPart("reais"))).text == "mil reais"
