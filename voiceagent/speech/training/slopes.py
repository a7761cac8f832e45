"""Loss and slopes of a batch, worked out by several processes at once, each for its share of the examples."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

import numpy as np

from voiceagent.speech.constrained.head import REACH, Floats
from voiceagent.speech.training.examples import Example
from voiceagent.speech.training.network import backward, ctc, forward

#: Frames of silence between the examples of a batch: no convolution sees a neighbour.
GAP = 2 * REACH
_DROPPED = 0.1


class Slopes:
    """The examples and the weights, shared by all processes; use it as a context manager.

    `weights` are the ones to change in place: every process sees them.
    """

    def __init__(self, examples: Sequence[Example], weights: dict[str, Floats], processes: int, seed: int) -> None:
        self._examples, self._seed = examples, seed
        self._shapes = {name: value.shape for name, value in weights.items()}
        size = sum(value.size for value in weights.values())
        # Forked, so that nobody copies the examples.
        fork = multiprocessing.get_context("fork")
        self.weights = self._laid_over(fork.RawArray("f", size))
        for name, value in weights.items():
            self.weights[name][...] = value
        self._slopes = [self._laid_over(fork.RawArray("f", size)) for _ in range(processes)]
        self._pipes: list[Connection] = []
        self._helpers: list[Any] = []
        for number in range(1, processes):
            ours, theirs = fork.Pipe()
            helper = fork.Process(target=self._help, args=(number, theirs, [*self._pipes, ours]), daemon=True)
            helper.start()
            theirs.close()
            self._pipes.append(ours)
            self._helpers.append(helper)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for pipe, helper in zip(self._pipes, self._helpers, strict=True):
            pipe.close()
            helper.join()

    def of(self, batch: Sequence[int], step: int) -> tuple[float, dict[str, Floats]]:
        """(summed loss, mean slope of each weight) of the examples with those indices."""
        count = 1 + len(self._pipes)
        parts = [list(batch[number::count]) for number in range(count)]
        for pipe, part in zip(self._pipes, parts[1:], strict=True):
            pipe.send((part, step))
        loss = self._work(0, parts[0], step) + sum(float(pipe.recv()) for pipe in self._pipes)
        made = {
            name: np.sum([slopes[name] for slopes in self._slopes], axis=0) / np.float32(len(batch))
            for name in self._slopes[0]
            # The states' mean and scale are not learnt.
            if name not in ("mean", "scale")
        }
        return loss, made

    def _help(self, number: int, pipe: Connection, inherited: Sequence[Connection]) -> None:
        for other_end in inherited:
            other_end.close()  # while anyone holds it open, its helper waits for more
        while True:
            try:
                part, step = pipe.recv()
            except EOFError:
                return
            pipe.send(self._work(number, part, step))

    def _work(self, number: int, part: Sequence[int], step: int) -> float:
        """The summed loss of one process's share; its summed slopes are left in its memory."""
        into = self._slopes[number]
        if not part:
            for value in into.values():
                value[...] = 0.0
            return 0.0
        chance = np.random.default_rng([self._seed, step, number])
        chosen = [self._examples[index] for index in part]
        inputs, spans, inside = laid_out(chosen, self.weights, chance)
        run = forward(self.weights, inputs, inside, _DROPPED, chance)
        loss, slope = ctc(run.logs, spans, [example.labels for example in chosen])
        for name, value in backward(self.weights, run, slope, inside).items():
            into[name][...] = value
        return loss

    def _laid_over(self, shared: Any) -> dict[str, Floats]:
        """The weights' names and shapes over one stretch of shared memory."""
        flat = np.frombuffer(shared, np.float32)
        ends = np.cumsum([int(np.prod(shape)) for shape in self._shapes.values()])
        parts = np.split(flat, ends[:-1])
        return {name: part.reshape(shape) for (name, shape), part in zip(self._shapes.items(), parts, strict=True)}


def laid_out(
    examples: Sequence[Example], weights: dict[str, Floats], chance: np.random.Generator
) -> tuple[Floats, list[tuple[int, int]], np.ndarray]:
    """States end to end, normalised, with noise and short masks; their spans; where there are any."""
    total = sum(len(example.states) + GAP for example in examples) + GAP
    inputs = np.zeros((total, examples[0].states.shape[1]), np.float32)
    inside = np.zeros(total, bool)
    spans = []
    at = GAP
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
        at += size + GAP
    return inputs, spans, inside
