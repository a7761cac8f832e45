"""Guards the training of a head: it learns, alone or with helpers, and gives the best of its epochs and means."""

from __future__ import annotations

import multiprocessing
import re

import numpy as np
import pytest

from voiceagent.speech.training.examples import Example
from voiceagent.speech.training.network import fresh_weights
from voiceagent.speech.training.slopes import Slopes
from voiceagent.speech.training.trainer import phone_errors, train

WIDTH, PHONES = 12, 3


def examples(count: int, seed: int) -> list[Example]:
    """Texts of three phones, each heard as a few frames along its own direction."""
    chance = np.random.default_rng(seed)
    directions = np.random.default_rng(0).standard_normal((PHONES + 1, WIDTH)) * 2
    made = []
    for _ in range(count):
        labels = [int(chance.integers(1, PHONES + 1)) for _ in range(3)]
        frames = [directions[p] for label in labels for p in (0, 0, 0, label, label, label)] + [directions[0]] * 3
        states = np.array(frames) + 0.2 * chance.standard_normal((len(frames), WIDTH))
        made.append(Example(states.astype(np.float16), labels))
    return made


@pytest.mark.parametrize("processes", [1, 2])
def test_training_learns_and_keeps_the_best_by_left_out_examples(processes):
    told: list[str] = []
    left_out = examples(30, 2)
    weights = train(examples(240, 1), left_out, PHONES + 1, 5, told.append, processes=processes)
    assert phone_errors(weights, left_out) < 0.3
    assert "mean of the last steps" in told[-1]
    after = [float(found[1]) for line in told if (found := re.search(r"voices ([\d.]+) phone", line))]
    assert phone_errors(weights, left_out) <= min(after) + 5e-4


def test_going_on_tries_the_mean_with_what_it_began_with_and_gets_no_worse():
    told: list[str] = []
    left_out = examples(30, 2)
    first = train(examples(120, 1), left_out, PHONES + 1, 3, lambda text: None)
    second = train(examples(120, 3), left_out, PHONES + 1, 2, told.append, base=first)
    assert "those and the first" in told[-1]
    assert second.keys() == first.keys()
    assert phone_errors(second, left_out) <= phone_errors(first, left_out) + 0.05


def test_two_processes_share_a_batch_and_the_weights():
    chance = np.random.default_rng(3)
    said, weights = examples(4, 1), fresh_weights(WIDTH, PHONES + 1, chance, 8, 2)
    with Slopes(said, weights, 1, 7) as alone, Slopes(said, weights, 2, 7) as both:
        # Where the second has nothing to do it adds nothing, not even what it did before.
        both.of([0, 1], step=1)
        (once, first), (twice, second) = (learner.of([2], step=2) for learner in (alone, both))
        assert twice == once and all((second[name] == first[name]).all() for name in first)
        assert first.keys() == weights.keys() - {"mean", "scale"}
        # Each hears its example in noise of its own, which changes nothing where all phones are as likely.
        for learner in (alone, both):
            learner.weights["last"][...] = learner.weights["last_bias"][...] = 0.0
        (once, first), (twice, second) = (learner.of([0, 1], step=3) for learner in (alone, both))
        assert twice == pytest.approx(once) and np.allclose(second["last_bias"], first["last_bias"], atol=1e-4)
    assert not multiprocessing.active_children()
