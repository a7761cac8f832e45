"""Whether a case belongs to a segment, from facts at hand (the database answers the same for all cases at once)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from voiceagent.segments.grammar import All, Any_, Expression, Not, Test, Value

#: Case is ignored in these letters only: what both databases and this program fold alike.
FOLD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def holds(expression: Expression, facts: Mapping[str, Value | None]) -> bool:
    """`facts` by field name; one that is absent or None is unknown, and a test of it is false."""
    match expression:
        case Not(part):
            return not holds(part, facts)
        case All(parts):
            return all(holds(part, facts) for part in parts)
        case Any_(parts):
            return any(holds(part, facts) for part in parts)
        case Test():
            return _holds(expression, facts.get(expression.field.name))


def _holds(test: Test, fact: Value | None) -> bool:
    if fact is None:
        return False
    if test.op == "known":
        return True
    known: Any = folded(fact)
    values: list[Any] = [folded(value) for value in test.values]
    if test.op == "in":
        return known in values
    if test.op == "between":
        return bool(values[0] <= known <= values[1])
    return bool(_COMPARE[test.op](known, values[0]))


def folded(value: Value) -> Value:
    """Texts as they are compared."""
    return value.translate(FOLD) if isinstance(value, str) else value
