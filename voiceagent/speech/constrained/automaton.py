"""From a grammar to the smallest automaton over words that says the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from voiceagent.speech.constrained.grammar import Choice, Expr, Loop, Seq, Word


@dataclass(frozen=True, slots=True)
class Automaton:
    """States 0..states-1; `arcs` are (from, word, to), at most one per state and word."""

    states: int
    start: int
    final: frozenset[int]
    arcs: tuple[tuple[int, str, int], ...]
    _steps: dict[tuple[int, str], int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_steps", {(source, word): target for source, word, target in self.arcs})

    def accepts(self, words: Sequence[str]) -> bool:
        """Whether the grammar can say these words."""
        state: int | None = self.start
        for word in words:
            state = self._steps.get((state, word)) if state is not None else None
        return state in self.final


class _Nondeterministic:
    def __init__(self) -> None:
        self.free: list[list[int]] = []
        self.worded: list[dict[str, list[int]]] = []

    def state(self) -> int:
        self.free.append([])
        self.worded.append({})
        return len(self.free) - 1

    def add(self, expression: Expr, begin: int) -> int:
        """Append the expression after `begin`; the state where it ends."""
        if isinstance(expression, Word):
            end = self.state()
            self.worded[begin].setdefault(expression.text, []).append(end)
            return end
        if isinstance(expression, Seq):
            for part in expression.parts:
                begin = self.add(part, begin)
            return begin
        if isinstance(expression, Choice):
            end = self.state()
            for option in expression.options:
                self.free[self.add(option, begin)].append(end)
            return end
        assert isinstance(expression, Loop)
        entry = self.state()
        self.free[begin].append(entry)
        end = self.add(expression.body, entry)
        self.free[self.add(expression.between, end)].append(entry)
        out = self.state()
        self.free[end].append(out)
        return out

    def closure(self, states: frozenset[int]) -> frozenset[int]:
        reached, waiting = set(states), list(states)
        while waiting:
            for target in self.free[waiting.pop()]:
                if target not in reached:
                    reached.add(target)
                    waiting.append(target)
        return frozenset(reached)


def automaton(expression: Expr) -> Automaton:
    """The minimal deterministic automaton of a grammar."""
    net = _Nondeterministic()
    begin = net.state()
    end = net.add(expression, begin)
    first = net.closure(frozenset({begin}))
    numbers = {first: 0}
    waiting = [first]
    steps: list[dict[str, int]] = []
    while waiting:
        reached: dict[str, set[int]] = defaultdict(set)
        for state in waiting.pop(0):
            for word, targets in net.worded[state].items():
                reached[word].update(targets)
        row: dict[str, int] = {}
        for word, into in reached.items():
            closed = net.closure(frozenset(into))
            if closed not in numbers:
                numbers[closed] = len(numbers)
                waiting.append(closed)
            row[word] = numbers[closed]
        steps.append(row)
    final = {number for states, number in numbers.items() if end in states}
    return _minimal(steps, final)


def _minimal(steps: list[dict[str, int]], final: set[int]) -> Automaton:
    """Merge states that nothing said afterwards can tell apart."""
    block = [1 if state in final else 0 for state in range(len(steps))]
    count = len(set(block))
    while True:
        shapes: dict[tuple[int, frozenset[tuple[str, int]]], int] = {}
        fresh = []
        for state, row in enumerate(steps):
            shape = (block[state], frozenset((word, block[target]) for word, target in row.items()))
            fresh.append(shapes.setdefault(shape, len(shapes)))
        block = fresh
        if len(shapes) == count:
            break
        count = len(shapes)
    arcs = {(block[state], word, block[target]) for state, row in enumerate(steps) for word, target in row.items()}
    return Automaton(count, block[0], frozenset(block[state] for state in final), tuple(sorted(arcs)))
