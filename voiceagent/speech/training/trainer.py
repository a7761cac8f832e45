"""Trains the head of a language: batches by length, one cycle of learning rates, the best by left-out voices.

The best of the epochs, of the mean of the last steps, and of the mean of that and the weights it started from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from rapidfuzz.distance import Levenshtein

from voiceagent.speech.constrained.head import REACH, Floats, Head
from voiceagent.speech.training.examples import Example
from voiceagent.speech.training.network import AdamW, backward, ctc, forward, fresh_weights

_GAP = 2 * REACH
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
) -> dict[str, Floats]:
    """Weights with the fewest phone errors on `judged`; `base` are weights to start from, or some of them."""
    chance = np.random.default_rng(seed)
    width = examples[0].states.shape[1]
    weights = fresh_weights(width, outputs, chance)
    if base is not None:
        weights |= {name: value.copy() for name, value in base.items()}
    else:
        sample = np.concatenate([examples[i].states for i in chance.permutation(len(examples))[:400]]).astype(
            np.float32
        )
        weights["mean"] = sample.mean(axis=0)
        weights["scale"] = 1.0 / (sample.std(axis=0) + 1e-3)
    optimiser = AdamW(weights)
    highest = _HIGHEST_RATE if base is None else _HIGHEST_RATE / 2
    best, kept = np.inf, {name: value.copy() for name, value in weights.items()}
    step = settled = 0
    summed_up = {name: np.zeros_like(value) for name, value in weights.items()}
    total = epochs * len(_batches(examples, chance))
    for epoch in range(epochs):
        loss = count = 0.0
        for batch in _batches(examples, chance):
            inputs, spans, inside = _laid_out([examples[i] for i in batch], weights, chance)
            texts = [examples[i].labels for i in batch]
            run = forward(weights, inputs, inside, 0.15, chance)
            summed, slope = ctc(run.logs, spans, texts)
            scale = np.float32(1 / len(batch))
            optimiser.step(weights, backward(weights, run, slope * scale, inside), highest * _cycle(step / total))
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
        size = len(examples[index].states) + _GAP
        if frames + size > _FRAMES and batches[-1]:
            batches.append([])
            frames = 0
        batches[-1].append(index)
        frames += size
    return [batches[i] for i in chance.permutation(len(batches))]


def _laid_out(
    examples: Sequence[Example], weights: dict[str, Floats], chance: np.random.Generator
) -> tuple[Floats, list[tuple[int, int]], np.ndarray]:
    """States end to end, normalised, with noise and short masks; their spans; where there are any."""
    total = sum(len(example.states) + _GAP for example in examples) + _GAP
    inputs = np.zeros((total, examples[0].states.shape[1]), np.float32)
    inside = np.zeros(total, bool)
    spans = []
    at = _GAP
    for example in examples:
        size = len(example.states)
        x = (example.states.astype(np.float32) - weights["mean"]) * weights["scale"]
        x += np.float32(0.15) * chance.standard_normal(x.shape, dtype=np.float32)
        for _ in range(2):
            begin = int(chance.integers(0, size))
            x[begin : begin + int(chance.integers(0, 6))] = 0.0
        inputs[at : at + size] = x
        inside[at : at + size] = True
        spans.append((at, at + size))
        at += size + _GAP
    return inputs, spans, inside


def _cycle(done: float) -> float:
    """The rate's share of its highest at a share of the training: up in the first quarter, then down as a cosine."""
    if done < 0.25:
        return 0.08 + 0.92 * done / 0.25
    return float(0.5 + 0.5 * np.cos(np.pi * (done - 0.25) / 0.75)) + 1e-3
