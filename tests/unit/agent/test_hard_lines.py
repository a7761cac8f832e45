"""Guards what the script is told of a noisy line and a slow recogniser, and that neither ends a call by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.unit.agent.stage import Stage, say
from voiceagent.debt.disposition import Disposition
from voiceagent.dialogue.events import CallAnswered, DialogueEvent, Effect, Expect, Hangup, Heard, Keyed
from voiceagent.speech.protocol import NOISY_DB, Hypothesis


def keys_end_it(event: DialogueEvent) -> Sequence[Effect]:
    asked = Expect(state="question", kinds=("yes_no",), end_silence_s=0.4, no_input_s=20.0)
    if isinstance(event, CallAnswered):
        return [say("confirma"), asked]
    if isinstance(event, Keyed):
        return [Hangup(Disposition.PTP)]
    return [say("tecle um"), asked] if isinstance(event, Heard) else []


@pytest.mark.parametrize(
    ("changes", "hard"),
    [
        ({"text": "", "reason": "timeout"}, True),
        ({"text": "xx", "snr_db": NOISY_DB - 1}, True),
        ({"text": "xx", "snr_db": NOISY_DB}, False),
        ({"text": "xx"}, False),
    ],
)
def test_the_script_learns_how_hard_it_is_to_hear_and_keys_still_count(changes: dict[str, object], hard: bool) -> None:
    stage = Stage(keys_end_it, {3.5: lambda s: s.debtor_says("xx"), 9.0: lambda s: s.far.line.far_press("1")})
    finish = stage.ears.finish

    async def badly() -> Hypothesis:
        return replace(await finish(), **changes)  # type: ignore[arg-type]

    stage.ears.finish = stage.ears.glance = badly  # type: ignore[method-assign]
    stage.brain.unreadable = ("xx",)
    assert stage.run().disposition is Disposition.PTP
    told = [event.hard for event in stage.brain.events if isinstance(event, Heard)]
    assert told == [hard]
