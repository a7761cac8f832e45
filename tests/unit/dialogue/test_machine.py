"""Guards the step function: order of effects, identity before content, two yeses before a promise, ways out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from tests.unit.dialogue.conftest import Talk, make_briefing, make_case
from voiceagent.debt.disposition import Disposition
from voiceagent.dialogue.events import (
    CallBack,
    Expect,
    FarHungUp,
    Hangup,
    Heard,
    IdentityFailed,
    Keyed,
    MarkNumber,
    NoInput,
    OpenRequest,
    OptOut,
    Promise,
    RightPartyVerified,
    Rung,
    Say,
    SpeechLost,
    Understanding,
)
from voiceagent.dialogue.script import Script

Begin = Callable[..., Talk]


def test_greeting_says_who_calls_and_not_why(begin: Begin) -> None:
    talk = begin()
    [say, expect] = talk.effects
    assert isinstance(say, Say) and say.prompt == "greet" and not say.barge_in and not say.discloses
    assert "Atende Mais" in say.text and "Loja Aurora" not in say.text
    assert isinstance(expect, Expect) and expect.state == "greet" and not expect.sensitive


def test_cash_promise_is_committed_before_the_closing_words(begin: Begin) -> None:
    talk = begin()
    talk.verify()
    talk.hear("willing_to_pay")
    assert talk.prompts() == ["offer_cash"]
    talk.hear("accept")
    assert talk.state.agreement is not None and talk.state.promised is None
    talk.hear(date="2026-11-25")
    assert talk.prompts() == ["read_back_cash"]
    talk.hear("yes")
    assert talk.types() == ["Promise", "Say", "Say", "Expect"]
    promise = talk.effects[0]
    assert isinstance(promise, Promise)
    assert str(promise.agreement.total) == "1110.00"
    assert [(i.due, str(i.amount)) for i in promise.agreement.instalments] == [(date(2026, 11, 25), "1110.00")]
    talk.hear("yes")
    assert talk.types() == ["OpenRequest", "Say", "Say", "Hangup"]
    assert talk.effects[-1] == Hangup(Disposition.PTP)


def test_instalments_by_the_debtors_own_proposal(begin: Begin) -> None:
    talk = begin()
    talk.verify()
    talk.hear("counter_offer", instalments=3)
    assert talk.prompts() == ["granted_instalments"]
    talk.hear(date="2026-12-15")
    assert talk.prompts() == ["read_back_even"]
    talk.hear("yes")
    [promise] = [effect for effect in talk.effects if isinstance(effect, Promise)]
    assert [str(i.amount) for i in promise.agreement.instalments] == ["400.00"] * 3
    assert [i.due for i in promise.agreement.instalments] == [
        date(2026, 12, 15), date(2027, 1, 15), date(2027, 2, 15)
    ]  # fmt: skip


def test_wrong_slot_is_corrected_at_the_read_back(begin: Begin) -> None:
    talk = begin()
    talk.verify()
    talk.hear("counter_offer", instalments=3)
    talk.hear(date="2026-12-15")
    talk.hear("no", date="2026-12-10")
    assert talk.prompts() == ["read_back_even"] and talk.state.promised is None
    assert talk.state.agreement is not None and talk.state.agreement.instalments[0].due == date(2026, 12, 10)
    talk.hear("yes", date="2026-12-11")
    assert talk.state.promised is None, "a yes with another day is a correction, not a second yes"
    talk.hear("yes")
    assert talk.state.promised is not None and talk.state.promised.instalments[0].due == date(2026, 12, 11)


def test_saying_who_one_is_does_not_consent(begin: Begin) -> None:
    talk = begin()
    talk.verify()
    talk.hear("counter_offer", instalments=3)
    talk.hear(date="2026-12-15")
    talk.hear("confirm_self", text="pode falar", yes_no=True)
    assert talk.prompts() == ["read_back_even"] and talk.state.promised is None
    talk.hear("confirm_self", text="sim senhora", yes_no=True)
    assert talk.state.promised is not None


def test_wrong_birthdays_then_document_then_no_disclosure(begin: Begin) -> None:
    talk = begin()
    talk.hear("confirm_self")
    talk.hear(date="2027-03-16")
    assert isinstance(talk.effects[0], IdentityFailed)
    assert talk.prompts() == ["identity_retry", "ask_birth"]
    talk.hear(date="2027-04-15")
    assert talk.state.node == "ask_document"
    talk.hear(digits="999")
    talk.hear(digits="998")
    assert talk.types() == ["IdentityFailed", "OpenRequest", "Say", "Say", "Hangup"]
    assert talk.state.ended is Disposition.CB
    assert not any(isinstance(effect, Say) and effect.discloses for effect in talk.history)


def test_document_proves_identity_too(begin: Begin) -> None:
    talk = begin(make_briefing(make_case(birth_date=None)))
    talk.hear("confirm_self")
    assert talk.state.node == "ask_document"
    talk.hear(digits="123")
    assert talk.effects[:2] == (RightPartyVerified("document_first3"), MarkNumber("right_party"))


def test_no_usable_datum_fails_closed(begin: Begin) -> None:
    talk = begin(make_briefing(make_case(birth_date=None, document="")))
    talk.hear("confirm_self")
    assert talk.state.ended is Disposition.CB and not talk.state.verified


def test_identity_answers_are_not_kept(begin: Begin) -> None:
    talk = begin()
    talk.hear("confirm_self")
    expect = talk.effects[-1]
    assert isinstance(expect, Expect) and expect.sensitive
    talk.hear(text="quinze de março", date="2027-03-15")
    assert "03-15" not in repr(talk.state) and "março" not in repr(talk.state)


def test_birthday_by_keys(begin: Begin) -> None:
    talk = begin()
    talk.hear("confirm_self")
    talk.event(Keyed("1503"))
    assert talk.state.verified


def test_the_whole_conversation_by_keys(begin: Begin) -> None:
    talk = begin()
    for keys in ("1", "1503", "1", "1", "2", "1", "1"):
        talk.event(Keyed(keys))
    assert talk.state.ended is Disposition.PTP and talk.state.promised is not None


@pytest.mark.parametrize(
    ("intent", "disposition", "effect"),
    [
        ("wrong_person", Disposition.WN, MarkNumber("wrong")),
        ("deceased", Disposition.DEC, OpenRequest("deceased_review")),
        ("cease", Disposition.CEASE, OptOut("number")),
        ("child", Disposition.THIRD_PARTY, None),
        ("voicemail", Disposition.VM, None),
        ("goodbye", Disposition.HUP, None),
    ],
)
def test_ways_out_of_the_greeting(begin: Begin, intent: str, disposition: Disposition, effect: object) -> None:
    talk = begin()
    talk.hear(intent)
    assert talk.effects[-1] == Hangup(disposition)
    if effect is not None:
        assert effect == talk.effects[0], "it acts before it is confirmed in words"
    assert not any(isinstance(said, Say) and said.discloses for said in talk.history)


def test_voicemail_is_left_without_a_word(begin: Begin) -> None:
    talk = begin()
    talk.hear("voicemail")
    assert talk.effects == (Hangup(Disposition.VM),)


@pytest.mark.parametrize(
    ("intent", "node"),
    [("dispute", "dispute"), ("already_paid", "paid"), ("human", "human"), ("no_money", "offer_instalments")],
)
def test_objections_after_identity(begin: Begin, intent: str, node: str) -> None:
    talk = begin()
    talk.verify()
    talk.hear(intent)
    assert talk.state.node == node


def test_a_payment_day_in_the_past_tense_is_no_promise(begin: Begin) -> None:
    talk = begin()
    talk.verify()
    talk.hear("willing_to_pay")
    talk.hear("accept")
    assert talk.state.node == "ask_date"
    talk.hear("already_paid", date="2026-12-10")
    assert talk.state.node == "paid"


def test_dispute_closes_with_the_reason_and_no_offer_afterwards(begin: Begin) -> None:
    talk = begin()
    talk.verify()
    talk.hear("dispute", text="não reconheço")
    talk.hear(text="nunca comprei nessa loja")
    assert OpenRequest("dispute", "nunca comprei nessa loja") in talk.effects
    assert talk.effects[-1] == Hangup(Disposition.DISP)


def test_dispute_is_registered_even_when_the_debtor_hangs_up(begin: Begin) -> None:
    talk = begin()
    talk.verify()
    talk.hear("dispute", text="não reconheço isso")
    talk.event(FarHungUp())
    assert talk.effects == (OpenRequest("dispute", "não reconheço isso"), Hangup(Disposition.DISP))


def test_callback_with_a_time_is_said_and_emitted(begin: Begin) -> None:
    talk = begin()
    talk.hear("busy_callback", time="18:00")
    [callback, say, hangup] = talk.effects
    assert isinstance(callback, CallBack) and callback.due_at.isoformat() == "2026-11-18T18:00:00-03:00"
    assert isinstance(say, Say) and hangup == Hangup(Disposition.CB)


def test_third_party_hears_nothing_of_the_debt(begin: Begin) -> None:
    talk = begin()
    talk.hear("third_party_absent")
    assert MarkNumber("third_party") in talk.effects
    talk.hear(time="19:00")
    assert talk.effects[-1] == Hangup(Disposition.THIRD_PARTY)
    talk = begin()
    for intent in ("third_party_absent", "third_party_absent", "yes"):
        talk.hear(intent)
    assert talk.effects[-1] == Hangup(Disposition.THIRD_PARTY_MESSAGE)


def test_silence_ends_as_silence(begin: Begin) -> None:
    talk = begin()
    for _ in range(3):
        talk.event(NoInput())
    assert talk.effects == (Rung("give_up", silent=True), Hangup(Disposition.SIL))


def test_errors_of_a_call_add_up(begin: Begin) -> None:
    talk = begin()
    talk.hear(text="blá")
    talk.hear("confirm_self")
    talk.hear(text="blá")
    talk.hear(date="2027-03-15")
    talk.hear(text="blá")
    assert talk.state.ended is None
    talk.hear(text="blá")
    assert talk.state.ended is Disposition.CB
    assert any(isinstance(effect, CallBack) for effect in talk.effects)


@pytest.mark.parametrize(
    ("turns", "disposition"),
    [
        (0, Disposition.HUP),
        (1, Disposition.HUP),
        (2, Disposition.CPC_NEG),
        (5, Disposition.CPC_NEG),
        (6, Disposition.PTP),
    ],
)
def test_hanging_up_yields_what_was_reached(begin: Begin, turns: int, disposition: Disposition) -> None:
    talk = begin()
    for keys in ("1", "1503", "1", "1", "2", "1")[:turns]:
        talk.event(Keyed(keys))
    talk.event(FarHungUp())
    assert talk.state.ended is disposition
    assert talk.event(NoInput()) == ()


def test_lost_hearing_goes_on_by_keys_then_ends_with_a_callback(begin: Begin) -> None:
    talk = begin()
    talk.event(SpeechLost())
    assert talk.prompts() == ["hearing_lost", "greet_keys"]
    talk.event(Keyed("1"))
    assert talk.state.node == "ask_birth" and talk.prompts() == ["ask_birth", "ask_birth_keys"]
    talk.event(SpeechLost())
    assert [type(e).__name__ for e in talk.effects] == ["CallBack", "Say", "Hangup"]


def test_without_hearing_a_promise_can_still_be_keyed(begin: Begin) -> None:
    talk = begin()
    talk.event(SpeechLost())
    for keys in ("1", "1503", "1", "1", "2", "1", "1"):
        talk.event(Keyed(keys))
    assert talk.state.ended is Disposition.PTP


def test_without_hearing_a_person_can_still_be_asked_for_by_keys(begin: Begin) -> None:
    talk = begin()
    talk.event(SpeechLost())
    talk.hear("human")
    assert OpenRequest("human") in talk.effects and talk.prompts()[-1] == "callback_keys"
    talk.event(Keyed("2"))
    [callback] = [effect for effect in talk.effects if isinstance(effect, CallBack)]
    assert callback.due_at.isoformat() == "2026-11-18T14:00:00-03:00" and talk.state.ended is Disposition.CB


def test_without_hearing_what_needs_words_ends_with_a_callback(begin: Begin, script: Script) -> None:
    human = script.states["human"].model_copy(update={"keys": {}})
    talk = begin(other=script.model_copy(update={"states": {**script.states, "human": human}}))
    talk.event(SpeechLost())
    talk.hear("human")
    assert talk.types()[-3:] == ["CallBack", "Say", "Hangup"] and talk.state.ended is Disposition.CB


def test_offers_only_go_down_and_end_in_a_last_try(begin: Begin) -> None:
    talk = begin()
    talk.verify()
    talk.hear("willing_to_pay")
    totals = []
    while talk.state.node.startswith("offer"):
        assert talk.state.offer is not None
        totals.append((talk.state.offer.kind, talk.state.offer.total))
        talk.hear("more_discount")
    assert talk.state.node == "last_try"
    cash = [total for kind, total in totals if kind == "cash"]
    assert cash == sorted(cash, reverse=True) and len(set(totals)) == len(totals)
    talk.hear("reject")
    assert talk.state.ended is Disposition.REF


def test_nothing_due_is_only_a_reminder(begin: Begin) -> None:
    case = make_case()
    debt = replace(case.debts[0], due=date(2026, 12, 1))
    talk = begin(make_briefing(replace(case, debts=(debt,))))
    talk.verify()
    assert talk.prompts() == ["thanks", "reminder", "bye"] and talk.state.offer is None


def test_ambiguous_day_is_asked_about(begin: Begin) -> None:
    from voiceagent.dialogue.events import Heard, Understanding

    talk = begin()
    talk.verify()
    talk.hear("willing_to_pay")
    talk.hear("accept")
    readings = tuple({"slot": "date", "value": day, "confidence": 0.5} for day in ("2026-11-27", "2026-11-20"))
    talk.event(Heard(Understanding(None, 0.5, {}, readings, True, "sexta que vem")))
    assert talk.state.node == "which_day"
    talk.event(Keyed("2"))
    assert talk.state.node == "read_back_cash"
    assert talk.state.agreement is not None and talk.state.agreement.instalments[0].due == date(2026, 11, 27)


def test_stop_calling_is_heard_while_the_last_words_are_said(begin: Begin) -> None:
    talk = begin()
    talk.hear("busy_callback", time="18:00")
    assert talk.state.ended is Disposition.CB
    talk.hear("cease")
    assert talk.types() == ["OptOut", "Say", "Hangup"] and talk.state.ended is Disposition.CEASE
    talk.hear("cease")
    assert talk.effects == ()


def test_stop_calling_after_a_promise_leaves_the_promise(begin: Begin) -> None:
    talk = begin()
    for keys in ("1", "1503", "1", "1", "2", "1"):
        talk.event(Keyed(keys))
    talk.hear("cease")
    assert any(isinstance(effect, OptOut) for effect in talk.effects)
    assert talk.effects[-1] == Hangup(Disposition.PTP) and talk.state.ended is Disposition.PTP


def test_a_lost_voice_ends_the_call_even_where_keys_would_do(begin: Begin) -> None:
    talk = begin()
    talk.event(SpeechLost(voice=True))
    assert talk.prompts() == ["technical"] and talk.state.ended is Disposition.CB


def test_on_a_hard_line_the_keys_are_told_as_soon_as_words_failed_twice(begin: Begin) -> None:
    talk = begin()
    talk.verify()
    node = talk.machine.script.states[talk.state.node]
    ladder = node.reprompt or talk.machine.script.reprompt
    keys = next(name for name in ladder if talk.machine.script.prompts[name].tells_keys)
    garbled = Heard(Understanding(None, 0.0, text="xx"), hard=True)
    talk.event(garbled)
    assert keys not in talk.prompts(), "a shorter question first: closed questions go before keys"
    talk.hear("willing_to_pay")
    talk.event(garbled)
    rungs = [effect.step for effect in talk.effects if isinstance(effect, Rung)]
    assert rungs == ["keys"]
    talk.event(garbled)
    assert [effect.step for effect in talk.effects if isinstance(effect, Rung)] == ["give_up"]


def test_on_a_good_line_the_ladder_is_climbed_step_by_step(begin: Begin) -> None:
    talk = begin()
    talk.verify()
    garbled = Heard(Understanding(None, 0.0, text="xx"))
    steps = []
    for _ in range(2):
        talk.event(garbled)
        steps += [effect.step for effect in talk.effects if isinstance(effect, Rung)]
    assert steps == ["shorter", "keys"]
