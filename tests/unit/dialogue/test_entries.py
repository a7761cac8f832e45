"""Guards who may open a call how: callers are found, proved anew, and capped; their phone's number proves nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.unit.dialogue.conftest import DIALPLANS, Talk, make_briefing, make_case
from voiceagent.base.errors import BadInputError
from voiceagent.base.money import Money
from voiceagent.debt.case import Debt
from voiceagent.debt.disposition import Disposition
from voiceagent.debt.identity import verifiable
from voiceagent.debt.negotiation import negotiate
from voiceagent.debt.offer import Ask, Offer
from voiceagent.dialogue.entry import Entry
from voiceagent.dialogue.events import CallAnswered, Heard, IdentityFailed, RightPartyVerified, Say, Understanding
from voiceagent.dialogue.machine import Machine
from voiceagent.dialogue.script import Script
from voiceagent.dialogue.state import Briefing
from voiceagent.settings.dialplans import load_script


def begun(script: Script, entry: Entry, briefing: Briefing | None = None) -> Talk:
    machine = Machine(script, briefing or make_briefing(make_case()))
    talk = Talk(machine, machine.start(entry))
    talk.event(CallAnswered())
    return talk


def open_offer(**ask: object) -> Offer:
    briefing = make_briefing(make_case())
    wanted = Ask(**ask)  # type: ignore[arg-type]
    return negotiate(briefing.policy, briefing.case.debts, wanted, today=briefing.today, business=briefing.business)


def test_a_caller_is_found_by_the_document_and_proves_something_else(script: Script) -> None:
    talk = begun(script, Entry.INBOUND)
    assert talk.state.node == "find_document"
    talk.hear(digits="123")
    assert not talk.state.verified and talk.state.node == "ask_birth", "the document alone proves nothing"
    talk.hear(date="2027-03-15")
    assert talk.state.verified


def test_the_datum_that_found_a_caller_does_not_prove_him(script: Script) -> None:
    talk = begun(script, Entry.INBOUND)
    talk.hear(digits="123")
    talk.hear(date="2027-05-02")
    talk.hear(date="2027-05-02")
    assert talk.state.ended is Disposition.CB and not talk.state.verified, "no other datum is left to ask for"


def test_three_wrong_documents_lead_to_people(script: Script) -> None:
    talk = begun(script, Entry.INBOUND)
    for digits in ("999", "888"):
        talk.hear(digits=digits)
        assert talk.state.node == "find_document"
    talk.hear(digits="777")
    assert talk.state.node == "human" and len(talk.state.failures) == 3


@pytest.mark.parametrize("entry", Entry)
def test_the_callers_number_is_never_a_factor(script: Script, entry: Entry) -> None:
    """Whatever numbers the case has, the conversation is the same to the last word."""
    said = []
    for phones in ((), ("+5511987650001",), ("+5511900000000", "+5511987650001")):
        talk = begun(script, entry, make_briefing(make_case(phones=phones)))
        for words in ({"digits": "123"}, {"date": "2027-03-15"}):
            talk.hear("yes" if entry is not Entry.INBOUND and talk.state.node != "ask_birth" else None, **words)  # type: ignore[arg-type]
        said.append([effect.text for effect in talk.history if isinstance(effect, Say)])
        assert not any(isinstance(effect, RightPartyVerified) for effect in talk.history[:2])
    assert said[0] == said[1] == said[2]


def test_an_open_offer_is_taken_up_when_it_is_still_valid(script: Script) -> None:
    offer = open_offer(instalments=3, first_due=date(2026, 12, 15))
    talk = begun(script, Entry.INBOUND, replace(make_briefing(make_case()), open_offer=offer))
    talk.hear(digits="123")
    talk.hear(date="2027-03-15")
    assert talk.prompts()[-2:] == ["resumed", "offer_instalments"]
    assert talk.state.offer is not None and talk.state.offer.terms == offer.terms


def test_an_expired_offer_is_not_taken_up(script: Script) -> None:
    offer = replace(open_offer(instalments=3), expires=date(2026, 11, 17))
    talk = begun(script, Entry.INBOUND, replace(make_briefing(make_case()), open_offer=offer))
    talk.hear(digits="123")
    talk.hear(date="2027-03-15")
    assert talk.prompts()[-1] == "probe" and talk.state.offer is None


def test_an_offer_the_policy_no_longer_allows_is_not_repeated(script: Script) -> None:
    briefing = make_briefing(make_case())
    old = open_offer(instalments=3)
    cheaper = replace(
        old,
        total=Money(30_000),
        discount=Money(90_000),
        instalments=tuple(replace(each, amount=Money(10_000)) for each in old.instalments),
    )
    talk = begun(script, Entry.INBOUND, replace(briefing, open_offer=cheaper))
    talk.hear(digits="123")
    talk.hear(date="2027-03-15")
    assert talk.state.offer is not None and talk.state.offer.total.minor >= 108_000, "the floor holds"


def test_a_locked_case_is_asked_nothing(script: Script) -> None:
    briefing = replace(make_briefing(make_case()), identity_tries_left=0)
    for entry in Entry:
        talk = begun(script, entry, briefing)
        if talk.state.ended is None:
            talk.hear("confirm_self")
        assert talk.state.ended is Disposition.CB and "unidentified" in talk.prompts()
        assert not any(isinstance(effect, IdentityFailed | RightPartyVerified) for effect in talk.history)


def test_the_right_answer_after_the_last_try_proves_nothing(script: Script) -> None:
    """Even where a script forgot its guard: the action itself refuses."""
    machine = Machine(script, replace(make_briefing(make_case()), identity_tries_left=0))
    state = replace(machine.start(), node="ask_birth")
    state, effects = machine.step(state, Heard(Understanding(None, 1.0, {"date": "2027-03-15"})))
    assert not state.verified and any(isinstance(effect, IdentityFailed) for effect in effects)


@pytest.mark.parametrize("left", [1, 2, 3, 4])
def test_tries_are_capped_over_all_data(script: Script, left: int) -> None:
    talk = begun(script, Entry.OUTBOUND, replace(make_briefing(make_case()), identity_tries_left=left))
    talk.hear("confirm_self")
    for _ in range(6):
        if talk.state.ended is None:
            talk.hear(date="2027-05-02", digits="999")
    assert len(talk.state.failures) == left and talk.state.ended is Disposition.CB


@pytest.mark.parametrize("language", ["pt-BR", "es", "en"])
def test_no_prompt_says_which_datum_failed(language: str) -> None:
    script = load_script(DIALPLANS / "negotiation" / f"{language}.yaml")
    telling = re.compile(
        r"cpf|document|nascimento|identifica|nacimiento|birth|born|social security|n[uú]mero|month|mês"
    )
    for name in ("identity_retry", "unidentified", "not_found", "why_identity"):
        for text in script.prompts[name].variants:
            assert not telling.search(text.casefold()), (name, text)


@pytest.mark.parametrize(
    ("changes", "known"),
    [
        ({}, True),
        ({"birth_date": None}, True),
        ({"document": ""}, True),
        ({"birth_date": None, "document": ""}, False),
        ({"birth_date": None, "document": "id:7"}, False),
    ],
)
def test_a_case_without_a_usable_datum_is_known_as_such(changes: dict[str, object], known: bool) -> None:
    assert verifiable(make_case(**changes)) is known


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"debts": ()}, "no debt"),
        ({"name": "  "}, "no name"),
        ({"debts": (Debt("1", "L", "", Money(0), Money(0), date(2026, 3, 10)),)}, "cannot be right"),
        ({"debts": (Debt("1", "L", "", Money(-5), Money(0), date(2026, 3, 10)),)}, "cannot be right"),
        ({"debts": (Debt("1", "L", "", Money(900, "USD"), Money(0, "USD"), date(2026, 3, 10)),)}, "is in BRL"),
        ({"debts": (Debt("1", "L", "", Money(900), Money(0), date(1996, 3, 10)),)}, "days overdue"),
    ],
)
def test_an_absurd_case_is_an_error_before_the_phone_rings(
    script: Script, changes: dict[str, object], says: str
) -> None:
    with pytest.raises(BadInputError, match=says):
        Machine(script, make_briefing(make_case(**changes))).start()


def test_a_debt_not_yet_due_is_only_reminded_of(script: Script) -> None:
    debt = Debt("1", "Loja Aurora", "", Money(90_000), Money(0), date(2026, 11, 18) + timedelta(days=10))
    talk = begun(script, Entry.OUTBOUND, make_briefing(make_case(debts=(debt,))))
    talk.verify()
    assert "reminder" in talk.prompts() and talk.state.ended is Disposition.CPC_NEG and talk.state.offer is None


def test_a_promise_that_is_reminded_of_is_not_negotiated_again_not_even_on_its_day(script: Script) -> None:
    briefing = make_briefing(make_case())
    promised = replace(briefing.case.debts[0], charges=Money(0), due=briefing.today)
    reminding = replace(briefing, case=replace(briefing.case, debts=(promised,)), reminding=True)
    talk = begun(script, Entry.OUTBOUND, reminding)
    talk.verify()
    assert "reminder" in talk.prompts() and talk.state.offer is None
