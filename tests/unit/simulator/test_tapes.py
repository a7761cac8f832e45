"""Guards what `bench turn` reads off a telephone's tape: who spoke when, what answers what, what does not count."""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy as np
import pytest

from voiceagent.audio.format import SAMPLE_RATE
from voiceagent.simulator.bench_turn import Measured, judge_call, met_of, spread
from voiceagent.simulator.gauges import IdleThread, ProcessorTime, processor_seconds
from voiceagent.simulator.tapes import Exchange, Span, exchanges, spans

TONE = 3000


def tape(seconds: float, *sounds: tuple[float, float], level: int = TONE) -> bytes:
    """Sound from the first to the second of each pair, the line's hiss elsewhere."""
    samples = np.random.default_rng(1).integers(-40, 40, int(seconds * SAMPLE_RATE))
    for begins, ends in sounds:
        start, stop = round(begins * SAMPLE_RATE), round(ends * SAMPLE_RATE)
        samples[start:stop] = level
    return samples.astype("<i2").tobytes()


def heard(ended_s: float, latency_s: float | None = 1.0, result: str = "ok") -> dict[str, Any]:
    stages = {"vad": 0.5, "asr": 0.2, "nlu": 0.1, "policy": 0.05, "tts": 0.05}
    return {"ended_s": ended_s, "latency_s": latency_s, "result": result, "state": "q", "stages": stages}


def test_pauses_are_bridged_and_hiss_is_no_sound() -> None:
    found = spans(tape(5, (1.0, 1.5), (1.7, 2.0), (3.5, 4.0)), 0.3)
    assert found == [Span(1.0, pytest.approx(2.0, abs=0.001)), Span(3.5, pytest.approx(4.0, abs=0.001))]
    assert spans(tape(1), 0.3) == [] and spans(b"", 0.3) == []
    assert spans(tape(1, (0.2, 0.4), level=300), 0.3) == [], "-40.8 dBov"


def test_an_answer_an_interruption_and_an_agent_that_cuts_in() -> None:
    near = tape(20, (1.0, 2.0), (6.0, 7.0), (10.0, 12.0))
    far = tape(20, (2.8, 4.0), (4.2, 6.4), (7.9, 9.0), (11.0, 13.0))
    first, second, third = exchanges(near, far)
    assert first.sounds[0].begins_s - first.turn.ends_s == pytest.approx(0.8, abs=0.001)
    assert not first.interrupts and not first.talked_over
    assert second.interrupts and second.silenced_s == pytest.approx(0.4, abs=0.001)
    assert third.talked_over and not third.interrupts


def exchange(begins: float, ends: float, *sounds: tuple[float, float], **other: Any) -> Exchange:
    return Exchange(
        Span(begins, ends),
        other.get("interrupts", False),
        other.get("silenced_s"),
        other.get("talked_over", False),
        tuple(Span(*sound) for sound in sounds),
    )


def test_only_the_prompt_that_answers_is_timed() -> None:
    taped = [
        exchange(0.4, 0.9, (1.5, 4.0)),
        exchange(10.0, 11.0, (12.1, 14.0)),
        exchange(20.0, 21.0, (21.3, 21.5), (22.2, 25.0)),
        exchange(30.0, 31.0, (32.0, 33.0)),
        exchange(40.0, 41.0),
        exchange(50.0, 51.0, (52.0, 53.0), interrupts=True, silenced_s=0.43),
        exchange(60.0, 61.0, (62.0, 63.0), talked_over=True),
        exchange(70.0, 71.0, (72.0, 73.0)),
        exchange(80.0, 81.0),
    ]
    noted = [
        heard(0.9, None, "ignored"),
        heard(11.0),
        heard(21.0, 1.2),
        heard(31.0, 1.0, "no_match"),
        heard(41.0, None, "ignored"),
        heard(51.0, 1.0, "bargein"),
        heard(61.0),
        heard(81.0, None),
    ]
    measured = Measured()
    judge_call(taped, noted, measured)
    assert measured.total == pytest.approx([1.1, 1.2, 1.0])
    assert measured.counts == {
        "fillers": 1, "repeats": 1, "ignored": 1, "talked_over": 1, "not_heard": 1, "unanswered": 1
    }  # fmt: skip
    assert measured.first_word == [1.5] and measured.after_hello == pytest.approx([0.6])
    assert measured.barge_in == [0.43]
    assert measured.stages["decide"] == pytest.approx([0.15] * 3)
    parts = [sum(stage[index] for stage in measured.stages.values()) for index in range(3)]
    assert parts == pytest.approx(measured.total), "the stages and the way there and back make the whole"


def test_a_turn_in_another_state_is_counted_apart() -> None:
    taped = [exchange(0.4, 0.9, (1.5, 4.0)), exchange(10.0, 11.0, (12.1, 14.0)), exchange(20.0, 21.0, (22.5, 23.0))]
    noted = [heard(11.0), heard(21.0) | {"state": "ask_birth"}]
    measured = Measured()
    judge_call(taped, noted, measured, {noted[0]["state"]})
    assert measured.total == pytest.approx([1.1])
    assert measured.counts == {"elsewhere": 1, "fillers": 0}


def test_a_call_without_words_is_counted_and_nothing_else() -> None:
    measured = Measured()
    judge_call([], [], measured)
    assert measured.counts == {"silent_calls": 1} and spread(measured.total)["n"] == 0


@pytest.mark.parametrize(
    ("calls", "n", "p95_s", "met", "aim"),
    [
        (2, 36, 1.2, True, False),
        (2, 36, 1.4, False, False),
        (2, 36, 0.9, True, None),
        (4, 36, 0.8, True, True),
        (4, 36, 1.0, True, False),
        (4, 36, 1.4, None, False),
        (6, 36, 1.0, True, None),
        (2, 19, 0.5, None, None),
    ],
)
def test_a_target_is_judged_where_its_conditions_allow_it(
    calls: int, n: int, p95_s: float, met: bool | None, aim: bool | None
) -> None:
    found = met_of({"p50_s": 0.4, "p95_s": p95_s, "n": n}, spread([]), calls)
    assert (found["met"]["p95_s"], found["aims_met"]["p95_s"]) == (met, aim)
    assert found["met"]["barge_in_stop_p95_s"] is None, "nobody interrupted"


def test_processor_time_is_counted_with_its_children_and_an_idle_thread_wakes() -> None:
    counted = ProcessorTime(lambda: {"us": [os.getpid()], "nobody": []})
    with counted, IdleThread() as idle:
        before = processor_seconds([os.getpid()])
        busy = threading.Thread(target=lambda: sum(number * number for number in range(2_000_000)))
        busy.start()
        busy.join()
    assert processor_seconds([os.getpid()]) > before
    assert counted.cores()["us"] > 0 and counted.cores()["nobody"] == 0
    assert set(idle.milliseconds()) == {"p50", "p95", "max"}
