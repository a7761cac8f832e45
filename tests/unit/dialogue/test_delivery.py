"""Guards what comes after the promise: nothing loses or alters it, and where the payment data go is read back first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.dialogue.conftest import Talk, make_briefing, make_case
from voiceagent.debt.disposition import Disposition
from voiceagent.dialogue.delivery import first_mobile, mobile, national
from voiceagent.dialogue.events import (
    FarHungUp,
    Hangup,
    Keyed,
    LeaveOffer,
    NoInput,
    OpenRequest,
    Promise,
    Rung,
    SpeechLost,
)
from voiceagent.dialogue.script import INTENTS

Begin = Callable[..., Talk]
MOBILE = "+5511987650001"


@pytest.fixture
def promised(begin: Begin) -> Callable[..., Talk]:
    def reach(number: str = MOBILE) -> Talk:
        talk = begin(replace(make_briefing(make_case()), text_number=number))
        for keys in ("1", "1503", "1", "1", "2", "1"):
            talk.event(Keyed(keys))
        assert talk.state.promised is not None and talk.state.ended is None
        return talk

    return reach


def sent(talk: Talk) -> list[OpenRequest]:
    return [effect for effect in talk.history if isinstance(effect, OpenRequest) and effect.kind == "send_payment"]


@pytest.mark.parametrize(
    ("number", "region", "found"),
    [
        ("11987654321", "BR", "+5511987654321"),
        ("+5511987654321", "BR", "+5511987654321"),
        ("1132345678", "BR", None),
        ("987654321", "BR", None),
        ("+15125550001", "BR", None),
        ("5587650001", "MX", "+525587650001"),
        ("3005550001", "CO", "+573005550001"),
        ("987654321", "PE", "+51987654321"),
        ("5125550001", "US", "+15125550001"),
        ("sip:phone-1", "BR", None),
        ("", "BR", None),
    ],
)
def test_a_mobile_is_told_from_what_is_none(number: str, region: str, found: str | None) -> None:
    assert mobile(number, region) == found


@given(st.text(max_size=20), st.sampled_from(["BR", "MX", "CO", "CL", "PE", "US", "EC"]))
def test_whatever_is_taken_for_a_mobile_is_one_again(number: str, region: str) -> None:
    found = mobile(number, region)
    assert found is None or (mobile(found, region) == found and mobile(national(found), region) == found)


def test_the_first_that_can_be_texted() -> None:
    assert first_mobile(("+551132345678", MOBILE), "BR") == MOBILE
    assert first_mobile(("+551132345678",), "BR") == ""


def test_by_text_unless_something_else_is_wanted(promised: Callable[..., Talk]) -> None:
    talk = promised()
    talk.hear("yes")
    assert sent(talk) == [OpenRequest("send_payment", "", "sms", MOBILE)]
    assert talk.effects[-1] == Hangup(Disposition.PTP)


def test_an_address_is_used_only_after_its_read_back(promised: Callable[..., Talk]) -> None:
    talk = promised()
    talk.hear(cue="by_email")
    talk.hear(email="marina@exemplo.com")
    assert talk.state.node == "check_email" and not sent(talk)
    talk.hear("no", email="marina.souza@exemplo.com")
    assert talk.state.node == "check_email" and not sent(talk)
    talk.hear("yes")
    assert sent(talk) == [OpenRequest("send_payment", "", "email", "marina.souza@exemplo.com")]


def test_without_a_mobile_people_see_to_it(promised: Callable[..., Talk]) -> None:
    talk = promised("")
    assert talk.state.node == "deliver_how"
    talk.hear("no")
    assert sent(talk) == [OpenRequest("send_payment")] and talk.state.ended is Disposition.PTP


@pytest.mark.parametrize(
    "node", ["deliver_text", "deliver_how", "ask_email", "check_email", "ask_mobile", "check_mobile"]
)
@pytest.mark.parametrize("event", [FarHungUp(), NoInput(), SpeechLost(), SpeechLost(voice=True)])
def test_however_it_ends_the_promise_stands_and_the_data_go(
    promised: Callable[..., Talk], node: str, event: object
) -> None:
    talk = promised()
    kept = talk.state.promised
    for step in {
        "deliver_how": [{"intent": "no"}],
        "ask_email": [{"cue": "by_email"}],
        "check_email": [{"cue": "by_email"}, {"email": "a@b.com"}],
        "ask_mobile": [{"cue": "by_other"}],
        "check_mobile": [{"cue": "by_other"}, {"digits": "11912345678"}],
    }.get(node, []):
        talk.hear(**step)
    assert talk.state.node == node
    for _ in range(6):
        if talk.state.ended is None:
            talk.event(event)  # type: ignore[arg-type]
    assert talk.state.ended is Disposition.PTP and talk.state.promised == kept
    # Who said no to a text on this phone gets none by default either: people see to it.
    refused = node == "deliver_how"
    assert sent(talk) == [OpenRequest("send_payment", "", *(() if refused else ("sms", MOBILE)))]


@pytest.mark.parametrize("intent", sorted(INTENTS))
def test_nothing_said_afterwards_alters_the_promise(promised: Callable[..., Talk], intent: str) -> None:
    talk = promised()
    kept = talk.state.promised
    for _ in range(8):
        if talk.state.ended is None:
            talk.hear(intent, text="palavras", date="2026-12-20", amount="10.00", instalments=2)
    talk.event(FarHungUp())
    assert talk.state.ended is Disposition.PTP and talk.state.promised == kept
    assert sum(isinstance(effect, Promise) for effect in talk.history) == 1 and len(sent(talk)) == 1


def test_who_wants_no_calls_is_not_texted(promised: Callable[..., Talk]) -> None:
    talk = promised()
    talk.hear("cease")
    assert sent(talk) == [OpenRequest("send_payment")] and talk.effects[-1] == Hangup(Disposition.PTP)


# --- offers left open, steps of the ladder ---


def test_an_offer_nobody_refused_is_left_open(begin: Begin) -> None:
    talk = begin()
    talk.verify()
    talk.hear("counter_offer", instalments=3)
    offer = talk.state.offer
    talk.event(FarHungUp())
    assert talk.effects == (LeaveOffer(offer), Hangup(Disposition.CPC_NEG))


def test_a_refused_offer_is_not(begin: Begin) -> None:
    talk = begin()
    talk.verify()
    talk.hear("willing_to_pay")
    while talk.state.node != "last_try":
        talk.hear("more_discount")
    talk.event(FarHungUp())
    assert not any(isinstance(effect, LeaveOffer) for effect in talk.history)


def test_what_was_open_is_withdrawn_by_a_dispute_and_kept_by_a_stranger(begin: Begin) -> None:
    first = begin()
    first.verify()
    first.hear("counter_offer", instalments=3)
    again = replace(make_briefing(make_case()), open_offer=first.state.offer)
    talk = begin(again)
    talk.verify()
    assert talk.prompts()[-2:] == ["resumed", "offer_instalments"]
    talk.hear("dispute", text="não reconheço")
    talk.hear(text="nunca comprei")
    assert LeaveOffer(None) in talk.effects
    stranger = begin(again)
    stranger.hear("wrong_person")
    assert not any(isinstance(effect, LeaveOffer) for effect in stranger.history)


def test_a_resumed_offer_ends_when_it_was_said_to(begin: Begin) -> None:
    first = begin()
    first.verify()
    first.hear("counter_offer", instalments=3)
    assert first.state.offer is not None and first.state.offer.expires is not None
    sooner = replace(first.state.offer, expires=first.machine.briefing.today)
    talk = begin(replace(make_briefing(make_case()), open_offer=sooner))
    talk.verify()
    assert talk.state.offer is not None and talk.state.offer.expires == sooner.expires


def test_each_step_down_is_told(begin: Begin) -> None:
    talk = begin()
    talk.verify()
    for step in ("shorter", "keys", "give_up"):
        talk.hear(text="blá")
        assert talk.effects[0] == Rung(step, silent=False)
    assert talk.state.ended is Disposition.CB
