"""Turn taking: when to duck, when to stop talking, when silence has lasted too long, when a key sequence is whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from voiceagent.dialogue.events import Expect

#: What the debtor says on lifting the phone answers no question of the script; a voicemail's greeting is known by it.
OPENING = Expect(state="opening", end_silence_s=0.5, max_turn_s=8.0)


@dataclass(frozen=True, slots=True)
class TurnSettings:
    """Seconds and decibels of turn taking that no script changes."""

    duck_after_s: float = 0.15
    """Confirmed speech after which the prompt is lowered."""
    stop_after_s: float = 0.3
    """Confirmed speech after which the prompt stops."""
    resume_after_s: float = 1.5
    """Silence after an interruption in which nothing was said; then the sentence that was cut off begins again."""
    backchannel_s: float = 1.0
    """What means nothing over the agent's words is no attempt to say something when it is this short,"""
    grunt_s: float = 0.6
    """nor is what is this short and perhaps means something: recognisers make words of an "uhum"."""
    unheard_s: float = 2.0
    """Patience, where something was said too early to count: whoever said it thinks they have answered."""
    unclear_s: float = 0.7
    """Silence after words that mean nothing yet ("deixa eu ver"), in which the debtor may go on."""
    duck_db: float = 12.0
    """How far it is lowered."""
    question_tail_s: float = 1.0
    """The last part of what the agent says, in which an "uhum" may already be the answer."""
    key_pause_s: float = 2.0
    """Pause that ends a key sequence."""
    key_overrun_s: float = 1.5
    """Keys that follow a whole sequence within this belong to it (a whole date where day and month were asked)."""
    protected_tail_s: float = 1.0
    """The last part of a protected prompt, in which an answer already counts."""
    drain_s: float = 0.3
    """Wait after the last acknowledged sample before hanging up."""
    last_words_s: float = 2.5
    """Wait for the recognition of what was said just before the debtor hung up."""
    max_call_s: float = 360.0
    """A call that lasts longer is ended with an apology."""
    farewell_s: float = 30.0
    """And cut after so much more."""


class BargeIn(StrEnum):
    """What to do with the prompt being said."""

    KEEP = "keep"
    DUCK = "duck"
    STOP = "stop"


@dataclass(slots=True)
class TurnTaker:
    """Counts what the beat brings; all times are handed in."""

    settings: TurnSettings = field(default_factory=TurnSettings)
    _quiet_s: float = 0.0
    _keys: str = ""
    _keys_at: float = 0.0
    _swallowing: bool = False
    _spoke_at: float = 0.0

    def barge_in(self, *, speaking_s: float, allowed: bool) -> BargeIn:
        """The verdict while a prompt plays and the debtor has been speaking for `speaking_s`."""
        if not allowed or speaking_s < self.settings.duck_after_s:
            return BargeIn.KEEP
        return BargeIn.STOP if speaking_s >= self.settings.stop_after_s else BargeIn.DUCK

    def take_up(self, now: float, *, cut: bool, speaking: bool, waiting: bool) -> bool:
        """Whether to say again what was cut off: nobody has spoken for a while, and nothing waits to be dealt with."""
        if speaking:
            self._spoke_at = now
        return cut and not speaking and not waiting and now - self._spoke_at >= self.settings.resume_after_s

    def quiet(self, beat_s: float, *, listening: bool, expect: Expect | None, unheard: bool = False) -> bool:
        """Count silence while only listening; True once when the state's patience is over (`unheard`: sooner)."""
        if not listening or expect is None or self._keys:
            self._quiet_s = 0.0
            return False
        self._quiet_s += beat_s
        patience = min(expect.no_input_s, self.settings.unheard_s) if unheard else expect.no_input_s
        if self._quiet_s < patience:
            return False
        self._quiet_s = 0.0
        return True

    def key(self, digit: str, now: float, expect: Expect | None) -> str | None:
        """Take a key; the whole sequence when it is complete."""
        if self._swallowing and now - self._keys_at < self.settings.key_overrun_s:
            self._keys_at = now
            return None
        self._swallowing = False
        wanted = expect.keys if expect else 1
        if digit != "#":
            self._keys += digit
            self._keys_at = now
        if self._keys and (digit == "#" or len(self._keys) >= wanted):
            self._swallowing = wanted > 1
            return self._take()
        return None

    def forget_keys(self) -> None:
        """Another question was put: what was pressed for the last one is no part of its answer."""
        self._keys = ""

    def key_pause(self, now: float) -> str | None:
        """The sequence so far when its pause is over."""
        if self._keys and now - self._keys_at >= self.settings.key_pause_s:
            return self._take()
        return None

    def _take(self) -> str:
        keys, self._keys = self._keys, ""
        return keys
