"""The phone head: Whisper's encoder states in, log probabilities of phones out. Numpy only.

Small and short-sighted on purpose (one frame sees 13, or 21 with five blocks): it must learn sounds, not sentences.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
REACH = 2  # frames to each side that a block sees


@dataclass(frozen=True, slots=True)
class Head:
    """Weights of one language: `first`, `last` and the blocks between them; `training/network.py` makes them."""

    weights: dict[str, Floats]
    version: str
    """The first letters of the weights' SHA-256."""

    def __call__(self, states: Floats) -> Floats:
        """Log probabilities (frames, 1 + phones), blank first, of encoder states (frames, width)."""
        w = self.weights
        x = ((states - w["mean"]) * w["scale"]) @ w["first"] + w["first_bias"]
        for block in range(blocks_of(w)):
            normal = x - x.mean(axis=1, keepdims=True)
            normal /= np.sqrt(np.mean(normal**2, axis=1, keepdims=True) + 1e-5)
            normal = normal * w[f"gain{block}"] + w[f"shift{block}"]
            padded = np.pad(normal, ((REACH, REACH), (0, 0)))
            kernel = w[f"kernel{block}"]
            seen = sum(padded[k : k + len(x)] * kernel[k] for k in range(2 * REACH + 1)) + w[f"kernel_bias{block}"]
            x = x + np.maximum(seen, 0.0) @ w[f"mix{block}"] + w[f"mix_bias{block}"]
        x = x @ w["last"] + w["last_bias"]
        x -= x.max(axis=1, keepdims=True)
        return np.asarray(x - np.log(np.exp(x).sum(axis=1, keepdims=True)), np.float32)


def blocks_of(weights: dict[str, Floats]) -> int:
    """How many blocks a head of these weights has."""
    return sum(name.startswith("gain") for name in weights)


@lru_cache(maxsize=4)
def head_of(language: str) -> Head | None:
    """The shipped head of a language, None when there is none."""
    path = resources.files("voiceagent.speech.constrained").joinpath("weights", f"{language}.npz")
    if not path.is_file():
        return None
    raw = path.read_bytes()
    with np.load(io.BytesIO(raw), allow_pickle=False) as stored:
        weights = {name: stored[name].astype(np.float32) for name in stored.files}
    return Head(weights, hashlib.sha256(raw).hexdigest()[:12])
