"""Guards the calibration of answers: what a trial counts as, who is believed, and the curve that is published."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest

from voiceagent.speech.training.__main__ import forget_unreadable
from voiceagent.speech.training.calibrate import _SPARED, Trial, _threshold, answers, calibrate
from voiceagent.speech.training.curve import judged, report

CLIPS = itertools.count()
TAKES = {"alone": 0.95, "again": 0.97, "checked": 0.9}
SCALE = {
    "alone": [-2.0, 0.0, 1.0, 0.0],
    "again": [0.0, 0.0, 0.0, 0.0, 5.0],
    "checked": [0.0, 0.0, 0.0, 0.0, 0.0, 3.0, 1.0],
    "takes": {f"{asked}{line}": {"amount": takes} for asked, takes in TAKES.items() for line in ("", "_noisy")}
    | {"alone_noisy": {"amount": 0.97}, "apart": {}, "apart_noisy": {}},
}


def trial(
    odds: float,
    again: float | None = None,
    agrees: float = 0.0,
    right: bool = True,
    noise: float = 0.0,
    carried: bool = False,
) -> Trial:
    alone = [1.0, 0.0, odds, noise]
    second = None if again is None else [*alone, again]
    checked = None if second is None else [*second, agrees, 0.0]
    line = "snr10" if noise else "clean"
    return Trial(f"clip {next(CLIPS)}", "es", line, "amount", right, True, True, alone, second, checked, carried)


def test_a_bare_number_answers_more_than_one_question_but_not_all():
    assert answers("diez", "digits", "es") is False
    assert answers("siete", "digits", "es") and answers("siete", "date", "es")
    assert answers("el siete de marzo", "date", "es") and not answers("el siete de marzo", "amount", "es")
    assert not answers("siete", "general", "es")


@pytest.mark.parametrize(
    ("made", "believed"),
    [
        (trial(6.0), True),
        (trial(1.0), False),
        (trial(1.0, again=0.5, agrees=1.0), True),
        (trial(1.0, again=0.5, agrees=0.9), False),
        (trial(1.0, again=0.0, agrees=1.0), False),
        (trial(4.0, again=1.0), True),
        (trial(5.0, again=1.0, noise=1.0), True),
        (trial(5.0, again=0.0, noise=1.0), False),
        (trial(1.0, again=1.0, noise=1.0), False),
        (trial(6.0, again=0.0, noise=1.5), False),
        (trial(6.0, again=0.0, agrees=1.0, noise=1.5), False),
        (trial(1.0, again=0.5), False),
        (trial(1.0, again=0.5, carried=True), True),
    ],
)
def test_a_trial_is_believed_as_a_closed_question_would(made, believed):
    assert judged(made, SCALE).believed is believed


def test_where_no_other_value_is_near_a_kind_of_few_values_takes_less():
    strict = SCALE | {"alone": [-2.0, 0.0, 0.0, 0.0]}
    lenient = strict | {"takes": SCALE["takes"] | {"apart": {"amount": 0.5}, "apart_noisy": {"amount": 0.6}}}
    for noise, near in ((0.0, 7.0), (1.0, 9.0)):
        alone_near, beside_another = (trial(odds, 0.5, 0.4, noise=noise) for odds in (11.0, near))
        assert not judged(alone_near, strict).believed
        assert judged(alone_near, lenient).believed and not judged(beside_another, lenient).believed


def test_a_calibration_believes_what_is_heard_well_and_lets_few_wrong_ones_pass():
    chance = np.random.default_rng(3)
    found = []
    for _ in range(900):
        odds, again = float(chance.uniform(-2, 12)), float(chance.random() < 0.6)
        noise = float(chance.choice([0.0, 1.4]))
        right = bool(odds + 4 * again + chance.normal(0, 1) > 4)
        found.append(trial(odds, None if odds > 9 and not noise else again, again, right, noise))
    scale = calibrate(found)
    verdicts = [(made, judged(made, scale)) for made in found]
    wrong = sum(verdict.believed and not made.right for made, verdict in verdicts)
    believed = sum(verdict.believed and made.right for made, verdict in verdicts)
    assert wrong <= 0.005 * len(found)
    assert believed >= 0.6 * sum(made.right for made in found)


def test_a_clip_that_is_wrong_on_many_lines_is_one_error():
    heard = [(0.99 - number / 100, trial(4.0, right=number % 3 != 1)) for number in range(30)]
    once = [(sure, made if made.right else replace(made, clip="the same")) for sure, made in heard]
    assert _threshold(once, 0.75, len(once)) == 0.75
    above_the_first_too_many = 0.99 - 0.03 * _SPARED
    assert _threshold(heard, 0.75, len(heard)) == pytest.approx(above_the_first_too_many)
    assert _threshold(heard, 0.75, 1000) < above_the_first_too_many, "of many that were asked more may pass"


def test_the_curve_counts_every_trial_once():
    found = [trial(6.0), trial(-6.0, right=False), trial(5.0, again=1.0, noise=1.0)]
    text = report(found, SCALE)
    assert "| es clean | 2 | 0.500 / 0.500 / 0.000 | 0 | 0 |" in text
    assert "| es snr10 | 1 | 1.000 / 0.000 / 0.000 | 0 | 0 |" in text
    bins = [int(row.split("|")[2]) for row in text.splitlines()[2:] if row.count("|") == 4]
    assert sum(bins) == len(found)


@pytest.mark.parametrize("text", ["{", "{}", "[]", json.dumps(SCALE | {"checked": None})])
def test_a_calibration_of_another_version_is_in_nobodys_way_when_it_is_made_anew(tmp_path, text):
    stored = tmp_path / "calibration.json"
    stored.write_text(text, encoding="utf-8")
    forget_unreadable(stored)
    assert not stored.exists()
    stored.write_text(json.dumps(SCALE), encoding="utf-8")
    forget_unreadable(stored)
    assert stored.exists()
    forget_unreadable(tmp_path / "none.json")
