"""Guards what is kept of recognitions: the same sound in the same context is asked once, anything else anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from voiceagent.simulator import timed_ear
from voiceagent.simulator.timed_ear import TimedEar, digest_of
from voiceagent.speech.protocol import HearingContext, Hypothesis

CONTEXT = HearingContext("pt-BR", ("yes_no",), ("sim",))


class Counting:
    """An ear that counts how often it is asked."""

    streams = False

    def __init__(self) -> None:
        self.asked = 0
        self.fed = b""

    def begin(self, context: HearingContext) -> None:
        self.fed = b""

    def feed(self, pcm: bytes) -> None:
        self.fed += pcm

    def glance(self) -> Hypothesis:
        self.asked += 1
        return Hypothesis(f"{len(self.fed)}", 0.7, (("sim", 0.25),), "counting", snr_db=11.5)

    def finish(self) -> Hypothesis:
        return replace(self.glance(), partial=False, ms=3.0)

    def close(self) -> None:
        pass


def turn(ear: TimedEar, pcm: bytes, context: HearingContext = CONTEXT) -> Hypothesis:
    ear.begin(context)
    ear.feed(pcm[:100])
    ear.feed(pcm[100:])
    return ear.finish()


def test_what_was_heard_once_is_not_recognised_again(tmp_path: Path) -> None:
    engine = Counting()
    first = TimedEar(engine, "counting", tmp_path)
    heard = turn(first, bytes(320))
    again = TimedEar(Counting(), "counting", tmp_path)
    assert turn(again, bytes(320)) == heard and heard.alternatives == (("sim", 0.25),)
    assert again.seconds == first.seconds and engine.asked == 1


def test_another_sound_context_question_or_engine_is_recognised(tmp_path: Path) -> None:
    engine = Counting()
    ear = TimedEar(engine, "counting", tmp_path)
    turn(ear, bytes(320))
    turn(ear, bytes(318) + b"\1\1")
    turn(ear, bytes(320), replace(CONTEXT, language="es"))
    turn(ear, bytes(320), replace(CONTEXT, phrases=()))
    ear.begin(CONTEXT)
    ear.feed(bytes(320))
    ear.glance()
    turn(TimedEar(engine, "other", tmp_path), bytes(320))
    assert engine.asked == 6


def test_another_recogniser_hears_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = tmp_path / "weights"
    weights.mkdir()
    (weights / "pt-BR.npz").write_bytes(b"trained once")
    engine = Counting()
    monkeypatch.setattr(timed_ear, "_RECOGNITION", (weights,))
    for _ in range(2):
        turn(TimedEar(engine, "counting", tmp_path / "kept"), bytes(320))
    assert engine.asked == 1
    (weights / "pt-BR.npz").write_bytes(b"trained twice")
    digest_of.cache_clear()
    turn(TimedEar(engine, "counting", tmp_path / "kept"), bytes(320))
    turn(TimedEar(engine, "counting", tmp_path / "kept"), bytes(320), replace(CONTEXT, digits=(3, 3)))
    assert engine.asked == 3


def test_without_a_folder_nothing_is_kept() -> None:
    engine = Counting()
    ear = TimedEar(engine, "counting")
    assert turn(ear, bytes(320)) == turn(ear, bytes(320)) and engine.asked == 2 and ear.seconds >= 0.0
