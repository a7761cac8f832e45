"""One step in the making: the state being changed, the effects so far, and the words it answers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, time
from typing import Any

from voiceagent.base.money import Money
from voiceagent.dialogue.events import Effect, Understanding
from voiceagent.dialogue.script import Script
from voiceagent.dialogue.state import Briefing, ConversationState

#: Words and keys that say yes, and those that say no.
YES = frozenset({"yes", "accept", "confirm_self"})
NO = frozenset({"no", "reject"})


@dataclass(slots=True)
class Turn:
    """Changed by actions while one event is worked on; nothing of it outlives the step but state and effects."""

    script: Script
    briefing: Briefing
    state: ConversationState
    words: Understanding = field(default_factory=Understanding)
    trigger: str = ""
    """What of the words the transition matched."""
    effects: list[Effect] = field(default_factory=list)

    def change(self, **values: Any) -> None:
        """Set fields of the state."""
        self.state = replace(self.state, **values)

    def emit(self, effect: Effect) -> None:
        """Add an effect behind the others."""
        self.effects.append(effect)

    def mark(self, name: str) -> None:
        """Remember that something has happened."""
        self.change(marks=self.state.marks | {name})

    # --- slots, typed -----------------------------------------------------------------------------------------------

    def slot_date(self) -> date | None:
        """The day that was said."""
        value = self.words.slots.get("date")
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            return None

    def slot_time(self) -> time | None:
        """The time of day that was said."""
        value = self.words.slots.get("time")
        if isinstance(value, time):
            return value
        try:
            return time.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            return None

    def slot_money(self, name: str) -> Money | None:
        """An amount that was said, in the case's currency; None when it is no positive amount."""
        value = self.words.slots.get(name)
        try:
            money = value if isinstance(value, Money) else Money.parse(str(value), self.briefing.policy.currency)
        except ValueError:
            return None
        return money if money.minor > 0 and money.currency == self.briefing.policy.currency else None

    def slot_count(self) -> int | None:
        """The number of instalments that was said."""
        value = self.words.slots.get("instalments")
        return value if isinstance(value, int) and not isinstance(value, bool) and value >= 1 else None
