"""Guards what counts as "go on" when it is said over the agent: whoever wishes something is heard."""

from __future__ import annotations

from typing import Any

import pytest

from voiceagent.agent.backchannel import says_go_on
from voiceagent.agent.ears import HeardTurn
from voiceagent.agent.turns import TurnSettings
from voiceagent.dialogue.events import Expect, Understanding
from voiceagent.speech.protocol import Hypothesis


def goes_on(
    text: str,
    speech_s: float,
    intent: str | None = None,
    confidence: float = 0.0,
    *,
    slots: dict[str, Any] | None = None,
    reason: str = "",
    over: bool = True,
) -> bool:
    heard = Hypothesis(text, 0.5, reason=reason)
    turn = HeardTurn(heard, Expect("talking"), 1.0, 1.0 + speech_s, speech_s, protected=False, over=over)
    return says_go_on(turn, Understanding(intent, confidence, slots or {}), TurnSettings())


@pytest.mark.parametrize(
    ("text", "speech_s", "intent", "confidence", "slots", "reason"),
    [
        ("O WOM.", 0.52, None, 0.0, {}, ""),
        ("É um domonha.", 0.54, None, 0.0, {}, ""),
        ("Ok", 0.36, "accept", 0.95, {"yes_no": True}, ""),
        ("Sim.", 0.9, "yes", 0.95, {"yes_no": True}, ""),
        ("Ainda mais!", 0.6, "cease", 0.6, {}, ""),
        ("e a gente vai lá.", 0.82, None, 0.0, {}, "low_confidence"),
        ("de um momento", 0.9, "wait", 0.5, {}, "low_confidence"),
    ],
)
def test_a_short_something_of_no_sure_meaning_wishes_nothing(
    text: str, speech_s: float, intent: str | None, confidence: float, slots: dict[str, Any], reason: str
) -> None:
    assert goes_on(text, speech_s, intent, confidence, slots=slots, reason=reason)
    assert not goes_on(text, speech_s, intent, confidence, slots=slots, reason=reason, over=False), (
        "it may be the answer"
    )


@pytest.mark.parametrize(
    ("text", "speech_s", "intent", "confidence"),
    [("I remove this number now.", 0.6, "cease", 0.95), ("What did I kill?", 0.28, "balance_detail", 0.95)],
)
def test_what_nobody_can_say_so_fast_was_not_said(text: str, speech_s: float, intent: str, confidence: float) -> None:
    assert goes_on(text, speech_s, intent, confidence)
    assert not goes_on(text, 1.4, intent, confidence)


@pytest.mark.parametrize(
    ("text", "speech_s", "intent", "confidence", "slots"),
    [
        ("Não.", 0.4, "no", 0.95, {"yes_no": False}),
        ("Não.", 0.4, "no", 0.6, {"yes_no": False}),
        ("Quem é?", 0.5, "who_why", 0.95, {}),
        ("Pare de ligar.", 0.9, "cease", 0.95, {}),
        ("Cem reais.", 0.6, None, 0.0, {"amount": "100.00"}),
        ("eu queria falar outra coisa", 1.6, None, 0.0, {}),
        ("pra mim não dá", 0.9, None, 0.0, {}),
        ("sim mas espera", 0.9, "yes", 0.95, {"yes_no": True}),
    ],
)
def test_whoever_wishes_something_is_heard(
    text: str, speech_s: float, intent: str | None, confidence: float, slots: dict[str, Any]
) -> None:
    assert not goes_on(text, speech_s, intent, confidence, slots=slots)
