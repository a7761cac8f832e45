"""Retries: how long to wait before a registrar is asked again."""

from __future__ import annotations

import random


class Retries:
    """Waits that double up to a longest one, each spread by half: an exchange that is back is not asked by all at once.

    `FIRST_S`, `LONGEST_S`: seconds; `chance`: 0..1, by default a random number.
    """

    FIRST_S, LONGEST_S = 1.0, 60.0

    def __init__(self, chance: random.Random | None = None) -> None:
        self._chance = chance or random.Random()
        self._next_s = self.FIRST_S

    def wait_s(self) -> float:
        """Seconds until the next try; longer each time."""
        wait, self._next_s = self._next_s, min(self._next_s * 2, self.LONGEST_S)
        return wait * self._chance.uniform(0.5, 1.5)

    def succeeded(self) -> None:
        """Begin with the shortest again."""
        self._next_s = self.FIRST_S
