"""Exact search of a word automaton in phone probabilities: the likeliest sentences of the grammar.

Every word arc becomes a chain of nodes phone, blank, phone, blank ...; as in CTC a phone may last, a blank may stand
between phones, and is needed between equal ones inside a word. Between words equal phones may melt into one, as they
do in speech.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voiceagent.speech.constrained.automaton import Automaton
from voiceagent.speech.constrained.phones import BLANK

_NEVER = np.float32(-1e30)


@dataclass(frozen=True, slots=True)
class Found:
    """A sentence of the grammar in the audio."""

    words: tuple[str, ...]
    path: float
    """Log probability of its best alignment with the whole utterance."""
    phones: int
    """How many phones the words have."""


class Graph:
    """An automaton laid out for the search; build once, search often, safe to share between threads.

    `sounds` gives a word's head outputs (no blank); words without any are left out with every path through them.
    """

    def __init__(self, automaton: Automaton, sounds: Callable[[str], list[int] | None]) -> None:
        arcs = []
        for source, word, target in automaton.arcs:
            labels = sounds(word)
            if labels:
                arcs.append((target, source, word, labels))
        arcs.sort(key=lambda arc: (arc[0], arc[1], arc[2]))
        self.words = [arc[2] for arc in arcs]
        self.sources = np.array([arc[1] for arc in arcs], np.intp)
        self.targets = np.array([arc[0] for arc in arcs], np.intp)
        self.lengths = [len(arc[3]) for arc in arcs]
        labels, skips, firsts = [], [], []
        for _, _, _, said in arcs:
            firsts.append(len(labels))
            for index, label in enumerate(said):
                labels += [label, BLANK]
                skips += [bool(index) and said[index - 1] != label, False]
        self.nodes = len(labels)
        self.labels = np.array(labels, np.intp)
        self.skips = np.array(skips, bool)
        self.firsts = np.array(firsts, np.intp)
        self.lasts = np.array([first + 2 * length - 1 for first, length in zip(firsts, self.lengths, strict=True)])
        # Arcs are sorted by where they end, so each state's arcs are one run.
        self.ended = np.unique(self.targets)
        self.runs = np.searchsorted(self.targets, self.ended)
        self.start = automaton.start
        self.states = automaton.states
        self.final = np.array(sorted(automaton.final), np.intp)

    def best(self, logs: NDArray[np.float32], most: int = 1, within: float = 6.0) -> list[Found]:
        """The likeliest words for log probabilities (frames, outputs), best first; empty when there are none.

        Up to `most` sentences whose best alignment lies at most `within` under the winner's: the winner, and what it
        would be if one of its words had been reached another way.
        """
        frames = len(logs)
        if not self.nodes or not frames:
            return []
        history, ends, quiet = self._search(logs)
        finals = [state for state in self.final.tolist() if ends[frames, state] > _NEVER / 2]
        if not finals:
            return []
        search = _Trace(self, history, ends, quiet)
        top = max(float(ends[frames, state]) for state in finals)
        # Each entry: score, how the sentence ends after (frame, state), and those.
        waiting: list[tuple[float, tuple[int, ...], int, int]] = []
        for state in finals:
            if float(ends[frames, state]) >= top - within:
                waiting.append((float(ends[frames, state]), (), frames, state))
        found: dict[tuple[int, ...], float] = {}
        for score, after, t, state in waiting:
            search.follow(score, after, t, state, top - within if most > 1 else top, found)
        ranked = sorted(found.items(), key=lambda pair: -pair[1])[:most]
        return [
            Found(tuple(self.words[arc] for arc in arcs), score, sum(self.lengths[arc] for arc in arcs))
            for arcs, score in ranked
        ]

    def _search(
        self, logs: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Best score of every node at every frame, of every state before every frame, and of silence from the start."""
        frames = len(logs)
        history = np.empty((frames, self.nodes), np.float32)
        ends = np.full((frames + 1, self.states), _NEVER, np.float32)
        quiet = np.concatenate([[0.0], np.cumsum(logs[:, BLANK])]).astype(np.float32)
        ends[0, self.start] = 0.0
        now = np.full(self.nodes, _NEVER, np.float32)
        came = np.empty(self.nodes, np.float32)
        over = np.empty(self.nodes, np.float32)
        barred = np.where(self.skips, np.float32(0), _NEVER)[2:]
        for t in range(frames):
            came[1:] = now[:-1]
            came[self.firsts] = ends[t][self.sources]
            over[2:] = now[:-2]
            over[2:] += barred
            np.maximum(now, came, out=came)
            np.maximum(came[2:], over[2:], out=came[2:])
            came += logs[t][self.labels]
            now, came = came, now
            history[t] = now
            arrived = np.maximum(now[self.lasts], now[self.lasts - 1])
            ends[t + 1, self.ended] = np.maximum.reduceat(arrived, self.runs)
            ends[t + 1, self.start] = max(ends[t + 1, self.start], quiet[t + 1])
        return history, ends, quiet


