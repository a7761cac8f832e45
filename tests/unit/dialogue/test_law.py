"""Guards what the law wants said: every text is there, in time, whole, and what may not be asked is never asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tests.unit.dialogue.conftest import DIALPLANS, Talk, make_briefing, make_case
from voiceagent.base.errors import BadInputError
from voiceagent.base.languages import Language
from voiceagent.base.money import CURRENCY_OF_REGION, Money
from voiceagent.debt.case import Debt
from voiceagent.debt.disposition import Disposition
from voiceagent.dialogue.checker import check
from voiceagent.dialogue.events import CallAnswered, Hangup, MachineAnswered, Say
from voiceagent.dialogue.law import TEXTS, SpokenLaw, expand
from voiceagent.dialogue.machine import Machine
from voiceagent.dialogue.prompts import ForbiddenQuestionError, carriers, render
from voiceagent.dialogue.script import Script
from voiceagent.dialogue.state import ConversationState
from voiceagent.settings.dialplans import load_policy, load_script
from voiceagent.settings.spokenlaw import law_of, served_laws

TODAY = date(2026, 11, 18)
SCRIPTS = {path.stem: path for path in sorted((DIALPLANS / "negotiation").glob("*.yaml"))}
LAW = SpokenLaw("XX", frozenset({"recording_announcement"}), {}, itemise_always=False, may_ask_reason=True)


def changed(script: Script, change: Callable[[dict[str, object]], object]) -> Script:
    data = script.model_dump()
    change(data)
    return Script.model_validate(data)


def faults(script: Script, *laws: SpokenLaw) -> str:
    return "\n".join(finding.message for finding in check(script, laws) if finding.is_error)


@pytest.mark.parametrize("language", SCRIPTS)
def test_every_place_a_script_serves_has_its_texts(language: str) -> None:
    script = load_script(SCRIPTS[language])
    laws = served_laws(script, SCRIPTS[language])
    assert len(laws) >= len(script.serves) >= 1
    for law in laws:
        for name in law.required & TEXTS:
            assert law.text(name, script.legal) is not None, (law.place, name)
        assert {"recording_announcement", "ai_disclosure"} <= law.required, law.place


@pytest.mark.parametrize(
    ("language", "country", "state", "said"),
    [
        ("pt-BR", "BR", "SP", "Esta ligação é gravada. Sou uma assistente virtual."),
        ("pt-BR", "BR", "RJ", "uma cópia"),
        ("en", "US", "CA", "You can say stop calling"),
        ("en", "US", None, "attempt to collect a debt"),
        ("es", "US", None, "intento de cobrar una deuda"),
        ("es", "MX", None, "con domicilio en {address}"),
        ("es", "ES", None, "asistente virtual, un sistema automático"),
    ],
)
def test_the_wording_of_a_place(language: str, country: str, state: str | None, said: str) -> None:
    script = load_script(SCRIPTS[language])
    law = law_of(DIALPLANS, language, country, state, TODAY)
    order = ("recording_announcement", "ai_disclosure", "opt_out_notice", "collector_notice", "first_contact")
    whole = expand(" ".join(f"{{legal_{name}}}" for name in order), law, script.legal)
    assert said in whole


def test_what_differs_by_place() -> None:
    assert law_of(DIALPLANS, "pt-BR", "BR", "RJ", TODAY).itemise_always
    assert not law_of(DIALPLANS, "pt-BR", "BR", "SP", TODAY).itemise_always
    assert law_of(DIALPLANS, "es", "MX", None, TODAY).itemise_always
    assert not law_of(DIALPLANS, "es", "CO", None, TODAY).may_ask_reason
    assert law_of(DIALPLANS, "es", "CL", None, TODAY).may_ask_reason
    unknown = law_of(DIALPLANS, "es", "ZZ", None, TODAY)
    assert unknown.itemise_always and not unknown.may_ask_reason, "nothing known: the strictest"


def test_the_later_notice_replaces_the_first() -> None:
    law = law_of(DIALPLANS, "en", "US", None, TODAY)
    assert "attempt to collect" in str(law.text("collector_notice", {}))
    assert law.text("collector_notice", {}, first_contact=False) == "This call is from a debt collector."
    assert law_of(DIALPLANS, "es", "MX", None, TODAY).text("first_contact", {}, first_contact=False) == ""


# --- the checker ---


def test_a_missing_wording_is_found(script: Script) -> None:
    law = replace(LAW, required=frozenset({"collector_notice"}))
    assert "XX wants collector_notice said and it has no wording" in faults(script, law)


def test_a_text_that_no_prompt_says_is_found(script: Script) -> None:
    def silent(data: dict[str, object]) -> None:
        data["prompts"]["notices"]["variants"] = ["Um momento."]  # type: ignore[index]

    law = replace(LAW, required=frozenset({"collector_notice"}), texts={"collector_notice": "Aviso."})
    assert "put {legal_collector_notice} into a prompt" in faults(changed(script, silent), law)


@pytest.mark.parametrize("greeting", ["greet", "greet_agreed", "inbound_greet"])
def test_listening_before_the_announcement_is_found_at_every_beginning(script: Script, greeting: str) -> None:
    def mute(data: dict[str, object]) -> None:
        prompt = data["prompts"][greeting]  # type: ignore[index]
        prompt["variants"] = [text.replace("{legal_recording_announcement}", "") for text in prompt["variants"]]

    assert faults(script, LAW) == ""
    assert "listens before recording_announcement was said" in faults(changed(script, mute), LAW)


def test_one_variant_without_the_text_is_enough_to_be_found(script: Script) -> None:
    def second(data: dict[str, object]) -> None:
        data["prompts"]["greet"]["variants"] += ("Alô! Falo com {name}?",)  # type: ignore[index]

    assert "listens before recording_announcement" in faults(changed(script, second), LAW)


def test_speaking_of_the_debt_before_the_notice_is_found(script: Script) -> None:
    law = replace(LAW, required=LAW.required | {"collector_notice"}, texts={"collector_notice": "Aviso."})
    assert faults(script, law) == ""

    def late(data: dict[str, object]) -> None:
        data["states"]["opened"]["say"] = ()  # type: ignore[index]

    assert "speaks of the debt before collector_notice" in faults(changed(script, late), law)


def test_an_offer_before_the_amounts_parts_is_found_where_they_are_always_said(script: Script) -> None:
    law = replace(LAW, itemise_always=True)
    assert faults(script, law) == ""

    def total_only(data: dict[str, object]) -> None:
        data["states"]["amounts"]["next"][0]["say"] = ("disclose_total",)  # type: ignore[index]

    assert "before the parts of the amount were said" in faults(changed(script, total_only), law)
    assert faults(changed(script, total_only), LAW) == ""


def test_a_question_for_the_reason_is_found_where_it_is_forbidden(script: Script) -> None:
    law = replace(LAW, may_ask_reason=False)
    assert faults(script, law) == ""

    def always(data: dict[str, object]) -> None:
        data["states"]["refusal"]["next"] = [{"go": "reason"}]  # type: ignore[index]

    assert "asks for the reason, which XX forbids" in faults(changed(script, always), law)


def test_a_wording_that_speaks_of_the_debt_too_early_is_found(script: Script) -> None:
    law = replace(LAW, texts={"recording_announcement": "Gravamos: você deve {total}."})
    assert "is said before identity is proved" in faults(script, law)
    assert "uses {reais}" in faults(script, replace(LAW, texts={"recording_announcement": "{reais}"}))


def test_a_script_that_lost_its_wording_is_not_loaded(tmp_path: Path) -> None:
    text = SCRIPTS["pt-BR"].read_text(encoding="utf-8")
    path = tmp_path / "pt-BR.yaml"
    path.write_text(text.replace('  ai_disclosure: "Sou uma assistente virtual."\n', ""), encoding="utf-8")
    with pytest.raises(BadInputError, match=r"pt-BR.yaml:7: serves: BR wants ai_disclosure said"):
        load_script(path)


# --- in a call ---


def test_a_legal_text_cannot_be_interrupted(script: Script) -> None:
    law = replace(LAW, required=frozenset({"collector_notice"}), texts={"collector_notice": "Aviso."})
    prompt = script.prompts["notices"].model_copy(update={"barge_in": True})
    script = script.model_copy(update={"prompts": {**script.prompts, "notices": prompt}})
    state = ConversationState("opened", script.if_hung_up, verified=True)
    assert not render(script, "notices", 0, replace(make_briefing(make_case()), law=law), state).barge_in


def test_a_place_that_wants_nothing_hears_nothing(begin: Callable[..., Talk]) -> None:
    talk = begin(replace(make_briefing(make_case()), law=LAW))
    talk.verify()
    assert "notices" not in talk.prompts() and "disclose" in talk.prompts()


def test_the_reason_is_refused_by_the_renderer_too(script: Script) -> None:
    state = ConversationState("reason", script.if_hung_up, verified=True)
    briefing = replace(make_briefing(make_case()), law=replace(LAW, may_ask_reason=False))
    with pytest.raises(ForbiddenQuestionError, match="XX"):
        render(script, "reason", 0, briefing, state)


def test_every_carrier_of_every_place_is_rendered_ahead(script: Script) -> None:
    laws = served_laws(script, SCRIPTS["pt-BR"])
    fixed = set(carriers(script, laws))
    for law in laws:
        machine = Machine(script, replace(make_briefing(make_case()), law=law))
        _, effects = machine.step(machine.start(), CallAnswered())
        said = [part.text for effect in effects if isinstance(effect, Say) for part in effect.parts if part.cacheable]
        own = {machine.briefing.persona, machine.briefing.company}  # kept once said
        assert said and set(said) <= fixed | own, law.place


def test_a_law_that_cannot_be_obeyed_makes_no_call() -> None:
    script = load_script(SCRIPTS["es"])
    debt = Debt("1", "Tienda", "", Money(90_000, "MXN"), Money(0, "MXN"), date(2026, 3, 10))
    case = make_case(language=Language.ES, region="MX", state=None, debts=(debt,))
    law = law_of(DIALPLANS, "es", "MX", None, TODAY)
    briefing = replace(make_briefing(case), policy=load_policy(DIALPLANS / "policies" / "demo-mx.yaml"), law=law)
    with pytest.raises(BadInputError, match=r"MX wants \{address\} said"):
        Machine(script, briefing).start()
    Machine(script, replace(briefing, address="Avenida Central 100")).start()
    Machine(script, replace(briefing, first_contact=False)).start()


def test_a_voicemail_gets_the_places_message_and_never_a_debt(begin: Callable[..., Talk], script: Script) -> None:
    message = "Olá, aqui é a {persona}, da {company}. Por favor, ligue para {return_number}."
    allowed = SpokenLaw("BR", LAW.required | {"voicemail_message"}, {**LAW.texts, "voicemail_message": message})
    for law, says in ((LAW, 0), (allowed, 1)):
        briefing = replace(make_briefing(make_case()), law=law)
        talk = begin(replace(briefing, return_number="+551130000000"))
        talk.event(MachineAnswered(Disposition.VM, mailbox=True))
        said = [effect for effect in talk.effects if isinstance(effect, Say)]
        assert len(said) == says and talk.effects[-1] == Hangup(Disposition.VM)
        assert not any(one.discloses or one.barge_in for one in said)
    telling = replace(allowed, texts={**allowed.texts, "voicemail_message": "Deve {total}."})
    assert "speaks of the debt" in faults(script, telling)


def test_other_machines_get_nothing_and_who_proved_who_they_are_is_none(begin: Callable[..., Talk]) -> None:
    talk = begin()
    assert talk.event(MachineAnswered(Disposition.FAX)) == (Hangup(Disposition.FAX),)
    person = begin()
    person.verify()
    assert person.event(MachineAnswered(Disposition.VM, mailbox=True)) == ()


def test_a_script_is_spoken_only_where_it_serves_and_of_the_money_it_knows(script: Script) -> None:
    at_home = make_briefing(make_case())
    Machine(script, at_home).start()
    with pytest.raises(BadInputError, match="pt-BR serves BR, and the debtor lives in CL"):
        Machine(script, replace(at_home, case=make_case(region="CL", state=None))).start()
    debt = Debt("1", "Loja", "", Money(90_000, "CLP"), Money(0, "CLP"), date(2026, 3, 10))
    in_pesos = replace(
        at_home, case=make_case(debts=(debt,)), policy=load_policy(DIALPLANS / "policies" / "demo-cl.yaml")
    )
    with pytest.raises(BadInputError, match="speaks of BRL, and the debt is in CLP"):
        Machine(script, in_pesos).start()


def test_every_place_that_a_script_serves_has_its_money() -> None:
    for language in SCRIPTS:
        assert set(load_script(SCRIPTS[language]).serves) <= set(CURRENCY_OF_REGION), language
