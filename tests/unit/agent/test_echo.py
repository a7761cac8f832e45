"""Guards against talking to oneself: the agent's voice coming back stops nothing and is no turn; a person is heard."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.unit.agent.stage import EXPECT, Stage, say
from voiceagent.agent.echo import DELAY_S, LOSS_DB, EchoGuard
from voiceagent.audio.format import FRAME_BYTES, FRAME_S
from voiceagent.audio.levels import gain
from voiceagent.debt.disposition import Disposition
from voiceagent.dialogue.events import CallAnswered, DialogueEvent, Effect, Hangup, Heard, NoInput

LONG = "uma pergunta muito comprida que demora a ser dita ate o fim"
LOUD = b"\x00\x20" * (FRAME_BYTES // 2)  # -12 dBov


def answers(event: DialogueEvent) -> Sequence[Effect]:
    if isinstance(event, CallAnswered):
        return [say(LONG), EXPECT]
    if isinstance(event, Heard):
        return [say("certo"), Hangup(Disposition.PTP)]
    return [Hangup(Disposition.SIL)] if isinstance(event, NoInput) else []


@pytest.mark.parametrize("delay_s", [0.1, 0.3])
def test_ones_own_voice_is_no_interruption_and_no_answer(delay_s: float) -> None:
    stage = Stage(answers, {2.1 + delay_s: lambda s: s.far.say(gain(s.service.book.speak(LONG), -20))})
    ended = stage.run()
    assert ended.disposition is Disposition.SIL
    assert not stage.record.agent[0].interrupted
    assert [turn.result for turn in stage.record.debtor] == ["no_input"]


def test_a_person_as_loud_as_the_agent_is_heard() -> None:
    stage = Stage(answers, {3.5: lambda s: s.debtor_says("quero pagar agora mesmo")})
    assert stage.run().disposition is Disposition.PTP
    assert stage.record.agent[0].interrupted


def test_the_guard_forgets_what_was_played_long_ago() -> None:
    guard = EchoGuard()
    assert not guard.hides(LOUD) and not guard.hides(bytes(FRAME_BYTES))
    guard.played(-12.0)
    assert not guard.hides(LOUD)
    assert guard.hides(gain(LOUD, -LOSS_DB - 1)) and not guard.hides(gain(LOUD, -LOSS_DB + 1))
    for _ in range(round(DELAY_S / FRAME_S)):
        guard.played(-100.0)
    assert not guard.hides(gain(LOUD, -LOSS_DB - 1))
