"""Exact search of a word automaton in phone probabilities: the likeliest sentences of the grammar.

Every word arc becomes a chain of nodes phone, blank, phone, blank ...; as in CTC a phone may last, a blank may stand
between phones, and is needed between equal ones inside a word. Between words equal phones may melt into one, as they
do in speech. What a language begins anew melts at a price: else "zero" would be "zero oh" and "zero oh oh" at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voiceagent.speech.constrained.automaton import Automaton
from voiceagent.speech.constrained.phones import BLANK

_NEVER = np.float32(-1e30)
#: Log probability that a phone which is begun anew between words melts all the same.
MELTED = np.float32(-6.0)


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

    `sounds` gives the head outputs (no blank) of each way to say a word; words without any are left out with every
    path through them.
    `anew` are the outputs that a word begins anew after a word that ended with the same.
    """

    def __init__(
        self, automaton: Automaton, sounds: Callable[[str], Sequence[list[int]]], anew: Collection[int] = ()
    ) -> None:
        arcs = [(target, source, word, said) for source, word, target in automaton.arcs for said in sounds(word)]
        arcs.sort()
        self.words = [arc[2] for arc in arcs]
        self.sources = np.array([arc[1] for arc in arcs], np.intp)
        self.targets = np.array([arc[0] for arc in arcs], np.intp)
        self.lengths = [len(arc[3]) for arc in arcs]
        labels: list[int] = []
        skips: list[bool] = []
        firsts: list[int] = []
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
        self.final = np.array(sorted(automaton.final), np.intp)
        self._join([arc[3] for arc in arcs], automaton, anew)

    def _join(self, said: list[list[int]], automaton: Automaton, anew: Collection[int]) -> None:
        """Lay out the places between words: one of each state, and one more of each phone that is begun anew there.

        An arc arrives once at each place of the state it ends in; where its last phone meets itself, melting has a
        price.
        """
        ended: dict[int, list[int]] = {}
        for arc, target in enumerate(self.targets.tolist()):
            ended.setdefault(target, []).append(arc)
        places = [(state, -1) for state in range(automaton.states)]
        numbers: dict[tuple[int, int], int] = {}
        begun = [(source, sounds[0]) for source, sounds in zip(self.sources.tolist(), said, strict=True)]
        for source, phone in dict.fromkeys(begun):
            if phone in anew and any(said[arc][-1] == phone for arc in ended.get(source, ())):
                numbers[source, phone] = len(places)
                places.append((source, phone))
        self.places = len(places)
        self.starts = np.array([place for place, (state, _) in enumerate(places) if state == automaton.start], np.intp)
        self.entries = np.array([numbers.get(meeting, meeting[0]) for meeting in begun], np.intp)
        arriving, melting, bounds = [], [], [0]
        for state, phone in places:
            arriving += ended.get(state, [])
            melting += [MELTED if said[arc][-1] == phone else 0.0 for arc in ended.get(state, ())]
            bounds.append(len(arriving))
        self.arriving = np.array(arriving, np.intp)
        self.melting = np.array(melting, np.float32)
        self.bounds = np.array(bounds, np.intp)
        #: Places that any arc arrives at, and where their arrivals begin.
        self.reached = np.flatnonzero(np.diff(self.bounds))
        self.runs = self.bounds[self.reached]
        self.closing = self.lasts[self.arriving] if arriving else self.arriving

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
        """Best score of every node at every frame, of every place before every frame, and of silence from the start."""
        frames = len(logs)
        history = np.empty((frames, self.nodes), np.float32)
        ends = np.full((frames + 1, self.places), _NEVER, np.float32)
        quiet = np.concatenate([[0.0], np.cumsum(logs[:, BLANK])]).astype(np.float32)
        ends[0, self.starts] = 0.0
        now = np.full(self.nodes, _NEVER, np.float32)
        came = np.empty(self.nodes, np.float32)
        over = np.empty(self.nodes, np.float32)
        barred = np.where(self.skips, np.float32(0), _NEVER)[2:]
        for t in range(frames):
            came[1:] = now[:-1]
            came[self.firsts] = ends[t][self.entries]
            over[2:] = now[:-2]
            over[2:] += barred
            np.maximum(now, came, out=came)
            np.maximum(came[2:], over[2:], out=came[2:])
            came += logs[t][self.labels]
            now, came = came, now
            history[t] = now
            ends[t + 1, self.reached] = np.maximum.reduceat(self.arrivals(now, slice(None)), self.runs)
            ends[t + 1, self.starts] = np.maximum(ends[t + 1, self.starts], quiet[t + 1])
        return history, ends, quiet

    def arrivals(self, row: NDArray[np.float32], which: slice) -> NDArray[np.float32]:
        """Scores of arrivals at places, after a frame with these scores of the nodes."""
        closing = self.closing[which]
        arrived: NDArray[np.float32] = np.maximum(row[closing], row[closing - 1] + self.melting[which])
        return arrived


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
        place: int,
        floor: float,
        found: dict[tuple[int, ...], float],
    ) -> None:
        """Add the best sentence that reaches `place` before frame `t` and ends with the arcs `after`.

        At each word of it, every other word that ends in the same place for a total of at least `floor` opens a
        sentence of its own, with its best beginning.
        """
        arcs = after
        detours: list[tuple[float, int, int, tuple[int, ...]]] = []
        while True:
            here = float(self.ends[t, place])
            silent = self._silent(t, place)
            low, arrived = self._arrived(t, place)
            winner = -1 if silent else int(np.argmax(arrived))
            for index in np.flatnonzero(arrived >= here - (score - floor)).tolist():
                if index != winner:
                    detours.append((score - here + float(arrived[index]), low + index, t, arcs))
            if silent:
                break
            t, place = self._entered(low + winner, t)
            arcs = (int(self.graph.arriving[low + winner]), *arcs)
        if score > found.get(arcs, float(_NEVER)):
            found[arcs] = score
        for total, arrival, end, rest in detours:
            sentence = (*self._beginning(arrival, end), *rest)
            if total > found.get(sentence, float(_NEVER)):
                found[sentence] = total

    def _beginning(self, arrival: int, t: int) -> tuple[int, ...]:
        """The best sentence that ends with this arrival before frame `t`."""
        arcs: tuple[int, ...] = (int(self.graph.arriving[arrival]),)
        while True:
            t, place = self._entered(arrival, t)
            if self._silent(t, place):
                return arcs
            low, arrived = self._arrived(t, place)
            arrival = low + int(np.argmax(arrived))
            arcs = (int(self.graph.arriving[arrival]), *arcs)

    def _silent(self, t: int, place: int) -> bool:
        """Whether nothing was said before frame `t`, or nothing that is likelier."""
        return place in self.graph.starts and self.ends[t, place] == self.quiet[t]

    def _arrived(self, t: int, place: int) -> tuple[int, NDArray[np.float32]]:
        """The number of the first arrival at a place, and the scores of all before frame `t`."""
        low, high = (int(bound) for bound in self.graph.bounds[place : place + 2])
        return low, self.graph.arrivals(self.history[t - 1], slice(low, high if t else low))

    def _entered(self, arrival: int, t: int) -> tuple[int, int]:
        """Where the best way to the arrival, done before frame `t`, entered its arc: frame and place."""
        graph, history = self.graph, self.history
        arc = int(graph.arriving[arrival])
        first, node, place = int(graph.firsts[arc]), int(graph.lasts[arc]), int(graph.entries[arc])
        t -= 1
        node -= int(history[t, node - 1] + graph.melting[arrival] >= history[t, node])
        while True:
            before = history[t - 1] if t else None
            options = [(float(before[node]) if before is not None else float(_NEVER), node)]
            if node == first:
                options.append((float(self.ends[t, place]), -1))
            elif before is not None:
                options.append((float(before[node - 1]), node - 1))
                if graph.skips[node]:
                    options.append((float(before[node - 2]), node - 2))
            node = max(options)[1]
            if node < 0:
                return t, place
            t -= 1
