"""A score that anybody can recompute with a pencil: a base, and points for each test that holds, with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from voiceagent.base.errors import BadInputError
from voiceagent.segments.grammar import Expression, FilterError, Value, parse
from voiceagent.segments.meaning import holds

LOWEST, HIGHEST = 0, 1000


@dataclass(frozen=True, slots=True)
class Line:
    """Points for a test."""

    when: Expression
    points: int
    reason: str


@dataclass(frozen=True, slots=True)
class Scorecard:
    """As in the file; `version` names it in what was scored."""

    name: str
    version: str
    base: int
    lines: tuple[Line, ...]

    def score(self, facts: Mapping[str, Value | None]) -> tuple[int, tuple[str, ...]]:
        """(0 to 1000, the reasons that moved it, the weightiest first)."""
        held = [line for line in self.lines if holds(line.when, facts)]
        total = self.base + sum(line.points for line in held)
        reasons = [line.reason for line in sorted(held, key=lambda line: -abs(line.points))]
        return max(LOWEST, min(HIGHEST, total)), tuple(reasons)


def read_scorecard(data: Any) -> Scorecard:
    """From {name, version, base, lines: [{when, points, reason}]}; BadInputError names the line that is wrong."""
    if not isinstance(data, dict) or set(data) != {"name", "version", "base", "lines"}:
        raise BadInputError("a scorecard has exactly name, version, base and lines")
    if not isinstance(data["lines"], list) or not _whole(data["base"]):
        raise BadInputError("a scorecard's base is a whole number, its lines a list")
    return Scorecard(
        str(data["name"]), str(data["version"]), data["base"], tuple(map(_line, range(1, 10**6), data["lines"]))
    )


def _line(number: int, entry: Any) -> Line:
    if not isinstance(entry, dict) or set(entry) != {"when", "points", "reason"}:
        raise BadInputError(f"line {number} of the scorecard has exactly when, points and reason")
    if not _whole(entry["points"]) or not isinstance(entry["reason"], str) or not isinstance(entry["when"], str):
        raise BadInputError(f"line {number} of the scorecard: points is a whole number, when and reason are texts")
    try:
        return Line(parse(entry["when"]), entry["points"], entry["reason"])
    except FilterError as error:
        raise BadInputError(f"line {number} of the scorecard: {error.message}") from error


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
