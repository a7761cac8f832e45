"""Patience: how long a silence ends this caller's turn. Pure; seconds come from the beat."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PatienceSettings:
    """Seconds of the end of a turn, around what the script gives each state."""

    glance_s: float = 0.2
    """Silence after which it is looked at what was said so far."""
    complete_share: float = 0.42
    """Of the state's silence, when what was said is a complete answer,"""
    complete_least_s: float = 0.3
    """but at least this,"""
    complete_most_s: float = 0.42
    """and at most this."""
    unfinished_s: float = 1.3
    """At least this, when what was said breaks off ("no dia …")."""
    fluent_share: float = 0.85
    """Of the state's silence, with a caller who makes no pauses."""
    margin_s: float = 0.2
    """More than the caller's own pauses."""
    stretch: float = 1.5
    """The caller's own pauses lengthen the state's silence to so many times itself at most."""
    longest_s: float = 1.6
    """Nobody is waited for longer than this, unless the state says so."""
    weight: float = 0.4
    """How much the last pause counts."""
    fluent_turns: int = 3
    """Turns without a pause that make a fluent caller."""


@dataclass(slots=True)
class Patience:
    """Learns from one caller's pauses."""

    settings: PatienceSettings = field(default_factory=PatienceSettings)
    pause_s: float = 0.0
    """How long this caller pauses in mid-turn; 0 when not known to."""
    _fluent: int = 0
    _paused: bool = False

    def paused(self, seconds: float) -> None:
        """The caller went on after so much silence."""
        self._paused, self._fluent = True, 0
        weight = self.settings.weight if self.pause_s else 1.0
        # A longer pause counts at once: whoever was cut off once must not be cut off again.
        self.pause_s = max(seconds, self.pause_s + weight * (seconds - self.pause_s))

    def turn_ended(self) -> None:
        """A turn is over."""
        if not self._paused:
            self._fluent += 1
            self.pause_s *= 1 - self.settings.weight / 2
        self._paused = False

    def wait_s(self, state_s: float, complete: bool | None) -> float:
        """The silence that ends a turn where the state's own is `state_s` and what was said is `complete`."""
        s = self.settings
        own = self.pause_s + s.margin_s if self.pause_s > s.glance_s else 0.0
        if complete:
            least = min(max(s.complete_share * state_s, s.complete_least_s), s.complete_most_s)
            return min(max(least, min(own, state_s)), max(state_s, least))
        wait = state_s * s.fluent_share if self._fluent >= s.fluent_turns and not own else state_s
        wait = max(wait, min(own, state_s * s.stretch))
        if complete is False:
            wait = max(wait, s.unfinished_s)
        return min(wait, max(s.longest_s, state_s))