@dataclass(frozen=True, slots=True)
class _Trace:
    """Reads sentences backwards out of what a search left."""

    graph: Graph
    history: NDArray[np.float32]
    ends: NDArray[np.float32]
    quiet: NDArray[np.float32]

    def follow(
        self,
        score: float,
        after: tuple[int, ...],
        t: int,
        state: int,
        floor: float,
        found: dict[tuple[int, ...], float],
    ) -> None:
        """Add the best sentence that reaches `state` before frame `t` and ends with the arcs `after`.

        At each word of it, every other word that ends in the same place for a total of at least `floor` opens a
        sentence of its own, with its best beginning.
        """
        arcs = after
        detours: list[tuple[float, int, int, tuple[int, ...]]] = []
        while True:
            here = float(self.ends[t, state])
            silent = state == self.graph.start and here == float(self.quiet[t])
            low, high = np.searchsorted(self.graph.targets, [state, state + 1])
            if t and high > low:
                lasts = self.graph.lasts[low:high]
                arrived = np.maximum(self.history[t - 1, lasts], self.history[t - 1, lasts - 1])
                winner = -1 if silent else int(np.argmax(arrived))
                for index in np.flatnonzero(arrived >= here - (score - floor)).tolist():
                    if index != winner:
                        detours.append((score - here + float(arrived[index]), int(low + index), t, arcs))
            if silent:
                break
            arc = int(low + winner)
            t, state = self._entered(arc, t), int(self.graph.sources[arc])
            arcs = (arc, *arcs)
        if score > found.get(arcs, float(_NEVER)):
            found[arcs] = score
        for total, arc, end, rest in detours:
            sentence = (*self._beginning(arc, end), *rest)
            if total > found.get(sentence, float(_NEVER)):
                found[sentence] = total

    def _beginning(self, arc: int, t: int) -> tuple[int, ...]:
        """The best sentence that ends with this arc before frame `t`."""
        arcs: tuple[int, ...] = (arc,)
        while True:
            t, state = self._entered(arcs[0], t), int(self.graph.sources[arcs[0]])
            if state == self.graph.start and self.ends[t, state] == self.quiet[t]:
                return arcs
            low, high = np.searchsorted(self.graph.targets, [state, state + 1])
            lasts = self.graph.lasts[low:high]
            arrived = np.maximum(self.history[t - 1, lasts], self.history[t - 1, lasts - 1])
            arcs = (int(low + np.argmax(arrived)), *arcs)

    def _entered(self, arc: int, t: int) -> int:
        """The frame at which the best way through the arc, done before frame `t`, entered it."""
        graph, history = self.graph, self.history
        first, node = int(graph.firsts[arc]), int(graph.lasts[arc])
        t -= 1
        node -= int(history[t, node - 1] >= history[t, node])
        while True:
            before = history[t - 1] if t else None
            options = [(float(before[node]) if before is not None else float(_NEVER), node)]
            if node == first:
                options.append((float(self.ends[t, graph.sources[arc]]), -1))
            elif before is not None:
                options.append((float(before[node - 1]), node - 1))
                if graph.skips[node]:
                    options.append((float(before[node - 2]), node - 2))
            node = max(options)[1]
            if node < 0:
                return t
            t -= 1
