"""Guards against talking to oneself: the agent's voice coming back stops nothing and is no turn; a person is heard."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tests.unit.agent.stage import EXPECT, Stage, say
from voiceagent.agent.echo import DELAY_S, LOSS_DB, EchoGuard
from voiceagent.audio.format import FRAME_BYTES, FRAME_S, FRAME_SAMPLES, SILENCE
from voiceagent.audio.frames import split
from voiceagent.audio.levels import gain, mix
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


def voice(seed: int, frames: int, dbov: float) -> list[bytes]:
    """Something with the unsteady harmonics of a voice."""
    chance = np.random.default_rng(seed)
    size = frames * FRAME_SAMPLES
    pitch = chance.uniform(100, 200) * (1 + 0.2 * np.sin(2 * np.pi * chance.uniform(0.5, 1.5) * np.arange(size) / 8000))
    turn = 2 * np.pi * np.cumsum(pitch) / 8000
    sound = sum(np.sin(k * turn + chance.uniform(0, 6)) * chance.uniform(0.2, 1) for k in range(1, 14))
    sound *= 32768 * 10 ** (dbov / 20) / np.sqrt(np.mean(sound**2))
    return list(split(np.clip(sound, -32768, 32767).astype("<i2").tobytes()))


def hidden(guard: EchoGuard, played: Sequence[bytes], heard: Sequence[bytes]) -> float:
    """Share of the heard frames that the guard hides."""
    found = []
    for ours, theirs in zip(played, heard, strict=True):
        guard.played(ours)
        found.append(guard.hides(theirs))
    return sum(found) / len(found)


def late(frames: Sequence[bytes], by: int, db: float) -> list[bytes]:
    """How they come back."""
    return [SILENCE] * by + [gain(frame, db) for frame in frames[: len(frames) - by]]


def test_a_line_that_is_not_known_is_judged_by_loudness() -> None:
    guard = EchoGuard()
    assert not guard.hides(LOUD) and not guard.hides(bytes(FRAME_BYTES))
    guard.played(LOUD)
    assert not guard.hides(LOUD)
    assert guard.hides(gain(LOUD, -LOSS_DB - 1)) and not guard.hides(gain(LOUD, -LOSS_DB + 1))
    for _ in range(round(DELAY_S / FRAME_S)):
        guard.played(SILENCE)
    assert not guard.hides(gain(LOUD, -LOSS_DB - 1)), "what was played long ago does not come back"


@pytest.mark.parametrize("delay", [1, 7, 15])
def test_an_echo_is_hidden_and_a_quiet_person_over_it_is_heard(delay: int) -> None:
    ours, theirs = voice(1, 200, -20), voice(2, 200, -31)
    echo = late(ours, delay, -20)
    guard = EchoGuard()
    assert hidden(guard, ours[:100], echo[:100]) == 1.0
    both = [mix(one, other) for one, other in zip(echo[100:], theirs[100:], strict=True)]
    assert hidden(guard, ours[100:], both) < 0.3
    assert hidden(EchoGuard(), ours, echo) == 1.0, "nor does an echo ever become a person"


def test_where_nothing_comes_back_a_quiet_person_is_heard() -> None:
    ours, theirs = voice(1, 200, -20), voice(2, 100, -42)
    guard = EchoGuard()
    assert hidden(guard, ours[:100], [SILENCE] * 100) == 1.0
    assert hidden(guard, ours[100:], theirs) < 0.4
    assert hidden(EchoGuard(), ours[:10], theirs[:10]) == 1.0, "before that is known it may be an echo"


def test_an_echo_that_begins_in_mid_call_is_soon_known_for_one() -> None:
    ours = voice(1, 200, -20)
    guard = EchoGuard()
    assert hidden(guard, ours[:100], [SILENCE] * 100) == 1.0
    shown = [not hidden(guard, [one], [other]) for one, other in zip(ours[100:], late(ours, 5, -20)[100:], strict=True)]
    assert sum(shown) * FRAME_S < 0.35 and not any(shown[20:])


def test_syllables_with_pauses_between_them_do_not_make_a_silent_line() -> None:
    ours = [frame if index % 20 < 12 else SILENCE for index, frame in enumerate(voice(1, 300, -20))]
    assert hidden(EchoGuard(), ours, late(ours, 5, -20)) == 1.0


def test_an_echo_that_is_known_is_hidden_where_it_is_louder_too_and_a_person_as_loud_is_not() -> None:
    ours, theirs = voice(1, 300, -20), voice(2, 100, -32)
    guard = EchoGuard()
    hidden(guard, ours[:100], late(ours, 5, -20)[:100])
    assert hidden(guard, ours[100:200], late(ours, 5, -12)[100:200]) > 0.95
    assert hidden(guard, ours[200:], theirs) < 0.2


def test_a_room_that_carries_some_notes_far_is_known_by_those_notes() -> None:
    ours = voice(1, 100, -20)
    louder = [gain(frame, 5) if index % 10 < 8 else frame for index, frame in enumerate(late(ours, 5, -20))]
    guard = EchoGuard()
    shown = [not hidden(guard, [one], [other]) for one, other in zip(ours, louder, strict=True)]
    assert any(shown[:20]), "at first it may be somebody"
    assert sum(shown) * FRAME_S < 0.5 and not any(shown[40:])
