"""The phone head in training: forward, backward, CTC loss, AdamW, all in numpy.

Utterances of a batch are laid end to end with a gap of zeros, so that the short-sighted convolution never sees a
neighbour and no frame is spent on padding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from voiceagent.speech.constrained.head import REACH, blocks_of

Floats = NDArray[np.float32]
#: Of a head that is trained from nothing; as large as half precision allows in a megabyte.
WIDTH, BLOCKS = 256, 5


def fresh_weights(
    states: int, outputs: int, chance: np.random.Generator, width: int = WIDTH, blocks: int = BLOCKS
) -> dict[str, Floats]:
    """Random weights; `mean` and `scale` (of the states) are set by the trainer and never learnt."""

    def normal(rows: int, columns: int, gain: float) -> Floats:
        return np.asarray(chance.standard_normal((rows, columns)) * np.sqrt(gain / rows), np.float32)

    weights = {
        "mean": np.zeros(states, np.float32),
        "scale": np.ones(states, np.float32),
        "first": normal(states, width, 1.0),
        "first_bias": np.zeros(width, np.float32),
        "last": normal(width, outputs, 1.0),
        "last_bias": np.zeros(outputs, np.float32),
    }
    for block in range(blocks):
        weights |= {
            f"gain{block}": np.ones(width, np.float32),
            f"shift{block}": np.zeros(width, np.float32),
            f"kernel{block}": (chance.standard_normal((2 * REACH + 1, width)) * 0.4).astype(np.float32),
            f"kernel_bias{block}": np.zeros(width, np.float32),
            f"mix{block}": normal(width, width, 0.5),
            f"mix_bias{block}": np.zeros(width, np.float32),
        }
    return weights


@dataclass(slots=True)
class Pass:
    """What a forward pass keeps for the backward one."""

    inputs: Floats
    logs: Floats
    last_in: Floats
    blocks: list[tuple[Floats, ...]] = field(default_factory=list)


def forward(
    weights: dict[str, Floats], inputs: Floats, inside: NDArray[np.bool_], drop: float, chance: np.random.Generator
) -> Pass:
    """Log probabilities for normalised `inputs` (frames, states); `inside` is False in the gaps between utterances."""
    x = inputs @ weights["first"] + weights["first_bias"]
    kept = Pass(inputs, x, x)
    mask = inside[:, None].astype(np.float32)
    for block in range(blocks_of(weights)):
        centred = x - x.mean(axis=1, keepdims=True)
        inverse = 1.0 / np.sqrt(np.mean(centred**2, axis=1, keepdims=True) + np.float32(1e-5))
        unit = centred * inverse
        normal = (unit * weights[f"gain{block}"] + weights[f"shift{block}"]) * mask
        padded = np.pad(normal, ((REACH, REACH), (0, 0)))
        kernel = weights[f"kernel{block}"]
        seen = padded[: len(x)] * kernel[0]
        for k in range(1, 2 * REACH + 1):
            seen += padded[k : k + len(x)] * kernel[k]
        seen += weights[f"kernel_bias{block}"]
        open_ = (seen > 0).astype(np.float32)
        if drop:
            open_ *= (chance.random(open_.shape, dtype=np.float32) >= drop) * np.float32(1 / (1 - drop))
        active = seen * open_
        x = x + active @ weights[f"mix{block}"] + weights[f"mix_bias{block}"]
        kept.blocks.append((unit, inverse, padded, open_, active))
    kept.last_in = x
    out = x @ weights["last"] + weights["last_bias"]
    out -= out.max(axis=1, keepdims=True)
    kept.logs = out - np.log(np.exp(out).sum(axis=1, keepdims=True))
    return kept


def backward(weights: dict[str, Floats], kept: Pass, slope: Floats, inside: NDArray[np.bool_]) -> dict[str, Floats]:
    """Gradients of all learnt weights, given the slope of the loss by the outputs before the softmax."""
    grads = {"last": kept.last_in.T @ slope, "last_bias": slope.sum(axis=0)}
    dx = slope @ weights["last"].T
    mask = inside[:, None].astype(np.float32)
    for block in reversed(range(blocks_of(weights))):
        unit, inverse, padded, open_, active = kept.blocks[block]
        grads[f"mix{block}"] = active.T @ dx
        grads[f"mix_bias{block}"] = dx.sum(axis=0)
        seen = (dx @ weights[f"mix{block}"].T) * open_
        kernel = weights[f"kernel{block}"]
        size = len(seen)
        grads[f"kernel_bias{block}"] = seen.sum(axis=0)
        slopes = np.zeros_like(padded)
        kernel_slope = np.empty_like(kernel)
        for k in range(2 * REACH + 1):
            kernel_slope[k] = np.einsum("tc,tc->c", seen, padded[k : k + size])
            slopes[k : k + size] += seen * kernel[k]
        grads[f"kernel{block}"] = kernel_slope
        normal = slopes[REACH : REACH + size] * mask
        grads[f"gain{block}"] = np.einsum("tc,tc->c", normal, unit)
        grads[f"shift{block}"] = normal.sum(axis=0)
        d = normal * weights[f"gain{block}"]
        dx = dx + inverse * (d - d.mean(axis=1, keepdims=True) - unit * np.mean(d * unit, axis=1, keepdims=True))
    grads["first"] = kept.inputs.T @ dx
    grads["first_bias"] = dx.sum(axis=0)
    return grads


def ctc(logs: Floats, spans: Sequence[tuple[int, int]], texts: Sequence[Sequence[int]]) -> tuple[float, Floats]:
    """(summed loss, its slope by the outputs before the softmax) for utterances at `spans` of `logs`.

    All utterances advance together, frame by frame, as probabilities rescaled at each frame. An utterance too short
    for its text gives no loss and no slope.
    """
    count = len(spans)
    longest = max(end - begin for begin, end in spans)
    wide = 2 * max(len(text) for text in texts) + 1
    labels = np.zeros((count, wide), np.intp)
    valid = np.zeros((count, wide))
    skip = np.zeros((count, wide))
    probs = np.exp(logs)
    emitted = np.zeros((longest, count, wide))
    lengths = np.array([end - begin for begin, end in spans])
    finals = np.array([2 * len(text) for text in texts])
    for row, (text, (begin, end)) in enumerate(zip(texts, spans, strict=True)):
        size = 2 * len(text) + 1
        labels[row, 1:size:2] = text
        valid[row, :size] = 1.0
        skip[row, 3:size:2] = [text[k] != text[k - 1] for k in range(1, len(text))]
        emitted[: end - begin, row, :size] = probs[begin:end][:, labels[row, :size]] + 1e-12
    rows = np.arange(count)
    alphas = np.zeros((longest, count, wide))
    scales = np.ones((longest, count))
    alpha = np.zeros((count, wide))
    alpha[:, 0] = 1.0
    for t in range(longest):
        fresh = alpha.copy()
        if t:
            fresh[:, 1:] += alpha[:, :-1]
            fresh[:, 2:] += alpha[:, :-2] * skip[:, 2:]
        else:
            fresh[:, 1] = 1.0
        fresh *= emitted[t]
        scale = fresh.sum(axis=1)
        scale[scale <= 0] = 1.0
        alpha = fresh / scale[:, None]
        alphas[t], scales[t] = alpha, scale
    beta = np.zeros((count, wide))
    posterior = np.zeros_like(alphas)
    skip_from = np.zeros_like(skip)
    skip_from[:, :-2] = skip[:, 2:]
    for t in range(longest - 1, -1, -1):
        if t < longest - 1:
            came = beta * emitted[t + 1]
            fresh = came.copy()
            fresh[:, :-1] += came[:, 1:]
            fresh[:, :-2] += came[:, 2:] * skip_from[:, :-2]
            total = fresh.sum(axis=1, keepdims=True)
            beta = fresh / np.where(total > 0, total, 1.0)
        ending = rows[lengths == t + 1]
        beta[ending] = 0.0
        beta[ending, finals[ending]] = 1.0
        beta[ending, np.maximum(finals[ending] - 1, 0)] = 1.0
        product = alphas[t] * beta
        total = product.sum(axis=1, keepdims=True)
        posterior[t] = product / np.where(total > 0, total, 1.0)
    slope = np.zeros_like(logs)
    loss = 0.0
    for row, (begin, end) in enumerate(spans):
        size = end - begin
        ended = alphas[size - 1, row, max(0, finals[row] - 1) : finals[row] + 1].sum()
        if ended <= 0 or posterior[:size, row].sum() < size * 0.99:
            continue
        loss -= float(np.log(ended) + np.log(scales[:size, row]).sum())
        slope[begin:end] = probs[begin:end]
        target = np.zeros((size, logs.shape[1]))
        for position in range(finals[row] + 1):
            target[:, labels[row, position]] += posterior[:size, row, position]
        slope[begin:end] -= target
    return loss, slope


class AdamW:
    """The usual optimiser; weight decay on matrices only."""

    def __init__(self, weights: dict[str, Floats], decay: float = 0.02) -> None:
        self._first = {name: np.zeros_like(value) for name, value in weights.items()}
        self._second = {name: np.zeros_like(value) for name, value in weights.items()}
        self._decay = decay
        self._step = 0

    def step(self, weights: dict[str, Floats], grads: dict[str, Floats], rate: float) -> None:
        """Update in place."""
        self._step += 1
        norm = np.sqrt(sum(float(np.sum(grad.astype(np.float64) ** 2)) for grad in grads.values()))
        shrink = np.float32(min(1.0, 5.0 / (norm + 1e-9)))
        for name, grad in grads.items():
            first, second = self._first[name], self._second[name]
            first += np.float32(0.1) * (grad * shrink - first)
            second += np.float32(0.02) * ((grad * shrink) ** 2 - second)
            ahead = first / np.float32(1 - 0.9**self._step)
            spread = np.sqrt(second / np.float32(1 - 0.98**self._step)) + np.float32(1e-8)
            if weights[name].ndim == 2:
                weights[name] *= np.float32(1 - rate * self._decay)
            weights[name] -= np.float32(rate) * (ahead / spread).astype(np.float32)
