"""What is wrong with a row of a list, for the person who made the list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a row. `fatal`: the row was not taken; otherwise only this cell was left out."""

    line: int
    column: str
    value: str
    code: str
    text: str
    fatal: bool = True


class RejectedError(Exception):
    """The row cannot be taken."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.text)
        self.fault = fault


def rejecting(reasons: Iterable[Fault], others: Iterable[Fault]) -> list[Fault]:
    """All that is wrong with a row that was not taken, each once, its reasons first: no cell of it was taken."""
    return list(dict.fromkeys(replace(fault, fatal=True) for fault in (*reasons, *others)))
