"""How hard the machine's recognisers are pressed, and whether one more call may begin."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Strain:
    """Closes when turns wait too long, and opens again only once they clearly do not. All of one machine's calls count.

    A closed machine takes no new call; those that have begun go on. `now` is a monotonic clock.
    """

    now: Callable[[], float]
    window_s: float = 15.0
    """Turns older than this tell nothing of the present."""
    close_s: float = 0.6
    """Mean from the end of a turn to its text at which callers begin to notice."""
    open_s: float = 0.35
    """Mean at which another call is welcome again."""
    least: int = 4
    """Turns that make a mean: one slow turn is no strain."""
    late_s: float = 10.0
    """No new call for so long after a turn that got no answer in time."""
    closed: bool = False
    _turns: deque[tuple[float, float]] = field(default_factory=deque)
    _late_at: float | None = None

    def turn(self, seconds: float, *, late: bool = False) -> None:
        """A turn was recognised `seconds` after its end (queueing included), or was given up."""
        at = self.now()
        self._turns.append((at, seconds))
        self._late_at = at if late else self._late_at

    def mean_s(self) -> float:
        """Of the window's turns; 0 when there are too few to tell."""
        oldest = self.now() - self.window_s
        while self._turns and self._turns[0][0] < oldest:
            self._turns.popleft()
        if len(self._turns) < self.least:
            return 0.0
        return sum(seconds for _, seconds in self._turns) / len(self._turns)

    def refusal(self) -> str:
        """Why no call may begin now; "" when one may."""
        mean, late = self.mean_s(), self._late_at is not None and self.now() - self._late_at < self.late_s
        self.closed = late or mean > (self.open_s if self.closed else self.close_s)
        if not self.closed:
            return ""
        if late:
            return "a turn got no answer in time"
        return f"turns wait {mean:.2f} s for their text"
