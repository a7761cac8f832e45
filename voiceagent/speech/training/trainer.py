"""Trains the head of a language: batches by length, one cycle of learning rates, the best by left-out voices.

The best of the epochs, of the mean of the last steps, and of the mean of that and the weights it started from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from rapidfuzz.distance import Levenshtein

from voiceagent.speech.constrained.head import Floats, Head, blocks_of
from voiceagent.speech.training.examples import Example
from voiceagent.speech.training.network import AdamW, fresh_weights
from voiceagent.speech.training.slopes import GAP, Slopes

_FRAMES = 3600
_HIGHEST_RATE = 4e-3
#: From this share of the training on, the weights of every step count for their mean.
_SETTLED = 0.6


def train(
    examples: Sequence[Example],
    judged: Sequence[Example],
    outputs: int,
    epochs: int,
    report: Callable[[str], None],
    seed: int = 1,
    base: dict[str, Floats] | None = None,
    processes: int = 1,
) -> dict[str, Floats]:
    """Weights with the fewest phone errors on `judged`; `base` are weights to start from, or all but `last`."""
    chance = np.random.default_rng(seed)
    states = examples[0].states.shape[1]
    if base is not None:
        fresh = fresh_weights(states, outputs, chance, base["first"].shape[1], blocks_of(base))
        weights = fresh | {name: value.copy() for name, value in base.items()}
    else:
        weights = fresh_weights(states, outputs, chance)
        sample = np.concatenate([examples[i].states for i in chance.permutation(len(examples))[:400]]).astype(
            np.float32
        )
        weights["mean"] = sample.mean(axis=0)
        weights["scale"] = 1.0 / (sample.std(axis=0) + 1e-3)
    highest = _HIGHEST_RATE if base is None else _HIGHEST_RATE / 2
    with Slopes(examples, weights, processes, seed) as slopes:
        return _best(slopes, examples, judged, epochs, report, chance, highest, base)


def _best(
    slopes: Slopes,
    examples: Sequence[Example],
    judged: Sequence[Example],
    epochs: int,
    report: Callable[[str], None],
    chance: np.random.Generator,
    highest: float,
    base: dict[str, Floats] | None,
) -> dict[str, Floats]:
    weights = slopes.weights
    optimiser = AdamW(weights)
    best, kept = np.inf, {name: value.copy() for name, value in weights.items()}
    step = settled = 0
    summed_up = {name: np.zeros_like(value) for name, value in weights.items()}
    total = epochs * len(_batches(examples, chance))
    for epoch in range(epochs):
        loss = count = 0.0
        for batch in _batches(examples, chance):
            summed, slope = slopes.of(batch, step)
            optimiser.step(weights, slope, highest * _cycle(step / total))
            loss, count, step = loss + summed, count + len(batch), step + 1
            if step > _SETTLED * total:
                settled += 1
                for name, value in weights.items():
                    summed_up[name] += value
        errors = phone_errors(weights, judged)
        report(
            f"epoch {epoch + 1}/{epochs}: loss {loss / max(count, 1):.2f}, left-out voices {errors:.3f} phone errors"
        )
        if errors < best:
            best, kept = errors, {name: value.copy() for name, value in weights.items()}
    mean = {name: value / np.float32(settled) for name, value in summed_up.items()}
    means = {"the last steps": mean}
    if base is not None and base.keys() == mean.keys():
        # Two heads of which one came from the other err in different places.
        means["those and the first"] = {name: (base[name] + value) / np.float32(2) for name, value in mean.items()}
    for of, middle in means.items():
        errors = phone_errors(middle, judged)
        report(f"mean of {of}: left-out voices {errors:.4f} phone errors")
        if errors < best:
            best, kept = errors, middle
    return kept


def phone_errors(weights: dict[str, Floats], examples: Sequence[Example]) -> float:
    """Phone errors per phone of the greedy reading."""
    head = Head(weights, "")
    wrong = said = 0
    for example in examples:
        path = head(example.states.astype(np.float32)).argmax(axis=1)
        changed = path[np.insert(np.diff(path) != 0, 0, True)]
        wrong += Levenshtein.distance([int(p) for p in changed if p], example.labels)
        said += len(example.labels)
    return wrong / max(said, 1)


def _batches(examples: Sequence[Example], chance: np.random.Generator) -> list[list[int]]:
    """Indices of examples of like length, about `_FRAMES` frames each, in random order."""
    order = sorted(range(len(examples)), key=lambda i: len(examples[i].states) + chance.uniform(0, 12))
    batches: list[list[int]] = [[]]
    frames = 0
    for index in order:
        size = len(examples[index].states) + GAP
        if frames + size > _FRAMES and batches[-1]:
            batches.append([])
            frames = 0
        batches[-1].append(index)
        frames += size
    return [batches[i] for i in chance.permutation(len(batches))]


def _cycle(done: float) -> float:
    """The rate's share of its highest at a share of the training: up in the first quarter, then down as a cosine."""
    if done < 0.25:
        return 0.08 + 0.92 * done / 0.25
    return float(0.5 + 0.5 * np.cos(np.pi * (done - 0.25) / 0.75)) + 1e-3
