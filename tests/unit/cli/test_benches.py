"""Guards what every measurement prints of itself: machine, libraries, load, engine, and which targets are missed."""

from __future__ import annotations

from voiceagent.cli.benches import engine_text, machine_text, targets_text
from voiceagent.simulator.measured_on import machine


def test_a_machine_is_told_with_its_load_and_the_libraries_that_are_installed() -> None:
    told = machine_text(machine(load_before=7.25, asterisk="22.10.1"))
    assert "cores" in told and "load" in told and "7.25 before" in told and "Asterisk 22.10.1" in told
    assert "numpy" in told.splitlines()[1] and "vosk" in told.splitlines()[1]
    assert "before" not in machine_text(machine())


def test_an_engine_is_told_with_its_model_and_what_alone_the_figures_say() -> None:
    assert engine_text({"engine": "whisper", "model": "whisper-base"}) == "whisper, whisper-base"
    label = engine_text({"engine": "vosk", "model": "vosk-ko-test", "only": "engine latency and capacity only"})
    assert label == "vosk, vosk-ko-test (engine latency and capacity only)"


def test_a_target_that_is_missed_is_named_and_one_that_was_not_measured_is_not() -> None:
    told = targets_text({"p50_s": 0.5, "p95_s": 0.9, "other": 1}, {"p50_s": True, "p95_s": False})
    assert told == "NOT all targets met: p50_s 0.5 met, p95_s 0.9 NOT met"
    assert targets_text({"p50_s": 0.5}, {"p50_s": True}).startswith("all targets met")


def test_a_target_that_was_not_judged_is_not_called_met() -> None:
    told = targets_text({"calls": 30, "p95_s": 1.3}, {"calls": None, "p95_s": True})
    assert told == "NOT all targets met: calls 30 not judged, p95_s 1.3 met"
