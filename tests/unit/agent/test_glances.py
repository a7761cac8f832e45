"""Guards what a conversation makes of a glance: a sure one ends the wait and fetches the answer, others do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.unit.agent.stage import EXPECT, Script, Stage, say
from voiceagent.agent.patience import PatienceSettings
from voiceagent.debt.disposition import Disposition
from voiceagent.dialogue.events import CallAnswered, DialogueEvent, Effect, Expect, Hangup, Heard, Understanding
from voiceagent.language.spoken import SpokenPart
from voiceagent.simulator.tones import ToneVoice
from voiceagent.speech.protocol import Hypothesis

SLOW = replace(EXPECT, end_silence_s=0.9)


def answers(event: DialogueEvent) -> Sequence[Effect]:
    if isinstance(event, CallAnswered):
        return [say("pergunta"), SLOW]
    return [say("resposta"), Hangup(Disposition.REF)] if isinstance(event, Heard) else []


def latency(stage: Stage) -> float:
    stage.run()
    (turn,) = stage.record.debtor
    assert turn.result == "ok" and turn.latency_s is not None
    assert sum(turn.stages.values()) == pytest.approx(turn.latency_s, abs=0.005)
    assert set(turn.stages) == {"vad", "asr", "nlu", "policy", "tts"}
    return turn.latency_s


def test_a_sure_glance_shortens_the_wait() -> None:
    stage = Stage(answers, {3.4: lambda s: s.debtor_says("nao quero")})
    assert latency(stage) == pytest.approx(PatienceSettings().complete_share * SLOW.end_silence_s, abs=0.15)


@pytest.mark.parametrize("reason", ["low_confidence", "loop"])
def test_a_doubtful_glance_does_not(reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(answers, {3.4: lambda s: s.debtor_says("nao quero")})
    finish = stage.ears.finish

    async def glance() -> Hypothesis:
        return replace(await finish(), reason=reason)

    monkeypatch.setattr(stage.ears, "glance", glance)
    assert SLOW.end_silence_s <= latency(stage) <= SLOW.end_silence_s + 0.15


def test_the_answer_is_fetched_while_the_end_is_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def prepare(self: ToneVoice, prompts: Sequence[Sequence[SpokenPart]]) -> None:
        asked.extend(part.text for parts in prompts for part in parts)

    monkeypatch.setattr(ToneVoice, "prepare", prepare)
    Stage(answers, {3.4: lambda s: s.debtor_says("nao quero")}).run()
    assert asked == ["resposta"]


def test_a_turn_that_was_cut_vouches_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    long = "quatro um sete zero nove dois"
    reasons: list[str] = []
    understand = Script.understand

    def noting(self: Script, hypothesis: Hypothesis, expect: Expect, *, only_global: bool) -> Understanding:
        reasons.append(hypothesis.reason)
        return understand(self, hypothesis, expect, only_global=only_global)

    def asks(event: DialogueEvent) -> Sequence[Effect]:
        if isinstance(event, CallAnswered):
            return [say("pergunta"), replace(SLOW, max_turn_s=0.8)]
        return [Hangup(Disposition.REF)] if isinstance(event, Heard) else []

    monkeypatch.setattr(Script, "understand", noting)
    Stage(asks, {3.4: lambda s: s.debtor_says(long)}).run()
    assert reasons and reasons[-1] == "low_confidence"
